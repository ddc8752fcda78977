"""The attempts of a world's webhooks, for its journal: what was sent, to whom, what was answered. Bounded."""

from collections import deque
from collections.abc import Iterator
from typing import Any, NamedTuple

from bakong_simulator.kernel.webhooks import Attempt, Event, Tried

LIMIT = 10_000
MAX_BYTES = 4 * 1024 * 1024


class Sent(NamedTuple):
    """One attempt: after how many calls of the world, when, which event, what left and what came back.

    headers and body are what would have left, where the fault is `lost`.
    """

    after: int
    at_ms: int
    webhook: int
    attempt: int
    scheme: str
    id: str
    type: str
    payment: str | None
    url: str
    headers: dict[str, str]
    body: bytes
    faults: tuple[str, ...]
    resent: bool
    status: int | None
    error: str | None
    took_ms: int
    answer: bytes

    def shown(self) -> dict[str, Any]:
        """The entry as JSON values; bodies as text, what is not UTF-8 marked."""
        row = self._asdict() | {"faults": list(self.faults)}
        return row | {name: row[name].decode("utf-8", "backslashreplace") for name in ("body", "answer")}


class WebhookLog:
    """The last attempts, in the order in which they ended."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self.max_bytes = max_bytes
        self._rows: deque[Sent] = deque()
        self._bytes = 0
        self.total = 0

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Sent]:
        return iter(self._rows)

    def record(self, after: int, event: Event, attempt: Attempt, tried: Tried) -> Sent:
        """Keep one attempt, the newest of the event."""
        outcome, message = tried.outcome, event.message
        self.total += 1
        row = Sent(
            after=after,
            at_ms=tried.at_ms,
            webhook=event.number,
            attempt=len(event.tried),
            scheme=event.target.scheme,
            id=message.id,
            type=message.type,
            payment=event.payment,
            url=attempt.url,
            headers=dict(attempt.headers),
            body=attempt.body,
            faults=tried.faults,
            resent=tried.resent,
            status=outcome.status,
            error=outcome.error,
            took_ms=outcome.took_ms,
            answer=outcome.answer,
        )
        self._rows.append(row)
        self._bytes += _size(row)
        while len(self._rows) > LIMIT or (self._rows and self._bytes > self.max_bytes):
            self._bytes -= _size(self._rows.popleft())
        return row


def _size(row: Sent) -> int:
    return len(row.body) + len(row.answer)
