"""The white-box check: with the server's clock frozen, what it admits is a number, not an estimate. Knows no world.

Whatever the interleaving, a frozen instant admits exactly the limit; a window less one millisecond later nothing; and a
window later the limit again. Two full bursts around the edge of a fixed window tell it from a sliding one.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from bakong_loadtests.limits.attacking import LIMITED, Scope, Target, open_pool

Advance = Callable[[int], Awaitable[None]]


class FrozenStep(NamedTuple):
    """What was asked at one frozen moment, and what must be and was admitted."""

    name: str
    asked: int
    wanted: int
    admitted: int

    @property
    def holds(self) -> bool:
        return self.admitted == self.wanted


async def check_frozen(target: Target, scopes: tuple[Scope, Scope, Scope], advance: Advance) -> list[FrozenStep]:
    """The steps on three unused keys. advance: moves the server's frozen clock by ms. Raises LoadError."""
    limit, window_ms = target.limit, target.window_ns // 1_000_000
    one, other, third = scopes
    first, second = await asyncio.gather(_burst(target, one, 5 * limit), _burst(target, other, 2 * limit))
    steps = [
        FrozenStep("a burst of 5 limits on one key", 5 * limit, limit, first),
        FrozenStep("a burst of 2 limits on another, at once", 2 * limit, limit, second),
    ]
    await advance(window_ms - 1)
    steps.append(FrozenStep("a window less 1 ms later", limit, 0, await _burst(target, one, limit)))
    await advance(1)
    steps.append(FrozenStep("a window later", 2 * limit, limit, await _burst(target, one, 2 * limit)))
    half = await _burst(target, third, limit // 2)
    await advance(window_ms - 10)
    late = await _burst(target, third, 2 * limit)
    steps.append(FrozenStep("half a limit, and 10 ms before its window ends the rest", 2 * limit, limit - half, late))
    await advance(20)
    freed = await _burst(target, third, 2 * limit)
    steps.append(FrozenStep("20 ms on: only what has left the window", 2 * limit, half, freed))
    return steps


async def _burst(target: Target, scope: Scope, requests: int) -> int:
    """How many of so many concurrent requests were admitted."""
    async with open_pool(target, scope) as pool:
        answers = await pool.volley(requests)
    return sum(answer.status not in (LIMITED, 0) for answer in answers)
