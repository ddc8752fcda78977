"""Time that passes by the test's word while work goes on, and main backends and a Bakong that take some of it.

Unlike a world's clock it waits for nobody's answer: a second passes once all is done that waits for no time.
"""

import asyncio
import heapq
import itertools
from collections import Counter
from contextlib import asynccontextmanager
from types import SimpleNamespace
from urllib.parse import urlsplit

import httpx

from bakong_service import app as service_app
from bakong_service.settings import Settings
from tests import answered
from tests.conftest import NOW_MS
from tests.service.house import KEY, SETTINGS, bakong, put_bakong
from tests.service.test_faults import Script

TIMEOUT_MS = 15_000
IDLE = 30  # so many turns of the loop without a transaction: nothing is left that waits for no time


class Passing:
    """See bakong_service.ports.Timers."""

    def __init__(self):
        self.ms = NOW_MS
        self._transactions = 0
        self._none_open = asyncio.Event()
        self._none_open.set()
        self._timers = []
        self._numbers = itertools.count()
        self._tasks = set()

    def now_ms(self):
        return self.ms

    def call_at(self, due_ms, fire, /):
        timer = SimpleNamespace(fire=fire)
        timer.cancel = lambda: setattr(timer, "fire", None)
        heapq.heappush(self._timers, (due_ms, next(self._numbers), timer))
        return timer

    async def pause(self, ms):
        done = asyncio.Event()
        timer = self.call_at(self.ms + ms, done.set)
        try:
            await done.wait()
        finally:
            timer.cancel()

    async def patience(self, tasks, seconds, /, *, for_all):
        """See bakong_service.ports.Patience."""
        paused = asyncio.ensure_future(self.pause(seconds * 1000))
        wanted = asyncio.ALL_COMPLETED if for_all else asyncio.FIRST_COMPLETED
        done = asyncio.ensure_future(asyncio.wait(tasks, return_when=wanted))
        await asyncio.wait({paused, done}, return_when=asyncio.FIRST_COMPLETED)
        paused.cancel()
        done.cancel()

    async def seconds(self, count):
        end_ms = self.ms + round(count * 1000)
        await self.idle()
        while self._timers and self._timers[0][0] <= end_ms:
            due_ms, _, timer = heapq.heappop(self._timers)
            self.ms = max(self.ms, due_ms)
            if timer.fire and (work := timer.fire()) is not None:
                task = asyncio.ensure_future(work)
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            await self.idle()
        self.ms = end_ms

    async def idle(self):
        quiet = 0
        while quiet < IDLE:
            if self._transactions:
                quiet = 0
                await self._none_open.wait()
            quiet += 1
            await asyncio.sleep(0)

    def counted(self, transact):
        async def counting(work):
            self._transactions += 1
            self._none_open.clear()
            try:
                return await transact(work)
            finally:
                self._transactions -= 1
                if not self._transactions:
                    self._none_open.set()

        return counting


class Backends:
    """Main backends: each takes as long as takes_ms says of its host. tries: when, to which host, which webhook."""

    def __init__(self, clock):
        self._clock = clock
        self.takes_ms = {}
        self.tries = []
        self.under_way = Counter()
        self.most_under_way = Counter()

    async def __call__(self, url, body, headers, /):
        host = urlsplit(url).netloc
        self.tries.append((self._clock.ms, host, headers["webhook-id"]))
        self.under_way[host] += 1
        self.most_under_way |= self.under_way
        try:
            if took_ms := self.takes_ms.get(host, 0):
                await self._clock.pause(min(took_ms, TIMEOUT_MS))
            return "timeout" if took_ms >= TIMEOUT_MS else 204
        finally:
            self.under_way[host] -= 1

    def to(self, host):
        return [at_ms - NOW_MS for at_ms, receiver, _ in self.tries if receiver == host]


class SlowScript(Script):
    """A scripted Bakong that may take its time; asked_ms: when it was asked about what."""

    def __init__(self, clock):
        super().__init__()
        self._clock = clock
        self.takes_ms = 0
        self.asked_ms = []

    async def check(self, md5):
        self.asked_ms.append((self._clock.ms, md5))
        if self.takes_ms:
            await self._clock.pause(self.takes_ms)
        return await super().check(md5)


@asynccontextmanager
async def open_shop(folder, clock, *, database_url="", providers=(), **changes):
    """A service whose Bakong and main backends take the clock's time; stopped by the test, or killed at the end."""
    folder.mkdir(exist_ok=True)
    url = database_url or f"sqlite:///{folder / 'shop.db'}"
    settings = Settings.model_construct(**SETTINGS | {"database_url": url, "log_dir": folder / "logs"} | changes)
    async with service_app.run(settings, [bakong(), *providers], timers=clock) as running:
        core, backends, script = running.core, Backends(clock), SlowScript(clock)
        core.post, core.patience = backends, clock.patience
        put_bakong(core, script)
        core.store.write, core.store.read = clock.counted(core.store.write), clock.counted(core.store.read)
        transport = httpx.ASGITransport(running.app)
        headers = {"authorization": f"Bearer {KEY}"}
        async with httpx.AsyncClient(
            transport=transport, base_url="http://service", headers=headers, event_hooks=answered.HOOKS
        ) as client:
            shop = SimpleNamespace(
                core=core, worker=running.worker, clock=clock, client=client, backends=backends, bakong=script
            )
            yield shop
        if not core.stopping:
            stopping = asyncio.ensure_future(running.worker.stop())
            while not stopping.done():
                await clock.seconds(1)
