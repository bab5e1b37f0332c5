#!/bin/sh
# bake FOLDER: turns the Debian tree in FOLDER, which nothing runs from, into the machine of this overlay.
#
# Installs the packages, places the files and arms the convergence; what belongs to one machine (keys, secrets,
# database, certificate) is left for its first boot. May be run again at any time.
# shellcheck disable=SC2016 # what stands in single quotes is expanded in the tree
set -eu
export LC_ALL=C.UTF-8
suite=@SUITE@
# What the tree needs beside the packages of the site: every cloud image has it.
presumed='@PRESUMED@'
# The steps of the convergence that need nothing of the machine's own.
steps='@STEPS@'
# What belongs to one machine.
personal='@PERSONAL@'
# Whether files and convergence are left out, so that any site can be delivered later.
generic=@GENERIC@

fail() {
    echo "bake: $1" >&2
    echo "hint: $2" >&2
    exit 1
}

# Nothing but what was compiled, and all of it.
verify() {
    cd "$overlay"
    again='make the overlay again, and change the site instead'
    sha256sum --check --quiet <<'END' || fail 'the overlay was changed after it was made' "$again"
@INVENTORY@  inventory
@PACKAGES@  packages
END
    sed 's| .* /|  |' inventory | (cd tree && sha256sum --check --quiet) || fail 'the tree was changed' "$again"
    sed 's|.* /|/|' inventory | sort >"$work/paths"
    stray=$(cd tree && find . ! -type d | sed 's/^\.//' | sort | comm -13 "$work/paths" -)
    [ -z "$stray" ] || fail "the tree holds what was not compiled: $stray" "$again"
    cd / || exit
}

# A tree that can become what the site says.
examine() {
    [ "$root" != / ] || fail 'this machine runs from /' 'paste the user-data instead, or name a tree'
    [ -f "$root/etc/os-release" ] || fail "$root holds no Debian" "debootstrap $suite $root"
    name=$(sed -n 's/^VERSION_CODENAME=//p' "$root/etc/os-release")
    [ "$name" = "$suite" ] || fail "$root holds $name, not $suite" "debootstrap $suite $root"
    arch=$(chroot "$root" dpkg --print-architecture)
    [ "$arch" = amd64 ] || fail "$root is for $arch, not amd64" "debootstrap --arch amd64 $suite $root"
}

# What programs expect around them, for as long as this namespace lasts: nothing of it stays in the tree.
surround() {
    mount -t tmpfs tmpfs "$root/run"
    mkdir -p "$root/run/bake" "$root/run/homeseed" "$root/run/lock"
    [ -e "$root/proc/self" ] || mount -t proc proc "$root/proc"
    [ -c "$root/dev/urandom" ] || mount --rbind /dev "$root/dev"
    names=$(chroot "$root" readlink -m /etc/resolv.conf)
    mkdir -p "$root${names%/*}"
    [ -e "$root$names" ] || { : >"$root$names" && made="$root$names"; }
    mount --bind /etc/resolv.conf "$root$names"
    # A service whose package asks for a start is refused; there may be such a rule already.
    rule=$root/usr/sbin/policy-rc.d
    [ -e "$rule" ] || { printf '#!/bin/sh\nexit 101\n' >"$rule" && chmod 755 "$rule" && ruled=$rule; }
    : >"$root/run/bake/apt.conf"
    # A bare tree trusts no web server yet. What comes from there is accepted by its pinned key alone.
    if [ -s /etc/ssl/certs/ca-certificates.crt ]; then
        cp /etc/ssl/certs/ca-certificates.crt "$root/run/bake/authorities.crt"
        echo 'Acquire::https::CaInfo "/run/bake/authorities.crt";' >"$root/run/bake/apt.conf"
    fi
}

tidy() {
    [ -z "$made" ] || { umount "$made" && rm -f "$made"; }
    [ -z "$ruled" ] || rm -f "$ruled"
    rm -rf "$work"
}

