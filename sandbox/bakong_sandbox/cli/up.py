"""`up`: a sandbox in the foreground, until Ctrl-C."""

import asyncio
import gc
import json
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from bakong_sandbox.cli.program import run_async
from bakong_sandbox.stack.access import CONTROL_ENVVAR
from bakong_sandbox.stack.options import Options, Stack, read_prices
from bakong_sandbox.stack.sandbox import run
from bakong_schemes.bakong.fake.scheme import BAKONG
from bakong_simulator.kernel.worlds import MAX_WORLDS

commands = typer.Typer()


@commands.command()
def up(
    port: Annotated[int, typer.Option(min=0, max=65535, help="The simulator's port; 0 for any free one.")] = 8600,
    service_port: Annotated[int, typer.Option(min=0, max=65535, help="The service's port; 0 for any free one.")] = 3002,
    data_dir: Annotated[Path, typer.Option(help="Where the database and the sandbox's secrets are kept.")] = Path(
        "data"
    ),
    host: Annotated[
        str, typer.Option(help="The address to listen on; 0.0.0.0 inside a container, :: for IPv6 too.")
    ] = "127.0.0.1",
    no_service: Annotated[bool, typer.Option("--no-service", help="The simulator alone.")] = False,
    scenario: Annotated[str, typer.Option(metavar="NAME|FILE", help="What Bakong does.")] = "manual",
    quota: Annotated[
        int | None, typer.Option(min=0, help="Calls a day for each token, as the real one's 100; off unless given.")
    ] = None,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(metavar="HOST", envvar="BAKONG_SANDBOX_ALLOWED_HOSTS", help="Also the control API's; repeatable."),
    ] = None,
    control_token: Annotated[
        str,
        typer.Option(
            metavar="TOKEN|off",
            envvar=CONTROL_ENVVAR,
            help="What the control API wants; drawn by default where other machines reach --host.",
        ),
    ] = "",
    cors: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ORIGIN", envvar="BAKONG_SANDBOX_CORS", help="Pages that may call /v1, * for any; repeatable."
        ),
    ] = None,
    max_worlds: Annotated[
        int, typer.Option(min=1, envvar="BAKONG_SANDBOX_MAX_WORLDS", help="So many worlds are kept at a time.")
    ] = MAX_WORLDS,
    tls_port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Also answer TLS for NBC's host names; see `trust`.")
    ] = None,
    webhook_url: Annotated[str, typer.Option(metavar="URL", help="Where the service tells its events.")] = "",
    prices: Annotated[str, typer.Option(metavar="USD,USD", help="What PREMIUM and FAMILY_PREMIUM cost.")] = "0.50,1.00",
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON when both answer.")] = False,
) -> None:
    """Run the simulator and the service until Ctrl-C."""
    options = Options(
        data_dir=data_dir,
        host=host,
        port=port,
        service_port=None if no_service else service_port,
        scenario=scenario,
        quota=quota,
        max_worlds=max_worlds,
        allowed_hosts=tuple(allow_host or ()),
        control_token=control_token,
        cors=tuple(cors or ()),
        tls_port=tls_port,
        webhook_url=webhook_url,
        prices=read_prices(prices),
    )
    run_async(_up(options, as_json=as_json))


async def _up(options: Options, *, as_json: bool) -> None:
    """Run a sandbox until SIGINT or SIGTERM. Raises SetupError."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with run(options) as stack:
        if stack.warning:
            print(f"bakong-sandbox: warning: {stack.warning}", file=sys.stderr, flush=True)
        if as_json:
            print(json.dumps(stack.ready()), flush=True)
        else:
            _banner(stack)
        gc.collect()
        gc.freeze()  # what was loaded stays: the collector need not walk it again
        await stop.wait()
    if not as_json:
        print("Stopped. Data is kept in", stack.data_dir)


def _banner(stack: Stack) -> None:
    console = Console(highlight=False, soft_wrap=True)
    console.print("[bold]The sandbox is up.[/] Ctrl-C ends it.\n")
    console.print(f"  Bakong    [cyan]{stack.bakong_url}/v1[/]   control: [cyan]{stack.bakong_url}/sandbox/docs[/]")
    if stack.tls_url:
        console.print(
            f"  TLS       [cyan]{stack.tls_url}[/]     authority: {escape(stack.ca_file)} (see bakong-sandbox trust)"
        )
    if stack.service_url:
        console.print(f"  Service   [cyan]{stack.service_url}[/]      API: [cyan]{stack.service_url}/docs[/]")
    scenario = stack.worlds.default.scenario
    console.print(f"  Scenario  {escape(f'{scenario.name}: {scenario.about}')}")
    quota = stack.worlds.default.state(BAKONG).limits.quota
    limit = "off (--quota 100 is the real one's)" if quota is None else f"{quota} calls a day for each token"
    console.print(f"  Quota     {limit}")
    console.print(f"  Data      {escape(str(stack.data_dir))}")
    console.print(f"  Token     {stack.token}")
    if not stack.service_url:
        return
    console.print(f"  API key   {stack.api_key}\n\nTry:")
    body = '{"userId": "sokha", "planType": "PREMIUM", "amount": 0.50, "currency": "USD"}'
    print(
        f"  curl -s {stack.service_url}/api/payments/create \\\n"
        f"    -H 'Authorization: Bearer {stack.api_key}' -H 'Content-Type: application/json' \\\n"
        f"    -d '{body}'\n"
        f"then pay its qrCode:\n"
        f"  curl -s {stack.bakong_url}/sandbox/worlds/default/payments "
        "-H 'Content-Type: application/json' -d '{\"qr\": \"<qrCode>\"}'",
        flush=True,
    )
