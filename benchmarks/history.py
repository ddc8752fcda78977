"""python -m benchmarks.history: what history costs. Prints a table, and exits with 1 where a cost is not flat.

Each statement of the worker at 10,000, 100,000 and 1,000,000 stored payments, 50 of them open, on SQLite and (where
BAKONG_BENCH_POSTGRES_URL or a server on 127.0.0.1:5432 answers) on PostgreSQL: the best of many calls, without the
commit. Then from outside: the CPU of 40 payments that are made, paid and settled in a whole sandbox whose database
holds 1,000 old payments, beside one that holds 500,000. HISTORY_SIZES and HISTORY_OLD choose others.
"""

import asyncio
import os
import sys
import tempfile
import time
import uuid
from pathlib import Path

import asyncpg
import httpx

from bakong_sandbox.stack.options import Options
from bakong_sandbox.stack.sandbox import run
from bakong_service.adapters.sql import migrate
from bakong_service.adapters.sql.postgres import PostgresStore
from bakong_service.adapters.sql.sqlite import SqliteStore
from bakong_simulator.kernel.clock import Mode
from benchmarks.filling import NOW_MS, fill
from benchmarks.worker_statements import READS, STATEMENTS

SIZES = [int(size) for size in os.environ.get("HISTORY_SIZES", "10000,100000,1000000").split(",")]
OLD = [int(size) for size in os.environ.get("HISTORY_OLD", "1000,500000").split(",")]
POSTGRES = os.environ.get("BAKONG_BENCH_POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432/postgres")
CALLS = 60
FLAT, DEARER = 3.0, 1.5
PAYMENTS = 40
ORDER = {"planType": "PREMIUM", "amount": 0.5, "currency": "USD"}


async def filled(store, size):
    """The store with so many payments, brought up to date from the schema before, and how long that took."""
    await store.migrate(lambda connection: migrate.upgrade(connection, "0005"))
    await store.migrate(lambda connection: fill(connection, over=size))
    begun = time.perf_counter()
    await store.migrate(migrate.upgrade)
    return time.perf_counter() - begun


async def best_us(store, name):
    """The best time of a call inside its transaction."""
    took = []

    def timed(records, step):
        begun = time.perf_counter()
        STATEMENTS[name](records, step)
        took.append(time.perf_counter() - begun)

    for step in range(CALLS):
        await (store.read if name in READS else store.write)(lambda records, step=step: timed(records, step))
    return 1e6 * min(took)


async def measure(store, size):
    seconds = await filled(store, size)
    print(f"  {size:,} payments: the migration took {seconds:.1f} s", flush=True)
    times = {name: await best_us(store, name) for name in STATEMENTS}
    await store.close()
    return times


def shown(database, columns):
    """Print the table; the statements that are not flat."""
    print(f"\n{database}: microseconds a call  " + "  ".join(f"{size:>10,}" for size in SIZES) + "   ratio")
    steep = []
    for name in STATEMENTS:
        times = [column[name] for column in columns]
        ratio = max(times) / times[0]
        steep += [f"{database} {name}"] * (ratio > FLAT)
        print(
            f"  {name:<{len(database) + 20}}  " + "  ".join(f"{value:>10.0f}" for value in times) + f"   {ratio:5.2f}"
        )
    return steep


async def on_sqlite(folder):
    columns = []
    for size in SIZES:
        path = folder / f"{size}.db"
        columns.append(await measure(SqliteStore(path), size))
        path.unlink()
    return shown("SQLite", columns)


async def on_postgres():
    try:
        admin = await asyncpg.connect(POSTGRES, timeout=3)
    except OSError:
        print("\nPostgreSQL: no server answers, not measured")
        return []
    columns = []
    for size in SIZES:
        name = f"bench_{uuid.uuid4().hex[:8]}"
        await admin.execute(f"CREATE DATABASE {name}")
        try:
            store = PostgresStore(f"{POSTGRES.rsplit('/', 1)[0]}/{name}")
            columns.append(await measure(store, size))
        finally:
            await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await admin.close()
    return shown("PostgreSQL", columns)


async def outside(folder, old):
    """CPU seconds of PAYMENTS payments from their making to their settlement, in a sandbox with so many old ones."""
    store = SqliteStore(folder / "service.db")
    await store.migrate(migrate.upgrade)
    await store.migrate(lambda connection: fill(connection, over=old, under_way=0))
    await store.close()
    options = Options(data_dir=folder, port=0, service_port=0, rate_limit_per_minute=0)
    async with run(options) as stack, httpx.AsyncClient(trust_env=False, timeout=600) as client:
        clock = stack.worlds.default.clock
        clock.set_mode(Mode.FROZEN, at_ms=NOW_MS)
        begun = time.process_time()
        for number in range(PAYMENTS):
            await bought(stack, client, f"customer-{number}")
            await clock.advance(3_000)
        spent = time.process_time() - begun
        for number in range(PAYMENTS):
            answer = await client.get(
                f"{stack.service_url}/api/payments/history?userId=customer-{number}",
                headers={"authorization": f"Bearer {stack.api_key}"},
            )
            assert [row["status"] for row in answer.json()["data"]["items"]] == ["PAID"], answer.text
    return spent


async def bought(stack, client, user):
    headers = {"authorization": f"Bearer {stack.api_key}"}
    url = f"{stack.service_url}/api/payments/create"
    answer = await client.post(url, json=ORDER | {"userId": user}, headers=headers)
    code = {"qr": answer.raise_for_status().json()["data"]["qrCode"]}
    (await client.post(f"{stack.bakong_url}/sandbox/worlds/default/payments", json=code)).raise_for_status()


async def main():
    steep = []
    with tempfile.TemporaryDirectory(prefix="history-") as temporary:
        print("Filling", flush=True)
        steep += await on_sqlite(Path(temporary))
        steep += await on_postgres()
        spent = []
        for old in (OLD[0], *OLD):  # the first once more: it warms up
            folder = Path(tempfile.mkdtemp(dir=temporary))
            spent.append(await outside(folder, old))
        few, many = spent[1:]
        print(
            f"\n{PAYMENTS} payments made, paid and settled: {few:.2f} s of CPU with {OLD[0]:,} old ones, "
            f"{many:.2f} s with {OLD[1]:,}: {many / few:.2f} times"
        )
        steep += ["payments from outside"] * (many > DEARER * few)
    print("not flat: " + ", ".join(steep) if steep else f"all flat, within {FLAT} and {DEARER}")
    return 1 if steep else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
