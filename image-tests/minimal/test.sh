# shellcheck shell=sh disable=SC2154
# From the stock image to a homeserver that federates, and the same again after a reboot.
boot
ready 1500
checks
federation
reboot_machine
ready 600
checks
federation
