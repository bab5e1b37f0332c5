#!/bin/sh
# Starts nginx; on a certificate of its own until the real one is there.
set -eu
# shellcheck source=lib.sh
. /usr/lib/homeseed/lib.sh
tls=$state/tls
mkdir -p "$tls/placeholder" "$state/acme"
if [ ! -s "$tls/current/fullchain.pem" ]; then
    openssl req -x509 -newkey rsa -noenc -days 3650 -subj /CN=placeholder \
        -keyout "$tls/placeholder/privkey.pem" -out "$tls/placeholder/fullchain.pem"
    ln -sfn placeholder "$tls/current"
fi
rm -f /etc/nginx/sites-enabled/default
# Debian's own file says less of TLS, and earlier: what stands twice is an error.
sed -i /ssl_p/d /etc/nginx/nginx.conf
nginx -t -q
systemctl reload-or-restart nginx
