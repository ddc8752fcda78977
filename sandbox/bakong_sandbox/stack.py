"""A sandbox in one process: the simulator and the service on their ports, on one clock. May not know who asked."""

import re
import socket
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from bakong_sandbox.datadir import Secrets, load_secrets, open_folder, save_secrets
from bakong_sandbox.edge import EdgeProtocol
from bakong_sandbox.errors import SetupError
from bakong_sandbox.serving import PortError, listen, serve, url_of
from bakong_sandbox.wall import wall_ms
from bakong_scenarios import Scenario, ScenarioError, ScriptFile, find, names
from bakong_simulator import app as simulator_app
from bakong_simulator.bakong.limits import Limits
from bakong_simulator.bakong.registrations import EMAIL
from bakong_simulator.bakong.tokens import LIFE_S
from bakong_simulator.kernel.world import World
from bakong_simulator.kernel.worlds import Worlds

DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a sandbox is started with. service_port None: no service; tls_port None: no TLS."""

    data_dir: Path
    host: str = "127.0.0.1"
    port: int = 8600
    service_port: int | None = 3002
    scenario: str = "manual"
    quota: int | None = None
    tls_port: int | None = None
    webhook_url: str = ""
    bakong_timeout_ms: int = 10_000
    database_url: str = ""  # by default a SQLite file in the data folder
    redis_url: str = ""
    redis_prefix: str = "bakong"
    rate_limit_per_minute: int = 100  # 0: off
    prices: tuple[Decimal, Decimal] = (Decimal("0.50"), Decimal("1.00"))  # PREMIUM and FAMILY_PREMIUM in USD


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """A sandbox that answers. The service's fields are empty where there is none."""

    bakong_url: str
    token: str
    data_dir: Path
    worlds: Worlds
    service_url: str = ""
    api_key: str = ""
    webhook_secret: str = ""
    tls_url: str = ""
    ca_file: str = ""

    def ready(self) -> dict[str, Any]:
        """The one line that `up --json` prints."""
        shown = {
            "event": "ready",
            "bakong_url": self.bakong_url,
            "token": self.token,
            "world": self.worlds.default.name,
            "service_url": self.service_url or None,
            "api_key": self.api_key or None,
            "data_dir": str(self.data_dir),
        }
        return shown | ({"tls_url": self.tls_url, "ca_file": self.ca_file} if self.tls_url else {})


@asynccontextmanager
async def run(options: Options) -> AsyncIterator[Stack]:
    """A sandbox, while the context lasts. Raises SetupError for what has to be put right first."""
    scenario = _scenario(options.scenario)
    folder = open_folder(options.data_dir)
    kept = load_secrets(folder)
    with listening(options.port, options.host) as port:
        worlds = Worlds(wall_ms)
        worlds.default.follow(scenario) if isinstance(scenario, ScriptFile) else worlds.default.use(scenario)
        worlds.default.limits = Limits(quota=options.quota)
        token = _token(worlds.default, kept)
        save_secrets(folder, kept)
        stack = Stack(bakong_url=url_of(port), token=token, data_dir=folder, worlds=worlds)
        app = simulator_app.build(worlds)
        async with AsyncExitStack() as parts:
            await parts.enter_async_context(serve(app, port, http=EdgeProtocol, dates=False))
            if options.tls_port is not None:
                stack = await parts.enter_async_context(_tls(app, options, options.tls_port, stack))
            if options.service_port is not None:
                stack = await parts.enter_async_context(_service(options, kept, stack))
            yield stack


@asynccontextmanager
async def _tls(app: Any, options: Options, port: int, stack: Stack) -> AsyncIterator[Stack]:
    """The stack with the simulator on a TLS port too."""
    from bakong_sandbox.tls import authority  # noqa: PLC0415  a sandbox without TLS starts without it

    held = authority(stack.data_dir)
    with listening(port, options.host) as opened:
        async with serve(app, opened, held.context, http=EdgeProtocol, dates=False):
            yield replace(stack, tls_url=url_of(opened, "https"), ca_file=str(held.ca_file))


def _service(options: Options, kept: Secrets, stack: Stack) -> AbstractAsyncContextManager[Stack]:
    """The stack with the service in it, which takes most of the time and memory of a start, and is loaded for it."""
    from bakong_sandbox.stack_service import with_service  # noqa: PLC0415

    return with_service(options, kept, stack)


def listening(port: int, host: str) -> socket.socket:
    try:
        return listen(port, host)
    except PortError as error:
        raise SetupError(str(error)) from None


def _token(world: World, kept: Secrets) -> str:
    """The token of an earlier run, while it has a day to live; else a new one."""
    if kept.bakong_token and kept.bakong_token_expires_ms > world.clock.now_ms() + DAY_MS:
        world.registrations.adopt(kept.bakong_token, EMAIL, kept.bakong_token_expires_ms)
        return kept.bakong_token
    kept.bakong_token = world.registrations.issue()
    kept.bakong_token_expires_ms = world.clock.now_ms() + LIFE_S * 1000
    return kept.bakong_token


def _scenario(asked: str) -> Scenario | ScriptFile:
    """A scenario by file, where the text looks like one, or by name. Raises SetupError."""
    try:
        if asked not in names() and (asked.endswith((".yaml", ".yml")) or "/" in asked or Path(asked).is_file()):
            return ScriptFile(Path(asked))
        return find(asked)
    except ScenarioError as error:
        raise SetupError(str(error)) from None


def read_prices(text: str) -> tuple[Decimal, Decimal]:
    """Two prices in USD, the lower one first. Raises SetupError."""
    words = text.split(",")
    if len(words) != 2 or not all(re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,2})?", word) for word in words):
        raise SetupError(f"--prices is {text!r}, expected two prices in USD such as 0.50,1.00")
    lower, higher = (Decimal(word) for word in words)
    if not 0 < lower < higher:
        raise SetupError(f"--prices is {text!r}, expected the lower price first, and both above 0")
    return lower, higher
