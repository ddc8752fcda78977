"""An order's events as server-sent events: what has happened, then what happens, until the order is decided.

A stream is short on purpose: it ends after LIFE_MS, and a client goes on where it stopped, by Last-Event-ID.
"""

import asyncio
from collections.abc import AsyncIterator

import orjson

from bakong_service.api.shapes_orders import event_shown
from bakong_service.domain.errors import ShopError
from bakong_service.domain.order_events import OrderEvent
from bakong_service.domain.orders import FINAL
from bakong_service.domain.refunds import RefundStatus
from bakong_service.ports import Records
from bakong_service.usecases.core import Core

MOST = 10  # streams of one merchant in one process
BATCH = 100
LOOK_MS = 2_000  # for what other processes have done
HEARTBEAT_MS = 15_000
LIFE_MS = 50_000
RETRY = b"retry: 1000\n\n"
HEARTBEAT = b": still here\n\n"


class Stream:
    """One stream of one order, after a number of its events. Raises ShopError where its merchant has too many."""

    def __init__(self, core: Core, order_id: str, owner: str, after: int) -> None:
        self._core = core
        self._order_id = order_id
        self._owner = owner
        self._after = after

    def begin(self) -> AsyncIterator[bytes]:
        """What is sent. Raises ShopError."""
        if self._core.streams[self._owner] >= MOST:
            raise ShopError("rate_limited", f"{MOST} streams of events may be open at once", retry_after_s=5)
        return self._sent()

    async def _sent(self) -> AsyncIterator[bytes]:
        core, news = self._core, asyncio.Event()
        core.streams[self._owner] += 1
        watching = core.watchers.setdefault(self._order_id, set())
        watching.add(news)
        try:
            yield RETRY
            async for text in self._until_decided(news):
                yield text
        finally:
            watching.discard(news)
            if not watching and core.watchers.get(self._order_id) is watching:
                del core.watchers[self._order_id]
            core.streams[self._owner] -= 1
            if core.streams[self._owner] <= 0:
                del core.streams[self._owner]

    async def _until_decided(self, news: asyncio.Event) -> AsyncIterator[bytes]:
        timers = self._core.timers
        begun_ms = beat_ms = timers.now_ms()
        while not self._core.stopping:
            news.clear()
            events, is_decided = await self._core.store.read(self._read)
            for event in events:
                self._after = event.number
                yield _text(event)
            now_ms = timers.now_ms()
            if (is_decided and len(events) < BATCH) or now_ms - begun_ms >= LIFE_MS:
                return
            if not events and now_ms - beat_ms >= HEARTBEAT_MS:
                beat_ms = now_ms
                yield HEARTBEAT
            if len(events) < BATCH:
                timer = timers.call_at(now_ms + LOOK_MS, news.set)
                try:
                    await news.wait()
                finally:
                    timer.cancel()

    def _read(self, records: Records) -> tuple[list[OrderEvent], bool]:
        """What came after the last event, and whether nothing more is to come."""
        order = records.order_by_id(self._order_id)
        refunds = records.refunds_of(self._order_id)
        waits = any(one.status is RefundStatus.PENDING for one in refunds)
        is_decided = order is None or (order.status_at(self._core.timers.now_ms()) in FINAL and not waits)
        return records.order_events(self._order_id, self._after, BATCH), is_decided


def _text(event: OrderEvent) -> bytes:
    return b"id: %d\nevent: %b\ndata: %b\n\n" % (
        event.number,
        event.type.value.encode(),
        orjson.dumps(event_shown(event)),
    )
