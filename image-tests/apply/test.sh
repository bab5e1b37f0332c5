# shellcheck shell=sh disable=SC2154,SC2016
# runs in: container
# starts from: packages
# Changes are brought to a machine that serves, over ssh. What is good stays; what is not, the machine takes back, by itself
# where nobody can reach it, through reboots. What the program says is what the machine has. Where the plug is pulled amid it,
# see `power-cut`; where the disk is full, `disk-full`; machines that an image or an overlay made, `golden` and `debootstrap`.

# shellcheck source=image-tests/changes.sh
. "${SITE%/*}/../changes.sh"
allows() { guest 'cat /etc/matrix-synapse/conf.d/00-xmrhost.yaml' | grep -F "\"$1\""; }
state_says() { state | grep -F "$1"; }
served() { network "curl -sS --max-time 10 https://$HOST/_matrix/client/versions" | grep -q versions; }
said() { network "curl -sm5 telnet://$HOST:$1 </dev/null"; }
says_hello() { [ "$(said 7070)" = hello ]; }
says_ding() { [ "$(said 7071)" = ding ]; }
# What Synapse lets its users upload, in bytes: it has read its configuration when it began.
uploads() { network "curl -sS --max-time 10 -H 'Authorization: Bearer $token' https://$HOST/_matrix/client/v1/media/config" | tr -dc 0-9; }
lets_upload() { [ "$(uploads)" = "$1" ]; }

boot
ready 900
own_kernel
desk_opens
changes
was=$had
cp -r "${SITE%/*}"/*/ "${SITE%/*}/../change/door" "$DIR/"

# ---- the first change: the document has made the machine, no other change ----
# taken_back NAME REASON WORDS...: the change is taken back, and the machine has what it had.
taken_back() {
    name=$1 reason=$2
    shift 2
    applied 4 "$name: it is taken back, and the exit status says so" "$@"
    holds "$name: the program says why" says "^error: the change was taken back: .*($reason)"
    is_back "$name"
}
is_back() {
    holds "$1: the machine is ready with what it had" has_exactly "$had" "$kept"
    holds "$1: the status says that it went back" guest "homeserver status | grep -F 'back to the former payload: '"
    holds "$1: it is served" served
}
kept=0
allow='federation: {allow: [listed.example.net, second.example.net]}'
site 'layers: [snippet]'
taken_back 'a file that nginx does not take, in the first change of a machine that a document made' 'nginx'

# ---- what is good ----
site
holds 'the site that it has changes nothing' ends 0
holds 'the program says so' says 'nothing to apply'
site "$allow"
holds 'with --check something would change' ends 2 --check
holds 'it shows the line' says 'second.example.net'
holds 'and which service restarts' says '! matrix-synapse restarts'
holds 'nothing has changed' has "$was"
applied 0 'a good change stays'
now=$had kept=1
ok "a changed allowlist took $took s"
holds 'the machine is ready with it' has_exactly "$had" 1
holds 'another homeserver is allowed' allows second.example.net
site "$allow" 'layers: [door]'
applied 0 'a layer that comes stays'
ok "an added layer took $took s"
holds 'it is served' says_hello

# ---- whoever is there, and whoever is not ----
# Nobody confirms it meanwhile: all of it is in force.
password=$(guest 'homeserver first-password' | tail -n 1)
token=$(network "curl -sS --max-time 10 -d '{\"type\":\"m.login.password\",\"identifier\":{\"type\":\"m.id.user\",\"user\":\"$ADMIN\"},\"password\":\"$password\"}' https://$HOST/_matrix/client/v3/login" | sed 's/.*"access_token":"\([^"]*\).*/\1/')
size=$(uploads)
holds 'Synapse says how much can be uploaded' [ "$size" -gt 1000000 ]
begins "$allow" 'layers: [bell]' 'media: {max_upload: 60M}'
kill -STOP "$first"
holds 'a unit of the change has come' until_holds 120 says_ding
holds 'and one has left' guest '! systemctl cat door.socket 2>/dev/null'
holds 'Synapse serves what is new' until_holds 120 lets_upload 62914560
began=$(date +%s%N)
guest 'homeserver revert'
kill -CONT "$first"
ended 4 'what was asked back on the machine is taken back'
ok "a rollback took $(awk "BEGIN { printf \"%.1f\", ($(date +%s%N) - $began) / 1e9 }") s, with the look afterwards"
holds 'going back restarts what the change had touched: the unit that had come is gone' guest '! systemctl cat bell.socket 2>/dev/null && ! ss -Hltn | grep :7071 && ! nft list ruleset | grep 7071'
holds 'the one that had left is back' says_hello
holds 'and Synapse serves what it served before' lets_upload "$size"

