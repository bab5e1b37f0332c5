#!/bin/sh
# Where somebody else serves the bare domain: waits until the documents stand there.
set -eu
# shellcheck source=lib.sh
. /usr/lib/homeseed/lib.sh
[ "$DELEGATION" = elsewhere ] || exit 0
for document in server client support; do
    url=https://$SERVER_NAME/.well-known/matrix/$document
    there=$(curl -fsL --max-time 20 "$url" 2>/dev/null | tr -d ' \t\r\n') || true
    [ "$there" = "$(tr -d ' \n' <"/etc/homeseed/www/$document.json")" ] ||
        waiting "waiting for $SERVER_NAME: publish /etc/homeseed/www/$document.json at $url"
done
