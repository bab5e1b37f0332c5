# shellcheck shell=sh disable=SC2154
# starts from: debootstrap
# A tree of plain debootstrap and the overlay: no cloud-init, no cloud image.
boot
ready 1500
ok "power-on to ready: $(age) s"
checks
