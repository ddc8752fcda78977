"""The limit of our own service from outside: replicas on one Redis keep it together, each for itself they do not."""

import asyncio
import os
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from bakong_loadtests.limits.attacking import Scope, Target, attack_all
from bakong_loadtests.limits.attacks import attacks
from bakong_sandbox.devkit.load.database import fresh_keys, open_database
from bakong_sandbox.stack.datadir import Secrets
from tests.service.processes import API_KEY, ENCRYPTION_KEY, WEBHOOK_SECRET, environment, serving

KEPT = Secrets(api_key=API_KEY, webhook_secret=WEBHOOK_SECRET, encryption_key=ENCRYPTION_KEY)
WINDOW_NS = 60_000_000_000


@asynccontextmanager
async def replicas(folder, count, **settings):
    """The URLs of so many processes of the service on one database, without workers."""
    env = environment(folder, SERVICE_MODE="sandbox", **settings)
    async with AsyncExitStack() as running:
        yield [(await running.enter_async_context(serving(env, "--no-worker")))[1] for _ in range(count)]


async def attacked(folder, count, **settings):
    """What the six attacks saw, a key of its own for each, the replicas asked in turn."""
    folder.mkdir()
    async with (
        replicas(folder, count, **settings) as urls,
        open_database(folder) as database,
        fresh_keys(database, KEPT, len(attacks(100))) as keys,
    ):
        scopes = [Scope(name=key[:8], headers={"Authorization": f"Bearer {key}"}) for key in keys]
        aims = tuple(f"{url}/api/payments/status/{'0' * 32}" for url in urls)
        return await attack_all(Target(urls=aims, limit=100, window_ns=WINDOW_NS), scopes)


@pytest.mark.campaign
@pytest.mark.timeout(600)
async def test_four_processes_on_one_redis_keep_the_limit_and_two_in_memory_do_not(tmp_path, redis_url):
    prefix = f"limit-check:{os.getpid()}"
    together, apart = await asyncio.gather(
        attacked(tmp_path / "together", 4, REDIS_URL=redis_url, REDIS_PREFIX=prefix),
        attacked(tmp_path / "apart", 2),
    )
    assert [(one.attack, one.verdict.over, one.verdict.early, one.broken) for one in together if not one.holds] == []
    assert max(one.verdict.worst for one in together) == 100
    assert max(one.verdict.worst for one in apart) == 200
    assert any(one.verdict.over for one in apart)
