"""Everything that a life draws, from its seed: named streams that do not disturb one another."""

import random  # noqa: TID251  a composition root: a life's randomness begins here
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Chance:
    """One stream of draws. Only random() is used of the library: its numbers are the same in every Python."""

    def __init__(self, seed: int, name: str) -> None:
        self._draw = random.Random(f"{seed}/{name}").random  # noqa: S311  a seed's draws, not secrets

    def fraction(self) -> float:
        """At least 0 and below 1."""
        return self._draw()

    def below(self, bound: int) -> int:
        return int(self._draw() * bound)

    def between(self, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return low + int(self._draw() * (high - low + 1))

    def happens(self, probability: float) -> bool:
        return probability > 0 and self._draw() < probability

    def pick(self, values: Sequence[T]) -> T:
        return values[int(self._draw() * len(values))]

    def weighted(self, weights: Sequence[tuple[T, int]]) -> T:
        """A value, as often as its weight says."""
        rest = self.below(sum(weight for _, weight in weights))
        for value, weight in weights:
            rest -= weight
            if rest < 0:
                return value
        raise AssertionError("the weights have a sum")  # pragma: no cover
