"""`verify`: hold a codec, a scheme's server or a payment service to the rules."""

import secrets  # noqa: TID251  a composition root: the seed of a run that names none is drawn here
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, NoReturn

import httpx
import typer
from rich.console import Console
from rich.text import Text

from bakong_conformance.bakong import SUITE as BAKONG
from bakong_conformance.bakong import Bakong
from bakong_conformance.bakong.subject import PROFILES as BAKONG_PROFILES
from bakong_conformance.bkash import SUITE as BKASH
from bakong_conformance.cassettes import TOKEN, CassetteError, Player, read
from bakong_conformance.cassettes.cassette import write
from bakong_conformance.cassettes.playing import BASE_URL
from bakong_conformance.emv import SUITE as EMV
from bakong_conformance.emv import Codec as EmvCodec
from bakong_conformance.engine import CASES, Options, chosen
from bakong_conformance.engine import run as run_suite
from bakong_conformance.khqr import SUITE as KHQR
from bakong_conformance.khqr import Codec
from bakong_conformance.nagad import SUITE as NAGAD
from bakong_conformance.reports.terminal import TerminalWatch, escape, show
from bakong_conformance.rules import CannotRunError, Suite
from bakong_conformance.service import SUITE as SERVICE
from bakong_conformance.service import load
from bakong_conformance.stripe import SUITE as STRIPE
from bakong_conformance.stripe import Stripe
from bakong_conformance.stripe.recording import Recorder
from bakong_contracts.trust import ssl_context
from bakong_sandbox.cli.authorities import Ca
from bakong_sandbox.cli.interrupting import interruptible, output_file
from bakong_sandbox.cli.report_files import ReportFiles, run_facts
from bakong_sandbox.cli.verify_init import init
from bakong_sandbox.devkit import taka_subjects
from bakong_sandbox.devkit.subject import jobs_of, subjects
from bakong_sandbox.stack.errors import SetupError
from bakong_sandbox.stack.wall_clock import wall_ms

Seed = Annotated[int | None, typer.Option(min=0, help="Repeat a run; by default a new one is drawn and printed.")]
Only = Annotated[list[str] | None, typer.Option(metavar="RULE", help="Only these rules; globs and repeats allowed.")]
Profile = Annotated[str, typer.Option(metavar="quick|ci|deep", help="quick: a quarter of the cases. deep: ten times.")]
Junit = Annotated[Path | None, typer.Option(metavar="FILE", help="Write JUnit XML.")]
Json = Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write JSON.")]
Html = Annotated[Path | None, typer.Option(metavar="FILE", help="Write one HTML page.")]
Baseline = Annotated[
    Path | None, typer.Option(metavar="FILE", help="An earlier run's --json: say what is different since.")
]

verify = typer.Typer(no_args_is_help=True, help="Hold a codec, a scheme's server or a payment service to the rules.")
commands = typer.Typer()
commands.add_typer(verify, name="verify")
verify.command("init")(init)


@verify.command("khqr", context_settings={"ignore_unknown_options": True})
def khqr(
    command: Annotated[list[str], typer.Argument(metavar="-- COMMAND...", help="The codec behind JSON lines.")],
    seed: Seed = None,
    only: Only = None,
    profile: Profile = "ci",
    junit: Junit = None,
    as_json: Json = None,
    html: Html = None,
    baseline: Baseline = None,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds that one answer may take.")] = 5.0,
) -> None:
    """Hold an encoder or decoder to KHQR's rules. It answers JSON lines on stdin and stdout: docs/verify-khqr.md."""
    run = _Run(seed, only, profile, ReportFiles(junit=junit, json=as_json, html=html, baseline=baseline))
    with _cannot_run_is_a_setup_error():
        codec = Codec(tuple(command), timeout_s=timeout)
        try:
            options = run.options("khqr", tail=tuple(command))
            codec.hello(wall_ms())
            run.judge(KHQR, codec, options, name=" ".join(command))
        finally:
            codec.close()


