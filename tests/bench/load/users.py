"""Makes so many users, on the machine, and prints the name and the access token of each."""

import hashlib
import hmac
import json
import sys
import urllib.request

API = "http://127.0.0.1:8008/_synapse/admin/v1/register"


def ask(body=None):
    with urllib.request.urlopen(API, body and json.dumps(body).encode()) as answer:
        return json.load(answer)


with open("/etc/matrix-synapse/secrets/registration_shared_secret", encoding="ascii") as file:
    secret = file.read().strip().encode()
for n in range(int(sys.argv[2])):
    name, password, nonce = f"{sys.argv[1]}{n}", "load", ask()["nonce"]
    said = "\0".join([nonce, name, password, "notadmin"]).encode()
    mac = hmac.new(secret, said, hashlib.sha1).hexdigest()
    user = {"nonce": nonce, "username": name, "password": password, "admin": False, "mac": mac}
    made = ask(user)
    print(made["user_id"], made["access_token"])
