"""Reads the book as it was built: every link in it leads to a page and a place that exist."""

import html.parser
import os
import pathlib
import sys
import urllib.parse

BOOK = pathlib.Path(sys.argv[1])


class Page(html.parser.HTMLParser):
    """The links of a page, and the places in it that links can lead to."""

    def __init__(self, path):
        super().__init__()
        self.links, self.places = [], set()
        self.feed(path.read_text())

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.places.update(value for name, value in attrs.items() if name in ("id", "name"))
        if tag in ("a", "img", "link", "script"):
            self.links.extend(attrs[name] for name in ("href", "src") if attrs.get(name))


pages = {path.relative_to(BOOK): Page(path) for path in BOOK.rglob("*.html")}
dead, seen = [], 0
for name, page in sorted(pages.items()):
    # The one page that stands for every address has links from the root.
    for link in page.links if name.name != "404.html" else ():
        parts = urllib.parse.urlsplit(link)
        if parts.scheme or parts.netloc:
            continue
        seen += 1
        path = urllib.parse.unquote(parts.path) or name.name
        target = pathlib.Path(os.path.normpath(name.parent / path))
        if not (BOOK / target).is_file():
            dead.append(f"{name}: {link}: there is no such page")
        elif parts.fragment and target in pages:
            if urllib.parse.unquote(parts.fragment) not in pages[target].places:
                dead.append(f"{name}: {link}: there is no such place in {target}")
print("\n".join(dead) or f"ok: {seen} links in {len(pages)} pages lead somewhere")
sys.exit(bool(dead) or seen < 100)
