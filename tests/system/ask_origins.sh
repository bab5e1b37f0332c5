#!/bin/sh
# Starts the nginx of a machine and says what its federation API answers to each ORIGIN: ask_origins.sh ORIGIN...
set -eu
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C HOME=/run
ip link set lo up
mkdir -p /run/nginx /var/lib/homeseed/tls/current
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=x \
    -keyout /var/lib/homeseed/tls/current/privkey.pem -out /var/lib/homeseed/tls/current/fullchain.pem 2>/dev/null
rm -f /etc/nginx/sites-enabled/*
nginx -q
for origin; do
    for header in "X-Matrix origin=\"$origin\",key=\"ed25519:a\",sig=\"b\"" "X-Matrix key=a, sig=b, origin=$origin"; do
        curl -sk --connect-to ::127.0.0.1: -o /dev/null -w "$origin %{http_code}\n" -H "Authorization: $header" \
            https://chat.example.org/_matrix/federation/v1/query/profile
    done
done
