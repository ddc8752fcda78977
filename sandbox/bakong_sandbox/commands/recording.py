"""`record` and `drift`: a real Bakong's answers as a cassette, and the simulator held to it. Options in."""

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    app.command()(record)
    app.command()(drift)


def record(
    base_url: Annotated[str, typer.Option(metavar="URL", help="Where /v1 is.")],
    token: Annotated[str, typer.Option(metavar="T", envvar="BAKONG_TOKEN", help="The developer token.")] = "",
    budget: Annotated[int, typer.Option(min=1, help="At most so many calls.")] = 20,
    out: Annotated[Path, typer.Option(metavar="FILE", help="The cassette.")] = Path("cassette.yaml"),
    ask: Annotated[
        Path | None, typer.Option(metavar="FILE", help="YAML or JSON: md5s, hashes, accounts, private.")
    ] = None,
    md5: Annotated[list[str] | None, typer.Option(help="A payment to ask about; again for more.")] = None,
    transaction_hash: Annotated[
        list[str] | None, typer.Option("--hash", metavar="TEXT", help="A transaction to ask about; again for more.")
    ] = None,
    account: Annotated[list[str] | None, typer.Option(help="An account to ask about; again for more.")] = None,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds that one answer may take.")] = 30.0,
    listen: Annotated[
        int | None, typer.Option(metavar="PORT", min=0, max=65535, help="Forward your own calls, and keep those.")
    ] = None,
) -> None:
    """Make read-only calls to a Bakong, within a budget, and keep its answers with everything private masked."""
    from bakong_conformance.cassettes import CassetteError
    from bakong_sandbox.errors import SetupError
    from bakong_sandbox.recording import recording
    from bakong_sandbox.running import run_async

    try:
        targets = recording.targets_of(ask, md5 or [], transaction_hash or [], account or [])
        base_url = base_url.rstrip("/")
        if listen is None:
            made = recording.record(base_url, token, targets, budget=budget, timeout_s=timeout)
        else:
            proxied = recording.listen(base_url, token, targets, port=listen, budget=budget, timeout_s=timeout)
            made = run_async(proxied)
        recording.keep(made, out)
    except (CassetteError, SetupError) as error:
        typer.echo(f"bakong-sandbox: {error}", err=True)
        raise typer.Exit(2) from None
    recording.tell(made, out)


def drift(
    cassette: Annotated[Path, typer.Argument(help="A file that `record` wrote.")],
    profile: Annotated[str, typer.Option(help="The simulator's: current, doc-1.0.2, sit or prod.")] = "current",
    only: Annotated[
        list[str] | None, typer.Option(metavar="RULE", help="Only these situations; globs allowed.")
    ] = None,
    seed: Annotated[int, typer.Option(min=1, help="The simulator's world is made from it.")] = 1,
    junit: Annotated[Path | None, typer.Option(metavar="FILE", help="Write JUnit XML.")] = None,
    as_json: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write JSON.")] = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write one HTML page.")] = None,
) -> None:
    """Bring the simulator into the situations of a cassette and name each difference; exit code 1: there is one."""
    from bakong_sandbox.harness.running import Asked
    from bakong_sandbox.recording import drifting

    asked = Asked(seed=seed, only=tuple(only or ()), junit=junit, json=as_json, html=html)
    raise typer.Exit(drifting.drift(asked, cassette, profile))
