#!/bin/sh
# Installs every package of every layer in one transaction, and starts none of them.
set -eu
# shellcheck source=lib.sh
. /usr/lib/homeseed/lib.sh
key=/usr/share/keyrings/matrix-org-archive-keyring.gpg

# apt itself takes nothing that is not signed by the pinned key, whatever the file holds.
fetch_key() {
    rm -f /run/homeseed/key
    /usr/lib/apt/apt-helper -qq download-file "$MATRIX_REPOSITORY${key##*/}" /run/homeseed/key
    write "$key" 0644 root:root </run/homeseed/key
}

missing() {
    dpkg-query -W -f '${Package} ${db:Status-Status}\n' | sed -n 's/ installed$//p' | grep -vxFf - "$home/packages"
}

# Asked again when the packages are upgraded, so also said where an image brought them.
answers() { cat "$home"/debconf/* | debconf-set-selections; }

if [ -n "$(missing)$(dpkg --audit)" ] || [ ! -s $key ]; then
    # Fetched anew at each try: an extended key needs no new document.
    fetch_key
    # The man pages are indexed daily, not after every package.
    rm -f /var/lib/man-db/auto-update
    # Nothing is started by being installed: each is configured first. And systemd reads its units once, when all
    # are there, not after every package.
    (
        export SYSTEMD_OFFLINE=1
        apt_get update
        answers
        # shellcheck disable=SC2046
        apt_get install $(cat "$home/packages")
    )
else
    answers
fi
# Now that every owner exists.
place
systemctl daemon-reload
