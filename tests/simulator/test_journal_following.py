"""The journal's stream, its windows of rows, and why a call was answered so: over HTTP, in process."""

import json

import pytest

from bakong_simulator.kernel.journal import BYTES_PER_CALL, Journal
from tests.simulator.test_journal import entry_of

CHECK = "check_transaction_by_md5"


async def asked(api, *numbers):
    for number in numbers:
        await api.post(f"/{CHECK}", json={"md5": f"{number:032x}"})


async def events(hand, **query):
    """The stream as it is now: (event, id, data)."""
    last = query.pop("last_event_id", None)
    headers = {"last-event-id": last} if last else {}
    answer = await hand.get("/journal/stream", params={"follow": "false", **query}, headers=headers)
    assert answer.headers["content-type"].startswith("text/event-stream")
    blocks = [dict(line.split(": ", 1) for line in block.splitlines()) for block in answer.text.strip().split("\n\n")]
    return [(block["event"], block["id"], json.loads(block["data"])) for block in blocks]


async def test_a_reader_goes_on_where_it_left_off(api, hand):
    await asked(api, 1, 2)
    _, (name, place, data) = await events(hand, after="start")
    assert (name, [row["number"] for row in data["rows"]], data["skipped"]) == ("calls", [1, 2], 0)
    await asked(api, 3)
    *_, (_, there, later) = await events(hand, last_event_id=place)
    assert [row["number"] for row in later["rows"]] == [3]
    assert [name for name, *_ in await events(hand, last_event_id=there)] == ["ready"]


async def test_a_reader_of_a_journal_that_is_gone_hears_it_and_begins_anew(api, hand):
    await asked(api, 1)
    *_, (_, place, _) = await events(hand, after="start")
    await hand.post("/reset")
    await asked(api, 5)
    assert [name for name, *_ in await events(hand, last_event_id=place)] == ["restarted", "ready", "calls"]


async def test_a_reader_hears_of_a_change_before_it_came_back_once(api, hand, code):
    """What changed between a page and its stream, or while a connection was broken, is told though it is no call."""
    await asked(api, 1)
    *_, (_, place, _) = await events(hand, after="start")
    await hand.post("/qr", json={"qr": code.qr})
    (_, _, _), (name, there, _) = await events(hand, last_event_id=place)
    assert name == "changed"
    assert [name for name, *_ in await events(hand, last_event_id=there)] == ["ready"]
    bare = place.rpartition("-")[0]  # an id without a state, as before: from today's
    assert [name for name, *_ in await events(hand, after=bare)] == ["ready"]


async def test_what_is_too_much_for_one_event_is_skipped_and_said(api, hand):
    await asked(api, *range(5))
    *_, (_, _, data) = await events(hand, after="start", latest=2)
    assert ([row["number"] for row in data["rows"]], data["skipped"]) == ([4, 5], 3)


async def test_a_cursor_that_is_none_is_refused(hand):
    assert (await hand.get("/journal/stream", params={"after": "x", "follow": "false"})).status_code == 422


async def test_a_window_of_rows_is_counted_from_the_newest(api, hand):
    await asked(api, *range(10))
    shown = (await hand.get("/journal/rows", params={"offset": 2, "count": 3})).json()
    assert ([row["number"] for row in shown["rows"]], shown["matching"], shown["total"]) == ([8, 7, 6], 10, 10)
    one = (await hand.get("/journal/rows", params={"md5": f"{3:032X}"})).json()
    assert ([row["number"] for row in one["rows"]], one["matching"]) == ([4], 1)
    assert (await hand.get("/journal/rows", params={"status": 404})).json()["rows"] == []
    assert (await hand.get("/journal/rows", params={"offset": 50})).json()["rows"] == []


async def test_a_call_says_why_it_was_answered_so(api, hand, code):
    await hand.post("/qr", json={"qr": code.qr, "scenario": "storm-503"})
    await api.post(f"/{CHECK}", json={"md5": code.md5})
    call = (await hand.get("/journal/calls/1")).json()
    assert (call["why"]["rule"]["fault"], call["status"], call["why"]["status"]) == ("http", 503, "paid")
    assert call["why"]["step"]["state"] == "paid"
    assert call["real_ms"] == call["at_ms"]


async def test_a_path_that_is_no_endpoint_has_its_nearest(api, hand):
    await api.post("/check_transaction_by_md6", json={})
    assert (await hand.get("/journal/calls/1")).json()["why"]["near_miss"] == CHECK
    assert [call["near_miss"] for call in (await hand.get("/journal")).json()["entries"]] == [CHECK]
    assert (await hand.get("/journal/calls/2")).status_code == 404


@pytest.mark.parametrize("many", [100_000])
def test_a_journal_of_more_bytes_keeps_more_calls(many):
    journal = Journal(dict, many * BYTES_PER_CALL)
    for _ in range(many + 1):
        journal.record(entry_of(1))
    assert (len(journal), journal.find(1), journal.newest(1)[0].number) == (many, None, many + 1)
    assert [entry.number for entry in journal.newest(2, before=50)] == [49, 48]
