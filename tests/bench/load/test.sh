# shellcheck shell=sh disable=SC2154,SC2016
# runs in: container
# starts from: packages
# How a machine with 1 GB and one processor bears what a small community does: as it is delivered, and with PostgreSQL as
# its package comes. A benchmark: only what must never happen is a result, the rest is to be read.
HERE=${SITE%/*}
: "${LOAD_SECONDS:=600}"
MEMORY=$((1000 * 1024 * 1024))

# limit: all of the machine's processes, and what they start, share one processor and so much memory, without swap.
limit() {
    limit_first=$(pgrep -P "$(pgrep -f "systemd-nspawn.* -D $DIR/root " | head -n 1)" | head -n 1)
    for group in /sys/fs/cgroup/memory/homeseed-load /sys/fs/cgroup/homeseed-load; do
        [ -d "${group%/*}" ] && mkdir -p "$group" 2>/dev/null && break
    done
    [ -d "$group" ] || { echo "no memory can be limited here"; return 1; }
    if [ -e "$group/memory.limit_in_bytes" ]; then
        echo "$MEMORY" >"$group/memory.limit_in_bytes"
        echo "$MEMORY" >"$group/memory.memsw.limit_in_bytes" || echo 0 >"$group/memory.swappiness"
    else
        echo "$MEMORY" >"$group/memory.max" && echo 0 >"$group/memory.swap.max"
    fi
    limit_namespace=$(readlink "/proc/$limit_first/ns/pid")
    for process in /proc/[0-9]*; do
        [ "$(readlink "$process/ns/pid")" = "$limit_namespace" ] || continue
        { echo "${process#/proc/}" >"$group/cgroup.procs" && taskset -acp 0 "${process#/proc/}"; } >/dev/null 2>&1 || :
    done
    [ "$(wc -l <"$group/cgroup.procs")" -gt 10 ]
}
kills() { cat "$group/memory.oom_control" "$group/memory.events" 2>/dev/null | awk '/^oom_kill / { print $2 }'; }
no_kills() { [ "$(kills)" = "$before" ]; }
# peak: the most memory at once, files that are kept in it among them, which give way.
peak() { cat "$group/memory.max_usage_in_bytes" "$group/memory.peak" 2>/dev/null | awk '{ print int($1 / 1048576) " MB" }'; }
resident() { guest 'for unit in matrix-synapse postgresql@15-main nginx; do ps -o rss= --ppid "$(systemctl show -P MainPID $unit)" --pid "$(systemctl show -P MainPID $unit)" | awk -v unit=$unit "{ sum += \$1 } END { printf \"%s %d MB  \", unit, sum / 1024 }"; done'; }
load() { # NAME
    before=$(kills)
    # What was used before does not count.
    for peak_file in "$group/memory.max_usage_in_bytes" "$group/memory.peak"; do [ ! -w "$peak_file" ] || echo 0 >"$peak_file"; done
    guest "cd / && echo $(base64 -w0 "$HERE/users.py") | base64 -d | python3 - $1 10" >"$DIR/users-$1"
    tell "the load of $LOAD_SECONDS s: $1"
    python3 "$HERE/load.py" "$HOST" "$DIR/users-$1" "$LISTED" "$PEER_USER" "$PEER_PASSWORD" "$LOAD_SECONDS" >"$DIR/load-$1" 2>"$DIR/load-$1.errors" || cat "$DIR/load-$1.errors"
    while read -r what count median most all errors; do
        ok "$1: $what: $count, median $median ms, 95 % within $most ms, all within $all ms; $errors failed"
    done <"$DIR/load-$1"
    ok "$1: resident: $(resident)at most in all: $(peak)"
    holds "$1: nothing is killed for want of memory" no_kills
    holds "$1: nothing fails" [ "$(awk '$2 > 0 && $6 == 0' "$DIR/load-$1" | wc -l)" = 4 ]
}

boot
ready 900
ask peers
# Synapse is off whenever its database is restarted: it says errors of that.
guest 'systemctl stop matrix-synapse'
# A container reads how much memory this host has.
guest "sed 's/^MemTotal:.*/MemTotal: $((MEMORY / 1024)) kB/' /proc/meminfo >/run/meminfo && mount --bind /run/meminfo /proc/meminfo
    rm /var/lib/homeseed/stamps/postgres && systemctl restart --no-block homeseed"
holds 'PostgreSQL is sized for 1 GB' until_holds 300 guest 'grep -x "shared_buffers = 125MB" /etc/postgresql/15/main/conf.d/homeseed.conf'
holds 'it has converged' until_holds 300 guest '! systemctl is-active homeseed'
limit_title='all of the machine shares 1 GB and one processor'
if limit >"$DIR/limit" 2>&1; then ok "$limit_title"; else not_ok "$limit_title" "$(cat "$DIR/limit")"; fi
guest 'systemctl stop matrix-synapse && systemctl restart postgresql nginx && systemctl start matrix-synapse'
load delivered
guest 'systemctl stop matrix-synapse && rm /etc/postgresql/15/main/conf.d/*.conf && systemctl restart postgresql nginx && systemctl start matrix-synapse'
load packaged
