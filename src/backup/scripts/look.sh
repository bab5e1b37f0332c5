# Who the machine is, in lines of a name and a value. The arguments are the names of its packages.
[ -e /usr/lib/homeseed/lib.sh ] || fail 'this machine was not made by homeseed'
. /usr/lib/homeseed/lib.sh
echo "server_name $SERVER_NAME"
echo "host $HOST"
echo "suite $SUITE"
echo "payload $(sha256sum <"$home/inventory" | cut -c1-64)"
# With this key it signs its backups. No backup holds it: another machine is another one.
key=$state/backup_key
[ -s "$key" ] || {
    rm -f "$key" "$key.pub"
    ssh-keygen -qt ed25519 -N '' -C "$HOST" -f "$key"
    sync "$key" "$key.pub" "$state"
}
echo "machine $(cut -d' ' -f1,2 "$key.pub")"
for fact in "$state"/born/*; do
    [ ! -s "$fact" ] || echo "born ${fact##*/} $(cat "$fact")"
done
dpkg-query -W -f 'package ${Package} ${Version}\n' "$@"
