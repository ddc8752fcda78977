"""`listen`: a world's webhooks, brought to a shop on this machine, and shown as they come."""

import asyncio
import re
import signal
import sys
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Annotated, Any, NoReturn
from urllib.parse import quote, urlsplit

import httpx
import typer
from rich import box
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from bakong_contracts.escaping import json_text, terminal_line
from bakong_sandbox.cli.authorities import Ca
from bakong_sandbox.cli.control import REFUSED, UNREACHABLE, fail, headers_of, tls_of
from bakong_sandbox.cli.program import run_async
from bakong_sandbox.cli.simulator import AT, DEFAULT, InWorld, Url
from bakong_sandbox.devkit.relay import Forwarded, Relay, StreamError
from bakong_simulator.kernel.webhooks import OutboxError, check_url
from bakong_simulator.wire.webhook_sender import WebhookSender

ROWS = 20  # of the live table
QUIET_S = 60  # without a word from the stream, which says every 15 s that it is there
COLUMNS = ("webhook", "scheme", "type", "id", "status", "ms")
commands = typer.Typer()


@commands.command()
def listen(
    forward_to: Annotated[
        str, typer.Option("--forward-to", metavar="URL", help="Where the shop takes webhooks.", show_default=False)
    ],
    scheme: Annotated[list[str] | None, typer.Option(help="Only this scheme's; repeatable.")] = None,
    events: Annotated[str, typer.Option(help="Only these types, by commas; * for any part.")] = "*",
    deliver: Annotated[
        bool, typer.Option("--deliver", help="Let the sandbox post, with each scheme's retries, and only watch.")
    ] = False,
    skip_verify: Annotated[
        bool, typer.Option("--skip-verify", help="Take any certificate of an https:// shop.")
    ] = False,
    print_secret: Annotated[
        bool, typer.Option("--print-secret", help="Print what signs the webhooks, and end.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="A line of JSON for each.")] = False,
    name: Annotated[str, typer.Option(help="Of the listener; by default made from the URL.", show_default=False)] = "",
    after: Annotated[
        str, typer.Option(metavar="CURSOR", help="Begin after this cursor of --json; start: with all that is kept.")
    ] = "",
    in_world: InWorld = DEFAULT,
    url: Url = AT,
    ca: Ca = None,
) -> None:
    """Bring a world's webhooks to a shop, with a live table, until Ctrl-C."""
    if deliver and skip_verify:
        fail("--skip-verify: with --deliver the sandbox posts; see its --webhook-ca", UNREACHABLE)
    try:
        check_url(forward_to)
    except OutboxError as error:
        fail(f"--forward-to: {error}", UNREACHABLE)
    body = {"url": forward_to, "events": [one.strip() for one in events.split(",") if one.strip()], "deliver": deliver}
    session = _Session(url, ca, in_world, name or name_of(forward_to), {**body, "schemes": scheme} if scheme else body)
    if print_secret:
        run_async(_print_secrets(session))
        return
    sender = WebhookSender(ca_file=ca, verify=not skip_verify)
    shown = _Lines() if as_json else _Table() if sys.stdout.isatty() else _Plain()
    run_async(_listen(session, sender, shown, after))


def name_of(url: str) -> str:
    """What a listener is called that forwards to a URL.

    >>> name_of("http://127.0.0.1:3000/hook")
    '127.0.0.1-3000-hook'
    """
    parts = urlsplit(url)
    return re.sub(r"[^a-z0-9.]+", "-", f"{parts.netloc.rpartition('@')[2]}{parts.path}".lower()).strip("-.")[:60]


class RefusedError(Exception):
    """The sandbox does not do what it was asked to. The message is its own."""


class _Session:
    """The listener's calls of the control API."""

    def __init__(self, url: str, ca: Path | None, world: str, name: str, body: dict[str, Any]) -> None:
        self.url, self.world, self.name, self._body = url, world, name, body
        self._below = f"{url.rstrip('/')}/sandbox/worlds/{quote(world, safe='', errors='surrogateescape')}/webhooks"
        self._tls = tls_of(url, ca)

    @asynccontextmanager
    async def client(self) -> AsyncIterator[httpx.AsyncClient]:
        async with httpx.AsyncClient(
            verify=self._tls, trust_env=False, timeout=QUIET_S, headers=headers_of()
        ) as client:
            yield client

    async def put(self, client: httpx.AsyncClient) -> dict[str, Any]:
        """The listener, which is there then. Raises RefusedError, ConnectionError."""
        answer = await self._asked(client, "PUT", f"/listeners/{quote(self.name, safe='')}", self._body)
        try:
            listener = answer.json()
        except ValueError:
            listener = None
        if not isinstance(listener, dict) or "endpoints" not in listener:
            raise RefusedError(f"{self.url} answers, and is no sandbox: {answer.text[:80]!r}")
        return listener

    async def drop(self, client: httpx.AsyncClient) -> None:
        """Let it be gone; where nobody answers any more, it is."""
        with suppress(ConnectionError, RefusedError):
            await self._asked(client, "DELETE", f"/listeners/{quote(self.name, safe='')}")

    @asynccontextmanager
    async def follow(self, client: httpx.AsyncClient, cursor: str) -> AsyncIterator[AsyncIterator[bytes]]:
        """The stream after a cursor, with the listener made again where the sandbox has forgotten it."""
        await self.put(client)
        try:
            async with client.stream(
                "GET",
                f"{self._below}/stream",
                params={"listener": self.name, "after": cursor},
            ) as answer:
                if answer.status_code >= 400:
                    await answer.aread()
                    _refuse(answer)
                yield answer.aiter_raw()
        except httpx.HTTPError as error:
            raise ConnectionError(f"the connection to {self.url} is lost ({type(error).__name__})") from None

    async def _asked(self, client: httpx.AsyncClient, method: str, path: str, body: Any = None) -> httpx.Response:
        try:
            answer = await client.request(method, self._below + path, json=body)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ConnectionError(f"no sandbox answers at {self.url} ({error})") from None
        if answer.status_code >= 400:
            _refuse(answer)
        return answer


def _refuse(answer: httpx.Response) -> NoReturn:
    if answer.status_code >= 500:
        raise ConnectionError(f"the sandbox is busy ({answer.status_code})")
    try:
        detail = answer.json()["detail"]
    except (ValueError, KeyError, TypeError):
        detail = f"{answer.status_code} {answer.text[:80]!r}"
    raise RefusedError(str(detail))


@asynccontextmanager
async def _opened(session: _Session) -> AsyncIterator[tuple[httpx.AsyncClient, dict[str, Any]]]:
    """A client, and the listener. Ends the program where the sandbox is not reached, or refuses."""
    async with session.client() as client:
        try:
            listener = await session.put(client)
        except ConnectionError as error:
            fail(f"{error}: start one with `bakong-sandbox up`, or give --url", UNREACHABLE)
        except RefusedError as error:
            fail(str(error), REFUSED)
        yield client, listener


async def _print_secrets(session: _Session) -> None:
    async with _opened(session) as (client, listener):
        if listener["is_new"]:
            await session.drop(client)
    endpoints = listener["endpoints"]
    for row in endpoints:
        print(terminal_line(row["secret"] if len(endpoints) == 1 else f"{row['scheme']} {row['secret']}"))


async def _listen(session: _Session, sender: WebhookSender, shown: "_Shown", after: str) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with _opened(session) as (client, listener):
        relay = Relay(
            lambda cursor: session.follow(client, cursor),
            sender,
            listener["url"],
            after or listener["cursor"],
            lambda seconds: _waited(stop, seconds),
            shown.row,
            shown.note,
        )
        with shown.open(session.world, listener):
            running, stopping = asyncio.ensure_future(relay.run()), asyncio.ensure_future(stop.wait())
            await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
            ended = [task for task in (running, stopping) if task.cancel()]
            await asyncio.wait(ended)
        await session.drop(client)
        shown.end()
        if running not in ended:
            _tell(running.exception())


async def _waited(stop: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()


def _tell(error: BaseException | None) -> None:
    """Why the relay ended by itself."""
    if isinstance(error, RefusedError | StreamError):
        fail(str(error), REFUSED)
    if error is not None:
        raise error


# What is shown


class _Shown(ABC):
    """What is shown of a listener, and how much there was."""

    forwarded = failed = 0

    def count(self, row: Forwarded) -> None:
        self.forwarded += row.is_good
        self.failed += not row.is_good

    @abstractmethod
    def open(self, world: str, listener: dict[str, Any]) -> AbstractContextManager[None]: ...

    @abstractmethod
    def row(self, row: Forwarded) -> None: ...

    @abstractmethod
    def note(self, line: str) -> None: ...

    @abstractmethod
    def end(self) -> None: ...


def _introduction(world: str, listener: dict[str, Any]) -> list[str]:
    way = "goes to" if listener["relays"] else "is posted by the sandbox to"
    width = max((len(row["scheme"]) for row in listener["endpoints"]), default=0)
    return [
        f"What the schemes of world {world} post {way} {listener['url']}. Ctrl-C ends it.",
        *(f"  secret of {row['scheme']:{width}}  {row['secret']}" for row in listener["endpoints"] if row["secret"]),
    ]


def _cells(row: Forwarded) -> tuple[str, ...]:
    """A cell for each of COLUMNS."""
    shown = row.row()
    marks = [*shown["faults"], *(["resent"] if shown["resent"] else [])]
    status = f"{shown['status'] or shown['error']}" + (f" ({', '.join(marks)})" if marks else "")
    cells = (shown["webhook"], shown["scheme"], shown["type"], shown["id"], status, shown["ms"])
    return tuple(map(terminal_line, cells))


class _Plain(_Shown):
    """A line for each."""

    @contextmanager
    def open(self, world: str, listener: dict[str, Any]) -> Iterator[None]:
        self._say(*_introduction(world, listener), "  ".join(COLUMNS))
        yield

    def row(self, row: Forwarded) -> None:
        self.count(row)
        self._say("  ".join(_cells(row)))

    def note(self, line: str) -> None:
        self._say(f"-- {line}")

    def end(self) -> None:
        self._say(f"Stopped. {self.forwarded} were taken, {self.failed} were not.")

    @staticmethod
    def _say(*lines: str) -> None:
        for line in lines:
            print(terminal_line(line), flush=True)


class _Lines(_Shown):
    """A line of JSON for each."""

    @contextmanager
    def open(self, world: str, listener: dict[str, Any]) -> Iterator[None]:
        secrets = {row["scheme"]: row["secret"] for row in listener["endpoints"]}
        facts = {"world": world, "listener": listener["name"], "forward_to": listener["url"]}
        self._say({"event": "ready", **facts, "secrets": secrets, "cursor": listener["cursor"]})
        yield

    def row(self, row: Forwarded) -> None:
        self.count(row)
        self._say({"event": "webhook", **row.row()})

    def note(self, line: str) -> None:
        self._say({"event": "note", "message": line})

    def end(self) -> None:
        self._say({"event": "stopped", "taken": self.forwarded, "not_taken": self.failed})

    @staticmethod
    def _say(document: dict[str, Any]) -> None:
        print(json_text(document), flush=True)


class _Table(_Shown):
    """A table of the last ones, which lives in the terminal."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False)
        self._rows: deque[Sequence[str]] = deque(maxlen=ROWS)
        self._live: Live | None = None

    @contextmanager
    def open(self, world: str, listener: dict[str, Any]) -> Iterator[None]:
        for line in _introduction(world, listener):
            self.console.print(Text(terminal_line(line)), soft_wrap=True)
        with Live(self._table(), console=self.console, auto_refresh=False) as self._live:
            yield

    def row(self, row: Forwarded) -> None:
        self.count(row)
        self._rows.append(_cells(row))
        if self._live is not None:
            self._live.update(self._table(), refresh=True)

    def note(self, line: str) -> None:
        self.console.print(Text(f"-- {terminal_line(line)}", style="yellow"))

    def end(self) -> None:
        self.console.print(f"Stopped. {self.forwarded} were taken, {self.failed} were not.")

    def _table(self) -> Table:
        table = Table(box=box.SIMPLE, pad_edge=False, caption=f"{self.forwarded} taken, {self.failed} not")
        for name in COLUMNS:
            table.add_column(name, overflow="fold")
        for *cells, status, took in self._rows:
            style = "green" if status.startswith("2") else "red"
            table.add_row(*map(Text, cells), Text(status, style=style), Text(took))
        return table
