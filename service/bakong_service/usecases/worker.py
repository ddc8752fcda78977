"""The background worker: asks, ends, bills and delivers what is due, and sleeps until the next. Decides nothing itself.

It never loops on its own: it asks the timers to be called when something falls due, so that whoever owns the clock
(the wall in production, a world in the sandbox) drives it, and can wait until it has come to rest.
"""

import asyncio
from typing import NamedTuple

from bakong_service.domain.errors import UnavailableError
from bakong_service.ports import Records, Timer
from bakong_service.usecases.core import Core
from bakong_service.usecases.deliver import deliver_due
from bakong_service.usecases.schedule import forget_old, tick_due
from bakong_service.usecases.watch import poll_due

AGAIN_MS = 1_000
FORGET_EVERY_MS = 3_600_000


class _Dues(NamedTuple):
    """When each kind of work falls due next."""

    poll_ms: int | None
    tick_ms: int | None
    deliver_ms: int | None
    forget_ms: int | None


def _dues(records: Records) -> _Dues:
    return _Dues(
        records.next_poll_ms(),
        records.next_subscription_ms(),
        records.next_notification_ms(),
        records.next_forgotten_ms(),
    )


def _is_due(due_ms: int | None, now_ms: int) -> bool:
    return due_ms is not None and due_ms <= now_ms


class Worker:
    """One worker on the store. start() arms it, stop() finishes what is under way."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._timer: Timer | None = None
        self._due_ms = 0
        self._forgets_from_ms = 0
        self._busy = asyncio.Lock()
        self._stopped = False

    async def start(self) -> None:
        """Take up what is due, also from before a crash."""
        self.wake()

    def wake(self) -> None:
        """Something new may be due: look at once."""
        self._call_at(self._core.timers.now_ms())

    async def stop(self) -> None:
        self._stopped = True
        if self._timer:
            self._timer.cancel()
        async with self._busy:
            pass

    async def run_due(self) -> None:
        """Do all that is due now, then ask to be called for what is next."""
        async with self._busy:
            if self._stopped:
                return
            self._timer = None
            try:
                next_ms = await self._work()
            except BaseException as error:
                # Whatever went wrong, the worker comes back; a database that is away is nothing new to tell.
                self._call_at(self._core.timers.now_ms() + AGAIN_MS)
                if not isinstance(error, UnavailableError):
                    raise
                return
            now_ms = self._core.timers.now_ms()
            if self._core.look_ms is not None:
                next_ms = min(next_ms or now_ms + self._core.look_ms, now_ms + self._core.look_ms)
            if next_ms is not None and not self._stopped:
                self._call_at(max(next_ms, now_ms + 1))

    async def _work(self) -> int | None:
        """Do what is due, and nothing for what is not; when the next falls due."""
        core = self._core
        now_ms = core.timers.now_ms()
        dues = await core.store.read(_dues)
        if _is_due(dues.tick_ms, now_ms):
            await tick_due(core)
        if _is_due(self._forget_ms(dues), now_ms):
            await forget_old(core)
            self._forgets_from_ms = now_ms + FORGET_EVERY_MS
        # A receiver that hangs holds up no question to Bakong.
        poll_ms, _ = await asyncio.gather(self._poll(dues, now_ms), self._deliver(dues, now_ms))
        dues = await core.store.read(_dues)
        if _is_due(dues.deliver_ms, core.timers.now_ms()):
            await deliver_due(core)
            dues = await core.store.read(_dues)
        found = (poll_ms, dues.tick_ms, dues.deliver_ms, self._forget_ms(dues))
        return min((due for due in found if due is not None), default=None)

    def _forget_ms(self, dues: _Dues) -> int | None:
        """On a beat of its own, so that many answers of one hour are thrown away together."""
        return None if dues.forget_ms is None else max(dues.forget_ms, self._forgets_from_ms)

    async def _poll(self, dues: "_Dues", now_ms: int) -> int | None:
        if self._core.daily_calls is None and not _is_due(dues.poll_ms, now_ms):
            return dues.poll_ms
        return await poll_due(self._core)

    async def _deliver(self, dues: "_Dues", now_ms: int) -> None:
        if _is_due(dues.deliver_ms, now_ms):
            await deliver_due(self._core)

    def _call_at(self, due_ms: int) -> None:
        """Keep the earlier of two calls, so that no wake-up is lost."""
        if self._stopped or (self._timer and self._due_ms <= due_ms):
            return
        if self._timer:
            self._timer.cancel()
        self._due_ms = due_ms
        self._timer = self._core.timers.call_at(due_ms, self.run_due)
