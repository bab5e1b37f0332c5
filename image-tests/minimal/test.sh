# shellcheck shell=sh
# From the stock image to a homeserver that federates, and the same machine again after a reboot.
boots_twice
