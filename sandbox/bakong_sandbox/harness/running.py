"""One run of `verify`: options in, exit code out. Draws the seed, tells the time, writes the files."""

import secrets  # noqa: TID251  a composition root: the seed of a run that names none is drawn here
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console

from bakong_conformance import CannotRunError, Options, Report, Suite, run
from bakong_conformance.bakong import SUITE as BAKONG
from bakong_conformance.bakong import Bakong
from bakong_conformance.bakong.subject import PROFILES as BAKONG_PROFILES
from bakong_conformance.cassettes import TOKEN, CassetteError, Player, read
from bakong_conformance.cassettes.playing import BASE_URL
from bakong_conformance.engine import CASES, chosen
from bakong_conformance.khqr import SUITE as KHQR
from bakong_conformance.khqr import Codec
from bakong_conformance.reports.files import as_json, as_junit
from bakong_conformance.reports.page import as_html
from bakong_conformance.reports.terminal import TerminalWatch, show
from bakong_conformance.service import SUITE as SERVICE
from bakong_conformance.service import load
from bakong_sandbox.harness.service import subject

CANNOT_RUN = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What every `verify` command takes."""

    seed: int | None = None
    only: tuple[str, ...] = ()
    profile: str = "ci"
    junit: Path | None = None
    json: Path | None = None
    html: Path | None = None

    def options(self, *command: str, tail: tuple[str, ...] = ()) -> Options:
        """The engine's options. Raises CannotRunError for a profile that nobody knows."""
        if self.profile not in CASES:
            raise CannotRunError(f"--profile is {self.profile!r}, expected one of {', '.join(CASES)}")
        return Options(
            seed=secrets.randbelow(2**32) if self.seed is None else self.seed,
            only=self.only,
            profile=self.profile,
            command=("bakong-sandbox", "verify", *command),
            tail=tail,
            monotonic=time.monotonic,
        )


def verify_khqr(asked: Asked, command: tuple[str, ...], *, timeout_s: float) -> int:
    """Hold the codec behind a command to the rules."""
    codec = Codec(command, timeout_s=timeout_s)
    try:
        options = asked.options("khqr", tail=command)
        codec.hello(wall_ms())
        return judge(asked, KHQR, codec, options, name=" ".join(command))
    except CannotRunError as error:
        return cannot_run(error)
    finally:
        codec.close()


def verify_bakong(asked: Asked, bakong: Bakong) -> int:
    """Hold a Bakong to the rules: the real one within its budget, a fake in full."""
    command = ["bakong", "--base-url", bakong.base_url, "--bakong-profile", bakong.profile]
    command += ["--control", bakong.control] if bakong.control else ["--budget", str(bakong.budget)]
    command += ["--md5", bakong.paid_md5] if bakong.paid_md5 else []
    try:
        options = asked.options(*command)
        _check(bakong)
        bakong.preflight()
        facts = (("mode", "full" if bakong.control else f"safe, at most {bakong.budget} calls"),)
        return judge(asked, BAKONG, bakong, options, name=bakong.base_url, facts=facts)
    except CannotRunError as error:
        return cannot_run(error)


def verify_cassette(asked: Asked, file: Path, profile: str) -> int:
    """Hold a recording to the rules that it holds answers for."""
    try:
        options = asked.options("bakong", "--cassette", str(file), "--bakong-profile", profile)
        cassette = read(file)
        player = Player(cassette)
        bakong = Bakong(BASE_URL, TOKEN, profile=profile, paid_md5=player.paid_md5, cassette=player)
        _check(bakong)
        facts = (("mode", f"a recording of {cassette.host}, {cassette.recorded}"),)
        return judge(asked, BAKONG, bakong, options, name=str(file), facts=facts)
    except CassetteError as error:
        return cannot_run(error)
    except CannotRunError as error:
        return cannot_run(error)


def verify_service(asked: Asked, file: Path) -> int:
    """Hold the payment service of a configuration to the rules."""
    try:
        config = load(file)
        options = asked.options("service", "--config", str(file))
        with subject(config, file.resolve().parent, f"{options.seed:x}") as service:
            facts = (("time", config.time),)
            return judge(asked, SERVICE, service, options, name=config.name, facts=facts)
    except CannotRunError as error:
        return cannot_run(error)


def _check(bakong: Bakong) -> None:
    if bakong.profile not in BAKONG_PROFILES:
        raise CannotRunError(f"--bakong-profile is {bakong.profile!r}, expected one of {', '.join(BAKONG_PROFILES)}")
    if not (bakong.control or bakong.token):
        raise CannotRunError("give --token (or BAKONG_TOKEN), or --control for a fake")


def judge(
    asked: Asked, suite: Suite, subject: Any, options: Options, *, name: str, facts: tuple[tuple[str, str], ...] = ()
) -> int:
    """Run a suite with its progress on the terminal, write the reports, and return the exit code."""
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"[bold]verify {suite.name}[/] {name}: profile {options.profile}, seed {options.seed}")
    watch = TerminalWatch(console, len(chosen(suite.rules, options.only)))
    report = replace(run(suite, subject, options, watch, name), facts=facts)
    show(report, console)
    write(asked, report)
    return report.exit_code


def write(asked: Asked, report: Report) -> None:
    """The files that were asked for. Raises CannotRunError where one cannot be written."""
    for path, form in ((asked.junit, as_junit), (asked.json, as_json), (asked.html, as_html)):
        if path is None:
            continue
        try:
            path.write_text(form(report), encoding="utf-8")
        except OSError as error:
            raise CannotRunError(f"the report {str(path)!r} cannot be written: {error.strerror or error}") from None


def cannot_run(error: Exception) -> int:
    print(f"bakong-sandbox: {error}", file=sys.stderr)
    return CANNOT_RUN


def wall_ms() -> int:
    return time.time_ns() // 1_000_000  # noqa: TID251  a composition root: codecs with their own clock need the wall's
