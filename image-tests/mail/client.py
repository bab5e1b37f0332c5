#!/usr/bin/env python3
"""Whoever registers at a homeserver by e-mail, for the case `mail`.

    client.py VERB HOST DIR [ARGUMENT...]

DIR/mail is what the relay has taken, DIR/state.json what one verb leaves for the next. `register` and `reset` print TAP; the
others fail when something is wrong. The numbers in titles are those of the assertions in image-tests/README.md.
"""

import email
import http.client
import json
import os
import re
import secrets
import ssl
import sys
import time
import urllib.parse

# Synapse counts requests by the address that they come from.
SOURCES = {"a": "93.184.215.1", "b": "93.184.215.10", "c": "93.184.215.20", "d": "93.184.215.21", "e": "2606:2800:220:1::10"}
TOKEN, MAIL, DUMMY = "m.login.registration_token", "m.login.email.identity", "m.login.dummy"
verb, host, folder, *arguments = sys.argv[1:]
count = 0


def request(method, path, body=None, token=None, source="a", timeout=60, form=None):
    """The status of the answer, and its JSON or text."""
    it = http.client.HTTPSConnection(host, timeout=timeout, source_address=(SOURCES[source], 0),
                                     context=ssl.create_default_context())
    headers = {"Authorization": "Bearer " + token} if token else {}
    data = json.dumps(body) if form is None else form
    headers["Content-Type"] = "application/json" if form is None else "application/x-www-form-urlencoded"
    it.request(method, path, data if method != "GET" else None, headers)
    answer = it.getresponse()
    text = answer.read().decode()
    return answer.status, json.loads(text) if answer.getheader("Content-Type", "").startswith("application/json") else text


def client(method, path, body=None, **more):
    return request(method, "/_matrix/client/v3/" + path, body, **more)


def fact(title, found, *expected):
    """One result: what was found is one of what was expected."""
    global count
    count += 1
    if found in expected:
        print("ok %d - %s" % (count, title))
    else:
        print("not ok %d - %s\n# found %s" % (count, title, json.dumps(found)))


def equal(found, expected):
    if found != expected:
        raise SystemExit("%s instead of %s" % (json.dumps(found), json.dumps(expected)))


def mails():
    names = sorted(os.listdir(folder + "/mail")) if os.path.isdir(folder + "/mail") else []
    return [folder + "/mail/" + name for name in names]


def mail_to(address, after, seconds=30):
    """The next mail to this address: how it came, and what it says."""
    end = time.time() + seconds
    while time.time() < end:
        for name in mails()[after:]:
            with open(name, "rb") as file:
                came, content = json.loads(file.readline()), file.read()
            if came["to"] == [address]:
                message = email.message_from_bytes(content)
                text = next(it for it in message.walk() if it.get_content_type() == "text/plain")
                return came, message, text.get_payload(decode=True).decode()
        time.sleep(0.2)
    raise SystemExit("no mail to %s within %d s" % (address, seconds))


def link(text):
    """The path of the link in a mail, which leads to the homeserver."""
    found = re.search(r"https://%s(/\S+)" % re.escape(host), text)
    if not found:
        raise SystemExit("no link in: " + text)
    return found[1].rstrip(">")


class Session:
    """One attempt to register."""

    def __init__(self, name, source="a"):
        self.user = {"username": name, "password": secrets.token_hex(16)}
        self.source, self.secret = source, secrets.token_hex(16)
        self.number = self.try_with({})[1]["session"]

    def try_with(self, auth):
        body = dict(self.user, inhibit_login=False)
        if auth:
            body["auth"] = dict(auth, session=self.number)
        return client("POST", "register", body, source=self.source)

    def token(self, token):
        return self.try_with({"type": TOKEN, "token": token})

    def ask_for_mail(self, address):
        before = len(mails())
        status, said = client("POST", "register/email/requestToken", {
            "client_secret": self.secret, "email": address, "send_attempt": 1}, source=self.source)
        equal([status, list(said)], [200, ["sid"]])
        self.sid = said["sid"]
        return mail_to(address, before)

    def mail(self):
        return self.try_with({"type": MAIL, "threepid_creds": {"sid": self.sid, "client_secret": self.secret}})


def refusal(answer):
    """The status of what must not be an account, or what was given away."""
    status, said = answer
    return status if "access_token" not in said and "user_id" not in said else said


