"""Do the go-live check's figures agree with others'? python -m benchmarks.load_agreement peak|wrk [rounds]

peak  The peak profile, whole, on a sandbox in a process of its own. The service writes into its access log how long
      each request took at its ASGI edge; p50, p95 and p99 of exactly the requests that the report judges, and their
      number over the same time, are held against the report's own. The rate is the customers', so nothing saturates;
      what the client sees beyond the log is the kernel, and the wait for the server's loop.
wrk   wrk and probing users ask for the status of a paid payment at the same time, with as many connections each and
      the same pause after every answer: two closed loops before one server, which neither saturates. Needs wrk.

Ratios of each round and their medians; within 10 % of 1 is the aim. And what each process used of a core.
"""

import json
import re
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

from bakong_loadtests.measures import percentile

CONNECTIONS = 8
PAUSE_MS = 80
SECONDS = 30
LEAD_S = 6  # the load needs so long until its users ask
MAIN = (sys.executable, "-c", "from bakong_sandbox.cli import main; main()")
WELL_BEHAVED = ("--set", "users.bad_bodies=0", "--set", "users.bad_keys=0")
AGENT = "gevent"  # how the access log tells the users from those who close the books
SERVER = """
import asyncio, json, sys
from pathlib import Path
from bakong_sandbox.stack.options import Options
from bakong_sandbox.stack.sandbox import run
async def main():
    options = Options(data_dir=Path(sys.argv[1]), port=0, service_port=0, rate_limit_per_minute=int(sys.argv[2]))
    async with run(options) as stack:
        print(json.dumps(stack.ready()), flush=True)
        await asyncio.Event().wait()
import uvloop
uvloop.run(main())
"""
PROFILE = f"""
about: A closed loop with a pause, to compare with wrk's.
shape: {{kind: steady, users: {CONNECTIONS}, seconds: {SECONDS + 4}}}
users: {{probes: {CONNECTIONS}}}
journey: {{think_ms: 10, poll_ms: 100, probe_ms: {PAUSE_MS}}}
keys: 1
settle_s: 3
slo: {{error_rate: 0}}
"""
LUA = f"""
delay = function() return {PAUSE_MS} end
done = function(summary, latency, requests)
  io.write(string.format('{{"p50_ms": %f, "p99_ms": %f, "rps": %f}}', latency:percentile(50) / 1000,
    latency:percentile(99) / 1000, summary.requests * 1e6 / summary.duration))
end
"""


@contextmanager
def sandbox(folder, limit):
    """A running sandbox: what it says when it is ready, and its process id."""
    command = [sys.executable, "-c", SERVER, folder, str(limit)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as server:
        try:
            yield json.loads(server.stdout.readline()), server.pid
        finally:
            server.send_signal(signal.SIGKILL)


def load(ready, folder, profile, *options):
    """The command of a load test on that sandbox."""
    target = ["--url", ready["service_url"], "--bakong-url", ready["bakong_url"], "--data-dir", folder]
    return [*MAIN, "load", profile, *target, "--out", f"{folder}/report", *options]


def report_of(folder):
    return json.loads(Path(folder, "report", "report.json").read_text(encoding="utf-8"))


def cpu_s(pid):
    used = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(used[11]) + int(used[12])) / 100


def peak(folder):
    """What the report of a peak says, and the access log."""
    with sandbox(folder, 100) as (ready, pid):
        before = cpu_s(pid)
        subprocess.run(load(ready, folder, "peak", *WELL_BEHAVED), stdout=-3, stderr=-3, check=False)
        server_cpu_s = cpu_s(pid) - before
    report = report_of(folder)
    rows = [json.loads(line) for line in Path(folder, "logs", "combined.log").read_text(encoding="utf-8").splitlines()]
    took = [row["ms"] for row in rows if row["event"] == "request" and AGENT in (row["user_agent"] or "")]
    answers = sum(row["calls"] for row in report["calls"] if row["who"] != "wallet")
    seconds = answers / report["figures"]["throughput"]
    return {
        "report": {name: report["figures"][name] for name in ("p50_ms", "p95_ms", "p99_ms", "throughput")},
        "server": {
            **{f"p{share}_ms": percentile(took, share / 100) for share in (50, 95, 99)},
            "throughput": len(took) / seconds,
        },
        "generator_share_of_one_core": report["generator"]["share_of_one_core"],
        "server_share_of_one_core": server_cpu_s / report["seconds"],
    }


def beside_wrk(folder):
    """What wrk and the report say of the same seconds."""
    profile, script = Path(folder, "agreement.yaml"), Path(folder, "wrk.lua")
    profile.write_text(PROFILE, encoding="utf-8")
    script.write_text(LUA, encoding="utf-8")
    with sandbox(folder, 0) as (ready, pid):
        url = paid_payment(ready)
        with subprocess.Popen(load(ready, folder, str(profile), "--limit", "0"), stdout=-3, stderr=-3) as running:
            time.sleep(LEAD_S)
            before, wrk_before = cpu_s(pid), resource.getrusage(resource.RUSAGE_CHILDREN)
            theirs = wrk(url, ready["api_key"], script)
            used, wrk_after = cpu_s(pid) - before, resource.getrusage(resource.RUSAGE_CHILDREN)
            running.wait()
    report = report_of(folder)
    (probe,) = (row for row in report["calls"] if row["name"] == "probe")
    mine = statistics.median(sorted(report["series"]["per_second"])[2:])
    return {
        "report": {"p50_ms": probe["p50_ms"], "p99_ms": probe["p99_ms"], "throughput": mine},
        "wrk": {"p50_ms": theirs["p50_ms"], "p99_ms": theirs["p99_ms"], "throughput": theirs["rps"]},
        "generator_share_of_one_core": report["generator"]["share_of_one_core"],
        "server_share_of_one_core": used / SECONDS,
        "wrk_share_of_one_core": (wrk_after.ru_utime - wrk_before.ru_utime) / SECONDS,
    }


def wrk(url, key, script):
    sizes = ["-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s"]
    command = ["wrk", *sizes, "-s", str(script), "-H", f"Authorization: Bearer {key}", url]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return json.loads(re.search(r"\{.*\}", said, re.DOTALL)[0])


def call(url, key, body=None):
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    request = urllib.request.Request(url, json.dumps(body).encode() if body else None, headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def paid_payment(ready):
    order = {"userId": "wrk", "planType": "PREMIUM", "amount": 0.5, "currency": "USD"}
    made = call(ready["service_url"] + "/api/payments/create", ready["api_key"], order)["data"]
    call(f"{ready['bakong_url']}/sandbox/worlds/default/payments", "", {"qr": made["qrCode"]})
    url = f"{ready['service_url']}/api/payments/status/{made['md5Hash']}"
    while call(url, ready["api_key"])["data"]["status"] != "PAID":
        pass
    return url


COMPARISONS = {"peak": (peak, "server"), "wrk": (beside_wrk, "wrk")}


def main():
    compare, other = COMPARISONS[sys.argv[1]]
    rows = []
    for _ in range(int(sys.argv[2]) if len(sys.argv) > 2 else 3):
        with tempfile.TemporaryDirectory() as folder:
            rows.append(compare(folder))
        print(json.dumps(rows[-1]), flush=True)
    for name in rows[0]["report"]:
        ratios = [row["report"][name] / row[other][name] for row in rows]
        print(f"{name}, report / {other}: {statistics.median(ratios):.3f} (of {', '.join(f'{r:.3f}' for r in ratios)})")


if __name__ == "__main__":
    main()
