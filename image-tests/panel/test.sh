# shellcheck shell=sh disable=SC2154,SC2016
# runs in: container
# starts from: packages
# The admin panel: fetched, compared with its digest, unpacked, reached by ssh alone, given another release, taken away.
# A page of our own stands in Ketesa's place, on another computer.

# shellcheck source=image-tests/neighbours.sh
. "${SITE%/*}/../neighbours.sh"
says() { state | grep -F "$1"; }
digest() { sha256sum <"$1" | cut -c1-64; }
panel=/var/lib/homeseed/panel
local=http://localhost:8009
users=$local/_synapse/admin/v2/users

# ---- another computer has the releases ----
mirror=mirror.example.net
mkdir -p "$DIR/mirror/files"
for n in 1 2; do python3 "${SITE%/*}/tarball.py" $n >"$DIR/panel-$n.tar.gz"; done
# flipped FILE: the same with another byte in the middle.
flipped() { python3 -c 'import sys; b = bytearray(open(sys.argv[1], "rb").read()); b[len(b) // 2] ^= 1; sys.stdout.buffer.write(b)' "$1"; }
# serves FILE N: from now on FILE is release N there.
serves() { cp "$1" "$DIR/mirror/files/panel-$2.tar.gz"; }
asked() { grep -c "$1" "$DIR/mirror/access.log"; }
# looks: the machine does at once what it would do within a minute; a_quarter_later: as if so much time had passed.
looks() { guest 'systemctl restart --no-block homeseed'; }
a_quarter_later() {
    guest "touch -d '16 minutes ago' $panel/*.gz"
    looks
}

