"""An order's events as they happen: server-sent events that resume, beat, end, and are bounded in number."""

import asyncio
import json
from contextlib import asynccontextmanager

import httpx
import pytest

from bakong_sandbox.stack.serving import listen, serve, url_of
from bakong_service.api import event_stream
from tests.conftest import PLAIN
from tests.service.house import KEY
from tests.service.order_api.gateways import open_order_shop


@pytest.fixture
async def shop(tmp_path, storage):
    async with open_order_shop(tmp_path, storage) as opened:
        yield opened


class Listener:
    """One stream: its status, and what has come of it."""

    def __init__(self, app, order, last_event_id=None):
        headers = [(b"authorization", f"Bearer {KEY}".encode()), (b"host", b"service")]
        if last_event_id is not None:
            headers.append((b"last-event-id", str(last_event_id).encode()))
        path = f"/api/v1/orders/{order['id']}/events"
        scope = {"type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b""}
        scope |= {"headers": headers, "client": ("127.0.0.1", 1), "server": ("service", 80), "scheme": "http"}
        scope |= {"asgi": {"version": "3.0"}, "http_version": "1.1", "root_path": ""}
        self.text, self.status, self.headers = "", None, {}
        self._came, self._gone = asyncio.Event(), asyncio.Event()
        self._asked = False
        self.task = asyncio.ensure_future(app(scope, self._receive, self._send))
        self.task.add_done_callback(lambda _: self._came.set())

    async def _receive(self):
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message):
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        self.text += message.get("body", b"").decode()
        self._came.set()

    async def until(self, condition):
        while not condition(self):
            assert not self.task.done(), self.text
            self._came.clear()
            await self._came.wait()

    async def end(self):
        await self.task
        return self.events

    def go(self):
        self._gone.set()

    @property
    def events(self):
        """(id, event, data) of each."""
        blocks = [dict(line.split(": ", 1) for line in block.split("\n")) for block in self.text.split("\n\n") if block]
        return [(int(one["id"]), one["event"], json.loads(one["data"])) for one in blocks if "id" in one]


def listener(shop, order, **options):
    return Listener(shop.client._transport.app, order, **options)


async def test_what_has_happened_comes_first_then_what_happens_and_the_stream_ends_when_it_is_decided(shop):
    order = await shop.order()
    stream = listener(shop, order)
    await stream.until(lambda one: len(one.events) == 1)
    assert (stream.status, stream.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
    _, payment = await shop.paying(order)
    await stream.until(lambda one: len(one.events) == 3)
    shop.stripe.pays(payment["providerReference"])
    await shop.told(shop.stripe, "paid", payment["providerReference"])
    await shop.clock.advance(1)
    events = await stream.end()
    assert [kind for _, kind, _ in events] == [
        *("order.created", "payment.initiated", "payment.processing", "webhook.received", "payment.completed"),
    ]
    assert [number for number, _, _ in events] == [1, 2, 3, 4, 5]
    assert {data["orderId"] for *_, data in events} == {order["id"]}
    assert stream.text.startswith("retry: ")


async def test_a_stream_goes_on_after_the_last_event_that_was_seen(shop):
    order, payment = await shop.paid()
    whole = await listener(shop, order).end()
    for seen in range(len(whole) + 1):
        assert await listener(shop, order, last_event_id=seen).end() == whole[seen:]
    assert whole[-1][2]["paymentId"] == payment["id"]


async def test_a_stream_that_is_quiet_beats_and_ends_after_its_time(shop):
    order = await shop.order()
    stream = listener(shop, order)
    await stream.until(lambda one: one.events)
    await shop.clock.advance(16_000)
    await stream.until(lambda one: ": still here" in one.text)
    await shop.clock.advance(event_stream.LIFE_MS)
    assert len(await stream.end()) == 1


async def test_what_another_process_has_done_is_seen_without_being_told(shop):
    order = await shop.order()
    stream = listener(shop, order)
    await stream.until(lambda one: one.events)
    shop.core.watchers.clear()  # as in another process: nobody wakes it
    await shop.paying(order)
    await shop.clock.advance(event_stream.LOOK_MS)
    await stream.until(lambda one: len(one.events) == 3)
    stream.go()
    await stream.task


async def test_many_streams_are_open_at_once_and_a_key_has_so_many_and_no_more(shop):
    order = await shop.order()
    streams = [listener(shop, order) for _ in range(event_stream.MOST)]
    for stream in streams:
        await stream.until(lambda one: one.events)
    refused = await shop.get(f"/orders/{order['id']}/events")
    assert (refused.status_code, refused.json()["code"], refused.headers["retry-after"]) == (429, "rate_limited", "5")
    streams[0].go()
    await streams[0].task
    streams.append(again := listener(shop, order))
    await again.until(lambda one: one.events)
    await shop.post(f"/orders/{order['id']}/cancel")
    ends = [(await stream.end())[-1][1] for stream in streams[1:]]
    assert set(ends) == {"order.cancelled"}
    assert (shop.core.streams, shop.core.watchers) == ({}, {})


@pytest.mark.parametrize("bad", ["x", "-1", "9" * 17])
async def test_a_last_event_id_that_is_no_number_of_ours_is_422(shop, bad):
    order = await shop.order()
    answer = await shop.client.get(f"/api/v1/orders/{order['id']}/events", headers={"last-event-id": bad})
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")


@asynccontextmanager
async def over_a_port(shop):
    with listen(0) as opened:
        async with serve(shop.client._transport.app, opened):
            headers = {"authorization": f"Bearer {KEY}"}
            async with httpx.AsyncClient(base_url=url_of(opened), headers=headers, **PLAIN) as client:
                yield client


async def test_a_stream_over_http_comes_piece_by_piece(shop):
    order = await shop.order()
    async with over_a_port(shop) as client, client.stream("GET", f"/api/v1/orders/{order['id']}/events") as answer:
        lines = answer.aiter_lines()
        seen = [await anext(lines) for _ in range(5)]
        assert seen[:4] == ["retry: 1000", "", "id: 1", "event: order.created"]
        await shop.post(f"/orders/{order['id']}/cancel")
        rest = [line async for line in lines]
    assert "event: order.cancelled" in rest