def register(token):
    """Registers `alice`, after everything that must not do."""
    status, said = client("POST", "register", {})
    fact("1: the flows are exactly a token and a confirmed address", [status, [it["stages"] for it in said["flows"]]],
         [401, [[TOKEN, MAIL]]])
    fact("2: a dummy alone is no account", refusal(Session("eve").try_with({"type": DUMMY})), 401)
    fact("3: a wrong token is no account", refusal(Session("eve").token("wrong")), 401)

    clicked = Session("eve", "b")
    came, message, text = clicked.ask_for_mail("eve@example.net")
    fact("10: the mail came through TLS, by who has the password", [came["tls"], came["authenticated"]], [True, True])
    fact("10: it has the sender of the site", [came["from"], message["From"]], ["chat@example.org", "chat@example.org"])
    fact("clicking the link answers", request("GET", link(text))[0], 200)
    fact("6: a click without a token is no account", refusal(clicked.mail()), 401)
    fact("6: nor with a wrong one", refusal(clicked.token("wrong")), 401)

    alice = Session("alice")
    fact("4: a token without a mail is no account", refusal(alice.token(token)), 401)
    _, _, text = alice.ask_for_mail("alice@example.net")
    fact("5: a mail that was not clicked is no account", refusal(alice.mail()), 401)
    fact("clicking the link answers", request("GET", link(text))[0], 200)
    status, said = alice.mail()
    fact("7: token and click are an account", [status, said.get("user_id")], [200, "@alice:example.org"])
    threepids = client("GET", "account/3pid", token=said["access_token"])[1]["threepids"]
    fact("7: the address is on the account", [[it["medium"], it["address"]] for it in threepids],
         [["email", "alice@example.net"]])
    fact("8: a token of one use, used again, is no account", refusal(Session("mallory").token(token)), 401)
    print("1..%d" % count)
    return {"password": alice.user["password"], "token": said["access_token"]}


def login(name, password, source="a"):
    return client("POST", "login", {"type": "m.login.password", "identifier": {"type": "m.id.user", "user": name},
                                    "password": password}, source=source)


def reset(password, token):
    """A new password for who can read mail, and for nobody else."""
    ask = "account/password/email/requestToken"
    before = len(mails())
    status, said = client("POST", ask, {"client_secret": "x" * 16, "email": "nobody@example.net", "send_attempt": 1}, source="c")
    fact("an address without an account is not told apart", [status, list(said)], [200, ["sid"]])
    again = Session("mallory", "c")
    _, message, text = again.ask_for_mail("alice@example.net")
    fact("nor is one that has an account", "already" in text.lower(), True)
    fact("nobody else got mail", len(mails()), before + 1)

    before = len(mails())
    secret = secrets.token_hex(16)
    status, said = client("POST", ask, {"client_secret": secret, "email": "alice@example.net", "send_attempt": 1}, source="c")
    creds = {"sid": said["sid"], "client_secret": secret}
    came, _, text = mail_to("alice@example.net", before)
    fact("10: the mail came through TLS, by who has the password", [came["tls"], came["authenticated"]], [True, True])
    new = secrets.token_hex(16)
    body = {"new_password": new, "auth": {"type": MAIL, "threepid_creds": creds}}
    fact("9: a mail that was not clicked changes nothing", client("POST", "account/password", body, source="c")[0], 401)
    fact("9: the old password is good still", login("alice", password, "c")[0], 200)
    path = link(text)
    fact("9: the link asks once more", request("GET", path)[0], 200)
    place, _, query = path.partition("?")
    fact("9: and takes the answer", request("POST", place, form=query)[0], 200)
    fact("9: the password is changed", client("POST", "account/password", body, source="c")[0], 200)
    fact("9: the old one is no good", login("alice", password, "c")[0], 403)
    fact("9: the sessions of before have ended", client("GET", "account/whoami", token=token)[0], 401)
    fact("9: the new one is", login("alice", new, "d")[0], 200)
    print("1..%d" % count)
    return {"password": new}


def link_to(address):
    """Prints the link in the first mail to this address."""
    print("https://" + host + link(mail_to(address, 0)[2]))


def ask_for_mail(address, source="e", timeout="30"):
    """What the homeserver answers to who asks for a mail, and after how many seconds."""
    body = {"client_secret": secrets.token_hex(16), "email": address, "send_attempt": 1}
    start = time.time()
    try:
        status, said = client("POST", "register/email/requestToken", body, source=source, timeout=float(timeout))
        print(status, said.get("errcode", ""), int(time.time() - start))
    except TimeoutError:
        print("nothing", int(time.time() - start))


def ask_for_reset(source="e"):
    """What the homeserver answers to who asks for a new password, and how the mail came."""
    before = len(mails())
    status, said = client("POST", "account/password/email/requestToken", {
        "client_secret": secrets.token_hex(16), "email": "alice@example.net", "send_attempt": 1}, source=source)
    print(status, json.dumps(said))
    if status == 200:
        print(json.dumps(mail_to("alice@example.net", before)[0]))


def may_register(token):
    """Whether this token would be taken."""
    print(request("GET", "/_matrix/client/v1/register/m.login.registration_token/validity?token=" + token, source="d")[1])


def flows():
    print(json.dumps(client("POST", "register", {})))


def log_in(name, password, source="a"):
    """Prints the access token; fails with the reason."""
    status, said = login(name, password, source)
    if status != 200:
        raise SystemExit("%s %s" % (status, json.dumps(said)))
    print(said["access_token"])


def whoami(token):
    status, said = client("GET", "account/whoami", token=token)
    print(status, said.get("user_id", said.get("errcode")))


def devices(token):
    print(len(client("GET", "devices", token=token)[1]["devices"]))


def main():
    path = folder + "/state.json"
    state = {}
    if os.path.exists(path):
        with open(path) as file:
            state = json.load(file)
    words = [state[it[1:]] if it.startswith("%") else it for it in arguments]
    left = globals()[verb](*words)
    if left:
        state.update(left)
        with open(path, "w") as file:
            json.dump(state, file)


main()
