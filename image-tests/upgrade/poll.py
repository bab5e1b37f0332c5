#!/usr/bin/env python3
"""Asks once a second whether a homeserver serves its clients, until a file is there: poll.py URL STOP. Then it prints for how
many seconds at most, in one piece, it did not."""

import os
import sys
import time
import urllib.request

url, stop = sys.argv[1:]
longest, since = 0.0, None
while not os.path.exists(stop):
    begun = time.monotonic()
    try:
        with urllib.request.urlopen(url, timeout=5) as reply:
            reply.read()
        since = None
    except OSError:
        since = since or begun
        longest = max(longest, time.monotonic() - since)
    time.sleep(max(0, begun + 1 - time.monotonic()))
print(round(longest))