# Runs a line of shell in the tree, with the verbs of the convergence.
inside() {
    SYSTEMD_OFFLINE=1 APT_CONFIG=/run/bake/apt.conf DEBIAN_FRONTEND=noninteractive HOME=/root \
        PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot "$root" sh -eu -c ". /usr/lib/homeseed/lib.sh; $1"
}

deliver() {
    home=$root/usr/lib/homeseed
    rm -rf "$home/new"
    while read -r _ mode _ path; do
        mkdir -p "$home/new${path%/*}"
        install -m "$mode" "$overlay/tree$path" "$home/new$path"
    done <"$overlay/inventory"
    install -m 0644 "$overlay/inventory" "$home/new/inventory"
    if ! diff -r "$home/new" "$home/payload" >/dev/null 2>&1; then
        rm -rf "$home/payload"
        mv "$home/new" "$home/payload"
    fi
    rm -rf "$home/new"
    cp -a --remove-destination "$home/payload/usr/lib/homeseed/." "$home/payload/inventory" "$home/"
    mkdir -p "$root/var/lib/homeseed"
}

install_packages() {
    # From the tree's own archives: nothing of ours is placed yet, and the further one has no key.
    lacking=''
    for package in $presumed; do
        inside "dpkg-query -Wf '\${db:Status-Status}' $package" 2>/dev/null | grep -qx installed || lacking="$lacking $package"
    done
    [ -z "$lacking" ] || inside "apt_get update; apt_get -o APT::Install-Recommends=false install $lacking" >&2
    inside place
    for step in $steps; do inside "$step" >&2; done
    inside 'apt-get clean'
}

# Nothing starts before it is configured: the convergence enables each unit when its step is done.
calm() {
    inside 'for unit in $(cat $home/units); do
        ! systemctl is-enabled --quiet "$unit" 2>/dev/null || systemctl disable --quiet "$unit"
    done'
}

arm() {
    inside 'systemctl enable --quiet homeseed.service homeseed.timer; echo "$HOST" >/etc/hostname'
}

# Leaves the packages, as Debian configured them, and nothing that a site says.
strip() {
    sed 's|.* /|/|' "$overlay/inventory" | while read -r path; do rm -f "$root$path"; done
    rm -rf "$root/usr/lib/homeseed" "$root/etc/homeseed" "$root/var/lib/homeseed"
}

forget() {
    for pattern in $personal; do
        # shellcheck disable=SC2086 # patterns
        (cd "$root" && rm -rf ./$pattern)
    done
    # What was answered before.
    rm -f "$root"/var/cache/debconf/*-old
    # Links to them by hash.
    [ ! -d "$root/etc/ssl/certs" ] || find "$root/etc/ssl/certs" -xtype l -delete
    : >"$root/etc/machine-id"
    rm -f "$root/var/lib/dbus/machine-id"
    # Not everywhere is there a cloud-init to make it.
    cat >"$root/etc/systemd/system/ssh-host-key.service" <<'END'
[Unit]
Description=SSH host key of this machine
After=cloud-init.service
Before=ssh.service
ConditionPathExists=!/etc/ssh/ssh_host_ed25519_key

[Service]
Type=oneshot
ExecStart=/usr/bin/ssh-keygen -q -t ed25519 -N "" -f /etc/ssh/ssh_host_ed25519_key

[Install]
WantedBy=ssh.service
END
    SYSTEMD_OFFLINE=1 chroot "$root" systemctl enable --quiet ssh-host-key.service
}

[ -d "${1-}" ] || fail 'one folder is wanted, with a Debian tree' "debootstrap $suite root && $0 root"
overlay=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$1" && pwd -P)
work=$(mktemp -d) made='' ruled=''
trap tidy EXIT
trap 'exit 1' INT TERM HUP
verify
[ "$(id -u)" = 0 ] || fail 'this needs root' "sudo $0 $1"
# Mounts of our own, which end with us.
if [ "${BAKE-}" != inside ]; then
    BAKE=inside unshare --mount "$0" "$1"
    exit
fi
examine
surround
deliver
install_packages
calm
if [ "$generic" = yes ]; then strip; else arm; fi
forget
