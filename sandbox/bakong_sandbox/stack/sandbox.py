"""A sandbox in one process: the simulator and the service on their ports, on one clock."""

import logging
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from bakong_sandbox.stack.access import access_of, draw_code, lan_address, warning
from bakong_sandbox.stack.chosen_schemes import chosen
from bakong_sandbox.stack.connections import Connections
from bakong_sandbox.stack.datadir import Secrets, load_secrets, open_folder, save_secrets
from bakong_sandbox.stack.edge import EdgeProtocol
from bakong_sandbox.stack.errors import SetupError
from bakong_sandbox.stack.options import Options, Stack
from bakong_sandbox.stack.running import occupied
from bakong_sandbox.stack.schemes import SCHEMES
from bakong_sandbox.stack.serving import listen, serve, url_of
from bakong_sandbox.stack.wall_clock import wall_ms
from bakong_scenarios import DEFAULT_SCRIPT, Scenario, ScenarioError, ScriptFile, ScriptLibrary
from bakong_schemes.bakong.fake.limits import Limits
from bakong_schemes.bakong.fake.registrations import EMAIL
from bakong_schemes.bakong.fake.scheme import BAKONG
from bakong_schemes.bakong.fake.tokens import LIFE_S
from bakong_simulator import app as simulator_app
from bakong_simulator.console.facts import Facts
from bakong_simulator.journals.keeping import Keeper, KeepingError, Kept, Wall
from bakong_simulator.kernel.world import World
from bakong_simulator.kernel.worlds import Worlds, library_of
from bakong_simulator.wire.cors import Cors

DAY_MS = 86_400_000
REPORTS = Path("reports")  # where `load` writes by default
EVERY_ADDRESS = "0.0.0.0"  # noqa: S104  --lan asks for it
_log = logging.getLogger("bakong-sandbox")


@asynccontextmanager
async def run(options: Options) -> AsyncIterator[Stack]:
    """A sandbox, while the context lasts. Raises SetupError."""
    if options.tls_names and options.tls_port is None:
        raise SetupError("--tls-name names hosts of the TLS port: give --tls-port too")
    if options.lan:
        options = replace(options, host=EVERY_ADDRESS)
    codes = (draw_code(), draw_code()) if options.lan else ()
    schemes = chosen(experimental=options.experimental, files=options.scheme_files)
    scenario = _scenario(options.scenario, library_of(schemes))
    folder = open_folder(options.data_dir)
    with occupied(folder) as tell, listen(options.port, options.host) as port:
        secrets = load_secrets(folder)
        wall = Wall(wall_ms)
        worlds = Worlds(wall if options.keep else wall_ms, schemes, max_worlds=options.max_worlds)
        keeper = Keeper(folder / "worlds", worlds, wall, _log.error) if options.keep else None
        restored = await _restored(keeper)
        if restored is None or options.scenario != DEFAULT_SCRIPT:
            worlds.default.watch_file(scenario) if isinstance(scenario, ScriptFile) else worlds.default.set_scenario(
                scenario
            )
        if restored is None or options.quota is not None:
            worlds.default.state(BAKONG).limits = Limits(quota=options.quota)
        token = _token(worlds.default, secrets)
        access = access_of(options, secrets, codes)
        save_secrets(folder, secrets)
        stack = Stack(
            bakong_url=url_of(port),
            token=token,
            data_dir=folder,
            worlds=worlds,
            control_token=access.token,
            warning=warning(options, access),
            lan_url=f"http://{lan_address()}:{port.getsockname()[1]}" if options.lan else "",
            codes=codes,
            keeps=keeper is not None,
            restored=restored,
        )
        cors = Cors(frozenset(options.cors)) if options.cors else None
        app = simulator_app.build(worlds, access, cors, options.webhook_ca)
        connections = Connections(options.bounds)
        async with AsyncExitStack() as parts:
            if keeper is not None:
                await _keep(keeper)
                parts.callback(keeper.stop)
            await parts.enter_async_context(
                serve(app, port, http=EdgeProtocol, dates=False, bounds=options.bounds, connections=connections)
            )
            if options.tls_port is not None:
                stack = await parts.enter_async_context(_tls(app, options, options.tls_port, connections, stack))
            if options.service_port is not None:
                stack = await parts.enter_async_context(_service(options, secrets, connections, stack))
            parts.callback(worlds.close_streams)
            app.facts = Facts(
                token=token,
                tls_url=stack.tls_url,
                ca_file=stack.ca_file,
                service_url=stack.service_url,
                api_key=stack.api_key,
                admin_key=stack.admin_key,
                lan_url=stack.lan_url,
                reports=(folder / "reports", REPORTS),
            )
            worlds.folder = str(folder)
            tell(bakong_url=stack.bakong_url, tls_url=stack.tls_url)
            yield stack


async def _restored(keeper: Keeper | None) -> Kept | None:
    """What an earlier run has left, in its worlds. Raises SetupError."""
    if keeper is None:
        return None
    from bakong_simulator.control import build as build_control  # noqa: PLC0415  FastAPI, which few starts need

    try:
        return await keeper.restore(build_control)
    except KeepingError as error:
        raise SetupError(f"{error}; move the folder away, and the worlds begin anew") from None


async def _keep(keeper: Keeper) -> None:
    try:
        await keeper.begin()
    except KeepingError as error:
        raise SetupError(str(error)) from None


@asynccontextmanager
async def _tls(app: Any, options: Options, port: int, connections: Connections, stack: Stack) -> AsyncIterator[Stack]:
    """The stack with the simulator on a TLS port too."""
    from bakong_sandbox.stack.tls import authority, read_names  # noqa: PLC0415  a sandbox without TLS starts without it

    further = [host for scheme in stack.worlds.schemes if scheme not in SCHEMES for host in scheme.hosts]
    ours = authority(stack.data_dir, read_names((*options.tls_names, *further)))
    with listen(port, options.host) as opened:
        async with serve(
            app, opened, ours.context, http=EdgeProtocol, dates=False, bounds=options.bounds, connections=connections
        ):
            yield replace(stack, tls_url=url_of(opened, "https"), ca_file=str(ours.ca_file))


def _service(
    options: Options, secrets: Secrets, connections: Connections, stack: Stack
) -> AbstractAsyncContextManager[Stack]:
    """The stack with the service in it, which takes most of the time and memory of a start, and is loaded for it."""
    from bakong_sandbox.stack.embedded_service import with_service  # noqa: PLC0415  a sandbox without it starts without it

    return with_service(options, secrets, connections, stack)


def _token(world: World, secrets: Secrets) -> str:
    """The token of an earlier run, while it has a day to live; else a new one."""
    registrations = world.state(BAKONG).registrations
    if secrets.bakong_token and secrets.bakong_token_expires_ms > world.clock.now_ms() + DAY_MS:
        registrations.adopt(secrets.bakong_token, EMAIL, secrets.bakong_token_expires_ms)
        return secrets.bakong_token
    secrets.bakong_token = registrations.issue()
    secrets.bakong_token_expires_ms = world.clock.now_ms() + LIFE_S * 1000
    return secrets.bakong_token


def _scenario(named: str, library: ScriptLibrary) -> Scenario | ScriptFile:
    """A scenario by file, where the text looks like one, or by name. Raises SetupError."""
    try:
        is_file = named.endswith((".yaml", ".yml")) or "/" in named or Path(named).is_file()
        return ScriptFile(Path(named), library) if is_file and named not in library else library.find(named)
    except ScenarioError as error:
        raise SetupError(str(error)) from None
