#!/usr/bin/env python3
"""Makes another version of the package of Synapse: variant.py TREE VERSION KIND OUT

TREE is what `dpkg-deb -R` made of a package, and is again afterwards. The kinds:

good    nothing but the number is another
dead    it does not start
mute    it starts, and nobody gets what is new
rude    it brings a file that nginx does not take
open    it lets whoever comes register
moved   it moves the database to a schema that the version before does not understand
stuck   it does that, and then does not start
"""

import pathlib
import shutil
import subprocess
import sys

tree, version, kind, out = sys.argv[1:]
synapse = next(pathlib.Path(tree).glob("opt/venvs/matrix-synapse/lib/python3*/site-packages/synapse"))
undo = []


def unlist(file):
    """The package says no more what is in it: `dpkg --verify` is to find nothing wrong."""
    sums = pathlib.Path(tree) / "DEBIAN/md5sums"
    text = sums.read_text()
    undo.append(lambda: sums.write_text(text))
    sums.write_text("".join(line for line in text.splitlines(True) if not line.endswith(f"  {file.relative_to(tree)}\n")))


def replace(file, old, new):
    """Once, in a file of the tree."""
    text = file.read_text()
    assert text.count(old) == 1, f"{file}: {old!r} stands {text.count(old)} times"
    undo.append(lambda: file.write_text(text))
    file.write_text(text.replace(old, new))
    unlist(file)
    # What was compiled from it.
    for compiled in (file.parent / "__pycache__").glob(f"{file.stem}.*.pyc"):
        undo.append(lambda file=compiled, kept=compiled.read_bytes(): file.write_bytes(kept))
        compiled.unlink()
        unlist(compiled)


control = pathlib.Path(tree) / "DEBIAN/control"
was = next(line for line in control.read_text().splitlines() if line.startswith("Version: "))
replace(control, was, f"Version: {version}+bookworm1")
if kind == "dead":
    replace(synapse / "app/homeserver.py", "\nimport logging\n", "\nraise SystemExit(1)\nimport logging\n")
if kind == "mute":
    old = "    async def on_GET(self, request: SynapseRequest) -> tuple[int, JsonDict]:\n        # This will always be set"
    replace(synapse / "rest/client/sync.py", old, old.replace("\n", "\n        raise RuntimeError\n", 1))
if kind == "rude":
    folder = pathlib.Path(tree) / "etc/nginx/conf.d"
    folder.mkdir(parents=True)
    (folder / "synapse.conf").write_text("synapse on;\n")
    undo.append(lambda: shutil.rmtree(folder.parent))
if kind == "open":
    old = "(everyone else)\n        if not self._registration_enabled:"
    replace(synapse / "rest/client/register.py", old, "(everyone else)\n        if False:")
if kind in ("moved", "stuck"):
    schema = synapse / "storage/schema/__init__.py"
    now = int(schema.read_text().split("\nSCHEMA_VERSION = ")[1].split()[0])
    replace(schema, f"\nSCHEMA_VERSION = {now} ", f"\nSCHEMA_VERSION = {now + 1} ")
    replace(schema, "\nSCHEMA_COMPAT_VERSION = (", f"\nSCHEMA_COMPAT_VERSION = {now + 1}\n_ = (")
    delta = synapse / f"storage/schema/main/delta/{now + 1}"
    delta.mkdir()
    (delta / "01_moved.sql").write_text("CREATE TABLE moved (at BIGINT);\n")
    undo.append(lambda: ((delta / "01_moved.sql").unlink(), delta.rmdir()))
if kind == "stuck":
    replace(synapse / "app/homeserver.py", "            setup(hs)\n", "            setup(hs)\n            sys.exit(1)\n")
try:
    subprocess.run(["dpkg-deb", "--root-owner-group", "-Znone", "--build", tree, out], check=True, stdout=subprocess.DEVNULL)
finally:
    for step in reversed(undo):
        step()
