"""python -m benchmarks.scale_service [payments=4000]: what a payment costs each part, in processor time and bytes.

One process of the service without a worker, a PostgreSQL and a Redis of its own; 16 clients make payments under
idempotency keys. What is counted is processor time, of the service, of PostgreSQL and of Redis: what one core of each
carries is 1 / that, on a machine that does nothing else. And the bytes that a payment leaves in the database, and
writes to its log.
"""

import asyncio
import contextlib
import json
import sys
import tempfile
import time
from pathlib import Path

import asyncpg
import psutil

from bakong_sandbox.stack.options import Options
from bakong_sandbox.stack.sandbox import run
from tests.servers import OwnPostgres, OwnRedis
from tests.service.processes import API_KEY, environment, serving

CLIENTS = 16
ORDER = {"planType": "PREMIUM", "amount": 0.5, "currency": "USD"}


def used_s(process):
    """Processor time of a process and of all that it has started, so far."""
    total = 0.0
    for one in (process, *process.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):
            total += sum(one.cpu_times()[:2])
    return total


async def sell(url, first, count):
    host, port = url.removeprefix("http://").split(":")
    numbers = iter(range(first, first + count))

    async def shop():
        reader, writer = await asyncio.open_connection(host, int(port))
        for number in numbers:
            body = json.dumps(ORDER | {"userId": f"u{number}"}).encode()
            head = (
                f"POST /api/payments/create HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {API_KEY}\r\n"
                f"idempotency-key: order-{number}\r\ncontent-type: application/json\r\n"
                f"content-length: {len(body)}\r\n\r\n"
            )
            writer.write(head.encode() + body)
            answer = await reader.readuntil(b"\r\n\r\n")
            assert answer.startswith(b"HTTP/1.1 200"), answer
            length = next(line for line in answer.lower().splitlines() if line.startswith(b"content-length"))
            await reader.readexactly(int(length.split(b":")[1]))
        writer.close()

    await asyncio.gather(*(shop() for _ in range(CLIENTS)))


async def stored(url):
    """Bytes of the database, and of its log so far."""
    connection = await asyncpg.connect(url)
    try:
        query = "SELECT pg_database_size(current_database()), pg_current_wal_lsn() - '0/0'::pg_lsn"
        return [int(value) for value in await connection.fetchrow(query)]
    finally:
        await connection.close()


async def main(payments="4000"):
    count = int(payments)
    postgres, redis = OwnPostgres().start(), OwnRedis().start()
    try:
        with tempfile.TemporaryDirectory() as name:
            await measured(Path(name), count, postgres, redis)
    finally:
        redis.stop()
        postgres.remove()


async def measured(folder, count, postgres, redis):
    pid = int((postgres.folder / "db" / "postmaster.pid").read_text(encoding="utf-8").split()[0])
    parts = {"PostgreSQL": psutil.Process(pid), "Redis": psutil.Process(redis._process.pid)}  # noqa: SLF001
    async with run(Options(data_dir=folder / "sandbox", port=0, service_port=None)) as bakong:
        env = environment(folder, SERVICE_MODE="sandbox", DATA_DIR=str(folder), DATABASE_URL=postgres.url)
        env |= {"REDIS_URL": redis.url, "RATE_LIMIT_PER_MINUTE": "1000000", "BAKONG_DAILY_CALLS": "0"}
        env |= {"BAKONG_BASE_URL": bakong.bakong_url, "BAKONG_DEVELOPER_TOKEN": bakong.token}
        async with serving(env, "--no-worker") as (process, url):
            parts = {"the service": psutil.Process(process.pid)} | parts
            await sell(url, 0, 500)
            before, size = {name: used_s(one) for name, one in parts.items()}, await stored(postgres.url)
            begun_s = time.monotonic()
            await sell(url, 500, count)
            took_s = time.monotonic() - begun_s
            after = await stored(postgres.url)
            print(f"{count} payments, {count / took_s:,.0f} a second here")
            for name, one in parts.items():
                spent_s = used_s(one) - before[name]
                print(f"{name}: {1e3 * spent_s / count:.2f} ms each, {count / spent_s:,.0f} for each CPU-second")
            kept, logged = (now - was for now, was in zip(after, size, strict=True))
            print(f"the database: {kept / count / 1e3:.1f} kB each, and {logged / count / 1e3:.1f} kB of its log")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
