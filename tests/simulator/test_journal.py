"""The journal: what it tells, how it is held to expectations, how it leaves."""

import json
from pathlib import Path

import jsonschema
import pytest

from bakong_simulator.kernel.journal import LIMIT, MAX_ACTION_BODY, MAX_BYTES, Journal

CHECK = "check_transaction_by_md5"


async def asked(api, *numbers):
    for number in numbers:
        await api.post(CHECK, json={"md5": str(number)})


async def test_an_entry_tells_who_asked_what_where_the_script_stood_and_how_it_was_answered(api, hand, code):
    await hand.put("/scenario", content="name: slow\nfaults:\n  - {fault: delay, for: 1ms}\npayment:\n  - unpaid")
    await api.post(CHECK, json={"md5": code.md5}, headers={"x-forwarded-for": "36.37.1.2"})
    (entry,) = (await hand.get("/journal")).json()["entries"]
    assert entry["token"] == api.headers["authorization"].removeprefix("Bearer ")
    told = {name: entry[name] for name in ("number", "endpoint", "method", "client", "md5", "poll", "scenario", "step")}
    assert told == {
        "number": 1,
        "endpoint": CHECK,
        "method": "POST",
        "client": "36.37.1.2",
        "md5": code.md5,
        "poll": 1,
        "scenario": "slow",
        "step": 0,
    }
    assert (entry["status"], entry["error_code"], entry["fault"], entry["delay_ms"]) == (200, 1, "delay", 1)


async def test_a_journal_can_be_asked_for_some_of_its_calls(api, hand):
    await asked(api, 1, 2, 3)
    await api.post("nothing")
    numbers = {}
    for query in [
        {},
        {"md5": "2"},
        {"status": 404},
        {"error_code": 1},
        {"after": 2},
        {"limit": 1},
        {"endpoint": "renew_token"},
    ]:
        shown = (await hand.get("/journal", params=query)).json()
        assert shown["total"] == 4
        numbers[str(query)] = [entry["number"] for entry in shown["entries"]]
    assert list(numbers.values()) == [[1, 2, 3, 4], [2], [4], [1, 2, 3], [3, 4], [4], []]


VERDICTS = [
    ({"match": {"endpoint": CHECK}}, True, 3),
    ({"match": {"endpoint": CHECK}, "count": 3}, True, 3),
    ({"match": {"endpoint": CHECK}, "count": 2}, False, 3),
    ({"match": {"endpoint": CHECK}, "at_least": 4}, False, 3),
    ({"match": {"endpoint": CHECK}, "at_least": 1, "at_most": 2}, False, 3),
    ({"match": {"status": 500}, "never": True}, True, 0),
    ({"match": {"body": {"md5": "1"}}, "never": True}, False, 1),
    ({"match": {"answer": {"errorCode": 1}}, "at_most": 3}, True, 3),
    ({"order": [{"md5": "1"}, {"md5": "3"}]}, True, 2),
    ({"order": [{"md5": "3"}, {"md5": "1"}]}, False, 1),
    ({"order": [{"md5": "1"}, {"md5": "1"}]}, False, 1),
]


@pytest.mark.parametrize(("expectation", "ok", "count"), VERDICTS, ids=range(len(VERDICTS)))
async def test_a_journal_is_held_to_an_expectation(api, hand, expectation, ok, count):
    await asked(api, 1, 2, 3)
    verdict = (await hand.post("/journal/verify", json=expectation)).json()
    assert (verdict["ok"], verdict["count"]) == (ok, count)


async def test_what_was_expected_and_not_found_shows_the_nearest_calls_with_what_differs(api, hand):
    await asked(api, 1)
    await api.post("nothing")
    body = {"match": {"endpoint": CHECK, "md5": "2", "status": 200}}
    verdict = (await hand.post("/journal/verify", json=body)).json()
    assert verdict["near_misses"][0] == {
        "number": 1,
        "endpoint": CHECK,
        "differs": {"md5": {"expected": "2", "read": "1"}},
    }
    assert len(verdict["near_misses"][1]["differs"]) == 3


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"match": {}, "order": [{}]},
        {"match": {}, "count": 1, "at_least": 1},
        {"match": {"endpont": "x"}},
        {"order": []},
        {"order": [{}], "count": 1},
        {"match": {}, "never": False},
    ],
    ids=str,
)
async def test_an_expectation_that_says_nothing_clear_is_refused(hand, body):
    assert (await hand.post("/journal/verify", json=body)).status_code == 422


