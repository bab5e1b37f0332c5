# shellcheck shell=sh disable=SC2154,SC2016
# runs in: container, on a disk
# New versions of Synapse come through the gate: a good one, those that do not serve in one way or another, and some that move
# the database. The machine goes back by itself, loses nothing, and says so. Debian's own updates come as every day, PostgreSQL
# among them. The plug is pulled at the end of an upgrade; and amid an upgrade, amid a way back and amid an update of
# PostgreSQL, CUTS times each, at moments that CUT_SEED chooses. After each of these the machine and the desk say the same.
: "${CUTS:=1}" "${CUT_SEED:=1}"
# shellcheck source=image-tests/neighbours.sh
. "${SITE%/*}/../neighbours.sh"
old=$(basename "$FIXTURE")
old=${old%%-*}
says() { guest 'homeserver status || :' | grep -F -- "$1"; }
says_not() { ! says "$1"; }
is_ready() { guest 'homeserver status' | head -n 1 | grep '^ready: '; }
version() { guest 'dpkg-query -Wf "\${Version}" matrix-synapse-py3'; }
runs() { [ "$(version)" = "$1+bookworm1" ] && served && is_ready; }
served() { network "curl -sS --max-time 10 https://$HOST/_matrix/client/versions" | grep -q versions; }
sql() { guest "cd / && runuser -u postgres -- psql -XAtqc \"$1\" synapse"; }
works_at_nothing() { [ "$(sql 'SELECT count(*) FROM background_updates')" = 0 ]; }

# offers VERSION KIND [only]: the repository has it, beside the one that runs, or nothing else.
offers() {
    for package in "$DIR/pool/matrix-synapse"*; do
        if [ "${3-}" = only ] || [ "${package#*_"$was"+}" = "$package" ]; then rm -f "$package"; fi
    done
    python3 "${SITE%/*}/variant.py" "$DIR/tree" "$1" "$2" "$DIR/pool" && publish
}
publish() {
    rm -rf "$DIR/mirror/files/debian"
    sh "$FIXTURE/../scripts/repository.sh" "$DIR/pool" "$FIXTURE/../key" "$DIR/mirror/files"
}
# upgrade STATUS [WORDS...]: the command of the operator ends with this status.
upgrade() {
    upgrade_wanted=$1
    shift
    guest "upgrade_status=0; homeserver upgrade $* >/run/words 2>&1 || upgrade_status=\$?; cat /run/words; [ \$upgrade_status = $upgrade_wanted ]"
}
# by_itself: what the timer starts.
by_itself() { guest 'systemctl start homeseed-updates.service'; }
has_ended() { guest '[ ! -e /var/lib/homeseed/upgrade/to ] && ! systemctl is-active -q homeseed-upgrade'; }
# held VERSION REASON: it went back, lost nothing, and says why.
held() {
    holds "$1: the version before serves" until_holds 120 runs "$was"
    holds "$1: the status says that it is held" says "held: $1 $2"
    holds "$1: nothing is lost" [ "$(messages)" = "$said" ]
    holds "$1: nothing but the way back is left" guest '[ "$(cd /var/lib/homeseed/upgrade && ls | tee /run/left | xargs)" = "held lock old.deb says" ] || { cat /run/left; exit 1; }'
    holds "$1: Synapse may start" guest '[ "$(systemctl is-enabled matrix-synapse)" = enabled ]'
    holds "$1: the machine says ready, and the desk that it is held" is_agreed 'updates: no version of Synapse is held' "held: $1 ${2%; *}"
}
# is_agreed [CHECK WORDS]: the machine is ready, and the desk says the same.
is_agreed() { is_ready && agree "$@"; }
# writes TEXT: the admin says something in a room.
writes() {
    network "curl -sS --max-time 10 -X PUT -H 'Authorization: Bearer $token' -d '{\"msgtype\":\"m.text\",\"body\":\"$1\"}' https://$HOST/_matrix/client/v3/rooms/$room/send/m.room.message/$1" | grep event_id
}
messages() { sql "SELECT string_agg(json::json->'content'->>'body', ' ' ORDER BY stream_ordering) FROM events JOIN event_json USING (event_id) WHERE type = 'm.room.message'"; }
# watches: a client writes something each second; gap: the seconds in which it could not, of all since.
watches() {
    rm -f "$DIR/stop" "$DIR/gap"
    network "setsid python3 $DIR/poll.py https://$HOST/_matrix/client/v3/user/@$ADMIN:$SERVER_NAME/account_data/org.example.poll $DIR/token $DIR/stop >$DIR/gap 2>&1 </dev/null &"
}
gap() {
    touch "$DIR/stop"
    until_holds 20 test -s "$DIR/gap" >/dev/null
    cat "$DIR/gap"
}

