# shellcheck shell=sh disable=SC2154,SC2016
# runs in: container, on a disk
# Changes are brought to a machine that serves, over ssh. What is good stays; what is not, the machine takes back, by itself
# where nobody can reach it, through reboots and power cuts. What the program says is what the machine has.

# site LINES...: the site at the desk, with these lines more.
site() {
    desk_has "$SITE"
    printf '%s\n' "$@" >>"$DIR/site.yaml"
}
# ends STATUS WORDS...: the site is applied, and the program ends with this status.
ends() {
    wanted=$1
    shift
    by_ssh apply "$DIR/site.yaml" "$@" || :
    [ "$desk_status" = "$wanted" ]
}
says() { grep -E -e "$1" "$DIR/desk.out"; }
in_force() { guest 'sha256sum </usr/lib/homeseed/inventory | cut -c-64'; }
# Ready with the payload of this digest, and nothing is left of a trial.
has() {
    guest 'homeserver status' | grep '^ready: ' && [ "$(in_force)" = "$1" ] &&
        guest '! ls -d /var/lib/homeseed/trial* /etc/systemd/system/homeseed-trial* /etc/systemd/system/*/homeseed-trial* 2>/dev/null | grep .'
}
has_exactly() { has "$1" && [ "$(guest 'ls -d /usr/lib/homeseed/applied-* 2>/dev/null | wc -l')" = "$2" ]; }
allows() { guest 'cat /etc/matrix-synapse/conf.d/00-xmrhost.yaml' | grep -F "\"$1\""; }
state_says() { state | grep -F "$1"; }
served() { network "curl -sS --max-time 10 https://$HOST/_matrix/client/versions" | grep -q versions; }

boot
ready 900
own_kernel
desk_opens
holds 'it is ready' until_holds 400 has "$(in_force)"
was=$(in_force)

