"""The other end of a world's stream of webhooks: read, resumed where it broke off, each forwarded to a shop once.

Knows no terminal. What is forwarded are the very bytes and headers, by the sender that the simulator itself posts with.
"""

import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, NamedTuple

from bakong_simulator.kernel.webhooks import Attempt, Outcome, Send

MAX_EVENT = 8 * 1024 * 1024  # bytes of one event of the stream
SHOWN = ("webhook", "attempt", "scheme", "id", "type", "resent", "faults")  # of an attempt
PAUSES_S = (0.5, 1.0, 2.0, 5.0)  # before each try to connect again, the last one from then on


class StreamEvent(NamedTuple):
    """One event of a stream: the id to resume after, its name, its data as JSON values."""

    id: str
    name: str
    data: dict[str, Any]


class StreamError(Exception):
    """What came is no stream of webhooks. The message says what was read."""


class Reader:
    """Server-sent events from bytes, however they are cut. An event whose end has not come is none."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, part: bytes) -> Iterator[StreamEvent]:
        """The events that this part completes. Raises StreamError."""
        *blocks, self._rest = (self._rest + part).split(b"\n\n")
        if len(self._rest) > MAX_EVENT:
            raise StreamError(f"read an event of more than {MAX_EVENT} bytes")
        for block in blocks:
            fields = dict(_field(line) for line in block.split(b"\n"))
            if b"data" in fields:
                yield _event(fields)


def _field(line: bytes) -> tuple[bytes, bytes]:
    name, _, value = line.partition(b":")
    return name, value.removeprefix(b" ")


def _event(fields: dict[bytes, bytes]) -> StreamEvent:
    try:
        data = json.loads(fields[b"data"])
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        raise StreamError(f"read the data {fields[b'data'][:80]!r}, expected a JSON object")
    return StreamEvent(fields.get(b"id", b"").decode(), fields.get(b"event", b"message").decode(), data)


@dataclass(frozen=True, slots=True)
class Forwarded:
    """One attempt that went to the shop, or that the sandbox posted: what it was and what came of it."""

    event: StreamEvent
    outcome: Outcome
    took_to: str

    @property
    def is_good(self) -> bool:
        return self.outcome.status is not None and 200 <= self.outcome.status < 300

    def row(self) -> dict[str, Any]:
        """What a user sees of it, as JSON values."""
        shown = {name: self.event.data[name] for name in SHOWN}
        outcome = self.outcome
        result = {"status": outcome.status, "error": outcome.error, "ms": outcome.took_ms}
        return {"cursor": self.event.id, **shown, "url": self.took_to, **result}


Connect = Callable[[str], AbstractAsyncContextManager[AsyncIterator[bytes]]]


@dataclass(slots=True)
class Relay:
    """Follows a stream, and forwards.

    connect(cursor): the bytes of the stream after a cursor; ConnectionError where nobody answers or it breaks off.
    send: posts one attempt. url: where to. pause(seconds): waits before the next try to connect.
    on_row, on_note: what is shown: a row for each attempt, a line for what befalls the stream.
    """

    connect: Connect
    send: Send
    url: str
    cursor: str
    pause: Callable[[float], Awaitable[None]]
    on_row: Callable[[Forwarded], None]
    on_note: Callable[[str], None] = lambda _line: None
    timeout_s: float = 30.0
    failures: int = 0

    async def run(self) -> None:
        """Until it is cancelled. A connection that is lost is made again, from where it was."""
        while True:
            try:
                async with self.connect(self.cursor) as parts:
                    await self.take(parts)
                self.on_note("the sandbox ended the stream; trying again")
            except ConnectionError as error:
                self.on_note(f"{error}; trying again")
            await self.pause(PAUSES_S[min(self.failures, len(PAUSES_S) - 1)])
            self.failures += 1

    async def take(self, parts: AsyncIterator[bytes]) -> None:
        """Forward what comes, one after another; the cursor moves on when one is forwarded. Raises StreamError."""
        reader = Reader()
        async for part in parts:
            for event in reader.feed(part):
                await self._take(event)
                self.cursor = event.id or self.cursor

    async def _take(self, event: StreamEvent) -> None:
        if event.name == "ready":
            if self.failures:
                self.on_note("following it again")
            self.failures = 0
        elif event.name == "restarted":
            self.on_note("the sandbox was started anew, or the world made anew: what it had is gone")
        elif event.name == "missed":
            self.on_note(f"{event.data['missed']} webhooks were missed: the stream keeps them no longer")
        elif event.name == "attempt":
            self.on_row(await self._forwarded(event))

    async def _forwarded(self, event: StreamEvent) -> Forwarded:
        data = event.data
        if not data["relayed"]:
            return Forwarded(event, Outcome(data["status"], data["error"], data["took_ms"]), data["url"])
        outcomes: list[Outcome] = []
        attempt = Attempt(self.url, data["headers"], base64.b64decode(data["body_base64"]), self.timeout_s)
        await self.send(attempt, outcomes.append)
        return Forwarded(event, outcomes[0] if outcomes else Outcome(None, "timeout"), self.url)