# chance NUMBER BELOW: what the seed chooses, in tenths. The generator is that of Park and Miller.
chance() {
    awk -v x="$CUT_SEED$1" -v below="$2" 'BEGIN { x = (x * 48271 + 11) % 2147483646 + 1; for (n = 0; n < 20; n++) x = x * 16807 % 2147483647; printf "%.1f", int(x / 2147483647 * below * 10) / 10 }'
}
# plug SECONDS: it is pulled so much later.
plug() {
    sleep "$1"
    cut_power
    ok "the plug is pulled $1 s later"
    boot
    own_kernel
}

# debian_has N: its archive has PostgreSQL once more, as a higher version than before, and a firewall whose configuration file,
# of which the machine has its own, is another.
debian_has() {
    if [ ! -d "$DIR/debian" ]; then
        mkdir "$DIR/debian"
        guest "rm -rf /var/tmp/debian; mkdir /var/tmp/debian; cd /var/tmp/debian; apt-get -qq download -o APT::Sandbox::User=root $updates" || return 1
        ssh -o "IdentityFile=$DIR/key" -o IdentitiesOnly=yes -o "UserKnownHostsFile=$DIR/known_hosts" "root@$HOST" \
            'cd /var/tmp/debian && tar c *.deb && rm -r /var/tmp/debian' 3>&- 4<&- | tar x -C "$DIR/debian" || return 1
        for package in "$DIR/debian/"*.deb; do dpkg-deb -R "$package" "${package%%_*}" && rm "$package"; done
    fi
    sh "${SITE%/*}/debian.sh" "$1" "$DIR/debian" "$FIXTURE/../key" "$DIR/mirror/files"
}
updates='postgresql-15 postgresql-client-15 libpq5 nftables'
# debian_runs N: that is what is installed.
debian_runs() { guest "for package in $updates; do dpkg-query -Wf '\${db:Status-Abbrev} \${Package} \${Version}\n' \$package | tee /dev/stderr | grep -q '^ii .*+again$1$' || exit 1; done"; }
# daily: what the timers of apt start. daily_is_over.
daily() { guest 'rm -f /var/lib/apt/periodic/*; systemctl start --no-block apt-daily.service apt-daily-upgrade.service'; }
daily_is_over() { guest '! systemctl list-jobs | grep apt-daily && ! systemctl show -P ActiveState apt-daily apt-daily-upgrade | grep activating'; }
# moment N: of the update of PostgreSQL to N + 1, in the words of dpkg: its library, its end, its files, its start.
moment() {
    case $(chance "8$1" 4) in
    0*) echo 'half-installed libpq5:amd64 ' ;;
    1*) echo 'half-configured postgresql-15:amd64 ' ;;
    2*) echo 'half-installed postgresql-15:amd64 ' ;;
    *) echo "half-configured postgresql-15:amd64 .*+again$(($1 + 1))" ;;
    esac
}
# dpkg_comes_to MOMENT: in what it has said since /run/lines.
dpkg_comes_to() { guest "for n in \$(seq 2500); do ! tail -n +\$(cat /run/lines) /var/log/dpkg.log | grep -q ' status $1' || exit 0; sleep 0.1; done; exit 1"; }

