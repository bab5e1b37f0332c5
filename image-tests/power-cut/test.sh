# shellcheck shell=sh disable=SC2154
# fetches from: http://first.example.net/chat.payload https://mirror.example.net/chat.payload
# The machine fetches its payload. The first mirror is down, and the second has a damaged file at first. The plug is
# pulled while it waits for the right one, while packages are unpacked, and once more later: it still gets there.
waits_for() { state | grep -F "waiting for http://first.example.net/chat.payload (" | grep -F "https://mirror.example.net/chat.payload ($1"; }
says_at_login() { guest "grep -F 'waiting for http://first.example.net/' /run/motd.d/homeseed"; }
lets_in_by_key_alone() { guest 'sshd -T | grep -x "passwordauthentication no" && grep "^ssh-ed25519 " /etc/ssh/authorized_keys.d/root'; }
has_no_payload() { guest '[ ! -e /usr/lib/homeseed/payload ]'; }
unpacks() { guest 'pgrep -f "dpkg .*--status-fd"'; }
has_packages() { guest 'test -f /var/lib/homeseed/stamps/packages'; }
stands_half() { guest '[ ! -e /var/lib/homeseed/stamps/packages ] && pgrep -f "dpkg .*--status-fd"'; }
is_clean() { audit=$(guest 'dpkg --audit 2>&1') && [ -z "$audit" ]; }

dns 'host-record=first.example.net,93.184.215.99'
cp "$DIR/payload" "$DIR/payload.right"
printf X | dd of="$DIR/payload" bs=1 seek=5000 conv=notrunc status=none
boot
tell 'waiting for the payload'
holds 'it refuses a damaged payload, and says who served it' until_holds 600 waits_for 'another file: '
holds 'a login says so' says_at_login
holds 'meanwhile it lets in by key alone' lets_in_by_key_alone
holds 'nothing of the damaged payload is there' has_no_payload
cut_power
head -c 3000 "$DIR/payload.right" >"$DIR/payload"
boot
tell 'waiting for the payload, after a cut'
holds 'it refuses half a payload, after the plug was pulled' until_holds 600 waits_for 'another file: 3000 bytes'
cp "$DIR/payload.right" "$DIR/payload"
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
