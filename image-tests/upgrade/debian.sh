#!/bin/sh
# Makes an archive like Debian's for security, which has packages once more: debian.sh ADDED TREES KEY OUT
#
# TREES holds what `dpkg-deb -R` made of each, ADDED comes behind its version, and its configuration files are others. KEY is
# the folder of the key that signs.
set -eu
umask 022
added=$1 trees=$2 key=$3 root=$4/debian-security
suite=$root/dists/bookworm-security index=main/binary-amd64/Packages
rm -rf "$root"
mkdir -p "$root/pool" "$suite/${index%/*}"
for tree in "$trees"/*/; do
    sed -i "/^Version: /s/\(+again.*\)\?\$/+again$added/" "$tree/DEBIAN/control"
    [ ! -e "$tree/DEBIAN/conffiles" ] || sed 's/^remove-on-upgrade //' "$tree/DEBIAN/conffiles" | while read -r file; do
        echo "# Once more: $added" >>"$tree$file"
    done
    dpkg-deb -Znone --build "$tree" "$root/pool" >/dev/null
done
(
    cd "$root"
    for deb in pool/*.deb; do
        dpkg-deb --field "$deb"
        printf 'Filename: %s\nSize: %s\nSHA256: %s\n\n' "$deb" "$(stat -c %s "$deb")" "$(sha256sum <"$deb" | cut -d ' ' -f 1)"
    done
) >"$suite/$index"
cat >"$suite/Release" <<END
Origin: Debian
Label: Debian-Security
Suite: oldstable-security
Codename: bookworm-security
Date: $(date -Ru)
Architectures: amd64
Components: main
SHA256:
 $(sha256sum <"$suite/$index" | cut -d ' ' -f 1) $(stat -c %s "$suite/$index") $index
END
GNUPGHOME=$(mktemp -d)
export GNUPGHOME
trap 'gpgconf --kill all; rm -rf "$GNUPGHOME"' EXIT
gpg --batch --quiet --no-tty --import "$key/secret.asc"
gpg --batch --quiet --no-tty --digest-algo SHA512 --clearsign --output "$suite/InRelease" "$suite/Release"
