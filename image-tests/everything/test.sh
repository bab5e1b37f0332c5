# shellcheck shell=sh disable=SC2154,SC2016
# runs in: container
# starts from: packages
# installs: chromium libnss3-tools
# fetches from: https://files.example.net/chat.payload
# All layers together, and people at browsers on another computer: by the public name, through the operator's tunnel and
# through Tor. The machine is open where the site says, and nowhere else. Then another document takes the layers away.
# shellcheck source=image-tests/neighbours.sh
. "${SITE%/*}/../neighbours.sh"
local=http://localhost:8009

bob() { PERSON=bob browser "$@"; }
far() { PERSON=far browser "$@"; }
# gives TEXT COMMAND...: the command prints exactly that.
gives() {
    gives_text=$1
    shift
    gives_said=$("$@") || :
    echo "$gives_said"
    [ "$gives_said" = "$gives_text" ]
}
# fails TEXT COMMAND...: the command does not succeed, and says why.
fails() {
    fails_text=$1
    shift
    if fails_said=$("$@"); then echo 'it succeeded'; return 1; fi
    echo "$fails_said"
    echo "$fails_said" | grep -qF -- "$fails_text"
}
says() { state | grep -F "$1"; }
shows() { browser shows | grep -x "$1"; }
answers() { network "curl -s -o /dev/null -w '%{http_code}' $1"; }
sql() { guest "cd / && runuser -u postgres -- psql -XAtqc \"$1\" synapse"; }
# stored PICTURE: the file of what a verb says about a picture.
stored() { echo "/var/lib/matrix-synapse/media/local_content/$(echo "${1##*/}" | sed 's|\(..\)\(..\)|\1/\2/|')"; }
# is_noise PICTURE: there is something in its file, and it is no picture.
is_noise() { guest "[ \$(stat -c %s $(stored "$1")) -gt 250000 ] && ! grep -aq IHDR $(stored "$1")"; }
# mail_to ADDRESS: the link in the mail that has come there.
mail_to() { network "python3 $DIR/client.py link_to $HOST $DIR $1"; }
backup_is_authorised() { guest 'homeserver backup key' >"$DIR/nas/authorized_keys" && grep '^restrict,.* ssh-ed25519 ' "$DIR/nas/authorized_keys"; }
has_the_key_of_the_onion() { network "age -d -i $DIR/nas/host $DIR/nas/store/*Z.age | tar -xO files.tar | tar -t | grep -x var/lib/tor/homeserver/hs_ed25519_secret_key"; }
# Whoever takes more than Hetzner does is given this document.
fits_a_document() {
    "$HOMESEED" user-data "$DIR/site.yaml" --for hetzner --allow-placeholders -o "$DIR/document" --force && wc -c "$DIR/document" && grep -x " want=$PAYLOAD" "$DIR/document"
}

# ports: where the machine listens for others than itself, each as PROTOCOL and NUMBER. A client of UDP gets its answers from
# port 32768 on, one of DHCP at 68 and 546.
ports() { guest 'ss -Hltnu' | awk '$5 !~ /^127|^\[::1|%lo/ { n = $5; sub(".*:", "", n); if ($1 == "tcp" || n < 32768 && n != 68 && n != 546) print $1, n }' | sort -u -k1,1 -k2n | xargs; }
# accepts: what its firewall lets in.
accepts() { guest "nft -s list ruleset | sed -n 's/^[[:space:]]*\(.* accept\)$/\1/p'"; }
scan() { network "python3 $DIR/scan.py $MACHINE $MACHINE6"; }
# is_open_at PORTS: these and no others, as the machine, its firewall, and another computer say.
is_open_at() {
    holds "the machine listens at $1 alone" gives "tcp $(echo "$1" | sed 's/ / tcp /g')" ports
    holds 'its firewall lets nothing else in' gives "ct state established,related accept
iif \"lo\" accept
meta l4proto { icmp, ipv6-icmp } accept
udp sport 547 udp dport 546 accept
tcp dport { $(echo "$1" | sed 's/ /, /g') } accept" accepts
    tell 'all ports are asked from another computer'
    holds 'another computer finds these of all 65535 open, over IPv4 and IPv6' gives "$MACHINE $1
$MACHINE6 $1" scan
}
# Each page of memory that several programs have is divided among them. That of the kernel is not in it.
memory() { guest 'cat /proc/[0-9]*/smaps_rollup 2>/dev/null' | awk '/^(Swap)?Pss:/ { sum += $2 } END { print int(sum / 1024) }'; }

# ---- on other computers ----
cp "${SITE%/*}/scan.py" "$cases/mail/client.py" "$DIR/"
echo a-word-of-the-relay >"$DIR/password"
certificate smtp.example.net >"$DIR/good.pem"
dns 'host-record=smtp.example.net,mirror.example.net,nas.example.net,93.184.215.20'
holds 'a Tor network begins' tor up 93.184.215.1
relay good
mirror_up
python3 "$cases/panel/tarball.py" 1 >"$DIR/mirror/files/panel-1.tar.gz"
mkdir -p "$DIR/nas/store"
install -m 600 "${SITE%/*}/nas.key" "$DIR/nas/host"
network "ln -sfn $DIR/nas/store /srv/chat"
target_up

# ---- the machine ----
boot
takes_part_in_tor
holds 'it waits for the password of the relay' until_holds 600 says 'the password at the mail relay: homeserver secret mail'
holds 'it takes that' hand_over mail a-word-of-the-relay
holds 'it shows the key of its backups' backup_is_authorised
guest 'systemctl restart --no-block homeseed'
ready 600
checks
desk_opens
holds 'there is nothing to upgrade' guest 'homeserver upgrade'
holds 'the account that tells the admin of trouble is no admin' gives '@homeserver:example.org 0' sql "SELECT concat_ws(' ', name, admin) FROM users WHERE name LIKE '@homeserver:%'"
holds 'the same fits a document for Hetzner' fits_a_document
holds 'a backup has the key of the onion service' has_the_key_of_the_onion

# ---- by the public name ----
# What systemd calls each run of a service: it is another one after whatever has ended it.
runs() { guest 'systemctl show -P InvocationID matrix-synapse postgresql@15-main nginx tor@default | xargs'; }
runs=$(runs) || :
holds 'four services run' [ "$(echo "$runs" | wc -w)" = 4 ]
password=$(guest 'homeserver first-password' | tail -n 1)
holds 'a browser opens' browser opens
network "cd $DIR && openssl req -x509 -nodes -days 2 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -keyout own.key -out own.pem -subj /CN=localhost -addext subjectAltName=DNS:localhost 2>/dev/null
    setsid timeout 60 openssl s_server -quiet -www -accept 127.0.0.1:8443 -cert own.pem -key own.key </dev/null >/dev/null 2>&1 &"
until_holds 30 network 'curl -sk -o /dev/null https://localhost:8443/'
holds 'it refuses a certificate of nobody that it knows' fails ERR_CERT_AUTHORITY_INVALID browser visits https://localhost:8443/
holds 'a wrong password is refused' fails '[403] Invalid username or password' browser logs_in "$SERVER_NAME" "$ADMIN" wrong
holds 'the admin logs in by the server name' gives "@$ADMIN:$SERVER_NAME at https://$HOST" browser logs_in "$SERVER_NAME" "$ADMIN" "$password"

# ---- registration ----
holds 'a second browser opens' bob opens
holds 'whoever has no token registers nobody' fails 'Invalid registration token' bob registers "$SERVER_NAME" bob bob-has-a-password wrong bob@example.net
token=$(guest 'homeserver token' | head -n 1)
holds 'with a token, a mail is sent' gives 'm.login.registration_token m.login.email.identity' bob registers "$SERVER_NAME" bob bob-has-a-password "$token" bob@example.net
holds 'before its link is opened, there is no account' fails 'the account: not within 1 s' bob is_registered 1
link=$(mail_to bob@example.net) || :
holds 'the link of the mail is opened' gives "200 $link" bob visits "$link"
holds 'the page says that it is good' bob sees 'Your email has now been validated'
holds 'there is an account' gives "@bob:$SERVER_NAME at https://$HOST" bob is_registered 30

# ---- a room ----
room=$(bob makes_room "@$ADMIN:$SERVER_NAME") || :
holds 'the new user makes an encrypted room' [ "${room#!}" != "$room" ]
holds 'the admin joins' browser joins "$room"
holds 'the new user sees that' bob meets "@$ADMIN:$SERVER_NAME"
holds 'the admin sends a message' browser sends 'It rains in Reykjavik.'
holds 'the other one reads it' gives "@$ADMIN:$SERVER_NAME: It rains in Reykjavik." bob reads 'It rains in Reykjavik.'
sent=$(browser sends_picture rain.png) || :
holds 'the admin sends a picture' [ "${sent#* mxc://"$SERVER_NAME"/}" != "$sent" ]
holds 'the other one downloads and decrypts it' gives "${sent% *}" bob reads_picture rain.png
holds 'the other one answers' bob sends 'Take an umbrella.'
holds 'the admin reads that' gives "@bob:$SERVER_NAME: Take an umbrella." browser reads 'Take an umbrella.'
holds 'the browser has asked nobody else' gives "https://localhost:8443
https://$SERVER_NAME
https://$HOST" browser origins
holds 'that of the new user has asked for the picture in the page of the link as well' gives "https://$SERVER_NAME
https://$HOST
https://matrix.org" bob origins

# ---- through the tunnel ----
holds 'the command that the machine shows opens a tunnel' tunnel_opens
panel=$(guest 'homeserver panel' | sed -n 's/.*password //p')
holds 'without the password of the panel there is no page' fails ERR_INVALID_AUTH_CREDENTIALS browser visits "$local/"
holds 'with it there is one' gives "200 $local/" browser visits "$local/" operator "$panel"
holds 'a user who is no admin fills in the form' browser types '#user' bob
holds 'and a password' browser types '#password' bob-has-a-password
holds 'and logs in' browser clicks button
holds 'the page lists nobody' browser sees 'failed: 403 M_FORBIDDEN'
holds 'the page is opened again' gives "200 $local/" browser visits "$local/" operator "$panel"
holds 'an admin fills in the form' browser types '#user' "$ADMIN"
holds 'and the password' browser types '#password' "$password"
holds 'and logs in' browser clicks button
# The third one tells the admin of trouble.
holds 'the page lists the users' browser sees '3 users'
holds 'the new one is among them' shows "@bob:$SERVER_NAME"

# ---- through Tor ----
onion=$(guest 'cat /var/lib/tor/homeserver/hostname')
holds 'the clients of the Tor network are in' until_holds 120 tor ready
holds 'a browser opens that knows nothing but Tor' far opens --proxy-server=socks5://127.0.0.1:9050
holds 'the admin logs in by the address of the onion service, and stays there' until_holds 120 gives "@$ADMIN:$SERVER_NAME at http://$onion" far logs_in "http://$onion" "$ADMIN" "$password"
holds 'the room is there' far joins "$room"
holds 'a message is sent' far sends 'Nobody sees where I am.'
holds 'who came by the public name reads it' gives "@$ADMIN:$SERVER_NAME: Nobody sees where I am." bob reads 'Nobody sees where I am.'
hidden=$(far sends_picture hidden.png) || :
holds 'a picture is sent' [ "${hidden#* mxc://"$SERVER_NAME"/}" != "$hidden" ]
holds 'the other one downloads and decrypts it' gives "${hidden% *}" bob reads_picture hidden.png
shown=$(bob sends_picture shown.png) || :
holds 'the other one sends one' [ "${shown#* mxc://"$SERVER_NAME"/}" != "$shown" ]
holds 'it comes through Tor' gives "${shown% *}" far reads_picture shown.png
holds 'nobody but the onion service was asked' gives "http://$onion" far origins

# ---- what the homeserver has of it ----
holds 'the homeserver holds all of it encrypted' gives 'm.room.encrypted 6' sql "SELECT concat(type, ' ', count(*)) FROM events WHERE room_id = '$room' AND state_key IS NULL GROUP BY type"
holds 'nothing of it can be read in its database' gives 0 sql "SELECT count(*) FROM event_json WHERE room_id = '$room' AND json ~ 'Reykjavik|umbrella|Nobody|[.]png'"
for picture in "$sent" "$hidden" "$shown"; do holds "nor in its media" is_noise "$picture"; done
media="$HOST/_matrix/client/v1/media/download/$SERVER_NAME/${sent##*/}"
holds 'it gives a file to nobody without a login' gives 401 answers "https://$media"
holds 'nor by the way that asks for none' gives 404 answers "https://$HOST/_matrix/media/v3/download/$SERVER_NAME/${sent##*/}"

used=$(memory)
holds "the programs of the machine use $used MB, of 1 GB, with all that is open" [ "$used" -gt 100 -a "$used" -lt 700 ]
none_was_ended() { gives "$runs" runs && guest '! journalctl -q -b -o cat | grep -iE "oom-kill|oom killer|out of memory|terminated by signal 9"'; }
holds 'none of them was ended meanwhile, for want of memory or else' none_was_ended
token=$(browser token)
holds 'the admin logs out' browser logs_out
holds 'what the browser knew opens nothing any more' gives 401 answers "-H 'Authorization: Bearer $token' https://$HOST/_matrix/client/v3/account/whoami"
holds 'and through Tor' far logs_out
holds 'the other one logs out' bob logs_out
for person in browser bob far; do PERSON=$person browser closes; done
tunnel_closes

# ---- what is open ----
is_open_at '22 80 443 8448'

# ---- another document takes the layers away ----
guest 'sed "s|.* /|/|" /usr/lib/homeseed/inventory >/var/tmp/had'
document without
ready 600
checks
is_open_at '22 80 443'
# What was delivered and is no more, what was made of it, and what it started.
holds 'no file of the layers is left' guest 'sed "s|.* /|/|" /usr/lib/homeseed/inventory | grep -vxFf - /var/tmp/had >/var/tmp/gone && [ "$(wc -l </var/tmp/gone)" -gt 15 ] && ! xargs ls -d </var/tmp/gone 2>/dev/null | grep .'
holds 'nothing that they made is left, but data and secrets' guest '! find /etc /usr/lib/homeseed /var/lib/homeseed "(" -path /etc/homeseed/secrets -o -path /usr/lib/homeseed/payload -o -path "/var/lib/homeseed/backup*" ")" -prune -o "(" -name "*mail*" -o -name "*panel*" -o -name "*onion*" -o -name "*backup*" -o -name "*watch*" -o -path /var/lib/homeseed/upgrade ")" -newer /etc/machine-id -print | grep .'
holds 'nothing of them runs' guest '! ss -Hltn | grep -E ":(8009|8010|9050) " && ! pgrep -x tor && ! systemctl list-units --all --plain --no-legend "homeseed-*" | grep .'
holds 'no command of them is left' guest '! homeserver | grep -wE "panel|onion|backup|token|user|upgrade|watch"'
holds 'nobody registers' gives 403 answers "-d '{}' https://$HOST/_matrix/client/v3/register"
holds 'everybody who has an account logs in' gives 200 answers "-d '{\"type\":\"m.login.password\",\"identifier\":{\"type\":\"m.id.user\",\"user\":\"bob\"},\"password\":\"bob-has-a-password\"}' https://$HOST/_matrix/client/v3/login"