cp "${SITE%/*}/poll.py" "$DIR/"
boot
tell 'making other versions'
mkdir -p "$DIR/pool"
ln -f "$FIXTURE/pool/"*.deb "$DIR/pool/"
rm -rf "$DIR/tree" "$DIR/debian"
dpkg-deb -R "$FIXTURE/pool/matrix-synapse"*.deb "$DIR/tree"
publish
ready 900
own_kernel
desk_opens
holds 'it is ready' until_holds 400 is_ready
MIRROR="$(echo "$REPOSITORY" | cut -d/ -f3) security.example.net"
mirror_up
# cloud-init writes the file anew at each boot.
guest "echo 93.184.215.20 $MIRROR | tee -a /etc/hosts >>/etc/cloud/templates/hosts.debian.tmpl"
was=$old
holds 'there is nothing to upgrade' upgrade 0
holds 'it says so' guest "grep -x 'Synapse $old is the newest there is' /run/words"

password=$(guest 'homeserver first-password' | tail -n 1)
token=$(network "curl -sS --max-time 10 -d '{\"type\":\"m.login.password\",\"identifier\":{\"type\":\"m.id.user\",\"user\":\"$ADMIN\"},\"password\":\"$password\"}' https://$HOST/_matrix/client/v3/login" | sed 's/.*"access_token":"\([^"]*\).*/\1/')
echo "$token" >"$DIR/token"
room=$(network "curl -sS --max-time 10 -H 'Authorization: Bearer $token' -d '{}' https://$HOST/_matrix/client/v3/createRoom" | sed 's/.*"room_id":"\([^"]*\).*/\1/')
holds 'somebody writes' writes one
said=one
schema=$(sql 'SELECT version FROM schema_version')

# ---- what the gate waits for ----
holds 'a new version comes' offers 9.0.1 good
holds 'a look finds it' upgrade 0 check
holds 'and the status says so' says "Synapse 9.0.1 is there, $old runs: homeserver upgrade"
holds 'nothing has changed' runs "$old"
holds 'Debian has an update of PostgreSQL' debian_has 1
guest "printf '%s\n' 'Types: deb' 'URIs: https://security.example.net/debian-security' 'Suites: bookworm-security' 'Components: main' 'Signed-By: /usr/share/keyrings/matrix-org-archive-keyring.gpg' >/etc/apt/sources.list.d/again.sources
    echo 'APT::Periodic::Verbose \"3\";' >/etc/apt/apt.conf.d/99verbose"
# What is new has such work to do, for a minute.
holds 'Synapse has worked at its database' until_holds 400 works_at_nothing
sql "INSERT INTO background_updates (update_name, progress_json) VALUES ('some_work', '{}')"
holds 'it waits while there is more of that work' upgrade 1
holds 'and says so' says 'Synapse 9.0.1 waits: Synapse still works at its database: 1 updates in the background'
sql "DELETE FROM background_updates WHERE update_name = 'some_work'"

# ---- updates of Debian ----
guest 'touch /run/reboot-required; systemctl show -P InvocationID postgresql@15-main matrix-synapse >/run/before'
watches
daily
holds 'the updates of the day are over' until_holds 600 daily_is_over
seconds=$(gap)
holds 'they were installed, PostgreSQL among them' debian_runs 1
holds "users could not write for $seconds s" [ "$seconds" -ge 1 -a "$seconds" -lt 120 ]
holds 'the database was restarted, and Synapse was not' guest 'systemctl show -P InvocationID postgresql@15-main matrix-synapse >/run/after; [ "$(head -n 1 /run/after)" != "$(head -n 1 /run/before)" ] && [ "$(tail -n 1 /run/after)" = "$(tail -n 1 /run/before)" ]'
holds 'Synapse serves' runs "$old"
holds 'nothing is lost' [ "$(messages)" = "$said" ]
holds 'somebody writes' writes next
said="$said next"
holds 'the machine has its own rules of the firewall' guest 'grep "Once more" /etc/nftables.conf && exit 1; [ -e /etc/nftables.conf ]'
holds 'the machine and the desk say the same' is_agreed
holds 'Synapse was left alone' guest 'journalctl -b -u apt-daily-upgrade | grep "pkg matrix-synapse-py3 package has been blacklisted"'
holds 'a restart that is needed is set for its time' guest '. /run/systemd/shutdown/scheduled && [ "$(date -d "@$((USEC / 1000000))" +%R)" = 04:30 ]'
holds 'and the status says so' says 'an update waits for the restart at 04:30'
guest 'shutdown -c; rm /run/reboot-required'
holds 'Synapse runs with a file that was replaced' guest 'grep "libpq.*(deleted)" "/proc/$(systemctl show -P MainPID matrix-synapse)/maps"'

