#!/bin/sh
# Installs every package of every layer in one transaction, and starts none of them.
set -eu
# shellcheck source=lib.sh
. /usr/lib/homeseed/lib.sh
key=/usr/share/keyrings/matrix-org-archive-keyring.gpg

# Sets `is` to the fingerprint, or to what is wrong.
is_trusted() { # FILE
    is=$("$home/openpgp-primary" "$1" 2>&1) || true
    [ "$is" = "$MATRIX_FINGERPRINT" ]
}

fetch_key() {
    new=/run/homeseed/matrix.gpg
    rm -f "$new"
    /usr/lib/apt/apt-helper -qq download-file "${MATRIX_REPOSITORY}matrix-org-archive-keyring.gpg" "$new"
    is_trusted "$new" || { echo "the key of $MATRIX_SITE is not $MATRIX_FINGERPRINT: $is"; exit 1; }
    write "$key" 0644 root:root <"$new"
}

missing() {
    dpkg-query -W -f '${Package} ${db:Status-Status}\n' | sed -n 's/ installed$//p' | grep -vxFf - "$home/packages"
}

# Asked again when the packages are upgraded, so also said where an image brought them.
answers() { cat "$home"/debconf/* | debconf-set-selections; }

if [ -n "$(missing)$(dpkg --audit)" ] || ! is_trusted $key; then
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
