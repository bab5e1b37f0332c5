# shellcheck shell=sh disable=SC2154,SC2016
# runs in: container
# starts from: packages
# restores a backup
# A backup is taken, damaged in every way, and given to a new machine, on which everything is as before; then that machine
# pushes its own. The numbers are those of the table in image-tests/README.md.

# shellcheck source=image-tests/neighbours.sh
. "${SITE%/*}/../neighbours.sh"
says() { state | grep -F "$1"; }
client() { # VERB ARGUMENT...
    client_verb=$1
    shift
    network "python3 $DIR/client.py $client_verb $HOST $DIR/state.json $* 2>&1"
}
crypto() { network "python3 $DIR/crypto.py $1 $HOST $DIR/crypto @$ADMIN:$SERVER_NAME '$password' @bob:$SERVER_NAME bob 2>&1"; }
pull() { by_ssh backup pull "$DIR/site.yaml" "$DIR/backups" "$@"; }
verify_backups() { desk backup verify "$DIR/backups" --identity "$DIR/key" "$@"; }
restore() { # FOLDER ARGUMENT...
    restore_from=$1
    shift
    by_ssh restore "$DIR/site.yaml" "$restore_from" --identity "${IDENTITY-$DIR/key}" "$@"
}
is_ready() { guest 'homeserver status' | head -n 1 | grep '^ready: '; }
sql() { guest "cd / && runuser -u postgres -- psql -XAtqc \"$1\" $2"; }

# whole: all that a restore could change: databases (one that is swapped in has another oid), tables, keys and files.
whole() {
    sql 'SELECT datname, oid FROM pg_database ORDER BY 1' postgres
    sql "SELECT relname, relfilenode FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY 1" synapse
    guest 'cd /; find etc/matrix-synapse var/lib/matrix-synapse var/lib/homeseed $(find etc/diary var/lib/diary -maxdepth 0 2>/dev/null) -type f ! -name "backup_key*" -exec sha256sum {} + | sort -k2'
}
# refused TITLE SENTENCE COMMAND...: it fails, says so, and the machine is as it was.
refused() {
    refused_title=$1 refused_sentence=$2
    shift 2
    holds "$refused_title" refused_so "$@"
}
refused_so() {
    if "$@" && echo 'it was accepted'; then return 1; fi
    grep -F "error: " "$DIR/desk.out" | grep -F "$refused_sentence" || return 1
    [ "$(whole)" = "$machine_was" ] || { whole; return 1; }
}
# damaged: a copy of the backups to spoil.
damaged() {
    rm -rf "$DIR/damaged"
    cp -a "$DIR/backups" "$DIR/damaged"
}
# flip FILE: another byte in the middle of it.
flip() { python3 -c 'import sys; f = open(sys.argv[1], "r+b"); f.seek(0, 2); at = f.tell() // 2; f.seek(at); b = f.read(1); f.seek(at); f.write(bytes([b[0] ^ 1]))' "$1"; }
media() { find "$DIR/damaged/local_content" -type f | sort | head -n 1; }
# forged KEY SED: the newest record once more, with another text, signed with KEY.
forged() {
    damaged
    network "set -e; cd $DIR/damaged; mkdir $DIR/forged; age -d -i $DIR/key $newest.age | tar -xC $DIR/forged; cd $DIR/forged
        sed -i '$2' manifest; rm manifest.sig; ssh-keygen -qY sign -n homeseed-backup -f $1 <manifest >manifest.sig
        tar -c manifest manifest.sig files.tar | age -R $DIR/key.pub >$DIR/damaged/$newest.age; rm -r $DIR/forged"
}

mkdir "$DIR/bin"
cat >"$DIR/bin/ssh" <<'END'
#!/bin/sh
# Breaks the Nth connection after so many bytes.
case $* in *'-O exit'*) exec /usr/bin/ssh "$@" ;; esac
n=$(($(cat "$COUNT") + 1))
echo "$n" >"$COUNT"
[ "$n" = "$BREAK" ] || exec /usr/bin/ssh "$@"
[ "$AFTER" = 0 ] || head -c "$AFTER" | /usr/bin/ssh "$@" | head -c "$AFTER"
exit 255
END
chmod +x "$DIR/bin/ssh"
# broken N BYTES COMMAND...: its Nth connection breaks, and it fails there.
broken() {
    echo 0 >"$DIR/count"
    export COUNT="$DIR/count" BREAK="$1" AFTER="$2"
    shift 2
    PATH=$DIR/bin:$PATH "$@" >/dev/null && return 1
    [ "$(cat "$DIR/count")" = "$BREAK" ]
}

