"""A sandbox in one process: the simulator and the service on their ports, on one clock."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from bakong_sandbox.stack.access import access_of, warning
from bakong_sandbox.stack.datadir import Secrets, load_secrets, open_folder, save_secrets
from bakong_sandbox.stack.edge import EdgeProtocol
from bakong_sandbox.stack.errors import SetupError
from bakong_sandbox.stack.options import Options, Stack
from bakong_sandbox.stack.schemes import SCHEMES
from bakong_sandbox.stack.scripts import LIBRARY
from bakong_sandbox.stack.serving import listen, serve, url_of
from bakong_sandbox.stack.wall_clock import wall_ms
from bakong_scenarios import Scenario, ScenarioError, ScriptFile
from bakong_schemes.bakong.fake.limits import Limits
from bakong_schemes.bakong.fake.registrations import EMAIL
from bakong_schemes.bakong.fake.scheme import BAKONG
from bakong_schemes.bakong.fake.tokens import LIFE_S
from bakong_simulator import app as simulator_app
from bakong_simulator.kernel.world import World
from bakong_simulator.kernel.worlds import Worlds
from bakong_simulator.wire.cors import Cors

DAY_MS = 86_400_000


@asynccontextmanager
async def run(options: Options) -> AsyncIterator[Stack]:
    """A sandbox, while the context lasts. Raises SetupError."""
    scenario = _scenario(options.scenario)
    folder = open_folder(options.data_dir)
    secrets = load_secrets(folder)
    with listen(options.port, options.host) as port:
        worlds = Worlds(wall_ms, SCHEMES, max_worlds=options.max_worlds)
        worlds.default.watch_file(scenario) if isinstance(scenario, ScriptFile) else worlds.default.set_scenario(
            scenario
        )
        worlds.default.state(BAKONG).limits = Limits(quota=options.quota)
        token = _token(worlds.default, secrets)
        access = access_of(options, secrets)
        save_secrets(folder, secrets)
        stack = Stack(
            bakong_url=url_of(port),
            token=token,
            data_dir=folder,
            worlds=worlds,
            control_token=access.token,
            warning=warning(options, access),
        )
        app = simulator_app.build(worlds, access, Cors(frozenset(options.cors)) if options.cors else None)
        async with AsyncExitStack() as parts:
            await parts.enter_async_context(serve(app, port, http=EdgeProtocol, dates=False))
            if options.tls_port is not None:
                stack = await parts.enter_async_context(_tls(app, options, options.tls_port, stack))
            if options.service_port is not None:
                stack = await parts.enter_async_context(_service(options, secrets, stack))
            yield stack


@asynccontextmanager
async def _tls(app: Any, options: Options, port: int, stack: Stack) -> AsyncIterator[Stack]:
    """The stack with the simulator on a TLS port too."""
    from bakong_sandbox.stack.tls import authority  # noqa: PLC0415  a sandbox without TLS starts without it

    ours = authority(stack.data_dir)
    with listen(port, options.host) as opened:
        async with serve(app, opened, ours.context, http=EdgeProtocol, dates=False):
            yield replace(stack, tls_url=url_of(opened, "https"), ca_file=str(ours.ca_file))


def _service(options: Options, secrets: Secrets, stack: Stack) -> AbstractAsyncContextManager[Stack]:
    """The stack with the service in it, which takes most of the time and memory of a start, and is loaded for it."""
    from bakong_sandbox.stack.embedded_service import with_service  # noqa: PLC0415  a sandbox without it starts without it

    return with_service(options, secrets, stack)


def _token(world: World, secrets: Secrets) -> str:
    """The token of an earlier run, while it has a day to live; else a new one."""
    registrations = world.state(BAKONG).registrations
    if secrets.bakong_token and secrets.bakong_token_expires_ms > world.clock.now_ms() + DAY_MS:
        registrations.adopt(secrets.bakong_token, EMAIL, secrets.bakong_token_expires_ms)
        return secrets.bakong_token
    secrets.bakong_token = registrations.issue()
    secrets.bakong_token_expires_ms = world.clock.now_ms() + LIFE_S * 1000
    return secrets.bakong_token


def _scenario(named: str) -> Scenario | ScriptFile:
    """A scenario by file, where the text looks like one, or by name. Raises SetupError."""
    try:
        is_file = named.endswith((".yaml", ".yml")) or "/" in named or Path(named).is_file()
        return ScriptFile(Path(named), LIBRARY) if is_file and named not in LIBRARY else LIBRARY.find(named)
    except ScenarioError as error:
        raise SetupError(str(error)) from None
