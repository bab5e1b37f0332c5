#!/bin/sh
# Sizes PostgreSQL to this machine, starts it, makes role and database.
set -eu
# shellcheck source=lib.sh
. /usr/lib/homeseed/lib.sh
memory=$(awk '/^MemTotal/ { print int($2 / 1024) }' /proc/meminfo)
# An image brings none: each machine makes its own.
[ -n "$(find /etc/postgresql -name postgresql.conf)" ] || pg_createcluster "$(find /usr/lib/postgresql/* -maxdepth 0 -printf %f)" main
version=$(find /etc/postgresql/* -maxdepth 0 -printf '%f\n' | sort -n | tail -n 1)
mkdir -p "/etc/postgresql/$version/main/conf.d"
write "/etc/postgresql/$version/main/conf.d/homeseed.conf" 0644 root:root <<EOF
listen_addresses = ''
max_connections = 30
shared_buffers = $((memory / 8))MB
effective_cache_size = $((memory / 2))MB
maintenance_work_mem = $((memory / 16))MB
wal_compression = on
jit = off
EOF
if [ "$changed" = yes ]; then systemctl restart "postgresql@$version-main"; fi
systemctl start postgresql
if ! runuser -u postgres -- psql -qX -v ON_ERROR_STOP=1 -f "$home/database.sql"; then
    # A power cut while the package made its cluster: nobody's data is in it before the locale is recorded.
    [ -e "$state/born/database_locale" ] || { systemctl stop postgresql; rm -rf /etc/postgresql/* /var/lib/postgresql/*; }
    exit 1
fi
born database_locale
