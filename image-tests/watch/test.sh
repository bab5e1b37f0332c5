# shellcheck shell=sh disable=SC2154,SC2016
# runs in: container
# starts from: packages
# installs: prometheus
# The machine looks for what needs its operator, and tells each finding once: in the status, by a Matrix message, by mail. Those
# whom it asks are other computers. Late updates, a full disk and the like are real files of the machine. A monitor fetches its
# numbers through ssh, by the files of examples/monitoring.
# shellcheck source=image-tests/neighbours.sh
. "${SITE%/*}/../neighbours.sh"
watch=/var/lib/homeseed/watch
others_up() {
    cp "${SITE%/*}/others.py" "$DIR/others/"
    network "setsid python3 $DIR/others/others.py $DIR/others >>$DIR/others/log 2>&1 </dev/null &"
    until_holds 30 test -s "$DIR/others/pid"
}
# looks_when_asked: and not by itself, from now on.
looks_when_asked() {
    guest 'systemctl stop homeseed-watch.timer
        until [ "$(systemctl show -P ActiveState homeseed-watch)" = inactive ]; do sleep 0.5; done'
}
# finds LINES: a look now prints these lines, and no other.
finds() {
    found=$(guest 'homeserver watch 2>/run/watch.err')
    [ "$found" = "$1" ] || { echo "$found"; guest 'cat /run/watch.err'; return 1; }
}
# status LINES: of all that the status says, this is of the watch.
status() {
    said=$(guest 'homeserver status | sed -n "s/^watch: //p"')
    [ "$said" = "$1" ] || { echo "$said"; return 1; }
}
# told COUNT LINES: what the operator has got at Matrix: so many messages, of which the last says this, below the name of the machine.
told() {
    network "python3 $DIR/reader.py $HOST $ADMIN $DIR/others 2>&1" >"$DIR/room"
    if [ "$(grep -c '^-- @homeserver:example.org$' "$DIR/room")" = "$1" ] &&
        [ "$(sed -n '/^--/h; /^--/!H; ${ x; p; }' "$DIR/room" | tail -n +2)" = "$HOST
$2" ]; then return; fi
    cat "$DIR/room"
    return 1
}
same() { [ "$1" = "$2" ] || { echo "$1, not $2"; return 1; }; }
asked() { grep -c "$1" "$DIR/others/asked"; }
# pinged PATH: the last ping was there.
pinged() { [ "$(grep '^hc' "$DIR/others/asked" | tail -n 1)" = "hc.example.net GET $1" ] || { tail "$DIR/others/asked"; return 1; }; }
is_ready() { guest 'homeserver status' | grep '^ready: '; }
look_again() { guest 'rm -f /run/homeseed/verdict; systemctl restart homeseed'; }

rm -rf "$DIR/others"
mkdir -p "$DIR/others"
rm -rf "$DIR/mail" "$DIR/pid"
for name in api.osv.dev github.com hc.example.net; do certificate $name >"$DIR/others/$name.pem"; done
certificate smtp.example.net >"$DIR/good.pem"
cp "${SITE%/*}/reader.py" "$DIR/"
advisory='{"id":"GHSA-aaaa-bbbb-cccc","summary":"A \"quoted\" \\back\\slash and a 50% \u00e9 sign"}'
has='Synapse has GHSA-aaaa-bbbb-cccc A quoted back slash and a 50% sign'
echo '{}' >"$DIR/others/osv"
: >"$DIR/others/down"
dns 'host-record=api.osv.dev,93.184.215.20
host-record=github.com,93.184.215.20
host-record=hc.example.net,93.184.215.20
host-record=smtp.example.net,93.184.215.20'

# ---- nobody answers, then all is well ----
boot
ready 900
version=$(guest "dpkg-query -Wf '\${Version}' matrix-synapse-py3")
version=${version%+*}
echo "$version" | tee "$DIR/others/version" >"$DIR/others/latest"
# How full the disk of this host is, is not the question.
guest 'printf "#!/bin/sh\n/usr/bin/df \"\$@\" | sed \"s|[0-9]*%% /\$|50%% /|\"\n" >/usr/local/bin/df; chmod 755 /usr/local/bin/df'
# What a case asks in minutes, a machine does in days.
guest 'printf "rc_login: {address: &a {per_second: 99, burst_count: 99}, account: *a}\nrc_message: *a\n" >/etc/matrix-synapse/conf.d/99-test.yaml; chmod 644 /etc/matrix-synapse/conf.d/99-test.yaml; systemctl restart matrix-synapse'
guest 'homeserver first-password | tail -n 1' >"$DIR/others/password"
own_kernel
holds 'it is ready, though nobody has handed over what is pinged' until_holds 300 is_ready
looked() { guest "[ -e $watch/new ] && [ \"\$(systemctl show -P ActiveState homeseed-watch)\" = inactive ]"; }
holds 'it has looked by itself' until_holds 200 looked
holds 'nobody answers: that is a finding' status 'api.osv.dev does not answer
github.com does not answer'
holds 'it is said at login' guest "/etc/update-motd.d/90-homeseed | grep -x 'watch: api.osv.dev does not answer'"
holds 'it is told' told 1 'new: api.osv.dev does not answer
new: github.com does not answer'
holds 'in a room for the operator and the machine, not encrypted' grep -qx "room direct open @$ADMIN:example.org @homeserver:example.org" "$DIR/room"
looks_when_asked
others_up
holds 'somebody answers: it is over' finds 'over: api.osv.dev does not answer
over: github.com does not answer'
holds 'that is told' told 2 'over: api.osv.dev does not answer
over: github.com does not answer'
holds 'the status has no more of it' status ''
guest 'systemctl start homeseed-watch.timer'
holds 'the right version of the right package is asked for' grep -qx 'api.osv.dev POST /v1/query' "$DIR/others/asked"
checks
holds 'it looks a minute or two after the boot, and then each hour' until_holds 200 guest 'next=$(systemctl list-timers -o json homeseed-watch.timer | grep -o "\"next\":[0-9]*" | tr -dc 0-9)
    in=$((next / 1000000 - $(date +%s))); echo "in $in s"; [ "$in" -gt 3400 ] && [ "$in" -le 3700 ]'

# ---- a monitor on another computer ----
monitor=$DIR/monitor
rm -rf "$monitor"
mkdir "$monitor"
install -m 600 "${SITE%/*}/monitor.key" "$monitor/key"
echo "$HOST $(guest 'cat /etc/ssh/ssh_host_ed25519_key.pub')" >"$monitor/known_hosts"
# What an operator gets, but for where the tunnel has its files, and how often is asked.
for file in "${SITE%image-tests/*}"/examples/monitoring/*; do sed "s|/etc/homeserver-tunnel/|$monitor/|; s/: 30s/: 1s/" "$file" >"$monitor/${file##*/}"; done
cp "${SITE%/*}/monitor.py" "${SITE%/*}/alerts.yml" "$monitor"
# starts NAME COMMAND: on the computer of the monitor, until the case ends.
starts() { network "setsid $2 >$monitor/$1.log 2>&1 </dev/null & echo \$! >$monitor/$1.pid"; }
# way OPTIONS: the tunnel as the example has it, with other ends.
sed '/LocalForward/d' "$monitor/ssh_config" >"$monitor/bare"
way() { network "timeout 20 ssh -F $monitor/bare $* homeserver </dev/null 2>&1"; }
told_by() { network "curl -fsS http://127.0.0.1:$1/metrics" | grep "^$2"; }
# is_refused TEXT OPTIONS...: the way leads nowhere, and that is said.
is_refused() {
    refused_text=$1
    shift
    if refused=$(way "$@"); then echo "$refused"; return 1; fi
    echo "$refused"
    echo "$refused" | grep -F "$refused_text"
}
holds 'Prometheus takes its configuration' network "cd $monitor && promtool check config prometheus.yml 2>&1"
holds 'its alerts say what they are to say, and nothing of a machine that is well' network "cd $monitor && promtool test rules alerts.yml 2>&1"
guest "echo $(base64 -w0 "$monitor/homeserver-tunnel.service") | base64 -d >/run/homeserver-tunnel.service"
holds 'systemd takes the unit of the tunnel' guest 'said=$(systemd-analyze verify --man=no /run/homeserver-tunnel.service 2>&1); echo "$said"; [ -z "$said" ]'
starts tunnel "$(sed -n 's/^ExecStart=//p' "$monitor/homeserver-tunnel.service")"
holds 'the tunnel opens, and Synapse tells its numbers' until_holds 30 told_by 19000 synapse_build_info
holds 'the machine does' told_by 19100 node_boot_time_seconds
holds 'PostgreSQL does' told_by 19187 'pg_up 1'
starts prometheus "prometheus --config.file=$monitor/prometheus.yml --storage.tsdb.path=$monitor/data --web.listen-address=127.0.0.1:9090"
asked_for() { network "curl -fsS -G --data-urlencode 'query=$1' http://127.0.0.1:9090/api/v1/query" | grep -F '"result":[{'; }
holds 'Prometheus finds all three' until_holds 30 asked_for 'count(up == 1) == 3'
holds 'the operator reads meanwhile' network "python3 $DIR/reader.py $HOST $ADMIN $DIR/others 2>&1"
holds 'each panel of the dashboard shows something, and each alert has what it asks for' network "python3 $monitor/monitor.py $monitor $HOST 2>&1"
guest 'systemctl stop prometheus-postgres-exporter'
is_alarmed() { network 'curl -fsS http://127.0.0.1:9090/api/v1/alerts' | grep '"alertname":"HomeserverSilent","instance":"chat.example.org","job":"postgres"'; }
holds 'what falls silent is noticed' until_holds 30 is_alarmed
guest 'systemctl start prometheus-postgres-exporter'
holds 'the key of the monitor opens no shell' is_refused 'not available' -o SessionType=default
holds 'and nobody else lets it in' is_refused 'Permission denied' -l root
holds 'it reaches no other port' is_refused 'administratively prohibited' -W 127.0.0.1:8008
holds 'it opens no way back' is_refused 'remote port forwarding failed' -R 7777:127.0.0.1:22
# A Unix socket at the other end would let it in as this user.
starts socket "timeout 60 ssh -F $monitor/bare -L 127.0.0.1:15432:/run/postgresql/.s.PGSQL.5432 homeserver"
holds 'a local port waits for it' until_holds 20 network 'ss -Hltn | grep 127.0.0.1:15432'
holds 'it does not come to PostgreSQL' network '! psql -h 127.0.0.1 -p 15432 -U prometheus -Atc "SELECT 1" postgres 2>&1'
holds 'since sshd does not let it' until_holds 10 grep 'open failed' "$monitor/socket.log"
memory() { guest "grep -h ^VmRSS /proc/\$(systemctl show -P MainPID prometheus-$1-exporter)/status" | tr -dc 0-9; }
ok "of memory, the exporter of the machine takes $(memory node) kB, that of PostgreSQL $(memory postgres) kB"
holds 'both take less than 64 MB' [ "$(($(memory node) + $(memory postgres)))" -lt 65536 ]
for unit in prometheus-node-exporter prometheus-postgres-exporter; do
    exposure=$(guest "systemd-analyze security --no-pager $unit" | sed -n 's/.*exposure level for [^:]*: \([0-9.]*\) .*/\1/p')
    holds "systemd-analyze security $unit: $exposure, 1.5 at most" awk -v is="$exposure" 'BEGIN { exit is == "" || is > 1.5 }'
