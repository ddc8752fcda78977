"""The hosts that receive webhooks: which are left alone, and how many tries each gets now. Pure: time is an argument.

A host that answers gets up to PER_HOST tries at once; one that did not answer last time gets one, and those together
half of all; one that goes on not answering is left alone by its breaker. PROVEN_SLOTS more are for hosts that have
answered before: however many hosts hang that nobody has heard of, those that work keep their way.
"""

import heapq
from collections import Counter
from collections.abc import Mapping
from typing import TypeVar

from bakong_service.domain.breaker import Breaker

SLOTS = 32
PROVEN_SLOTS = 8
PER_HOST = 8
REMEMBERED = 1_000  # hosts that do not answer, and hosts that do; beyond that the oldest is one like any other again
V = TypeVar("V")
_GOOD = Breaker()


class Receivers:
    """What this process has learnt of the hosts."""

    def __init__(self) -> None:
        self._breakers: dict[str, Breaker] = {}
        self._proven: dict[str, None] = {}

    def breaker(self, host: str) -> Breaker:
        return self._breakers.get(host, _GOOD)

    def answered(self, host: str) -> None:
        self._breakers.pop(host, None)
        self._proven.pop(host, None)  # the last that answered is the last to be forgotten
        _remember(self._proven, host, None)

    def failed(self, host: str, before: Breaker, at_ms: int, jitter: float) -> None:
        """A try brought no answer; before: the breaker as it was when the try began. Tries at once fail once."""
        if self.breaker(host) is not before:
            return
        self._proven.pop(host, None)
        _remember(self._breakers, host, before.failed(at_ms, jitter))

    def shares(self, due_ms: Mapping[str, int], under_way: Counter[str], at_ms: int) -> dict[str, int]:
        """How many tries to begin at each host, of those where something is due.

        In turn: hosts that answer before those that did not, then the one with the fewest tries, then the oldest.
        """
        doubtful = sum(tries for host, tries in under_way.items() if self.breaker(host).failures)
        free = SLOTS + PROVEN_SLOTS - under_way.total()
        turns = [
            self._turn(host, due, under_way[host]) for host, due in due_ms.items() if self._is_due(host, due, at_ms)
        ]
        heapq.heapify(turns)
        begun: dict[str, int] = {}
        while turns and free > 0:
            failed, tries, due, host = heapq.heappop(turns)
            if tries >= (1 if failed else PER_HOST) or (failed and doubtful >= SLOTS // 2):
                continue
            if host not in self._proven and free <= PROVEN_SLOTS:
                continue
            begun[host] = begun.get(host, 0) + 1
            free, doubtful = free - 1, doubtful + failed
            heapq.heappush(turns, (failed, tries + 1, due, host))
        return begun

    def next_ms(self, due_ms: Mapping[str, int], at_ms: int) -> int | None:
        """When another host falls due. What is due and not begun now waits for the end of a try, not for a time."""
        later = (max(due, self.breaker(host).open_until_ms) for host, due in due_ms.items())
        return min((due for due in later if due > at_ms), default=None)

    def _is_due(self, host: str, due_ms: int, at_ms: int) -> bool:
        return due_ms <= at_ms and self.breaker(host).admits(at_ms)

    def _turn(self, host: str, due_ms: int, tries: int) -> tuple[bool, int, int, str]:
        return self.breaker(host).failures > 0, tries, due_ms, host


def _remember(rows: dict[str, V], host: str, value: V) -> None:
    rows[host] = value
    if len(rows) > REMEMBERED:
        del rows[next(iter(rows))]
