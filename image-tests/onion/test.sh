# shellcheck shell=sh disable=SC2154,SC2016
# runs in: container
# starts from: packages
# restores a backup
# The onion service, through a Tor network of its own that runs on another computer. Then the machine is lost, and a new one
# gets the address back. Another document lets in two clients alone, one of them leaves, and another takes the service away.
# shellcheck source=image-tests/neighbours.sh
. "${SITE%/*}/../neighbours.sh"
gateway=93.184.215.1

# through CLIENT CIRCUIT URL WORDS...: as curl, over a circuit that nobody else uses.
through() {
    through_words="--socks5-hostname 127.0.0.1:905$1 --proxy-user $2:x '$3'"
    shift 3
    network "curl -sS --max-time 30 $through_words $*"
}
serves() { through "$1" "$2" "http://$onion/_matrix/client/versions" | grep '"versions"'; }
# gets_nothing CLIENT STATUS URL WORDS...: curl ends with this status, and there is not a byte.
gets_nothing() {
    gets_client=$1 gets_status=$2 gets_url=$3
    shift 3
    gets=$(through "$gets_client" nothing "$gets_url" "$@" '2>/dev/null; echo $?')
    echo "$gets"
    [ "$gets" = "$gets_status" ]
}
# The descriptor of a service that is gone is known for a while yet, so a client may wait in vain: curl ends with 97 or 28.
nobody_is_served() { ! serves 0 late && ! serves 1 late; }
code() { through 0 codes "http://$onion$1" --path-as-is -o /dev/null -w "'%{http_code}'"; }
logs_in() { through 0 login "http://$onion/_matrix/client/v3/login" --data "@$DIR/login.json" >"$DIR/session.json" && grep '"access_token"' "$DIR/session.json"; }
session() { network "jq -er '$1' $DIR/session.json"; }
leads_back() { [ "$(session '.well_known["m.homeserver"].base_url')" = "http://$onion/" ] && ! grep -F "$HOST" "$DIR/session.json"; }
clearnet_leads_to_itself() { network "curl -sS --data @$DIR/login.json https://$HOST/_matrix/client/v3/login" | grep -F "\"base_url\":\"https://$HOST/\""; }
well_known_is_exact() { [ "$(through 0 documents "http://$onion/.well-known/matrix/client")" = "{\"m.homeserver\":{\"base_url\":\"http://$onion\"}}" ]; }
media_is_the_same() {
    head -c 3000000 /dev/urandom >"$DIR/sent"
    media=$(through 0 media "http://$onion/_matrix/media/v3/upload" -H "'Authorization: Bearer $(session .access_token)'" --data-binary "@$DIR/sent" | sed 's|.*mxc://\([^"]*\).*|\1|')
    download="http://$onion/_matrix/client/v1/media/download/$media"
    [ "$(through 0 media "$download" -o /dev/null -w "'%{http_code}'")" = 401 ]
    through 0 media "$download" -H "'Authorization: Bearer $(session .access_token)'" -o "$DIR/received"
    cmp "$DIR/sent" "$DIR/received"
}
# What nginx lets through at once is 200, and 20 a second more.
floods() { through 0 flood "http://$onion/_matrix/client/versions?n=[1-500]" -Z --parallel-max 40 -o /dev/null -w "'%{http_code}\n'" '2>/dev/null' >"$DIR/flood"; }
is_limited() {
    sort "$DIR/flood" | uniq -c
    [ "$(grep -cx 200 "$DIR/flood")" -ge 200 ] && [ "$(grep -cx 429 "$DIR/flood")" -ge 50 ]
}
is_not_limited() {
    through 0 fresh "http://$onion/_matrix/client/versions?n=[1-150]" -Z --parallel-max 40 -o /dev/null -w "'%{http_code}\n'" '2>/dev/null' >"$DIR/beside"
    sort "$DIR/beside" | uniq -c
    [ "$(grep -cx 200 "$DIR/beside")" = 150 ]
}
# By systemd-analyze(1), from 0, the best, to 10.
is_exposed_at_most() {
    exposed=$(guest 'systemd-analyze security --no-pager tor@default' | sed -n 's/.*exposure level for [^:]*: \([0-9.]*\) .*/\1/p')
    echo "$exposed"
    awk -v is="$exposed" -v most="$1" 'BEGIN { exit is == "" || is > most }'
}
has_the_address() { [ "$(guest 'cat /var/lib/tor/homeserver/hostname')" = "$onion" ]; }
key() { guest 'sha256sum /var/lib/tor/homeserver/hs_ed25519_secret_key'; }
is_gone() {
    guest '! systemctl is-active tor tor@default && ! pgrep -x tor && ! ss -Hltn | grep :8010 &&
        ! find /etc/nginx /etc/tor /usr/lib/homeseed "(" -path /usr/lib/homeseed/payload -o -path "/usr/lib/homeseed/applied-*" ")" -prune -o "(" -name "*onion*" -o -name torrc ")" -print | grep .'
}

cp "${SITE%/*}/client.pem" "${SITE%/*}/second.pem" "$DIR/"
holds 'a Tor network begins' tor up "$gateway"
boot
takes_part_in_tor
ready 900
checks
onion=$(guest 'cat /var/lib/tor/homeserver/hostname')
holds 'the clients of the Tor network are in' until_holds 120 tor ready
holds 'it is reached through Tor' until_holds 120 serves 0 first
holds 'by another client, too' until_holds 60 serves 1 first
holds 'the status shows its address' guest "homeserver status | grep -x 'onion service: http://$onion'"
holds 'homeserver onion shows it, and a picture of it' guest "homeserver onion >/run/shown && head -n 1 /run/shown | grep -x 'http://$onion' && [ \$(LC_ALL=C grep -ac \$(printf '\\342\\226') /run/shown) -gt 15 ]"
# verify_onion PROXY: from the desk, by the address and the proxy.
verify_onion() { verify --onion "http://$onion/" --proxy "127.0.0.1:905$1"; }
through_tor() { sed -n '/through Tor/p' "$DIR/verify.tap"; }
desk_has "$SITE"
verify_onion 0
holds 'verify finds all well, through Tor too' all_well 20
holds 'three of them through Tor' [ "$(through_tor | grep -c '^ok ')" = 3 ]
holds 'the client document is exact' well_known_is_exact
guest 'cd /etc/nginx/conf.d && cp -p onion.conf /run/ && sed -i "s|location = /.well-known/matrix/client|location = /elsewhere|" onion.conf && nginx -t -q && systemctl reload nginx'
verify_onion 0
holds 'verify misses the client document, through Tor alone' [ "$(grep '^not ok' "$DIR/verify.tap" | sed 's/.* - //')" = 'onion: through Tor, nothing leads to the public name' ]
guest 'cp -p /run/onion.conf /etc/nginx/conf.d/ && systemctl reload nginx'
password=$(guest 'homeserver first-password' | tail -n 1)
printf '{"type":"m.login.password","identifier":{"type":"m.id.user","user":"%s"},"password":"%s"}' "$ADMIN" "$password" >"$DIR/login.json"
holds 'the admin logs in through Tor' logs_in
holds 'the login leads back to the onion service, and nowhere else' leads_back
holds 'a login by the public name leads to that' clearnet_leads_to_itself
holds '3 MB are uploaded and come back the same, for who may see them' media_is_the_same
for path in / /health /_matrix/federation/v1/version /_matrix/key/v2/server /_synapse/admin/v1/server_version /_matrix/client/..%2f..%2f_synapse/admin/v1/server_version; do
    holds "$path is 404" [ "$(code "$path")" = 404 ]
done
holds 'another name gets nothing' gets_nothing 0 52 "http://$onion/_matrix/client/versions" -H "'Host: $HOST'"
holds 'port 443 gets nothing' gets_nothing 0 97 "https://$onion/"
holds 'another circuit stands' serves 0 fresh
floods
holds 'it is not limited by a flood over the first' is_not_limited
holds 'which is limited' is_limited
holds 'tor is exposed 3.0 at most' is_exposed_at_most 3.0
holds 'tor itself listens nowhere' guest '! ss -Hltnup | grep "\"tor\""'
holds 'whoever comes is asked for a proof of work' grep -h 'PoW params present in descriptor' "$DIR/tor/client0/rend"
federation
was=$(key)

# ---- the machine is lost ----
desk_opens
sed -i "s|ssh-ed25519 .*|$(cut -d' ' -f1,2 "$DIR/key.pub")|" "$DIR/site.yaml"
holds 'a backup is pulled' by_ssh backup pull "$DIR/site.yaml" "$DIR/backups"
replace restoring
boot
takes_part_in_tor
waits() { state | grep -F 'waiting for the backup: run homeseed restore at your desk'; }
holds 'the new machine waits for its past' until_holds 900 waits
own_kernel
desk_logs_in
holds 'it makes no address meanwhile' guest '[ ! -e /var/lib/tor/homeserver ] && ! pgrep -x tor'
holds 'the backup is restored' by_ssh restore "$DIR/site.yaml" "$DIR/backups" --identity "$DIR/key"
holds 'it has the address of before' has_the_address
holds 'and its key' [ "$(key)" = "$was" ]
holds 'the address leads to it through Tor' until_holds 120 serves 1 restored

# ---- some clients alone ----
document clients
own_kernel
ready 600
checks
holds 'the address is the same after a reboot' has_the_address
holds 'so is its key' [ "$(key)" = "$was" ]
private() { network "openssl pkey -in $DIR/$1.pem -outform DER | tail -c 32 | base32 | tr -d ="; }
holds 'a client gets its key' tor key "client0 ${onion%.onion}:descriptor:x25519:$(private client)"
holds 'the client with the key is served' until_holds 120 serves 0 authorized
desk_has "${SITE%/*}/clients.yaml"
verify_onion 0
holds 'verify finds all well with the key' all_well 20
nothing_through_tor() { [ "$(through_tor | grep -c '^not ok ')" = 3 ] && [ "$(grep -c '^not ok ' "$DIR/verify.tap")" = 3 ]; }
verify_onion 9
holds 'without a tor it finds nothing there, and says so' nothing_through_tor
holds 'the other client gets nothing' gets_nothing 1 97 "http://$onion/_matrix/client/versions"
holds 'it gets a key as well' tor key "client1 ${onion%.onion}:descriptor:x25519:$(private second)"
holds 'and is served' until_holds 60 serves 1 authorized

# ---- one of them leaves ----
desk_has "${SITE%/*}/one.yaml"
its_clients_are_those_of_the_site() { [ "$(guest 'cat /var/lib/tor/homeserver/authorized_clients/*')" = "descriptor:x25519:$(sed -n 's/^    - \([A-Z2-7]*\)$/\1/p' "${SITE%/*}/one.yaml")" ]; }
holds 'the site without its key is applied' by_ssh apply "$DIR/site.yaml"
holds 'who is still in it is served' until_holds 120 serves 1 remaining
holds 'who is no more gets nothing, with the key that was good' until_holds 60 gets_nothing 0 97 "http://$onion/_matrix/client/versions"
holds 'its key is not on the machine' its_clients_are_those_of_the_site
holds 'the address is the same' has_the_address

# ---- another address, as docs/onion.md has it ----
guest 'rm -r /var/lib/tor/homeserver; rm /var/lib/homeseed/stamps/onion && systemctl start homeseed'
is_another() { now=$(guest 'homeserver onion' | head -n 1) && [ "$now" ] && [ "$now" != "http://$onion" ] && guest '[ -e /var/lib/homeseed/stamps/onion ]'; }
holds 'there is another address' until_holds 60 is_another
holds 'for the clients of the site alone' its_clients_are_those_of_the_site
onion=$(guest 'cat /var/lib/tor/homeserver/hostname')
was=$(key)
holds 'the client that is left gets its key for that' tor key "client1 ${onion%.onion}:descriptor:x25519:$(private second)"
holds 'and is served' until_holds 120 serves 1 another

# ---- another document takes it away ----
document without
ready 600
checks
holds 'nothing of it is left' is_gone
holds 'nobody is served, with the key or without' nobody_is_served
holds 'the key stays on the disk' [ "$(key)" = "$was" ]
