# shellcheck shell=sh disable=SC2154
# runs in: container
# starts from: packages
# The server name is the machine's own name, and its first user's looks like an option; the machine has no IPv6 address, and
# its name has none. And the key of the Matrix repository is the pinned one, or none.

# pinned FINGERPRINT: what apt makes of the repository when its source names this key, the file with the keys as it is, and
# nothing of it was taken before.
pinned() {
    guest "sed 's/,[0-9A-F]*\$/,$1/' /etc/apt/sources.list.d/matrix-org.sources >/run/pinned.sources
        grep -q ',$1\$' /run/pinned.sources && rm -rf /run/lists && mkdir -p /run/lists/partial
        apt-get update -o Dir::Etc::SourceList=/run/pinned.sources -o Dir::Etc::SourceParts=- \
            -o Dir::State::Lists=/run/lists 2>&1"
}
refused_with() { ! refusal=$(pinned "$1") && echo "$refusal" | grep 'is not signed'; }

no_ipv6() { guest 'ip -4 -o addr show scope global | grep . && ! ip -6 -o addr show scope global | grep .'; }

boot nameless
guest 'printf "[Match]\nKind=veth\n\n[Network]\nDHCP=ipv4\nLinkLocalAddressing=no\nIPv6AcceptRA=no\n" >/etc/systemd/network/00-ipv4.network
    chmod 644 /etc/systemd/network/00-ipv4.network && systemctl restart systemd-networkd && ip -6 addr flush dev host0'
dns "host-record=$HOST,$MACHINE"
ready 1500
holds 'it has no IPv6 address' no_ipv6
holds 'nor does it ask for one' guest 'networkctl status host0 | grep -F /etc/systemd/network/00-ipv4.network'
checks
holds 'apt takes the repository with the pinned key' pinned "$FINGERPRINT"
holds 'apt takes nothing of it with another' refused_with 0123456789ABCDEF0123456789ABCDEF01234567
federation
