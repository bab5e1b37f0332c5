# The payload in force, as an archive.
from=/usr/lib/homeseed/payload
[ ! -d "$from/applied" ] || from=$from/applied
tar -C "$from" -c --exclude=./applied .
