"""The stream of a world's webhooks, and listeners: what a follower reads, resumes, misses, and what it never does."""

import asyncio
import base64
import json
from contextlib import asynccontextmanager

import pytest

from bakong_simulator import app as simulator_app
from bakong_simulator.control import webhook_following
from bakong_simulator.kernel.webhook_log import Sent
from bakong_simulator.kernel.webhook_stream import BATCH, WebhookStream
from tests.simulator.live import following
from tests.simulator.shop import RETRIES_S, URL, event_of, is_signed, open_shop, publish

HOOK = "http://127.0.0.1:3000/hook"


def events_of(text):
    """Name, id and data of each event of a stream."""
    blocks = [dict(line.split(": ", 1) for line in block.split("\n")) for block in text.split("\n\n") if block.strip()]
    return [(block["event"], block["id"], json.loads(block["data"])) for block in blocks]


async def read(hand, cursor="start", **query):
    """What the stream has now."""
    answer = await hand.get("/webhooks/stream", params={"after": cursor, "follow": "false", **query})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
    return events_of(answer.text)


async def attempts(hand, cursor="start", **query):
    return [data for name, _, data in await read(hand, cursor, **query) if name == "attempt"]


async def listener(hand, name="cli", **more):
    answer = await hand.put(f"/webhooks/listeners/{name}", json={"url": HOOK, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_each_attempt_is_in_the_stream_with_its_very_bytes_and_headers(hand, world):
    shop = open_shop(world, 500, 200)
    publish(world, payment="ref-1")
    await hand.post("/clock/advance", json={"seconds": RETRIES_S[0]})
    rows = await attempts(hand)
    assert [(row["webhook"], row["attempt"], row["status"], row["relayed"]) for row in rows] == [
        *((1, 1, 500, False), (1, 2, 200, False)),
    ]
    assert [base64.b64decode(row["body_base64"]) for row in rows] == [attempt.body for _, attempt in shop.seen]
    assert [row["headers"] for row in rows] == [dict(attempt.headers) for _, attempt in shop.seen]
    assert {(row["payment"], row["url"], row["id"]) for row in rows} == {("ref-1", URL, "evt_1")}


async def test_a_follower_begins_now_or_where_it_stopped(hand, world):
    open_shop(world)
    for number in range(1, 4):
        publish(world, number)
    await world.clock.settled()
    [ready] = events_of((await hand.get("/webhooks/stream", params={"follow": "false"})).text)
    assert ready[0] == "ready"
    ids = [id_ for name, id_, _ in await read(hand) if name == "attempt"]
    assert [row["id"] for row in await attempts(hand, ids[0])] == ["evt_2", "evt_3"]
    resumed = await hand.get("/webhooks/stream", params={"follow": "false"}, headers={"last-event-id": ids[1]})
    assert [data["id"] for name, _, data in events_of(resumed.text) if name == "attempt"] == ["evt_3"]
    assert await attempts(hand, ready[1]) == []


async def test_what_is_asked_for_is_shown_alone(hand, world):
    open_shop(world)
    publish(world, 1)
    world.outbox.publish("tiny", event_of(2, "refund.create"))
    await world.clock.settled()
    assert [row["id"] for row in await attempts(hand, type="refund.*")] == ["evt_2"]
    assert await attempts(hand, scheme="omise") == []
    assert await attempts(hand, listener="cli") == []


async def test_a_cursor_of_another_run_is_told_and_everything_follows(hand, world):
    open_shop(world)
    publish(world)
    await world.clock.settled()
    names = [name for name, _, _ in await read(hand, "1a2b-77")]
    assert names == ["restarted", "ready", "attempt"]
    later = (await read(hand))[0][1].rpartition("-")[0] + "-99"
    assert [name for name, _, _ in await read(hand, later)] == names, "a number that this run has not reached"


@pytest.mark.parametrize("cursor", ["x", "x-", "-", "a-b", "a-" + "9" * 30, "a-1.5"])
async def test_what_is_no_cursor_is_refused(hand, cursor):
    answer = await hand.get("/webhooks/stream", params={"after": cursor, "follow": "false"})
    assert (answer.status_code, "expected the id of an event of this stream" in answer.text) == (422, True)


async def test_a_stream_outlives_a_reset(hand, world):
    open_shop(world)
    publish(world, 1)
    await world.clock.settled()
    await hand.post("/reset")
    publish(world, 2)
    await world.clock.settled()
    assert [row["id"] for row in await attempts(hand)] == ["evt_1", "evt_2"]


# Its bounds


def sent_of(number, size=10):
    return Sent(0, 0, number, 1, "tiny", f"evt_{number}", "x", None, URL, {}, b"x" * size, (), False, 200, None, 0, b"")


def read_all(stream, number=0):
    """The numbers that a reader is handed, and how many it has missed."""
    numbers, missed = [], 0
    while (batch := stream.after(number)).rows:
        missed += batch.missed
        numbers += [row.number for row in batch.rows]
        number = numbers[-1]
    return numbers, missed


@pytest.mark.parametrize(("limit", "size", "kept"), [(250, 10, 250), (10_000, 100, 10)])
def test_a_stream_keeps_the_last_ones_and_says_how_many_were_missed(limit, size, kept):
    stream = WebhookStream("run", limit=limit, max_bytes=1_000 if size == 100 else 10**9)
    for number in range(1, 2 * BATCH + 301):
        stream.add("", sent_of(number, size), relayed=False)
    numbers, missed = read_all(stream)
    assert (numbers, missed) == (list(range(501 - kept, 501)), 500 - kept)
    assert read_all(stream, 498) == ([499, 500], 0)
    assert read_all(stream, 500) == ([], 0)


async def test_who_was_too_slow_is_told_how_much_is_gone(hand, world, monkeypatch):
    open_shop(world)
    monkeypatch.setattr(world.outbox.stream, "_limit", 2)
    for number in range(1, 6):
        publish(world, number)
    await world.clock.settled()
    names = [(name, data.get("missed"), data.get("id")) for name, _, data in await read(hand)]
    assert names == [("ready", None, None), ("missed", 3, None), ("attempt", None, "evt_4"), ("attempt", None, "evt_5")]


# Following it live


async def test_a_follower_hears_of_each_as_it_is_made_and_leaves_nothing_behind(worlds, world):
    open_shop(world)
    async with following(simulator_app.build(worlds)) as live:
        assert (await live.event())["event"] == "ready"
        for number in (1, 2):
            publish(world, number)
            await world.clock.settled()
            assert json.loads((await live.event())["data"])["id"] == f"evt_{number}"
        assert world.outbox.stream.followers == 1
    assert world.outbox.stream.followers == 0


async def test_a_quiet_stream_says_that_it_is_there(worlds, monkeypatch):
    monkeypatch.setattr(webhook_following, "KEEP_ALIVE_S", 0.01)
    async with following(simulator_app.build(worlds)) as live:
        assert (await live.event())["event"] == "ready"
        assert await live.block() == ": still here"


@asynccontextmanager
async def in_world(worlds, name):
    """The stream of a world, which says that it is ready."""
    async with following(simulator_app.build(worlds), name) as live:
        assert (await live.event())["event"] == "ready"
        yield live


async def test_a_stream_ends_with_its_world_and_with_the_sandbox(worlds):
    worlds.make("w")
    async with in_world(worlds, "w") as live, in_world(worlds, "default") as other:
        worlds.drop("w")
        assert await live.block() is None
        worlds.close_streams()
        assert await other.block() is None


async def test_a_sandbox_that_ends_is_not_followed_any_more_and_hands_out_what_it_has(worlds, hand, world):
    """It still answers while it ends: who comes back then must not take it for the one that is started anew."""
    open_shop(world)
    publish(world)
    await world.clock.settled()
    worlds.close_streams()
    async with following(simulator_app.build(worlds), after="start") as live:
        assert (await live.event())["event"] == "attempt"
        assert await live.block() is None
    assert len(await attempts(hand)) == 1, "what is kept can still be read"


# Listeners


async def test_what_is_for_a_listener_is_handed_to_the_stream_and_not_posted(hand, world):
    shop = open_shop(world)
    made = await listener(hand)
    [endpoint] = [row for row in made["endpoints"] if row["scheme"] == "tiny"]
    publish(world)
    await world.clock.settled()
    [row] = await attempts(hand, made["cursor"], listener="cli")
    assert (row["relayed"], row["status"], row["error"], row["url"]) == (True, None, None, HOOK)
    assert (row["endpoint"], len(shop.seen)) == (endpoint["id"], 1), "the shop's own endpoint has its post, no more"

    class Attempt:
        headers, body = row["headers"], base64.b64decode(row["body_base64"])

    assert is_signed(Attempt, endpoint["secret"])
    states = [one["state"] for one in (await hand.get("/webhooks")).json()]
    assert states == ["delivered", "delivered"], "handed over is delivered: nothing is tried again"


async def test_what_is_sent_again_comes_to_the_listener_again(hand, world):
    open_shop(world)
    made = await listener(hand, schemes=["tiny"])
    publish(world)
    await world.clock.settled()
    [row] = await attempts(hand, made["cursor"], listener="cli")
    again = (await hand.post(f"/webhooks/{row['webhook']}/resend")).json()
    rows = await attempts(hand, made["cursor"], listener="cli")
    assert [(one["attempt"], one["resent"]) for one in rows] == [(1, False), (2, True)]
    assert again["attempts"][1]["headers"] == rows[1]["headers"]
    assert rows[0]["body_base64"] == rows[1]["body_base64"]


async def test_faults_strike_what_a_listener_gets(hand, world):
    open_shop(world)
    made = await listener(hand, schemes=["tiny"], events=["refund.*"])
    await hand.post("/webhooks/faults", json={"fault": "lost", "event": "refund.*", "times": 4})
    for number in (1, 2):
        world.outbox.publish("tiny", event_of(number, "refund.create"))
    publish(world, 3)
    await hand.post("/clock/advance", json={"seconds": sum(RETRIES_S)})
    rows = await attempts(hand, made["cursor"], listener="cli")
    assert {(row["error"], row["relayed"], row["type"]) for row in rows} == {("lost", False, "refund.create")}


async def test_a_listener_that_only_watches_has_the_sandbox_post(hand, world):
    shop = open_shop(world, 200, 500, 200)
    made = await listener(hand, schemes=["tiny"], deliver=True)
    assert made["relays"] is False
    publish(world)
    await hand.post("/clock/advance", json={"seconds": RETRIES_S[0]})
    assert [row["status"] for row in await attempts(hand, listener="cli")] == [500, 200]
    assert [attempt.url for _, attempt in shop.seen] == [URL, HOOK, HOOK]


async def test_a_listener_is_the_same_each_time_it_is_put(hand, world):
    open_shop(world)
    first = await listener(hand)
    again = await listener(hand, schemes=["tiny"], events=["refund.*"])
    assert (first["is_new"], again["is_new"]) == (True, False)
    assert [row["scheme"] for row in again["endpoints"]] == ["tiny"]
    assert again["endpoints"][0]["secret"] in {row["secret"] for row in first["endpoints"]}
    assert [row["name"] for row in (await hand.get("/webhooks/listeners")).json()] == ["cli"]
    assert (await hand.delete("/webhooks/listeners/cli")).status_code == 204
    assert (await hand.get("/webhooks/listeners")).json() == []
    assert {row["secret"] for row in (await listener(hand))["endpoints"]} == {
        row["secret"] for row in first["endpoints"]
    }, "by the world's seed and the name, so that a shop need not be told again"
    other = await listener(hand, "other", schemes=["tiny"])
    assert other["endpoints"][0]["secret"] != again["endpoints"][0]["secret"]


async def test_a_listener_outlives_a_reset_and_a_snapshot(hand, world):
    open_shop(world)
    made = await listener(hand, schemes=["tiny"])
    kept = (await hand.get("/snapshot")).json()
    await hand.delete("/webhooks/listeners/cli")
    assert (await hand.put("/snapshot", json=kept)).status_code == 200
    assert (await hand.get("/snapshot")).json() == kept
    await hand.post("/reset")
    publish(world)
    await world.clock.settled()
    assert len(await attempts(hand, made["cursor"], listener="cli")) == 1


async def test_whoever_has_left_is_not_waited_for(hand, world):
    """A listener that nobody follows costs rows of a bounded stream, and holds up no advance."""
    open_shop(world)
    await listener(hand, schemes=["tiny"])
    publish(world)
    async with asyncio.timeout(60):
        answer = await hand.post("/clock/advance", json={"seconds": 60})
    assert answer.json()["hanging"] == []


REFUSED = [
    ("PUT", "/listeners/cli", {"url": "ftp://x"}, 422, "expected one like http://"),
    ("PUT", "/listeners/cli", {"url": HOOK, "schemes": ["bakong"]}, 422, "expected one that posts webhooks"),
    ("PUT", "/listeners/cli", {"url": HOOK, "schemes": []}, 422, "schemes"),
    ("PUT", "/listeners/A:b", {"url": HOOK}, 422, "name"),
    ("DELETE", "/listeners/none", None, 404, "no listener is called 'none'"),
    ("GET", "/stream?follow=maybe", None, 422, "follow"),
    ("GET", "/stream?follow=false&x=1", None, 422, "x"),
]


@pytest.mark.parametrize(("method", "path", "body", "status", "words"), REFUSED, ids=range(len(REFUSED)))
async def test_what_cannot_be_is_refused_in_words(hand, world, method, path, body, status, words):
    open_shop(world)
    answer = await hand.request(method, f"/webhooks{path}", json=body)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    assert words in answer.text
