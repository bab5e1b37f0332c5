"""A person at a browser: Chromium without a window, moved through its debugging pipe, one step after the other.

    driver.py serve LIFE FLAG...    until the process LIFE has ended; flags are Chromium's
    driver.py VERB WORD...          one step: prints what came of it

Words and flags are in base64.
Everything of it lies in the folder of this file: the page of the client, a home with a profile, a picture of the page after
each step, and `log`. Some verbs are here; the others are those of the client in `app.js`.
"""

import base64
import fcntl
import functools
import glob
import http.server
import json
import os
import re
import select
import socket
import subprocess
import sys
import threading
import time

DIR = os.path.dirname(os.path.abspath(__file__))
PATIENCE = 120

# It trusts no sandbox to root, has no screen, and asks nobody for anything that is not the page's.
FLAGS = """
    --headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --hide-scrollbars --window-size=1000,1200
    --remote-debugging-pipe --no-first-run --no-default-browser-check --disable-default-apps --disable-extensions
    --disable-background-networking --disable-component-update --disable-sync --disable-domain-reliability --disable-quic
    --disable-client-side-phishing-detection --disable-breakpad --no-pings --metrics-recording-only --password-store=basic
    --disable-background-timer-throttling --disable-renderer-backgrounding --disable-backgrounding-occluded-windows
    --disable-features=OptimizationHints,MediaRouter,Translate,AutofillServerCommunication,CertificateTransparencyComponentUpdater
""".split()


class Failure(Exception):
    """A step that did not succeed, in words."""


class Pipe:
    """Commands and events, as texts that end with NUL."""

    def __init__(self, words, environment, log):
        here, there = os.pipe(), os.pipe()
        # The browser reads on 3 and writes on 4, whatever their numbers are here.
        reads = fcntl.fcntl(here[0], fcntl.F_DUPFD, 10)
        writes = fcntl.fcntl(there[1], fcntl.F_DUPFD, 10)

        def place():
            os.dup2(reads, 3)
            os.dup2(writes, 4)

        self.process = subprocess.Popen(
            words, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=place, pass_fds=(3, 4)
        )
        for end in (here[0], there[1], reads, writes):
            os.close(end)
        self.into, self.out = here[1], there[0]
        self.rest, self.last, self.waiting = b"", 0, []

    def send(self, method, session=None, **parameters):
        self.last += 1
        message = {"id": self.last, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        left = json.dumps(message).encode() + b"\0"
        while left:
            left = left[os.write(self.into, left) :]
        return self.last

    def receive(self, seconds):
        """The next message; none when there is none within so many seconds."""
        end = time.monotonic() + seconds
        while not self.waiting:
            if not select.select([self.out], [], [], max(0, end - time.monotonic()))[0]:
                return None
            some = os.read(self.out, 1 << 20)
            if not some:
                raise Failure("the browser has ended: see its log")
            *whole, self.rest = (self.rest + some).split(b"\0")
            self.waiting += [json.loads(it) for it in whole]
        return self.waiting.pop(0)


class Tab:
    """A page of the browser."""

    def __init__(self, browser, url="about:blank"):
        self.browser, self.credentials, self.asked, self.answer, self.loaded = browser, None, set(), {}, False
        self.target = browser.call("Target.createTarget", url=url)["targetId"]
        self.session = browser.call("Target.attachToTarget", targetId=self.target, flatten=True)["sessionId"]
        browser.tabs[self.session] = self
        for domain in ("Page", "Runtime", "Network", "Log", "Inspector"):
            self.call(domain + ".enable")

    def call(self, method, **parameters):
        return self.browser.call(method, self.session, **parameters)

    def hear(self, method, it):
        """An event of this page."""
        browser = self.browser
        if method == "Page.loadEventFired":
            self.loaded = True
        elif method == "Network.requestWillBeSent":
            url = it["request"]["url"]
            browser.names[it["requestId"]] = url
            origin = re.match(r"(https?|wss?)://[^/]+", url)
            if origin and not url.startswith(browser.client_url):
                browser.origins.setdefault(origin[0])
        elif method == "Network.responseReceived" and it["type"] == "Document":
            self.answer = it["response"]
        elif method == "Network.loadingFailed" and not it.get("canceled"):
            browser.say(f"{it['errorText']} {browser.names.get(it['requestId'], '')}")
        elif method == "Runtime.exceptionThrown":
            thrown = it["exceptionDetails"]
            browser.say(thrown.get("exception", {}).get("description", thrown["text"]))
        elif method == "Runtime.consoleAPICalled" and it["type"] in ("error", "warning"):
            browser.say(" ".join(str(one.get("value", one.get("description", ""))) for one in it["args"]))
        elif method == "Log.entryAdded" and it["entry"]["level"] == "error":
            browser.say(f"{it['entry']['text']} {it['entry'].get('url', '')}")
        elif method == "Inspector.targetCrashed":
            raise Failure("the page has crashed")
        elif method == "Fetch.requestPaused":
            browser.pipe.send("Fetch.continueRequest", self.session, requestId=it["requestId"])
        elif method == "Fetch.authRequired":
            # Once for each request: a password that is wrong stays wrong.
            answer = {"response": "CancelAuth"}
            if self.credentials and it["requestId"] not in self.asked:
                answer = {"response": "ProvideCredentials", "username": self.credentials[0], "password": self.credentials[1]}
            self.asked.add(it["requestId"])
            browser.pipe.send("Fetch.continueWithAuth", self.session, requestId=it["requestId"], authChallengeResponse=answer)

    def visit(self, url, credentials=None):
        self.credentials, self.answer, self.loaded = credentials, {}, False
        if credentials:
            self.call("Fetch.enable", handleAuthRequests=True)
        else:
            self.call("Fetch.disable")
        failed = self.call("Page.navigate", url=url).get("errorText")
        if failed:
            raise Failure(f"{url}: {failed}")
        self.browser.until(lambda: self.loaded, url)

    def evaluate(self, expression):
        """What an expression of the page is, once it is there."""
        it = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True, userGesture=True)
        if "exceptionDetails" in it:
            thrown = it["exceptionDetails"]
            raise Failure(thrown.get("exception", {}).get("description", thrown["text"]))
        return it["result"].get("value")

    def peek(self, expression):
        """The same; nothing while one page gives way to another."""
        try:
            return self.evaluate(expression)
        except Failure:
            return None

    def text(self):
        return self.peek("document.body.innerText") or ""

    def place(self, selector):
        """The middle of an element, once it is there and visible."""
        look = f"""(() => {{
            const it = document.querySelector({json.dumps(selector)});
            it?.scrollIntoView({{ block: "center" }});
            const box = it?.getBoundingClientRect();
            return box?.width ? [box.x + box.width / 2, box.y + box.height / 2] : null;
        }})()"""
        return self.browser.until(lambda: self.peek(look), f"`{selector}` on the page", pause=0.2)

    def click(self, selector):
        x, y = self.place(selector)
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def screenshot(self):
        """In base64; none for as long as one page gives way to another."""
        try:
            self.call("Page.bringToFront")
            return self.call("Page.captureScreenshot", format="png")["data"]
        except Failure:
            return None

    def picture(self, name):
        data = self.browser.until(self.screenshot, "a picture", seconds=10, pause=0.2)
        with open(os.path.join(DIR, name), "wb") as file:
            file.write(base64.b64decode(data))


