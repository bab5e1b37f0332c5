# shellcheck shell=sh disable=SC2154,SC2016
# runs in: container
# starts from: packages
# How a machine with 1 GB and one processor bears what a small community does: as it is delivered, and with PostgreSQL,
# Synapse and nginx as their packages come. A benchmark: only what must never happen is a result, the rest is to be read.
HERE=${SITE%/*}
# shellcheck source=tests/bench/limit.sh
. "$HERE/../limit.sh"
: "${LOAD_SECONDS:=600}"
# peak: the most memory at once, files that are kept in it among them, which give way.
peak() { cat "$group/memory.max_usage_in_bytes" "$group/memory.peak" 2>/dev/null | awk '{ print int($1 / 1048576) " MB" }'; }
resident() { guest 'for unit in matrix-synapse postgresql@15-main nginx; do ps -o rss= --ppid "$(systemctl show -P MainPID $unit)" --pid "$(systemctl show -P MainPID $unit)" | awk -v unit=$unit "{ sum += \$1 } END { printf \"%s %d MB  \", unit, sum / 1024 }"; done'; }
load() { # NAME
    before=$(kills)
    # What was used before does not count.
    for peak_file in "$group/memory.max_usage_in_bytes" "$group/memory.peak"; do [ ! -w "$peak_file" ] || echo 0 >"$peak_file"; done
    guest "cd / && echo $(base64 -w0 "$HERE/users.py") | base64 -d | python3 - $1 10" >"$DIR/users-$1"
    tell "the load of $LOAD_SECONDS s: $1"
    watches_memory &
    watcher=$!
    python3 "$HERE/load.py" "$HOST" "$DIR/users-$1" "$LISTED" "$PEER_USER" "$PEER_PASSWORD" "$LOAD_SECONDS" >"$DIR/load-$1" 2>"$DIR/load-$1.errors" || cat "$DIR/load-$1.errors"
    kill "$watcher"
    while read -r what count median most all errors; do
        ok "$1: $what: $count, median $median ms, 95 % within $most ms, all within $all ms; $errors failed"
    done <"$DIR/load-$1"
    ok "$1: resident: $(resident)at most in all: $(peak), of which programs have $(cat "$DIR/most") MB; $(swapped) MB are swapped"
    holds "$1: nothing is killed for want of memory" no_kills
    holds "$1: nothing fails" [ "$(awk '$2 > 0 && $6 == 0' "$DIR/load-$1" | wc -l)" = 4 ]
}

boot
ready 900
ask peers
shrinks
load delivered

# What is ours and makes a difference to a load goes away: the sizes of PostgreSQL; Synapse's allocator, its log of warnings
# alone, and that nobody's presence is shown; the sandboxes of all three; nginx's connections that are kept to Synapse, and its
# TLS. What a server of this name cannot do without stays: addresses, secrets, who it federates with. nginx gets the shortest
# site with which Synapse is served.
packaged() {
    guest "set -e; systemctl stop matrix-synapse homeseed.timer homeseed
        rm -r /etc/postgresql/15/main/conf.d/*.conf /etc/systemd/system/postgresql@.service.d /etc/systemd/system/matrix-synapse.service.d /etc/systemd/system/nginx.service.d
        sed -i '/^log_config:/d; /^presence:/,/^  enabled:/d' /etc/matrix-synapse/conf.d/00-xmrhost.yaml
        rm /etc/nginx/modules-enabled/homeserver.conf
        cat >/etc/nginx/conf.d/homeserver.conf <<'END'
ssl_certificate /var/lib/homeseed/tls/current/fullchain.pem;
ssl_certificate_key /var/lib/homeseed/tls/current/privkey.pem;
server {
    listen 443 ssl;
    listen [::]:443 ssl;
    server_name $HOST;
    client_max_body_size 50M;
    location / {
        proxy_pass http://127.0.0.1:8008;
        proxy_http_version 1.1;
        proxy_set_header Host \$host;
        proxy_set_header X-Forwarded-For \$remote_addr;
        proxy_set_header X-Forwarded-Proto \$scheme;
    }
}
END
        nginx -t
        systemctl daemon-reload
        systemctl restart postgresql nginx
        systemctl start matrix-synapse"
}
as_packaged() {
    guest 'set -e
        [ "$(cd / && runuser -u postgres -- psql -XAtc "SHOW shared_buffers")" = 128MB ]
        tr "\0" "\n" </proc/"$(systemctl show -P MainPID matrix-synapse)"/environ >/run/environ
        grep PATH= /run/environ; ! grep LD_PRELOAD /run/environ || exit 1
        grep INFO /var/log/matrix-synapse/homeserver.log | tail -n 1
        curl -fsS http://127.0.0.1:8008/health'
}
holds 'everything is as its package has it' packaged
holds 'PostgreSQL and Synapse run so' until_holds 60 as_packaged
holds 'they are reached from outside' network "for family in 4 6; do curl -fsS -\$family https://$HOST/_matrix/client/versions || exit 1; done"
load packaged
