"""The simulator's speed and memory, against plain FastAPI on the same uvicorn, in interleaved rounds of one run.

    PYTHONPATH=. python -P benchmarks/simulator.py [rounds=6] [seconds=3] [requests=1000000]

Server on CPU 0, wrk (Debian: apt-get install wrk) on CPU 1, 32 connections. The question is POST
check_transaction_by_md5 with a bearer token, half of them found; journal, quota and scenario look-up are on.
"""

import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from bakong_sandbox.stack.serving import free_port
from khqr import Currency, Individual, encode

HERE = Path(__file__).parent
PROGRAM = Path(sys.executable).with_name("bakong-sandbox")
TICKS = os.sysconf("SC_CLK_TCK")
CONNECTIONS = 32
LUA = """
wrk.method = "POST"
wrk.headers["Authorization"] = "Bearer {token}"
wrk.headers["Content-Type"] = "application/json"
local found = {{ {found} }}
local n = 0
request = function()
  n = n + 1
  if n % 2 == 0 then
    return wrk.format(nil, nil, nil, '{{"md5":"' .. found[(n / 2) % #found + 1] .. '"}}')
  end
  return wrk.format(nil, nil, nil, string.format('{{"md5":"%032x"}}', n % {strangers}))
end
"""


class Server:
    """A process on CPU 0, and what it used."""

    def __init__(self, *command):
        self.begun = time.monotonic()
        self.process = subprocess.Popen(["taskset", "-c", "0", *map(str, command)], stdout=subprocess.PIPE)

    def cpu_s(self):
        fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory_mb(self, name="VmRSS"):
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")
        return int(re.search(rf"{name}:\s+(\d+)", status)[1]) / 1024

    def wait(self, url):
        while True:
            try:
                with urllib.request.urlopen(f"{url}/sandbox/health") as answer:
                    assert answer.status == 200
                return time.monotonic() - self.begun
            except OSError:
                time.sleep(0.005)

    def end(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait()


def post(url, body, token=""):
    headers = {"content-type": "application/json", "authorization": f"Bearer {token}"}
    with urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode(), headers)) as answer:
        return json.load(answer)


def load(server, url, script, seconds):
    """Requests for each CPU-second of the server, requests a second, p99 in ms."""
    return load_path(server, f"{url}/v1/check_transaction_by_md5", script, seconds)


def load_path(server, url, script, seconds):
    """The same at a whole URL."""
    before = server.cpu_s()
    command = ["taskset", "-c", "1", "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", "-s", script, url]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in text:
        raise SystemExit(text)
    requests = int(re.search(r"(\d+) requests in", text)[1])
    value, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", text).groups()
    p99_ms = float(value) * {"us": 0.001, "ms": 1, "s": 1000}[unit]
    return requests / (server.cpu_s() - before), requests / seconds, p99_ms


def codes(count):
    return [
        encode(
            Individual(
                bakong_account_id="sokha@devb",
                merchant_name="Sokha",
                currency=Currency.USD,
                amount="1.50",
                bill_number=f"B{number}",
                expiration_timestamp=4_000_000_000_000,
            ),
            now=1_770_768_000_000,
        )
        for number in range(count)
    ]


def started(folder, *options):
    """The simulator as a user starts it, its ready line, and the seconds to its first 200."""
    command = (PROGRAM, "up", "--json", "--no-service", "--port", "0", "--data-dir", folder, *options)
    server = Server(*command)
    ready = json.loads(server.process.stdout.readline())
    return server, ready, server.wait(ready["bakong_url"])


def script_of(folder, token, paid, strangers):
    path = Path(folder) / f"load-{strangers}.lua"
    path.write_text(
        LUA.format(token=token, found=",".join(f'"{md5}"' for md5 in paid), strangers=strangers), encoding="utf-8"
    )
    return str(path)