cp -r "${SITE%/*}/client.py" "${SITE%/*}/crypto.py" "${SITE%/*}/layers" "$DIR/"
boot
ready 900
own_kernel
desk_opens
sed -i "s|ssh-ed25519 .*|$(cut -d' ' -f1,2 "$DIR/key.pub")|" "$DIR/site.yaml"
holds 'there is a second user' guest 'register_new_matrix_user -c /etc/matrix-synapse/conf.d/20-secrets.yaml -u bob -p bob --no-admin http://localhost:8008'
password=$(guest 'homeserver first-password' | tail -n 1)
holds 'two users have a room, events, media and tokens' client populate "$ADMIN" "'$password'" bob bob
holds 'two clients encrypt' crypto before

holds 'a layer of the site has things to keep' guest 'set -e; mkdir -p /etc/diary /var/lib/diary/pages
    echo quietly >/etc/diary/tone; chmod 640 /etc/diary/tone; echo "it rains" >/var/lib/diary/today
    echo "page one" >/var/lib/diary/pages/1; chown -R daemon:daemon /var/lib/diary/pages'

# ---- a backup ----
for n in 3 7 8 9; do
    # Fetching is cut short amid it.
    after=0
    [ "$n" != 7 ] || after=20000
    holds "a pull is cut short at its connection $n" broken $n $after pull
    holds "that is no backup ($n)" [ -z "$(find "$DIR/backups" -name '*Z.age')" ]
done
holds 'a backup is pulled' pull
holds 'what had been fetched was not fetched again' grep ' 0 of 81 media files were new' "$DIR/desk.out"
sleep 1
holds 'it is pulled again' pull
holds 'no file was new' grep ' 0 of 81 media files were new' "$DIR/desk.out"
holds 'both are good' verify_backups
holds 'it says how much there is' grep -E 'good: .* of example.org, 81 files, .*events [0-9]+, .*users 2, lines 1; [0-9]+ min old' "$DIR/desk.out"
newest=$(cd "$DIR/backups" && printf '%s\n' *Z.age | tail -n 1)
newest=${newest%.age}
guest 'cat /var/lib/homeseed/backup_key' >"$DIR/machine_key"
chmod 600 "$DIR/machine_key"
holds 'nothing of it can be read in the folder' sh -c "! grep -rlE 'message 17|@bob:|BEGIN OPENSSH|ed25519 a_|PGDMP' $DIR/backups"

cat "$DIR/site.yaml" >"$DIR/further.yaml"
ssh-keygen -q -t ed25519 -N '' -f "$DIR/further"
sed -i "s|^    - ssh-ed25519 .*|&\n    - $(cut -d' ' -f1,2 "$DIR/further.pub")|" "$DIR/further.yaml"
further() { ! by_ssh backup pull "$DIR/further.yaml" "$DIR/backups" && grep -F "holds files that this key cannot read: $(cut -d' ' -f1,2 "$DIR/further.pub")" "$DIR/desk.out"; }
holds 'for a further key there must be another folder' further

