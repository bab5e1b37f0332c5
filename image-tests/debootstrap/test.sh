# shellcheck shell=sh disable=SC2154
# starts from: debootstrap
# A tree of plain debootstrap and the overlay: no cloud-init, no cloud image. What an overlay made takes changes over ssh, too,
# and has something to go back to from the first one on.
# shellcheck source=image-tests/changes.sh
. "${SITE%/*}/../changes.sh"
goes_on_in_container
ready 600
checks

own_kernel
desk_opens
changes
allow='federation: {allow: [listed.example.net, second.example.net]}'
begins "$allow"
guest 'homeserver revert'
ended 4 'the first change of a machine that an overlay made is taken back'
holds 'it has what the overlay brought' has_exactly "$had" 0
site "$allow"
applied 0 'a changed allowlist stays'
holds 'it is in force' guest 'grep -F second.example.net /etc/matrix-synapse/conf.d/00-xmrhost.yaml'
reboot_machine
own_kernel
holds 'a reboot undoes nothing' until_holds 400 has "$had"
