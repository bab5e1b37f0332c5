# shellcheck shell=sh disable=SC2154,SC2016
# runs in: container, on a disk
# New versions of Synapse come through the gate: a good one, those that do not serve in one way or another, and some that move
# the database. The machine goes back by itself, loses nothing, and says so. The plug is pulled amid an upgrade, and amid a
# way back: CUTS times each, at moments that CUT_SEED chooses.
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
}
# at_the_desk: a verdict on the machine whose kernel is as the checks want it.
at_the_desk() {
    verify_inside
    # shellcheck disable=SC2034 # lib.sh reads it
    verify_fails=
}
# fails_at_the_desk CHECK WORDS: there it does not hold, in these words.
fails_at_the_desk() {
    at_the_desk
    awk -v check=" - $1" '/^(not )?ok /{ on = /^not / && index($0, check) } on' "$DIR/verify.tap" | grep -F "$2"
}
# writes TEXT: the admin says something in a room.
writes() {
    network "curl -sS --max-time 10 -X PUT -H 'Authorization: Bearer $token' -d '{\"msgtype\":\"m.text\",\"body\":\"$1\"}' https://$HOST/_matrix/client/v3/rooms/$room/send/m.room.message/$1" | grep event_id
}
messages() { sql "SELECT string_agg(json::json->'content'->>'body', ' ' ORDER BY stream_ordering) FROM events JOIN event_json USING (event_id) WHERE type = 'm.room.message'"; }
# gap: the seconds in which a client was not served, of all since the last time.
watches() {
    rm -f "$DIR/stop" "$DIR/gap"
    network "setsid python3 $DIR/poll.py https://$HOST/_matrix/client/versions $DIR/stop >$DIR/gap 2>&1 </dev/null &"
}
gap() {
    touch "$DIR/stop"
    until_holds 20 test -s "$DIR/gap" >/dev/null
    cat "$DIR/gap"
}

# plug NUMBER: it is pulled within the next ten seconds. The generator is that of Park and Miller.
plug() {
    plug_pause=$(awk -v x="$CUT_SEED$1" 'BEGIN { x = (x * 48271 + 11) % 2147483646 + 1; for (n = 0; n < 20; n++) x = x * 16807 % 2147483647; printf "%.1f", x / 214748365 }')
    sleep "$plug_pause"
    cut_power
    ok "the plug is pulled $plug_pause s later"
    boot
    own_kernel
}

cp "${SITE%/*}/poll.py" "$DIR/"
boot
tell 'making other versions'
mkdir -p "$DIR/pool"
ln -f "$FIXTURE/pool/"*.deb "$DIR/pool/"
rm -rf "$DIR/tree"
dpkg-deb -R "$FIXTURE/pool/matrix-synapse"*.deb "$DIR/tree"
publish
ready 900
own_kernel
desk_opens
holds 'it is ready' until_holds 400 is_ready
MIRROR=$(echo "$REPOSITORY" | cut -d/ -f3)
mirror_up
# cloud-init writes the file anew at each boot.
guest "echo 93.184.215.20 $MIRROR | tee -a /etc/hosts >>/etc/cloud/templates/hosts.debian.tmpl"
was=$old
holds 'there is nothing to upgrade' upgrade 0
holds 'it says so' guest "grep -x 'Synapse $old is the newest there is' /run/words"

password=$(guest 'homeserver first-password' | tail -n 1)
token=$(network "curl -sS --max-time 10 -d '{\"type\":\"m.login.password\",\"identifier\":{\"type\":\"m.id.user\",\"user\":\"$ADMIN\"},\"password\":\"$password\"}' https://$HOST/_matrix/client/v3/login" | sed 's/.*"access_token":"\([^"]*\).*/\1/')
room=$(network "curl -sS --max-time 10 -H 'Authorization: Bearer $token' -d '{}' https://$HOST/_matrix/client/v3/createRoom" | sed 's/.*"room_id":"\([^"]*\).*/\1/')
holds 'somebody writes' writes one
said=one
schema=$(sql 'SELECT version FROM schema_version')

