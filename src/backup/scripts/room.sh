# Prints how many bytes the disk has left, if the machine waits: the argument is the file that brings it to life.
[ -z "$1" ] || [ ! -e "$1" ] || fail "this machine does not wait for a backup: it has $1 already"
df --output=avail -B1 /var/lib | tail -n 1