@verify.command("emv", context_settings={"ignore_unknown_options": True})
def emv(
    command: Annotated[list[str], typer.Argument(metavar="-- COMMAND...", help="The codec behind JSON lines.")],
    seed: Seed = None,
    only: Only = None,
    profile: Profile = "ci",
    junit: Junit = None,
    as_json: Json = None,
    html: Html = None,
    baseline: Baseline = None,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds that one answer may take.")] = 5.0,
) -> None:
    """Hold an encoder or decoder of any scheme to EMVCo's core rules. It answers JSON lines: docs/verify-emv.md."""
    run = _Run(seed, only, profile, ReportFiles(junit=junit, json=as_json, html=html, baseline=baseline))
    with _cannot_run_is_a_setup_error():
        codec = EmvCodec(tuple(command), timeout_s=timeout)
        try:
            options = run.options("emv", tail=tuple(command))
            codec.hello()
            run.judge(EMV, codec, options, name=" ".join(command))
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
    ca: Ca = None,
    seed: Seed = None,
    only: Only = None,
    profile: Profile = "ci",
    junit: Junit = None,
    as_json: Json = None,
    html: Html = None,
    baseline: Baseline = None,
) -> None:
    """Hold a Bakong to the Open API's contract: the real one in safe mode, a recording, or a fake in full."""
    run = _Run(seed, only, profile, ReportFiles(junit=junit, json=as_json, html=html, baseline=baseline))
    if bakong_profile not in BAKONG_PROFILES:
        raise SetupError(f"--bakong-profile is {bakong_profile!r}, expected one of {', '.join(BAKONG_PROFILES)}")
    with _cannot_run_is_a_setup_error():
        if cassette:
            _judge_cassette(run, cassette, bakong_profile)
        where = (base_url.rstrip("/"), token, control and control.rstrip("/"))
        trust = ssl_context(ca)
        _judge_bakong(run, Bakong(*where, budget, bakong_profile, paid_md5=md5, trust=trust), _repeated(ca))


def _judge_bakong(run: "_Run", bakong: Bakong, trusting: list[str]) -> NoReturn:
    """The real one within its budget, a fake in full."""
    command = ["bakong", "--base-url", bakong.base_url, "--bakong-profile", bakong.profile]
    command += ["--control", bakong.control] if bakong.control else ["--budget", str(bakong.budget)]
    command += ["--md5", bakong.paid_md5] if bakong.paid_md5 else []
    options = run.options(*command, *trusting)
    if not (bakong.control or bakong.token):
        raise SetupError("give --token (or BAKONG_TOKEN), or --control for a fake")
    bakong.preflight()
    mode = "full" if bakong.control else f"safe, at most {bakong.budget} calls"
    run.judge(BAKONG, bakong, options, name=bakong.base_url, mode=mode)


def _repeated(ca: Path | None) -> list[str]:
    """--ca, as who repeats the run has to give it."""
    return [] if ca is None else ["--ca", str(ca)]


def _judge_cassette(run: "_Run", file: Path, profile: str) -> NoReturn:
    """A recording, held to the rules that it holds answers for."""
    options = run.options("bakong", "--cassette", str(file), "--bakong-profile", profile)
    cassette = read(file)
    player = Player(cassette)
    bakong = Bakong(BASE_URL, TOKEN, profile=profile, paid_md5=player.paid_md5, cassette=player)
    run.judge(BAKONG, bakong, options, name=str(file), mode=f"a recording of {cassette.host}, {cassette.recorded}")


@verify.command("stripe")
def stripe(
    base_url: Annotated[str, typer.Option(metavar="URL", help="What stands before /v1.")] = "",
    key: Annotated[str, typer.Option(metavar="K", envvar="STRIPE_SECRET_KEY", help="A secret test key.")] = "",
    control: Annotated[str | None, typer.Option(metavar="URL", help="The control URL of a fake's world.")] = None,
    cassette: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A recording, in the place of a Stripe.")
    ] = None,
    record: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Make nothing, and keep what was answered as a recording.")
    ] = None,
    ca: Ca = None,
    seed: Seed = None,
    only: Only = None,
    profile: Profile = "ci",
    junit: Junit = None,
    as_json: Json = None,
    html: Html = None,
    baseline: Baseline = None,
) -> None:
    """Hold a Stripe to what is known of it: a fake in full, test mode, or a recording. docs/verify-stripe.md."""
    run = _Run(seed, only, profile, ReportFiles(junit=junit, json=as_json, html=html, baseline=baseline))
    with _cannot_run_is_a_setup_error():
        if cassette:
            options = run.options("stripe", "--cassette", str(cassette))
            kept = read(cassette)
            mode = f"a recording of {kept.host}, {kept.recorded}"
            run.judge(STRIPE, Stripe(BASE_URL, TOKEN, cassette=Player(kept)), options, name=str(cassette), mode=mode)
        if not base_url or not key.startswith(("sk_test_", "rk_test_")):
            raise SetupError("give --base-url and --key (or STRIPE_SECRET_KEY), a key of test mode, or --cassette")
        command = ["stripe", "--base-url", base_url, *(["--control", control] if control else []), *_repeated(ca)]
        options = run.options(*command)
        _judge_stripe(run, Stripe(base_url.rstrip("/"), key, control, ssl_context(ca)), options, record)


