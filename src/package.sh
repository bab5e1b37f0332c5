#!/bin/sh
# Makes a Debian package of PROGRAM, which is static and needs no other package: target/deb/homeseed_VERSION_ARCH.deb.
# The same program and the same commit give the same bytes.
set -eu
program=$1
version=$("$program" --version | cut -d ' ' -f 2)
arch=$(dpkg --print-architecture)
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH
tree=target/deb/tree
rm -rf target/deb
umask 022

doc=$tree/usr/share/doc/homeseed
mkdir -p "$tree/DEBIAN" "$doc/examples" "$tree/usr/share/man/man1"
install -D -m 755 "$program" "$tree/usr/bin/homeseed"
strip "$tree/usr/bin/homeseed"
completion() { # SHELL FILE
    mkdir -p "$tree/${2%/*}"
    "$program" completions "$1" >"$tree/$2"
}
completion bash usr/share/bash-completion/completions/homeseed
completion zsh usr/share/zsh/vendor-completions/_homeseed
completion fish usr/share/fish/vendor_completions.d/homeseed.fish
"$program" man -o "$tree/usr/share/man/man1"
gzip -9n "$tree"/usr/share/man/man1/*
cp README.md docs/*.md "$doc"
cp -r examples/* "$doc/examples"
gzip -9nc CHANGELOG.md >"$doc/changelog.gz"
{
    echo 'homeseed may be used under either of these licences, as you choose.'
    for file in LICENSE-MIT LICENSE-APACHE; do
        printf '\n---- %s ----\n\n' "$file"
        cat "$file"
    done
} >"$doc/copyright"

cat >"$tree/DEBIAN/control" <<END
Package: homeseed
Version: $version
Architecture: $arch
Maintainer: homeseed <dev@homeseed.example>
Section: admin
Priority: optional
Installed-Size: $(du -sk --apparent-size "$tree/usr" | cut -f 1)
Recommends: ca-certificates, curl, openssh-client
Suggests: dosfstools, e2fsprogs, fdisk, mmdebstrap, mtools, qemu-system-x86, qemu-utils, xorriso
Description: Matrix homeserver that sets itself up, from one small file
 Compiles one small site.yaml into a cloud-init document, an overlay or a disk
 image, with which a fresh Debian machine turns itself into a hardened,
 federating Matrix homeserver on its first boot; and verifies it from your desk.
END
(cd "$tree" && find usr -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum) >"$tree/DEBIAN/md5sums"
find "$tree" -exec touch -hd "@$SOURCE_DATE_EPOCH" {} +
dpkg-deb --root-owner-group --build "$tree" "target/deb/homeseed_${version}_$arch.deb" >/dev/null
rm -rf "$tree"
ls target/deb/homeseed_"${version}_$arch.deb"