# ---- nobody has it, it is damaged, it is cut short ----
boot
holds 'nobody knows the address: that is said' until_holds 600 says "waiting for the panel: https://$mirror/panel-1.tar.gz gives curl: (6) Could not resolve host: $mirror, not the SHA-256 "
holds 'meanwhile the rest is served' network "curl -fsS https://$HOST/_matrix/client/versions"
closed() {
    closed_said=$(guest "code() { curl -s -o /dev/null -w '%{http_code} ' \"\$@\"; }
        code $local; code -u operator:a $local; code $users; code -b panel=0 $users")
    [ "$closed_said" = '401 403 403 403 ' ] || { echo "$closed_said"; return 1; }
}
holds 'without what its step makes, the panel lets nobody in' closed
dns "host-record=$mirror,93.184.215.20"
mirror_up
looks
holds 'it is not there: that is said' until_holds 180 says 'gives curl: (22) The requested URL returned error: 404, not the SHA-256 '
flipped "$DIR/panel-1.tar.gz" >"$DIR/flipped"
serves "$DIR/flipped" 1
looks
right=$(digest "$DIR/panel-1.tar.gz")
holds 'with a changed byte, both digests are named' until_holds 180 says "waiting for the panel: https://$mirror/panel-1.tar.gz gives $(digest "$DIR/flipped"), not the SHA-256 $right"
holds 'nothing of it is unpacked' guest "[ ! -e $panel/www ] && [ ! -e $panel/draft ]"
holds 'the panel lets nobody in' closed
again() { grep ' 416 ' "$DIR/mirror/access.log"; }
holds 'it looks again by itself' until_holds 180 again
holds 'and does not fetch the same again' [ "$(asked ' 200 ')" = 1 ]
head -c 5000 "$DIR/panel-1.tar.gz" >"$DIR/half"
serves "$DIR/half" 1
a_quarter_later
holds 'after a quarter of an hour it is fetched again: it is cut short' until_holds 180 says "gives $(digest "$DIR/half"), not the SHA-256 $right"
serves "$DIR/panel-1.tar.gz" 1
looks
ready 300
holds 'what was missing was fetched, and no more' grep -x "/panel-1.tar.gz 206 $(($(wc -c <"$DIR/panel-1.tar.gz") - 5000))" "$DIR/mirror/access.log"
checks
holds 'what was fetched is gone, and what is unpacked belongs to root' guest "[ -z \"\$(find $panel -name '*.gz' -o -name draft -o ! -user root)\" ]"

# ---- from the desk ----
desk_opens
# Each of these is a run of curl at the desk; secrets are in files, as none is to be an argument.
guest 'homeserver panel' | sed -n 's/.*password \(.*\)/user = "operator:\1"/p' >"$DIR/password"
printf 'user = "operator:wrong"\n' >"$DIR/wrong"
jar=$DIR/jar
# page PATH TEXT: with the password, a line of the answer is like this; the cookie is kept, as a browser does.
page() { network "curl -sS -i -c $jar -K $DIR/password $local/$1" | grep -i "$2"; }
code() { network "curl -s -o /dev/null -o /dev/null -w '%{http_code}' $*"; }
# login USER PASSWORD: with the cookie; the token is kept, for `-K` of curl.
login() {
    printf '{"type":"m.login.password","identifier":{"type":"m.id.user","user":"%s"},"password":"%s"}' "$1" "$2" >"$DIR/login"
    network "curl -sS -b $jar -d @$DIR/login $local/_matrix/client/v3/login | jq -r .access_token" >"$DIR/token"
    printf 'header = "Authorization: Bearer %s"\n' "$(cat "$DIR/token")" >"$DIR/$1"
}
lists() { [ "$(network "curl -sS -b $jar -K $DIR/$ADMIN '$users?from=0&limit=10' | jq -r '.users[].name'" | sort | xargs)" = "$*" ]; }

holds 'there is a second user' guest 'register_new_matrix_user -c /etc/matrix-synapse/conf.d/20-secrets.yaml -u bob -p bob --no-admin http://localhost:8008'
holds 'from another computer nobody answers at its port' network "! curl -s -m 3 http://$HOST:8009"
holds 'the command that the machine shows opens a tunnel' tunnel_opens
holds 'without the password there is no page' [ "$(code $local)" = 401 ]
holds 'with a wrong password there is none' [ "$(code -K "$DIR/wrong" -c "$jar" $local)" = 401 ]
holds 'and no cookie' sh -c "! grep panel $jar"
holds 'the API wants the cookie' [ "$(code $users $local/_matrix/client/v3/login)" = 403403 ]
holds 'with the password there is the page' page '' '<title>panel 1</title>'
holds 'its script is one' page panel.js '^content-type: application/javascript'
holds 'its cookie is out of reach of scripts' grep '^#HttpOnly_localhost' "$jar"
login "$ADMIN" "$(guest 'homeserver first-password' | tail -n 1)"
holds 'the token without the cookie opens nothing' [ "$(code -K "$DIR/$ADMIN" $users)" = 403 ]
holds 'the cookie without a token opens nothing' [ "$(code -b "$jar" $users)" = 401 ]
holds 'an admin lists the users' lists "@$ADMIN:$SERVER_NAME" "@bob:$SERVER_NAME"
holds 'federation and keys are not there, even with all of it' [ "$(code -K "$DIR/$ADMIN" -b "$jar" $local/_matrix/federation/v1/version $local/_matrix/key/v2/server)" = 404404 ]
holds 'under another name there is nothing' network "! curl -s -K $DIR/password -H 'Host: rebound.example.net:8009' $local"
login bob bob
holds 'whoever is no admin lists nobody' [ "$(code -K "$DIR/bob" -b "$jar" $users)" = 403 ]
holds 'it is Synapse that says so' network "curl -sS -K $DIR/bob -b $jar $users | grep M_FORBIDDEN"
holds 'the journal holds no password' guest "! journalctl -o cat | grep -qFf $panel/password"

# ---- another release ----
was=$(guest "cat $panel/password")
flipped "$DIR/panel-2.tar.gz" >"$DIR/flipped"
serves "$DIR/flipped" 2
tunnel_closes
document second
holds 'another release with a changed byte is refused' until_holds 300 says "waiting for the panel: https://$mirror/panel-2.tar.gz gives $(digest "$DIR/flipped"), not the SHA-256 $(digest "$DIR/panel-2.tar.gz")"
holds 'the tunnel opens again' tunnel_opens
shows() { page '' "<title>panel $1</title>"; }
holds 'what was served is served still' shows 1
serves "$DIR/panel-2.tar.gz" 2
a_quarter_later
ready 300
holds 'the other release is served' shows 2
holds 'the former one is gone' [ "$(guest "find $panel -mindepth 1 -maxdepth 1 -type d")" = "$panel/$(digest "$DIR/panel-2.tar.gz")" ]
holds 'the password is the same' [ "$(guest "cat $panel/password")" = "$was" ]
checks
holds 'as long as the site has it, nothing of it is removed when something else leaves' guest "/usr/lib/homeseed/leave/panel; [ -s $panel/www/index.html ]"

# ---- another password, as docs/panel.md has it ----
guest "rm $panel/password /var/lib/homeseed/stamps/panel; systemctl start homeseed"
is_another() { now=$(guest 'homeserver panel' | sed -n 's/.*password //p') && [ "$now" ] && [ "$now" != "$was" ] && guest '[ -e /var/lib/homeseed/stamps/panel ]'; }
holds 'there is another password' until_holds 60 is_another
holds 'that of before is no good' [ "$(code -K "$DIR/password" $local)" = 401 ]
guest 'homeserver panel' | sed -n 's/.*password \(.*\)/user = "operator:\1"/p' >"$DIR/password"
former=$(code -b "$jar" $users)
holds 'nor is the cookie of before' [ "$former" = 403 ]
holds 'the new one opens the page' shows 2

# ---- another document takes it away ----
tunnel_closes
document without
ready 600
checks
holds 'nothing of it is left' guest "! find /etc /usr/lib/homeseed $panel -path /usr/lib/homeseed/payload -prune -o -name '*panel*' -print 2>/dev/null | grep ."
holds 'nginx serves it no more' guest '! nginx -T 2>/dev/null | grep 8009; ! ss -Hltn | grep :8009'
holds 'the command is gone' guest '! homeserver | grep -w panel'
