#!/bin/sh
# Places two payloads, one after the other; the second plans less. Prints what systemctl was told, and in which order.
set -eu
export PATH=/stubs:/usr/sbin:/usr/bin:/sbin:/bin
home=/usr/lib/homeseed
mkdir -p /stubs /var/lib/homeseed
# shellcheck disable=SC2016
printf '#!/bin/sh\necho "$*"\n' >/stubs/systemctl
rm -rf "$home/leave" "$home/report"
mkdir "$home/leave"
# shellcheck disable=SC2016
printf '#!/bin/sh\n[ ! -e /etc/systemd/system/old.service ] || echo "hook: old.service is there"\n' >"$home/leave/hook"
chmod 755 /stubs/systemctl "$home/leave/hook" /usr/sbin/homeserver
mkdir -p "$home/payload/etc/homeseed"
cp /etc/homeseed/site.env "$home/payload/etc/homeseed/"

place_all() { # PATH...
    for path; do
        mkdir -p "$home/payload${path%/*}"
        echo "# $path" >"$home/payload$path"
        echo "- 0644 root:root $path"
    done >"$home/inventory"
    # shellcheck source=/dev/null
    (. "$home/lib.sh" && place)
}

# The service is started by the timer, and in no list.
printf '%s\n' old.timer kept.timer >"$home/units"
printf '%s\n' kept-package old-package >"$home/packages"
units=/etc/systemd/system
place_all "$units/old.timer" "$units/old.service" "$units/kept.timer" /etc/old.conf
echo kept.timer >"$home/units"
echo kept-package >"$home/packages"
place_all "$units/kept.timer"
# Once more: nothing leaves twice.
place_all "$units/kept.timer"
echo "files: $(ls -d $units/old.* $units/kept.* /etc/old.conf 2>/dev/null)"
mkdir -p /run/homeseed
echo '{"state":"working","sentence":"nothing"}' >/run/homeseed/status
homeserver status 2>/dev/null | sed 's/^[0-9]* MB/some MB/'
