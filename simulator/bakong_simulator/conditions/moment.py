"""What a condition is weighed on. May not know of scenarios."""

from collections.abc import Callable, Collection
from typing import NamedTuple


class Moment(NamedTuple):
    """One call that a rule is for.

    call: its number among the rule's calls, from 1. began_ms, now_ms: the world's time, of the scenario and the call.
    called: the endpoints that were called since the scenario began.
    draw: a number from 0 to below 1, from the world's seed, drawn anew at each call.
    """

    call: int
    began_ms: int
    now_ms: int
    called: Collection[str]
    draw: Callable[[], float]

    @property
    def since_ms(self) -> int:
        return self.now_ms - self.began_ms