done
for it in "$monitor"/*.pid; do network "kill $(cat "$it")"; done
rm "$monitor"/*.pid

holds 'nothing was pinged' sh -c "! grep '^hc' $DIR/others/asked"
holds 'what is pinged is handed over' hand_over ping https://hc.example.net/6c2e
holds 'all is well: that is what the ping says' until_holds 300 pinged /6c2e
holds 'the address stands in no log' guest '! journalctl -o cat | grep 6c2e && [ "$(stat -c "%a %U:%G" /etc/homeseed/secrets/ping)" = "600 root:root" ]'
until_holds 300 is_ready

# ---- an advisory ----
printf '{"vulns":[%s]}\n' "$advisory" >"$DIR/others/osv"
holds 'an advisory is new' finds "new: $has"
holds 'it is told' told 3 "new: $has"
holds 'the status has it' status "$has"
holds 'the ping says that something is wrong' pinged /6c2e/fail
holds 'the next time it is no news' finds ''
holds 'and nothing is told' told 3 "new: $has"
echo api.osv.dev >"$DIR/others/down"
holds 'whoever does not answer takes nothing back' finds 'new: api.osv.dev does not answer'
holds 'both stand in the status' status "$has
api.osv.dev does not answer"
echo '<html>' >"$DIR/others/osv"
: >"$DIR/others/down"
holds 'what is no answer is none' finds ''
echo '{"vulns":[]}' >"$DIR/others/osv"
holds 'it is over, once' finds "over: $has
over: api.osv.dev does not answer"
holds 'that is told' told 5 "over: $has
over: api.osv.dev does not answer"
holds 'the next time it is no news' finds ''
holds 'all is well again' pinged /6c2e

# ---- releases ----
echo 9.0.0 >"$DIR/others/latest"
holds 'a release is no news at once' finds ''
guest "touch -d '50 hours ago' $watch/latest"
holds 'nor after two days' finds ''
guest "touch -d '73 hours ago' $watch/latest"
holds 'after three days it is' finds 'new: Synapse 9.0.0 is out'
echo 9.0.1 >"$DIR/others/latest"
holds 'the next one has three days as well' finds 'over: Synapse 9.0.0 is out'
echo "$version" >"$DIR/others/latest"
guest 'homeserver watch'
guest "touch -d '9 days ago' $watch/latest"
holds 'what is installed is not missing' finds ''

# ---- what the machine itself knows ----
guest 'touch /run/reboot-required'
holds 'a reboot is pending' finds 'new: a reboot is pending'
guest 'rm /run/reboot-required; mkdir -p /var/lib/apt/periodic; cd /var/lib/apt/periodic; touch update-stamp unattended-upgrades-stamp; touch -r /etc/machine-id /run/was; touch -d "9 days ago" /etc/machine-id'
holds 'it is not' finds 'over: a reboot is pending'
for it in update unattended-upgrades; do
    guest "touch -d '47 hours ago' /var/lib/apt/periodic/$it-stamp"
    holds "$it: two days are allowed" finds ''
    guest "touch -d '49 hours ago' /var/lib/apt/periodic/$it-stamp"
    holds "$it: not more" finds 'new: no security updates for two days'
    guest "rm /var/lib/apt/periodic/$it-stamp"
    holds "$it: never is not better" finds ''
    guest "touch /var/lib/apt/periodic/$it-stamp"
    holds "$it: it is over" finds 'over: no security updates for two days'
done
guest 'touch -r /run/was /etc/machine-id'
media=/var/lib/matrix-synapse/media
guest "mount -t tmpfs -o size=100m tmpfs $media; head -c 84M /dev/zero >$media/filler"
holds 'a disk may be full to 85 %' finds ''
guest "head -c 3M /dev/zero >>$media/filler"
holds 'not more' finds "new: 85 % full: $media"
guest "truncate -s 83M $media/filler"
holds 'a little less is no news' finds ''
guest "umount $media"
holds 'with room it is over' finds "over: 85 % full: $media"
guest "chmod 600 /etc/nginx/conf.d/homeserver.conf"
look_again
holds 'a check fails' until_holds 300 eval "state | grep 'every delivered file is unchanged'"
holds 'that is no news for an hour' finds ''
guest "touch -d '61 minutes ago' $watch/bad"
not_ready='not ready for an hour: failing: run homeserver check: base: every delivered file is unchanged'
holds 'then it is' finds "new: $not_ready"
guest 'chmod 644 /etc/nginx/conf.d/homeserver.conf; printf "{\"state\":\"working\",\"step\":\"verdict\",\"sentence\":\"running every check\",\"payload\":\"\"}\n" >/run/homeseed/status'
holds 'while the checks run, nothing is said' finds ''
look_again
until_holds 300 is_ready
holds 'it is over when it is ready' finds "over: $not_ready"

# ---- the key of the repository, and the release of Debian ----
keys=$(mktemp -d)
make_key() { gpg --homedir "$keys" --batch --pinentry-mode loopback --passphrase '' "$@" 2>>"$DIR/gpg.log"; }
make_key --quick-gen-key watch ed25519 cert never
make_key --quick-add-key "$(make_key --list-keys --with-colons | awk -F: '/^fpr/ { print $10; exit }')" ed25519 sign 59d
make_key --export >"$DIR/soon.gpg"
gpgconf --homedir "$keys" --kill all
rm -r "$keys"
ring=/usr/share/keyrings/matrix-org-archive-keyring.gpg
guest "mv $ring /run/ring; echo $(base64 -w0 "$DIR/soon.gpg") | base64 -d >$ring"
holds 'a key that signs for less than 60 days' finds 'new: the key of the Matrix repository ends soon'
guest "rm $ring"
holds 'no key is not better' finds ''
guest "mv /run/ring $ring"
holds 'with the right one it is over' finds 'over: the key of the Matrix repository ends soon'
guest 'sed "s/-lt [0-9]* /-lt 202001 /" /usr/lib/homeseed/verbs/watch >/run/later'
ends() { guest 'sh /run/later' | grep -x "new: Debian ends bookworm on 2028-06-30"; }
holds 'as if the end of this Debian were near' ends
holds 'it is not' finds 'over: Debian ends bookworm on 2028-06-30'

# ---- what cannot be delivered ----
count() { network "python3 $DIR/reader.py $HOST $ADMIN $DIR/others 2>&1" | grep -c '^-- @homeserver'; }
before=$(count)
# Masking makes systemd read its units anew, and then a timer may start what it has started long ago.
looks_when_asked
guest 'systemctl mask --runtime --now matrix-synapse; touch /run/reboot-required'
holds 'Synapse is down: it is found nevertheless' finds 'new: a reboot is pending'
undelivered() { guest 'homeserver status' | tee "$DIR/status" | grep -c '^watch: not delivered: matrix.[0-9]*$'; }
holds 'the status says that it is not delivered' same "$(undelivered)" 1
guest "rm /run/reboot-required; cp $watch/out/matrix.* /run/"
holds 'nor is what follows' finds 'over: a reboot is pending'
holds 'the status says so' same "$(undelivered)" 2
guest 'systemctl unmask --runtime matrix-synapse; systemctl start matrix-synapse'
holds 'Synapse is back: nothing is new' finds ''
holds 'both are delivered, in their order' told $((before + 2)) 'over: a reboot is pending'
holds 'the status has no more of it' status ''
guest "cp /run/matrix.* $watch/out/"
holds 'as if the power had been cut when it was delivered' finds ''
holds 'it is not told twice' told $((before + 2)) 'over: a reboot is pending'
as_operator() { network "curl -fsS -H 'Authorization: Bearer $(cat "$DIR/others/token")' https://$HOST/_matrix/client/v3/$1"; }
as_operator "rooms/$(as_operator joined_rooms | sed 's/.*"\(!.*\)".*/\1/; s/!/%21/; s/:/%3A/')/leave -d {}" >/dev/null
before=$((before + 2))
guest 'touch /run/reboot-required'
holds 'the operator has left the room' finds 'new: a reboot is pending'
holds 'they are invited again' told $((before + 1)) 'new: a reboot is pending'
holds 'to the same room' same "$(grep -c '^room ' "$DIR/room")" 1
guest 'rm /run/reboot-required; homeserver watch'
echo hc.example.net >"$DIR/others/down"
guest 'homeserver watch 2>/run/watch.err'
holds 'a ping that fails stands in the status' status 'not delivered: ping'
holds 'and its address does not' guest '! homeserver status | grep 6c2e; ! grep 6c2e /run/watch.err'
: >"$DIR/others/down"
holds 'the next one is as good' finds ''
holds 'the status is empty' status ''
nobody_is_there() { [ "$(guest "homeserver status >/dev/null; ls -A $watch/out")" = '' ]; }
holds 'nothing is left to be delivered' nobody_is_there

