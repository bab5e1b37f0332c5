#!/usr/bin/env python3
"""Writes a release of the page beside it, as Ketesa's are: a tar with one top folder, in gzip.

    tarball.py VERSION >FILE

The same bytes everywhere, since sites name them by their SHA-256: nothing is compressed.
"""

import io
import os
import struct
import sys
import tarfile
import zlib

BLOCK = 65535


def gzipped(data):
    """RFC 1952 around the blocks of RFC 1951, 3.2.4."""
    blocks = [data[at:at + BLOCK] for at in range(0, len(data), BLOCK)]
    out = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
    for n, block in enumerate(blocks, 1):
        out += struct.pack("<BHH", n == len(blocks), len(block), len(block) ^ 0xFFFF) + block
    return out + struct.pack("<II", zlib.crc32(data), len(data))


def release(folder, version):
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name in [""] + sorted(os.listdir(folder)):
            entry = tarfile.TarInfo(("panel/" + name).rstrip("/"))
            # Somebody else's on the computer that made it.
            entry.uid = entry.gid = 1001
            if not name:
                entry.type, entry.mode = tarfile.DIRTYPE, 0o755
                tar.addfile(entry)
                continue
            with open(os.path.join(folder, name), "rb") as file:
                text = file.read().replace(b"@VERSION@", version.encode())
            entry.size, entry.mode = len(text), 0o664
            tar.addfile(entry, io.BytesIO(text))
    return gzipped(held.getvalue())


def main():
    page = os.path.join(os.path.dirname(os.path.abspath(__file__)), "page")
    sys.stdout.buffer.write(release(page, sys.argv[1]))


main()
