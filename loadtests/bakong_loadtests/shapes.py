"""How many users there are at each moment of a mobile checkout, as Locust's shapes. Knows no user."""

from itertools import pairwise
from typing import ClassVar

from locust import LoadTestShape

# Points of (share of the run's time, share of its users); between two points the number moves in a straight line.
Curve = tuple[tuple[float, float], ...]


class CheckoutShape(LoadTestShape):
    """A curve over a run of so many seconds, with so many users at its height."""

    abstract = True
    curve: ClassVar[Curve] = ((0.0, 1.0), (1.0, 1.0))

    def __init__(self, users: int, seconds: float) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Locust's shape has no types
        self._users = users
        self._seconds = seconds

    def tick(self) -> tuple[int, float] | None:
        gone = self.get_run_time() / self._seconds  # type: ignore[no-untyped-call]
        if gone >= 1:
            return None
        return max(1, round(self._users * height(self.curve, gone))), max(10.0, float(self._users))


class Steady(CheckoutShape):
    """All users from the start to the end."""


class Ramp(CheckoutShape):
    """From nobody to all, in a straight line."""

    curve = ((0.0, 0.0), (0.8, 1.0), (1.0, 1.0))


class LunchPeak(CheckoutShape):
    """A quiet morning, a steep noon, an afternoon at half."""

    curve = ((0.0, 0.2), (0.25, 0.3), (0.4, 1.0), (0.7, 1.0), (0.8, 0.5), (1.0, 0.4))


class Spike(CheckoutShape):
    """Quiet, then everybody at once, then quiet: what comes after a push message."""

    curve = ((0.0, 0.1), (0.4, 0.1), (0.42, 1.0), (0.6, 1.0), (0.62, 0.1), (1.0, 0.1))


class Soak(CheckoutShape):
    """A short ramp, then the same for as long as it lasts."""

    curve = ((0.0, 0.1), (0.05, 1.0), (1.0, 1.0))


SHAPES: dict[str, type[CheckoutShape]] = {
    "steady": Steady,
    "ramp": Ramp,
    "lunch-peak": LunchPeak,
    "spike": Spike,
    "soak": Soak,
}


def height(curve: Curve, at: float) -> float:
    """The curve's value at a share of the run's time.

    >>> height(((0.0, 0.0), (1.0, 1.0)), 0.25)
    0.25
    """
    for (begin, low), (end, high) in pairwise(curve):
        if at <= end:
            return low + (high - low) * (at - begin) / (end - begin)
    return curve[-1][1]