# ---- what is not ----
site "$allow" 'layers: [door]' 'synapse: {ip_range_blacklist: [nonsense]}'
taken_back 'an option with which Synapse does not start' 'synapse'
site "$allow" 'layers: [door, closed]'
taken_back 'the port of ssh is closed' 'ssh does not reach|not ready in time|nobody confirmed' --deadline 1m
WORDS='--deadline 1m'
begins "$allow" 'layers: [door, lockout]'
WORDS=
reboot_machine
own_kernel
holds 'nobody may log in: the trial goes on after a reboot' until_holds 60 guest '[ "$(wc -l </var/lib/homeseed/trial/boots)" = 2 ] && grep -x "AllowUsers nobody" /etc/ssh/sshd_config.d/05-lockout.conf'
ended 4 'nobody may log in, and the machine was rebooted amid it: it is taken back'
holds 'nobody may log in: the program says why' first_says 'ssh does not reach|not ready in time|nobody confirmed'
is_back 'nobody may log in'

# catches CONDITION: as soon as it holds on the machine, the change is asked back there, be it in force by then or not.
catches() {
    guest "rm -f /run/caught; systemd-run -q --collect --unit=catch sh -c 'until $1; do :; done; homeserver revert && touch /run/caught'"
}
caught() { guest '[ -e /run/caught ]'; }
catches 'grep -q " status half-installed " /run/dpkg.log'
guest ': >/run/dpkg.log; systemd-run -q --collect --unit=follow sh -c "tail -n 0 -F /var/log/dpkg.log >/run/dpkg.log"'
starts "$allow" 'layers: [door, editors]'
ended 4 'asked back while apt installs, it is taken back'
holds 'that was amid it' caught
ok "packages were at this: $(guest 'tail -n 3 /run/dpkg.log | cut -d" " -f3- | paste -sd,; systemctl stop follow')"
is_back 'amid apt'
holds 'no package is half done' nothing_is_half_done
mkdir -p "$DIR/bells/files/etc/bells"
printf 'about: Many files\nneeds: [base]\nwaives:\n' >"$DIR/bells/layer.yaml"
for n in $(seq 40); do
    echo "$n" >"$DIR/bells/files/etc/bells/$n"
    echo "  /etc/bells/$n: it is in force for a moment" >>"$DIR/bells/layer.yaml"
done
catches 'ls /etc/bells/*.homeseed'
starts "$allow" 'layers: [door, bells]'
ended 4 'asked back while files are laid, it is taken back'
holds 'that was amid it' caught
holds 'nothing of them is left' guest '! find /etc /usr -xdev -name "*.homeseed" | grep . && ! find /etc/bells -type f 2>/dev/null | grep .'
is_back 'amid the files'

begins "$allow" 'media: {max_upload: 60M}'
holds 'the same change is not called done while it is on trial' ends 3
cp "$DIR/site.yaml" "$DIR/tried.yaml"
site "$allow" 'media: {max_upload: 70M}'
holds 'a second change is refused while one is on trial' ends 3
holds 'the program says why' says 'a payload is on trial already'
cp "$DIR/tried.yaml" "$DIR/site.yaml"
guest 'pkill -f "^sshd: root@" || :'
ended 0 'a connection that broke amid it is opened again'
sized=$had
holds 'the change stays' has_exactly "$sized" 1
holds 'nothing of the layer that left listens' guest '! ss -Hltn | grep :7070 && ! nft list ruleset | grep 7070'

begins "$allow"
reboot_machine
holds 'the trial sees that the machine was started again' until_holds 60 guest '[ "$(wc -l </var/lib/homeseed/trial/boots)" = 2 ]'
reboot_machine
own_kernel
ended 4 'after two reboots it has gone back'
holds 'it has what it had, after those' has_exactly "$sized" 1