# ---- mail ----
echo velvet-4711 >"$DIR/password"
relay good
document mail
own_kernel
holds 'it waits for the password of the relay' until_holds 300 eval "state | grep 'homeserver secret mail'"
hand_over mail velvet-4711
look_again
holds 'with a relay it is ready' until_holds 600 is_ready
before=$(count)
looks_when_asked
printf '{"vulns":[%s]}\n' "$advisory" >"$DIR/others/osv"
holds 'an advisory is new' finds "new: $has"
mails() { find "$DIR/mail" -name '0*' | wc -l; }
holds 'one mail has come, through TLS, by who has the password' eval '[ "$(mails)" = 1 ] && grep -q "\"tls\": true, \"authenticated\": true, \"from\": \"chat@example.org\", \"to\": \[\"operator@example.org\"\]" "$DIR/mail/0001"'
holds 'it says what the message says' eval 'tr -d "\r" <"$DIR/mail/0001" | grep -xF "new: $has"'
holds 'one message has come' told $((before + 1)) "new: $has"
guest 'homeserver watch'
holds 'neither comes twice' same "$(mails) $(count)" "1 $((before + 1))"
relay nobody
echo '{}' >"$DIR/others/osv"
holds 'without the relay it is over nevertheless' finds "over: $has"
holds 'Matrix has it' told $((before + 2)) "over: $has"
holds 'the mail stands in the status' eval 'guest "homeserver status" | grep "^watch: not delivered: mail.[0-9]*$"'
relay good
guest 'homeserver watch'
holds 'with it, it comes, and Matrix has no more' same "$(mails) $(count)" "2 $((before + 2))"
guest 'systemctl start homeseed-watch.timer'
checks

