"""A world's time: real, frozen, offset or scaled; and the timers that fire as it passes.

One clock drives everything that happens in a world. `advance` fires what falls due, in order, each at its own moment,
and returns when all of it has settled. A timer that fails stops no other: it is reported to `on_failure`.
"""

import asyncio
import heapq
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Any, NamedTuple

WallMs = Callable[[], int]
MIN_MS, MAX_MS = 0, 9_972_028_799_999  # the first of 1970 to the last of 2285: a KHQR's 13 digits hold a code made then
RANGE = "from 1970 to 2285"
DAY_MS = 86_400_000
MAX_SLEEP_S = 86_400.0  # of the event loop; whoever sleeps longer looks at the clock once a day
PRUNE_AT = 64  # so few timers are not worth a look for cancelled ones
Fire = Callable[[], Awaitable[Any] | None]


class Mode(StrEnum):
    """real: the wall's. offset: that, moved. scaled: its pace times a rate. frozen: moves by advance alone."""

    REAL = "real"
    OFFSET = "offset"
    SCALED = "scaled"
    FROZEN = "frozen"


class TimeRangeError(ValueError):
    """A moment that no world has. The message says where it was read."""


class Failure(NamedTuple):
    """A timer that raised: when in the world's time, what it was for, and what it raised."""

    at_ms: int
    what: str
    error: Exception


