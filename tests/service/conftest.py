"""Every test of the service that takes a stack is there twice: on SQLite alone, and on PostgreSQL with Redis.

What is about storage, locks and what happens at once runs on both; of the rest a sample runs on PostgreSQL, and all of
it in the campaign.
"""

import uuid

import pytest

from bakong_sandbox.stack.options import Options
from bakong_sandbox.stack.sandbox import run
from bakong_simulator.kernel.clock import Mode
from tests import secrecy
from tests.conftest import NOW_MS, leave_to_campaigns

# Modules whose subject is what is stored, and who else writes at the same moment.
ABOUT_STORAGE = {
    "test_audit_logs",
    "test_books",
    "test_clocks",
    "test_delivery",
    "test_idempotency",
    "test_one_commit",
    "test_order_laws",
    "test_polling",
    "test_query_plans",
    "test_refunds",
    "test_retention",
    "test_row_failures",
    "test_tokens",
    "test_unreadable_rows",
    "test_user_ids",
}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    leave_to_campaigns(items, "storage", "postgresql", but=ABOUT_STORAGE)


@pytest.fixture(autouse=True)
def nothing_in_clear(request):
    """No database, log or printed line of any test holds a secret, a token or a full account in clear."""
    with secrecy.forgotten_afterwards():
        yield
        leaks = secrecy.leaks(request.node.funcargs.get("tmp_path"))
        assert not leaks, leaks


@pytest.fixture(params=["sqlite", "postgresql"])
async def storage(request):
    """The options that choose the storage."""
    if request.param == "sqlite":
        yield {}
        return
    databases = request.getfixturevalue("postgres_databases")
    async with databases.lent() as url:
        yield {
            "database_url": url,
            "redis_url": request.getfixturevalue("redis_url"),
            "redis_prefix": f"test:{uuid.uuid4()}",
        }


@pytest.fixture
async def stack(tmp_path, storage):
    """A sandbox with simulator and service on real ports, its world frozen at NOW_MS."""
    options = Options(
        data_dir=tmp_path, port=0, service_port=0, bakong_timeout_ms=1000, rate_limit_per_minute=0, **storage
    )
    async with run(options) as running:
        running.worlds.default.clock.set_mode(Mode.FROZEN, at_ms=NOW_MS)
        yield running
