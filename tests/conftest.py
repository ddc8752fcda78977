"""What many tests need: a whole sandbox, a payer's code, and the rule for missing programs."""

import gc
import os
import shutil
import ssl
import zlib
from pathlib import Path

import fastapi.dependencies.models
import httpx
import pytest
from hypothesis import settings

from bakong_sandbox.stack.options import Options
from bakong_sandbox.stack.sandbox import run
from bakong_simulator.kernel.clock import Mode
from khqr import Code, Currency, Individual, encode
from tests import preloaded, servers

NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # for clients of plain HTTP: reading the system's CAs takes 50 ms
PLAIN = {"trust_env": False, "verify": NO_TLS, "timeout": 60}
NOW_MS = 1_770_768_000_000  # 2026-02-11T00:00:00Z


# Properties draw the same cases on every machine, however slow it is.
settings.register_profile("steady", deadline=None, derandomize=True)
settings.load_profile("steady")


# Where FastAPI remembers each route's function, and with it the whole application that it belongs to.
REMEMBERED = [kept for kept in vars(fastapi.dependencies.models).values() if hasattr(kept, "cache_clear")]


# What takes longest begins first, and no worker has it left when the others have ended.
LONGEST = {
    "test_the_tools_find_nothing[types]",
    "test_a_kill_at_any_step_loses_and_doubles_nothing[sqlite]",
    "test_a_kill_at_any_step_loses_and_doubles_nothing[postgresql]",
    "test_a_kill_at_any_step_pays_once_and_gives_back_once[sqlite]",
    "test_a_kill_at_any_step_pays_once_and_gives_back_once[postgresql]",
    "test_postgresql_restarted_under_load_loses_no_acknowledged_payment",
    "test_postgresql_that_takes_no_writes_is_not_ready_and_goes_on_when_it_does",
    "test_everybody_is_answered_in_time_and_each_order_is_one_payment_afterwards[locked_table]",
    "test_everybody_is_answered_in_time_and_each_order_is_one_payment_afterwards[frozen_postgres]",
    "test_everybody_is_answered_in_time_and_each_order_is_one_payment_afterwards[locked_file]",
}


SAMPLE = 4


def leave_to_campaigns(items, parameter, value, *, but=frozenset()):
    """Of the tests with this value one in SAMPLE stays, always the same ones, and all in the modules of `but`."""
    for item in items:
        if getattr(item, "callspec", None) and item.callspec.params.get(parameter) == value:
            is_sampled = zlib.crc32(item.name.encode()) % SAMPLE == 0
            if not is_sampled and item.path.stem not in but:
                item.add_marker(pytest.mark.campaign)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: item.name not in LONGEST)


def pytest_collection_finish(session):
    gc.freeze()  # the tests themselves are no garbage: 13,000 of them need not be looked through again and again


@pytest.fixture(autouse=True)
def applications_end_with_their_test():
    yield
    for kept in REMEMBERED:
        kept.cache_clear()


@pytest.fixture(autouse=True, scope="session")
def what_is_preloaded_ends_with_the_tests():
    yield
    preloaded.end()


def pytest_configure(config):
    # Forked and started programs may talk to loopback; nothing else may be reached from here.
    os.environ.setdefault("NO_PROXY", "127.0.0.1,localhost")


@pytest.fixture(scope="session")
def require():
    """require("node") goes on where the program is installed; else skips, or fails under REQUIRE_ALL=1."""

    def check(program: str, *, also: Path | None = None) -> str:
        found = shutil.which(program)
        if found and (also is None or also.exists()):
            return found
        return lacking(f"{program if not found else also} is not installed")

    return check


def lacking(reason):
    """Skip for the reason, or fail for it under REQUIRE_ALL=1."""
    if os.environ.get("REQUIRE_ALL"):
        pytest.fail(f"{reason}, and REQUIRE_ALL is set")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def postgres_databases():
    """Databases on a PostgreSQL that runs, or on one that is started for the session."""
    url, own = servers.find_postgres(), None
    if url is None and not servers.program("initdb"):
        lacking("no PostgreSQL answers, and initdb is not installed")
    if url is None:
        own = servers.OwnPostgres().start()
    databases = servers.Databases(url or own.url).prepare()
    yield databases
    databases.remove()
    if own:
        own.remove()


@pytest.fixture
async def postgres_url(postgres_databases):
    """A database of PostgreSQL with every table and no row."""
    async with postgres_databases.lent() as url:
        yield url


@pytest.fixture(scope="session")
def redis_url():
    """A Redis that runs, or one that is started for the session."""
    url, own = servers.find_redis(), None
    if url is None and not servers.program("redis-server"):
        lacking("no Redis answers, and redis-server is not installed")
    if url is None:
        own = servers.OwnRedis().start()
    yield url or own.url
    if own:
        own.stop()


@pytest.fixture
async def stack(tmp_path):
    """A sandbox with simulator and service on real ports, its world frozen at NOW_MS."""
    options = Options(data_dir=tmp_path, port=0, service_port=0, bakong_timeout_ms=1000, rate_limit_per_minute=0)
    async with run(options) as running:
        running.worlds.default.clock.set_mode(Mode.FROZEN, at_ms=NOW_MS)
        yield running


@pytest.fixture
async def bakong(stack):
    """A client of the Open API, with the token."""
    headers = {"authorization": f"Bearer {stack.token}"}
    async with httpx.AsyncClient(base_url=stack.bakong_url, headers=headers, **PLAIN) as client:
        yield client


@pytest.fixture
async def control(stack):
    """A client of the control API of the default world."""
    async with httpx.AsyncClient(base_url=f"{stack.bakong_url}/sandbox/worlds/default", **PLAIN) as client:
        yield client


@pytest.fixture
async def service(stack):
    """A client of the service, with the API key."""
    headers = {"authorization": f"Bearer {stack.api_key}"}
    from tests import answered

    async with httpx.AsyncClient(
        base_url=stack.service_url, headers=headers, event_hooks=answered.HOOKS, **PLAIN
    ) as client:
        yield client


@pytest.fixture
def code() -> Code:
    """A dynamic code of 1.50 USD that lives for 15 minutes from NOW_MS."""
    return encode(
        Individual(
            bakong_account_id="sokha@devb",
            merchant_name="Sokha",
            currency=Currency.USD,
            amount="1.5",
            bill_number="INV-1",
            expiration_timestamp=NOW_MS + 900_000,
        ),
        now=NOW_MS,
    )
