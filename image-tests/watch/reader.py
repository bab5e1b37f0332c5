#!/usr/bin/env python3
"""The operator at a Matrix client, for the case `watch`.

    reader.py HOST USER DIR

DIR/password is the account's, DIR/token what the first login leaves. Accepts every invitation, then prints a line for each
room, `room direct|shared open|encrypted MEMBERS...`, and what others have written in it, a line for each line.
"""

import http.client
import json
import os
import ssl
import sys
import urllib.parse

host, user, folder = sys.argv[1:]


def ask(method, path, body=None, token=None):
    it = http.client.HTTPSConnection(host, timeout=60, context=ssl.create_default_context())
    it.request(method, "/_matrix/client/v3/" + path, body and json.dumps(body),
               {"Authorization": "Bearer " + token} if token else {})
    answer = it.getresponse()
    said = json.loads(answer.read())
    if answer.status != 200:
        raise SystemExit("%s %s: %s" % (path, answer.status, said))
    return said


if not os.path.exists(folder + "/token"):
    with open(folder + "/password") as file:
        password = file.read().strip()
    said = ask("POST", "login", {"type": "m.login.password", "identifier": {"type": "m.id.user", "user": user},
                                 "password": password})
    with open(folder + "/token", "w") as file:
        file.write(said["access_token"])
with open(folder + "/token") as file:
    token = file.read()
me = ask("GET", "account/whoami", token=token)["user_id"]
# The same question gets the same answer for a while: each goes on where the last one ended.
since = ""
if os.path.exists(folder + "/since"):
    with open(folder + "/since") as file:
        since = "&since=" + file.read()
said = ask("GET", "sync?timeout=0" + since, token=token)
with open(folder + "/since", "w") as file:
    file.write(said["next_batch"])
invited = said.get("rooms", {}).get("invite", {})
direct = set()
if os.path.exists(folder + "/direct"):
    with open(folder + "/direct") as file:
        direct = set(file.read().split())
for room, it in invited.items():
    for event in it["invite_state"]["events"]:
        if event["type"] == "m.room.member" and event["state_key"] == me and event["content"].get("is_direct"):
            direct.add(room)
    ask("POST", "join/" + urllib.parse.quote(room), {}, token)
with open(folder + "/direct", "w") as file:
    file.write(" ".join(direct))
for room in ask("GET", "joined_rooms", token=token)["joined_rooms"]:
    at = "rooms/%s/" % urllib.parse.quote(room)
    state = ask("GET", at + "state", token=token)
    encrypted = any(it["type"] == "m.room.encryption" for it in state)
    members = sorted(it["state_key"] for it in state if it["type"] == "m.room.member" and it["content"]["membership"] == "join")
    print("room", "direct" if room in direct else "shared", "encrypted" if encrypted else "open", *members)
    for it in ask("GET", at + "messages?dir=f&limit=500", token=token)["chunk"]:
        if it["type"].startswith("m.room.message") and it["sender"] != me:
            print("--", it["sender"])
            print(it["content"]["body"], end="")
