"""PostgreSQL and Redis for tests: found by URL, found running, or started from installed programs.

A server that a test may stop and start again is always one of its own. A test that asks has a database to itself.
"""

import asyncio
import contextlib
import itertools
import os
import shutil
import signal
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import asyncpg
import redis

from bakong_sandbox.stack.serving import free_port
from bakong_service.adapters.sql.migrate import upgrade
from bakong_service.adapters.sql.postgres import PostgresStore
from bakong_service.adapters.sql.tables import metadata
from tests import secrecy

_NAMES = itertools.count()
_EMPTY = "; ".join(f'DELETE FROM "{table}"' for table in metadata.tables)  # noqa: S608  our own tables' names
_ALL = "SELECT string_agg(told, E'\\n') FROM ({}) AS rows".format(  # noqa: S608
    " UNION ALL ".join(f'SELECT "{table}"::text AS told FROM "{table}"' for table in metadata.tables)  # noqa: S608
)


def at_once(work):
    """What the coroutine returns, also where an event loop runs already."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


def program(name):
    """Where a program is, also where Debian hides PostgreSQL's."""
    places = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
    return shutil.which(name) or (str(places[0]) if places else None)


class OwnPostgres:
    """A PostgreSQL server in a folder of its own, on a free port. It will not run as root, so it runs as `postgres`."""

    def __init__(self):
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
        self._as = []
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres")
            self._as = ["runuser", "-u", "postgres", "--"]
        self._run("initdb", "-D", str(self.folder / "db"), "-A", "trust", "-U", "postgres", "--no-sync")

    @property
    def url(self):
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def start(self):
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=200"
        self._run("pg_ctl", "-w", "-D", str(self.folder / "db"), "-l", str(self.folder / "log"), "-o", options, "start")
        return self

    def stop(self, how="immediate"):
        self._run("pg_ctl", "-w", "-D", str(self.folder / "db"), "-m", how, "stop")

    def remove(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, name, *options):
        done = subprocess.run(
            [*self._as, program(name), *options], cwd="/", capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == 0, done.stdout + done.stderr


class OwnRedis:
    """A Redis server on a free port, which keeps nothing. options: further ones of redis-server."""

    def __init__(self, *options):
        self._options = options
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._process = None

    def start(self):
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", *self._options]
        self._process = subprocess.Popen([program("redis-server"), *options], stdout=subprocess.DEVNULL, cwd="/")
        client = redis.Redis(port=self.port, retry=redis.retry.Retry(redis.backoff.ConstantBackoff(0.05), 100))
        client.ping()
        client.close()
        return self

    def stop(self):
        self._process.kill()
        self._process.wait()

    def freeze(self):
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self._process.send_signal(signal.SIGCONT)


class Databases:
    """Databases on one server, lent to one test at a time: a template at the newest migration, and copies of it.

    A copy comes back without its rows and is lent again: to make and to drop one takes longer than most tests.
    """

    def __init__(self, url):
        self._url = url
        self._template = f"bakong_test_{os.getpid()}_template"
        self._made = []
        self._free = []

    def prepare(self):
        at_once(self._create(self._template))
        at_once(self._migrate())
        return self

    @contextlib.asynccontextmanager
    async def lent(self):
        """The URL of a database with every table and no row."""
        name = self._free.pop() if self._free else await self._create(self._name(), template=self._template)
        try:
            yield self.url_of(name)
        finally:
            secrecy.seen(f"PostgreSQL, {name}", await self._emptied_of(name))
            self._free.append(name)

    @contextlib.asynccontextmanager
    async def bare(self):
        """The URL of a database without tables."""
        name = await self._create(self._name())
        try:
            yield self.url_of(name)
        finally:
            await self._drop(name)

    def url_of(self, name):
        return f"{self._url.rsplit('/', 1)[0]}/{name}"

    def remove(self):
        async def drop_all():
            await asyncio.gather(*map(self._drop, list(self._made)))

        at_once(drop_all())

    def _name(self):
        return f"bakong_test_{os.getpid()}_{next(_NAMES)}"

    async def _create(self, name, *, template=None):
        self._made.append(name)
        await self._execute(f'CREATE DATABASE "{name}"' + (f' TEMPLATE "{template}"' if template else ""))
        return name

    async def _drop(self, name):
        self._made.remove(name)
        await self._execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    async def _execute(self, statements):
        connection = await asyncpg.connect(self._url)
        try:
            await connection.execute(statements)
        finally:
            await connection.close()

    async def _emptied_of(self, name):
        """All that stood in its rows."""
        connection = await asyncpg.connect(self.url_of(name))
        try:
            await connection.execute("SET bytea_output = 'escape'")
            stood = await connection.fetchval(_ALL)
            # Foreign keys are not looked at while rows go by replication's rules.
            await connection.execute("SET session_replication_role = replica; " + _EMPTY)
        finally:
            await connection.close()
        return (stood or "").encode()

    async def _migrate(self):
        store = PostgresStore(self.url_of(self._template))
        await store.migrate(upgrade)
        await store.close()


def find_postgres():
    """The URL of a server that answers: BAKONG_TEST_POSTGRES_URL, or the one on 127.0.0.1:5432; None: there is none."""
    for url in (os.environ.get("BAKONG_TEST_POSTGRES_URL"), "postgresql://postgres@127.0.0.1:5432/postgres"):
        if url and at_once(_answers(url)):
            return url
    return None


async def _answers(url):
    try:
        connection = await asyncpg.connect(url, timeout=30)
    except (OSError, TimeoutError, asyncpg.PostgresError):
        return False
    await connection.close()
    return True


def find_redis():
    """The URL of a Redis that answers: BAKONG_TEST_REDIS_URL, or the one on 127.0.0.1:6379; None: there is none."""
    for url in (os.environ.get("BAKONG_TEST_REDIS_URL"), "redis://127.0.0.1:6379/0"):
        if not url:
            continue
        client = redis.Redis.from_url(url, socket_connect_timeout=30)
        try:
            client.ping()
        except redis.RedisError:
            continue
        else:
            return url
        finally:
            client.close()
    return None
