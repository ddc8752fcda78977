"""Lanes on a world's clock: what is due in one lane happens one after another, in the order in which it falls due."""

import asyncio
import heapq
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from bakong_simulator.kernel.clock import Timer, WorldClock
from bakong_simulator.kernel.webhooks import UnderWay

WHAT = "webhooks: the next ones are due"


class Lanes:
    """One lane for each endpoint; an attempt that hangs blocks its own lane, and never the clock.

    attempt(number, resent): make one attempt. It calls begin, and finish when it is answered, which may be after it
    has returned: until then the lane waits.
    """

    def __init__(self, clock: WorldClock, attempt: Callable[[int, bool], Awaitable[None]]) -> None:
        self._clock = clock
        self._attempt = attempt
        self._timer: Timer | None = None
        self._due: list[tuple[int, int, str]] = []  # a heap: when, the number of an event, its lane
        self._waiting: dict[str, deque[tuple[int, bool]]] = {}  # by lane: number, whether it is resent
        self.under_way: dict[str, UnderWay] = {}
        self._hanging: set[str] = set()

    def schedule(self, due_ms: int, number: int, lane: str) -> None:
        """Have the attempt made at that time."""
        heapq.heappush(self._due, (due_ms, number, lane))
        self._arm()

    def resend(self, number: int, lane: str) -> None:
        """Have an attempt made now, as soon as the lane is free."""
        self._waiting.setdefault(lane, deque()).append((number, True))
        self._clock.call_soon(self._start, WHAT)

    def begin(self, lane: str, way: UnderWay) -> None:
        self.under_way[lane] = way

    def finish(self, lane: str, way: UnderWay) -> bool:
        """The attempt is answered, and the lane free; false for one that was begun before `stop`, or is over."""
        if self.under_way.get(lane) is not way:
            return False
        del self.under_way[lane]
        if lane in self._hanging:
            self._hanging.discard(lane)
            self._clock.call_soon(self._start, WHAT)
        return True

    def stop(self) -> None:
        """Nothing happens any more of what was scheduled, and what is under way is never finished."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        for kept in (self._due, self._waiting, self.under_way, self._hanging):
            kept.clear()

    def _arm(self) -> None:
        """Have the clock call when the first is due."""
        if not self._due:
            return
        due_ms = self._due[0][0]
        if due_ms <= self._clock.now_ms():
            self._clock.call_soon(self._pump, WHAT)
        elif self._timer is None or due_ms < self._timer.due_ms:
            if self._timer:
                self._timer.cancel()
            self._timer = self._clock.call_at(due_ms, self._pump, WHAT)

    def _pump(self) -> Awaitable[Any] | None:
        """Put what is due into its lane, and begin where nothing is under way."""
        now = self._clock.now_ms()
        if self._timer and self._timer.due_ms <= now:
            self._timer = None
        while self._due and self._due[0][0] <= now:
            _, number, lane = heapq.heappop(self._due)
            self._waiting.setdefault(lane, deque()).append((number, False))
        self._arm()
        return self._start()

    def _start(self) -> Awaitable[Any] | None:
        idle = [lane for lane in self._waiting if lane not in self.under_way]
        return asyncio.gather(*map(self._run, idle)) if idle else None

    async def _run(self, lane: str) -> None:
        """One after another, until the lane is empty or hangs."""
        while lane not in self.under_way and (waiting := self._waiting.get(lane)):
            number, resent = waiting.popleft()
            if not waiting:
                del self._waiting[lane]
            await self._attempt(number, resent)
        if lane in self.under_way:
            self._hanging.add(lane)