def _judge_stripe(run: "_Run", subject: Stripe, options: Options, record: Path | None) -> NoReturn:
    """A Stripe that answers; what it answered is written at the end where it is recorded."""
    subject.run, subject.wall_s = f"{options.seed:x}-{wall_ms()}", lambda: wall_ms() // 1000
    recorder = Recorder(subject.key) if record else None
    subject.recorder = recorder
    try:
        subject.preflight()
        mode = "recording, nothing is made" if record else "full" if subject.control else "test mode"
        run.judge(STRIPE, subject, options, name=subject.base_url, mode=mode)
    finally:
        subject.close()
        if record and recorder:
            made = recorder.cassette(httpx.URL(subject.base_url).host, f"{wall_ms() // 1000} s of the epoch")
            record.write_text(write(made), encoding="utf-8")


@verify.command("bkash")
def bkash(
    base_url: Annotated[str, typer.Option(metavar="URL", help="Base URL, which ends in /v1.2.0-beta.")] = "",
    v2_url: Annotated[str, typer.Option(metavar="URL", help="Base URL of v2, for its refunds.")] = "",
    username: Annotated[str, typer.Option(envvar="BKASH_USERNAME", help="Of the token calls.")] = "",
    password: Annotated[str, typer.Option(envvar="BKASH_PASSWORD", help="Of the token calls.")] = "",
    app_key: Annotated[str, typer.Option(envvar="BKASH_APP_KEY", help="The app's key.")] = "",
    app_secret: Annotated[str, typer.Option(envvar="BKASH_APP_SECRET", help="The app's secret.")] = "",
    control: Annotated[str | None, typer.Option(metavar="URL", help="A fake's control URL, in place of these.")] = None,
    ca: Ca = None,
    seed: Seed = None,
    only: Only = None,
    profile: Profile = "ci",
    junit: Junit = None,
    as_json: Json = None,
    html: Html = None,
    baseline: Baseline = None,
) -> None:
    """Hold a bKash-like server to its pages: a fake in full, another by its pay page: docs/verify-bkash.md."""
    run = _Run(seed, only, profile, ReportFiles(junit=junit, json=as_json, html=html, baseline=baseline))
    given = {"base_url": base_url.rstrip("/"), "v2_url": v2_url.rstrip("/"), "username": username, "pin": "", "otp": ""}
    given |= {"password": password, "app_key": app_key, "app_secret": app_secret}
    if control is None and not all((base_url, username, password, app_key, app_secret)):
        raise SetupError("give --control for a fake, or --base-url, --username, --password, --app-key and --app-secret")
    command = ["bkash", *_named("--control", control), *_named("--base-url", base_url), *_named("--v2-url", v2_url)]
    options = run.options(*command, *_repeated(ca))
    with _cannot_run_is_a_setup_error():
        world = control and control.rstrip("/")
        with taka_subjects.bkash(given, control=world, run=f"{options.seed:x}", trust=ssl_context(ca)) as server:
            server.preflight()
            run.judge(BKASH, server, options, name=server.base_url)


@verify.command("nagad")
def nagad(
    base_url: Annotated[str, typer.Option(metavar="URL", help="Base URL, which ends in /api/dfs.")] = "",
    merchant: Annotated[str, typer.Option(metavar="ID", help="The merchant id, 15 digits.")] = "",
    private_key: Annotated[Path | None, typer.Option(metavar="FILE", help="The shop's key: base64 of PKCS#8.")] = None,
    public_key: Annotated[Path | None, typer.Option(metavar="FILE", help="Nagad's key: base64 of SPKI.")] = None,
    control: Annotated[str | None, typer.Option(metavar="URL", help="A fake's control URL, in place of these.")] = None,
    ca: Ca = None,
    seed: Seed = None,
    only: Only = None,
    profile: Profile = "ci",
    junit: Junit = None,
    as_json: Json = None,
    html: Html = None,
    baseline: Baseline = None,
) -> None:
    """Hold a Nagad-like server to its pages: a fake in full, another by its pay page: docs/verify-nagad.md."""
    run = _Run(seed, only, profile, ReportFiles(junit=junit, json=as_json, html=html, baseline=baseline))
    if control is None and not all((base_url, merchant, private_key, public_key)):
        raise SetupError("give --control for a fake, or --base-url, --merchant, --private-key and --public-key")
    keys = {"private_key": _key(private_key), "public_key": _key(public_key)}
    given = {"base_url": base_url.rstrip("/"), "merchant": merchant, "pin": "", **keys}
    command = ["nagad", *_named("--control", control), *_named("--base-url", base_url), *_named("--merchant", merchant)]
    command += [*_named("--private-key", private_key), *_named("--public-key", public_key)]
    options = run.options(*command, *_repeated(ca))
    with _cannot_run_is_a_setup_error():
        world, trust = control and control.rstrip("/"), ssl_context(ca)
        named = f"{options.seed:x}"
        with taka_subjects.nagad(given, control=world, run=named, wall_ms=wall_ms, trust=trust) as server:
            server.preflight()
            run.judge(NAGAD, server, options, name=server.base_url)