# ---- what is good ----
site
holds 'the site that it has changes nothing' ends 0
holds 'the program says so' says 'nothing to apply'
allow='federation: {allow: [listed.example.net, second.example.net]}'
site "$allow"
holds 'with --check something would change' ends 2 --check
holds 'it shows the line' says 'second.example.net'
holds 'and which service restarts' says '! matrix-synapse restarts'
holds 'nothing has changed' has "$was"
holds 'a good change stays' ends 0
now=$(in_force)
holds 'the machine is ready with it' has_exactly "$now" 1
holds 'another homeserver is allowed' allows second.example.net
cp -r "${SITE%/*}"/*/ "${SITE%/*}/../change/door" "$DIR/"
site "$allow" 'layers: [door]'
holds 'a layer that comes stays' ends 0
holds 'it is served' network "[ \"\$(curl -sm5 telnet://$HOST:7070 </dev/null)\" = hello ]"
site "$allow"
holds 'a layer that goes is gone' ends 0
holds 'nothing of it listens' guest '! ss -Hltn | grep :7070 && ! nft list ruleset | grep 7070'
holds 'the machine is ready as before' has_exactly "$now" 1

# ---- what is not ----
# taken_back NAME REASON WORDS...: the change is taken back, and the machine has what it had.
taken_back() {
    name=$1 reason=$2
    shift 2
    holds "$name: it is taken back" ends 4 "$@"
    set -- "$name"
    holds "$1: the program says why" says "^error: the change was taken back: .*($reason)"
    holds "$1: the machine is ready with what it had" has_exactly "$now" 1
    holds "$1: the status says that it went back" guest "homeserver status | grep -F 'back to the former payload: '"
    holds "$1: it is served" served
}
site "$allow" 'layers: [snippet]'
taken_back 'a file that nginx does not take' 'nginx'
site "$allow" 'synapse: {ip_range_blacklist: [nonsense]}'
taken_back 'an option with which Synapse does not start' 'synapse'
site "$allow" 'layers: [lockout]'
taken_back 'nobody may log in' 'ssh does not reach' --deadline 1m
site "$allow" 'layers: [closed]'
taken_back 'the port of ssh is closed' 'ssh does not reach|not ready in time|nobody confirmed' --deadline 1m

# ---- whoever is there, and whoever is not ----
# begins LINES...: the site with these lines is being applied, in the background, until it is on trial.
begins() {
    site "$@"
    XDG_CONFIG_HOME=$DIR/config "$HOMESEED" apply "$DIR/site.yaml" --ssh "root@$HOST" --ssh-option "IdentityFile=$DIR/key" \
        --ssh-option "UserKnownHostsFile=$DIR/known_hosts" --ssh-option IdentitiesOnly=yes >"$DIR/first.out" 2>&1 &
    first=$!
    until_holds 60 guest '[ -e /var/lib/homeseed/trial/begun ]'
}
# ended STATUS: that program has ended with this status.
ended() {
    first_status=0
    wait "$first" || first_status=$?
}
ends_with() { cat "$DIR/first.out" && [ "$first_status" = "$1" ]; }

begins "$allow" 'media: {max_upload: 60M}'
holds 'the same change is not called done while it is on trial' ends 3
site "$allow" 'media: {max_upload: 70M}'
holds 'a second change is refused while one is on trial' ends 3
holds 'the program says why' says 'a payload is on trial already'
guest 'pkill -f "^sshd: root@" || :'
ended
holds 'a connection that broke amid it is opened again' ends_with 0
sized=$(in_force)
holds 'the change stays' has_exactly "$sized" 1

begins "$allow"
reboot_machine
own_kernel
ended
holds 'a reboot amid it does no harm' ends_with 0
holds 'that change stays, too' has_exactly "$now" 1

begins "$allow" 'media: {max_upload: 60M}'
reboot_machine
holds 'the trial sees that the machine was started again' until_holds 60 guest '[ "$(wc -l </var/lib/homeseed/trial/boots)" = 2 ]'
reboot_machine
own_kernel
ended
holds 'after two reboots it has gone back' ends_with 4
holds 'it has what it had, after those' has_exactly "$now" 1

begins "$allow" 'media: {max_upload: 60M}'
kill -INT "$first"
ended
holds 'interrupted, it is taken back' ends_with 4
holds 'it has what it had, after that' has_exactly "$now" 1

# ---- the plug ----
begins "$allow" 'media: {max_upload: 60M}'
cut_power
boot
own_kernel
ended
holds 'the plug, pulled while a change is on trial, does no harm' ends_with 0
holds 'that change stays, over a new boot' has_exactly "$sized" 1
begins "$allow"
guest 'homeserver revert'
sleep 0.4
cut_power
boot
own_kernel
ended
holds 'pulled while it goes back, it has gone back' ends_with 4
holds 'it has what it had, after the plug' has_exactly "$sized" 1
site "$allow"
holds 'a change after all that stays' ends 0

# ---- what is refused ----
guest 'echo "# by hand" >>/etc/nginx/conf.d/homeserver.conf; rm -f /run/homeseed/verdict; systemctl restart homeseed'
holds 'a file that was edited is missed' until_holds 60 state_says 'every delivered file is unchanged'
site "$allow" 'media: {max_upload: 60M}'
holds 'a machine that is not ready is refused' ends 3
holds 'the program names the edited file' says '! /etc/nginx/conf.d/homeserver.conf was edited on the machine'
holds 'unless the change is what mends it' ends 0 --from-failing
holds 'the machine is ready with it, and the file is as it was' has_exactly "$sized" 1
site "$allow" 'admin: somebody'
holds 'another admin is refused' ends 3
holds 'the program says which it has' says 'the machine has the admin `admin` for life'
site "$allow"
sed -i "s|^  ssh_keys:|&\n    - $(cat "$DIR/key.pub")|" "$DIR/site.yaml"
holds 'a key that comes stays' ends 0
guest 'rm /root/.ssh/authorized_keys'
holds 'it lets in' ends 0
site "$allow"
holds 'a site without the key that lets in is refused' ends 3
holds 'the program says so of the key' says 'the key with which you have just logged in'

# ---- documents ----
desk_logs_in
holds 'that change stays' ends 0
document site
own_kernel
holds 'the document of before undoes nothing' until_holds 400 has "$now"
document other
own_kernel
holds 'a document with another digest wins' until_holds 400 allows third.example.net
document site
own_kernel
holds 'an older document wins, too' until_holds 400 has "$was"
