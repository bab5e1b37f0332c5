#!/usr/bin/env python3
"""Which ports of TCP are open at an address, seen from here: all 65535 are asked.

    scan.py ADDRESS...

A line for each address. Whoever has said nothing after two seconds, in which it was asked twice, is taken for closed.
"""

import errno
import resource
import select
import socket
import sys
import time

PATIENCE = 2
# As many as this process may have open, beside its own files.
LIMIT = min(resource.getrlimit(resource.RLIMIT_NOFILE)[1], 32768)
AT_ONCE = LIMIT - 50


def answering(places):
    """Those of the addresses and ports at which somebody accepts."""
    waiting, poll, found = {}, select.epoll(), []
    for place in places:
        it = socket.socket(socket.AF_INET6 if ":" in place[0] else socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        status = it.connect_ex(place)
        if status not in (0, errno.EINPROGRESS, errno.ECONNREFUSED):
            raise SystemExit("%s %d: %s" % (*place, errno.errorcode[status]))
        waiting[it.fileno()] = it, place
        poll.register(it, select.EPOLLOUT | select.EPOLLONESHOT)
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        for number, _ in poll.poll(0.1, AT_ONCE):
            it, place = waiting.pop(number)
            if it.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0:
                found.append(place)
            it.close()
    return found


def main():
    resource.setrlimit(resource.RLIMIT_NOFILE, (LIMIT, LIMIT))
    places = [(address, port) for address in sys.argv[1:] for port in range(1, 65536)]
    found = []
    for first in range(0, len(places), AT_ONCE):
        found += answering(places[first:first + AT_ONCE])
    for address in sys.argv[1:]:
        print(address, *sorted(port for it, port in found if it == address))


main()