def _named(option: str, value: object) -> list[str]:
    """An option that was given, as who repeats the run has to give it."""
    return [option, str(value)] if value else []


def _key(file: Path | None) -> str:
    """One line of base64 of DER; PEM lines around it are let through. Raises SetupError."""
    if file is None:
        return ""
    try:
        text = file.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise SetupError(f"{file}: {getattr(error, 'strerror', None) or error}") from None
    return "".join(line.strip() for line in text.splitlines() if not line.startswith("-----"))


@verify.command("service")
def service(
    config: Annotated[
        Path, typer.Option(metavar="FILE", help="The mapping of our operations: docs/verify-service.md.")
    ],
    jobs: Annotated[
        int | None,
        typer.Option(
            min=1, max=16, help="So many of the service are started, and share the rules: docs/verify-service.md."
        ),
    ] = None,
    ca: Ca = None,
    seed: Seed = None,
    only: Only = None,
    profile: Profile = "ci",
    junit: Junit = None,
    as_json: Json = None,
    html: Html = None,
    baseline: Baseline = None,
) -> None:
    """Hold a payment service, in any language, to the rules of money, time, limits and webhooks."""
    run = _Run(seed, only, profile, ReportFiles(junit=junit, json=as_json, html=html, baseline=baseline))
    with _cannot_run_is_a_setup_error(), interruptible():
        mapping = load(config)
        options = run.options("service", "--config", str(config), *_repeated(ca))
        jobs = jobs_of(mapping, jobs, len(chosen(SERVICE.rules, options.only)))
        folder, trust = config.resolve().parent, ssl_context(ca)
        with (
            nullcontext() if mapping.running else output_file(config.stem) as log,
            subjects(jobs, mapping, folder, f"{options.seed:x}", trust=trust, log=log) as (under_test, *twins),
        ):
            facts = {"time": mapping.time, "jobs": f"{1 + len(twins)}", **({"output": log.name} if log else {})}
            run.judge(SERVICE, under_test, options, name=mapping.name, twins=twins, **facts)


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

    def judge(
        self, suite: Suite, subject: Any, options: Options, *, name: str, twins: Sequence[Any] = (), **facts: str
    ) -> NoReturn:
        """Run a suite with its progress on the terminal, write the reports, and end with the exit code."""
        console = Console(highlight=False, soft_wrap=True)
        console.print(f"[bold]verify {suite.name}[/] {escape(name)}: profile {options.profile}, seed {options.seed}")
        if "output" in facts:
            console.print(f"[dim]Its output:[/] {escape(facts['output'])}")
        with interruptible(), TerminalWatch(console, len(chosen(suite.rules, options.only))) as watch:
            ran = run_suite(suite, subject, options, watch, name, twins)
        command = (
            *options.command,
            "--profile",
            options.profile,
            "--seed",
            str(options.seed),
            *(("--", *options.tail) if options.tail else ()),
        )
        report = replace(ran, facts=(*run_facts(command), *facts.items()))
        show(report, console)
        if comparison := self.files.write(report):
            console.print(Text("\n".join((f"Since {self.files.baseline}:", *comparison.lines()))))
        raise typer.Exit(report.exit_code)


@contextmanager
def _cannot_run_is_a_setup_error() -> Iterator[None]:
    try:
        yield
    except (CannotRunError, CassetteError) as error:
        raise SetupError(str(error)) from None
    except KeyboardInterrupt:
        raise SetupError("interrupted before there was anything to report; what was started is ended") from None
