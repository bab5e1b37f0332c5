#!/bin/sh
# normalize FOLDER measure: takes out of the tree in FOLDER what says when and where it was made; prints its size in bytes.
# normalize FOLDER BYTES: makes its file system, RESULTS/root.ext4; the same tree makes the same bytes.
#
# Runs as root of a namespace. The environment holds RESULTS, ROOT_UUID and ROOT_SEED.
set -eu
export LC_ALL=C.UTF-8
cd "$1"
epoch=$(cat "$RESULTS/epoch")

if [ "$2" = measure ]; then
    # Caches, logs, backups and dates that say when and where it was made.
    find var/log -type f -delete
    find var/cache/apt var/cache/debconf var/cache/man var/cache/ldconfig var/lib/apt/lists -type f ! -name '*.dat' -delete
    rm -rf tmp/* var/tmp/* run/* root/.cache root/.wget-hsts
    rm -f etc/.pwd.lock etc/passwd- etc/group- etc/shadow- etc/gshadow- etc/subuid- etc/subgid- \
        var/cache/debconf/*-old var/lib/dpkg/*-old var/lib/systemd/random-seed var/lib/systemd/catalog/database \
        usr/lib/udev/hwdb.bin etc/udev/hwdb.bin var/lib/dbus/machine-id
    sed -i -E 's/^([^:]*:[^:]*):[0-9]*:/\1:19000:/' etc/shadow
    : >etc/machine-id
    find . -xdev -newermt "@$epoch" -exec touch -h -d "@$epoch" {} +
    du -s --block-size=1 . | cut -f1
    exit
fi
disk=$RESULTS/root.ext4
rm -f "$disk"
truncate -s "$2" "$disk"
export E2FSPROGS_FAKE_TIME="$epoch" MKE2FS_CONFIG="$1/etc/mke2fs.conf"
mke2fs -q -F -t ext4 -U "$ROOT_UUID" -E "hash_seed=$ROOT_SEED,lazy_itable_init=0,lazy_journal_init=0" -d . "$disk"
# The other times of an inode are those of this tree on this host.
last=$(dumpe2fs -h "$disk" 2>/dev/null | awk -F: '/^Inode count/ { all = $2 } /^Free inodes/ { free = $2 } END { print all - free }')
seq "$last" | awk -v at="@$epoch" '{ for (n = split("atime ctime crtime", field, " "); n; n--) print "set_inode_field <" $1 "> " field[n] " " at }' |
    debugfs -w -f - "$disk" >/dev/null 2>"$RESULTS/debugfs.log"
