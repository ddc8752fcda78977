"""The attacks on a limiter, as plans in units of its limit and window.

One burst cannot tell an exact log from a token bucket, a fixed window or a counter: each attack is aimed at one.
"""

from typing import NamedTuple


class Volley(NamedTuple):
    """Requests that leave together, at a moment counted in windows from the attack's start."""

    at: float
    requests: int


class Attack(NamedTuple):
    """Volleys in the order of time. on_the_minute: the start waits for a whole window of the wall clock."""

    name: str
    volleys: tuple[Volley, ...]
    on_the_minute: bool = False


def attacks(limit: int) -> tuple[Attack, ...]:
    """The six attacks. The longest takes 2.4 windows; run them on one key each, at the same time."""
    return (
        Attack("burst", (Volley(0, 3 * limit), *_hammer(0.90, 1.15, 12, _few(limit)))),
        Attack("edge", tuple(Volley(at, limit) for at in (0.85, 1.02, 1.9, 2.05)), on_the_minute=True),
        Attack("late", (Volley(0, 1), Volley(0.9, 2 * limit), Volley(1.03, 2 * limit), *_hammer(1.1, 2.0, 9, 3))),
        Attack("steady", (*_hammer(0, 1, limit, 1), Volley(1.0, 2 * limit), *_hammer(1.05, 1.5, limit // 2, 1))),
        Attack("saw-tooth", tuple(Volley(0.19 * step, _half(limit)) for step in range(13))),
        Attack("refill", (Volley(0, limit), *_hammer(0.02, 1.3, 4 * min(limit, 50), 1))),
    )


def _hammer(begin: float, end: float, volleys: int, requests: int) -> tuple[Volley, ...]:
    """Small volleys at one distance from begin to end."""
    return tuple(Volley(begin + (end - begin) * n / volleys, requests) for n in range(volleys))


def _few(limit: int) -> int:
    return max(2, limit // 10)


def _half(limit: int) -> int:
    return max(2, limit // 2)
