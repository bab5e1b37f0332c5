#!/bin/sh
# Makes the book: the pages of docs/, and those that lie beside what they are about. Then looks at every link in it.
set -eu
mdbook=$1
source=target/book-source
rm -rf target/book "$source"
cp -r docs "$source"
mkdir "$source/layers"
# From layers/X/README.md to layers/X.md, and every link with it.
for page in layers/*/README.md image-tests/README.md; do
    sed 's|](../../docs/|](../|g' "$page" >"$source/${page%/README.md}.md"
done
cp CHANGELOG.md "$source/"
sed -i -e 's|](\.\./\([^)#]*\)/README\.md|](\1.md|g' -e 's|](\.\./CHANGELOG|](CHANGELOG|' "$source"/*.md
"$mdbook" build --dest-dir "$PWD/target/book" "$source" 2>target/book.log || { cat target/book.log; exit 1; }
exec python3 tests/book.py target/book
