# shellcheck shell=sh disable=SC2034,SC1090
# What the convergence and its steps share.
home=/usr/lib/homeseed
state=/var/lib/homeseed
delivered=$home/payload/etc/homeseed/site.env
[ -f "$delivered" ] || delivered=/etc/homeseed/site.env
. "$delivered"

# The step cannot go on until somebody outside does something: says what, and gives way.
waiting() {
    printf '%s\n' "$*" >/run/homeseed/sentence
    exit 75
}

# Writes standard input to FILE, whole or not at all. Sets `changed` to yes or no.
write() { # FILE MODE OWNER:GROUP
    (umask 077; cat >"$1.homeseed")
    chmod "$2" "$1.homeseed"
    chown "$3" "$1.homeseed"
    changed=yes
    ! cmp -s "$1.homeseed" "$1" || changed=no
    sync "$1.homeseed"
    mv "$1.homeseed" "$1"
}

# A secret that this machine alone knows: made once, never again.
secret() { # FILE MODE OWNER:GROUP
    [ -s "$1" ] || head -c 32 /dev/urandom | base64 | tr -d '=\n' | tr +/ xy | write "$1" "$2" "$3"
    chmod "$2" "$1"
    chown "$3" "$1"
}

# A fact that this machine is born with: recorded once, contradicted never.
born() { # NAME VALUE
    mkdir -p "$state/born"
    [ -s "$state/born/$1" ] || echo "$2" | write "$state/born/$1" 0644 root:root
    grep -qFx "$2" "$state/born/$1" || { echo "$1 is $(cat "$state/born/$1") for life"; return 1; }
}

# Lays every planned file, and removes those that were planned once. An owner that does not exist yet is root until it does.
place() {
    [ -d "$home/payload" ] || return 0
    while read -r _ mode owner _ path; do
        case $owner in root:root) ;; *) getent group "${owner#*:}" >/dev/null || owner=root:root ;; esac
        [ -d "${path%/*}" ] || mkdir -p "${path%/*}"
        install -m "$mode" -o "${owner%:*}" -g "${owner#*:}" "$home/payload$path" "$path.homeseed"
    done <"$home/inventory"
    sync
    while read -r _ _ _ _ path; do mv "$path.homeseed" "$path"; done <"$home/inventory"
    sed 's/.* //' "$state/placed" 2>/dev/null | while read -r path; do
        grep -q " $path$" "$home/inventory" || rm -f "$path"
    done
    cp "$home/inventory" "$state/placed"
}

# apt, patient: waits for other users of the package database, mends what a power cut broke.
apt_get() {
    export DEBIAN_FRONTEND=noninteractive APT_LISTCHANGES_FRONTEND=none
    # It complains when dpkg was interrupted, and unlike dpkg it waits for the lock.
    apt-get -qq -o DPkg::Lock::Timeout=900 check || dpkg --force-confold --configure -a
    apt-get -qq -o DPkg::Lock::Timeout=900 -o Dpkg::Use-Pty=0 \
        -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$@"
}
