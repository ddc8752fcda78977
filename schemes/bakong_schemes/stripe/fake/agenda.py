"""What happens by itself, on the world's clock: one timer, for the first that is due."""

from __future__ import annotations

import heapq
from collections.abc import Callable

from bakong_schemes.stripe import wire
from bakong_schemes.stripe.fake.records import Due, StripeState
from bakong_schemes.stripe.fake.view import View
from bakong_simulator.kernel.world import World

Run = Callable[[View, Due], None]
WHAT = "stripe: what is due by itself"


def schedule(view: View, after_ms: int, what: str, id_: str) -> None:
    """Have something happen to an object so long from now; see later.HANDLERS."""
    view.state.push(view.now_ms + after_ms, what, id_)
    arm(view.world, view.state)


def arm(world: World, state: StripeState) -> None:
    """Have the clock call when the first is due."""
    if not state.due or state.run is None:
        return
    at_ms = state.due[0].at_ms
    if state.timer is not None:
        if state.timer.due_ms <= at_ms:
            return
        state.timer.cancel()
    state.timer = world.clock.call_at(at_ms, lambda: _fire(world, state), WHAT)


def stop(state: StripeState) -> None:
    if state.timer is not None:
        state.timer.cancel()
        state.timer = None


def _fire(world: World, state: StripeState) -> None:
    state.timer = None
    if world.state_of(wire.NAME) is not state or state.run is None:
        return
    try:
        while state.due and state.due[0].at_ms <= world.clock.now_ms():
            state.run(View(world, state), heapq.heappop(state.due))
    finally:
        arm(world, state)
