"""python -m benchmarks.service: the service beside a bare FastAPI + SQLAlchemy insert of the same row.

Payments created a second and p99, durable on disk, on SQLite and (where BAKONG_BENCH_POSTGRES_URL or a server on
127.0.0.1:5432 answers) on PostgreSQL; the cost of a check of the limit; payments watched a second by one worker. Rounds
alternate between the two, and the median counts: a busy machine moves both.
"""

import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
import uuid
from decimal import Decimal
from pathlib import Path

import asyncpg
import httpx
import psutil

from bakong_contracts.service_api import Plan
from bakong_sandbox.stack.serving import free_port
from bakong_schemes.bakong.adapter.provider import Merchant, provider
from bakong_service.adapters.memory_admission import MemoryAdmission
from bakong_service.adapters.redis_admission import RedisAdmission, connect
from bakong_service.adapters.sealing import Sealer
from bakong_service.adapters.sql.migrate import upgrade
from bakong_service.adapters.sql.postgres import PostgresStore
from bakong_service.adapters.sql.sqlite import SqliteStore
from bakong_service.adapters.system import SystemIds, wait_at_most
from bakong_service.domain.payments import NotFound
from bakong_service.domain.plans import Prices
from bakong_service.usecases.core import Core
from bakong_service.usecases.create_payment import create_payment
from bakong_service.usecases.idempotency import _plain
from bakong_service.usecases.poll_payments import poll_due

KEY = "bench-key-0123456789abcdefghijklmnopqrstuvwxyz"
CLIENTS = int(os.environ.get("BENCH_CLIENTS", "16"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
SECONDS = float(os.environ.get("BENCH_SECONDS", "4"))
POSTGRES = os.environ.get("BAKONG_BENCH_POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432/postgres")
REDIS = os.environ.get("BAKONG_BENCH_REDIS_URL", "redis://127.0.0.1:6379/0")
BODY = json.dumps({"userId": "bench", "planType": "PREMIUM", "amount": 0.5, "currency": "USD"}).encode()


class Client(asyncio.Protocol):
    """One keep-alive connection that sends the same request again and again, cheaply."""

    def __init__(self, request, done):
        self._request, self._done, self._buffer = request, done, b""

    def connection_made(self, transport):
        self._transport = transport
        self.send()

    def send(self):
        self._begun = time.perf_counter()
        self._transport.write(self._request)

    def data_received(self, data):
        self._buffer += data
        head, separator, body = self._buffer.partition(b"\r\n\r\n")
        if not separator or len(body) < int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0]):
            return
        self._buffer = b""
        if self._done(head.split(b" ")[1] == b"200", time.perf_counter() - self._begun):
            self.send()
        else:
            self._transport.close()


CREATE = (
    f"POST /api/payments/create HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {KEY}\r\n"
    f"content-type: application/json\r\ncontent-length: {len(BODY)}\r\n\r\n"
).encode() + BODY


async def load(port, request=CREATE):
    """Answers a second, and p99 in ms."""
    took, wrong, end = [], [], time.perf_counter() + SECONDS

    def done(good, seconds):
        (took if good else wrong).append(seconds)
        return time.perf_counter() < end

    loop, begun = asyncio.get_running_loop(), time.perf_counter()
    for _ in range(CLIENTS):
        await loop.create_connection(lambda: Client(request, done), "127.0.0.1", port)
    await asyncio.sleep(SECONDS + 0.5)
    assert not wrong, f"{len(wrong)} wrong answers"
    return len(took) / (SECONDS if took else time.perf_counter() - begun), 1000 * statistics.quantiles(took, n=100)[98]


async def started(program, port, env):
    process = await asyncio.create_subprocess_exec(*program, env={**os.environ, **env})
    async with httpx.AsyncClient(trust_env=False) as client:
        while True:
            try:
                await client.get(f"http://127.0.0.1:{port}/api/health/live")
            except httpx.TransportError:
                assert process.returncode is None, f"{program[0]} ended with {process.returncode}"
                await asyncio.sleep(0.1)
            else:
                return process


def settings(folder, url):
    return {
        "SERVICE_MODE": "sandbox",
        "DATA_DIR": str(folder),
        "LOG_DIR": str(folder / "logs"),
        "DATABASE_URL": url,
        "RATE_LIMIT_PER_MINUTE": "1000000",
        "BAKONG_BASE_URL": "http://127.0.0.1:1",
        "BAKONG_MERCHANT_ID": "noodle_shop@devb",
        "BAKONG_DEVELOPER_TOKEN": "none",
        "MAIN_BACKEND_API_KEY": KEY,
    }


