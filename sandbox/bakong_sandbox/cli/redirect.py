"""`redirect`: a proxy that leads the providers' host names to a sandbox, for clients with a proxy setting."""

import asyncio
import json
import signal
from typing import Annotated

import typer

from bakong_sandbox.cli.program import run_async
from bakong_sandbox.devkit.connect_proxy import Address, Targets, address_of, proxying
from bakong_sandbox.stack.errors import SetupError
from bakong_sandbox.stack.schemes import SCHEMES
from bakong_sandbox.stack.serving import listen, url_of

commands = typer.Typer()
HOSTS = frozenset(host for scheme in SCHEMES for host in scheme.hosts)


@commands.command()
def redirect(
    url: Annotated[str, typer.Option(envvar="BAKONG_SANDBOX_URL", help="Where the sandbox answers.", metavar="URL")] = (
        "http://127.0.0.1:8600"
    ),
    tls_url: Annotated[str, typer.Option(help="Its TLS port, for clients that speak TLS.", metavar="URL")] = "",
    port: Annotated[
        int, typer.Option(min=0, max=65535, envvar="BAKONG_SANDBOX_PROXY_PORT", help="0 takes any free port.")
    ] = 8610,
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON when it listens.")] = False,
) -> None:
    """A proxy that leads the providers' host names to a sandbox."""
    targets = Targets(HOSTS, _address(url), _address(tls_url) if tls_url else None)
    run_async(_serve(targets, port, as_json=as_json))


def _address(url: str) -> Address:
    try:
        return address_of(url)
    except ValueError as error:
        raise SetupError(str(error)) from None


async def _serve(targets: Targets, port: int, *, as_json: bool) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    with listen(port) as opened:
        async with proxying(opened, targets):
            ready = {"event": "ready", "proxy_url": url_of(opened)}
            print(json.dumps(ready) if as_json else f"http_proxy={ready['proxy_url']}", flush=True)
            await stop.wait()