# ---- this document has no metrics ----
holds 'what told numbers is stopped, at each boot as well' guest 'for unit in prometheus-node-exporter prometheus-postgres-exporter; do
        [ "$(systemctl is-active $unit) $(systemctl is-enabled $unit)" = "inactive disabled" ] || exit 1
    done'
holds 'nobody listens at its ports' guest '! ss -Hltn | grep -E ":(9000|9100|9187) "'
holds 'no file of it is left' guest "! find /etc /usr/lib/homeseed -path /usr/lib/homeseed/payload -prune -o -type f '(' -path '*prometheus*-exporter.service.d*' -o -path '*metrics*' -o -path '/etc/ssh/*prometheus' ')' -print | grep . && ! grep -r metrics /etc/matrix-synapse/conf.d"
holds 'its role is gone' guest '[ "$(cd / && runuser -u postgres -- psql -XAtc "SELECT count(*) FROM pg_roles WHERE rolname = '"'prometheus'"'")" = 0 ]'
holds 'the key of the monitor opens nothing' is_refused 'Permission denied' -W 127.0.0.1:9000

# ---- another document takes it away ----
document without
ready 600
checks
holds 'no file of it is left' guest '! find /etc/systemd /usr/lib/homeseed /var/lib/homeseed -path /usr/lib/homeseed/payload -prune -o -name "*watch*" -print | grep .'
holds 'no unit of it is left' guest '! systemctl list-units --all --plain --no-legend "*watch.*" | grep homeseed; ! systemctl list-unit-files --no-legend "*watch*" | grep homeseed'
holds 'homeserver knows no such word' guest '! homeserver | grep -w watch'
