#!/bin/sh
# Waits for the secret that both machines share, and starts what needs it.
set -eu
# shellcheck source=lib.sh
. /usr/lib/homeseed/lib.sh
# shellcheck source=/dev/null
. /usr/lib/homeseed/secrets.sh
handed ping_secret
systemctl restart ping.service ping-look.timer
