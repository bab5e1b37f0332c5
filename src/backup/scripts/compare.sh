# Compares the files of a tree with the digests in standard input. The argument is the root.
cd "$1" || exit
sha256sum --check --quiet --strict
