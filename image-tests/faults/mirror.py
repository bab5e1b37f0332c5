"""A proxy between apt and its archives that does what bad mirrors do; what it does now stands in /run/faults/mirror."""

import http.server
import time
import urllib.error
import urllib.request


def now():
    with open("/run/faults/mirror", encoding="ascii") as file:
        return file.read().strip()


class Mirror(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        fault = now()
        if fault == "hangs up":
            self.connection.close()
            return
        if fault == "is overloaded":
            self.send_error(503)
            return
        try:
            with urllib.request.urlopen(self.path) as answer:
                body = answer.read()
        except urllib.error.HTTPError as error:
            self.send_error(error.code)
            return
        package = self.path.endswith(".deb")
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if fault == "breaks off" and package:
            body = body[: len(body) // 3]
        if fault == "is damaged" and package:
            body = body[:-100] + bytes(100)
        while body:
            slow = now() == "is slow"
            self.wfile.write(body[:1000] if slow else body)
            body = body[1000:] if slow else b""
            time.sleep(0.5 if slow else 0)

    def log_message(self, *words):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", 3128), Mirror).serve_forever()
