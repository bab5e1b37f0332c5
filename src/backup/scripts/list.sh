# What lies in some folders of a tree: path, seconds since 1970 and bytes, with dots between. The arguments are the root and
# the folders.
cd "$1" || exit
shift
for folder in "$@"; do
    [ ! -d "$folder" ] || find "$folder" -type f -printf '%p.%Ts.%s\n'
done
