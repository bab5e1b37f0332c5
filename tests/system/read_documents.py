"""Reads {document, plan} pairs, one JSON a line; fails when PyYAML reads something else than was planned."""

import hashlib
import json
import lzma
import re
import sys

import yaml

DIGITS = {c: n for n, c in enumerate(c for c in range(33, 127) if chr(c) not in "\"'\\")}
QUICK = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
KEYS = {"ssh_genkeytypes", "bootcmd"}


def bytes_of(text, length):
    """The bytes of a number in base 91, eight digits at a time."""
    value = 0
    for at in range(0, len(text), 8):
        group = 0
        for c in text[at : at + 8]:
            group = group * 91 + DIGITS[c]
        value = value * 91 ** len(text[at : at + 8]) + group
    return value.to_bytes(length, "big")


def payload(script):
    """The here-documents of a script: {path: (mode, owner, contents)}."""
    packed = re.search(r">pack <<'\.'\n(.*?)\n\.\n", script, re.S)
    if packed:
        length = int(re.search(r"to_bytes\((\d+),", script).group(1))
        text = packed.group(1).replace("\n", "").encode("ascii")
        script = lzma.decompress(bytes_of(text, length)).decode("ascii")
    found, lines = {}, iter(script.split("\n"))
    for line in lines:
        head = re.fullmatch(r"f (\d{4}) (\S+) (\S+) <<'(\.+)'", line)
        if head:
            mode, owner, path, end = head.groups()
            body = "".join(text + "\n" for text in iter(lambda: next(lines), end))
            assert path not in found, path
            found[path] = (mode, owner, body)
    return found


def check(pair, number):
    document, plan = pair["document"], pair["plan"]
    read = yaml.load(document, QUICK)
    if number % 50 == 0:
        assert read == yaml.safe_load(document), "the two loaders of PyYAML disagree"
        assert read == yaml.load(document.replace("\n", "\r\n"), QUICK), "CRLF changes it"
    assert set(read) == KEYS, set(read)
    [script] = read["bootcmd"]
    files = payload(script)
    want = {
        it["path"]: (it["mode"], it["owner"] + ":" + it["group"], it["contents"])
        for it in plan["files"]
    }
    assert files == want, {path for path in {**files, **want} if files.get(path) != want.get(path)}
    lines = [
        "%s %s\n" % (hashlib.sha256(want[path][2].encode()).hexdigest(), " ".join(want[path][:2] + (path,)))
        for path in sorted(want)
    ]
    digest = hashlib.sha256("".join(lines).encode()).hexdigest()
    assert "\nwant=%s\n" % digest in script, "the digest is another"


for number, line in enumerate(sys.stdin):
    pair = json.loads(line)
    try:
        check(pair, number)
    except AssertionError as error:
        sys.exit("site %d: %s" % (pair["seed"], error))
