# shellcheck shell=sh
# From the stock image to a homeserver that federates, and the same machine again after a reboot.
boot
ready 1500
checks
federation
reboot_machine
ready 1500
checks
