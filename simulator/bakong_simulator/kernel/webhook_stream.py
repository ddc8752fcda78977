"""A world's attempts as a stream: numbered, followed as they are made, resumed where a reader stopped. Bounded.

It outlives resets. A reader pulls from it: one that is slow keeps nothing alive, and hears how much it has missed.
"""

from collections import deque
from typing import NamedTuple

from bakong_simulator.kernel.bell import Bell
from bakong_simulator.kernel.webhook_log import Sent
from bakong_simulator.kernel.webhooks import OutboxError

LIMIT = 10_000
MAX_BYTES = 8 * 1024 * 1024
BATCH = 100  # rows that a reader is handed at a time


class Streamed(NamedTuple):
    """One attempt. number: from 1, in the stream. endpoint: its id, "" for one that nobody registered.

    relayed: it was handed to whoever follows the stream; nothing was posted.
    """

    number: int
    endpoint: str
    relayed: bool
    sent: Sent


class Batch(NamedTuple):
    """What comes after a number. missed: how many before these were dropped."""

    rows: list[Streamed]
    missed: int


class WebhookStream:
    """The last attempts of a world. run: what tells this stream from one of an earlier process."""

    def __init__(self, run: str, limit: int = LIMIT, max_bytes: int = MAX_BYTES) -> None:
        self._run = run
        self._limit, self._max_bytes = limit, max_bytes
        self._rows: deque[Streamed] = deque()
        self._bytes = 0
        self._bell = Bell()
        self.last = 0
        self.is_closed = False

    def add(self, endpoint: str, sent: Sent, *, relayed: bool) -> None:
        self.last += 1
        self._rows.append(Streamed(self.last, endpoint, relayed, sent))
        self._bytes += _size(sent)
        while len(self._rows) > self._limit or (self._rows and self._bytes > self._max_bytes):
            self._bytes -= _size(self._rows.popleft().sent)
        self._bell.ring()

    def close(self) -> None:
        """End it for all who follow; what is kept can still be read."""
        self.is_closed = True
        self._bell.ring()

    def cursor(self, number: int | None = None) -> str:
        """The place after the row of this number, by default after the last."""
        return f"{self._run}-{self.last if number is None else number}"

    def place_of(self, cursor: str) -> tuple[int, bool]:
        """The number that a cursor stands after, and whether it is of another run. Raises OutboxError."""
        run, dash, number = cursor.rpartition("-")
        if not dash or not (number.isascii() and number.isdigit()) or len(number) > 15:
            raise OutboxError(f"cursor: read {cursor[:80]!r}, expected the id of an event of this stream")
        is_ours = run == self._run and int(number) <= self.last
        return (int(number), False) if is_ours else (0, True)

    def after(self, number: int) -> Batch:
        """The next rows after that number, oldest first; none where there is nothing new."""
        first = self.last - len(self._rows) + 1
        begin = max(number + 1, first)
        count = min(BATCH, self.last + 1 - begin)
        offset = begin - first
        return Batch([self._rows[offset + at] for at in range(count)], begin - number - 1)

    async def changed(self, number: int, patience_s: float) -> None:
        """Return when there is more than that number, when it is closed, or when patience (real seconds) has ended."""
        if self.last > number or self.is_closed:
            return
        await self._bell.wait(patience_s)

    @property
    def followers(self) -> int:
        """How many wait for the next row."""
        return len(self._bell.waiting)


def _size(sent: Sent) -> int:
    return len(sent.body) + len(sent.answer) + sum(len(name) + len(value) for name, value in sent.headers.items())
