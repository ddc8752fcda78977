"""python -m benchmarks.scale: 1, 2 and 4 simulators behind nginx, which sends each world to the process that has it.

    NGINX_PROGRAM=/usr/sbin/nginx python -m benchmarks.scale [processes=1,2,4] [worlds=32] [seconds=6]

What is counted is requests for each second of processor time, of the simulators and of nginx: on a machine that others
use too, requests a second are what was left over. Every answer has to be of the world's own payment, and
each world in one process alone. The simulators share CPU 0.
"""

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import ExitStack
from pathlib import Path

import psutil

from bakong_sandbox.stack.serving import free_port
from benchmarks.simulator import codes, post, started

NGINX = os.environ.get("NGINX_PROGRAM") or shutil.which("nginx") or "/usr/sbin/nginx"
CONNECTIONS = 32
CONFIG = Path(__file__).parents[1] / "deploy" / "simulators-nginx.conf"


def proxy(folder, ports):
    """nginx in front of simulators: deploy/simulators-nginx.conf, at these ports."""
    port, text = free_port(), CONFIG.read_text(encoding="utf-8")
    servers = "".join(f"    server 127.0.0.1:{one};\n" for one in ports)
    text = re.sub(r"(?m)^    server simulator-\d:8600;\n", "", text).replace("    # simulators\n", servers)
    text = text.replace("listen 8600;", f"listen 127.0.0.1:{port};").replace("/tmp/", f"{folder}/")
    (folder / "nginx.conf").write_text("daemon off; error_log stderr crit;\n" + text, encoding="utf-8")
    command = [NGINX, "-p", folder, "-c", folder / "nginx.conf", "-e", "stderr"]
    return subprocess.Popen(command), f"http://127.0.0.1:{port}"


def wait(url):
    while True:
        try:
            with urllib.request.urlopen(f"{url}/sandbox/health"):
                return
        except OSError:
            time.sleep(0.02)


def cpu_s(pid):
    process = psutil.Process(pid)
    return sum(sum(one.cpu_times()[:2]) for one in (process, *process.children(recursive=True)))


async def ask(url, worlds, code, end_s, asked):
    """One connection that asks its worlds in turn, for as long as it is told."""
    host, port = url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    body = json.dumps({"md5": code.md5}).encode()
    while time.monotonic() < end_s:
        for name, token in worlds:
            writer.write(
                f"POST /w/{name}/v1/check_transaction_by_md5 HTTP/1.1\r\nhost: {host}\r\n"
                f"authorization: Bearer {token}\r\ncontent-type: application/json\r\n"
                f"content-length: {len(body)}\r\n\r\n".encode()
                + body
            )
            head = await reader.readuntil(b"\r\n\r\n")
            answer = await reader.readexactly(int(re.search(rb"(?i)content-length: (\d+)", head)[1]))
            assert b'"responseCode":0' in answer, (head, answer)
            asked[name] += 1
    writer.close()


def has(url, name):
    """Whether a process knows a world."""
    try:
        with urllib.request.urlopen(f"{url}/sandbox/worlds/{name}"):
            return True
    except urllib.error.HTTPError:
        return False


def measured(folder, processes, count, seconds):
    with ExitStack() as opened:
        simulators = []
        for number in range(processes):
            simulator, ready, _ = started(folder / f"{processes}-{number}", "--quota", "1000000000")
            opened.callback(simulator.end)
            simulators.append((simulator, ready["bakong_url"]))
        own = folder / f"nginx-{processes}"
        own.mkdir()
        nginx, url = proxy(own, [one.rpartition(":")[2] for _, one in simulators])
        opened.callback(nginx.wait)
        opened.callback(nginx.terminate)
        wait(url)
        worlds, code = [], codes(1)[0]
        for number in range(count):
            name = f"shop-{number}"
            request = urllib.request.Request(
                f"{url}/sandbox/worlds",
                json.dumps({"name": name}).encode(),
                {"content-type": "application/json", "x-world": name},
            )
            with urllib.request.urlopen(request) as answer:
                worlds.append((name, json.load(answer)["token"]))
            post(f"{url}/sandbox/worlds/{name}/payments", {"qr": code.qr})
        asked = dict.fromkeys((name for name, _ in worlds), 0)
        before = [cpu_s(one.process.pid) for one, _ in simulators], cpu_s(nginx.pid)
        end_s = time.monotonic() + seconds

        async def load():
            await asyncio.gather(
                *(ask(url, worlds[n::CONNECTIONS] or worlds, code, end_s, asked) for n in range(CONNECTIONS))
            )

        asyncio.run(load())
        used = [cpu_s(one.process.pid) - was for (one, _), was in zip(simulators, before[0], strict=True)]
        proxied = cpu_s(nginx.pid) - before[1]
        total = sum(asked.values())
        homes = [[has(one, name) for _, one in simulators] for name, _ in worlds]
        astray = sum(sum(places) != 1 for places in homes)
        spread = "/".join(str(sum(places[n] for places in homes)) for n in range(processes))
        print(
            f"{processes} process(es): {total / sum(used):,.0f} requests for each CPU-second of a simulator, "
            f"{total / proxied:,.0f} of nginx; {total / seconds:,.0f} a second here; "
            f"worlds {spread}, {astray} of {count} astray"
        )
        assert astray == 0


def main(processes="1,2,4", worlds="32", seconds="6"):
    if not Path(NGINX).exists():
        raise SystemExit("nginx is not installed (Debian: nginx-light); NGINX_PROGRAM names another one")
    with tempfile.TemporaryDirectory() as folder:
        for number in map(int, processes.split(",")):
            measured(Path(folder), number, int(worlds), float(seconds))


if __name__ == "__main__":
    main(*sys.argv[1:])
