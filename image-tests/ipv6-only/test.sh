# shellcheck shell=sh disable=SC2154
# runs in: container
# starts from: packages
# The machine gets no IPv4 address, and its names have none.
no_ipv4() { guest 'ip -6 -o addr show scope global | grep . && ! ip -4 -o addr show scope global | grep .'; }
asks_for_ipv6() { state | grep -F "create: $HOST AAAA $MACHINE6"; }

dns 'dhcp-ignore=tag:known'
boot nameless
holds 'it asks for a record with its IPv6 address' until_holds 1200 asks_for_ipv6
holds 'it has no IPv4 address' no_ipv4
dns "dhcp-ignore=tag:known
host-record=$HOST,$MACHINE6
host-record=$SERVER_NAME,$MACHINE6"
ready 1500
checks
