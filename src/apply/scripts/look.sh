# Prints what is in force on the machine: a line `NAME VALUE` for each fact of it, and what it is not fit for.
home=/usr/lib/homeseed state=/var/lib/homeseed
[ -f "$home/inventory" ] || fail 'it is no machine of homeseed'
from=$home/payload
[ ! -d "$from/applied" ] || from=$from/applied
echo "digest $(sha256sum <"$home/inventory" | cut -c-64)"
echo "suite $(. /etc/os-release && echo "$VERSION_CODENAME")"
echo "room $(df --output=avail -BM "$state" | tr -dc 0-9)"
echo "status $(cat /run/homeseed/status 2>/dev/null)"
(
    . "$from/etc/homeseed/site.env"
    echo "host $HOST"
    for name in $NAMES; do echo "name $name"; done
    for port in ${TCP_PORTS-}; do echo "port $port"; done
    for port in ${UDP_PORTS-}; do echo "port $port/udp"; done
)
for file in "$state"/born/*; do [ ! -s "$file" ] || echo "born ${file##*/} $(cat "$file")"; done
sed 's/^/package /' $home/packages
sed 's/^/unit /' $home/units
(cd / && sed 's| .* /|  |' "$home/inventory" | sha256sum --check --quiet 2>/dev/null | sed -n 's|\(.*\): FAILED$|edited /\1|p; s|\(.*\): FAILED .*|removed /\1|p')
# What its last look in this boot found.
sed -n 's/^not ok [0-9]* - /fails /p' /run/homeseed/tap 2>/dev/null || :
dpkg --audit | sed -n '1s/^/broken /p'
lock=$(stat -c %i /var/lib/dpkg/lock-frontend 2>/dev/null) || lock=none
! grep -q ":$lock " /proc/locks || echo 'locked yes'
[ ! -e "$state/trial" ] || echo "trial $(cat "$state/trial/digest")"
# The document at the provider brings its own payload back at the next boot if that knows nothing of another.
grep -qs applied "$home/payload$home/lib.sh" || echo 'undone yes'
# The key with which root has logged in, in this connection, if it lets in because the payload brings it.
# shellcheck disable=SC2086 # its words
set -- ${SSH_CONNECTION-}
[ $# = 0 ] || key=$(journalctl -q -b -o cat -u ssh --since -10min --grep "^Accepted publickey for root from $1 port $2 " |
    sed -n '$s/.* \(SHA256:[^ ]*\).*/\1/p')
lets_in() { ssh-keygen -lf "$1" 2>/dev/null | grep -qF " $key "; }
[ -z "${key-}" ] || ! lets_in /etc/ssh/authorized_keys.d/root || lets_in /root/.ssh/authorized_keys || echo "key $key"
