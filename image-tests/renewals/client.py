"""A client of a homeserver that never rests: client.py HOST ADDRESS... FOLDER

Five times a second it greets one of the addresses by TLS, as one who has never been there, and once a second it asks for
the versions of the client API. FOLDER has `root`, whom it trusts, and gets `handshakes` and `requests`, a line for each:
when it began, how many seconds it took, and the serial of the certificate or the status; or `-`, and what was wrong.
`handshakes-begun` and `requests-begun` have those, too, that hang. `pid` ends it.
"""

import http.client
import itertools
import os
import socket
import ssl
import sys
import threading
import time

host, addresses, folder = sys.argv[1], sys.argv[2:-1], sys.argv[-1]
trust = ssl.create_default_context(cafile=folder + '/root')


def reach(address):
    plain = socket.create_connection((address, 443), timeout=30)
    try:
        return trust.wrap_socket(plain, server_hostname=host)
    except BaseException:
        plain.close()
        raise


def greet(address):
    with reach(address) as secure:
        return secure.getpeercert()['serialNumber']


def ask(address):
    with reach(address) as secure:
        client = http.client.HTTPSConnection(host)
        client.sock = secure
        client.request('GET', '/_matrix/client/versions')
        answer = client.getresponse()
        answer.read()
        if answer.status != 200:
            raise OSError('status %d' % answer.status)
        return answer.status


def note(log, began, act, address):
    try:
        said = act(address)
    except (OSError, http.client.HTTPException) as error:
        said = '- %s %s' % (address, error or type(error).__name__)
    log.write('%.1f %.1f %s\n' % (began, time.time() - began, said))
    log.flush()


def repeat(name, act, pause):
    log, begun, due = open(folder + '/' + name, 'a'), open(folder + '/' + name + '-begun', 'a'), time.time()
    for address in itertools.cycle(addresses):
        now = time.time()
        begun.write('%.1f\n' % now)
        begun.flush()
        # One that hangs keeps none of the next ones waiting.
        threading.Thread(target=note, args=(log, now, act, address), daemon=True).start()
        due = max(due + pause, time.time())
        time.sleep(due - time.time() if due > time.time() else 0)


threading.Thread(target=repeat, args=('handshakes', greet, 0.2), daemon=True).start()
with open(folder + '/pid', 'w') as pid:
    pid.write('%d\n' % os.getpid())
repeat('requests', ask, 1)
