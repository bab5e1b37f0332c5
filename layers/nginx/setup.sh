#!/bin/sh
# Starts nginx; on a certificate of its own until the real one is there.
set -eu
# shellcheck source=lib.sh
. /usr/lib/homeseed/lib.sh
tls=$state/tls
mkdir -p "$tls/placeholder" "$state/acme"
if [ ! -s "$tls/current/fullchain.pem" ]; then
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -noenc -days 3650 -subj /CN=placeholder \
        -keyout "$tls/placeholder/privkey.pem" -out "$tls/placeholder/fullchain.pem"
    ln -sfn placeholder "$tls/current"
fi
rm -f /etc/nginx/sites-enabled/default
nginx -t -q
systemctl reload-or-restart nginx
