"""Figures and series from what users noted. Exact: every answer is counted, nothing is put into buckets first."""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bakong_loadtests.limits import Attempt
from bakong_loadtests.recording import ABSENT, FAILED, THROTTLED, CallSeen, Records

SECOND_NS = 1_000_000_000
# Those whose answers are judged for speed: a hammer's 404s and a wrong key's 401s would only flatter it.
SHOWN_KEYS = 6  # of which a plot can tell the lines apart
BOUNDS_MS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 60_000)
JUDGED = ("journey", "probe")


def percentile(values: Sequence[float], share: float) -> float | None:
    """The smallest value that so great a share of the values does not exceed; None of nothing.

    >>> percentile([1, 2, 3, 4], 0.5), percentile([], 0.5)
    (2, None)
    """
    if not values:
        return None
    ordered = sorted(values)
    return ordered[max(0, -(-round(share * 1_000_000) * len(ordered) // 1_000_000) - 1)]


def figures(records: Records) -> dict[str, float | None]:
    """What the calls and payments say of the objectives."""
    calls = [call for call in records.calls if call.who != "wallet"]
    judged = _answered(calls)
    took = [_ms(call) for call in judged]
    known = [(seen.known_ns - seen.paid_ns) / 1e6 for seen in records.payments if seen.known_ns and seen.paid_ns]
    asked = [call for call in calls if call.who != "hammer"]
    return {
        "p50_ms": percentile(took, 0.50),
        "p95_ms": percentile(took, 0.95),
        "p99_ms": percentile(took, 0.99),
        "error_rate": _share(asked, FAILED),
        "throttled_rate": _share([call for call in calls if call.who in JUDGED], THROTTLED),
        "throughput_at_least": throughput(records),
        "payments_at_least": float(len(records.payments)),
        "paid_to_known_p50_ms": percentile(known, 0.50),
        "paid_to_known_p95_ms": percentile(known, 0.95),
        "p99_drift": _drift(records, judged),
        "calls_absent": float(len({call.name for call in calls if call.outcome == ABSENT})),
    }


def throughput(records: Records) -> float | None:
    """Answers of the service a second, over the time in which there were any."""
    answered = [call for call in records.calls if call.received_ns and call.who != "wallet"]
    if not answered:
        return None
    span_ns = max(call.received_ns for call in answered) - min(call.sent_ns for call in answered)
    return len(answered) * SECOND_NS / max(1, span_ns)


def attempts_by_scope(calls: Iterable[CallSeen]) -> dict[str, list[Attempt]]:
    """What each key and address asked, for the limit check."""
    attempts: dict[str, list[Attempt]] = defaultdict(list)
    for call in calls:
        if call.scope:
            attempts[call.scope].append(Attempt(call.sent_ns, call.received_ns or None, call.status != 429))
    return dict(attempts)


@dataclass(frozen=True, slots=True, kw_only=True)
class NameRow:
    """One kind of call in the table."""

    name: str
    who: str
    calls: int
    failed: int
    throttled: int
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None


def by_name(records: Records) -> list[NameRow]:
    groups: dict[tuple[str, str], list[CallSeen]] = defaultdict(list)
    for call in records.calls:
        groups[call.who, call.name].append(call)
    return [_row(who, name, calls) for (who, name), calls in sorted(groups.items())]


def _row(who: str, name: str, calls: list[CallSeen]) -> NameRow:
    took = [_ms(call) for call in calls if call.received_ns]
    outcomes = Counter(call.outcome for call in calls)
    p50, p95, p99 = (percentile(took, share) for share in (0.5, 0.95, 0.99))
    return NameRow(
        name=name,
        who=who,
        calls=len(calls),
        failed=outcomes[FAILED],
        throttled=outcomes[THROTTLED],
        p50_ms=p50,
        p95_ms=p95,
        p99_ms=p99,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """What the plots show, second by second from the run's start."""

    seconds: list[int]
    p50_ms: list[float | None]
    p95_ms: list[float | None]
    p99_ms: list[float | None]
    per_second: list[int]
    statuses: dict[str, list[int]]
    known_ms: list[tuple[float, float]]
    admitted: list[tuple[float, int]]
    busiest: str
    admitted_by_key: dict[str, list[tuple[float, int]]]
    histogram: list[tuple[float, int]]


def series(records: Records) -> Series:
    """The series of a run. admitted: of the busiest key, how many admissions the minute before each moment holds.

    admitted_by_key: the same of the busiest keys. histogram: how many answers took at most so many milliseconds, and
    more than the bound before it.
    """
    calls = [call for call in records.calls if call.received_ns and call.who != "wallet"]
    seconds = range(max((_second(records, call) for call in calls), default=0) + 1)
    took: dict[int, list[float]] = defaultdict(list)
    statuses: dict[str, Counter[int]] = defaultdict(Counter)
    for call in calls:
        second = _second(records, call)
        statuses[str(call.status)][second] += 1
        if call.who in JUDGED and call.outcome != THROTTLED:
            took[second].append(_ms(call))
    p50, p95, p99 = ([percentile(took[s], share) for s in seconds] for share in (0.5, 0.95, 0.99))
    by_key = sliding_minutes(records)
    busiest, admitted = next(iter(by_key.items()), ("", []))
    return Series(
        seconds=list(seconds),
        p50_ms=p50,
        p95_ms=p95,
        p99_ms=p99,
        per_second=[sum(counts[s] for counts in statuses.values()) for s in seconds],
        statuses={status: [counts[s] for s in seconds] for status, counts in sorted(statuses.items())},
        known_ms=[
            ((seen.paid_ns - records.began_ns) / 1e9, (seen.known_ns - seen.paid_ns) / 1e6)
            for seen in records.payments
            if seen.known_ns and seen.paid_ns
        ],
        admitted=admitted,
        busiest=busiest,
        admitted_by_key=by_key,
        histogram=histogram([ms for second in took.values() for ms in second]),
    )


def histogram(took_ms: Sequence[float]) -> list[tuple[float, int]]:
    """How many values are up to each bound, from the first that has some to the last.

    >>> histogram([0.4, 3, 4, 9])
    [(0.5, 1), (1, 0), (2, 0), (5, 2), (10, 1)]
    """
    counts = [0] * len(BOUNDS_MS)
    for value in took_ms:
        counts[min(bisect_left(BOUNDS_MS, value), len(BOUNDS_MS) - 1)] += 1
    filled = [place for place, count in enumerate(counts) if count]
    return list(zip(BOUNDS_MS, counts, strict=True))[filled[0] : filled[-1] + 1] if filled else []


def sliding_minutes(records: Records, window_ns: int = 60 * SECOND_NS) -> dict[str, list[tuple[float, int]]]:
    """Of the busiest keys, the first first: after each admission, how many its window surely holds."""
    rows = {
        scope: _held(sorted(a for a in made if a.admitted and a.received_ns), records.began_ns, window_ns)
        for scope, made in attempts_by_scope(call for call in records.calls if "key:" in call.scope).items()
    }
    most = {scope: max((held for _, held in moments), default=0) for scope, moments in rows.items()}
    busiest = sorted((scope for scope in rows if most[scope]), key=lambda scope: -most[scope])
    return {scope: rows[scope] for scope in busiest[:SHOWN_KEYS]}


def _held(admitted: list[Attempt], began_ns: int, window_ns: int) -> list[tuple[float, int]]:
    """At each answer, the admissions that were sent and answered inside the window before it."""
    rows, first = [], 0
    ordered = sorted(admitted, key=lambda a: a.received_ns or 0)
    for place, one in enumerate(ordered):
        at_ns = one.received_ns or 0
        while ordered[first].sent_ns <= at_ns - window_ns:
            first += 1
        rows.append(((at_ns - began_ns) / 1e9, place - first + 1))
    return rows


def _answered(calls: Iterable[CallSeen]) -> list[CallSeen]:
    return [call for call in calls if call.who in JUDGED and call.received_ns and call.outcome != THROTTLED]


def _drift(records: Records, judged: list[CallSeen]) -> float | None:
    third_ns = (records.ended_ns - records.began_ns) / 3
    first = [_ms(call) for call in judged if call.sent_ns < records.began_ns + third_ns]
    last = [_ms(call) for call in judged if call.sent_ns >= records.ended_ns - third_ns]
    early, late = percentile(first, 0.99), percentile(last, 0.99)
    return None if early is None or late is None else late / max(early, 1e-9)


def memory_drift(memory_mb: Sequence[tuple[float, float]]) -> float | None:
    """The median of the last third over that of the middle third; the first third is the server's warming up.

    >>> memory_drift([(0, 50), (1, 100), (2, 110)])
    1.1
    """
    third = len(memory_mb) // 3
    middle, last = ([mb for _, mb in part] for part in (memory_mb[third : 2 * third], memory_mb[2 * third :]))
    before, after = percentile(middle, 0.5), percentile(last, 0.5)
    return after / before if before and after else None


def _share(calls: Sequence[CallSeen], outcome: str) -> float | None:
    return sum(call.outcome == outcome for call in calls) / len(calls) if calls else None


def _ms(call: CallSeen) -> float:
    return (call.received_ns - call.sent_ns) / 1e6


def _second(records: Records, call: CallSeen) -> int:
    return max(0, (call.received_ns - records.began_ns) // SECOND_NS)
