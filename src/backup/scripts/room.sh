# Prints how many bytes the disk has left.
df --output=avail -B1 /var/lib | tail -n 1