begins "$allow"
kill -INT "$first"
ended 4 'interrupted, it is taken back'
holds 'it has what it had, after that' has_exactly "$sized" 1

# ---- a machine that is not ready ----
database=/var/lib/matrix-synapse/homeserver.db
guest "touch $database; rm -f /run/homeseed/verdict; systemctl restart homeseed"
holds 'a check fails' until_holds 60 state_says 'no SQLite file exists'
site "$allow"
holds 'a machine that is not ready is refused' ends 3
holds 'nothing has changed' [ "$(in_force)" = "$sized" ]
site "$allow" 'media: {max_upload: 60M}' 'layers: [broken]'
holds 'what fails of the change itself is taken back, whatever failed before' ends 5 --from-failing
holds 'the program says that' says 'error: the change is taken back: these checks fail now: broken: nothing is well; but the machine is not ready'
holds 'it has what it had' [ "$(in_force)" = "$sized" ]
site "$allow"
holds 'what fails as it did before is no fault of the change' ends 0 --from-failing
holds 'the program says what that is' says 'it fails before the change, and may fail after it: synapse: no SQLite file exists'
guest "rm $database; rm -f /run/homeseed/verdict; systemctl restart homeseed"
holds 'once that is mended, the machine is ready' until_holds 60 has_exactly "$now" 1
judged 0

# ---- what was edited by hand; and what only the desk finds wrong ----
guest 'echo "# by hand" >>/etc/nginx/conf.d/homeserver.conf
    printf "registration_shared_secret: hunter2\n" >>/etc/matrix-synapse/conf.d/00-xmrhost.yaml
    rm /etc/update-motd.d/90-homeseed
    chmod 644 /var/lib/homeseed/first-password'
holds 'files that were edited differ' ends 2 --check
holds 'nothing would be applied' says 'nothing to apply'
site "$allow" 'media: {max_upload: 60M}'
holds 'with --check it is shown' ends 2 --check
holds 'which file, and what becomes of it' says '^! /etc/nginx/conf.d/homeserver.conf was edited on the machine; applying the site overwrites it, and keeps a copy$'
holds 'what was written' says '^    [+]# by hand$'
holds 'what may be secret is not shown' says '^    [+]registration_shared_secret: [(]hidden[)]$'
holds 'nowhere' says_not hunter2
holds 'what was removed' says '^! /etc/update-motd.d/90-homeseed was removed on the machine; applying the site lays it again$'
holds 'a machine that is ready needs no further word' ends 0
holds 'what failed before is told' says "it fails before the change, and may fail after it: first-user: its first password is root's alone"
guest 'chmod 600 /var/lib/homeseed/first-password'
holds 'the machine is ready, and the files are as they were' has_exactly "$sized" 1
judged 0
holds 'what was edited is kept' guest 'grep -x "# by hand" /var/lib/homeseed/edited/etc/nginx/conf.d/homeserver.conf && [ "$(stat -c "%a" /var/lib/homeseed/edited)" = 700 ]'

# ---- what is refused ----
site "$allow" 'admin: somebody'
holds 'another admin is refused' ends 3
holds 'the program says which it has' says 'the machine has the admin `admin` for life'
site "$allow"
sed -i "s|^  ssh_keys:|&\n    - $(cat "$DIR/key.pub")|" "$DIR/site.yaml"
applied 0 'a key that comes stays'
guest 'rm /root/.ssh/authorized_keys'
holds 'it lets in' ends 0
site "$allow"
holds 'a site without the key that lets in is refused' ends 3
holds 'the program says so of the key' says 'the key with which you have just logged in'

# ---- documents ----
desk_logs_in
applied 0 'that change stays'
holds "of $verdicts verdicts none differs from what the machine has" [ "$differ" = 0 ]
document site
own_kernel
holds 'the document of before undoes nothing' until_holds 400 has "$now"
document other
own_kernel
holds 'a document with another digest wins' until_holds 400 allows third.example.net
document site
own_kernel
holds 'an older document wins, too' until_holds 400 has "$was"
