# shellcheck shell=sh disable=SC2154
# The smallest machine, for the benchmarks: a container with 1 GB of memory, one processor and no swap.
MEMORY=$((1000 * 1024 * 1024))

# shrinks: from now on the machine is that small, and its database is sized for it.
shrinks() {
    # Synapse is off whenever its database is restarted: it says errors of that. A container reads how much memory this host has.
    guest "systemctl stop matrix-synapse
        sed 's/^MemTotal:.*/MemTotal: $((MEMORY / 1024)) kB/' /proc/meminfo >/run/meminfo && mount --bind /run/meminfo /proc/meminfo
        rm /var/lib/homeseed/stamps/postgres && systemctl restart --no-block homeseed"
    holds 'PostgreSQL is sized for 1 GB' until_holds 300 guest 'grep -x "shared_buffers = 125MB" /etc/postgresql/15/main/conf.d/homeseed.conf'
    holds 'it has converged' until_holds 300 guest '! systemctl is-active homeseed'
    limit_title='all of the machine shares 1 GB and one processor'
    if limit >"$DIR/limit" 2>&1; then ok "$limit_title"; else not_ok "$limit_title" "$(cat "$DIR/limit")"; fi
    guest 'systemctl stop matrix-synapse; systemctl restart postgresql nginx; systemctl start matrix-synapse'
}

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
# in_use: megabytes that programs have for themselves; files that are kept in memory give way, and do not count.
in_use() {
    awk '{ is[$1] = $2 } END {
        if ("total_rss" in is) bytes = is["total_rss"] + is["total_shmem"]
        else bytes = is["anon"] + is["shmem"]
        print int(bytes / 1048576)
    }' "$group/memory.stat"
}
# watches_memory: writes down the most that was in use at once, until it is ended.
watches_memory() {
    echo 0 >"$DIR/most"
    while sleep 0.2; do
        in_use_now=$(in_use 2>/dev/null) || continue
        [ "$in_use_now" -le "$(cat "$DIR/most")" ] || echo "$in_use_now" >"$DIR/most"
    done
}
# swapped: megabytes.
swapped() { cat "$group/memory.stat" "$group/memory.swap.current" 2>/dev/null | awk '$1 == "total_swap" { n += $2 } NF == 1 { n += $1 } END { print int(n / 1048576) }'; }
