# shellcheck shell=sh disable=SC2154,SC2016
# runs in: container
# restores a backup
# What a backup and a restore of a gigabyte take on a machine with 1 GB and one processor: half of it database, half of it
# five hundred files. A benchmark: that each step succeeds is a result, the figures are to be read.
# shellcheck source=tests/bench/limit.sh
. "${SITE%/*}/../limit.sh"
: "${BENCH_MB:=500}"

# timed TITLE COMMAND...: how long it takes, and the most memory that the desk and the machine's programs need for it.
timed() {
    timed_title=$1
    shift
    before=$(kills)
    watches_memory &
    watcher=$!
    timed_began=$(date +%s)
    holds "$timed_title" "$@"
    timed_took=$(($(date +%s) - timed_began))
    kill "$watcher"
    ok "$timed_title: $timed_took s; the desk had at most $(cat "$DIR/rss") MB, the machine $(cat "$DIR/most") MB; $(bytes) MB are stored"
    holds "$timed_title: nothing is killed for want of memory" no_kills
}
bytes() { du -sm "$DIR/backups" 2>/dev/null | cut -f1; }
pull() { by_ssh backup pull "$DIR/site.yaml" "$DIR/backups"; }
verify_backups() { desk backup verify "$DIR/backups" --identity "$DIR/key"; }
restore() { by_ssh restore "$DIR/site.yaml" "$DIR/backups" --identity "$DIR/key"; }
waits() { state | grep -F 'waiting for the backup: '; }

# From now on the program is run by one that writes down what memory it needed.
cat >"$DIR/measured" <<END
#!/usr/bin/python3
import resource, subprocess, sys
status = subprocess.call(["$HOMESEED"] + sys.argv[1:])
with open("$DIR/rss", "w") as file:
    print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024, file=file)
sys.exit(status)
END
chmod +x "$DIR/measured"
HOMESEED=$DIR/measured
boot
ready 900
own_kernel
shrinks
holds 'it is ready so' until_holds 300 guest 'curl -fsS http://127.0.0.1:8008/health'
ok "the machine has $(in_use) MB in use"
desk_opens
sed -i "s|ssh-ed25519 .*|$(cut -d' ' -f1,2 "$DIR/key.pub")|" "$DIR/site.yaml"
tell 'filling it'
# Half of what a row says can be compressed away, as with the JSON of events.
holds 'there is a database' guest "cd / && runuser -u postgres -- psql -Xqc 'CREATE TABLE filler AS SELECT n, md5(n::text) || md5((n + 1)::text) || repeat(md5((n % 9)::text), 2) AS text FROM generate_series(1, $((BENCH_MB * 6200))) AS n; ALTER TABLE filler OWNER TO \"matrix-synapse\"' synapse"
holds 'there are files' guest "cd /var/lib/matrix-synapse/media && umask 027 && for n in \$(seq 100 599); do mkdir -p local_content/aa/\$n && head -c $((BENCH_MB * 2097)) /dev/urandom >local_content/aa/\$n/file; done && chown -R matrix-synapse:matrix-synapse ."
ok "the database has $(guest "cd / && runuser -u postgres -- psql -XAtc \"SELECT pg_database_size('synapse') / 1048576\" postgres") MB, the files $(guest 'du -sm /var/lib/matrix-synapse/media | cut -f1') MB"
timed 'the first backup' pull
sleep 1
timed 'the next backup' pull
timed 'verify' verify_backups
replace restoring
boot
holds 'a new machine waits' until_holds 900 waits
own_kernel
shrinks
holds 'it waits, being as small' until_holds 300 waits
ok "the machine has $(in_use) MB in use"
desk_logs_in
timed 'restore, until it is ready' restore
holds 'everything is there' guest "cd / && [ \"\$(runuser -u postgres -- psql -XAtc 'SELECT count(*) FROM filler' synapse)\" = $((BENCH_MB * 6200)) ] && [ \"\$(find /var/lib/matrix-synapse/media/local_content -type f | wc -l)\" = 500 ]"
