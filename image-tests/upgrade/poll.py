#!/usr/bin/env python3
"""Lets a user's client write something once a second, until a file is there: poll.py URL TOKEN STOP, where TOKEN is the file
that has the access token. Then it prints for how many seconds at most, in one piece, that was in vain."""

import json
import os
import pathlib
import sys
import time
import urllib.request

url, token, stop = sys.argv[1:]
headers = {"Authorization": "Bearer " + pathlib.Path(token).read_text().strip()}
longest, since = 0.0, None
while not os.path.exists(stop):
    begun = time.monotonic()
    try:
        data = json.dumps({"at": time.time()}).encode()
        with urllib.request.urlopen(urllib.request.Request(url, data, headers, method="PUT"), timeout=5) as reply:
            reply.read()
        since = None
    except OSError:
        since = since or begun
        longest = max(longest, time.monotonic() - since)
    time.sleep(max(0, begun + 1 - time.monotonic()))
print(round(longest))