# ---- the machine is lost ----
holds 'the other user reads further than the backup' client newer
holds 'a new device of the first uses up a one-time key that is in the backup' crypto between
replace restoring
boot
holds '8: the new machine waits for its past' until_holds 900 says 'waiting for the backup: run homeseed restore at your desk'
own_kernel
holds '8: it waits still' until_holds 60 says 'waiting for the backup: run homeseed restore at your desk'
desk_logs_in
holds '8: no Synapse runs' guest '! pgrep -f synapse.app.homeserver'
for path in client/versions client/v3/sync client/v3/account/whoami client/v3/login federation/v1/version key/v2/server; do
    holds "8: /_matrix/$path says: come again" [ "$(network "curl -s -o /dev/null -w '%{http_code}' https://$HOST/_matrix/$path")" = 503 ]
done
machine_was=$(whole)

# ---- what is not restored ----
damaged
flip "$DIR/damaged/$newest.age"
refused '10: a flipped byte in the commit record' 'is damaged' restore "$DIR/damaged"
damaged
flip "$DIR/damaged/$newest.db.age"
refused '10: a flipped byte in the database' 'is damaged' restore "$DIR/damaged"
damaged
flip "$(media)"
refused '10: a flipped byte in a file' 'is damaged' restore "$DIR/damaged"
for cut in 65536 100000 0; do
    damaged
    truncate -s "$cut" "$DIR/damaged/$newest.db.age"
    refused "11: a database that ends after $cut bytes" 'is damaged' restore "$DIR/damaged"
done
damaged
: >"$DIR/damaged/$newest.age"
refused '11: an empty commit record' 'is damaged' restore "$DIR/damaged"
ssh-keygen -q -t ed25519 -N '' -f "$DIR/other_key"
IDENTITY=$DIR/other_key
refused '12: another identity' 'was not encrypted to this identity' restore "$DIR/backups"
IDENTITY=$DIR/key.pub
refused '12: a public key for an identity' 'holds a public key' restore "$DIR/backups"
unset IDENTITY
damaged
rm "$(media)"
refused '13: a file is missing' 'is missing' restore "$DIR/damaged"
damaged
rm "$DIR/damaged/$newest.db.age"
refused '13: the database is missing' "$newest.db.age\` is missing" restore "$DIR/damaged"
sql 'CREATE TABLE users (name text); CREATE TABLE events (event_id text); INSERT INTO events VALUES (1)' synapse
machine_was=$(whole)
refused '14: a machine with an event' 'its database has events already' restore "$DIR/backups"
sql "DELETE FROM events; INSERT INTO users VALUES ('@admin:example.org')" synapse
machine_was=$(whole)
refused '14: a machine with a user' 'its database has users already' restore "$DIR/backups"
sql 'DROP TABLE users, events' synapse
machine_was=$(whole)
forged "$DIR/machine_key" 's/^number db compat .*/number db compat 9999/'
refused '15: a database of a later Synapse' 'its Synapse is too old' restore "$DIR/damaged"
forged "$DIR/other_key" 's/ 200/ 201/'
refused '16: a record that another key has signed' 'is forged' restore "$DIR/damaged"
forged "$DIR/other_key" "s|^machine .*|machine $(cut -d' ' -f1,2 "$DIR/other_key.pub")|"
refused '16: a record of a machine that nobody knows' 'signed by a machine that this desk does not know' restore "$DIR/damaged"
sed "s/^server_name: .*/server_name: other.example.org/" "$DIR/site.yaml" >"$DIR/other.yaml"
refused 'a backup of another homeserver' 'the backup is that of `example.org`' by_ssh restore "$DIR/other.yaml" "$DIR/backups" --identity "$DIR/key"

# ---- the restore, cut short ----
# Its connections: it asks (1 to 4), loads two streams, sends two trees and compares them (7 to 10), sends the small files,
# adopts the two streams, and puts the small files in place.
for n in 4 6 9 11 13 14; do
    # Loading is cut short amid it.
    after=0
    [ "$n" != 6 ] || after=20000
    holds "17: cut short at its connection $n, it fails" broken $n $after restore "$DIR/backups"
    [ "$n" != 9 ] || reboot_machine
    holds "17: the machine waits again ($n)" until_holds 300 says 'waiting for the backup: run homeseed restore at your desk'
    holds "17: no Synapse runs ($n)" guest '! pgrep -f synapse.app.homeserver && [ ! -e /etc/matrix-synapse/homeserver.signing.key ]'
done
own_kernel

# ---- the restore ----
holds 'the backup is restored' restore "$DIR/backups"
holds 'it says that the machine is ready' grep '^ready: ' "$DIR/desk.out"
holds 'it says what is lost, and that the old machine must never start' grep 'The old machine must never start again' "$DIR/desk.out"
holds '5: no one-time key of before is left' [ "$(sql 'SELECT count(*) FROM e2e_one_time_keys_json' synapse)" = 0 ]
holds '6: by /sync, what comes next arrives at who read further' client late sync
holds '6: by sliding sync too' client late slide
holds '5: a new device gets new keys, and what it sends is read' crypto after
holds '6: no token is said to be from the future' guest '! journalctl -q -b -o cat -u matrix-synapse | grep "from the future"'
holds '1 to 4: key, events, media, thumbnails, tokens and passwords are as before' client compare
holds 'what the layer of the site keeps has come back' guest '[ "$(stat -c "%a %U" /etc/diary/tone) $(cat /etc/diary/tone)" = "640 root quietly" ] &&
    [ "$(cat /var/lib/diary/today)" = "it rains" ] && [ "$(stat -c %U /var/lib/diary/pages/1) $(cat /var/lib/diary/pages/1)" = "daemon page one" ]'
refused_again() { ! restore "$DIR/backups" && grep -F 'this machine does not wait for a backup' "$DIR/desk.out"; }
holds 'a second restore is refused' refused_again
federation
checks
document site
holds 'the document without --restore changes nothing' until_holds 600 guest "grep -q $PAYLOAD /run/homeseed/status && grep -q verdict /run/homeseed/status"
holds 'everything is there after it' client compare
# What grep prints counts, not its status: a file that goes away meanwhile would hide what it has found.
seek="{ grep -rlF --exclude-dir=testbed '$(sed -n 4p "$DIR/key")' /etc /home /opt /root /run /tmp /usr/lib /usr/local /var; journalctl -o cat | grep -F '$(sed -n 4p "$DIR/key")'; }"
holds 'the key that opens the backups is nowhere on the machine' guest "! $seek | grep ."
guest "echo '$(sed -n 4p "$DIR/key")' >/var/tmp/planted"
holds 'one that is planted is found' guest "$seek | grep -x /var/tmp/planted"
guest 'rm /var/tmp/planted'

# ---- pushed ----
nas=nas.example.net
mkdir -p "$DIR/nas/store"
for name in host wrong; do ssh-keygen -q -t ed25519 -N '' -f "$DIR/nas/$name"; done
# deliver WORDS...: the site with backups, from the operator's desk.
deliver() { # HOST_KEY
    {
        cat "$DIR/site.yaml"
        printf 'backup:\n  to: root@%s:%s\n  port: 2222\n  host_key: %s\n' "$nas" "$DIR/nas/store" "$(cut -d' ' -f1,2 "$1")"
    } >"$DIR/push.yaml"
    "$HOMESEED" user-data "$DIR/push.yaml" --allow-placeholders -o "$DIR/push" --force 2>>"$DIR/desk.out"
    guest "echo $(base64 -w0 "$DIR/push") | base64 -d >/var/lib/cloud/seed/nocloud/user-data; echo instance-id: $(date +%s%N) >/var/lib/cloud/seed/nocloud/meta-data"
    reboot_machine
}
dns "host-record=$nas,93.184.215.20
host-record=$HOST,$SERVER_NAME,$MACHINE"
deliver "$DIR/nas/wrong.pub"
own_kernel
holds '19: a target that is down is waited for' until_holds 300 says 'waiting for the backup host: ssh: connect to host nas.example.net port 2222: Connection refused'
target_up
retry() { guest 'rm -f /run/homeseed/verdict; systemctl restart homeseed'; }
retry
holds '19: a target with another key is named' until_holds 120 says 'waiting for the backup host: its key is another than backup.host_key'
deliver "$DIR/nas/host.pub"
own_kernel
holds '19: a target that does not let it in gets the line to authorise' until_holds 300 says 'waiting for the backup host: authorise there what homeserver backup key shows'
guest 'homeserver backup key' >"$DIR/nas/authorized_keys"
holds '19: the status shows it' guest "homeserver status | grep -xF 'no backup yet; to authorise there: $(cat "$DIR/nas/authorized_keys")'"
network "mount -t tmpfs -o size=64k tmpfs $DIR/nas/store"
retry
full() { says 'No space left on device' || says 'rsync ends with status 11'; }
holds '19: a target that is full is named' until_holds 120 full
holds '19: there is no commit record' network "! ls $DIR/nas/store | grep -x '[0-9TZ]*.age'"
# Who was cut off may still be there.
network "umount -l $DIR/nas/store"
retry
holds 'it is ready when a first backup is off the machine' until_holds 300 is_ready
holds 'the status says so' guest "homeserver status | grep -x 'last backup: 0 hours ago'"
mkdir "$DIR/pushed"
cp -a "$DIR/nas/store/." "$DIR/pushed"
verify_pushed() { desk backup verify "$DIR/nas/store" --identity "$DIR/key"; }
holds 'what was pushed is good, and signed by a machine that the desk knows' verify_pushed
holds 'it says how much there is' grep -E 'good: .* of example.org, [0-9]+ files, .*events [0-9]+, .*users 2, lines 1; [0-9]+ min old' "$DIR/desk.out"
files() { network "cd $DIR/nas/store && find . -type f | wc -l"; }
had=$(files)
guest 'sleep 1; systemctl start homeseed-backup'
holds 'the next backup adds its record and its two streams' [ "$(files)" = $((had + 3)) ]
holds 'both are good' verify_pushed
holds 'nothing of it can be read there' sh -c "! grep -rlE 'message 17|@bob:|BEGIN OPENSSH|ed25519 a_|PGDMP' $DIR/nas/store"
holds 'nothing of it is left on the machine' guest 'cd /var/lib/homeseed/backup && [ ! -e files.tar ] && ! grep -rlE "message 17|@bob:|BEGIN OPENSSH|ed25519 a_|PGDMP" .'
sleep 1
holds 'it was pulled meanwhile from the desk' pull

# ---- plaintext ----
# An event, a picture, the keys: beside what Synapse, PostgreSQL and the machine have of them anyway, nothing is left of them.
guest 'cut -d" " -f3 /etc/matrix-synapse/homeserver.signing.key | awk NF - /etc/matrix-synapse/secrets/* /var/lib/homeseed/first-password >/run/secrets
    echo "message 17" >>/run/secrets
    cp "$(find /var/lib/matrix-synapse/media/local_content -type f -size -9 | sort | head -n 1)" /dev/shm/picture
    sha256sum /dev/shm/picture | cut -c-64 >/run/picture'
written="find / /run /tmp /dev/shm -xdev -type f -newer /etc/machine-id ! -path '*testbed*' ! -path '/run/secrets' ! -path '/dev/shm/picture' ! -path '/etc/matrix-synapse/*' \
    ! -path '/var/lib/matrix-synapse/*' ! -path '/var/lib/postgresql/*' ! -path '/var/lib/homeseed/first-password'"
seek="{ $written -exec grep -lFf /run/secrets {} +; $written -size -9 -exec sha256sum {} + | grep -aFf /run/picture; journalctl -o cat | grep -aFf /run/secrets; }"
holds 'nothing of it is left on the machine in plain text' guest "! $seek | grep ."
guest 'echo "this is message 17" >/var/tmp/event && cp /dev/shm/picture /var/tmp/ && logger "planted: $(head -n 1 /run/secrets)"'
planted() { guest "$seek" | tee "$DIR/planted" && grep -qx /var/tmp/event "$DIR/planted" && grep -q ' /var/tmp/picture$' "$DIR/planted" && grep -q '^planted: ' "$DIR/planted"; }
holds 'an event, a picture and a key that are planted are found' planted
guest 'rm /var/tmp/event /var/tmp/picture'
arguments() {
    guest 'set -e; rm -f /run/done /run/arguments
        (while [ ! -e /run/done ]; do cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr "\0" "\n" | grep -e "/pg_dump$" -e "^age$" -f /run/secrets || :; done >/run/arguments) &
        homeserver backup now; touch /run/done; wait
        grep /pg_dump /run/arguments >/dev/null && grep -x age /run/arguments >/dev/null || { echo "nobody looked"; exit 1; }
        ! grep -Ff /run/secrets /run/arguments'
}
holds 'nothing of it stands in an argument or in the environment of a program' arguments
guest 'rm /run/secrets /run/picture /run/arguments'

# ---- a hostile machine ----
sums() { network "cd $DIR/nas/store && find . -type f -exec sha256sum {} + | sort -k2"; }
stored=$(sums)
newest_pushed=$(cd "$DIR/nas/store" && printf '%s\n' *Z.age | tail -n 1)
newest_pushed=${newest_pushed%.age}
guest "cd /var/lib/homeseed/backup && rm -rf evil && mkdir evil && for name in $(cd "$DIR/nas/store" && echo *.age); do echo evil >evil/\$name; done; mkdir -p evil/local_content && echo >evil/local_content/x"
ssh_e='-e "ssh -F ssh"'
for words in '-r --delete evil/ backup:' '-rI evil/ backup:' '-rI --inplace evil/ backup:' '-r --remove-source-files evil/ backup:' \
    '-rb evil/ backup:' '-rI --append evil/ backup:' '-r --force evil/ backup:' 'backup:' '-r backup: evil/' '-rI --partial-dir=x evil/ backup:'; do
    guest "cd /var/lib/homeseed/backup && rsync $ssh_e $words >words 2>&1 || :"
    holds "20: rsync $words changes nothing" [ "$(sums | grep -v 'local_content/x$')" = "$stored" ]
    holds "20: it sees nothing" guest 'cd /var/lib/homeseed/backup && ! grep "Z.age" words'
done
holds '20: with what the machine has, nothing opens' guest 'cd /var/lib/homeseed/backup && age -R recipients -o evil/one words && for key in ../backup_key /etc/ssh/ssh_host_ed25519_key; do ! age -d -i $key evil/one || exit 1; done'
# The attacks do harm where nothing keeps them from it.
cp -a "$DIR/nas/store" "$DIR/nas/open"
cp "$DIR/nas/authorized_keys" "$DIR/nas/strict"
sed "s|rrsync .*store|rrsync $DIR/nas/open|" "$DIR/nas/strict" >"$DIR/nas/authorized_keys"
guest "cd /var/lib/homeseed/backup && rsync $ssh_e -rI --inplace evil/ backup: && rsync $ssh_e backup: >words"
holds '20: a place that is not append-only is changed' grep -lx evil "$DIR/nas/open/$newest_pushed.age"
holds '20: it is listed as well' guest 'grep "Z.age" /var/lib/homeseed/backup/words'
cp "$DIR/nas/strict" "$DIR/nas/authorized_keys"
guest 'rm -r /var/lib/homeseed/backup/evil'

# ---- late ----
guest 'systemctl mask --now homeseed-backup.timer; touch -d "27 hours ago" /var/lib/homeseed/backup/last'
holds '20: a check fails after 26 hours' guest '! homeserver check host >/run/late; grep "^not ok.*the last backup is not older than 26 hours" /run/late'
guest 'systemctl unmask homeseed-backup.timer; systemctl start homeseed-backup.timer; touch /var/lib/homeseed/backup/last'
list() { desk backup list "$DIR/backups" "$@"; }
holds 'the list says when they were taken' list --max-age 26h
holds '20: the list fails when the newest is late' sh -c "! XDG_CONFIG_HOME=$DIR/config $HOMESEED backup list $DIR/backups --max-age 1s"

# ---- a disk with no room ----
guest 'cp -a /var/lib/homeseed /run/copy && mount -t tmpfs -o size=330m tmpfs /var/lib/homeseed && cp -a /run/copy/. /var/lib/homeseed/ && head -c 50M /dev/zero >/var/lib/homeseed/filler'
holds '18: a disk with no room is named' guest '! homeserver backup now 2>/run/late; grep "disk too full for a backup: 2[0-9][0-9] MB are free" /run/late'
holds '18: a database that does not fit is not written' guest 'rm /var/lib/homeseed/filler && printf "#!/bin/sh\nhead -c 40M /dev/urandom\necho @ whole yes >&2\n" >/run/large && chmod +x /run/large && mount --bind /run/large /usr/lib/homeseed/streams/db && ! homeserver backup now 2>/run/late; umount /usr/lib/homeseed/streams/db; grep "disk too full for a backup: [0-9]* MB are free; age: error: .*file too large" /run/late && [ "$(df --output=avail -m /var/lib/homeseed | tail -n 1)" -ge 250 ]'
holds '18: Synapse answers' guest 'curl -fsS http://127.0.0.1:8008/health'
holds '18: what is there is as before' verify_pushed
guest 'umount -l /var/lib/homeseed'

# ---- thinned out ----
prune() { desk backup prune "$DIR/backups" --keep 1d --identity "$DIR/key"; }
holds 'old backups are removed' prune
holds 'what is left is good' verify_backups
