"""The load of a small community: everybody syncs, two messages a second are sent, files of 5 MB are uploaded, and a room of
another homeserver is joined. Prints a line for each measure: its name, how many, median, 95th percentile and maximum in
milliseconds, and errors.

usage: load.py HOST USERS PEER PEER_USER PEER_PASSWORD SECONDS    (USERS: a file of lines "user_id access_token")
"""

import collections
import http.client
import json
import os
import random
import ssl
import sys
import threading
import time
import urllib.parse

HOST, USERS, PEER, PEER_USER, PEER_PASSWORD, SECONDS = sys.argv[1:]
END = time.monotonic() + float(SECONDS)
UPLOADS = 20
ROOM_EVENTS = 200
# The authority is the test's own; what is measured is the server.
TLS = ssl._create_unverified_context()

took = collections.defaultdict(list)
failed = collections.Counter()
guard = threading.Lock()


class Client:
    """A client with a connection of its own."""

    def __init__(self, host, token=None):
        self.host, self.token, self.connection = host, token, None

    def ask(self, method, path, body=None, timeout=90):
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        for last in (False, True):
            fresh = self.connection is None
            if fresh:
                self.connection = http.client.HTTPSConnection(self.host, context=TLS, timeout=timeout)
            try:
                self.connection.request(method, path, data, headers)
                answer = self.connection.getresponse()
                text = answer.read()
                break
            except (http.client.HTTPException, OSError):
                self.connection = None
                # A kept connection may have been closed meanwhile.
                if fresh or last:
                    raise
        if answer.status != 200:
            raise RuntimeError(f"{method} {path}: {answer.status} {text[:200]}")
        return json.loads(text or b"{}")


def measured(name, work):
    begin = time.monotonic()
    try:
        result = work()
    except (RuntimeError, http.client.HTTPException, OSError) as error:
        with guard:
            failed[name] += 1
        print(name, error, file=sys.stderr)
        return None
    with guard:
        took[name].append(time.monotonic() - begin)
    return result


def sync(user, since):
    """Syncs until the end; how long each message was under way is what counts."""
    client = Client(HOST, user[1])
    while time.monotonic() < END:
        query = urllib.parse.urlencode({"timeout": 10000, "since": since})
        try:
            answer = client.ask("GET", f"/_matrix/client/v3/sync?{query}")
        except (RuntimeError, http.client.HTTPException, OSError) as error:
            with guard:
                failed["sync"] += 1
            print("sync", error, file=sys.stderr)
            time.sleep(1)
            continue
        since, now = answer["next_batch"], time.monotonic()
        for joined in answer.get("rooms", {}).get("join", {}).values():
            for event in joined["timeline"]["events"]:
                if sent := event.get("content", {}).get("sent"):
                    with guard:
                        took["sync"].append(now - sent / 1000)


def send(users, room):
    """Two messages a second, whatever the last ones took."""
    clients = [Client(HOST, token) for _, token in users]
    busy = [threading.Lock() for _ in users]

    def one(n):
        with busy[n % len(users)]:
            path = f"/_matrix/client/v3/rooms/{room}/send/m.room.message/{n}"
            body = {"msgtype": "m.text", "body": f"message {n}", "sent": round(time.monotonic() * 1000)}
            measured("send", lambda: clients[n % len(users)].ask("PUT", path, body))

    n = 0
    while time.monotonic() < END:
        threading.Thread(target=one, args=(n,), daemon=True).start()
        n += 1
        time.sleep(0.5)


def upload(user):
    client, data = Client(HOST, user[1]), os.urandom(5_000_000)
    for _ in range(UPLOADS):
        measured("upload", lambda: client.ask("POST", "/_matrix/media/v3/upload", data))
        time.sleep(max(0.0, float(SECONDS) / UPLOADS / 2 - 1))


def join(user):
    """A room that another homeserver has, with many events."""
    peer = Client(PEER)
    login = {
        "type": "m.login.password",
        "identifier": {"type": "m.id.user", "user": PEER_USER},
        "password": PEER_PASSWORD,
    }
    peer.token = peer.ask("POST", "/_matrix/client/v3/login", login)["access_token"]
    alias = f"load{random.randrange(10**9)}"
    made = {"preset": "public_chat", "room_alias_name": alias}
    room = urllib.parse.quote(peer.ask("POST", "/_matrix/client/v3/createRoom", made)["room_id"])
    for n in range(ROOM_EVENTS):
        body = {"msgtype": "m.text", "body": f"event {n}"}
        peer.ask("PUT", f"/_matrix/client/v3/rooms/{room}/send/m.room.message/{n}", body)
    path = f"/_matrix/client/v3/join/{urllib.parse.quote(f'#{alias}:{PEER}')}"
    client = Client(HOST, user[1])
    measured("join", lambda: client.ask("POST", path, {}))


def main():
    with open(USERS, encoding="ascii") as file:
        users = [line.split() for line in file]
    first = Client(HOST, users[0][1])
    made = {"preset": "public_chat", "invite": [user for user, _ in users[1:]]}
    room = urllib.parse.quote(first.ask("POST", "/_matrix/client/v3/createRoom", made)["room_id"])
    workers = []
    for user in users:
        client = Client(HOST, user[1])
        if user is not users[0]:
            client.ask("POST", f"/_matrix/client/v3/join/{room}", {})
        since = client.ask("GET", "/_matrix/client/v3/sync?timeout=0")["next_batch"]
        workers.append(threading.Thread(target=sync, args=(user, since), daemon=True))
    workers.append(threading.Thread(target=send, args=(users, room), daemon=True))
    workers.append(threading.Thread(target=upload, args=(users[1],), daemon=True))
    workers.append(threading.Thread(target=join, args=(users[2],), daemon=True))
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(max(0.0, END + 60 - time.monotonic()))
    for name in ("send", "sync", "upload", "join"):
        with guard:
            all_of_it, errors = sorted(took[name]), failed[name]
        if not all_of_it:
            print(f"{name} 0 - - - {errors}")
            continue
        at = lambda part: round(1000 * all_of_it[min(len(all_of_it) - 1, int(len(all_of_it) * part))])
        print(f"{name} {len(all_of_it)} {at(0.5)} {at(0.95)} {at(1)} {errors}")


main()
