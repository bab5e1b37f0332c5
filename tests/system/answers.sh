#!/bin/sh
# Runs checks and a step against the planned nginx: answers.sh SITUATION HOST SERVER_NAME
set -eu
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C HOME=/run
ip link set lo up
tls=/var/lib/homeseed/tls/current
mkdir -p "$tls" /run/homeseed
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=x -addext "subjectAltName=DNS:$2,DNS:$3" \
    -keyout "$tls/privkey.pem" -out "$tls/fullchain.pem" 2>/dev/null
rm -f /etc/nginx/sites-enabled/*
cp /published.conf /etc/nginx/conf.d/published.conf 2>/dev/null || :
trust=$tls/fullchain.pem
case $1 in
silent) ;;
untrusted)
    nginx -q
    trust=/etc/ssl/certs/ca-certificates.crt
    ;;
open)
    sed -i 's/return 444/return 200/' /etc/nginx/snippets/homeserver.conf
    nginx -q
    ;;
*) nginx -q ;;
esac
route=''
for name in "$2" "$3"; do route="$route --connect-to $name:443:127.0.0.1:443"; done
CHECK_CURL="--cacert $trust$route" sh /checks.sh all || :
[ ! -e /step.sh ] || {
    printf '#!/bin/sh\nexec /usr/bin/curl --cacert %s%s "$@"\n' "$trust" "$route" >/usr/local/bin/curl
    chmod 755 /usr/local/bin/curl
    export PATH="/usr/local/bin:$PATH"
    sh /step.sh && echo 'step done' || echo "step waits"
}
