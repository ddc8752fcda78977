"""Faults of the connection: when an answer arrives, in how many chunks, and whether it arrives at all.

A fault is a function from the reply, luck and its parameters to the reply that is sent. To add one: name it with its
parameters in bakong_scenarios.vocabulary; write it here, in body_faults.py or beside its scheme; enter it in FAULTS.
"""

from collections.abc import Callable, Mapping
from math import exp, log
from statistics import NormalDist
from typing import Any, NamedTuple

from bakong_scenarios import FaultRule
from bakong_simulator.wire.reply import Reply

Luck = Callable[[], bytes]  # the next 32 bytes of the world's stream for this fault

_Z99 = NormalDist().inv_cdf(0.99)
_MAX_DELAY_MS = 3_600_000


class Fault(NamedTuple):
    """play: the reply that is sent instead. reaches_api: whether the call gets as far as the API at all."""

    play: Callable[..., Reply]
    reaches_api: bool = True


def play(faults: Mapping[str, Fault], rule: FaultRule, reply: Reply, luck: Luck) -> Reply:
    """The reply after one of these faults."""
    parameters: dict[str, Any] = {f"{name}_": value for name, value in rule.parameters.items()}
    return faults[rule.fault].play(reply, luck, **parameters)


def delay(
    reply: Reply,
    luck: Luck,
    *,
    for_: int | None = None,
    from_: int | None = None,
    to_: int | None = None,
    median_: int | None = None,
    p99_: int | None = None,
) -> Reply:
    """The answer comes later: by a fixed time, one drawn between two, or one of a lognormal spread."""
    if from_ is not None and to_ is not None:
        wait_ms = round(from_ + (to_ - from_) * _fraction(luck))
    elif median_ is not None and p99_ is not None:
        wait_ms = lognormal_ms(median_, p99_, _fraction(luck))
    else:
        wait_ms = for_ or 0
    return reply._replace(delay_ms=reply.delay_ms + wait_ms)


def hang(reply: Reply, _luck: Luck, *, for_: int) -> Reply:
    """No answer for a long time; then the connection ends without one."""
    return reply._replace(delay_ms=reply.delay_ms + for_, silent=True, status=0, body=b"", error_code=None)


def reset(reply: Reply, _luck: Luck, *, at_: str) -> Reply:
    """The connection is reset (TCP RST), before the head of the answer or in the middle of its body."""
    if at_ == "before_head":
        return reply._replace(reset=True, silent=True)
    return reply._replace(reset=True, truncate_at=len(reply.body) // 2)


def dribble(reply: Reply, _luck: Luck, *, pieces_: int, every_: int) -> Reply:
    """The body comes in chunks, with a wait between them: each read is quick and the whole is slow."""
    return reply._replace(chunks=pieces_, chunk_interval_ms=every_)


def lognormal_ms(median_ms: int, p99_ms: int, fraction: float) -> int:
    """The value that a fraction of all lies below, of the lognormal spread with this median and 99th percentile.

    >>> lognormal_ms(200, 8000, 0.5), lognormal_ms(200, 8000, 0.99)
    (200, 8000)
    """
    sigma = log(p99_ms / median_ms) / _Z99
    return min(_MAX_DELAY_MS, round(median_ms * exp(sigma * NormalDist().inv_cdf(fraction))))


def _fraction(luck: Luck) -> float:
    """From 0 to 1, neither included."""
    return (int.from_bytes(luck()[:6]) + 0.5) / 2**48


FAULTS: dict[str, Fault] = {
    "delay": Fault(delay),
    "hang": Fault(hang, reaches_api=False),
    "reset": Fault(reset),
    "dribble": Fault(dribble),
}
