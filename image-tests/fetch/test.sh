# shellcheck shell=sh disable=SC2154
# runs in: container, on a disk
# fetches from: http://first.example.net/chat.payload https://mirror.example.net/chat.payload
# The machine fetches its payload. The first mirror is down, and the second has a damaged file at first, then half of one.
# The plug is pulled while it waits for the right one. Later its payload is damaged, and it fetches it anew.
waits_for() { state | grep -F "waiting for http://first.example.net/chat.payload (" | grep -F "https://mirror.example.net/chat.payload ($1"; }
says_at_login() { guest "grep -F 'waiting for http://first.example.net/' /run/motd.d/homeseed"; }
lets_in_by_key_alone() { guest 'sshd -T | grep -x "passwordauthentication no" && grep "^ssh-ed25519 " /etc/ssh/authorized_keys.d/root'; }
has_no_payload() { guest '[ ! -e /usr/lib/homeseed/payload ]'; }

dns 'host-record=first.example.net,93.184.215.99'
cp "$DIR/payload" "$DIR/payload.right"
echo 'these bytes are damaged' | dd of="$DIR/payload" bs=1 seek=5000 conv=notrunc status=none
boot
tell 'waiting for the payload'
holds 'it refuses a damaged payload, and says who served it' until_holds 600 waits_for 'another file: '
holds 'a login says so' says_at_login
holds 'meanwhile it lets in by key alone' lets_in_by_key_alone
holds 'nothing of the damaged payload is there' has_no_payload
guest 'echo kept >/var/lib/kept && sync && echo lost >/var/lib/lost'
cut_power
head -c 3000 "$DIR/payload.right" >"$DIR/payload"
boot
holds 'what was flushed is there after the cut, and what was not is lost' guest '[ -s /var/lib/kept ] && [ ! -s /var/lib/lost ]'
tell 'waiting for the payload, after a cut'
holds 'it refuses half a payload, after the plug was pulled' until_holds 600 waits_for 'another file: 3000 bytes'
cp "$DIR/payload.right" "$DIR/payload"
ready 900
checks

# ---- a delivery, amid which something starts the convergence with what is in force until then, as a service that fails does ----
guest 'cd /etc/systemd/system
    printf "[Path]\nPathExists=/usr/lib/homeseed/payload.new\n[Install]\nWantedBy=paths.target\n" >early.path
    printf "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=systemctl start homeseed\nExecStart=touch /run/early\n" >early.service
    systemctl enable early.path
    echo | tee -a /usr/lib/homeseed/inventory >>/usr/lib/homeseed/payload/inventory'
reboot_machine
tell 'waiting until it is ready with what was delivered'
ready 300
holds 'it was started amid the delivery' guest '[ -e /run/early ]'
holds 'what was delivered is in force' [ "$(guest 'sha256sum </usr/lib/homeseed/inventory | cut -c-64')" = "$PAYLOAD" ]
