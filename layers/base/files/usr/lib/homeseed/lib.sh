# shellcheck shell=sh disable=SC2034,SC1091
# What the convergence and its steps share.
home=/usr/lib/homeseed
state=/var/lib/homeseed
# What is in force: what the document brought, or what was applied over it.
from=$home/payload
[ ! -d $from/applied ] || from=$from/applied
. "$from/etc/homeseed/site.env"

# Megabytes that the disk has left.
space() { df --output=avail -BM "$state" | tr -dc 0-9; }

# The step cannot go on until somebody outside does something: says what, and gives way.
waiting() {
    printf '%s\n' "$*" >/run/homeseed/sentence
    exit 75
}

# Writes standard input to FILE, whole or not at all. Sets `changed` to yes or no.
write() { # FILE MODE OWNER:GROUP
    (umask 077; cat >"$1.homeseed") && sync "$1.homeseed" || return
    chmod "$2" "$1.homeseed"
    chown "$3" "$1.homeseed"
    changed=yes
    ! cmp -s "$1.homeseed" "$1" || changed=no
    mv "$1.homeseed" "$1"
}

# What is declared of a secret: sets layer, mode, owner, file and asks.
declared() { # NAME
    # shellcheck disable=SC2046
    set -- $(grep "^$1 " "$home/secrets")
    layer=$2 mode=$3 owner=$4 file=$5
    shift 5
    asks=$*
}

random() { head -c 32 /dev/urandom | base64 | tr -d '=\n' | tr +/ xy; }

# A secret that this machine alone knows: made once, never again, by COMMAND or at random.
made() { # NAME [COMMAND...]
    declared "$1"
    shift
    mkdir -p "${file%/*}"
    [ -s "$file" ] || "${@:-random}" | write "$file" "$mode" "$owner"
    chmod "$mode" "$file"
    chown "$owner" "$file"
    [ -s "$file" ]
}

# A fact that this machine is born with: recorded once. `converge` refuses a payload that contradicts it.
born() { # NAME
    mkdir -p "$state/born"
    [ -s "$state/born/$1" ] || sed -n "s/^$1 //p" "$home/born" | write "$state/born/$1" 0644 root:root
}

# Lines of LIST that were in force once, and are no longer planned.
gone() { # LIST
    grep -vxFf "$home/$1" "$state/$1" 2>/dev/null || true
}

# Lays every planned file. An owner that does not exist yet is root until it does.
place() {
    while read -r _ mode owner path; do
        getent group "${owner#*:}" >/dev/null || owner=root:root
        [ -d "${path%/*}" ] || mkdir -p "${path%/*}"
        install -m "$mode" -o "${owner%:*}" -g "${owner#*:}" "$from$path" "$path.homeseed"
    done <"$home/inventory"
    sync
    while read -r _ _ _ path; do mv "$path.homeseed" "$path"; done <"$home/inventory"
    leave
    cp "$home/inventory" "$state/placed"
    cp "$home/units" "$state/"
    cat "$home/packages" "$state/packages" 2>/dev/null | sort -u | write "$state/packages" 0644 root:root
}

# What is no longer planned goes: units stop, ports close, files are removed. Packages stay; the status names them.
leave() {
    files=$(sed 's/.* //' "$state/placed" 2>/dev/null | grep -vxF "$(cut -d' ' -f4 "$home/inventory")") || true
    units=$(gone units; echo "$files" | sed -n 's|^/etc/systemd/system/\([^/]*\)$|\1|p')
    [ -n "$files$units" ] || return 0
    for unit in $units; do systemctl disable --quiet --now "$unit" || true; done
    for hook in "$home"/leave/*; do "$hook" || true; done
    # A step that comes back is done again.
    echo "$files" | sed "p; s|^$home/steps/..-|$state/stamps/|" | xargs rm -f
    systemctl daemon-reload
}

# apt, patient: waits for other users of the package database, mends what a power cut broke.
apt_get() {
    export DEBIAN_FRONTEND=noninteractive APT_LISTCHANGES_FRONTEND=none
    # It complains when dpkg was interrupted, and unlike dpkg it waits for the lock.
    apt-get -qq -o DPkg::Lock::Timeout=900 check || dpkg --force-confold --configure -a || :
    # Seen once: an overloaded mirror that was waited for without end. What has arrived by then is not fetched again.
    timeout 2h apt-get -qq -o DPkg::Lock::Timeout=900 -o Dpkg::Use-Pty=0 \
        -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$@"
}
