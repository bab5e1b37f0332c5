#!/bin/sh
# Reads files of a machine with the programs that they are for: read_tree.sh PATH...
set -eu
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C

certificate() {
    mkdir -p /var/lib/homeseed/tls/current
    cd /var/lib/homeseed/tls/current
    [ -e fullchain.pem ] || openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
        -subj /CN=x -keyout privkey.pem -out fullchain.pem 2>/dev/null
    cd /
}

nginx_accepts() {
    certificate
    rm -f /etc/nginx/sites-enabled/*
    nginx -t -q
}

sshd_accepts() {
    mkdir -p /run/sshd
    [ -e /etc/ssh/ssh_host_ed25519_key ] || ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key
    sshd -t
}

unit_accepted() { # NAME, which may be a stub where only a drop-in is ours
    [ -e "/etc/systemd/system/$1" ] || [ -e "/lib/systemd/system/$1" ] ||
        printf '[Service]\nExecStart=/bin/true\n' >"/etc/systemd/system/$1"
    said=$(systemd-analyze verify --man=no --recursive-errors=no "$1" 2>&1) || :
    # What it calls is on the real machine.
    said=$(printf '%s\n' "$said" | grep -F "$1" | grep -v 'is not executable\|not found' || :)
    [ -z "$said" ] || { echo "$said"; return 1; }
}

yaml_accepts() {
    python3 -c 'import sys, yaml; assert isinstance(yaml.safe_load(open(sys.argv[1])), dict)' "$1"
}

json_accepts() {
    python3 -c 'import json, sys; json.load(open(sys.argv[1]))' "$1"
}

quiet() { # COMMAND...: no complaint, and status 0
    complaint=$("$@" 2>&1 >/dev/null) || { echo "$complaint"; return 1; }
    [ -z "$complaint" ] || { echo "$complaint"; return 1; }
}

# modprobe.d(5): what modprobe, where it is not there to be asked, takes of the commands that we use.
modprobe_accepts() { ! grep -vxE 'install [a-z0-9-]+ /bin/false' "$1"; }

# In the words of system.conf(5), where each key stands as a comment with its default.
systemd_accepts() {
    sed -n 's/^\([A-Za-z]*\)=.*/#\1=/p' "$1" >/tmp/keys
    [ -s /tmp/keys ] && ! sed 's/=.*/=/' /etc/systemd/system.conf | grep -oxFf /tmp/keys | sort -u | grep -vxFf - /tmp/keys
}

# coredump.conf(5), whose program is not on the machine.
coredump_accepts() { ! grep -vxE '\[Coredump\]|(Storage=none|ProcessSizeMax=0)' "$1"; }

limits_accepted() { [ "$(runuser -u nobody -- sh -c 'ulimit -Hc')" = 0 ]; }

accepted() { # PATH
    case $1 in
    /etc/nginx/*) nginx_accepts ;;
    /etc/ssh/sshd_config.d/*) sshd_accepts ;;
    /etc/ssh/authorized_keys.d/*) ssh-keygen -l -f "$1" >/dev/null ;;
    /etc/modprobe.d/*) modprobe_accepts "$1" ;;
    /etc/security/limits.d/*) limits_accepted ;;
    /etc/systemd/system.conf.d/*) systemd_accepts "$1" ;;
    /etc/systemd/coredump.conf.d/*) coredump_accepts "$1" ;;
    /etc/sudoers.d/*) visudo -c -q -f "$1" ;;
    /etc/nftables.conf) nft -c -f "$1" ;;
    /etc/apt/apt.conf.d/*) quiet apt-config dump ;;
    /etc/apt/sources.list.d/*) quiet apt-get indextargets -o Dir::Etc::sourcelist="$1" -o Dir::Etc::sourceparts=/none ;;
    /etc/apt/preferences.d/*) quiet apt-cache policy ;;
    */debconf/*) debconf-set-selections -c "$1" ;;
    *.service.d/*.conf)
        unit=${1%.d/*}
        unit_accepted "${unit##*/}"
        ;;
    *.service | *.timer | *.path) unit_accepted "${1##*/}" ;;
    *.yaml) yaml_accepts "$1" ;;
    *.json | */.well-known/*) json_accepts "$1" ;;
    *.pem) openssl x509 -in "$1" -noout 2>/dev/null || grep -q '^-----BEGIN CERTIFICATE-----$' "$1" ;;
    *.env | *.sh | */steps/* | */verbs/* | */report/*) sh -n "$1" ;;
    *)
        echo 'no program is known that reads it'
        return 1
        ;;
    esac
}

status=0
for path; do
    said=$(accepted "$path" 2>&1) || { status=1; printf '%s: %s\n' "$path" "$said"; }
done
exit "$status"
