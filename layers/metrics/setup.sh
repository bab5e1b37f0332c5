#!/bin/sh
# Makes the role that looks at PostgreSQL, which its user is let in as by the socket, without a password.
set -eu
# shellcheck source=lib.sh
. /usr/lib/homeseed/lib.sh
cd /
as() { runuser -u postgres -- "$@"; }
as psql -XAtqc 'SELECT rolname FROM pg_roles' | grep -qx prometheus || as createuser -c 3 -g pg_monitor prometheus
systemctl restart prometheus-node-exporter prometheus-postgres-exporter
