# shellcheck shell=sh disable=SC2154,SC2016
# runs in: container
# starts from: packages
# Certificates that live six days are renewed again and again, while a client never rests: none of its handshakes fails. Then
# the machine was off for a hundred days: its certificate is over when it boots, and it heals itself.
# RENEWALS and REBOOTS say how many there are; `make campaign` has ten and twenty.
# shellcheck source=image-tests/neighbours.sh
. "${SITE%/*}/../neighbours.sh"
: "${RENEWALS:=3}" "${REBOOTS:=1}"
client=$DIR/client

# client_comes: from now on, on another computer.
client_comes() {
    mkdir -p "$client"
    cp "${SITE%/*}/client.py" "$DIR/ca/root" "$client/"
    network "setsid python3 $client/client.py $HOST $MACHINE $MACHINE6 $client >$client/log 2>&1 </dev/null &"
    until_holds 30 test -s "$client/requests" -a -s "$client/handshakes"
}
# since LOG: what it has noted since `mark`.
mark() { marked=$(date +%s); }
since() { awk -v from="$marked" '$1 >= from' "$client/$1"; }
# failed LOG: how many, and it must have noted some.
failed() {
    since "$1" | grep -q . || { echo "nothing in $1"; return; }
    since "$1" | awk '$3 == "-" { n++ } END { print n + 0 }'
}
nothing_failed() { since "$1" | awk '$3 == "-"' | head -n 5; [ "$(failed "$1")" = 0 ]; }
serials() { since handshakes | awk '$3 != "-" { print $3 }' | sort -u; }
serial() { guest 'openssl x509 -noout -serial -in /var/lib/homeseed/tls/current/fullchain.pem' | cut -d= -f2; }
serves() { tail -n 3 "$client/handshakes" | awk '{ print $3 }' | grep -ix "$1"; }
# One renewal, as the timer has it made.
is_renewed() {
    former=$(serial)
    guest 'systemctl start certbot.service' || return 1
    now=$(serial)
    [ -n "$now" ] && [ "$now" != "$former" ] && until_holds 30 serves "$now"
}
were_served() {
    serials
    [ "$(serials | wc -l)" = "$1" ]
}
# seconds_without: how many of the requests, of which there is one a second, had no answer within two seconds.
seconds_without() {
    till=$(($(date +%s) - 3))
    answers=$(since requests | awk -v till="$till" '$1 <= till && $2 <= 2 && $3 != "-"' | wc -l)
    echo "$(($(since requests-begun | awk -v till="$till" '$1 <= till' | wc -l) - answers)) s without an answer"
}
# is_over: the certificate in the hands of certbot is over, and the timer last ran as long ago: what a machine has that was off.
is_over() {
    names=$(guest '. /etc/homeseed/site.env; for name in $NAMES; do echo "DNS:$name"; done' | paste -sd,)
    network "faketime -f -130d openssl req -x509 -nodes -days 60 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -subj / \
        -addext subjectAltName=$names -keyout $DIR/ca/over.key -out $DIR/ca/over.pem" || return 1
    guest "cd /etc/letsencrypt/live/$HOST
        mkdir /run/good /run/over
        cp *.pem /run/good
        echo $(base64 -w0 "$DIR/ca/over.key") | base64 -d >privkey.pem
        echo $(base64 -w0 "$DIR/ca/over.pem") | base64 -d | tee cert.pem chain.pem >fullchain.pem
        touch -d '100 days ago' /var/lib/systemd/timers/stamp-certbot.timer
        systemctl stop certbot.timer
        systemctl reload nginx"
    until_holds 20 is_refused
}
# is_noticed: the machine looks at what nginx shows, though certbot has a good one.
is_noticed() {
    guest "cd /etc/letsencrypt/live/$HOST && cp *.pem /run/over && cp /run/good/* . && homeserver check host || :
        cp /run/over/* ." >"$DIR/noticed"
    grep '^not ok .* certificate: it is good for a quarter' "$DIR/noticed"
}
is_refused() { ! tail -n 3 "$client/handshakes" | awk '$3 != "-"' | grep .; }
# greets: the last handshakes, over both addresses, succeeded.
greets() { [ "$(tail -n 3 "$client/handshakes" | awk '$3 != "-"' | wc -l)" = 3 ]; }

authority_up $((6 * 86400))
boot nameless
trusts_authority
names_appear
ready 900
client_comes

mark
renewed=0
while [ "$renewed" -lt "$RENEWALS" ]; do
    renewed=$((renewed + 1))
    tell "renewal $renewed of $RENEWALS"
    holds "renewal $renewed: the new certificate is served" is_renewed
done
sleep 2
holds "in $RENEWALS renewals as many new certificates were served, after the first" were_served $((RENEWALS + 1))
holds "no handshake failed, of $(since handshakes | wc -l)" nothing_failed handshakes
holds "no request failed, of $(since requests | wc -l)" nothing_failed requests

# ---- a changed site ----
own_kernel
desk_opens
holds 'it is ready' until_holds 300 guest 'homeserver status | grep "^ready: "'
echo 'federation: {allow: [second.example.net]}' >>"$DIR/site.yaml"
mark
holds 'a changed site is applied' by_ssh apply "$DIR/site.yaml"
ok "a changed site over ssh: $(seconds_without)"
mark
document other
ready 300
ok "another document: $(seconds_without)"

# ---- reboots ----
reboot=0
while [ "$reboot" -lt "$REBOOTS" ]; do
    reboot=$((reboot + 1))
    mark
    reboot_machine
    ready 300
    ok "reboot $reboot of $REBOOTS: ready after $(($(date +%s) - marked)) s, $(seconds_without)"
done

# ---- off for a hundred days ----
holds 'a certificate that is over is refused by the client' is_over
holds 'the machine notices it, though certbot has a good one' is_noticed
mark
reboot_machine
holds 'after the boot the machine has a new one, by itself' until_holds 120 greets
ok "it took $(($(date +%s) - marked)) s from the command to reboot on"
ready 400
checks
