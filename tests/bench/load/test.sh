# shellcheck shell=sh disable=SC2154,SC2016
# runs in: container
# starts from: packages
# How a machine with 1 GB bears what a small community does: as it is delivered, and as Debian's and Synapse's packages are
# without our settings. A benchmark: only what must never happen is a result, the rest is to be read.
HERE=${SITE%/*}
: "${LOAD_SECONDS:=600}"
MEMORY=$((1000 * 1024 * 1024))

# limit: all of the machine's processes, and what they start, share so much memory, and no swap.
limit() {
    limit_first=$(pgrep -P "$(pgrep -f "systemd-nspawn.* -D $DIR/root " | head -n 1)" | head -n 1)
    for group in /sys/fs/cgroup/memory/homeseed-load /sys/fs/cgroup/homeseed-load; do
        [ -d "${group%/*}" ] && mkdir -p "$group" 2>/dev/null && break
    done
    [ -d "$group" ] || { echo "no memory can be limited here"; return 1; }
    if [ -e "$group/memory.limit_in_bytes" ]; then
        echo "$MEMORY" >"$group/memory.limit_in_bytes"
    else
        echo "$MEMORY" >"$group/memory.max" && echo 0 >"$group/memory.swap.max"
    fi
    for process in /proc/[0-9]*; do
        [ "$(readlink "$process/ns/pid")" != "$(readlink "/proc/$limit_first/ns/pid")" ] || echo "${process#/proc/}" >"$group/cgroup.procs" 2>/dev/null || :
    done
    [ "$(wc -l <"$group/cgroup.procs")" -gt 10 ]
}
kills() { cat "$group/memory.oom_control" "$group/memory.events" 2>/dev/null | awk '/^oom_kill / { print $2 }'; }
no_kills() { [ "$(kills)" = "$before" ]; }
resident() { guest 'for unit in matrix-synapse postgresql@15-main nginx; do ps -o rss= --ppid "$(systemctl show -P MainPID $unit)" --pid "$(systemctl show -P MainPID $unit)" | awk -v unit=$unit "{ sum += \$1 } END { printf \"%s %d MB  \", unit, sum / 1024 }"; done'; }
load() { # NAME
    before=$(kills)
    guest "cd / && echo $(base64 -w0 "$HERE/users.py") | base64 -d | python3 - $1 10" >"$DIR/users-$1"
    tell "the load of $LOAD_SECONDS s: $1"
    python3 "$HERE/load.py" "$HOST" "$DIR/users-$1" "$LISTED" "$PEER_USER" "$PEER_PASSWORD" "$LOAD_SECONDS" >"$DIR/load-$1" 2>"$DIR/load-$1.errors" || cat "$DIR/load-$1.errors"
    while read -r what count median most all errors; do
        ok "$1: $what: $count, median $median ms, 95 % within $most ms, all within $all ms; $errors failed"
    done <"$DIR/load-$1"
    ok "$1: resident: $(resident)"
    holds "$1: nothing is killed for want of memory" no_kills
    holds "$1: nothing fails" [ "$(awk '{ sum += $6 } END { print NR sum }' "$DIR/load-$1")" = 40 ]
}

boot
ready 900
ask peers
holds 'the machine has 1 GB' limit
guest 'systemctl restart postgresql matrix-synapse nginx'
load delivered
guest 'cd /etc/systemd/system && rm -f matrix-synapse.service.d/90-load.conf && mkdir -p matrix-synapse.service.d &&
    printf "[Service]\nEnvironment=LD_PRELOAD=\n" >matrix-synapse.service.d/90-load.conf && systemctl daemon-reload
    rm -f /etc/postgresql/15/main/conf.d/*.conf; systemctl restart postgresql matrix-synapse nginx'
load packaged