class Browser:
    """The browser and its two tabs: that of the client, and one for whatever else there is to visit."""

    def __init__(self, flags, log):
        self.log, self.tabs, self.names, self.origins, self.complaints, self.steps = log, {}, {}, {}, [], 0
        self.client_url = serve_client()
        home = os.path.join(DIR, "home")
        trust(home)
        words = ["chromium", *FLAGS, f"--user-data-dir={home}/profile", *flags]
        environment = {**os.environ, "HOME": home, "XDG_CONFIG_HOME": f"{home}/config", "XDG_CACHE_HOME": f"{home}/cache"}
        self.pipe = Pipe(words, environment, log)
        self.client = Tab(self)
        self.page = None
        self.client.visit(self.client_url)
        self.until(lambda: self.client.peek("typeof act") == "function", "the client", pause=0.1)

    def say(self, text):
        self.complaints.append(text)
        print(text, file=self.log, flush=True)

    def hear(self, message):
        tab = self.tabs.get(message.get("sessionId"))
        if tab and "method" in message:
            tab.hear(message["method"], message["params"])

    def call(self, method, session=None, **parameters):
        number, end = self.pipe.send(method, session, **parameters), time.monotonic() + PATIENCE
        while True:
            message = self.pipe.receive(end - time.monotonic())
            if message is None:
                raise Failure(f"the browser has not done {method} within {PATIENCE} s")
            if message.get("id") != number:
                self.hear(message)
            elif "error" in message:
                raise Failure(f"{method}: {message['error']['message']}")
            else:
                return message["result"]

    def until(self, look, what, seconds=60, pause=0):
        end = time.monotonic() + seconds
        while True:
            found = look()
            if found:
                return found
            if time.monotonic() > end:
                raise Failure(f"{what}: not within {seconds} s")
            self.drain(pause or 1)

    def drain(self, seconds=0):
        """Hears what there is, and waits at most so long for the first of it."""
        message = self.pipe.receive(seconds)
        while message:
            self.hear(message)
            message = self.pipe.receive(0)

    def end(self):
        process = self.pipe.process
        try:
            self.pipe.send("Browser.close")
            process.wait(10)
        except (OSError, subprocess.TimeoutExpired):
            process.kill()

    def other(self):
        self.page = self.page or Tab(self)
        return self.page

    def step(self, verb, words):
        """Does it, and gives what there is to be read; a picture shows the page after it, done or not."""
        self.complaints = []
        look = getattr(self, "look_" + verb, None)
        if look:
            return look(*words)
        self.steps += 1
        own = getattr(self, "do_" + verb, None)
        tab = self.other() if own else self.client
        try:
            if own:
                return own(tab, *words) or ""
            it = tab.evaluate(f"act({json.dumps(verb)}, {json.dumps(words)})")
            if "failed" in it:
                raise Failure(it["failed"])
            return it["came"]
        except Failure as failure:
            raise Failure("\n".join([str(failure), *self.complaints[-5:]])) from None
        finally:
            tab.picture(f"{self.steps:02}-{verb}.png")

    def do_visits(self, tab, url, user=None, password=None):
        """Another page; gives the status and the address at which that ended."""
        tab.visit(url, user and (user, password))
        return f"{tab.answer.get('status')} {tab.evaluate('location.href')}"

    def do_sees(self, tab, text, seconds="60"):
        """Waits until the page shows it."""
        try:
            self.until(lambda: text in tab.text(), f'"{text}"', int(seconds), pause=0.2)
        except Failure as failure:
            raise Failure(f"{failure}; it shows: {tab.text()}") from None

    def do_types(self, tab, selector, text):
        tab.click(selector)
        tab.call("Input.insertText", text=text)

    def do_clicks(self, tab, selector):
        tab.click(selector)

    # What follows changes nothing that is to be seen.

    def look_shows(self):
        return self.other().text()

    def look_evaluates(self, expression):
        value = self.other().evaluate(expression)
        return value if isinstance(value, str) else json.dumps(value)

    def look_token(self):
        """The access token of the client."""
        return self.client.evaluate("token()")

    def look_origins(self):
        """Whom its pages have asked so far."""
        return "\n".join(self.origins)


