#!/bin/sh
# Closes every port but the declared ones before anything is downloaded.
set -eu
# shellcheck source=lib.sh
. /usr/lib/homeseed/lib.sh
if ! command -v nft >/dev/null; then
    # Debian's own lists only: the Matrix repository's key is not here yet.
    apt_get update || true
    apt_get install --no-install-recommends nftables
fi
systemctl enable --quiet nftables
systemctl reload-or-restart nftables
