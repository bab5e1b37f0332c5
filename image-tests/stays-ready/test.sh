# shellcheck shell=sh disable=SC2154,SC2016
# runs in: container
# starts from: packages
# What the machine says of itself stays true: it looks each hour and when a unit fails, says what it finds, returns by itself,
# and a look leaves nothing behind.
says() { state | grep -F "$1"; }
# says_when: this minute, or the last.
says_when() { says "at $(guest 'date -u "+%F %R"') UTC" || says "at $(guest 'date -u -d "1 minute ago" "+%F %R"') UTC"; }
says_at_login() { guest "/etc/update-motd.d/90-homeseed | grep -F '$1'"; }
says_on_the_console() { grep -F "homeseed: $1" "$DIR/boot.log" | grep -F "$2"; }
# look: one that begins now.
look() { guest 'while systemctl is-active -q homeseed; do sleep 0.2; done; systemctl start homeseed; while systemctl is-active -q homeseed; do sleep 0.2; done'; }
when() { guest 'cat /run/homeseed/verdict'; }
# latest: when the last look has begun.
latest() { guest 'systemctl show -P ExecMainStartTimestampMonotonic homeseed'; }
begins_after() { [ "$(latest)" -gt "$1" ]; }
looked_since() { [ "$(when)" -gt "$1" ]; }
# files: the bytes of all that a look could add to. rows: what a login leaves in the database, a number for each table.
files() { guest 'find /etc /root /srv /tmp /usr /var -xdev -type f ! -path "/var/log/journal/*" ! -path "/var/lib/postgresql/*" -printf "%s\n" | awk "{ sum += \$1 } END { print sum }"'; }
rows() { guest 'cd / && for table in devices access_tokens refresh_tokens user_ips registration_tokens; do runuser -u postgres -- psql -XAtc "SELECT count(*) FROM $table" synapse; done | xargs'; }
has_no_more_rows() { [ "$(echo "$rows" | wc -w)" = 5 ] && [ "$(rows)" = "$rows" ]; }
says_not() { ! says "$1"; }
is_ready() { guest 'homeserver status' | head -n 1 | grep '^ready: '; }

boot
ready 900
own_kernel
holds 'it is ready' until_holds 300 is_ready
holds 'the next look is in an hour' guest 'next=$(systemctl list-timers -o json homeseed.timer | grep -o "\"next\":[0-9]*" | tr -dc 0-9)
    in=$((next / 1000000 - $(date +%s))); echo "in $in s"; [ "$in" -gt 3000 ] && [ "$in" -le 3600 ]'

# ---- what a look leaves behind ----
look
before=$(files) rows=$(rows) since=$(when)
said=$(wc -c <"$DIR/boot.log")
cursor=$(guest 'journalctl -q -n 0 --show-cursor | sed -n "s/^-- cursor: //p"')
sleep 1
look
holds 'it has looked' looked_since "$since"
journal=$(guest "sleep 2; journalctl -q --after-cursor='$cursor' -o export | wc -c")
grown=$(($(files) - before))
ok "a look adds $journal bytes to the journal and $grown to other files"
holds 'it leaves a trace in the journal, of less than 20 kB' [ "$journal" -gt 0 -a "$journal" -lt 20000 ]
holds 'it adds less than 20 kB to other files' [ "$before" -gt 0 -a "$grown" -lt 20000 ]
holds 'it leaves no login, device or token' has_no_more_rows
holds 'a look that finds all well is no news for the console' [ "$(wc -c <"$DIR/boot.log")" = "$said" ]
holds 'it says when it looked' says_when

# ---- a unit fails ----
last=$(latest)
guest 'pkill -KILL nginx; until systemctl is-failed -q nginx; do sleep 0.1; done'
holds 'a look begins when a unit fails, within a minute' until_holds 60 begins_after "$last"
holds 'it is served again' until_holds 120 guest 'systemctl is-active -q nginx'
tell 'waiting until it is ready again'
holds 'it is ready again by itself' until_holds 500 is_ready

# ---- a check fails ----
guest 'chmod 600 /etc/nginx/conf.d/homeserver.conf'
look
holds 'a file that somebody changed is said' says 'every delivered file is unchanged'
holds 'and at login' says_at_login 'every delivered file is unchanged'
holds 'and on the console' says_on_the_console failing 'every delivered file is unchanged'
# It looks again within six minutes; as if they had passed.
guest 'chmod 644 /etc/nginx/conf.d/homeserver.conf; rm /run/homeseed/verdict'
tell 'waiting until it is ready again'
holds 'it is ready again by itself' until_holds 500 is_ready
holds 'nothing more is said of it' says_not 'every delivered file'
