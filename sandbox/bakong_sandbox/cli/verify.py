"""`verify`: hold a codec, a Bakong or a payment service to the rules."""

import secrets  # noqa: TID251  a composition root: the seed of a run that names none is drawn here
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console

from bakong_conformance.bakong import SUITE as BAKONG
from bakong_conformance.bakong import Bakong
from bakong_conformance.bakong.subject import PROFILES as BAKONG_PROFILES
from bakong_conformance.cassettes import TOKEN, CassetteError, Player, read
from bakong_conformance.cassettes.playing import BASE_URL
from bakong_conformance.engine import CASES, Options, chosen
from bakong_conformance.engine import run as run_suite
from bakong_conformance.khqr import SUITE as KHQR
from bakong_conformance.khqr import Codec
from bakong_conformance.reports.terminal import TerminalWatch, escape, show
from bakong_conformance.rules import CannotRunError, Suite
from bakong_conformance.service import SUITE as SERVICE
from bakong_conformance.service import load
from bakong_sandbox.cli.report_files import ReportFiles
from bakong_sandbox.devkit.subject import subject
from bakong_sandbox.stack.errors import SetupError
from bakong_sandbox.stack.wall_clock import wall_ms

Seed = Annotated[int | None, typer.Option(min=0, help="Repeat a run; by default a new one is drawn and printed.")]
Only = Annotated[list[str] | None, typer.Option(metavar="RULE", help="Only these rules; globs and repeats allowed.")]
Profile = Annotated[str, typer.Option(metavar="quick|ci|deep", help="quick: a quarter of the cases. deep: ten times.")]
Junit = Annotated[Path | None, typer.Option(metavar="FILE", help="Write JUnit XML.")]
Json = Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write JSON.")]
Html = Annotated[Path | None, typer.Option(metavar="FILE", help="Write one HTML page.")]

verify = typer.Typer(no_args_is_help=True, help="Hold a codec, a Bakong or a payment service to the rules.")
commands = typer.Typer()
commands.add_typer(verify, name="verify")


@verify.command("khqr", context_settings={"ignore_unknown_options": True})
def khqr(
    command: Annotated[list[str], typer.Argument(metavar="-- COMMAND...", help="The codec behind JSON lines.")],
    seed: Seed = None,
    only: Only = None,
    profile: Profile = "ci",
    junit: Junit = None,
    as_json: Json = None,
    html: Html = None,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds that one answer may take.")] = 5.0,
) -> None:
    """Hold an encoder or decoder to KHQR's rules. It answers JSON lines on stdin and stdout: docs/verify-khqr.md."""
    run = _Run(seed, only, profile, ReportFiles(junit=junit, json=as_json, html=html))
    with _cannot_run_is_a_setup_error():
        codec = Codec(tuple(command), timeout_s=timeout)
        try:
            options = run.options("khqr", tail=tuple(command))
            codec.hello(wall_ms())
            run.judge(KHQR, codec, options, name=" ".join(command))
        finally:
            codec.close()


@verify.command("bakong")
def bakong(
    base_url: Annotated[str, typer.Option(metavar="URL", help="Base URL of the Open API.")] = "",
    token: Annotated[str, typer.Option(metavar="T", envvar="BAKONG_TOKEN", help="The developer token.")] = "",
    cassette: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A recording, in the place of a Bakong that answers.")
    ] = None,
    md5: Annotated[str, typer.Option(help="Safe mode: a payment that was made, for the rules of one.")] = "",
    control: Annotated[str | None, typer.Option(metavar="URL", help="A fake's control URL: full mode.")] = None,
    budget: Annotated[int, typer.Option(min=1, help="Safe mode: at most so many calls.")] = 20,
    bakong_profile: Annotated[
        str, typer.Option("--bakong-profile", help="current, doc-1.0.2, sit or prod.")
    ] = "current",
    seed: Seed = None,
    only: Only = None,
    profile: Profile = "ci",
    junit: Junit = None,
    as_json: Json = None,
    html: Html = None,
) -> None:
    """Hold a Bakong to the Open API's contract: the real one in safe mode, a recording, or a fake in full."""
    run = _Run(seed, only, profile, ReportFiles(junit=junit, json=as_json, html=html))
    if bakong_profile not in BAKONG_PROFILES:
        raise SetupError(f"--bakong-profile is {bakong_profile!r}, expected one of {', '.join(BAKONG_PROFILES)}")
    with _cannot_run_is_a_setup_error():
        if cassette:
            _judge_cassette(run, cassette, bakong_profile)
        where = (base_url.rstrip("/"), token, control and control.rstrip("/"))
        _judge_bakong(run, Bakong(*where, budget, bakong_profile, paid_md5=md5))