async def compare(name, ours_url, peer_url, folder):
    ports = free_port(), free_port()
    ours = [
        str(Path(sys.executable).with_name("bakong-sandbox")),
        "service",
        "run",
        "--no-worker",
        "--port",
        str(ports[0]),
    ]
    peer = [sys.executable, "-m", "benchmarks.peer", peer_url, str(ports[1])]
    processes = [await started(ours, ports[0], settings(folder, ours_url)), await started(peer, ports[1], {})]
    try:
        loads, cpu = {port: [] for port in ports}, dict.fromkeys(ports, 0.0)
        for port in ports:  # a round that warms up
            await load(port)
        for _ in range(ROUNDS):
            for port, process in zip(ports, processes, strict=True):
                times = psutil.Process(process.pid).cpu_times
                before = sum(times()[:2])
                loads[port].append(await load(port))
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
    ratio = rates[0] / rates[1]
    print(f"create on {name:<11} service {shown[0]} | bare {shown[1]} | ratio {ratio:.2f}", flush=True)


async def on_sqlite(folder):
    peer = folder / "peer.db"
    store = SqliteStore(peer)
    await store.migrate(upgrade)
    await store.close()
    await compare("SQLite", f"sqlite:///{folder / 'ours.db'}", f"sqlite+aiosqlite:///{peer}", folder)


async def on_postgres(folder):
    try:
        admin = await asyncpg.connect(POSTGRES, timeout=3)
    except OSError:
        print("create on PostgreSQL: no server answers, not measured")
        return
    names = [f"bench_{uuid.uuid4().hex[:8]}_{who}" for who in ("ours", "peer")]
    base = POSTGRES.rsplit("/", 1)[0]
    for name in names:
        await admin.execute(f"CREATE DATABASE {name}")
    store = PostgresStore(f"{base}/{names[1]}")
    await store.migrate(upgrade)
    await store.close()
    peer = f"{base}/{names[1]}".replace("postgresql://", "postgresql+asyncpg://")
    try:
        await compare("PostgreSQL", f"{base}/{names[0]}", peer, folder)
    finally:
        for name in names:
            await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await admin.close()


async def limiter():
    local = MemoryAdmission(lambda: time.monotonic_ns() // 1000, 100)
    begun = time.perf_counter()
    for _ in range(100_000):
        await local.admit("k", "a")
    print(f"limit check: memory {10 * (time.perf_counter() - begun):.2f} us", end="")
    shared = RedisAdmission(connect(REDIS), 100, prefix=f"bench:{uuid.uuid4()}", local=local, ticks_us=lambda: 0)
    if await shared.state():
        print(" | Redis: none answers")
        return
    begun = time.perf_counter()
    for _ in range(3000):
        await shared.admit("k", "a")
    alone = (time.perf_counter() - begun) / 3000

    async def many():
        for _ in range(200):
            await shared.admit("k", "a")

    begun = time.perf_counter()
    await asyncio.gather(*(many() for _ in range(32)))
    together = 6400 / (time.perf_counter() - begun)
    print(f" | Redis {1e6 * alone:.0f} us alone, {together:.0f} checks/s by 32 at once")
    await shared.close()


class Frozen:
    """Time that a benchmark moves, and a Bakong that has never heard of anything."""

    def __init__(self):
        self.ms = 1_770_768_000_000

    def now_ms(self):
        return self.ms

    def call_at(self, _due_ms, _fire):
        return None

    async def check(self, _md5):
        return NotFound()

    async def check_many(self, md5s):
        return dict.fromkeys(md5s, NotFound())


async def worker(name, store):
    world, prices = Frozen(), Prices()
    merchant = Merchant(account_id="noodle_shop@devb", name="Noodle Shop", city="Phnom Penh")
    core = Core(
        store=store,
        timers=world,
        ids=SystemIds(),
        providers={"bakong": provider(world, merchant)},
        post=None,
        patience=wait_at_most,
        prices=prices,
        webhook_secrets=(),
    )

    async def make(count):
        for _ in range(count):
            await create_payment(core, _plain(core), "u", Plan.PREMIUM, Decimal("0.50"), "USD", None)

    await asyncio.gather(*(make(125) for _ in range(16)))
    world.ms += 3_000
    begun = time.perf_counter()
    await poll_due(core, "bakong")
    took = time.perf_counter() - begun
    print(f"worker on {name}: {2000 / took:.0f} payments watched a second by one worker")
    await store.close()


async def main():
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        chosen = os.environ.get("BENCH_ONLY", "")
        if chosen in ("", "sqlite"):
            await on_sqlite(folder)
        if chosen in ("", "postgresql"):
            await on_postgres(folder)
        await limiter()
        store = SqliteStore(folder / "worker.db", Sealer([KEY]))
        await store.migrate(upgrade)
        await worker("SQLite", store)


if __name__ == "__main__":
    asyncio.run(main())
