"""`exec`: any program, with its calls to the providers' hosts led to the sandbox. Its exit code is the program's."""

import asyncio
import os
import signal
import ssl
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Annotated

import httpx
import typer

from bakong_sandbox.cli.program import complain, run_async
from bakong_sandbox.cli.redirect import HOSTS
from bakong_sandbox.cli.simulator import AT, Url
from bakong_sandbox.devkit.connect_proxy import Address, Targets, address_of, proxying, relaying
from bakong_sandbox.devkit.leading import environment, private_hosts
from bakong_sandbox.stack.datadir import open_folder
from bakong_sandbox.stack.errors import SetupError
from bakong_sandbox.stack.running import DATA_DIR_ENVVAR
from bakong_sandbox.stack.serving import listen, url_of
from bakong_sandbox.stack.tls import Authority, authority

commands = typer.Typer()
HOWS = ("auto", "environment", "namespace")


@commands.command("exec", context_settings={"ignore_unknown_options": True})
def execute(
    command: Annotated[list[str], typer.Argument(metavar="-- COMMAND...", help="The program and its arguments.")],
    how: Annotated[
        str, typer.Option(metavar="|".join(HOWS), help="namespace: by name, root on Linux. environment: by variables.")
    ] = "auto",
    data_dir: Annotated[
        Path, typer.Option(envvar=DATA_DIR_ENVVAR, help="The folder of `up`, which has the authority.")
    ] = Path("data"),
    url: Url = AT,
) -> None:
    """Run a program with its calls to the providers' hosts led to the sandbox."""
    if how not in HOWS:
        raise SetupError(f"--how is {how!r}, expected one of {', '.join(HOWS)}")
    _check_answers(url)
    lacks = "--how environment" if how == "environment" else private_hosts.lacking()
    if how == "namespace" and lacks:
        raise SetupError(f"--how namespace: {lacks}")
    raise typer.Exit(run_async(_run(command, url, open_folder(data_dir), by_name=not lacks)))


def _check_answers(url: str) -> None:
    try:
        httpx.get(url.rstrip("/") + "/sandbox/health", trust_env=False, verify=False, timeout=10).raise_for_status()  # noqa: S501
    except httpx.HTTPError as error:
        raise SetupError(f"no sandbox answers at {url} ({error}): start one with `bakong-sandbox up`") from None


async def _run(command: list[str], url: str, data_dir: Path, *, by_name: bool) -> int:
    """The program's exit code."""
    ours, plain = authority(data_dir, None), address_of(url)
    with tempfile.TemporaryDirectory(prefix="bakong-sandbox-") as temporary:
        folder = Path(temporary)
        bundle = environment.joined_authorities(ours.ca_file, folder)
        variables = environment.trusting(ours.ca_file, bundle)
        opened = _by_name(plain, ours) if by_name else _by_proxy(plain, ours)
        async with opened as (proxy_url, tls):
            variables |= environment.php(folder, bundle, proxy_url)
            variables |= environment.java(command[0], folder, ours.ca_file, proxy_url)
            if by_name:
                inherited = environment.without_proxies(os.environ)
                command = private_hosts.within(command, sorted(HOSTS), bundle, folder)
            else:
                inherited = dict(os.environ)
                variables |= environment.leading(proxy_url, tls, tuple(sorted(HOSTS)))
            return await _ended(command, {**inherited, **variables})


@asynccontextmanager
async def _by_proxy(plain: Address, ours: Authority) -> AsyncIterator[tuple[str, Address]]:
    """A proxy that leads the hosts to the sandbox and lets others through: its URL, and where TLS is spoken."""
    async with AsyncExitStack() as parts:
        tls = await _relay(parts, plain, ours.context, 0, "127.0.0.1")
        proxy = parts.enter_context(listen(0))
        await parts.enter_async_context(proxying(proxy, Targets(HOSTS, plain, tls, passes_others=True)))
        yield url_of(proxy), tls


@asynccontextmanager
async def _by_name(plain: Address, ours: Authority) -> AsyncIterator[tuple[str, Address]]:
    """The hosts' ports on an address of the loopback; there is no proxy."""
    async with AsyncExitStack() as parts:
        tls = await _relay(parts, plain, ours.context, 443, private_hosts.ADDRESS)
        await _relay(parts, plain, None, 80, private_hosts.ADDRESS)
        yield "", tls


async def _relay(
    parts: AsyncExitStack, plain: Address, context: ssl.SSLContext | None, port: int, host: str
) -> Address:
    opened = parts.enter_context(listen(port, host))
    await parts.enter_async_context(relaying(opened, plain, context))
    return Address(*opened.getsockname()[:2])


async def _ended(command: list[str], variables: dict[str, str]) -> int:
    """Run it until its end; SIGINT and SIGTERM are the program's."""
    try:
        process = await asyncio.create_subprocess_exec(*command, env=variables)
    except OSError as error:
        complain(f"{command[0]}: {error.strerror or error}")
        return 127 if isinstance(error, FileNotFoundError) else 126

    def pass_on(number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            process.send_signal(number)

    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGINT, lambda: None)  # the terminal sends it to the program too
    loop.add_signal_handler(signal.SIGTERM, pass_on, signal.SIGTERM)
    code = await process.wait()
    return code if code >= 0 else 128 - code