def _judge_bakong(run: "_Run", bakong: Bakong) -> NoReturn:
    """The real one within its budget, a fake in full."""
    command = ["bakong", "--base-url", bakong.base_url, "--bakong-profile", bakong.profile]
    command += ["--control", bakong.control] if bakong.control else ["--budget", str(bakong.budget)]
    command += ["--md5", bakong.paid_md5] if bakong.paid_md5 else []
    options = run.options(*command)
    if not (bakong.control or bakong.token):
        raise SetupError("give --token (or BAKONG_TOKEN), or --control for a fake")
    bakong.preflight()
    mode = "full" if bakong.control else f"safe, at most {bakong.budget} calls"
    run.judge(BAKONG, bakong, options, name=bakong.base_url, mode=mode)


def _judge_cassette(run: "_Run", file: Path, profile: str) -> NoReturn:
    """A recording, held to the rules that it holds answers for."""
    options = run.options("bakong", "--cassette", str(file), "--bakong-profile", profile)
    cassette = read(file)
    player = Player(cassette)
    bakong = Bakong(BASE_URL, TOKEN, profile=profile, paid_md5=player.paid_md5, cassette=player)
    run.judge(BAKONG, bakong, options, name=str(file), mode=f"a recording of {cassette.host}, {cassette.recorded}")


@verify.command("service")
def service(
    config: Annotated[
        Path, typer.Option(metavar="FILE", help="The mapping of our operations: docs/verify-service.md.")
    ],
    seed: Seed = None,
    only: Only = None,
    profile: Profile = "ci",
    junit: Junit = None,
    as_json: Json = None,
    html: Html = None,
) -> None:
    """Hold a payment service, in any language, to the rules of money, time, limits and webhooks."""
    run = _Run(seed, only, profile, ReportFiles(junit=junit, json=as_json, html=html))
    with _cannot_run_is_a_setup_error():
        mapping = load(config)
        options = run.options("service", "--config", str(config))
        with subject(mapping, config.resolve().parent, f"{options.seed:x}") as under_test:
            run.judge(SERVICE, under_test, options, name=mapping.name, time=mapping.time)


@dataclass(frozen=True, slots=True)
class _Run:
    """What every `verify` command takes."""

    seed: int | None
    only: list[str] | None
    profile: str
    files: ReportFiles

    def options(self, *command: str, tail: tuple[str, ...] = ()) -> Options:
        """The engine's options. Raises SetupError for a profile that nobody knows."""
        if self.profile not in CASES:
            raise SetupError(f"--profile is {self.profile!r}, expected one of {', '.join(CASES)}")
        return Options(
            seed=secrets.randbelow(2**32) if self.seed is None else self.seed,
            only=tuple(self.only or ()),
            profile=self.profile,
            command=("bakong-sandbox", "verify", *command),
            tail=tail,
            monotonic=time.monotonic,
        )

    def judge(self, suite: Suite, subject: Any, options: Options, *, name: str, **facts: str) -> NoReturn:
        """Run a suite with its progress on the terminal, write the reports, and end with the exit code."""
        console = Console(highlight=False, soft_wrap=True)
        console.print(f"[bold]verify {suite.name}[/] {escape(name)}: profile {options.profile}, seed {options.seed}")
        watch = TerminalWatch(console, len(chosen(suite.rules, options.only)))
        report = replace(run_suite(suite, subject, options, watch, name), facts=tuple(facts.items()))
        show(report, console)
        self.files.write(report)
        raise typer.Exit(report.exit_code)


@contextmanager
def _cannot_run_is_a_setup_error() -> Iterator[None]:
    try:
        yield
    except (CannotRunError, CassetteError) as error:
        raise SetupError(str(error)) from None
