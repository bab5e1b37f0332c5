#!/usr/bin/env python3
"""A mail relay, for the case `mail`: takes mail with STARTTLS and a password, or fails to in one of a few ways.

    relay.py MODE DIR

MODE is `good`; `untrusted`, whose certificate nobody has signed; `plain`, without TLS; `refusing`, which takes mail of no
sender; or `implicit`, which speaks TLS on
port 465 from the first byte on and asks for no password. DIR has `good.pem` and `untrusted.pem`, each a chain and its key, and
`password`. Each mail becomes a file in DIR/mail, with a line before it that says how it came.
"""

import asyncio
import json
import os
import ssl
import sys

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

ADDRESS, USER = "93.184.215.20", b"chat@example.org"
mode, folder = sys.argv[1:]


class Box:
    async def handle_MAIL(self, server, session, envelope, address, options):
        if mode == "refusing":
            return "553 5.7.1 not one of yours"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        number = len(os.listdir(folder + "/mail")) + 1
        came = {"tls": session.ssl is not None or mode == "implicit", "authenticated": bool(session.authenticated),
                "from": envelope.mail_from, "to": envelope.rcpt_tos}
        draft = "%s/draft" % folder
        with open(draft, "wb") as file:
            file.write(json.dumps(came).encode() + b"\n" + envelope.content)
        os.rename(draft, "%s/mail/%04d" % (folder, number))
        return "250 OK"


def authenticator(server, session, envelope, mechanism, data):
    with open(folder + "/password", "rb") as file:
        password = file.read().rstrip(b"\n")
    good = data.login == USER and data.password == password
    # Not handled: then the server itself says 535.
    return AuthResult(success=good, handled=False)


def trust(name):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain("%s/%s.pem" % (folder, name))
    return context


if mode == "implicit":
    options = {"port": 465, "ssl_context": trust("good")}
else:
    options = {"port": 587, "auth_required": True, "authenticator": authenticator}
    if mode == "plain":
        options["auth_require_tls"] = False
    else:
        options.update(tls_context=trust("good" if mode == "refusing" else mode), require_starttls=True)
os.makedirs(folder + "/mail", exist_ok=True)
Controller(Box(), hostname=ADDRESS, **options).start()
with open(folder + "/pid", "w") as file:
    file.write(str(os.getpid()))
asyncio.new_event_loop().run_forever()
