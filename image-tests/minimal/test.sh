# shellcheck shell=sh
# From the stock image to a homeserver that federates, and the same again after a reboot; and the operator's desk agrees.
standard_case
desk_opens
verify_inside
holds 'the desk finds nothing wrong' all_well 45
