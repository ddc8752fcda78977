"""Holding a journal to what a test expects: how often, in what order, never; with near misses."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import orjson

from bakong_simulator.kernel.journal import Entry

NEAREST = 3
Match = Mapping[str, Any]


class JournalCheck(NamedTuple):
    """ok: whether the journal is as expected. matching: the numbers of the entries that match, in their order.

    near_misses: where something was expected and is not there, the nearest entries with what differs in each.
    """

    ok: bool
    expected: str
    matching: list[int]
    near_misses: list[dict[str, Any]]

    def shown(self) -> dict[str, Any]:
        return {
            "ok": self.ok,
            "expected": self.expected,
            "count": len(self.matching),
            "found": self.matching,
            "near_misses": self.near_misses,
        }


def verify_count(entries: Iterable[Entry], match: Match, at_least: int, at_most: int | None) -> JournalCheck:
    """Whether as many entries match as expected; at_most None is any number."""
    kept = list(entries)
    matching = [entry.number for entry in kept if not differences(entry, match)]
    ok = at_least <= len(matching) and (at_most is None or len(matching) <= at_most)
    misses = _nearest(kept, match) if len(matching) < at_least else []
    return JournalCheck(ok, _expected(at_least, at_most), matching, misses)


def verify_order(entries: Iterable[Entry], matches: list[Match]) -> JournalCheck:
    """Whether entries match one after the other; others may stand between them."""
    kept = list(entries)
    matching: list[int] = []
    for match in matches:
        start = matching[-1] if matching else 0
        hit = next((entry for entry in kept if entry.number > start and not differences(entry, match)), None)
        if hit is None:
            later = [entry for entry in kept if entry.number > start]
            where = f"after call {start}" if matching else "at all"
            expected = f"{len(matches)} in this order; number {len(matching) + 1} was not found {where}"
            return JournalCheck(ok=False, expected=expected, matching=matching, near_misses=_nearest(later, match))
        matching.append(hit.number)
    return JournalCheck(ok=True, expected=f"{len(matches)} in this order", matching=matching, near_misses=[])


def differences(entry: Entry, match: Match) -> dict[str, dict[str, Any]]:
    """What differs, by field: {"expected": ..., "read": ...}; body and answer fit where they hold what is asked."""
    differ: dict[str, dict[str, Any]] = {}
    for name, expected in match.items():
        if name in ("body", "answer"):
            read = _json(entry.request if name == "body" else entry.answer)
            fits = _holds(read, expected)
        else:
            read = entry.value(name)
            fits = read == expected
        if not fits:
            differ[name] = {"expected": expected, "read": read}
    return differ


def _expected(at_least: int, at_most: int | None) -> str:
    if at_most == 0:
        return "never"
    if at_most is None:
        return f"at least {at_least}"
    return f"{at_least}" if at_least == at_most else f"{at_least} to {at_most}"


def _nearest(entries: list[Entry], match: Match) -> list[dict[str, Any]]:
    compared = [(entry, differences(entry, match)) for entry in entries]
    missed = [(entry, differ) for entry, differ in compared if differ]
    missed.sort(key=lambda pair: (len(pair[1]), -pair[0].number))
    return [
        {"number": entry.number, "endpoint": entry.endpoint, "differs": differ} for entry, differ in missed[:NEAREST]
    ]


def _json(raw: bytes) -> Any:
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        return raw.decode("utf-8", "backslashreplace")


def _holds(read: Any, expected: Any) -> bool:
    """Whether a value is the expected one; an object may hold more than is asked."""
    if isinstance(expected, dict):
        return isinstance(read, dict) and all(key in read and _holds(read[key], expected[key]) for key in expected)
    return bool(read == expected)
