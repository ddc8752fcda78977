"""The exact check of a sliding limit from a server's own journal of decisions."""

from bisect import bisect_right
from collections.abc import Iterable
from typing import NamedTuple

from bakong_loadtests.limits.intervals import LimitVerdict, Proof


class Decision(NamedTuple):
    """One decision of a server, at the moment when it was made."""

    at_ns: int
    admitted: bool


def check_journal(decisions: Iterable[Decision], *, limit: int, window_ns: int) -> LimitVerdict:
    """What one key's journal proves: a_(i+limit) - a_i >= window; at each refusal, limit admissions in the window."""
    made = sorted(decisions, key=lambda one: one.at_ns)
    admitted = [one.at_ns for one in made if one.admitted]
    refused = [one.at_ns for one in made if not one.admitted]
    inside = [(at, bisect_right(admitted, at) - bisect_right(admitted, at - window_ns)) for at in admitted]
    over = tuple(Proof("over", at - window_ns, window_ns, count) for at, count in inside if count > limit)
    held = [(at, bisect_right(admitted, at) - bisect_right(admitted, at - window_ns)) for at in refused]
    early = tuple(Proof("early", at, 0, count) for at, count in held if count < limit)
    worst = max((count for _, count in inside), default=0)
    return LimitVerdict(len(admitted), len(refused), 0, worst, over, early)
