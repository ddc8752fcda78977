"""python -m benchmarks.escrow: payments of jobs beside a bare FastAPI + SQLAlchemy insert, as benchmarks.service does.

POST /api/payments, each for a job of its own, with its QR; durable on disk. Rounds alternate, and the median counts.
BENCH_ONLY=sqlite or postgresql; BENCH_CLIENTS, BENCH_ROUNDS, BENCH_SECONDS as there.
"""

import asyncio
import itertools
import json
import os
import statistics
import sys
import tempfile
import time
import uuid
from pathlib import Path

import asyncpg
import psutil

from bakong_sandbox.stack.serving import free_port
from bakong_service.adapters import jws
from bakong_service.adapters.access_tokens import shared_kid
from bakong_service.adapters.sealing import Sealer
from bakong_service.adapters.sql.migrate import upgrade
from bakong_service.adapters.sql.postgres import PostgresStore
from bakong_service.adapters.sql.sqlite import SqliteStore
from bakong_service.domain.escrow import Job, JobStatus, Party
from benchmarks import service as plain
from benchmarks.service import BODY, KEY, ROUNDS, SECONDS, Client, settings, started

JWT = "bench_jwt_secret_" + "0123456789abcdefghijklmnopqrstuvwxyz" * 2
BKASH = {  # which nobody asks: a payment is made there when its page is visited
    "BKASH_BASE_URL": "http://127.0.0.1:1",
    "BKASH_USERNAME": "sandbox",
    "BKASH_PASSWORD": "sandbox",
    "BKASH_APP_KEY": "sandbox",
    "BKASH_APP_SECRET": "sandbox",
    "BKASH_RETURN_URL": "http://127.0.0.1:1/returned",
}
JOBS = int(os.environ.get("BENCH_JOBS", "60000"))


def requests_of_jobs():
    """A request for each job, in turn."""
    claims = {"sub": "g", "role": "GUARDIAN", "exp": int(time.time()) + 86_400}
    token = jws.sign(claims, JWT.encode(), jws.SHARED, shared_kid(JWT))
    for number in itertools.count():
        body = json.dumps({"jobId": f"j{number}", "amount": 15000, "method": "BKASH", "currency": "BDT"}).encode()
        yield (
            f"POST /api/payments HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        ).encode() + body


def same_requests():
    head = (
        f"POST /api/payments/create HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {KEY}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(BODY)}\r\n\r\n"
    )
    return itertools.repeat(head.encode() + BODY)


class Fresh(Client):
    """A connection whose every request is another."""

    def __init__(self, source, done):
        super().__init__(b"", done)
        self._source = source

    def send(self):
        self._request = next(self._source)
        super().send()

    def data_received(self, data):
        if b"HTTP/1.1 201" in data[:12]:
            data = data.replace(b"201", b"200", 1)
        super().data_received(data)


async def load(port, source):
    took, wrong, end = [], [], time.perf_counter() + SECONDS

    def done(good, seconds):
        (took if good else wrong).append(seconds)
        return time.perf_counter() < end

    loop = asyncio.get_running_loop()
    for _ in range(plain.CLIENTS):
        await loop.create_connection(lambda: Fresh(source, done), "127.0.0.1", port)
    await asyncio.sleep(SECONDS + 0.5)
    assert not wrong, f"{len(wrong)} wrong answers"
    return len(took) / SECONDS, 1000 * statistics.quantiles(took, n=100)[98]


async def fill(store):
    """The jobs that are paid for."""
    who = {"guardian": Party("g", "G"), "caregiver": Party("c", "C"), "agency": Party("a", "A")}

    def some(records, first):
        for number in range(first, first + 1000):
            records.save_job(
                Job(id=f"j{number}", package_name="p", status=JobStatus.OPEN, created_ms=1, updated_ms=1, **who)
            )

    for first in range(0, JOBS, 1000):
        await store.write(lambda records, first=first: some(records, first))


async def compare(name, ours_url, peer_url, folder, store):
    await store.migrate(upgrade)
    await fill(store)
    await store.close()
    ports, sources = (free_port(), free_port()), (requests_of_jobs(), same_requests())
    command = str(Path(sys.executable).with_name("bakong-sandbox"))
    ours = [command, "service", "run", "--no-worker", "--port", str(ports[0])]
    peer = [sys.executable, "-m", "benchmarks.peer", peer_url, str(ports[1])]
    env = settings(folder, ours_url) | BKASH | {"JWT_SECRET": JWT, "ENCRYPTION_KEY": KEY}
    processes = [await started(ours, ports[0], env), await started(peer, ports[1], {})]
    try:
        loads, cpu = {port: [] for port in ports}, dict.fromkeys(ports, 0.0)
        for port, source in zip(ports, sources, strict=True):  # a round that warms up
            await load(port, source)
        for _ in range(ROUNDS):
            for port, source, process in zip(ports, sources, processes, strict=True):
                times = psutil.Process(process.pid).cpu_times
                before = sum(times()[:2])
                loads[port].append(await load(port, source))
                cpu[port] += (sum(times()[:2]) - before) / loads[port][-1][0] / SECONDS / ROUNDS
    finally:
        for process in processes:
            process.terminate()
            await process.wait()
    rates = [statistics.median(rate for rate, _ in loads[port]) for port in ports]
    tails = [statistics.median(tail for _, tail in loads[port]) for port in ports]
    shown = [
        f"{rate:6.0f}/s p99 {tail:6.1f} ms, {1e3 * cpu[port]:.2f} ms CPU each"
        for rate, tail, port in zip(rates, tails, ports, strict=True)
    ]
    print(f"escrow on {name:<11} service {shown[0]} | bare {shown[1]} | ratio {rates[0] / rates[1]:.2f}", flush=True)


async def on_sqlite(folder):
    peer = SqliteStore(folder / "peer.db")
    await peer.migrate(upgrade)
    await peer.close()
    ours = SqliteStore(folder / "ours.db", Sealer([KEY]))
    url = f"sqlite:///{folder / 'ours.db'}"
    await compare("SQLite", url, f"sqlite+aiosqlite:///{folder / 'peer.db'}", folder, ours)


async def on_postgres(folder):
    try:
        admin = await asyncpg.connect(plain.POSTGRES, timeout=3)
    except OSError:
        print("escrow on PostgreSQL: no server answers, not measured")
        return
    names = [f"bench_{uuid.uuid4().hex[:8]}_{who}" for who in ("ours", "peer")]
    base = plain.POSTGRES.rsplit("/", 1)[0]
    for name in names:
        await admin.execute(f"CREATE DATABASE {name}")
    try:
        peer = PostgresStore(f"{base}/{names[1]}")
        await peer.migrate(upgrade)
        await peer.close()
        peer_url = f"{base}/{names[1]}".replace("postgresql://", "postgresql+asyncpg://")
        ours = PostgresStore(f"{base}/{names[0]}", Sealer([KEY]))
        await compare("PostgreSQL", f"{base}/{names[0]}", peer_url, folder, ours)
    finally:
        for name in names:
            await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await admin.close()


async def main():
    chosen = os.environ.get("BENCH_ONLY", "")
    with tempfile.TemporaryDirectory() as temporary:
        if chosen in ("", "sqlite"):
            await on_sqlite(Path(temporary))
        if chosen in ("", "postgresql"):
            await on_postgres(Path(temporary))


if __name__ == "__main__":
    asyncio.run(main())
