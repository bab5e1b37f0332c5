# shellcheck shell=sh disable=SC2154
# runs in: container
# starts from: packages
# Each thing that a machine can be and must not is refused in one sentence, before anything is changed.
says() { state | grep -F "$1"; }
refused() { # TITLE SENTENCE
    guest 'systemctl restart --no-block homeseed'
    holds "$1 is refused" until_holds 60 says "$2"
}

boot
ready 1500
guest 'systemctl stop homeseed.timer; mkdir -p /run/was'
changed=$(guest 'find /etc /usr -xdev -newer /var/lib/homeseed/tap -type f | wc -l')

guest 'sed s/bookworm/trixie/ /etc/os-release >/run/was/os-release && mount --bind /run/was/os-release /etc/os-release'
refused 'another release' 'runs trixie, not bookworm: use a new machine'
guest 'umount /etc/os-release'

guest 'printf "#!/bin/sh\necho arm64\n" >/run/was/dpkg && chmod 755 /run/was/dpkg && mount --bind /run/was/dpkg /usr/bin/dpkg'
refused 'another architecture' 'is not amd64'
guest 'umount /usr/bin/dpkg'

guest 'echo "MemTotal: 524288 kB" >/run/was/meminfo && mount --bind /run/was/meminfo /proc/meminfo'
refused 'too little memory' 'has 512 MB of memory, not 1 GB'
guest 'umount /proc/meminfo'

guest 'echo example.com >/var/lib/homeseed/born/server_name'
refused 'another server name' 'server_name example.com for life, not example.org'
guest 'echo example.org >/var/lib/homeseed/born/server_name; echo bob >/var/lib/homeseed/born/admin'
refused 'another first user' 'admin bob for life, not admin'
guest 'echo admin >/var/lib/homeseed/born/admin'

holds 'nothing was changed meanwhile' [ "$(guest 'find /etc /usr -xdev -newer /var/lib/homeseed/tap -type f | wc -l')" = "$changed" ]
guest 'rm -f /run/homeseed/verdict; systemctl restart --no-block homeseed'
ready 600
