#!/bin/sh
# cloud_image FOLDER: turns a Debian tree with the packages of a cloud image into what Debian's own cloud image is.
#
# The files follow Debian's build of it: its classes for a booting cloud system with extras.
set -eu
root=$1
suite=$(sed -n 's/^VERSION_CODENAME=//p' "$root/etc/os-release")

mkdir -p "$root/etc/cloud/cloud.cfg.d"
cat >"$root/etc/cloud/cloud.cfg.d/01_debian_cloud.cfg" <<'END'
apt:
  generate_mirrorlists: true

manage_etc_hosts: true

system_info:
  default_user:
    name: debian
    sudo: ALL=(ALL) NOPASSWD:ALL
    shell: /bin/bash
    lock_passwd: True
    gecos: Debian
    groups: [adm, audio, cdrom, dialout, dip, floppy, netdev, plugdev, sudo, video]
END

# The archives of cloud-init's own defaults, which it writes to these lists again when it runs.
mkdir -p "$root/etc/apt/mirrors" "$root/etc/apt/sources.list.d"
for list in primary:debian security:debian-security; do
    sed -n "/failsafe:/,/security:/s/^ *${list%:*}: *//p" "$root/etc/cloud/cloud.cfg" | head -n 1 >"$root/etc/apt/mirrors/${list#*:}.list"
    [ -s "$root/etc/apt/mirrors/${list#*:}.list" ] || { echo "cloud.cfg names no ${list%:*} archive" >&2; exit 1; }
done
cat >"$root/etc/apt/sources.list.d/debian.sources" <<END
Types: deb deb-src
URIs: mirror+file:///etc/apt/mirrors/debian.list
Suites: $suite $suite-updates $suite-backports
Components: main

Types: deb deb-src
URIs: mirror+file:///etc/apt/mirrors/debian-security.list
Suites: $suite-security
Components: main
END
rm -f "$root"/etc/apt/sources.list.d/0000*.list "$root/etc/apt/sources.list" "$root/etc/apt/apt.conf.d/99mmdebstrap"

echo LANG=C.UTF-8 >"$root/etc/default/locale"
echo localhost >"$root/etc/hostname"
: >"$root/etc/machine-id"
ln -sf /run/systemd/resolve/resolv.conf "$root/etc/resolv.conf"
rm -f "$root"/etc/ssh/ssh_host_*
rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*.bin "$root"/var/log/*.log
