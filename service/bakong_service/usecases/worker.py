"""The background worker: asks, ends and bills, and delivers what is due. Decides nothing itself.

It never loops on its own: it asks the timers to be called when something falls due, so that whoever owns the clock
(the wall in production, a world in the sandbox) drives it, and can wait until it has come to rest.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from contextvars import Context
from functools import partial

from bakong_service.domain.errors import UnavailableError
from bakong_service.ports import Records, Timer
from bakong_service.usecases.core import Core
from bakong_service.usecases.deliver import Delivery, UnderWay
from bakong_service.usecases.escrow.tending import tend as tend_escrow
from bakong_service.usecases.orders.tending import tend
from bakong_service.usecases.poll_payments import poll_due
from bakong_service.usecases.retention import Cleaner
from bakong_service.usecases.review import Reviewer
from bakong_service.usecases.schedule import tick_due
from bakong_service.usecases.seal_audit import AuditSealer

AGAIN_MS = 1_000
STOP_S = 5.0


class Routine:
    """One kind of work, that says when it falls due next. It waits for no other kind, and never runs twice at once."""

    def __init__(
        self,
        core: Core,
        what: str,
        work: Callable[[], Awaitable[int | None]],
        at_rest: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._core = core
        self._work = work
        self._at_rest = at_rest
        self._fire = self._named(what)
        self._timer: Timer | None = None
        self._due_ms = 0
        self._again = False
        self.task: asyncio.Task[None] | None = None

    def _named(self, what: str) -> Callable[[], Awaitable[None]]:
        """What a timer calls, by the words that a clock shows for it."""

        async def fire() -> None:
            await self.run()

        fire.__qualname__ = f"service: {what}"
        return fire

    def wake(self) -> None:
        """Something new may be due: look at once."""
        self._call_at(self._core.timers.now_ms())

    def stop(self) -> None:
        if self._timer:
            self._timer.cancel()

    async def run(self) -> None:
        """Do all that is due now, ask to be called for what is next, and come to rest."""
        await self.begin()
        if self._at_rest is not None:
            await self._at_rest()

    def begin(self) -> asyncio.Task[None]:
        """Do what is due; where that is under way, once more after it. In nobody's name, whoever woke it."""
        if self.task is None or self.task.done():
            self.task = asyncio.create_task(self._run(), context=Context())
        else:
            self._again = True
        return self.task

    async def _run(self) -> None:
        try:
            next_ms = await self._worked()
        except BaseException as error:
            # Whatever went wrong, the worker comes back; a database that is away is nothing new to tell. A wake-up
            # that came meanwhile has fired, and would stand for the next one for ever.
            self.stop()
            self._timer = None
            self._call_at(self._core.timers.now_ms() + AGAIN_MS)
            if not isinstance(error, UnavailableError):
                raise
            return
        now_ms = self._core.timers.now_ms()
        if self._core.look_ms is not None:
            next_ms = min(next_ms or now_ms + self._core.look_ms, now_ms + self._core.look_ms)
        if next_ms is not None:
            self._call_at(max(next_ms, now_ms + 1))

    async def _worked(self) -> int | None:
        while True:
            self.stop()
            self._timer, self._again = None, False
            next_ms = None if self._core.stopping else await self._work()
            if not self._again:
                return next_ms

    def _call_at(self, due_ms: int) -> None:
        """Keep the earlier of two calls, so that no wake-up is lost."""
        if self._core.stopping or (self._timer and self._due_ms <= due_ms):
            return
        if self._timer:
            self._timer.cancel()
        self._due_ms = due_ms
        self._timer = self._core.timers.call_at(due_ms, self._fire)


class Worker:
    """One worker on the store. start() arms it, stop() finishes what is under way."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._delivery = Delivery(core, self._begin_more)
        self._polling = {name: Routine(core, f"ask {name}", partial(poll_due, core, name)) for name in core.providers}
        self._delivering = Routine(core, "webhooks", self._delivery.begin_due, self._delivery.at_rest)
        ticking = Routine(core, "subscriptions", self._tick)
        cleaning = Routine(core, "retention", Cleaner(core).run)
        shops = Routine(core, "orders", partial(tend, core))
        escrow = Routine(core, "escrow", partial(tend_escrow, core))
        self._reviewer = Reviewer(core)
        self._reviewing = Routine(core, "rows set aside", self._reviewer.run)
        sealing = Routine(core, "audit seals", AuditSealer(core).run)
        own = (ticking, cleaning, shops, escrow, sealing, self._reviewing)
        self._routines = (*self._polling.values(), self._delivering, *own)

    async def start(self) -> None:
        """Take up what is due, also from before a crash."""
        self._core.wake, self._core.wake_polling = self.wake, self._wake_polling
        self.wake()

    def wake(self) -> None:
        """Something new may be due: look at once."""
        for routine in self._routines:
            routine.wake()

    def expect_review(self) -> None:
        """A row was set aside, and is to be read again from time to time."""
        self._reviewer.expect()
        self._reviewing.wake()

    def _wake_polling(self, provider: str) -> None:
        self._polling[provider].wake()

    async def run_due(self) -> None:
        """Do all that is due now."""
        await asyncio.gather(*(routine.run() for routine in self._routines))

    def hanging(self) -> list[UnderWay]:
        """The webhooks that were sent and not answered yet."""
        return self._delivery.under_way()

    async def stop(self) -> None:
        """Begin nothing more, wait for what is under way for as long as STOP_S, and give back what was not begun."""
        self._core.stopping = True
        for routine in self._routines:
            routine.stop()
        tasks = {*self._delivery.tasks, *(routine.task for routine in self._routines if routine.task)}
        if tasks:
            await self._core.patience(tasks, STOP_S, for_all=True)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        with suppress(UnavailableError):  # then the leases end by themselves
            await self._delivery.release()

    def _begin_more(self) -> Awaitable[object]:
        return self._delivering.begin()

    async def _tick(self) -> int | None:
        """Bring subscriptions up to date; when the next falls due."""
        core = self._core
        due_ms = await core.store.read(_tick_ms)
        if due_ms is None or due_ms > core.timers.now_ms():
            return due_ms
        await tick_due(core)
        return await core.store.read(_tick_ms)


def _tick_ms(records: Records) -> int | None:
    return records.next_subscription_ms()
