"""`record`: what a real Bakong answers, masked, in a file. Draws the salt, and keeps neither it nor what is private."""

import asyncio
import re
import secrets  # noqa: TID251  a composition root: the salt of a cassette is drawn here
import signal
import ssl
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NamedTuple

import httpx
import typer
import yaml
from pydantic import ValidationError
from rich.console import Console

from bakong_conformance.cassettes import (
    Cassette,
    CassetteError,
    Masker,
    Recorder,
    Take,
    Targets,
    cassette_of,
    write,
)
from bakong_conformance.cassettes.taking import private_values
from bakong_conformance.http import client
from bakong_contracts.escaping import terminal_line
from bakong_contracts.patterns import message
from bakong_contracts.trust import ssl_context
from bakong_sandbox.cli.authorities import Ca
from bakong_sandbox.cli.program import run_async
from bakong_sandbox.devkit.recording.proxy import Proxy
from bakong_sandbox.stack.errors import SetupError
from bakong_sandbox.stack.serving import listen as listen_on
from bakong_sandbox.stack.serving import serve, url_of
from bakong_sandbox.stack.wall_clock import wall_ms

SALT_BYTES = 32
commands = typer.Typer()


@commands.command()
def record(
    base_url: Annotated[str, typer.Option(metavar="URL", help="Base URL of the Open API.")],
    token: Annotated[str, typer.Option(metavar="T", envvar="BAKONG_TOKEN", help="The developer token.")] = "",
    budget: Annotated[int, typer.Option(min=1, help="At most so many calls.")] = 20,
    out: Annotated[Path, typer.Option(metavar="FILE", help="The cassette.")] = Path("cassette.yaml"),
    ask: Annotated[
        Path | None, typer.Option(metavar="FILE", help="YAML or JSON: md5s, hashes, accounts, private.")
    ] = None,
    md5: Annotated[list[str] | None, typer.Option(help="A payment to ask about; repeatable.")] = None,
    transaction_hash: Annotated[
        list[str] | None, typer.Option("--hash", metavar="TEXT", help="A transaction to ask about; repeatable.")
    ] = None,
    account: Annotated[list[str] | None, typer.Option(help="An account to ask about; repeatable.")] = None,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds that one answer may take.")] = 30.0,
    listen: Annotated[
        int | None, typer.Option(metavar="PORT", min=0, max=65535, help="Forward your own calls, and keep those.")
    ] = None,
    ca: Ca = None,
) -> None:
    """Keep a Bakong's answers to read-only calls, within a budget, all that is private masked."""
    targets = _targets_of(ask, md5 or [], transaction_hash or [], account or [])
    base_url = base_url.rstrip("/")
    how = _How(budget, timeout, ssl_context(ca))
    try:
        if listen is None:
            cassette = _record(base_url, token, targets, how=how)
        else:
            proxied = _listen(base_url, token, targets, port=listen, how=how)
            cassette = run_async(proxied)
    except CassetteError as error:
        raise SetupError(str(error)) from None
    _keep(cassette, out)
    _print_summary(cassette, out)


def _targets_of(file: Path | None, md5s: list[str], hashes: list[str], accounts: list[str]) -> Targets:
    """What the user asks about, in a YAML or JSON file and in options. Raises SetupError."""
    try:
        listed = Targets.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")) or {}) if file else Targets()
    except OSError as error:
        raise SetupError(f"{file}: cannot be read: {error.strerror or error}") from None
    except (yaml.YAMLError, UnicodeDecodeError, ValidationError) as error:
        reason = message(error.errors()[0]) if isinstance(error, ValidationError) else " ".join(str(error).split())
        raise SetupError(
            f"{file}: expected md5s, hashes, accounts and private, each a list of texts: {reason}"
        ) from None
    for md5 in (*listed.md5s, *md5s):
        if not re.fullmatch(r"[0-9a-fA-F]{32}", md5, re.ASCII):  # a call of the day's few would be spent on it
            raise SetupError(f"--md5: read {md5!r}, expected 32 hex digits: the md5 of the code's text")
    return listed.model_copy(
        update={
            "md5s": (*listed.md5s, *md5s),
            "hashes": (*listed.hashes, *hashes),
            "accounts": (*listed.accounts, *accounts),
        }
    )


class _How(NamedTuple):
    """How a Bakong is asked: so many calls at most, so long for one answer, trusting these certificates."""

    budget: int
    timeout_s: float
    trust: ssl.SSLContext


def _record(base_url: str, token: str, targets: Targets, *, how: "_How") -> Cassette:
    """What a Bakong answers within the budget, masked. Raises SetupError without a token, or where nobody answers."""
    if not token:
        raise SetupError("give --token (or BAKONG_TOKEN)")
    with client(base_url, timeout_s=how.timeout_s, trust=how.trust) as http:
        recorder = Recorder(http, token, how.budget, time.monotonic)
        recorder.record(targets)
    if all(take.answer is None for take in recorder.takes):
        raise SetupError(f"{base_url} does not answer: {recorder.takes[0].silence}")
    return masked(recorder.takes, {token}, targets, base_url=base_url, budget=how.budget, left_out=recorder.left_out)


async def _listen(base_url: str, token: str, targets: Targets, *, port: int, how: "_How") -> Cassette:
    """Forward a team's own calls until SIGINT or SIGTERM, and keep the answers, masked. Raises SetupError."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    upstream = httpx.AsyncClient(base_url=f"{base_url}/", timeout=how.timeout_s, trust_env=False, verify=how.trust)
    async with upstream:
        proxy = Proxy(upstream, how.budget, token)
        with listen_on(port, "127.0.0.1") as opened:
            async with serve(proxy, opened):
                print(
                    f"Recording {base_url} at {url_of(opened)}, at most {how.budget} calls. Ctrl-C ends it.", flush=True
                )
                await stop.wait()
    if not proxy.takes:
        raise SetupError("no call was made: nothing was written")
    return masked(proxy.takes, {token, *proxy.tokens} - {""}, targets, base_url=base_url, budget=how.budget)


def masked(
    takes: list[Take],
    tokens: set[str],
    targets: Targets,
    *,
    base_url: str,
    budget: int,
    left_out: list[str] | None = None,
) -> Cassette:
    """The cassette of these takes, by a new salt. Raises CassetteError."""
    private = {value for token in tokens for value in private_values(token, targets)}
    masker = Masker(secrets.token_bytes(SALT_BYTES), private | private_values("", targets))
    day = datetime.fromtimestamp(wall_ms() / 1000, UTC).date().isoformat()
    return cassette_of(takes, masker, base_url=base_url, recorded=day, budget=budget, left_out=left_out or [])


def _keep(cassette: Cassette, out: Path) -> None:
    """Write the cassette. Raises SetupError."""
    try:
        out.write_text(write(cassette), encoding="utf-8")
    except OSError as error:
        raise SetupError(f"{out}: cannot be written: {error.strerror or error}") from None


def _print_summary(cassette: Cassette, out: Path) -> None:
    """What was recorded, a line for each call."""
    console = Console(highlight=False, soft_wrap=True, markup=False)
    for exchange in cassette.exchanges:
        answer = exchange.answer
        outcome = f"{answer.status} in {answer.latency_ms} ms" if answer else f"no answer: {exchange.silence}"
        console.print(terminal_line(f"  {exchange.name}: {exchange.request.endpoint}: {outcome}"))
    for left in cassette.left_out:
        console.print(terminal_line(f"  not asked: {left}"))
    kept = f"{cassette.spent} of {cassette.budget} calls; kept in {out}, masked. Read it before you share it."
    console.print(terminal_line(kept))
