# shellcheck shell=sh
# From the stock image to a homeserver that federates, and the same again after a reboot; and the operator's desk agrees.
boot
ready 1500
checks
federation
reboot_machine
ready 1500
checks
desk_opens
verify_inside
holds 'the desk finds nothing wrong' all_well 45
