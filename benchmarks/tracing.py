"""python -m benchmarks.tracing: what traces cost a request, where nobody collects them and where somebody does.

The same service four times in one run, asked in turns: without the extra, with it and off, on for one trace in a
hundred, and on for all of them, sent to a collector in this process. Processor time is compared, for requests a second
are the machine's. What is left of tracing when it is off is too little for that: its calls are counted in a service of
their own, and timed one by one.
"""

import asyncio
import json
import statistics
import sys
import tempfile
import timeit
from pathlib import Path

import httpx
import psutil

from bakong_sandbox.stack.serving import free_port
from bakong_service.adapters.instruments import UNTRACED
from benchmarks.service import BODY, CREATE, KEY, ROUNDS, SECONDS, load, settings, started

RUN = "from bakong_sandbox.cli import main; main()"
WITHOUT = "import sys; sys.modules['opentelemetry.sdk'] = sys.modules['opentelemetry.exporter'] = None; "
COUNTED = """
import atexit, collections, json, os
from bakong_service.adapters.instruments import Untraced
calls = collections.Counter()
def counted(name, real):
    def call(*given, **named):
        calls[name] += 1
        return real(*given, **named)
    return call
for name in ("span", "here", "ids"):
    setattr(Untraced, name, counted(name, getattr(Untraced, name)))
Untraced.is_on = property(counted("is_on", lambda _: False))
atexit.register(lambda: open(os.environ["CALLS"], "w").write(json.dumps(calls)))
"""
TIMED = {
    "span": lambda: UNTRACED.span("store.write").__enter__(),
    "here": UNTRACED.here,
    "ids": UNTRACED.ids,
    "is_on": lambda: UNTRACED.is_on,
}


def status(md5):
    return f"GET /api/payments/status/{md5} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {KEY}\r\n\r\n".encode()


async def collector():
    """What takes spans and forgets them: its port."""

    async def take(reader, writer):
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                await reader.readexactly(int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0]))
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    return server, server.sockets[0].getsockname()[1]


def kinds(port):
    """What each service begins with, and its variables."""
    on = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{port}"}
    return {
        "without": (WITHOUT, {}),
        "off": ("", {}),
        "1 in 100": ("", on | {"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.01"}),
        "all": ("", on),
    }


async def serve(folder, first, env):
    """A service, its port, and the reference of a payment of it."""
    folder.mkdir()
    port = free_port()
    program = (sys.executable, "-c", first + RUN, "service", "run", "--no-worker", "--port", str(port))
    process = await started(program, port, settings(folder, f"sqlite:///{folder / 'service.db'}") | env)
    headers = {"authorization": f"Bearer {KEY}", "content-type": "application/json"}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers, trust_env=False) as client:
        made = (await client.post("/api/payments/create", content=BODY)).json()
    return process, port, made["data"]["md5Hash"]


async def end(processes):
    for process in processes:
        process.terminate()
    for process in processes:
        await process.wait()


async def cost_us(process, port, request):
    """Processor time of the service for one answer."""
    times = psutil.Process(process.pid).cpu_times
    before = sum(times()[:2])
    rate, _ = await load(port, request)
    return 1e6 * (sum(times()[:2]) - before) / (rate * SECONDS)


async def compare(folder):
    """The median cost of a create and a status, by kind."""
    server, sink = await collector()
    services = {name: await serve(folder / name, *words) for name, words in kinds(sink).items()}
    costs = {(what, name): [] for what in ("create", "status") for name in services}
    try:
        for number in range(ROUNDS + 1):
            for (what, name), measured in costs.items():
                process, port, md5 = services[name]
                took = await cost_us(process, port, CREATE if what == "create" else status(md5))
                if number:  # the first one warms up
                    measured.append(took)
    finally:
        await end([process for process, _, _ in services.values()])
        server.close()
    return {key: statistics.median(measured) for key, measured in costs.items()}


async def calls_of(folder, request_of, count):
    """The calls of tracing for one request, where it is off."""
    folder.mkdir()
    totals = []
    for number, many in enumerate((0, count)):
        env = {"CALLS": folder / f"calls-{number}"}
        process, port, md5 = await serve(folder / f"service-{number}", COUNTED, env)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            for _ in range(many):
                await request_of(client, md5)
        await end([process])
        totals.append(json.loads(env["CALLS"].read_text(encoding="utf-8")))
    return {name: (totals[1].get(name, 0) - totals[0].get(name, 0)) / count for name in TIMED}


async def create(client, _md5):
    headers = {"authorization": f"Bearer {KEY}", "content-type": "application/json"}
    await client.post("/api/payments/create", content=BODY, headers=headers)


async def ask(client, md5):
    await client.get(f"/api/payments/status/{md5}", headers={"authorization": f"Bearer {KEY}"})


async def main():
    with tempfile.TemporaryDirectory(dir="/var/tmp") as name:
        folder = Path(name)
        costs = await compare(folder)
        each = {hook: min(timeit.repeat(call, number=100_000, repeat=5)) * 10 for hook, call in TIMED.items()}
        for what, request_of in (("create", create), ("status", ask)):
            base = costs[what, "without"]
            shown = [f"{kind} {took:5.0f} us ({took / base:.3f})" for (of, kind), took in costs.items() if of == what]
            print(f"{what}: {' | '.join(shown)}", flush=True)
            calls = await calls_of(folder / what, request_of, 200)
            left_us = sum(calls[hook] * each[hook] for hook in TIMED)
            counted = ", ".join(f"{many:.1f} x {hook}" for hook, many in calls.items() if many)
            print(f"  off: {counted}: {left_us:.2f} us, {100 * left_us / base:.2f} %", flush=True)


asyncio.run(main())
