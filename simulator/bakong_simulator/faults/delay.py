"""The answer comes later: by a fixed time, one drawn between two, or one of a lognormal spread."""

from collections.abc import Callable
from math import exp, log
from statistics import NormalDist

from bakong_simulator.reply import Reply

_Z99 = NormalDist().inv_cdf(0.99)
_LONGEST_MS = 3_600_000


def delay(
    reply: Reply,
    luck: Callable[[], bytes],
    *,
    for_: int | None = None,
    from_: int | None = None,
    to_: int | None = None,
    median_: int | None = None,
    p99_: int | None = None,
) -> Reply:
    if from_ is not None and to_ is not None:
        wait_ms = round(from_ + (to_ - from_) * _fraction(luck))
    elif median_ is not None and p99_ is not None:
        wait_ms = lognormal_ms(median_, p99_, _fraction(luck))
    else:
        wait_ms = for_ or 0
    return reply._replace(delay_ms=reply.delay_ms + wait_ms)


def lognormal_ms(median_ms: int, p99_ms: int, fraction: float) -> int:
    """The value that a fraction of all lies below, of the lognormal spread with this median and 99th percentile.

    >>> lognormal_ms(200, 8000, 0.5), lognormal_ms(200, 8000, 0.99)
    (200, 8000)
    """
    sigma = log(p99_ms / median_ms) / _Z99
    return min(_LONGEST_MS, round(median_ms * exp(sigma * NormalDist().inv_cdf(fraction))))


def _fraction(luck: Callable[[], bytes]) -> float:
    """From 0 to 1, neither included."""
    return (int.from_bytes(luck()[:6]) + 0.5) / 2**48
