"""`up`: a sandbox in the foreground, until Ctrl-C."""

import asyncio
import json
import re
import signal
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape as escape_markup

from bakong_contracts.escaping import terminal_line
from bakong_sandbox.cli.authorities import ca_file
from bakong_sandbox.cli.from_environment import FromEnvironment
from bakong_sandbox.cli.program import command_line, complain, run_async
from bakong_sandbox.stack.connections import SANDBOX_BOUNDS, SERVICE_BOUNDS, Bounds, raise_descriptor_limit
from bakong_sandbox.stack.errors import SetupError
from bakong_sandbox.stack.loaded import keep_what_is_loaded
from bakong_sandbox.stack.options import ESCROW, Options, Stack, read_prices, read_providers, read_webhook_url
from bakong_sandbox.stack.running import CONTROL_ENVVAR, USUAL_URL
from bakong_sandbox.stack.sandbox import run
from bakong_scenarios import ScenarioError
from bakong_schemes.bakong.fake.scheme import BAKONG
from bakong_simulator.control.door import PATH as DOOR
from bakong_simulator.kernel.worlds import MAX_WORLDS

commands = typer.Typer()


# Each option is also an environment variable: --data-dir is BAKONG_SANDBOX_DATA_DIR.
@commands.command(cls=FromEnvironment, context_settings={"auto_envvar_prefix": "BAKONG_SANDBOX"})
def up(
    port: Annotated[int, typer.Option(min=0, max=65535, help="The simulator's port; 0 for any free one.")] = 8600,
    service_port: Annotated[int, typer.Option(min=0, max=65535, help="The service's port; 0 for any free one.")] = 3002,
    data_dir: Annotated[Path, typer.Option(help="Where the database and the sandbox's secrets are kept.")] = Path(
        "data"
    ),
    host: Annotated[
        str, typer.Option(help="The address to listen on; 0.0.0.0 inside a container, :: for IPv6 too.")
    ] = "127.0.0.1",
    lan: Annotated[
        bool, typer.Option("--lan", help="Let phones of this network use the wallet; prints its address as a QR.")
    ] = False,
    no_service: Annotated[bool, typer.Option("--no-service", help="The simulator alone.")] = False,
    scenario: Annotated[str, typer.Option(metavar="NAME|FILE", help="What Bakong does.")] = "manual",
    experimental: Annotated[
        bool,
        typer.Option(
            "--experimental",
            envvar="BAKONG_SANDBOX_EXPERIMENTAL",
            help="Also the sketches of APIs of which little is public: docs/thai-sketches.md.",
        ),
    ] = False,
    scheme_file: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            envvar="BAKONG_SANDBOX_SCHEME_FILES",
            help="A payment API that this YAML describes: docs/generic.md; repeatable.",
        ),
    ] = None,
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
    max_connections: Annotated[
        int, typer.Option(min=1, envvar="BAKONG_SANDBOX_MAX_CONNECTIONS", help="At a time, on all ports together.")
    ] = SANDBOX_BOUNDS.connections,
    max_connections_per_address: Annotated[
        int, typer.Option(min=1, envvar="BAKONG_SANDBOX_MAX_CONNECTIONS_PER_ADDRESS", help="Of them from one address.")
    ] = SANDBOX_BOUNDS.per_address,
    read_timeout: Annotated[
        float, typer.Option(min=0.1, envvar="BAKONG_SANDBOX_READ_TIMEOUT_S", help="Seconds for a request to arrive.")
    ] = SANDBOX_BOUNDS.read_s,
    answer_timeout: Annotated[
        float,
        typer.Option(min=0.1, envvar="BAKONG_SANDBOX_ANSWER_TIMEOUT_S", help="Seconds for an answer, faults too."),
    ] = SANDBOX_BOUNDS.answer_s,
    tls_port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Also answer TLS for NBC's host names; see `trust`.")
    ] = None,
    tls_name: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            envvar="BAKONG_SANDBOX_TLS_NAMES",
            help="Another host, *.host or address of the TLS port; repeatable.",
        ),
    ] = None,
    webhook_url: Annotated[str, typer.Option(metavar="URL", help="Where the service tells its events.")] = "",
    webhook_ca: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            envvar=["BAKONG_SANDBOX_WEBHOOK_CA", "WEBHOOK_CA_FILE"],
            callback=ca_file,
            help="PEM: authorities that receivers of webhooks may show, the service's and the simulator's.",
        ),
    ] = None,
    providers: Annotated[
        str,
        typer.Option(
            metavar="NAMES",
            envvar="BAKONG_SANDBOX_PROVIDERS",
            help="Also the service's: stripe,paystack,promptpay,omise for orders; bkash,nagad for escrow too.",
        ),
    ] = "",
    provider_timeout: Annotated[
        float,
        typer.Option(
            min=0.1,
            max=60,
            envvar="BAKONG_SANDBOX_PROVIDER_TIMEOUT_S",
            help="Seconds that the service waits for an answer of bKash or Nagad; in production they are 30.",
        ),
    ] = 10,
    jwt_secret: Annotated[
        str,
        typer.Option(
            metavar="SECRET",
            envvar="BAKONG_SANDBOX_JWT_SECRET",
            help="What signs tokens for the service, 64 characters or more; drawn where --providers names some.",
        ),
    ] = "",
    prices: Annotated[str, typer.Option(metavar="USD,USD", help="What PREMIUM and FAMILY_PREMIUM cost.")] = "0.50,1.00",
    keep: Annotated[
        bool,
        typer.Option(
            "--keep/--forget", envvar="BAKONG_SANDBOX_KEEP", help="Keep the simulator's worlds in the data folder."
        ),
    ] = False,
    published: Annotated[
        list[str] | None,
        typer.Option(
            metavar="INNER=OUTER",
            envvar="BAKONG_SANDBOX_PUBLISHED",
            help="A container's port, and where this machine has it: what is printed for people; repeatable.",
        ),
    ] = None,
    as_json: Annotated[
        bool,
        typer.Option("--json", envvar="BAKONG_SANDBOX_JSON", help="Print one line of JSON when both answer."),
    ] = False,
) -> None:
    """Run the simulator and the service until Ctrl-C."""
    counts = {"connections": max_connections, "per_address": max_connections_per_address}
    options = Options(
        data_dir=data_dir,
        host=host,
        lan=lan,
        port=port,
        service_port=None if no_service else service_port,
        scenario=scenario,
        experimental=experimental,
        scheme_files=tuple(scheme_file or ()),
        quota=quota,
        max_worlds=max_worlds,
        bounds=Bounds(**counts, read_s=read_timeout, answer_s=answer_timeout),
        service_bounds=replace(SERVICE_BOUNDS, **counts),
        allowed_hosts=tuple(allow_host or ()),
        control_token=control_token,
        cors=tuple(cors or ()),
        tls_port=tls_port,
        tls_names=tuple(tls_name or ()),
        webhook_url=read_webhook_url(webhook_url),
        webhook_ca=webhook_ca,
        prices=read_prices(prices),
        providers=read_providers(providers),
        provider_timeout_ms=int(provider_timeout * 1000),
        jwt_secret=jwt_secret,
        keep=keep,
    )
    ports = _published(published or ())
    raise_descriptor_limit()
    run_async(_up(options, ports, as_json=as_json))


