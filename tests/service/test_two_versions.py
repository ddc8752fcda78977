"""Two versions on one database: migrations only add, the version before still works, and stopping loses nothing.

Expand and contract, held in three ways. Of each migration: what it does to the tables that were there. Of the version
before: the statements that it sends, each understood by the tables of now. And live, where the checkout has its history
(`make operations-drill`): the last commit of an older schema beside this one, under load, on PostgreSQL.
"""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import httpx
import pytest
from sqlalchemy import create_engine, inspect, text

from bakong_sandbox.stack.options import Options
from bakong_sandbox.stack.sandbox import run
from bakong_service.adapters.sql import migrate
from tests import secrecy
from tests.conftest import PLAIN
from tests.service.processes import API_KEY, command, environment, serving
from tests.service.test_faults import ORDER

ROOT = Path(__file__).parents[2]
VERSIONS = ROOT / "service/bakong_service/adapters/sql/migrations/versions"
SENT = Path(__file__).parent / "data" / "statements-0015.sql"
SINCE = "0014"  # from here on; what came before may have changed what was there
REVISIONS = sorted(
    re.search(r'^revision = "(\d+)"', path.read_text(), re.MULTILINE)[1] for path in VERSIONS.glob("v*.py")
)
AFTER = [revision for revision in REVISIONS if revision > SINCE]
HEADERS = {"authorization": f"Bearer {API_KEY}"}


def schema(connection):
    """Of each table: its columns, what has to be unique, and what else a row has to fulfil."""
    seen, found = inspect(connection), {}
    for table in seen.get_table_names():
        columns = {
            one["name"]: (str(one["type"]), one["nullable"], one["default"] is not None)
            for one in seen.get_columns(table)
        }
        unique = {one["name"] for one in seen.get_indexes(table) if one["unique"]}
        unique |= {tuple(one["column_names"]) for one in seen.get_unique_constraints(table)}
        rules = {str(one["sqltext"]) for one in seen.get_check_constraints(table)}
        rules |= {(*one["constrained_columns"], one["referred_table"]) for one in seen.get_foreign_keys(table)}
        made = f"SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = '{table}'"  # noqa: S608  ours
        found[table] = columns, unique, rules | set(connection.execute(text(made)).scalars())
    return found


def breaks(before, after):
    """What a program that knows the tables of before would stumble over in those of after."""
    for table, (columns, unique, rules) in before.items():
        if table not in after:
            yield f"{table} is gone"
            continue
        now, now_unique, now_rules = after[table]
        yield from (f"{table}.{name} is gone" for name in columns.keys() - now.keys())
        for name, (kind, nullable, default) in now.items():
            if name not in columns and not (nullable or default):
                yield f"{table}.{name} wants a value that nobody gave before"
            if name in columns and (columns[name][0] != kind or (columns[name][1] and not nullable)):
                yield f"{table}.{name} takes less or something else"
        yield from (f"{table} has to be unique by {name}" for name in now_unique - unique)
        yield from (f"{table} has a new rule: {rule}" for rule in now_rules - rules)


@pytest.fixture(scope="module")
def stages():
    """The schema, and the oldest program that may go on, before and after each migration."""
    found = {}
    with create_engine("sqlite://").begin() as connection:
        for revision in [SINCE, *AFTER]:
            migrate.upgrade(connection, revision)
            found[revision] = schema(connection), migrate._oldest(connection)
    return found


@pytest.mark.parametrize("revision", AFTER)
def test_a_migration_only_adds_or_shuts_older_programs_out(stages, revision):
    before = max(one for one in stages if one < revision)
    broken = list(breaks(stages[before][0], stages[revision][0]))
    assert broken == [] or stages[revision][1] >= revision, broken


CHANGES = (
    ("DROP TABLE provider_hours", ["provider_hours is gone"]),
    ("ALTER TABLE order_payments RENAME COLUMN failure_code TO code", ["order_payments.failure_code is gone"]),
    ("ALTER TABLE orders ADD COLUMN colour VARCHAR(8)", []),
    ("ALTER TABLE orders ADD COLUMN shade VARCHAR(8) NOT NULL DEFAULT ''", []),
    ("CREATE UNIQUE INDEX uq_new ON orders (created_ms)", ["orders has to be unique by uq_new"]),
    ("CREATE INDEX ix_new ON orders (created_ms)", []),
    ("CREATE TRIGGER strict BEFORE UPDATE ON orders BEGIN SELECT 1; END", ["orders has a new rule: strict"]),
)


def test_the_rule_sees_what_older_programs_stumble_over():
    with create_engine("sqlite://").begin() as connection:
        migrate.upgrade(connection)
        for change, said in CHANGES:
            before = schema(connection)
            connection.execute(text(change))
            assert list(breaks(before, schema(connection))) == said


async def test_every_statement_of_the_version_before_is_understood_by_the_tables_of_now(postgres_url):
    statements = SENT.read_text().splitlines()
    connection = await asyncpg.connect(postgres_url)
    wrong = {}
    try:
        for statement in statements:
            try:
                await connection.prepare(statement)
            except asyncpg.PostgresError as error:
                wrong[statement] = str(error)
    finally:
        await connection.close()
    assert wrong == {}
    assert len(statements) > 200


# Live: the last commit whose schema is older.


def git(*words):
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, check=False, timeout=120)
    return done.stdout if done.returncode == 0 else b""


