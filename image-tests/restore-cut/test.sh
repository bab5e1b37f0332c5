# shellcheck shell=sh disable=SC2154,SC2016
# runs in: container, on a disk
# restores a backup
# The plug is pulled three times amid a restore, at moments that a seed chooses: the machine waits for its past again, or has
# all of it. Nothing is half done, and a further restore brings everything back.
says_that_it_waits() { state | grep -F 'waiting for the backup: run homeseed restore at your desk'; }
says_that_it_is_ready() { state | grep -F ' is ready: '; }
settles() { says_that_it_is_ready || says_that_it_waits; }
client() { # VERB ARGUMENT...
    client_verb=$1
    shift
    network "python3 $DIR/client.py $client_verb $HOST $DIR/state.json $* 2>&1"
}

# begins N: a restore goes on by itself; the file `comes` is there when it opens its Nth connection.
mkdir "$DIR/bin"
cat >"$DIR/bin/ssh" <<'END'
#!/bin/sh
case $* in *'-O exit'*) exec /usr/bin/ssh "$@" ;; esac
n=$(($(cat "$COUNT") + 1))
echo "$n" >"$COUNT"
[ "$n" != "$CONNECTION" ] || : >"$COMES"
exec /usr/bin/ssh "$@"
END
chmod +x "$DIR/bin/ssh"
begins() {
    echo 0 >"$DIR/count"
    rm -f "$DIR/comes" "$DIR/status"
    {
        logging_in env "PATH=$DIR/bin:$PATH" "COUNT=$DIR/count" "COMES=$DIR/comes" "CONNECTION=$1" "XDG_CONFIG_HOME=$DIR/config" \
            "$HOMESEED" restore "$DIR/site.yaml" "$DIR/backups" --identity "$DIR/key" --ssh-option ServerAliveInterval=2 &&
            echo 0 >"$DIR/status" || echo "$?" >"$DIR/status"
    } >"$DIR/cut.out" 2>&1 &
    begins_tries=0
    until [ -e "$DIR/comes" ]; do
        [ $((begins_tries += 1)) -le 3000 ] || { cat "$DIR/cut.out"; return 1; }
        sleep 0.02
    done
}
has_ended() { [ -s "$DIR/status" ]; }
fails() {
    until_holds 60 has_ended
    tail -n 3 "$DIR/cut.out"
    [ "$(cat "$DIR/status")" != 0 ]
}

cp "${SITE%/*}/../backup/client.py" "$DIR/"
boot
ready 900
desk_opens
sed -i "s|ssh-ed25519 .*|$(cut -d' ' -f1,2 "$DIR/key.pub")|" "$DIR/site.yaml"
holds 'there is a second user' guest 'register_new_matrix_user -c /etc/matrix-synapse/conf.d/20-secrets.yaml -u bob -p bob --no-admin http://localhost:8008'
holds 'two users have a room, events, media and tokens' client populate "$ADMIN" "'$(guest 'homeserver first-password' | tail -n 1)'" bob bob
# older: the backup will be one of an older Synapse.
older() {
    guest "set -e; systemctl stop homeseed.timer homeseed matrix-synapse; cd /
        runuser -u postgres -- createdb -O matrix-synapse -E UTF8 -l C -T template0 older
        echo $(base64 -w0 "${SITE%/*}/older.py") | base64 -d | runuser -u postgres -- /opt/venvs/matrix-synapse/bin/python -
        runuser -u postgres -- dropdb synapse
        runuser -u postgres -- psql -Xqc 'ALTER DATABASE older RENAME TO synapse'" >"$DIR/schema"
}
database_is_up() { guest 'cd / && runuser -u postgres -- psql -XAtqc "SELECT 1" postgres'; }
sql() { guest "cd / && runuser -u postgres -- psql -XAtqc \"$1\" synapse"; }
# shape: all tables, columns and indexes.
shape() {
    sql "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2"
    sql "SELECT indexname FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1"
}
nothing_to_update() { [ "$(sql 'SELECT count(*) FROM background_updates')" = 0 ]; }
holds 'Synapse has brought its new database up to date' until_holds 120 nothing_to_update
shape >"$DIR/shape"
newest=$(sql 'SELECT version FROM schema_version')
holds 'the database gets the schema of ten versions ago' older
holds "it is $(cat "$DIR/schema"), and not $newest" [ "$(sql 'SELECT version FROM schema_version')" = $((newest - 10)) ]
shape >"$DIR/shape.older"
holds 'it lacks what came since' [ "$(comm -23 "$DIR/shape" "$DIR/shape.older" | wc -l)" -gt 50 ]
holds 'a backup is pulled' by_ssh backup pull "$DIR/site.yaml" "$DIR/backups"

# As new as a machine can be whose packages are there.
guest 'set -e; systemctl stop homeseed.timer homeseed matrix-synapse nginx; cd /; runuser -u postgres -- dropdb synapse
    rm -rf /etc/matrix-synapse/homeserver.signing.key /etc/matrix-synapse/secrets /var/lib/matrix-synapse/*
    cd /var/lib/homeseed; rm -rf born backup_key* first-password stamps/synapse stamps/first-user'
document restoring
own_kernel
holds 'the machine waits for its past' until_holds 300 says_that_it_waits

# Its connections: three to ask, one for the database, two for the media, and then, within a second, three to put all in force.
: "${RESTORE_SEED:=5}"
awk -v seed="$RESTORE_SEED" 'function below(n) { x = x * 16807 % 2147483647; return int(x / 2147483647 * n) }
    BEGIN {
        x = (seed * 48271 + 11) % 2147483646 + 1
        for (n = 0; n < 20; n++) below(2)
        for (n = 0; n < 3; n++) print 4 + below(6), below(20)
    }' | sort -n >"$DIR/cuts"
ok "the seed is $RESTORE_SEED: $(paste -sd, "$DIR/cuts")"
waited=0
while read -r connection hundredths; do
    holds 'its database is up' until_holds 60 database_is_up
    tell "the plug will be pulled $hundredths hundredths of a second after connection $connection"
    holds "a restore opens its connection $connection" begins "$connection"
    sleep "0.$(printf %02d "$hundredths")"
    cut_power
    boot
    own_kernel
    holds "the machine waits again, or has everything ($connection)" until_holds 300 settles
    # The key comes last: as long as it is not there, nobody sees a Synapse.
    says_that_it_waits >"$DIR/waits" || break
    waited=$((waited + 1))
    holds 'the restore has failed' fails
    holds 'no Synapse runs' guest '! pgrep -f synapse.app.homeserver && [ ! -s /etc/matrix-synapse/homeserver.signing.key ]'
done <"$DIR/cuts"
holds 'it was cut short before it had everything' [ "$waited" -gt 0 ]
if says_that_it_waits >"$DIR/waits"; then
    holds 'its database is up' until_holds 60 database_is_up
    holds 'the backup is restored' by_ssh restore "$DIR/site.yaml" "$DIR/backups" --identity "$DIR/key"
fi
ready 300
holds 'key, events, media, thumbnails, tokens and passwords are as before' client compare
is_migrated() { nothing_to_update && [ "$(sql 'SELECT version FROM schema_version')" = "$newest" ] && shape | diff "$DIR/shape" -; }
holds "its database of the schema $(cat "$DIR/schema") was brought to $newest, with every table, column and index" until_holds 120 is_migrated
holds 'nothing is half done' nothing_is_half_done
checks
