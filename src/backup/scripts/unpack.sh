# Unpacks an archive from standard input into folders of a tree. The arguments are the root, its owner, and the folders.
umask 077
root=$1 owner=$2
shift 2
install -d -o "${owner%:*}" -g "${owner#*:}" -m 0755 "$root"
tar -C "$root" -x
cd "$root" || exit
for folder in "$@"; do
    [ ! -d "$folder" ] || chown -R "$owner" "$folder"
done
sync