def commit_before():
    """The commit before the schema became this one, and its schema; None where the checkout has no history of it.

    Not the last one that touched the file: a migration may have been put between others since.
    """
    file = "service/bakong_service/adapters/sql/migrate.py"
    for commit in git("log", "--format=%H", "--", file).decode().split():
        head = re.search(r'^HEAD = "(\d+)"', git("show", f"{commit}~:{file}").decode(), re.MULTILINE)
        if head and SINCE <= head[1] < migrate.HEAD:
            return git("rev-parse", f"{commit}~").decode().strip(), head[1]
    return None


@pytest.fixture
def older(tmp_path):
    """The environment in which this Python runs the sources of the version before."""
    found = commit_before()
    if found is None:
        pytest.skip(f"no commit between the schemas {SINCE} and {migrate.HEAD}: git fetch --unshallow")
    commit, head = found
    folder = tmp_path / "older"
    folder.mkdir()
    subprocess.run(["tar", "x", "-C", folder], input=git("archive", commit), check=True, timeout=120)
    print(f"the version before: commit {commit[:12]}, schema {head}; this one: schema {migrate.HEAD}")
    roots = (".", "contracts", "scenarios", "simulator", "service", "schemes", "loadtests", "explorer", "sandbox")
    return {"PYTHONPATH": os.pathsep.join(str(folder / root) for root in roots)}


@asynccontextmanager
async def serving_older(env, folder):
    """A service of the version before: its process and URL."""
    code = (
        "import bakong_service; print(bakong_service.__file__, flush=True); from bakong_sandbox.cli import main; main()"
    )
    words = ("service", "run", "--json", "--port", "0")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, *words, stdout=-1, stderr=-1, env=env, cwd=folder
    )
    try:
        where = (await process.stdout.readline()).decode()
        assert str(folder) in where, where or (await process.stderr.read()).decode()
        ready = json.loads(await process.stdout.readline())
        yield process, ready["service_url"]
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        out, err = await process.communicate()
        secrecy.seen("what the older service printed", out + err)
        process._transport.close()


class Load:
    """Shops that sell at whichever instance answers, each order under its key until it is acknowledged."""

    def __init__(self, bakong_url):
        self.urls, self.acknowledged, self.stopping, self.shops = [], {}, False, []
        self._pay = f"{bakong_url}/sandbox/worlds/default/payments"
        self._news = asyncio.Event()

    def begin(self, count):
        self.shops = [asyncio.create_task(self.shop(f"shop-{number}")) for number in range(count)]

    async def shop(self, name):
        number = 0
        async with httpx.AsyncClient(headers=HEADERS, **PLAIN) as client:
            while not self.stopping:
                number += 1
                user = f"{name}-{number}"
                data = await self._sold(client, user, number)
                self.acknowledged[data["md5Hash"]] = user
                self._news.set()
                await client.post(self._pay, json={"qr": data["qrCode"]})

    async def _sold(self, client, user, number):
        body, key = ORDER | {"userId": user}, {"idempotency-key": f"order-{user}"}
        tries = 0
        while True:
            url = self.urls[(number + tries) % len(self.urls)]
            tries += 1
            try:
                answer = await client.post(f"{url}/api/payments/create", json=body, headers=key)
            except httpx.TransportError:  # it is gone, or going: the other one has the answer
                continue
            if answer.status_code == 200:
                return answer.json()["data"]
            assert answer.status_code in (409, 503), answer.text

    async def reached(self, count):
        while len(self.acknowledged) < count:
            self._news.clear()
            news = asyncio.create_task(self._news.wait())
            done, _ = await asyncio.wait({news, *self.shops}, return_when=asyncio.FIRST_COMPLETED)
            assert news in done, [shop.exception() for shop in done]

    async def end(self):
        self.stopping = True
        await asyncio.gather(*self.shops)


@pytest.mark.campaign
async def test_the_version_before_and_this_one_sell_beside_each_other_and_nothing_is_lost(tmp_path, older, request):
    databases = request.getfixturevalue("postgres_databases")
    options = Options(data_dir=tmp_path / "sandbox", port=0, service_port=None)
    async with run(options) as bakong, databases.bare() as database:
        env = environment(tmp_path, SERVICE_MODE="sandbox", BAKONG_BASE_URL=bakong.bakong_url, BAKONG_DAILY_CALLS="0")
        env |= {"BAKONG_DEVELOPER_TOKEN": bakong.token, "RATE_LIMIT_PER_MINUTE": "0", "DATABASE_URL": database}
        secrecy.issue(bakong.token)
        load = Load(bakong.bakong_url)
        async with serving_older(env | older, tmp_path / "older") as (before, url):
            load.urls = [url]
            load.begin(4)
            await load.reached(20)
            code, out, err = await command("migrate", env=env)
            assert (code, err) == (0, ""), out
            await load.reached(40)  # the version before, on the newer schema
            async with serving(env) as (_, newer_url):
                load.urls = [url, newer_url]
                await load.reached(100)
                before.send_signal(signal.SIGTERM)  # under load: it drains
                await load.reached(120)
                assert await before.wait() == 0
                load.urls = [newer_url]
                await load.reached(130)
                await load.end()
                async with httpx.AsyncClient(base_url=newer_url, headers=HEADERS, **PLAIN) as client:
                    for md5 in load.acknowledged:
                        shown = (await client.get(f"/api/payments/status/{md5}")).json()
                        load.acknowledged[md5] = (shown.get("data") or {}).get("status")
        code, books, _ = await command("check-books", env=env)
    lost = [md5 for md5, status in load.acknowledged.items() if status != "PAID"]
    print(f"{len(load.acknowledged)} acknowledged by two versions, {len(lost)} lost")
    assert lost == []
    assert code == 0, books
