"""`up` and `demo`: a sandbox in the foreground."""

from pathlib import Path
from typing import Annotated

import typer

from bakong_sandbox.running import run_async


def register(app: typer.Typer) -> None:
    app.command()(up)
    app.command()(demo)


def up(
    port: Annotated[int, typer.Option(min=0, max=65535, help="The simulator's port; 0 for any free one.")] = 8600,
    service_port: Annotated[int, typer.Option(min=0, max=65535, help="The service's port; 0 for any free one.")] = 3002,
    data_dir: Annotated[Path, typer.Option(help="Where the database and the sandbox's secrets are kept.")] = Path(
        "data"
    ),
    host: Annotated[str, typer.Option(help="The address to listen on; 0.0.0.0 inside a container.")] = "127.0.0.1",
    no_service: Annotated[bool, typer.Option("--no-service", help="The simulator alone.")] = False,
    scenario: Annotated[str, typer.Option(metavar="NAME|FILE", help="What Bakong does.")] = "manual",
    quota: Annotated[
        int | None, typer.Option(min=0, help="Calls a day for each token, as the real one's 100; off unless given.")
    ] = None,
    tls_port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Also answer TLS for NBC's host names; see `trust`.")
    ] = None,
    webhook_url: Annotated[str, typer.Option(metavar="URL", help="Where the service tells its events.")] = "",
    prices: Annotated[str, typer.Option(metavar="USD,USD", help="What PREMIUM and FAMILY_PREMIUM cost.")] = "0.50,1.00",
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON when both answer.")] = False,
) -> None:
    """Run the simulator and the service until Ctrl-C."""
    from bakong_sandbox.stack import Options, read_prices
    from bakong_sandbox.up import up as run_up

    options = Options(
        data_dir=data_dir,
        host=host,
        port=port,
        service_port=None if no_service else service_port,
        scenario=scenario,
        quota=quota,
        tls_port=tls_port,
        webhook_url=webhook_url,
        prices=read_prices(prices),
    )
    run_async(run_up(options, as_json=as_json))


def demo() -> None:
    """Tell the story of a payment in the terminal: paid, after a time-out, and failed after errors."""
    from bakong_sandbox.demo import tell

    raise typer.Exit(run_async(tell()))
