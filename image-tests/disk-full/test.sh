# shellcheck shell=sh disable=SC2154,SC2016
# runs in: container, on a disk
# A disk of 3 GB (or of FULL_DISK), which is full three times at moments that a seed chooses, and read-only once: each time the
# machine says so, with numbers, and goes on when there is room again. At last it is full amid a change over ssh, and stays so.
# shellcheck source=image-tests/changes.sh
. "${SITE%/*}/../changes.sh"
: "${FULL_DISK:=3}"
is_said() { state | grep -E "disk full or read-only: [0-9]+ MB are free"; }
says_at_login() { guest '/etc/update-motd.d/90-homeseed | grep "disk full or read-only"'; }
fill() { guest 'fallocate -l "$(($(stat -f -c "%f * %S" /) - 99000000))" /var/full; dd if=/dev/zero bs=4k >>/var/full 2>/dev/null; [ "$(df --output=avail / | tr -dc 0-9)" = 0 ]'; }
looks() { guest 'systemctl restart --no-block homeseed'; }
# What is under way, such as a download that is tried again, may take a while to fail.
says_so() { until_holds 40 is_said || { looks && until_holds 300 is_said; }; }

moments "${FULL_SEED:=3}" 3 unpack configure within within edge >"$DIR/moments"
ok "the seed is $FULL_SEED: $(paste -sd, "$DIR/moments")"
boot
guest 'fallocate -l "$(($(stat -f -c "%b * %S" /) - '"$FULL_DISK"'000000000))" /var/beyond'
ok "the disk is as one of $FULL_DISK GB: $(guest 'df --output=used,avail -BM / | tail -n 1')"
while read -r kind what tenths; do
    tell "the disk will be full: $kind $what"
    holds "$kind $what comes" comes "$kind" "$what"
    sleep "$((tenths / 10)).$((tenths % 10))"
    # cloud-init falls over where it cannot write, and says so on the console.
    guest 'cloud-init status --wait >/dev/null || :'
    holds 'the disk is full' fill
    holds 'it says so, with numbers' says_so
    holds 'and so does a login' says_at_login
    guest 'rm /var/full; sync'
    looks
done <"$DIR/moments"
ready 900
# What it said of a disk without room is no fault of its own.
guest 'systemctl restart matrix-synapse'
ok "it is ready; of $FULL_DISK GB this is left: $(guest 'df --output=used,avail -BM / | tail -n 1')"
holds 'nothing is half done' nothing_is_half_done
checks

holds 'later the disk is full' fill
looks
holds 'it says so, with numbers' until_holds 120 is_said
guest 'rm /var/full; sync'
looks
ready 600

# As ext4 makes itself when it finds something wrong.
device=$(findmnt -no SOURCE "$DIR/root")
mount -o remount,errors=remount-ro "$DIR/root"
echo found >"/sys/fs/ext4/${device##*/}/trigger_fs_error"
holds 'the disk is read-only' guest '! touch /var/lib/homeseed/probe'
looks
holds 'it says so, with numbers' until_holds 120 is_said
holds 'and so does a login' says_at_login
cut_power
boot
ready 600
checks

# ---- amid a change over ssh ----
own_kernel
desk_opens
changes
kept() { guest 'sha256sum /etc/matrix-synapse/homeserver.signing.key /etc/matrix-synapse/secrets/*; cd / && runuser -u postgres -- psql -XAtc "SELECT * FROM users" synapse'; }
before=$(kept)
begins 'media: {max_upload: 60M}'
# As users do: what is reserved for root is left.
guest 'runuser -u nobody -- fallocate -l "$(df --output=avail -B1 / | tail -n 1 | tr -dc 0-9)" /var/tmp/full || :'
holds 'amid a change the disk is full' guest '[ "$(df --output=avail -BM / | tail -n 1 | tr -dc 0-9)" -lt 20 ]'
ended 4 'the change is taken back, into the room that was kept for that'
holds 'the program says why' first_says '^error: the change was taken back: disk full or read-only: [0-9]+ MB are free'
holds 'the disk is as full as it was' guest '[ -e /var/tmp/full ] && [ "$(df --output=avail -BM / | tail -n 1 | tr -dc 0-9)" -lt 200 ]'
holds 'nothing is lost' [ "$(kept)" = "$before" ]
site 'media: {max_upload: 60M}'
holds 'on such a disk a change is refused' ends 3
holds 'with numbers' says 'the disk of the machine has [0-9]+ MB left, and 500 are needed'
guest 'rm /var/tmp/full; sync'
applied 0 'with room again, it stays'

# What everybody said of a disk without room is no fault of theirs.
guest 'journalctl -q --rotate; journalctl -q --vacuum-time=1s'
