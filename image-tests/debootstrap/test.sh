# shellcheck shell=sh disable=SC2154
# starts from: debootstrap
# A tree of plain debootstrap and the overlay: no cloud-init, no cloud image.
goes_on_in_container
ready 600
checks
