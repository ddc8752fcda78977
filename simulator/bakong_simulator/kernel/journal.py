"""What was asked and answered in a world, and what failed in it: bounded in entries and in bytes."""

import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from bakong_simulator.kernel.bell import Bell

LIMIT = 10_000
BYTES_PER_CALL = 512  # a journal of more bytes keeps more calls: one for each of these
MAX_ERROR = 1000  # characters of an error that are kept
MAX_BYTES = 4 * 1024 * 1024  # by default
OTHER_NAMES = {"md5": "reference"}  # Bakong's word, which the control API takes too
MAX_ACTION_BODY = 256 * 1024  # the longest script has 64 Ki characters


class Entry(NamedTuple):
    """One call: when (world's epoch ms), what and by whom, where the script stood, how it was answered.

    endpoint: its name in the scheme's words; path, query: what was asked for, below the scheme's prefix.
    asked_scenario: the one that a header asked for. reference: of the payment that it was about, poll its number there.
    scenario, step: the one that was played, and where it stood. delay_ms: how long the client was made to wait.
    headers: those that the scheme reads, beside the token. request, answer: the bodies.
    real_ms: the wall's time, in epoch ms. answer_headers: those of the answer beyond the four that every one has.
    """

    number: int
    at_ms: int
    scheme: str
    endpoint: str
    method: str
    path: str
    query: str
    token: str
    client: str
    asked_scenario: str
    reference: str | None
    poll: int
    scenario: str
    step: int | None
    status: int
    error_code: int | str | None
    fault: str | None
    delay_ms: int
    content_type: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    request: bytes
    answer: bytes
    real_ms: int = 0
    answer_headers: tuple[tuple[bytes, bytes], ...] = ()

    def value(self, name: str) -> Any:
        """What the control API calls by this name."""
        return getattr(self, OTHER_NAMES.get(name, name))

    def shown(self) -> dict[str, Any]:
        """The entry as JSON values; bodies as text, what is not UTF-8 marked."""
        row = self._asdict() | {"headers": header_texts(self.headers)}
        row["answer_headers"] = header_texts(self.answer_headers)
        for name in ("content_type", "request", "answer"):
            row[name] = row[name].decode("utf-8", "backslashreplace")
        return row


class ControlAction(NamedTuple):
    """One change by the control API: after how many calls, when, and the request itself, below the world's path.

    cut_from: the size of the body where only its beginning is kept; such an action cannot be replayed.
    """

    after: int
    at_ms: int
    method: str
    path: str
    body: bytes
    cut_from: int | None = None

    def shown(self) -> dict[str, Any]:
        """The action as JSON values."""
        return self._asdict() | {"body": self.body.decode("utf-8", "backslashreplace")}


class Failure(NamedTuple):
    """Something that fell due and failed: after how many calls, when, what it was for, and the error in words."""

    after: int
    at_ms: int
    what: str
    error: str


