#!/bin/sh
# Installs the Debian package into a tree that holds nothing else, and runs the program there.
set -eu
package=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

cp "$package" "$dir/first.deb"
src/package.sh target/static/homeseed >/dev/null
cmp "$package" "$dir/first.deb"
echo 'ok: the package is the same when it is made again'

mkdir -p "$dir/root/var/lib/dpkg/info" "$dir/root/var/lib/dpkg/updates"
touch "$dir/root/var/lib/dpkg/status"
dpkg --root="$dir/root" --force-not-root --no-triggers --log=/dev/null --install "$package" >/dev/null
[ "$(dpkg-query --admindir="$dir/root/var/lib/dpkg" -W -f '${db:Status-Status}' homeseed)" = installed ]
for file in bin/homeseed share/man/man1/homeseed-verify.1.gz share/bash-completion/completions/homeseed \
    share/zsh/vendor-completions/_homeseed share/fish/vendor_completions.d/homeseed.fish share/doc/homeseed/copyright; do
    [ -s "$dir/root/usr/$file" ] || { echo "not in the package: $file"; exit 1; }
done
echo 'ok: the package installs, with manual pages and completions'

# A user namespace only who needs one.
alone=$([ "$(id -u)" = 0 ] || echo unshare --user --map-root-user)
# shellcheck disable=SC2086 # several words, or none
inside() { $alone chroot "$dir/root" /usr/bin/homeseed "$@"; }
[ "$(inside --version)" = "$(target/release/homeseed --version)" ]
inside check /usr/share/doc/homeseed/examples/site.yaml >/dev/null
target/release/homeseed user-data examples/site.yaml --allow-placeholders >"$dir/user-data" 2>/dev/null
inside user-data /usr/share/doc/homeseed/examples/site.yaml --allow-placeholders 2>/dev/null | cmp - "$dir/user-data"
echo 'ok: the program runs where there is no other file, and says what it says elsewhere'
