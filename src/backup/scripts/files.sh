# An archive of small files and folders: the arguments, as far as they are there.
for path in "$@"; do
    shift
    [ ! -e "$path" ] || set -- "$@" "${path#/}"
done
tar -C / -c "$@"