# ---- a good one ----
holds 'a new version comes' offers 9.0.1 good
holds 'a look finds it' upgrade 0 check
holds 'and the status says so' says "Synapse 9.0.1 is there, $old runs: homeserver upgrade"
holds 'nothing has changed' runs "$old"
# What is new has such work to do, for a minute.
holds 'it waits while Synapse works at its database' upgrade 1
holds 'and says so' says 'Synapse 9.0.1 waits: Synapse still works at its database: '
holds 'that work ends' until_holds 400 works_at_nothing
guest 'touch /run/reboot-required; unattended-upgrade -d >/run/words 2>&1'
holds 'unattended upgrades leave it alone' guest 'grep "pkg matrix-synapse-py3 package has been blacklisted" /run/words'
holds 'a restart that is needed is set for its time' guest '. /run/systemd/shutdown/scheduled && [ "$(date -d "@$((USEC / 1000000))" +%R)" = 04:30 ]'
holds 'and the status says so' says 'an update waits for the restart at 04:30'
guest 'shutdown -c; rm /run/reboot-required'
holds 'nothing has changed' runs "$old"
guest 'touch /var/lib/homeseed/trial'
holds 'it waits while a site is on trial' upgrade 1
holds 'and says so' says 'Synapse 9.0.1 waits: another site is on trial'
guest 'rm /var/lib/homeseed/trial; fallocate -l "$(($(df --output=avail -B1 /var | tail -n 1) - 400000000))" /var/tmp/full'
holds 'it waits while there is no room' upgrade 1
holds 'and says how much it wants' says 'Synapse 9.0.1 waits: disk too full: '
guest 'rm /var/tmp/full'
watches
holds 'by itself the machine upgrades it' by_itself
holds 'it runs' runs 9.0.1
seconds=$(gap)
holds "clients were not served for $seconds s" [ "$seconds" -ge 1 -a "$seconds" -lt 120 ]
holds 'the status says nothing of it' says_not Synapse
holds 'nothing is lost' [ "$(messages)" = "$said" ]
was=9.0.1
at_the_desk
holds 'the desk finds nothing wrong' all_well 45

# ---- those that do not serve ----
holds 'one comes that does not start' offers 9.0.2 dead
holds 'the machine takes it' by_itself
held 9.0.2 'does not start; 9.0.1 runs'
holds 'the desk says so' fails_at_the_desk 'updates: no version of Synapse is held' '# held: 9.0.2 does not start'
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
held 9.0.3 'does not let a user sync; 9.0.1 runs'
holds 'one comes that lets anybody in' offers 9.0.4 open
holds 'the operator asks for it' upgrade 1
held 9.0.4 'fails: nginx: registration is refused without a token; 9.0.1 runs'

# ---- those that move the database ----
holds 'somebody writes' writes two
said='one two'
for n in $(seq "$CUTS"); do
    holds "$n: one comes that moves the database, and does not start then" offers "9.1.0.$n" stuck
    guest 'systemctl start --no-block homeseed-updates.service'
    holds "$n: it goes back" until_holds 300 says 'does not start; going back'
    plug "$n"
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
    plug "9$n"
    holds "$n: it comes to its end" until_holds 400 has_ended
    was=9.1.$n
    holds "$n: the new version runs" until_holds 400 runs "$was"
    holds "$n: the database was moved" [ "$(sql 'SELECT count(*) FROM moved')" = 0 ]
    holds "$n: nothing is lost" [ "$(messages)" = "$said" ]
    holds "$n: somebody writes" writes "more-$n"
    said="$said more-$n"
done
checks

# What did not serve has said so at length.
guest 'journalctl -q --rotate; journalctl -q --vacuum-time=1s'

# ---- who wants to be asked ----
document notify
ready 300
own_kernel
holds 'it is ready' until_holds 400 is_ready
holds 'another version comes' offers 9.2.0 moved
holds 'the machine looks by itself' by_itself
holds 'it says so, and upgrades nothing' says "Synapse 9.2.0 is there, $was runs: homeserver upgrade"
guest 'touch /run/reboot-required; unattended-upgrade -d >/run/words 2>&1'
holds 'no restart is set' guest '[ ! -e /run/systemd/shutdown/scheduled ]'
holds 'the status says that one is waited for' says 'an update waits for a restart: systemctl reboot'
holds 'the operator upgrades it' upgrade 0
holds 'it runs' runs 9.2.0
