#!/bin/sh
# Makes the book: the pages of docs/, and those that lie beside what they are about. Then looks at every link in it.
set -eu
mdbook=$1
source=target/book-source
rm -rf target/book "$source"
cp -r docs "$source"
mkdir -p "$source/layers" "$source/examples/layers"
# From layers/X/README.md to layers/X.md, and every link with it.
for page in layers/*/README.md examples/layers/*/README.md image-tests/README.md; do
    sed -e 's|](../../../docs/|](../../|g' -e 's|](../../docs/|](../|g' -e 's|](../docs/|](|g' -e 's|](../\([^/)]*/README\)|](\1|g' "$page" >"$source/${page%/README.md}.md"
done
cp CHANGELOG.md "$source/"
sed -i -e 's|](\.\./CHANGELOG|](CHANGELOG|' -e 's|](\.\./\([^)]*/README\.md\)|](\1|g' "$source"/*.md
find "$source" -name '*.md' -exec sed -i 's|/README\.md|.md|g' {} +
"$mdbook" build --dest-dir "$PWD/target/book" "$source" 2>target/book.log || { cat target/book.log; exit 1; }
exec python3 tests/book.py target/book
