#!/usr/bin/env python3
"""Those whom the layer `watch` asks, for its case: api.osv.dev, github.com, and a place that is pinged.

    others.py DIR

DIR has NAME.pem for each of them, a chain and its key. What they say is in files, read at each request: `osv`, the answer of
api.osv.dev to who asks for the version in `version`; `latest`, the newest release at github.com; `down`, the names of those
that answer 503. Each request becomes a line of `asked`.
"""

import http.server
import json
import os
import ssl
import sys

NAMES = ["api.osv.dev", "github.com", "hc.example.net"]
folder = sys.argv[1] + "/"


def text(name):
    with open(folder + name) as file:
        return file.read().strip()


class Others(http.server.BaseHTTPRequestHandler):
    def answer(self):
        name = self.headers["Host"]
        with open(folder + "asked", "a") as file:
            file.write("%s %s %s\n" % (name, self.command, self.path))
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if name in text("down").split():
            return self.say(503, "down")
        if (name, self.command, self.path) == ("api.osv.dev", "POST", "/v1/query"):
            about = {"package": {"name": "matrix-synapse", "ecosystem": "PyPI"}, "version": text("version")}
            return self.say(200, text("osv")) if json.loads(body) == about else self.say(400, body.decode())
        if (name, self.path) == ("github.com", "/element-hq/synapse/releases/latest"):
            return self.say(302, "", "https://github.com/element-hq/synapse/releases/tag/v" + text("latest"))
        self.say(200 if name == "hc.example.net" else 404, "OK")

    def say(self, status, text, location=None):
        self.send_response(status)
        self.send_header("Content-Length", str(len(text.encode())))
        if location:
            self.send_header("Location", location)
        self.end_headers()
        self.wfile.write(text.encode())

    do_GET = do_HEAD = do_POST = answer


def context(name):
    it = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    it.load_cert_chain(folder + name + ".pem")
    return it


contexts = {name: context(name) for name in NAMES}


def choose(connection, name, first):
    connection.context = contexts.get(name, first)


server = http.server.ThreadingHTTPServer(("93.184.215.20", 443), Others)
contexts[NAMES[0]].sni_callback = choose
server.socket = contexts[NAMES[0]].wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
with open(folder + "pid", "w") as file:
    file.write(str(os.getpid()))
server.serve_forever()
