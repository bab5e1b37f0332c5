#!/usr/bin/env python3
"""Clients of a homeserver, for the case `backup`: what they have before a backup, and what they find after a restore.

    client.py VERB HOST STATE [ARGUMENT...]

STATE is a JSON file that one verb leaves for the next. A verb that finds something wrong says so and fails.
"""

import binascii
import hashlib
import json
import os
import struct
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import zlib

EVENTS, MEDIA = 200, 20
SLIDING = "unstable/org.matrix.simplified_msc3575/sync"


class Server:
    def __init__(self, host):
        self.host = host

    def request(self, method, path, token=None, body=None, kind="application/json"):
        headers = {"Content-Type": kind}
        if token:
            headers["Authorization"] = "Bearer " + token
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        url = "https://%s/_matrix/%s" % (self.host, path)
        request = urllib.request.Request(url, data=body, headers=headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.read()
        except urllib.error.HTTPError as error:
            raise SystemExit("%s %s: %s %s" % (method, url, error.code, error.read().decode()))

    def json(self, *args, **kwargs):
        return json.loads(self.request(*args, **kwargs))

    def login(self, user, password):
        who = {"type": "m.id.user", "user": user}
        return self.json("POST", "client/v3/login", body={
            "type": "m.login.password", "identifier": who, "password": password})

    def send(self, token, room, text):
        path = "client/v3/rooms/%s/send/m.room.message/%s" % (quoted(room), unique())
        return self.json("PUT", path, token, {"msgtype": "m.text", "body": text})["event_id"]

    def to_device(self, token, user, device, number):
        body = {"messages": {user: {device: {"number": number}}}}
        self.json("PUT", "client/v3/sendToDevice/org.example.number/%s" % unique(), token, body)

    def sync(self, token, since=None):
        query = {"timeout": "0"}
        if since:
            query["since"] = since
        return self.json("GET", "client/v3/sync?" + urllib.parse.urlencode(query), token)

    def slide(self, token, room, pos=None, since=None):
        """Sliding sync of one room; an unknown position begins anew, as a client does."""
        body = {
            "conn_id": "test",
            "room_subscriptions": {room: {"required_state": [], "timeline_limit": 50}},
            "extensions": {"to_device": {"enabled": True, "limit": 100}},
        }
        if since:
            body["extensions"]["to_device"]["since"] = since
        query = {"timeout": "0"}
        if pos:
            query["pos"] = pos
        try:
            return self.json("POST", "client/%s?%s" % (SLIDING, urllib.parse.urlencode(query)), token, body)
        except SystemExit as error:
            if pos and "M_UNKNOWN_POS" in str(error):
                return self.slide(token, room, None, since)
            raise

    def event(self, token, room, event):
        path = "client/v3/rooms/%s/event/%s" % (quoted(room), quoted(event))
        found = self.json("GET", path, token)
        return {name: found[name] for name in ("event_id", "sender", "content", "origin_server_ts")}

    def media(self, token, address, thumbnail):
        place = address[len("mxc://"):]
        if thumbnail:
            path = "client/v1/media/thumbnail/%s?width=32&height=32&method=crop" % place
        else:
            path = "client/v1/media/download/%s" % place
        return digest(self.request("GET", path, token))


def quoted(text):
    return urllib.parse.quote(text, safe="")


def unique():
    return binascii.hexlify(os.urandom(8)).decode()


def digest(data):
    return hashlib.sha256(data).hexdigest()


def picture(number):
    """A PNG of 64 by 64 pixels."""
    rows = b"".join(b"\0" + bytes((x * number) % 256 for x in range(64 * 3)) for _ in range(64))

    def chunk(kind, data):
        check = binascii.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", 64, 64, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def equal(what, found, expected):
    if found != expected:
        raise SystemExit("%s: %r instead of %r" % (what, found, expected))


# ---- before the backup ----

def populate(server, state, admin, admin_password, user, password):
    """Two users in a room, with events, media, thumbnails and tokens."""
    for key, name, secret in (("a", admin, admin_password), ("b", user, password)):
        session = server.login(name, secret)
        state[key] = {"user": session["user_id"], "token": session["access_token"],
                      "device": session["device_id"], "password": secret}
    a, b = state["a"], state["b"]
    room = server.json("POST", "client/v3/createRoom", a["token"],
                       {"preset": "private_chat", "invite": [b["user"]]})["room_id"]
    server.json("POST", "client/v3/join/%s" % quoted(room), b["token"], {})
    state["room"] = room
    events = [server.send(a["token"], room, "message %d" % n) for n in range(EVENTS)]
    state["events"] = [server.event(a["token"], room, event) for event in events]
    state["media"] = []
    for n in range(1, MEDIA + 1):
        address = server.json("POST", "media/v3/upload?filename=%d.png" % n, a["token"],
                              picture(n), kind="image/png")["content_uri"]
        state["media"].append([address] + [server.media(a["token"], address, it) for it in (False, True)])
    state["key"] = server.json("GET", "key/v2/server")["verify_keys"]
    state["since"] = server.sync(b["token"])["next_batch"]
    slide = server.slide(b["token"], room)
    state["pos"], state["slide_since"] = slide["pos"], slide["extensions"]["to_device"]["next_batch"]


# ---- after the backup, before the machine is lost ----

def newer(server, state):
    """The other user reads on; nobody will know of it."""
    a, b, room = state["a"], state["b"], state["room"]
    state["lost"] = []
    for n in range(30):
        state["lost"].append(server.send(a["token"], room, "lost %d" % n))
        server.to_device(a["token"], b["user"], b["device"], -1)
    state["since"] = server.sync(b["token"], state["since"])["next_batch"]
    # What was read is forgotten by the server when it is asked for what comes next.
    state["since"] = server.sync(b["token"], state["since"])["next_batch"]
    slide = server.slide(b["token"], room, state["pos"], state["slide_since"])
    state["pos"], state["slide_since"] = slide["pos"], slide["extensions"]["to_device"]["next_batch"]


# ---- after the restore ----

def late(server, state, way):
    """What is sent before the other user's first sync arrives there, though its token is newer than the backup."""
    a, b, room = state["a"], state["b"], state["room"]
    sent = [server.send(a["token"], room, "after the restore %d" % n) for n in range(5)]
    numbers = list(range(5)) if way == "sync" else list(range(5, 10))
    for n in numbers:
        server.to_device(a["token"], b["user"], b["device"], n)
    events, messages, end = [], [], time.time() + 30
    since, pos = state["since"], state["pos"]
    to_device = state["slide_since"]
    while time.time() < end and not (set(sent) <= set(events) and len(messages) >= 5):
        if way == "sync":
            found = server.sync(b["token"], since)
            since = found["next_batch"]
            rooms, device = found.get("rooms", {}).get("join", {}), found.get("to_device", {})
            timeline = rooms.get(room, {}).get("timeline", {}).get("events", [])
        else:
            found = server.slide(b["token"], room, pos, to_device)
            pos, device = found["pos"], found["extensions"]["to_device"]
            to_device = device["next_batch"]
            timeline = found.get("rooms", {}).get(room, {}).get("timeline", [])
        events += [it["event_id"] for it in timeline]
        # One sync does not know what another has acknowledged.
        messages += [n for n in (it["content"]["number"] for it in device.get("events", [])) if n in numbers]
        time.sleep(0.2)
    equal("events that arrive by " + way, [it for it in events if it in sent], sent)
    equal("to-device messages that arrive by " + way, messages, numbers)
    state["since"], state["pos"], state["slide_since"] = since, pos, to_device


def compare(server, state):
    """Everything of before is there again, to the byte."""
    a, room = state["a"], state["room"]
    for who in (a, state["b"]):
        equal("whoami", server.json("GET", "client/v3/account/whoami", who["token"])["user_id"], who["user"])
    events = [server.event(a["token"], room, it["event_id"]) for it in state["events"]]
    equal("events", events, state["events"])
    for address, whole, small in state["media"]:
        equal(address, [server.media(a["token"], address, it) for it in (False, True)], [whole, small])
    equal("key", server.json("GET", "key/v2/server")["verify_keys"], state["key"])
    for who in (a, state["b"]):
        server.login(who["user"], who["password"])
    print("%d events, %d media" % (len(events), len(state["media"])))


VERBS = {"populate": populate, "newer": newer, "late": late, "compare": compare}


def main():
    verb, host, path, *arguments = sys.argv[1:]
    state = {}
    if os.path.exists(path):
        with open(path) as file:
            state = json.load(file)
    VERBS[verb](Server(host), state, *arguments)
    with open(path, "w") as file:
        json.dump(state, file)


main()