def _published(pairs: Sequence[str]) -> dict[int, int]:
    """Inner ports and outer ones. Raises SetupError."""
    read = [re.fullmatch(r"(\d{1,5})=(\d{1,5})", pair) for pair in pairs]
    if None in read:
        raise SetupError(f"--published: read {' '.join(pairs)!r}, expected ports such as 443=8643")
    return {int(one[1]): int(one[2]) for one in read if one}


def _outside(url: str, ports: Mapping[int, int]) -> str:
    """A URL as it is outside of the container.

    >>> _outside("https://127.0.0.1:443", {443: 8643}), _outside("", {443: 8643})
    ('https://127.0.0.1:8643', '')
    """
    head, colon, port = url.rpartition(":")
    return f"{head}:{ports.get(int(port), port)}" if colon else url


async def _up(options: Options, ports: Mapping[int, int], *, as_json: bool) -> None:
    """Run a sandbox until SIGINT or SIGTERM. Raises SetupError."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with run(options) as stack:
        if stack.warning:
            complain(f"warning: {stack.warning}")
        if (script := stack.worlds.default.player.file) is not None:
            script.tell = complain
        if as_json:
            print(json.dumps(stack.ready()), flush=True)
        else:
            shown = replace(
                stack,
                bakong_url=_outside(stack.bakong_url, ports),
                tls_url=_outside(stack.tls_url, ports),
                service_url=_outside(stack.service_url, ports),
            )
            _banner(shown)
        keep_what_is_loaded()
        await stop.wait()
    if not as_json:
        worlds = "the worlds too" if stack.keeps else "but not the simulator's worlds (--keep)"
        print(f"Stopped. Data is kept in {terminal_line(stack.data_dir)}, {worlds}")


def _banner(stack: Stack) -> None:
    console = Console(highlight=False, soft_wrap=True)
    console.print("[bold]The sandbox is up.[/] Ctrl-C ends it.\n")
    console.print(f"  Console   [cyan]{stack.bakong_url}/console[/]")
    console.print(f"  Command   {_shown(command_line())}")
    console.print(f"  Bakong    [cyan]{stack.bakong_url}/v1[/]   control: [cyan]{stack.bakong_url}/sandbox/docs[/]")
    if stack.tls_url:
        console.print(
            f"  TLS       [cyan]{stack.tls_url}[/]     authority: {_shown(stack.ca_file)} (see bakong-sandbox trust)"
        )
    if stack.service_url:
        console.print(f"  Service   [cyan]{stack.service_url}[/]      API: [cyan]{stack.service_url}/docs[/]")
    if stack.providers:
        console.print(f"  Providers bakong, {', '.join(stack.providers)} (docs/orders.md)")
    if set(stack.providers) & set(ESCROW):
        console.print("  Escrow    tokens: bakong-sandbox service test-token (docs/escrow.md)")
    console.print(f"  Scenario  {_shown(_of_scenario(stack))}")
    quota = stack.worlds.default.state(BAKONG).limits.quota
    limit = "off (--quota 100 is the real one's)" if quota is None else f"{quota} calls a day for each token"
    console.print(f"  Quota     {limit}")
    console.print(f"  Data      {_shown(stack.data_dir)}")
    console.print(f"  Worlds    {_of_worlds(stack)}")
    console.print(f"  Token     {stack.token}")
    _doors(stack, console)
    if not stack.service_url:
        return
    console.print(f"  API key   {stack.api_key}\n\nTry:")
    elsewhere = "" if stack.bakong_url == USUAL_URL else f" --url {stack.bakong_url}"
    body = '{"userId": "sokha", "planType": "PREMIUM", "amount": 0.50, "currency": "USD"}'
    print(
        f"  curl -s {stack.service_url}/api/payments/create \\\n"
        f"    -H 'Authorization: Bearer {stack.api_key}' -H 'Content-Type: application/json' \\\n"
        f"    -d '{body}'\n"
        f"then pay the qrCode of the answer, in another terminal here:\n"
        f"  {terminal_line(command_line())} pay{elsewhere} '<qrCode>'",
        flush=True,
    )


def _doors(stack: Stack, console: Console) -> None:
    """How a browser of this machine and a phone of its network come into the console."""
    if not stack.codes:
        return
    from khqr.image import terminal  # noqa: PLC0415  only --lan draws

    ours, phones = stack.codes
    wallet = f"{stack.lan_url}{DOOR}?code={phones}&next=/console/default/wallet"
    console.print(f"  Enter     {stack.bakong_url}{DOOR}?code={ours} (once, in this machine's browser)")
    print(f"\nThe wallet, for a phone in this network (once):\n\n{terminal(wallet)}\n  {wallet}")


def _of_scenario(stack: Stack) -> str:
    try:
        scenario = stack.worlds.default.scenario
    except ScenarioError as error:  # its file has changed since the start began
        return f"broken: {error}"
    return f"{scenario.name}: {scenario.about}"


def _of_worlds(stack: Stack) -> str:
    if not stack.keeps:
        return "are gone when it stops (--keep keeps them)"
    found = stack.restored
    before = "" if found is None else f"; {found.worlds} are back, with {found.events} events after their snapshot"
    return f"are kept, also over a kill of the process, not over a loss of power{before}"


def _shown(text: object) -> str:
    """A text of the user's, as it is: no markup of ours."""
    return escape_markup(terminal_line(text))
