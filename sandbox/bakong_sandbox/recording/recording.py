"""`record`: what a real Bakong answers, masked, in a file. Draws the salt, and keeps neither it nor what is private."""

import asyncio
import secrets  # noqa: TID251  a composition root: the salt of a cassette is drawn here
import signal
import time
from datetime import UTC, datetime
from pathlib import Path

import httpx
import yaml
from pydantic import ValidationError
from rich.console import Console

from bakong_conformance.cassettes import Cassette, Masker, Recorder, Take, Targets, cassette_of, write
from bakong_conformance.cassettes.taking import private_values
from bakong_conformance.http import client
from bakong_sandbox.errors import SetupError
from bakong_sandbox.recording.proxy import Proxy
from bakong_sandbox.serving import serve, url_of
from bakong_sandbox.stack import listening
from bakong_sandbox.wall import wall_ms

SALT_BYTES = 32


def targets_of(file: Path | None, md5s: list[str], hashes: list[str], accounts: list[str]) -> Targets:
    """What the user asks about, in a YAML or JSON file and in options. Raises SetupError."""
    try:
        listed = Targets.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")) or {}) if file else Targets()
    except OSError as error:
        raise SetupError(f"{file}: cannot be read: {error.strerror or error}") from None
    except (yaml.YAMLError, UnicodeDecodeError, ValidationError) as error:
        told = error.errors()[0]["msg"] if isinstance(error, ValidationError) else " ".join(str(error).split())
        raise SetupError(f"{file}: expected md5s, hashes, accounts and private, each a list of texts: {told}") from None
    return listed.model_copy(
        update={
            "md5s": (*listed.md5s, *md5s),
            "hashes": (*listed.hashes, *hashes),
            "accounts": (*listed.accounts, *accounts),
        }
    )


def record(base_url: str, token: str, targets: Targets, *, budget: int, timeout_s: float) -> Cassette:
    """What a Bakong answers within the budget, masked. Raises SetupError without a token, or where nobody answers."""
    if not token:
        raise SetupError("give --token (or BAKONG_TOKEN)")
    with client(base_url, timeout_s=timeout_s) as http:
        recorder = Recorder(http, token, budget, time.monotonic)
        recorder.record(targets)
    if all(take.answer is None for take in recorder.takes):
        raise SetupError(f"{base_url} does not answer: {recorder.takes[0].silence}")
    return masked(recorder.takes, {token}, targets, base_url=base_url, budget=budget, left_out=recorder.left_out)


async def listen(base_url: str, token: str, targets: Targets, *, port: int, budget: int, timeout_s: float) -> Cassette:
    """Forward a team's own calls until SIGINT or SIGTERM, and keep the answers, masked. Raises SetupError."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    upstream = httpx.AsyncClient(base_url=f"{base_url}/", timeout=timeout_s, trust_env=False)
    async with upstream:
        proxy = Proxy(upstream, budget, token)
        with listening(port, "127.0.0.1") as opened:
            async with serve(proxy, opened):
                print(f"Recording {base_url} at {url_of(opened)}, at most {budget} calls. Ctrl-C ends it.", flush=True)
                await stop.wait()
    if not proxy.takes:
        raise SetupError("no call was made: nothing was written")
    return masked(proxy.takes, {token, *proxy.tokens} - {""}, targets, base_url=base_url, budget=budget)


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


def keep(cassette: Cassette, out: Path) -> None:
    """Write the cassette. Raises SetupError."""
    try:
        out.write_text(write(cassette), encoding="utf-8")
    except OSError as error:
        raise SetupError(f"{out}: cannot be written: {error.strerror or error}") from None


def tell(cassette: Cassette, out: Path) -> None:
    """What was recorded, a line for each call."""
    console = Console(highlight=False, soft_wrap=True, markup=False)
    for exchange in cassette.exchanges:
        answer = exchange.answer
        told = f"{answer.status} in {answer.latency_ms} ms" if answer else f"no answer: {exchange.silence}"
        console.print(f"  {exchange.name}: {exchange.request.endpoint}: {told}")
    for left in cassette.left_out:
        console.print(f"  not asked: {left}")
    console.print(f"{cassette.spent} of {cassette.budget} calls; kept in {out}, masked. Read it before you share it.")
