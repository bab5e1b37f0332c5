#!/bin/sh
# Makes the cluster, sizes PostgreSQL to this machine, starts it, makes role and database.
set -eu
# shellcheck source=lib.sh
. /usr/lib/homeseed/lib.sh
memory=$(awk '/^MemTotal/ { print int($2 / 1024) }' /proc/meminfo)
version=$(find /var/lib/postgresql/* /usr/lib/postgresql/* -maxdepth 0 -printf '%f\n' 2>/dev/null | head -n 1)
conf=/etc/postgresql/$version/main
data=/var/lib/postgresql/$version/main
# Only what this step itself began to make is ever removed: the mark is there before the data, and goes before anything is kept in it.
mark=$state/making-cluster
[ -e "$data" ] || write "$mark" 0644 root:root </dev/null
if [ -e "$mark" ]; then
    # The boot starts what a power cut has left of it, and that would write on.
    systemctl stop "postgresql@$version-main"
    rm -rf "$conf" "$data"
fi
[ -e "$conf/postgresql.conf" ] || pg_createcluster "$version" main
sync
rm -f "$mark"
mkdir -p "$conf/conf.d"
write "$conf/conf.d/homeseed.conf" 0644 root:root <<EOF
listen_addresses = ''
ssl = off
max_connections = 30
shared_buffers = $((memory / 8))MB
effective_cache_size = $((memory / 2))MB
maintenance_work_mem = $((memory / 16))MB
wal_compression = on
jit = off
EOF
[ "$changed" = no ] || systemctl restart "postgresql@$version-main"
systemctl start postgresql
as() { runuser -u postgres -- "$@"; }
# A restore, or an upgrade that goes back, has `synapse_draft` for a moment, and may be cut short there.
if ! as psql -XlqtA | grep -q ^synapse; then
    as createuser matrix-synapse || :
    # The locale that Synapse accepts.
    as createdb -O matrix-synapse -E UTF8 -l C -T template0 synapse
fi
born database_locale
