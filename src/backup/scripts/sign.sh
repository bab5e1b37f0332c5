# Signs standard input. The argument is what the signature is for.
ssh-keygen -q -Y sign -n "$1" -f /var/lib/homeseed/backup_key
