"""The limit of our own service under the frozen clock: what it admits is a number."""

import httpx
import pytest

from bakong_loadtests.errors import LoadError
from bakong_loadtests.limits.attacking import Scope, Target
from bakong_loadtests.limits.frozen import check_frozen
from bakong_sandbox.devkit.load.database import fresh_keys, open_database
from bakong_sandbox.stack.datadir import load_secrets
from bakong_sandbox.stack.options import Options
from bakong_sandbox.stack.sandbox import run
from bakong_simulator.kernel.clock import Mode

WINDOW_NS = 60_000_000_000


@pytest.fixture
async def stack(tmp_path):
    """A sandbox with the limit on, its world frozen."""
    async with run(Options(data_dir=tmp_path, port=0, service_port=0)) as running:
        running.worlds.default.clock.set_mode(Mode.FROZEN)
        yield running


@pytest.fixture
async def keys(stack):
    async with (
        open_database(stack.data_dir) as database,
        fresh_keys(database, load_secrets(stack.data_dir), 4) as made,
    ):
        yield made


def scope(key):
    return Scope(name=key[:6], headers={"Authorization": f"Bearer {key}"})


async def test_the_service_admits_exactly_the_limit_in_every_frozen_minute(stack, control, keys):
    await known(stack, keys[3])
    target = Target(urls=(f"{stack.service_url}/api/payments/status/{'0' * 32}",), limit=100, window_ns=WINDOW_NS)

    async def advance(ms):
        (await control.post("/clock/advance", json={"seconds": ms / 1000})).raise_for_status()

    steps = await check_frozen(target, tuple(scope(key) for key in keys[:3]), advance)
    assert [(step.name, step.admitted) for step in steps] == [(step.name, step.wanted) for step in steps]
    assert [step.wanted for step in steps] == [100, 100, 0, 100, 50, 50]


async def test_a_key_that_is_not_good_is_no_admission(stack):
    target = Target(urls=(f"{stack.service_url}/api/payments/status/{'0' * 32}",), limit=5, window_ns=WINDOW_NS)
    with pytest.raises(LoadError, match=r"answers 40[13]"):
        await check_frozen(target, (scope("wrong"),) * 3, None)


async def known(stack, key):
    """Ask once, so that the service has read its keys anew."""
    async with httpx.AsyncClient(trust_env=False) as client:
        headers = {"Authorization": f"Bearer {key}"}
        await client.get(f"{stack.service_url}/api/payments/status/{'0' * 32}", headers=headers)
