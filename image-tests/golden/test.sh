# shellcheck shell=sh disable=SC2154,SC2016
# starts from: image, made twice
# restores a backup
# One image, three machines: one without a datasource, whose beginning QEMU shows under UEFI, one with it, and one that gets
# the past of the first. The first two share nothing that is secret, and neither password of a panel nor address of an onion
# service is in the image. Under BIOS `generic` boots. The first change over ssh has something to go back to.
# shellcheck source=image-tests/neighbours.sh
. "${SITE%/*}/../neighbours.sh"
# shellcheck source=image-tests/changes.sh
. "${SITE%/*}/../changes.sh"

# secrets: a line for each thing that one machine alone may know, the value last.
secrets() {
    guest '
        cd /etc/matrix-synapse
        for file in secrets/* homeserver.signing.key /var/lib/homeseed/first-password /var/lib/homeseed/panel/password; do
            echo "$file $(tail -n 1 "$file" | sed "s/.* //")"
        done
        for file in /etc/ssh/ssh_host_*_key /var/lib/homeseed/tls/current/privkey.pem /etc/letsencrypt/accounts/*/*/*/private_key.json; do
            echo "$file $(grep -v -e ----- "$file" | tail -n 2 | head -n 1 | tail -c 60)"
        done'
}

# belongings: the same, and what is no secret but one machine's own.
belongings() {
    secrets
    guest 'echo "machine-id $(cat /etc/machine-id)"; echo "onion $(cat /var/lib/tor/homeserver/hostname)"; for file in /etc/ssh/ssh_host_*_key.pub; do echo "$file $(cut -d" " -f2 "$file")"; done'
}

# several FILE: it holds what it should, each in a line of its own.
several() { [ "$(cut -d' ' -f2- "$1" | grep -cE '.{16}')" -ge 8 ] && [ "$(wc -l <"$1")" = "$(cut -d' ' -f2- "$1" | sort -u | wc -l)" ]; }

# holds_none PATTERNS FILE: none of the lines is in the file, which is there and not empty.
holds_none() { [ -s "$1" ] && [ -s "$2" ] && ! grep -qaFf "$1" "$2"; }

# unspoken: no secret is in the journal, in a log, in a process's words, or in a file that all may read.
unspoken() {
    guest 'umask 077
        cd /run/testbed
        echo '"$(cut -d' ' -f2- "$DIR/secrets" | base64 -w0)"' | base64 -d >secrets
        [ -s secrets ] && grep -qFf secrets /etc/matrix-synapse/homeserver.signing.key || { echo "the search finds nothing"; exit 1; }
        journalctl --no-pager -o cat | grep -q "now listening" || { echo "there is no journal"; exit 1; }
        ! journalctl --no-pager -o cat | grep -Ff secrets || exit 1
        for log in /var/log/cloud-init.log /var/log/cloud-init-output.log; do
            [ -s $log ] || { echo "there is no $log"; exit 1; }
            ! grep -lFf secrets $log || exit 1
        done
        ! cat /proc/[0-9]*/cmdline | tr "\0" "\n" | grep -Ff secrets || exit 1
        find / -xdev -type f -perm -o+r -newer /usr/lib/os-release -print0 >files
        [ "$(tr -cd "\0" <files | wc -c)" -ge 20 ] || { echo "too few files were written on this machine"; exit 1; }
        ! xargs -0 grep -lFf secrets <files'
}

client() { # VERB ARGUMENT...
    client_verb=$1
    shift
    network "python3 $DIR/client.py $client_verb $HOST $DIR/state.json $* 2>&1"
}
waits_for_its_past() { state | grep -F 'waiting for the backup: run homeseed restore at your desk'; }

# How a key of tor's begins, wherever there is one.
key_of_tor='== ed25519v1-secret: type0 =='
has_no_key_of_tor() { [ -s "$1" ] && ! grep -qaF "$key_of_tor" "$1"; }

# ---- what the machines rely on ----
dns 'host-record=mirror.example.net,93.184.215.20'
holds 'a Tor network begins' tor up 93.184.215.1
mirror_up
python3 "$cases/panel/tarball.py" 1 >"$DIR/mirror/files/panel-1.tar.gz"

# ---- two machines of one image ----
another uefi
goes_on_in_container
takes_part_in_tor
ready 600
checks
holds 'nothing was downloaded' guest '[ ! -e /var/log/apt/history.log ]'
belongings >"$DIR/first"
cut -d' ' -f2- "$DIR/first" >"$DIR/patterns"
holds 'the machine has secrets of its own' several "$DIR/first"
cp "${SITE%/*}/../backup/client.py" "$DIR/"
desk_opens
sed -i "s|ssh-ed25519 .*|$(cut -d' ' -f1,2 "$DIR/key.pub")|" "$DIR/site.yaml"
holds 'there is a second user' guest 'register_new_matrix_user -c /etc/matrix-synapse/conf.d/20-secrets.yaml -u bob -p bob --no-admin http://localhost:8008'
holds 'two users have a room, events, media and tokens' client populate "$ADMIN" "'$(guest 'homeserver first-password' | tail -n 1)'" bob bob
holds 'a backup is pulled' by_ssh backup pull "$DIR/site.yaml" "$DIR/backups"
own_kernel
changes
begins 'media: {max_upload: 60M}'
guest 'homeserver revert'
ended 4 'the first change of a machine that an image made is taken back'
holds 'it has what the image brought' has_exactly "$had" 0

another bios
begins_in_container
takes_part_in_tor
ready 600
checks
belongings >"$DIR/second"
secrets >"$DIR/secrets"
holds 'the second machine has secrets of its own' several "$DIR/second"
holds 'the two machines share none of them' holds_none "$DIR/patterns" "$DIR/second"
holds 'no secret is in journal, logs, arguments or open files' unspoken
cut -d' ' -f2- "$DIR/secrets" >"$DIR/patterns"
guest sync
holds 'the search finds secrets on the disk' grep -qaFf "$DIR/patterns" "$DIR/disk.raw"
holds 'it finds the key of the onion service there' grep -qaF "$key_of_tor" "$DIR/disk.raw"
holds 'no key of tor is in the image' has_no_key_of_tor "$DIR/image.raw"
holds 'nor in the overlay' has_no_key_of_tor "$DIR/overlay.tar"
holds 'no secret is in the image' holds_none "$DIR/patterns" "$DIR/image.raw"
holds 'no secret is in the overlay' holds_none "$DIR/patterns" "$DIR/overlay.tar"
holds 'no secret is in the user-data' holds_none "$DIR/patterns" "$DIR/user-data"

another bios restoring
begins_in_container
takes_part_in_tor
holds 'the third machine waits for its past' until_holds 300 waits_for_its_past
own_kernel
desk_logs_in
holds 'it gets that of the first' by_ssh restore "$DIR/site.yaml" "$DIR/backups" --identity "$DIR/key"
ready 600
holds 'key, events, media, thumbnails, tokens and passwords are as before' client compare
holds 'nothing was downloaded here either' guest '[ ! -e /var/log/apt/history.log ]'
checks

holds 'a second image is the same, byte for byte' again
