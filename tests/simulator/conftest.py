"""A simulator in process, without ports: one frozen world, and clients of both its APIs."""

import httpx
import pytest

from bakong_sandbox.stack.options import Options
from bakong_sandbox.stack.sandbox import run
from bakong_sandbox.stack.schemes import SCHEMES
from bakong_schemes.bakong.fake.scheme import BAKONG
from bakong_simulator import app as simulator_app
from bakong_simulator.kernel.clock import Mode
from bakong_simulator.kernel.worlds import Worlds
from tests.conftest import NOW_MS


@pytest.fixture
async def worlds():
    """Worlds on a wall that stands still; the default one is frozen at NOW_MS."""
    made = Worlds(lambda: NOW_MS, SCHEMES)
    made.default.clock.set_mode(Mode.FROZEN, at_ms=NOW_MS)
    return made


@pytest.fixture
async def world(worlds):
    return worlds.default


@pytest.fixture
async def outside(worlds):
    """A client without a token."""
    transport = httpx.ASGITransport(simulator_app.build(worlds))
    async with httpx.AsyncClient(base_url="http://bakong.test", transport=transport) as client:
        yield client


@pytest.fixture
async def api(worlds):
    """A client of the Open API with the default world's token."""
    transport = httpx.ASGITransport(simulator_app.build(worlds))
    headers = {"authorization": f"Bearer {worlds.default.state(BAKONG).registrations.issue()}"}
    async with httpx.AsyncClient(base_url="http://bakong.test/v1", transport=transport, headers=headers) as client:
        yield client


@pytest.fixture
async def hand(worlds):
    """A client of the control API of the default world."""
    transport = httpx.ASGITransport(simulator_app.build(worlds))
    base = "http://bakong.test/sandbox/worlds/default"
    async with httpx.AsyncClient(base_url=base, transport=transport, follow_redirects=True) as client:
        yield client


@pytest.fixture
async def stack(tmp_path):
    """The simulator on a port of its own, its world frozen at NOW_MS, and no service beside it."""
    async with run(Options(data_dir=tmp_path, port=0, service_port=None)) as running:
        running.worlds.default.clock.set_mode(Mode.FROZEN, at_ms=NOW_MS)
        yield running
