# shellcheck shell=sh disable=SC2154
# runs in: container
# starts from: packages
# Each thing that a machine can be and must not is refused in one sentence, before anything is changed.
says() { state | grep -F "$1"; }
refused() { # TITLE SENTENCE
    guest 'systemctl restart --no-block homeseed'
    holds "$1 is refused" until_holds 120 says "$2"
}

boot
ready 1500
guest 'systemctl stop homeseed.timer; mkdir -p /run/was'
changed=$(guest 'find /etc /usr -xdev -newer /run/homeseed/tap -type f | wc -l')

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

holds 'nothing was changed meanwhile' [ "$(guest 'find /etc /usr -xdev -newer /run/homeseed/tap -type f | wc -l')" = "$changed" ]

# ---- what may be there before anything was placed: this machine is made to look so ----
guest 'set -e
    systemctl stop homeseed.timer homeseed
    systemctl disable --quiet --now nginx postgresql matrix-synapse
    cd /var/lib && mkdir away && mv homeseed/placed postgresql /etc/matrix-synapse/homeserver.signing.key away/ && mkdir postgresql'
nothing_was_placed() { guest '[ ! -e /var/lib/homeseed/placed ]'; }
for unit in apache2 docker firewalld nginx ufw; do
    guest "touch /etc/systemd/system/multi-user.target.wants/$unit.service"
    refused "a machine with $unit" "has $unit.service already: use a new machine, or remove that first"
    guest "rm /etc/systemd/system/multi-user.target.wants/$unit.service"
done
guest 'mkdir -p /var/lib/postgresql/13/main'
refused 'a machine with a database' 'has /var/lib/postgresql/13/main already'
guest 'rm -r /var/lib/postgresql/13; touch /etc/matrix-synapse/other.signing.key'
refused 'a machine with a homeserver' 'has /etc/matrix-synapse/other.signing.key already'
guest 'rm /etc/matrix-synapse/other.signing.key; systemd-run -q --unit=other python3 -m http.server 25; until ss -Hltn | grep -q :25; do sleep 0.1; done'
refused 'a machine with a mail server' 'has python3 at 0.0.0.0:25 already'
guest 'systemctl stop other; systemd-run -q --unit=other python3 -m http.server 8008 --bind 127.0.0.1; until ss -Hltn | grep -q :8008; do sleep 0.1; done'
refused 'a machine with something where Synapse will be' 'has python3 at 127.0.0.1:8008 already'
guest 'systemctl stop other'
holds 'nothing was placed meanwhile' nothing_was_placed
guest 'set -e
    rmdir /var/lib/postgresql
    cd /var/lib/away && mv postgresql /var/lib/ && mv homeserver.signing.key /etc/matrix-synapse/ && mv placed /var/lib/homeseed/'
guest 'rm -f /run/homeseed/verdict; systemctl restart --no-block homeseed'
ready 600
