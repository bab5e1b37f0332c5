#!/usr/bin/env python3
"""Clients that encrypt, for the case `backup`: a message before it, one that it knows nothing of, and one after the restore.

    crypto.py before|between|after HOST DIR USER PASSWORD OTHER PASSWORD

DIR keeps what the clients keep. The device of the first user is new each time, and asks for a one-time key of the other
user's, whose device stays. What it is given between, the backup has still: whoever were given it again after the restore
could not be read.
"""

import asyncio
import json
import os
import sys

from nio import AsyncClient, AsyncClientConfig, LoginResponse, RoomCreateResponse, RoomMessageText

ENCRYPTED = {
    "type": "m.room.encryption", "state_key": "",
    "content": {"algorithm": "m.megolm.v1.aes-sha2"},
}


async def client(host, dir, user, password):
    """A client that goes on where the one in the folder stopped."""
    os.makedirs(dir, exist_ok=True)
    config = AsyncClientConfig(encryption_enabled=True, store_sync_tokens=True)
    found = AsyncClient("https://" + host, user, store_path=dir, config=config)
    session = os.path.join(dir, "session.json")
    if os.path.exists(session):
        with open(session) as file:
            found.restore_login(**json.load(file))
    else:
        answer = await found.login(password, "test")
        if not isinstance(answer, LoginResponse):
            raise SystemExit("no login: %s" % answer)
        with open(session, "w") as file:
            json.dump({"user_id": answer.user_id, "device_id": answer.device_id,
                       "access_token": answer.access_token}, file)
    return found


async def settle(*clients):
    """Everybody hears of everybody's devices and keys."""
    for _ in range(3):
        for it in clients:
            answer = await it.sync(timeout=0, full_state=True)
            # To matrix-nio none is no news.
            it.olm.uploaded_key_count = answer.device_key_count.signed_curve25519
            if it.should_upload_keys:
                await it.keys_upload()
            if it.should_query_keys:
                await it.keys_query()
            await it.send_to_device_messages()


async def tell(one, other, text):
    """A message in a new encrypted room is read by the other."""
    heard = []
    other.add_event_callback(lambda _, event: heard.append((event.body, event.decrypted)), RoomMessageText)
    await settle(one, other)
    room = await one.room_create(invite=[other.user_id], initial_state=[ENCRYPTED])
    if not isinstance(room, RoomCreateResponse):
        raise SystemExit("no room: %s" % room)
    await other.join(room.room_id)
    await settle(one, other)
    await one.room_send(room.room_id, "m.room.message", {"msgtype": "m.text", "body": text},
                        ignore_unverified_devices=True)
    for _ in range(20):
        await other.sync(timeout=1000)
        if (text, True) in heard:
            return
    raise SystemExit("%s does not read `%s`: %s" % (other.user_id, text, heard))


async def main(verb, host, dir, user, password, other, other_password):
    b = await client(host, os.path.join(dir, "b"), other, other_password)
    a = await client(host, os.path.join(dir, "a-" + verb), user, password)
    try:
        await tell(a, b, verb + " the backup")
        await tell(b, a, verb + " the backup, back")
    finally:
        await a.close()
        await b.close()


asyncio.run(main(*sys.argv[1:]))