# ---- a good one ----
guest 'touch /var/lib/homeseed/trial'
holds 'it waits while a site is on trial' by_itself
holds 'and says so' says 'Synapse 9.0.1 waits: another site is on trial'
holds 'the former was restarted, for the file that was replaced' until_holds 60 guest 'systemctl is-active matrix-synapse && ! grep "libpq.*(deleted)" "/proc/$(systemctl show -P MainPID matrix-synapse)/maps"'
guest 'rm /var/lib/homeseed/trial; fallocate -l "$(($(df --output=avail -B1 /var | tail -n 1) - 400000000))" /var/tmp/full'
holds 'it waits while there is no room' upgrade 1
holds 'and says how much it wants' says 'Synapse 9.0.1 waits: disk too full: '
guest 'rm /var/tmp/full'
# It stands still where the upgrade is over, but for what it leaves: the package of the former version gives way.
guest 'printf "%s\n" "#!/bin/sh" "[ \"\$*\" != \"new.deb old.deb\" ] || { touch /run/over; sleep 900; }" "exec /usr/bin/mv \"\$@\"" >/usr/local/sbin/mv; chmod 755 /usr/local/sbin/mv; sync'
watches
guest 'systemctl start --no-block homeseed-updates.service'
holds 'by itself the machine upgrades it' until_holds 300 guest '[ -e /run/over ]'
holds 'it runs' runs 9.0.1
seconds=$(gap)
holds "users could not write for $seconds s" [ "$seconds" -ge 1 -a "$seconds" -lt 120 ]
plug 0
guest 'rm /usr/local/sbin/mv; sync'
was=9.0.1
holds 'it runs' until_holds 400 runs 9.0.1
holds 'there was nothing to be done' guest '[ ! -e /var/lib/homeseed/upgrade/to ] && ! journalctl -q -b -u homeseed-upgrade | grep .'
holds 'the status says nothing of it' says_not Synapse
holds 'nothing is lost' [ "$(messages)" = "$said" ]
holds 'the machine and the desk say the same' is_agreed

# ---- those that do not serve ----
holds 'one comes that does not start' offers 9.0.2 dead
holds 'the machine takes it' by_itself
held 9.0.2 'does not start; 9.0.1 runs'
since=$(guest 'journalctl -q -n 0 --show-cursor | sed -n "s/^-- cursor: //p"')
guest 'for file in $(sed -n "s|.* \(/usr/.*/libpcre2-8[^ ]*\)$|\1|p" /proc/$(systemctl show -P MainPID nginx)/maps | sort -u); do
        cp -a "$file" "$file.new" && mv "$file.new" "$file"
    done
    systemctl show -P InvocationID nginx postgresql@15-main >/run/before'
holds 'the web server runs with a file that was replaced' guest 'grep "libpcre2-8.*(deleted)" "/proc/$(systemctl show -P MainPID nginx)/maps"'
holds 'the same is not tried again' by_itself
holds 'the web server was restarted, and the database was not' guest 'systemctl show -P InvocationID nginx postgresql@15-main >/run/after; [ "$(head -n 1 /run/after)" != "$(head -n 1 /run/before)" ] && [ "$(tail -n 1 /run/after)" = "$(tail -n 1 /run/before)" ]'
holds 'and nothing was' guest "! journalctl -q --after-cursor='$since' -u homeseed-upgrade | grep ."
holds 'one comes that answers nobody' offers 9.0.3 mute
holds 'the operator asks for it' upgrade 1
holds 'apt complains of nothing' guest "! grep '^[WEN]: ' /run/words"
held 9.0.3 'does not let a user sync; 9.0.1 runs'
holds 'one comes that breaks another service' offers 9.0.4 rude
holds 'the operator asks for it' upgrade 1
held 9.0.4 'fails: nginx: its configuration is valid; 9.0.1 runs'
if [ "$CUTS" -gt 1 ]; then
    # Its check is tried for a minute.
    holds 'one comes that lets anybody in' offers 9.0.5 open
    holds 'the operator asks for it' upgrade 1
    held 9.0.5 'fails: nginx: registration is refused without a token; 9.0.1 runs'
