"""What was asked and answered in a world, bounded in entries and in bytes. May not know what it means."""

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

LIMIT = 10_000
MAX_ERROR = 1000  # characters of an error that are kept
MOST_BYTES = 4 * 1024 * 1024  # of bodies; the oldest entries go first


class Entry(NamedTuple):
    """One call: when (world's epoch ms), what and by whom, where the script stood, how it was answered.

    asked_scenario: the one that a header asked for. scenario, step: the one that was played, and where it stood.
    delay_ms: how long the client was made to wait. request, answer: the bodies.
    """

    number: int
    at_ms: int
    endpoint: str
    method: str
    token: str
    client: str
    asked_scenario: str
    md5: str | None
    poll: int
    scenario: str
    step: int | None
    status: int
    error_code: int | None
    fault: str | None
    delay_ms: int
    content_type: bytes
    request: bytes
    answer: bytes

    def shown(self) -> dict[str, Any]:
        """The entry as JSON values; bodies as text, what is not UTF-8 marked."""
        row = self._asdict()
        for name in ("content_type", "request", "answer"):
            row[name] = row[name].decode("utf-8", "backslashreplace")
        return row


class Act(NamedTuple):
    """One change by the control API: after how many calls, when, and the request itself, below the world's path."""

    after: int
    at_ms: int
    method: str
    path: str
    body: bytes


class Failure(NamedTuple):
    """Something that fell due and failed: after how many calls, when, what it was for, and the error in words."""

    after: int
    at_ms: int
    what: str
    error: str


class Journal:
    """The last calls, oldest first, and how many there ever were; the acts among them, and the timers that failed.

    begun is the world's state before the first of them, from which they can be replayed.
    """

    def __init__(self) -> None:
        self._rows: deque[tuple[Any, ...]] = deque()
        self._bytes = 0
        self.total = 0
        self.acts: deque[Act] = deque(maxlen=LIMIT)
        self.acted = 0
        self.failures: deque[Failure] = deque(maxlen=LIMIT)
        self.failed = 0
        self.begun: Mapping[str, Any] | None = None

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def entries(self) -> Iterator[Entry]:
        return map(Entry._make, self._rows)

    @property
    def is_whole(self) -> bool:
        """Whether nothing was forgotten yet."""
        return self.total == len(self._rows) and self.acted == len(self.acts)

    def record(self, row: tuple[Any, ...]) -> None:
        """Keep one call: an Entry's fields without its number."""
        self.total += 1
        rows = self._rows
        rows.append((self.total, *row))
        self._bytes += len(row[-1]) + len(row[-2])
        while len(rows) > LIMIT or self._bytes > MOST_BYTES:
            oldest = rows.popleft()
            self._bytes -= len(oldest[-1]) + len(oldest[-2])

    def act(self, at_ms: int, method: str, path: str, body: bytes) -> None:
        self.acted += 1
        self.acts.append(Act(self.total, at_ms, method, path, body))

    def fail(self, at_ms: int, what: str, error: Exception) -> None:
        """Keep that something which fell due has failed."""
        self.failed += 1
        self.failures.append(Failure(self.total, at_ms, what, f"{type(error).__name__}: {error}"[:MAX_ERROR]))

    def failures_since(self, failed: int) -> list[Failure]:
        """Those after the first so many."""
        return list(self.failures)[max(0, len(self.failures) - (self.failed - failed)) :]