async def test_a_journal_leaves_as_har(api, hand):
    await asked(api, 1)
    log = (await hand.get("/journal", params={"format": "har"})).json()["log"]
    (entry,) = log["entries"]
    assert (log["version"], entry["_worldTime"]) == ("1.2", "2026-02-11T00:00:00.000Z")
    assert entry["request"]["url"] == "http://bakong.test/v1/check_transaction_by_md5"
    assert entry["_api"] == "https://api-bakong.nbc.gov.kh/v1/check_transaction_by_md5"
    sent = {row["name"]: row["value"] for row in entry["request"]["headers"]}
    assert (sent["Host"], sent["Content-Length"], sent["Authorization"][:8]) == ("bakong.test", "11", "Bearer e")
    answered = {row["name"] for row in entry["response"]["headers"]}
    assert (entry["request"]["postData"]["text"], entry["response"]["status"]) == ('{"md5":"1"}', 200)
    assert answered >= {"date", "content-type", "content-length", "server"}


async def test_a_har_is_one_to_its_schema(api, hand):
    """har-schema's own; the calls are of every kind: without a body, with a query, refused, broken."""
    await asked(api, 1)
    await api.post("nothing")
    await api.get("verify", params={"a": ""})
    await hand.put("/scenario", content="name: f\nfaults:\n  - {fault: truncate, at: 0.5}")
    await asked(api, 2)
    har = (await hand.get("/journal", params={"format": "har"})).json()
    assert len(har["log"]["entries"]) == 4
    schema = json.loads((Path(__file__).parent / "data" / "har-1.2.json").read_text())
    wrong = jsonschema.Draft7Validator(schema, format_checker=jsonschema.FormatChecker()).iter_errors(har)
    assert [f"{error.json_path}: {error.message}" for error in wrong] == []


def entry_of(size):
    call = (0, "bakong", "e", "POST", "e", "", "", "", "", None, 1, "manual", None)
    return (*call, 200, None, None, 0, b"", (), b"", b"x" * size, 0, ())


def test_a_journal_is_bounded_in_calls_and_in_bytes():
    journal = Journal(dict)
    for _ in range(LIMIT + 5):
        journal.record(entry_of(1))
    assert (len(journal), journal.total, next(journal.entries).number) == (LIMIT, LIMIT + 5, 6)
    for _ in range(100):
        journal.record(entry_of(MAX_BYTES // 10 - 100))
    assert len(journal) == 10
    assert not journal.is_whole


async def test_a_control_action_keeps_the_beginning_of_a_long_body_and_says_so(hand, world, code):
    padding = b" " * 4_000_000
    for _ in range(20):
        sent = await hand.post("/tokens", content=b"{}" + padding, headers={"content-type": "application/json"})
        assert sent.status_code == 200
    assert world.journal.kept_bytes <= MAX_BYTES
    last = (await hand.get("/journal")).json()["actions"][-1]
    assert (last["path"], last["cut_from"], len(last["body"])) == ("/tokens", 4_000_002, MAX_ACTION_BODY)
    refused = await hand.get("/journal", params={"format": "replay"})
    assert (refused.status_code, "a body cut short" in refused.json()["detail"]) == (422, True)


async def test_the_journals_size_is_a_setting_of_the_world(api, hand, world):
    assert (await hand.get("")).json()["journal_bytes"] == MAX_BYTES
    assert (await hand.patch("", json={"journal_bytes": 500})).json()["journal_bytes"] == 500
    await asked(api, *range(20))
    shown = (await hand.get("/journal")).json()
    assert (0 < shown["kept"] < 20, shown["total"], world.journal.kept_bytes <= 1000) == (True, 20, True)
    await hand.post("/reset")
    assert (await hand.get("")).json()["journal_bytes"] == 500


@pytest.mark.parametrize("header", ["authorization", "x-forwarded-for", "x-sandbox-scenario"])
async def test_a_journal_keeps_no_long_heads(api, world, header):
    await api.post(CHECK, json={"md5": "1"}, headers={header: "Bearer " + "x" * 60_000})
    (entry,) = world.journal.entries
    assert len(entry.token) + len(entry.client) + len(entry.asked_scenario) + len(entry.answer) < 3000


async def test_metrics_count_calls_and_payments_of_each_world(api, hand, outside, code):
    await asked(api, 1, 2)
    await hand.post("/payments", json={"qr": code.qr})
    text = (await outside.get("/metrics")).text
    assert 'bakong_sandbox_calls_total{world="default"} 2.0' in text
    assert 'bakong_sandbox_payments{state="paid",world="default"} 1.0' in text