def serve_client():
    """Serves the page of the client, as a web server on this computer."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    handler = functools.partial(Handler, directory=os.path.join(DIR, "client"))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://localhost:{server.server_port}/"


def trust(home):
    """Has the browser trust the authorities that this computer trusts and Debian does not bring: they are the test's own."""
    certificate = re.compile("-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.S)

    def read(path):
        with open(path, encoding="ascii") as file:
            return certificate.findall(file.read())

    debian = {it for path in glob.glob("/etc/ssl/certs/*.pem") for it in read(path)}
    database = f"{home}/.pki/nssdb"
    os.makedirs(database)
    certutil = ["certutil", "-d", f"sql:{database}"]
    subprocess.run([*certutil, "-N", "--empty-password"], check=True)
    ours = [it for it in read("/etc/ssl/certs/ca-certificates.crt") if it not in debian]
    if not ours:
        raise Failure("this computer trusts no authority of the test's")
    for n, it in enumerate(ours):
        subprocess.run([*certutil, "-A", "-t", "C,,", "-n", f"authority {n}"], input=it.encode(), check=True)


def serve(life, flags):
    os.chdir(DIR)
    with open("pid", "w", encoding="ascii") as file:
        file.write(str(os.getpid()))
    with open("log", "a", encoding="utf-8") as log, socket.socket(socket.AF_UNIX) as listener:
        browser = Browser(flags, log)
        listener.bind("socket")
        listener.listen()
        try:
            while lives(life):
                ready = select.select([listener, browser.pipe.out], [], [], 1)[0]
                browser.drain()
                if listener in ready and not answer(listener, browser):
                    break
        finally:
            browser.end()


def answer(listener, browser):
    """Does one step for who has called; whether more are to come."""
    connection = listener.accept()[0]
    with connection, connection.makefile("rw", encoding="utf-8") as file:
        verb, *words = json.loads(file.readline())
        began = time.monotonic()
        try:
            said = [0, "" if verb == "closes" else browser.step(verb, words)]
        except (Failure, TypeError) as failure:
            said = [1, str(failure)]
        print(f"{verb}: {time.monotonic() - began:.1f} s", file=browser.log, flush=True)
        print(json.dumps(said), file=file, flush=True)
    return verb != "closes"


def ask(words):
    """Hands one step to the browser that has been started, once it is there."""
    os.chdir(DIR)
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and is_there():
        with socket.socket(socket.AF_UNIX) as connection:
            try:
                connection.connect("socket")
            except OSError:
                time.sleep(0.1)
                continue
            with connection.makefile("rw", encoding="utf-8") as file:
                print(json.dumps(words), file=file, flush=True)
                line = file.readline()
                if line:
                    return json.loads(line)
    with open("log", encoding="utf-8") as log:
        return 1, f"there is no browser; {DIR}/log says: {''.join(log.readlines()[-5:])}"


def is_there():
    """Whether who serves has not ended; at first it may not have begun."""
    try:
        with open("pid", encoding="ascii") as file:
            return lives(file.read())
    except FileNotFoundError:
        return True


def lives(process):
    """One that has ended has no words any more, even if nobody has asked how it ended."""
    try:
        with open(f"/proc/{process}/cmdline", "rb") as file:
            return file.read() != b""
    except OSError:
        return False


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(sys.argv[2], [base64.b64decode(it).decode() for it in sys.argv[3:]])
    else:
        status, text = ask([sys.argv[1], *(base64.b64decode(it).decode() for it in sys.argv[2:])])
        print(text, file=sys.stderr if status else sys.stdout)
        sys.exit(status)
