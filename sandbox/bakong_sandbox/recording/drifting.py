"""`drift`: each situation of a cassette is a rule, held to the simulator. Options in, exit code out."""

import re
import time
from functools import partial
from pathlib import Path

from rich.console import Console

from bakong_conformance import CannotRunError, Case, NotCheckedError, Options, Report, RuleBrokenError, Suite, run
from bakong_conformance.cassettes import Cassette, CassetteError, Exchange, differences, read
from bakong_conformance.engine import chosen
from bakong_conformance.reports.terminal import TerminalWatch, show
from bakong_contracts.open_api import PROFILES
from bakong_sandbox.harness.running import Asked, cannot_run, write
from bakong_sandbox.recording.staging import NotStagedError, Stage


def drift(asked: Asked, file: Path, profile: str) -> int:
    """Play a cassette's situations in the simulator: 0 the same, 1 a difference, 2 it could not run."""
    try:
        _check(profile)
        cassette = read(file)
        command = ("bakong-sandbox", "drift", str(file), "--profile", profile)
        options = Options(seed=asked.seed or 1, only=asked.only, command=command, monotonic=time.monotonic)
        report = compare(cassette, profile, options, Console(highlight=False, soft_wrap=True))
        write(asked, report)
    except (CannotRunError, CassetteError) as error:
        return cannot_run(error)
    return report.exit_code


def _check(profile: str) -> None:
    if profile not in PROFILES:
        raise CannotRunError(f"--profile is {profile!r}, expected one of {', '.join(PROFILES)}")


def compare(cassette: Cassette, profile: str, options: Options, console: Console) -> Report:
    """The report of every situation, shown as it is made."""
    suite = suite_of(cassette)
    told = f"{cassette.host}, recorded {cassette.recorded}, {len(suite.rules)} answers"
    console.print(f"[bold]drift[/] {told}: against the simulator, profile {profile}")
    stage = Stage(cassette, profile, options.seed)
    report = run(suite, stage, options, TerminalWatch(console, len(chosen(suite.rules, options.only))), told)
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
    found = differences(recorded, played)
    if found:
        raise RuleBrokenError("; ".join(found))
