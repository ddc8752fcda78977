"""The black-box check of a sliding limit, from outside a server.

Whoever sends a request knows when it left and when its answer came: the server decided somewhere between. That is
enough for proofs, without any tolerance:

over   limit + 1 admitted requests, the first sent and the last answered inside less than one window.
early  a refusal at whose moment, wherever it lay, fewer than limit admissions can have been in the window before.

An exact sliding log can give neither, however slow or jumpy the network: a proof is never a false alarm. A proof of
`early` holds only if nobody else used the key; a request without an answer may have been admitted, and counts for the
server.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

FOREVER_NS = 1 << 62


class Attempt(NamedTuple):
    """One request. received_ns None: no answer came, so nobody knows what was decided, or when."""

    sent_ns: int
    received_ns: int | None
    admitted: bool = True


class Proof(NamedTuple):
    """What cannot be under an exact limit: so many requests in the span of span_ns that begins at at_ns."""

    kind: str
    at_ns: int
    span_ns: int
    requests: int


@dataclass(frozen=True, slots=True)
class LimitVerdict:
    """What a set of attempts proves. worst: the most admissions that surely lay inside one window."""

    admitted: int
    refused: int
    unknown: int
    worst: int
    over: tuple[Proof, ...]
    early: tuple[Proof, ...]

    @property
    def holds(self) -> bool:
        return not self.over and not self.early


def check(
    attempts: Iterable[Attempt], *, limit: int, window_ns: int, fresh: bool = True, early: bool = True
) -> LimitVerdict:
    """What the attempts of one key prove, in O(n log n).

    fresh: nobody used the key in the window before the first attempt; else no refusal whose window reaches there is
    judged.
    early=False: others use the key too, so a refusal proves nothing.
    """
    made = list(attempts)
    admitted = [a for a in made if a.admitted and a.received_ns is not None]
    refused = [a for a in made if not a.admitted and a.received_ns is not None]
    unknown = [a for a in made if a.received_ns is None]
    worst, over = _over(admitted, limit, window_ns)
    judged = refused if fresh else _with_known_past(made, refused, window_ns)
    early_proofs = _early(admitted + unknown, judged, limit, window_ns) if early else ()
    return LimitVerdict(len(admitted), len(refused), len(unknown), worst, over, early_proofs)


def check_scopes(
    attempts: Mapping[str, Sequence[Attempt]], *, limit: int, window_ns: int, fresh: bool = True, early: bool = True
) -> dict[str, LimitVerdict]:
    """The verdict for each key or address on its own."""
    return {
        scope: check(made, limit=limit, window_ns=window_ns, fresh=fresh, early=early)
        for scope, made in sorted(attempts.items(), key=lambda item: (len(item[0]), item[0]))
    }


def _with_known_past(made: Sequence[Attempt], refused: Sequence[Attempt], window_ns: int) -> list[Attempt]:
    begun_ns = min((a.sent_ns for a in made), default=0)
    return [a for a in refused if a.sent_ns - window_ns >= begun_ns]


def _over(admitted: Sequence[Attempt], limit: int, window_ns: int) -> tuple[int, tuple[Proof, ...]]:
    """The most that surely lay in one window, and a proof for each start from which there were too many.

    From the last sent to the first: of those sent no earlier, a tree counts who was answered inside the window.
    """
    ends = sorted(_end(a) for a in admitted)
    answered = _Counts(len(ends))
    worst, proofs = 0, []
    for one in sorted(admitted, key=lambda a: a.sent_ns, reverse=True):
        answered.add(bisect_left(ends, _end(one)))
        count = answered.before(bisect_left(ends, one.sent_ns + window_ns))
        worst = max(worst, count)
        if count > limit:
            proofs.append(Proof("over", one.sent_ns, window_ns, count))
    return worst, tuple(reversed(proofs))


def _early(maybe: Sequence[Attempt], refused: Sequence[Attempt], limit: int, window_ns: int) -> tuple[Proof, ...]:
    """A proof for each refusal that no possible moment of its decision explains.

    An admission counts against moment d if it can lie in (d - window, d]: from when it was sent until a window after
    it was answered. How many do is a step function of d; a refusal is explained by the highest step between its sending
    and its answer.
    """
    steps = _Steps([(a.sent_ns, _end(a) + window_ns) for a in maybe])
    counts = ((one, steps.highest(one.sent_ns, _end(one))) for one in sorted(refused))
    return tuple(Proof("early", one.sent_ns, _end(one) - one.sent_ns, count) for one, count in counts if count < limit)


def _end(attempt: Attempt) -> int:
    return FOREVER_NS if attempt.received_ns is None else attempt.received_ns


class _Counts:
    """A Fenwick tree over n places."""

    def __init__(self, n: int) -> None:
        self._sums = [0] * (n + 1)

    def add(self, place: int) -> None:
        place += 1
        while place < len(self._sums):
            self._sums[place] += 1
            place += place & -place

    def before(self, place: int) -> int:
        """How many were added at places below this one."""
        total = 0
        while place:
            total += self._sums[place]
            place &= place - 1
        return total


class _Steps:
    """How many half-open spans hold a moment, and the highest such count between two moments (a sparse table)."""

    def __init__(self, spans: Sequence[tuple[int, int]]) -> None:
        changes: dict[int, int] = {}
        for begin, end in spans:
            changes[begin] = changes.get(begin, 0) + 1
            changes[end] = changes.get(end, 0) - 1
        self._moments = sorted(changes)
        row = [0, *accumulate(changes[moment] for moment in self._moments)]
        self._rows = [row]
        width = 1
        while 2 * width <= len(row):
            last = self._rows[-1]
            self._rows.append([max(last[i], last[i + width]) for i in range(len(last) - width)])
            width *= 2

    def highest(self, first: int, last: int) -> int:
        """The highest count at a moment from first to last, both included."""
        low, high = bisect_right(self._moments, first), bisect_right(self._moments, last) + 1
        level = (high - low).bit_length() - 1
        row = self._rows[level]
        return max(row[low], row[high - (1 << level)])
