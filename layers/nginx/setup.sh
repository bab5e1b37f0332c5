#!/bin/sh
# Starts nginx; on a certificate of its own until the real one is there.
set -eu
# shellcheck source=lib.sh
. /usr/lib/homeseed/lib.sh
tls=$state/tls
mkdir -p "$tls/placeholder" "$state/acme"
if [ ! -s "$tls/placeholder/fullchain.pem" ]; then
    # shellcheck disable=SC2086,SC2153
    names=$(printf 'DNS:%s,' $NAMES)
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -noenc -days 3650 -subj "/CN=placeholder" \
        -addext "subjectAltName=${names%,}" -keyout "$tls/placeholder/privkey.pem" -out "$tls/placeholder/fullchain.new" 2>/dev/null
    mv "$tls/placeholder/fullchain.new" "$tls/placeholder/fullchain.pem"
fi
[ -e "$tls/current/fullchain.pem" ] || ln -sfn placeholder "$tls/current"
rm -f /etc/nginx/sites-enabled/default
nginx -t -q
systemctl enable --quiet nginx
systemctl reload-or-restart nginx