class Timer:
    """Something that falls due, with the words for it where it fails. cancel() makes it never fire."""

    __slots__ = ("cancelled", "due_ms", "fire", "what")

    def __init__(self, due_ms: int, fire: Fire, what: str) -> None:
        self.due_ms = due_ms
        self.fire = fire
        self.what = what
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class WorldClock:
    """The time of one world, in epoch milliseconds from MIN_MS to MAX_MS, where it stands still."""

    def __init__(self, wall_ms: WallMs) -> None:
        self._wall_ms = wall_ms
        self.on_failure: Callable[[Failure], object] = _report
        self._timers: list[tuple[int, int, Timer]] = []
        self._prune_at = PRUNE_AT
        self._sequence = 0
        self._alarm: asyncio.TimerHandle | None = None
        self._running: set[asyncio.Task[Any]] = set()
        self._advancing = asyncio.Lock()
        self.set_mode(Mode.REAL)

    def set_mode(self, mode: Mode, *, at_ms: int | None = None, rate: float = 1.0) -> None:
        """Change how time flows, from at_ms on (by default from this clock's now, or the wall's for real).

        Raises TimeRangeError.
        """
        if at_ms is not None:
            check_moment(at_ms, "at")
        now = self._wall_ms() if mode is Mode.REAL else (self.now_ms() if at_ms is None else at_ms)
        self.mode = mode
        self.rate = {Mode.FROZEN: 0.0, Mode.SCALED: rate}.get(mode, 1.0)
        self._rebase(now)

    def now_ms(self) -> int:
        if self._pace == 0:
            return self._base
        passed = self._wall_ms() - self._base_wall
        return _within_range(self._base + (passed if self._pace == 1 else int(passed * self._pace)))

    def call_at(self, due_ms: int, fire: Fire, what: str = "") -> Timer:
        """Call fire once the time is due_ms or later; what it returns, if awaitable, is awaited by advance.

        what: the words for it where it fails.
        """
        timer = Timer(due_ms, fire, what or getattr(fire, "__qualname__", "timer"))
        self._sequence += 1
        if len(self._timers) >= self._prune_at:
            self._drop_cancelled()
        heapq.heappush(self._timers, (due_ms, self._sequence, timer))
        if self._timers[0][2] is timer:
            self._set_alarm()
        return timer

    def call_soon(self, fire: Fire, what: str = "") -> None:
        """Call fire now, also where time stands still; within an advance, in its turn.

        What it begins is waited for by the next advance, before time moves on.
        """
        if self._advancing.locked():
            self.call_at(self.now_ms(), fire, what)
        elif task := self._fire(Timer(self.now_ms(), fire, what)):
            waits = self.call_at(self.now_ms(), lambda: task, what)
            task.add_done_callback(lambda _: waits.cancel())

    @property
    def waiting(self) -> int:
        """How many timers are kept: those that will fire, and at most as many cancelled ones, or a few."""
        return len(self._timers)

    def due(self, limit: int) -> list[tuple[int, str]]:
        """When what falls due, the next first."""
        waiting = [row for row in self._timers if not row[2].cancelled]
        return [(due_ms, timer.what) for due_ms, _, timer in heapq.nsmallest(limit, waiting)]

    async def advance(self, ms: int) -> int:
        """Move time on by ms; fire what falls due on the way, in order; return the time when all has settled.

        A timer that fails is reported to on_failure and raises nothing here. Raises TimeRangeError before time moves.
        """
        async with self._advancing:
            target = check_moment(self.now_ms() + ms, "the time after the advance")
            self._pin(self.now_ms())
            try:
                while self._running or self._is_due(target):
                    while self._is_due(target):
                        timer = heapq.heappop(self._timers)[2]
                        self._pin(max(timer.due_ms, self._base))
                        if task := self._fire(timer):
                            await task
                    await self.settled()
            finally:
                if self.mode is Mode.REAL and ms:
                    self.mode = Mode.OFFSET
                self._rebase(target)
            return self.now_ms()

    async def catch_up(self, at_ms: int) -> None:
        """Be at a moment that has come: what fell due up to it fires, in order, each at its own moment."""
        async with self._advancing:
            while self._running or self._is_due(at_ms):
                while self._is_due(at_ms):
                    timer = heapq.heappop(self._timers)[2]
                    self._pin(timer.due_ms)
                    if task := self._fire(timer):
                        await task
                await self.settled()
            self._rebase(at_ms)

    def wake(self) -> None:
        """Look at the time: the wall's may have moved by itself."""
        self._set_alarm()

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

    def _is_due(self, at_ms: int) -> bool:
        return bool(self._timers) and self._timers[0][0] <= at_ms

    def _pin(self, at_ms: int) -> None:
        self._base, self._pace = at_ms, 0.0
        self._set_alarm()

    def _rebase(self, at_ms: int) -> None:
        self._base, self._base_wall, self._pace = _within_range(at_ms), self._wall_ms(), self.rate
        self._set_alarm()

    def _set_alarm(self) -> None:
        """Wake the event loop when the first timer falls due, where time flows by itself."""
        if self._alarm:
            self._alarm.cancel()
            self._alarm = None
        if self._timers and self._pace > 0 and self._timers[0][0] <= MAX_MS:
            wait_s = (self._timers[0][0] - self.now_ms()) / 1000 / self._pace
            self._alarm = asyncio.get_running_loop().call_later(min(max(0.0, wait_s), MAX_SLEEP_S), self._ring)

    def _ring(self) -> None:
        self._alarm = None
        while self._timers and self._timers[0][0] <= self.now_ms():
            self._fire(heapq.heappop(self._timers)[2])
        self._set_alarm()

    def _fire(self, timer: Timer) -> asyncio.Task[None] | None:
        """Fire a timer; what is still under way then, as a task that never raises."""
        if timer.cancelled:
            return None
        try:
            outcome = timer.fire()
        except Exception as error:  # noqa: BLE001  whatever a timer does, the clock goes on
            self._failed(timer, error)
            return None
        if outcome is None:
            return None
        task = asyncio.ensure_future(self._finish(timer, outcome))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def _finish(self, timer: Timer, outcome: Awaitable[Any]) -> None:
        try:
            await outcome
        except Exception as error:  # noqa: BLE001  as above
            self._failed(timer, error)

    def _failed(self, timer: Timer, error: Exception) -> None:
        self.on_failure(Failure(self.now_ms(), timer.what, error))

    def _drop_cancelled(self) -> None:
        self._timers = [row for row in self._timers if not row[2].cancelled]
        heapq.heapify(self._timers)
        self._prune_at = max(PRUNE_AT, 2 * len(self._timers))


def check_moment(at_ms: int, where: str) -> int:
    """The moment, if worlds have it. Raises TimeRangeError."""
    if not MIN_MS <= at_ms <= MAX_MS:
        raise TimeRangeError(f"{where}: read {at_ms} ms after 1970, expected a moment {RANGE}")
    return at_ms


def _within_range(at_ms: int) -> int:
    return min(max(MIN_MS, at_ms), MAX_MS)


def local_day(at_ms: int, utc_offset_ms: int) -> int:
    """The number of a day where midnight is so far ahead of UTC's."""
    return (at_ms + utc_offset_ms) // DAY_MS


def _report(failure: Failure) -> None:
    """To the event loop, which logs it: for a clock whose owner keeps no journal."""
    message = f"a timer failed: {failure.what}"
    asyncio.get_running_loop().call_exception_handler({"message": message, "exception": failure.error})
