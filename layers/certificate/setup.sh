#!/bin/sh
# Asks the CA for the certificate, but only when it will say yes: a validation that fails counts against the name.
set -eu
# shellcheck source=lib.sh
. /usr/lib/homeseed/lib.sh
live=/etc/letsencrypt/live/$HOST
renewal=/etc/letsencrypt/renewal/$HOST.conf
# The records that lead here.
this=$(ip -o addr show scope global | sed 's|.*inet |A |; s|.*inet6 |AAAA |; s|/.*||')
# Without those that may be of a private network: then the provider knows the public one.
public=$(echo "$this" | grep -vE ' (10|100|172|192.168|f[cd]..)[.:]' | xargs)

# What DNS itself says; this machine's own hosts file and resolver know better, and that is the trouble.
# Fails when no name server answers.
addresses() { # NAME
    upstream=/run/systemd/resolve/resolv.conf
    [ -f "$upstream" ] || upstream=/etc/resolv.conf
    # shellcheck disable=SC2013 # a word is a line
    for server in $(awk '/^nameserver/ { print $2 }' "$upstream"); do
        answer=$(host "$1." "$server") || :
        case $answer in *SERVFAIL* | *REFUSED* | *'no servers'*) continue ;; esac
        echo "$answer" | sed -n 's/.* has .*address //p'
        return
    done
    return 1
}

leads_here() { # NAME ADDRESS
    ip -o addr show scope global to "$2" | grep -q . && return
    # Behind an address of the provider's: does what this machine publishes appear there?
    [ "$(curl -sm9 --resolve "$1:80:$2" "http://$1/.well-known/acme-challenge/homeseed")" = "$token" ]
}

wait_for_dns() { # NAME
    found=$(addresses "$1") || waiting "waiting for DNS: no name server answers for $1"
    [ -n "$found" ] || waiting "waiting for DNS: $1 has no address; create: $1 ${public:-A and its public address}"
    for address in $found; do
        leads_here "$1" "$address" || waiting "waiting for DNS: $1 leads to $address, this machine is $this"
    done
}

ask() {
    # At most four tries an hour, whatever happens; a time in the future is the clock's mistake.
    refusal=$state/certificate-refusal
    [ -z "$(find "$refusal" -mmin -15 ! -newermt now 2>/dev/null)" ] || waiting "waiting for the CA: $(cat "$refusal")"
    set -- --cert-name "$HOST" --server "$ACME" --email "$EMAIL"
    for name in $NAMES; do set -- "$@" -d "$name"; done
    if [ -s /etc/homeseed/acme-ca.pem ]; then export REQUESTS_CA_BUNDLE=/etc/homeseed/acme-ca.pem; fi
    # certbot was cut short: what it left would be in its way.
    [ -s "$renewal" ] || rm -rf /etc/letsencrypt/*/"$HOST" "$renewal"
    if ! certbot certonly -n --quiet --webroot -w "$state/acme" --agree-tos --no-eff-email --key-type ecdsa \
        --expand --force-renewal "$@" >/run/homeseed/certbot 2>&1; then
        { grep -E 'Detail:|rror' /run/homeseed/certbot || cat /run/homeseed/certbot; } | tail -n 1 | write "$refusal" 0644 root:root
        waiting "waiting for the CA: $(cat "$refusal")"
    fi
    rm -f "$refusal"
}

# True when what is there is what the site asks for.
in_hand() {
    [ -s "$live/fullchain.pem" ] && grep -qxF "server = $ACME" "$renewal" || return 1
    for name in $NAMES; do
        openssl x509 -noout -checkhost "$name" -in "$live/fullchain.pem" | grep -q 'does match' || return 1
    done
}

if ! in_hand; then
    token=$(head -c 16 /dev/urandom | base64)
    mkdir -p "$state/acme/.well-known/acme-challenge"
    echo "$token" >"$state/acme/.well-known/acme-challenge/homeseed"
    for name in $NAMES; do wait_for_dns "$name"; done
    ask
fi
ln -sfn "$live" "$state/tls/next"
mv -T "$state/tls/next" "$state/tls/current"
nginx -t -q
systemctl reload nginx
systemctl start certbot.timer