def interleaved(folder, rounds, seconds):
    server, ready, _ = started(folder, "--quota", "1000000000")
    paid = codes(64)
    for code in paid:
        post(f"{ready['bakong_url']}/sandbox/worlds/default/payments", {"qr": code.qr})
    paid_md5s = [code.md5 for code in paid]
    script = script_of(folder, ready["token"], paid_md5s, 997)
    port = free_port()
    reference = Server(sys.executable, HERE / "simulator_reference.py", port, ready["token"], *paid_md5s)
    reference.wait(f"http://127.0.0.1:{port}")
    pairs = [(server, ready["bakong_url"]), (reference, f"http://127.0.0.1:{port}")]
    for one, url in pairs:
        load(one, url, script, 1)
    ours, theirs = [], []
    for _ in range(rounds):
        ours.append(load(*pairs[0], script, seconds))
        theirs.append(load(*pairs[1], script, seconds))
    reference.end()
    report("requests per CPU-second", [a[0] / b[0] for a, b in zip(ours, theirs, strict=True)], ours, theirs, 0)
    report("requests a second", [a[1] / b[1] for a, b in zip(ours, theirs, strict=True)], ours, theirs, 1)
    report("p99 in ms", [a[2] / b[2] for a, b in zip(ours, theirs, strict=True)], ours, theirs, 2)
    print(f"peak RSS under load: {server.memory_mb('VmHWM'):.0f} MB")
    server.end()


def report(name, ratios, ours, theirs, column):
    middle = [statistics.median(row[column] for row in rows) for rows in (ours, theirs)]
    shown = ", ".join(f"{ratio:.2f}" for ratio in ratios)
    print(f"{name}: {middle[0]:.1f} against {middle[1]:.1f}; ratio {statistics.median(ratios):.2f} (rounds {shown})")


def cold_start(folder, runs=7):
    taken = []
    for _ in range(runs):
        server, _, seconds = started(folder)
        taken.append(seconds)
        server.end()
    print(f"cold start to the first 200: median {statistics.median(taken):.2f} s, worst {max(taken):.2f} s of {runs}")


def many_worlds(folder, count=1000):
    server, ready, _ = started(folder)
    code = codes(1)[0]
    before = server.memory_mb()
    for _ in range(count):
        made = post(f"{ready['bakong_url']}/sandbox/worlds", {})
        post(f"{ready['bakong_url']}/sandbox/worlds/{made['world']}/payments", {"qr": code.qr})
        for _ in range(5):
            post(f"{made['base_url']}/v1/check_transaction_by_md5", {"md5": code.md5}, made["token"])
    print(f"{count} worlds, each paid and asked 5 times: {server.memory_mb():.0f} MB (one world: {before:.0f} MB)")
    server.end()


def long_run(folder, requests):
    """Memory over many requests, half of them for md5s that never come again."""
    server, ready, _ = started(folder, "--quota", "1000000000")
    paid = codes(64)
    for code in paid:
        post(f"{ready['bakong_url']}/sandbox/worlds/default/payments", {"qr": code.qr})
    script = script_of(folder, ready["token"], [code.md5 for code in paid], 10**9)
    total, seen = 0, []
    while total < requests:
        _, a_second, _ = load(server, ready["bakong_url"], script, 10)
        total += round(a_second * 10)
        seen.append((total, server.memory_mb()))
    print(
        "memory:", ", ".join(f"{total}: {mb:.1f} MB" for total, mb in seen), f"peak {server.memory_mb('VmHWM'):.1f} MB"
    )
    server.end()


def main():
    if not shutil.which("wrk"):
        raise SystemExit("wrk is not installed: apt-get install wrk")
    options = dict(argument.split("=") for argument in sys.argv[1:])
    with tempfile.TemporaryDirectory() as folder:
        cold_start(folder)
        interleaved(folder, int(options.get("rounds", "6")), int(options.get("seconds", "3")))
        many_worlds(folder)
        long_run(folder, int(options.get("requests", "1000000")))


if __name__ == "__main__":
    main()
