"""The fake Stripe against localstripe 1.15.10, in interleaved rounds of one run: CPU, memory, start, webhooks.

    PYTHONPATH=. python -P benchmarks/stripe.py [rounds=3] [calls=400] [payments=1500] [webhooks=300]

localstripe (GPL) is installed into a virtual environment of its own below a temporary folder, started as a program, and
never imported. Servers on CPU 0, the one client on CPU 1, over one connection that is kept open. Both get the same
bytes: a card that pays at once (create with confirm), and the retrieval of a PaymentIntent.
"""

import http.client
import json
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import venv
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from bakong_sandbox.stack.serving import free_port

PEER = "localstripe==1.15.10"
PROGRAM = Path(sys.executable).with_name("bakong-sandbox")
TICKS = os.sysconf("SC_CLK_TCK")
PAYS = {"amount": "2000", "currency": "usd", "payment_method": "pm_card_visa", "confirm": "true"}
KEY = "sk_test_sandbox"
WAIT_S = 120


class Server:
    """A process on CPU 0, its one client, and what it used. extra: fields that only it needs to be given."""

    def __init__(self, name, command, port, root, extra):
        self.name, self.port, self.root, self.extra = name, port, root, extra
        self.begun = time.monotonic()
        self.process = subprocess.Popen(
            ["taskset", "-c", "0", *map(str, command)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self.started_s = self._wait()
        self.client = http.client.HTTPConnection("127.0.0.1", port)

    def _wait(self):
        while time.monotonic() - self.begun < WAIT_S:
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                    pass
                probe = http.client.HTTPConnection("127.0.0.1", self.port)
                probe.request("GET", f"{self.root}/v1/customers", headers=self._headers())
                probe.getresponse().read()
                probe.close()
                return time.monotonic() - self.begun
            except OSError:
                time.sleep(0.005)
        raise SystemExit(f"{self.name} did not start within {WAIT_S} s")

    def _headers(self):
        return {"authorization": f"Bearer {KEY}", "content-type": "application/x-www-form-urlencoded"}

    def ask(self, method, path, fields=None):
        body = urllib.parse.urlencode(fields) if fields else None
        self.client.request(method, self.root + path, body, self._headers())
        answer = self.client.getresponse()
        raw = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{self.name}: {method} {path}: {answer.status} {raw[:300]!r}")
        return json.loads(raw) if raw[:1] == b"{" else {}

    def pay(self):
        return self.ask("POST", "/v1/payment_intents", PAYS | self.extra)

    def cpu_s(self):
        fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory_mb(self):
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024

    def end(self):
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()


def ours(folder):
    port = free_port()
    data = tempfile.mkdtemp(dir=folder)
    command = (PROGRAM, "up", "--json", "--no-service", "--port", port, "--data-dir", data)
    return Server("sandbox", command, port, "/stripe", {"payment_method_types[0]": "card"})


def theirs(folder):
    """In a virtual environment that is made once."""
    home = Path(folder) / "localstripe"
    python = home / "bin" / "python"
    if not python.exists():
        venv.create(home, with_pip=True)
        quiet = ("--quiet", "--disable-pip-version-check")
        subprocess.run([python, "-m", "pip", "install", *quiet, PEER], check=True)
    port = free_port()
    return Server("localstripe", (home / "bin" / "localstripe", "--port", port, "--from-scratch"), port, "", {})


def per_cpu_s(server, calls, call):
    """Requests for each CPU-second of the server."""
    before = server.cpu_s()
    done = 0
    while done < calls or server.cpu_s() - before < 0.2:  # long enough for ticks of 10 ms
        call()
        done += 1
    return done / (server.cpu_s() - before)


class Receiver:
    """Counts what is posted to it."""

    def __init__(self):
        self.count = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                self.rfile.read(int(self.headers["content-length"]))
                outer.count += 1
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}/hooks"


def webhooks_a_second(server, payments):
    """How many arrived in the time from the first payment to the last webhook; each payment brings three at least."""
    receiver = Receiver()
    if server.name == "sandbox":
        server.ask("POST", "/v1/webhook_endpoints", {"url": receiver.url, "enabled_events[0]": "*"})
    else:
        events = ["payment_intent.succeeded", "charge.succeeded", "payment_intent.created"]
        asked = {"url": receiver.url, "secret": "whsec_sandbox"}
        listed = {f"events[{at}]": name for at, name in enumerate(events)}
        server.ask("POST", "/_config/webhooks/one", asked | listed)
    began = time.monotonic()
    for _ in range(payments):
        server.pay()
    last, still_since = receiver.count, time.monotonic()
    while time.monotonic() - still_since < 1.0:
        time.sleep(0.02)
        if receiver.count != last:
            last, still_since = receiver.count, time.monotonic()
    receiver.server.shutdown()
    return receiver.count / (still_since - began), receiver.count


def report(name, rows, better=">"):
    middle = {who: statistics.median(values) for who, values in rows.items()}
    mine, peer = middle["sandbox"], middle["localstripe"]
    ratio = mine / peer if better == ">" else peer / mine
    shown = ", ".join(f"{who} {', '.join(f'{value:.1f}' for value in values)}" for who, values in rows.items())
    print(f"{name}: {mine:.1f} against {peer:.1f}; {ratio:.2f} times as good ({shown})", flush=True)


def main():
    options = {name: int(value) for name, value in (argument.split("=") for argument in sys.argv[1:])}
    rounds, calls = options.get("rounds", 3), options.get("calls", 400)
    os.sched_setaffinity(0, {1} if (os.cpu_count() or 1) > 1 else {0})
    with tempfile.TemporaryDirectory(prefix="bench-stripe-") as folder:
        makers = {"sandbox": ours, "localstripe": theirs}
        theirs(folder).end()  # installs it
        figures = {name: {who: [] for who in makers} for name in ("start", "pays", "reads", "memory", "grown", "hooks")}
        for _ in range(rounds):
            for who, make in makers.items():
                server = make(folder)
                figures["start"][who].append(server.started_s)
                server.pay()
                figures["memory"][who].append(server.memory_mb())
                figures["pays"][who].append(per_cpu_s(server, calls, server.pay))
                id_ = server.pay()["id"]
                read = f"/v1/payment_intents/{id_}"
                figures["reads"][who].append(per_cpu_s(server, calls, lambda s=server, r=read: s.ask("GET", r)))
                server.end()
        for who, make in makers.items():
            server = make(folder)
            for _ in range(options.get("payments", 1500)):
                server.pay()
            figures["grown"][who].append(server.memory_mb())
            server.end()
            server = make(folder)
            server.pay()
            rate, count = webhooks_a_second(server, options.get("webhooks", 300))
            print(f"{who}: {count} webhooks arrived")
            figures["hooks"][who].append(rate)
            server.end()
    report("create and confirm, requests a CPU-second", figures["pays"])
    report("retrieve, requests a CPU-second", figures["reads"])
    report("webhooks delivered a second", figures["hooks"])
    report("start to the first answer, s", figures["start"], "<")
    report("memory after one payment, MB", figures["memory"], "<")
    report("memory after many payments, MB", figures["grown"], "<")


if __name__ == "__main__":
    main()
