"""`load`: the go-live check. 0: it holds, 1: it does not, 2: it could not be run."""

import asyncio
import os
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from bakong_loadtests.baseline import read as read_baseline
from bakong_loadtests.errors import LoadError
from bakong_loadtests.profiles import load as load_profile
from bakong_loadtests.profiles import load_slo, with_settings
from bakong_sandbox.cli.authorities import Ca
from bakong_sandbox.cli.program import run_async
from bakong_sandbox.cli.report_files import run_facts
from bakong_sandbox.devkit.load.check import LoadRun, run_check
from bakong_sandbox.devkit.load.progress import print_verdict
from bakong_sandbox.devkit.load.target import TargetOptions
from bakong_sandbox.stack.errors import SetupError

commands = typer.Typer()


@commands.command()
def load(
    profile: Annotated[str, typer.Argument(help="smoke, limits, peak, soak, chaos, or a YAML file.")] = "smoke",
    url: Annotated[list[str] | None, typer.Option(help="The service; repeatable, one for each replica.")] = None,
    api_key: Annotated[list[str] | None, typer.Option(help="Its API key; repeatable.")] = None,
    bakong_url: Annotated[str, typer.Option(help="The simulator that it asks.")] = "",
    world: Annotated[str, typer.Option(help="The simulator's world.")] = "default",
    data_dir: Annotated[Path, typer.Option(help="The sandbox's folder: keys are made there, and revoked.")] = Path(
        "data"
    ),
    database_url: Annotated[str, typer.Option(help="The service's database, where it is not in that folder.")] = "",
    own: Annotated[bool, typer.Option("--own", help="Start a sandbox for this run, whatever is up.")] = False,
    limit: Annotated[int, typer.Option(min=0, help="Requests a minute for each key; 0: no limit.")] = 100,
    slo: Annotated[Path | None, typer.Option(help="Objectives from a YAML file, instead of the profile's.")] = None,
    settings: Annotated[list[str] | None, typer.Option("--set", help="Like shape.users=80 or slo.p99_ms=300.")] = None,
    users: Annotated[int, typer.Option(min=0, help="Peak users; 0: as the profile says.")] = 0,
    seconds: Annotated[int, typer.Option(min=0, help="How long; 0: as the profile says.")] = 0,
    seed: Annotated[int, typer.Option(min=0, help="What the users do comes from it.")] = 1,
    out: Annotated[Path | None, typer.Option(help="The report's folder; reports/load-PROFILE by default.")] = None,
    processes: Annotated[int, typer.Option(min=1, help="Load generators on this machine.")] = 1,
    expect_workers: Annotated[int, typer.Option(min=0, help="Workers that you start elsewhere.")] = 0,
    bind: Annotated[str, typer.Option(help="Where those workers come to, as HOST:PORT.")] = "127.0.0.1:5557",
    worker: Annotated[str, typer.Option(help="Run as a load worker for HOST:PORT.")] = "",
    callback_host: Annotated[str, typer.Option(help="This machine's name, as the service sees it.")] = "127.0.0.1",
    baseline: Annotated[
        Path | None, typer.Option(metavar="FILE", help="An earlier run's report.json, to be held beside this one.")
    ] = None,
    ca: Ca = None,
) -> None:
    """Load a payment service, attack its limit, close the books, and give a verdict."""
    if worker:
        _check_locust()
        _become_worker(worker, ca)
    flags = [f"shape.users={users}"] * bool(users) + [f"shape.seconds={seconds}"] * bool(seconds)
    try:
        settled = with_settings(load_profile(profile), [*flags, *(settings or [])])
        settled = settled.model_copy(update={"slo": load_slo(slo)}) if slo else settled
        host, port = _host_and_port(bind) if expect_workers else ("127.0.0.1", 0)
        check = LoadRun(
            profile=settled,
            target=TargetOptions(
                urls=tuple(one.rstrip("/") for one in url or ()),
                api_keys=tuple(api_key or ()),
                bakong_url=bakong_url.rstrip("/"),
                world=world,
                data_dir=data_dir,
                database_url=database_url,
                limit=limit,
                own=own,
                ca=ca,
            ),
            out=out or Path("reports") / f"load-{settled.name}",
            seed=seed,
            workers=processes if processes > 1 else 0,
            expected=expect_workers,
            bind_host=host,
            bind_port=port,
            callback_host=callback_host,
            facts=dict(run_facts(_shown_command(sys.argv[1:]))),
            baseline=read_baseline(baseline) if baseline else None,
        )
        _check_locust()
        report = run_async(run_check(check))
    except LoadError as error:
        raise SetupError(str(error)) from None
    except asyncio.CancelledError:
        raise SetupError("interrupted before there was anything to report; what was started is ended") from None
    print_verdict(Console(), report, str(check.out / "report.html"))
    raise typer.Exit(report["exit_code"])


def _shown_command(arguments: Sequence[str]) -> list[str]:
    """The command as it was typed, without the keys in it."""
    hidden = ["…" if before == "--api-key" else word for before, word in zip(["", *arguments], arguments, strict=False)]
    return [
        "bakong-sandbox",
        *(f"{word.partition('=')[0]}=…" if word.startswith("--api-key=") else word for word in hidden),
    ]


def _check_locust() -> None:
    """Raises ModuleNotFoundError; it is imported in processes of its own."""
    if find_spec("locust") is None:
        raise ModuleNotFoundError("No module named 'locust'", name="locust")


def _become_worker(master: str, ca: Path | None) -> NoReturn:
    """Become the worker's process: Locust must be the first to be imported."""
    host, port = _host_and_port(master)
    command = [sys.executable, "-P", "-m", "bakong_loadtests.runner", "worker", "--host", host, "--port", str(port)]
    command += ["--ca", str(ca)] if ca else []
    os.execv(sys.executable, command)  # noqa: S606  our own module


def _host_and_port(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not port.isdecimal():
        raise SetupError(f"read {text!r}, expected HOST:PORT")
    return host or "127.0.0.1", int(port)
