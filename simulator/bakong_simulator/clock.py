"""A world's time: real, frozen, offset or scaled. May not know what it is used for.

One clock drives everything that happens in a world. `advance` fires what falls due, in order, each at its own moment,
and returns when all of it has settled.
"""

import asyncio
import heapq
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Any

WallMs = Callable[[], int]
MAX_MS = 250_000_000_000_000  # in the year 9892: what a date can show, with room to advance
Fire = Callable[[], Awaitable[Any] | None]


class Mode(StrEnum):
    """real: the wall's. offset: that, moved. scaled: its pace times a rate. frozen: moves by advance alone."""

    REAL = "real"
    OFFSET = "offset"
    SCALED = "scaled"
    FROZEN = "frozen"


class Timer:
    """Something that falls due. cancel() makes it never fire."""

    __slots__ = ("cancelled", "due_ms", "fire")

    def __init__(self, due_ms: int, fire: Fire) -> None:
        self.due_ms = due_ms
        self.fire = fire
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class WorldClock:
    """The time of one world, in epoch milliseconds."""

    def __init__(self, wall_ms: WallMs) -> None:
        self._wall_ms = wall_ms
        self._timers: list[tuple[int, int, Timer]] = []
        self._sequence = 0
        self._alarm: asyncio.TimerHandle | None = None
        self._running: set[asyncio.Task[Any]] = set()
        self._advancing = asyncio.Lock()
        self.set_mode(Mode.REAL)

    def set_mode(self, mode: Mode, *, at_ms: int | None = None, rate: float = 1.0) -> None:
        """Change how time flows, from at_ms on (by default from this clock's now, or the wall's for real)."""
        now = self._wall_ms() if mode is Mode.REAL else (self.now_ms() if at_ms is None else at_ms)
        self.mode = mode
        self.rate = {Mode.FROZEN: 0.0, Mode.SCALED: rate}.get(mode, 1.0)
        self._rebase(now)

    def now_ms(self) -> int:
        if self._pace == 0:
            return self._base
        passed = self._wall_ms() - self._base_wall
        return self._base + (passed if self._pace == 1 else int(passed * self._pace))

    def call_at(self, due_ms: int, fire: Fire) -> Timer:
        """Call fire once the time is due_ms or later; what it returns, if awaitable, is awaited by advance."""
        timer = Timer(due_ms, fire)
        self._sequence += 1
        heapq.heappush(self._timers, (due_ms, self._sequence, timer))
        if self._timers[0][2] is timer:
            self._set_alarm()
        return timer

    async def advance(self, ms: int) -> int:
        """Move time on by ms; fire what falls due on the way, in order; return the time when all has settled."""
        async with self._advancing:
            target = self.now_ms() + ms
            self._pin(self.now_ms())
            try:
                while self._timers and self._timers[0][0] <= target:
                    due, _, timer = heapq.heappop(self._timers)
                    self._pin(max(due, self._base))
                    await self._fire_now(timer)
                await self.settled()
            finally:
                if self.mode is Mode.REAL and ms:
                    self.mode = Mode.OFFSET
                self._rebase(target)
            return self.now_ms()

    async def settled(self) -> None:
        """Return when everything that was fired has come to rest."""
        while self._running:
            await asyncio.gather(*self._running, return_exceptions=True)

    def close(self) -> None:
        """Forget all timers; nothing fires any more."""
        self._timers.clear()
        if self._alarm:
            self._alarm.cancel()
        for task in self._running:
            task.cancel()

    def _pin(self, at_ms: int) -> None:
        self._base, self._pace = at_ms, 0.0
        self._set_alarm()

    def _rebase(self, at_ms: int) -> None:
        self._base, self._base_wall, self._pace = at_ms, self._wall_ms(), self.rate
        self._set_alarm()

    def _set_alarm(self) -> None:
        """Wake the event loop when the first timer falls due, where time flows by itself."""
        if self._alarm:
            self._alarm.cancel()
            self._alarm = None
        if self._timers and self._pace > 0:
            wait_s = max(0.0, (self._timers[0][0] - self.now_ms()) / 1000 / self._pace)
            self._alarm = asyncio.get_running_loop().call_later(wait_s, self._ring)

    def _ring(self) -> None:
        self._alarm = None
        while self._timers and self._timers[0][0] <= self.now_ms():
            timer = heapq.heappop(self._timers)[2]
            if not timer.cancelled and (outcome := timer.fire()) is not None:
                self._track(outcome)
        self._set_alarm()

    async def _fire_now(self, timer: Timer) -> None:
        if timer.cancelled:
            return
        outcome = timer.fire()
        if outcome is not None:
            await self._track(outcome)

    def _track(self, outcome: Awaitable[Any]) -> asyncio.Future[Any]:
        task = asyncio.ensure_future(outcome)
        if isinstance(task, asyncio.Task):
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        return task
