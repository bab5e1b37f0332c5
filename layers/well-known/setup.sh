#!/bin/sh
# Where somebody else serves the bare domain: waits until the documents stand there.
set -eu
# shellcheck source=lib.sh
. /usr/lib/homeseed/lib.sh
[ "$DELEGATION" = elsewhere ] || exit 0
for document in server client support; do
    url=https://$SERVER_NAME/.well-known/matrix/$document
    # The check of this document wants the same.
    there=$(curl -sSfm20 -L --proto-redir =https -w "%header{access-control-allow-origin}%{content_type}" "$url" 2>/dev/null |
        tr -d " \t\r\n" | sed "s/;.*//")
    [ "$there" = "$(tr -d ' \n' <"/etc/homeseed/www/$document.json")*application/json" ] ||
        waiting "waiting for $SERVER_NAME: publish /etc/homeseed/www/$document.json at $url, as JSON and for every origin"
done