fi

# ---- those that move the database ----
holds 'somebody writes' writes two
said="$said two"
for n in $(seq "$CUTS"); do
    holds "$n: one comes that moves the database, and does not start then" offers "9.1.0.$n" stuck
    guest 'systemctl start --no-block homeseed-updates.service'
    holds "$n: it goes back" until_holds 300 says 'does not start; going back'
    plug "$(chance "$n" 10)"
    holds "$n: it comes to its end" until_holds 400 has_ended
    held "9.1.0.$n" 'does not start; 9.0.1 runs'
    holds "$n: the database is as it was" [ "$(sql 'SELECT version FROM schema_version')" = "$schema" ]
done
guest 'rm /var/lib/homeseed/upgrade/old.deb'
for n in $(seq "$CUTS"); do
    # The repository has the one that runs no more.
    holds "$n: one comes that moves the database" offers "9.1.$n" moved only
    guest 'systemctl start --no-block homeseed-updates.service'
    holds "$n: it upgrades" until_holds 300 says "to 9.1.$n"
    plug "$(chance "9$n" 10)"
    holds "$n: it comes to its end" until_holds 400 has_ended
    was=9.1.$n
    holds "$n: the new version runs" until_holds 400 runs "$was"
    holds "$n: the database was moved" [ "$(sql 'SELECT count(*) FROM moved')" = 0 ]
    holds "$n: nothing is lost" [ "$(messages)" = "$said" ]
    holds "$n: somebody writes" writes "more-$n"
    said="$said more-$n"
    holds "$n: the machine and the desk say the same" is_agreed
done

# ---- an update of PostgreSQL that is cut short ----
for n in $(seq "$CUTS"); do
    holds "$n: Debian has another update of PostgreSQL" debian_has $((n + 1))
    guest 'wc -l </var/log/dpkg.log >/run/lines'
    daily
    holds "$n: dpkg comes to: $(moment "$n")" dpkg_comes_to "$(moment "$n")"
    plug "$(chance "7$n" 1)"
    holds "$n: it is ready" until_holds 600 is_ready
    # Unattended upgrades make an empty one where there is none.
    guest '[ -s /etc/apt/sources.list ] || rm -f /etc/apt/sources.list'
    holds "$n: nothing is half done" nothing_is_half_done
    daily
    holds "$n: the updates of the next day are over" until_holds 600 daily_is_over
    holds "$n: they are installed, PostgreSQL among them" debian_runs $((n + 1))
    holds "$n: the right Synapse runs" until_holds 100 runs "$was"
    holds "$n: nothing is lost" [ "$(messages)" = "$said" ]
    holds "$n: somebody writes" writes "again-$n"
    said="$said again-$n"
    holds "$n: the machine and the desk say the same" is_agreed
done
holds 'nobody looks any more' until_holds 60 guest '! systemctl is-active -q homeseed'
checks

# What did not serve has said so at length.
guest 'journalctl -q --rotate; journalctl -q --vacuum-time=1s'

# ---- who wants to be asked ----
document notify
own_kernel
desk_has "${SITE%/*}/notify.yaml"
holds 'it is ready' until_holds 400 is_ready
holds 'another version comes' offers 9.2.0 moved
holds 'the machine looks by itself' by_itself
holds 'it says so, and upgrades nothing' says "Synapse 9.2.0 is there, $was runs: homeserver upgrade"
guest 'touch /run/reboot-required; unattended-upgrade -d >/run/words 2>&1'
holds 'no restart is set' guest '[ ! -e /run/systemd/shutdown/scheduled ]'
holds 'the status says that one is waited for' says 'an update waits for a restart: systemctl reboot'
holds 'the operator upgrades it' upgrade 0
holds 'it runs' runs 9.2.0
holds 'the machine and the desk say the same' is_agreed
