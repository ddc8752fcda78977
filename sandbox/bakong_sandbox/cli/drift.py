"""`drift`: each situation of a cassette is a rule, held to the simulator."""

import re
import time
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bakong_conformance.case import Case
from bakong_conformance.cassettes import Cassette, CassetteError, Exchange, differences, read
from bakong_conformance.engine import Options, chosen, run
from bakong_conformance.reports.terminal import TerminalWatch, escape, show
from bakong_conformance.rules import CannotRunError, NotCheckedError, Report, RuleBrokenError, Suite
from bakong_sandbox.cli.report_files import ReportFiles
from bakong_sandbox.devkit.recording.staging import NotStagedError, Stage
from bakong_sandbox.stack.errors import SetupError
from bakong_schemes.bakong.wire import PROFILES

commands = typer.Typer()


@commands.command()
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
    """Hold the simulator to the answers of a cassette; exit code 1 where one differs."""
    if profile not in PROFILES:
        raise SetupError(f"--profile is {profile!r}, expected one of {', '.join(PROFILES)}")
    command = ("bakong-sandbox", "drift", str(cassette), "--profile", profile)
    options = Options(seed=seed, only=tuple(only or ()), command=command, monotonic=time.monotonic)
    try:
        report = compare(read(cassette), profile, options, Console(highlight=False, soft_wrap=True))
    except (CannotRunError, CassetteError) as error:
        raise SetupError(str(error)) from None
    ReportFiles(junit=junit, json=as_json, html=html).write(report)
    raise typer.Exit(report.exit_code)


def compare(cassette: Cassette, profile: str, options: Options, console: Console) -> Report:
    """The report of every situation, shown as it is made."""
    suite = suite_of(cassette)
    name = f"{cassette.host}, recorded {cassette.recorded}, {len(suite.rules)} answers"
    console.print(f"[bold]drift[/] {escape(name)}: against the simulator, profile {profile}")
    stage = Stage(cassette, profile, options.seed)
    with TerminalWatch(console, len(chosen(suite.rules, options.only))) as watch:
        report = run(suite, stage, options, watch, name)
    show(report, console)
    return report


def suite_of(cassette: Cassette) -> Suite:
    """A rule for each exchange, under its name."""
    suite = Suite("drift")
    for exchange in cassette.exchanges:
        title = f"{exchange.name}: {exchange.request.endpoint}"
        how = f"The simulator is brought into the situation of {exchange.name!r} and asked the same."
        enter = suite.rule(_free(suite, exchange), title, forbids="an answer that differs from the recorded one")
        check = partial(_same, exchange)
        check.__doc__ = how
        enter(check)
    return suite


def _free(suite: Suite, exchange: Exchange) -> str:
    """A rule's name that is not taken."""
    name = re.sub(r"[^a-z0-9]+", "-", exchange.name.lower()).strip("-")
    taken = {rule.id for rule in suite.rules}
    names = (name, *(f"{name}-{number}" for number in range(2, len(taken) + 3)))
    return next(free for free in names if f"drift.{free}" not in taken)


def _same(exchange: Exchange, stage: Stage, case: Case) -> None:
    try:
        played = stage.play(exchange)
    except NotStagedError as error:
        raise NotCheckedError(str(error)) from None
    recorded = exchange.answer
    if recorded is None:
        raise NotCheckedError("the recording got no answer")
    asked = f"{exchange.request.method} /v1/{exchange.request.endpoint} {exchange.request.raw().decode()}"
    case.note(f"{asked}, recorded", f"{recorded.status} {recorded.raw().decode()}")
    case.note(f"{asked}, played", f"{played.status} {played.raw().decode()}")
    if differing := differences(recorded, played):
        raise RuleBrokenError("; ".join(differing))
