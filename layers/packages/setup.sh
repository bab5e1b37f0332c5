#!/bin/sh
# Installs every package of every layer in one transaction, and starts none of them.
set -eu
# shellcheck source=lib.sh
. /usr/lib/homeseed/lib.sh
# How things stood before the transaction that a power cut ended.
cut=$state/cut

missing() {
    dpkg-query -W -f '${Package} ${db:Status-Status}\n' | sed -n 's/ installed$//p' | grep -vxFf - "$home/packages"
}

# Asked again when the packages are upgraded, so also said where an image brought them.
answers() { cat "$home"/debconf/* | debconf-set-selections; }

# What dpkg was at is installed again: it calls a package installed whose maintainer script wrote what was never flushed.
again() {
    [ -e "$cut" ] || return 0
    echo --reinstall -o Dpkg::Options::=--force-confmiss
    # A paragraph is a package.
    awk -v RS= 'FILENAME == ARGV[1] { was[$0]; next } !($0 in was) && !/ config-files\n/ { print $2 }' "$cut" /var/lib/dpkg/status
}

if [ -e "$cut" ] || [ -n "$(missing)$(dpkg --audit)" ] || [ ! -s /usr/share/keyrings/matrix-org-archive-keyring.gpg ]; then
    if [ -e "$cut" ]; then
        export UCF_FORCE_CONFFMISS=1
        find /etc /usr -xdev -type f -empty -cnewer "$cut" -delete
    fi
    # A power cut leaves lists empty, and apt asks for none again whose release is the same.
    rm -rf /var/lib/apt/lists/*
    # The man pages are indexed daily, not after every package.
    rm -f /var/lib/man-db/auto-update
    # Nothing is started by being installed: each is configured first. And systemd reads its units once, when all
    # are there, not after every package.
    (
        export SYSTEMD_OFFLINE=1
        apt_get update
        answers
        # shellcheck disable=SC2046
        apt_get install $(again) $(cat "$home/packages")
    )
    # shellcheck disable=SC2046
    [ ! -e "$cut" ] || systemctl try-restart $(grep -v ^homeseed "$home/units")
    sync
    rm -f "$cut"
else
    answers
fi
# Now that every owner exists.
place
systemctl daemon-reload