class Journal:
    """The last calls, oldest first, and how many there ever were; the control actions among them, and what failed.

    baseline: gives the world's state before the first of them, from which they can be replayed; kept as `begun`.
    max_bytes: so much is kept of the calls' texts and bodies, and so much of the actions'; the oldest entries go first.
    bell: rings at each call while anybody waits for one.
    """

    def __init__(self, baseline: Callable[[], Mapping[str, Any]], max_bytes: int = MAX_BYTES) -> None:
        self._baseline = baseline
        self._max_bytes = max_bytes
        self._limit = max(LIMIT, max_bytes // BYTES_PER_CALL)
        self.bell = Bell()
        self.is_closed = False
        self._rows: deque[tuple[Any, ...]] = deque()
        self._bytes = 0
        self.total = 0
        self.actions: deque[ControlAction] = deque()
        self._action_bytes = 0
        self.acted = 0
        self.cut = 0
        self.failures: deque[Failure] = deque(maxlen=LIMIT)
        self.failed = 0
        self.begun: Mapping[str, Any] | None = None

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def entries(self) -> Iterator[Entry]:
        return map(Entry._make, self._rows)

    def newest(self, count: int, before: int | None = None) -> list[Entry]:
        """So many of the last calls, newest first; before: only those with a lower number."""
        last = self.total if before is None else min(before - 1, self.total)
        skipped = self.total - last
        return [Entry._make(row) for row in itertools.islice(reversed(self._rows), skipped, skipped + count)]

    def find(self, number: int) -> Entry | None:
        """The call of this number, while it is kept."""
        at = number - (self.total - len(self._rows)) - 1
        return Entry._make(self._rows[at]) if 0 <= at < len(self._rows) else None

    def matching(self, match: Mapping[str, Any]) -> list[int]:
        """The numbers of the calls of which each named value is this one, oldest first."""
        fitting: Iterable[tuple[Any, ...]] = self._rows
        for name, value in match.items():
            at = Entry._fields.index(OTHER_NAMES.get(name, name))
            fitting = [row for row in fitting if row[at] == value]
        return [row[0] for row in fitting]

    def close(self) -> None:
        """End it for all who follow: the world is gone, or has another journal."""
        self.is_closed = True
        self.bell.ring()

    @property
    def rows(self) -> Iterable[tuple[Any, ...]]:
        """The entries as they are kept, with their numbers."""
        return self._rows

    def adopt(
        self,
        rows: Iterable[tuple[Any, ...]],
        actions: Iterable[ControlAction],
        *,
        total: int,
        acted: int,
        cut: int,
        begun: Mapping[str, Any] | None,
    ) -> None:
        """Go on from what another journal kept."""
        self._rows = deque(rows)
        self._bytes = sum(map(_weight, self._rows))
        self.actions = deque(actions)
        self._action_bytes = sum(map(_size, self.actions))
        self.total, self.acted, self.cut, self.begun = total, acted, cut, begun

    @property
    def max_bytes(self) -> int:
        return self._max_bytes

    @max_bytes.setter
    def max_bytes(self, size: int) -> None:
        self._max_bytes = size
        self._limit = max(LIMIT, size // BYTES_PER_CALL)
        while self._rows and (self._bytes > size or len(self._rows) > self._limit):
            self._bytes -= _weight(self._rows.popleft())
        self._trim_actions()

    @property
    def kept_bytes(self) -> int:
        """Of all bodies, and of the texts beside them, that are kept."""
        return self._bytes + self._action_bytes

    @property
    def is_whole(self) -> bool:
        """Whether nothing was forgotten or cut yet."""
        return self.total == len(self._rows) and self.acted == len(self.actions) and not self.cut

    def begin(self) -> Mapping[str, Any]:
        """Remember the world as it is before its first call or action; what is remembered."""
        if self.begun is None:
            self.begun = self._baseline()
        return self.begun

    def record(self, row: tuple[Any, ...]) -> None:
        """Keep one call: an Entry's fields without its number."""
        self.total += 1
        rows = self._rows
        rows.append((self.total, *row))
        self._bytes += _weight(row)
        while len(rows) > self._limit or (self._bytes > self._max_bytes and rows):
            self._bytes -= _weight(rows.popleft())
        if self.bell.waiting:
            self.bell.ring()

    def act(self, at_ms: int, method: str, path: str, body: bytes) -> None:
        """Keep one control action; of a long body, or path, the beginning."""
        self.acted += 1
        size = len(body)
        kept = bytes(body[:MAX_ACTION_BODY])
        is_cut = size > MAX_ACTION_BODY or len(path) > MAX_ACTION_BODY
        self.cut += is_cut
        action = ControlAction(self.total, at_ms, method, path[:MAX_ACTION_BODY], kept, size if is_cut else None)
        self.actions.append(action)
        self._action_bytes += _size(action)
        self._trim_actions()

    def fail(self, at_ms: int, what: str, error: Exception) -> None:
        """Keep that something which fell due has failed."""
        self.failed += 1
        self.failures.append(
            Failure(self.total, at_ms, what[:MAX_ERROR], f"{type(error).__name__}: {error}"[:MAX_ERROR])
        )

    def failures_since(self, failed: int) -> list[Failure]:
        """Those after the first so many."""
        return list(self.failures)[max(0, len(self.failures) - (self.failed - failed)) :]

    def _trim_actions(self) -> None:
        while len(self.actions) > LIMIT or (self.actions and self._action_bytes > self._max_bytes):
            self._action_bytes -= _size(self.actions.popleft())


def header_texts(headers: Iterable[tuple[bytes, bytes]]) -> list[list[str]]:
    """Headers as JSON values."""
    return [[name.decode("latin-1"), value.decode("latin-1")] for name, value in headers]


PATH, QUERY, HEADERS, REQUEST, ANSWER = (
    Entry._fields.index(name) - len(Entry._fields) for name in ("path", "query", "headers", "request", "answer")
)  # counted from the end: a row that is recorded has no number yet


def _weight(row: tuple[Any, ...]) -> int:
    """The bytes of a call that a client chooses: its body and answer, path, query and headers."""
    size = len(row[ANSWER]) + len(row[REQUEST]) + len(row[PATH]) + len(row[QUERY])
    return size + sum(len(name) + len(value) for name, value in row[HEADERS]) if row[HEADERS] else size


def _size(action: ControlAction) -> int:
    return len(action.path) + len(action.body)
