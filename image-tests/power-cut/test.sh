# shellcheck shell=sh disable=SC2154
# The plug is pulled while packages are unpacked, and once more later: it still gets there.
unpacks() { guest 'pgrep -f "dpkg .*--status-fd"'; }
has_packages() { guest 'test -f /var/lib/homeseed/stamps/packages'; }
stands_half() { guest '[ ! -e /var/lib/homeseed/stamps/packages ] && pgrep -f "dpkg .*--status-fd"'; }
is_clean() { audit=$(guest 'dpkg --audit 2>&1') && [ -z "$audit" ]; }

boot
tell 'waiting until packages are unpacked'
holds 'packages are being unpacked' until_holds 900 unpacks
sleep 12
holds 'the plug is pulled in the middle of it' stands_half
cut_power
boot
tell 'waiting until packages stand, after the first cut'
holds 'the packages stand after the first cut' until_holds 1200 has_packages
sleep 6
cut_power
boot
ready 1500
holds 'no package is left half done' is_clean
checks
