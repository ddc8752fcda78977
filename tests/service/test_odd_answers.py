"""What Bakong says is validated where it is read: whatever it sends becomes a Report that can be stored, or garbage."""

import httpx
import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bakong_schemes.bakong.adapter.client import MAX_ANSWER_BYTES, HttpBakong
from bakong_service.domain.money import Money
from bakong_service.domain.payments import Failed, NoAnswer, NotFound, Paid
from tests.conftest import NOW_MS

MD5 = "0" * 32
TRANSACTION = {"hash": "a" * 64, "toAccountId": "noodle_shop@devb", "amount": 0.5, "currency": "USD"}


def bakong(body, *, status=200):
    transport = httpx.MockTransport(lambda _: httpx.Response(status, content=body))
    return HttpBakong(
        httpx.AsyncClient(transport=transport, base_url="http://bakong"), "token", None, now_ms=lambda: NOW_MS
    )


def envelope(data, **changes):
    return {"responseCode": 0, "responseMessage": "Success", "errorCode": None, "data": data} | changes


@pytest.mark.parametrize(
    "change",
    [
        {"hash": "a" * 65},
        {"hash": "a" * 63},
        {"hash": "g" * 64},
        {"hash": "a" * 63 + "\n"},
        {"hash": "a" * 64 + "\0"},
        {"hash": None},
        {"toAccountId": None},
        {"toAccountId": "shop\0@devb"},
        {"toAccountId": "s" * 129},
        {"toAccountId": ["noodle_shop@devb"]},
    ],
    ids=str,
)
async def test_a_transaction_that_cannot_be_one_is_garbage_alone_and_in_a_list(change):
    odd = TRANSACTION | change
    assert (await bakong(orjson.dumps(envelope(odd))).check(MD5)).why == "garbage"
    rows = [{"md5": MD5, "status": "SUCCESS", "data": odd}, {"md5": "1" * 32, "status": "NOT_FOUND", "data": None}]
    reports = await bakong(orjson.dumps(envelope(rows))).check_list([MD5, "1" * 32])
    assert (reports[MD5].why, reports["1" * 32]) == ("garbage", NotFound())


@pytest.mark.parametrize(
    ("change", "money"),
    [
        ({}, Money(50, "USD")),
        ({"amount": "0.50"}, Money(50, "USD")),
        ({"amount": 10**15}, None),
        ({"amount": "1e999999999"}, None),
        ({"amount": "Infinity"}, None),
        ({"amount": 0.505}, None),
        ({"amount": {}}, None),
        ({"currency": []}, None),
        ({"currency": {"USD": 1}}, None),
        ({"currency": "THB"}, None),
    ],
    ids=str,
)
async def test_an_amount_that_no_payment_can_have_is_no_amount(change, money):
    report = await bakong(orjson.dumps(envelope(TRANSACTION | change))).check(MD5)
    assert isinstance(report, Paid)
    assert report.money == money


async def test_a_hash_in_capitals_is_the_same_transaction():
    report = await bakong(orjson.dumps(envelope(TRANSACTION | {"hash": "A" * 64}))).check(MD5)
    assert report.hash == "a" * 64


@pytest.mark.parametrize("depth", [300, 5_000, 100_000])
async def test_an_answer_that_is_nested_too_deeply_is_garbage(depth):
    text = orjson.dumps(envelope(TRANSACTION))[:-2] + b',"description":' + b"[" * depth + b"]" * depth + b"}}"
    assert (await bakong(text).check(MD5)).why == "garbage"


async def test_no_more_is_read_of_an_answer_than_256_kilobytes():
    sent = []

    async def parts():
        for _ in range(1_000):
            sent.append(1)
            yield b" " * 64 * 1024

    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=parts()))
    client = HttpBakong(
        httpx.AsyncClient(transport=transport, base_url="http://bakong"), "token", None, now_ms=lambda: NOW_MS
    )
    assert (await client.check(MD5)).why == "garbage"
    assert len(sent) == MAX_ANSWER_BYTES // (64 * 1024) + 1


@pytest.mark.parametrize(
    "link", ["https://x.test/\0", "https://x.test/" + "a" * 2_001, "javascript:1", " https://x.test/", 7]
)
async def test_a_short_link_that_is_no_link_is_none(link):
    assert await bakong(orjson.dumps(envelope({"shortLink": link}))).short_link("000201") is None


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text(max_size=70),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
NAMES = ("hash", "toAccountId", "amount", "currency", "createdDateMs", "status", "md5", "data", "errorCode")
ROWS = st.dictionaries(st.sampled_from(NAMES), VALUES | st.sampled_from([*TRANSACTION.values(), MD5, "SUCCESS"]))


@given(data=VALUES | ROWS | st.lists(ROWS | VALUES, max_size=3), code=VALUES | st.sampled_from([0, 1]))
@example(data={"hash": "a" * 64, "toAccountId": "a", "currency": []}, code=0)
@settings(max_examples=300, deadline=None)
async def test_whatever_is_answered_is_a_report_that_can_be_stored(data, code):
    body = orjson.dumps(envelope(data, responseCode=code))
    client = bakong(body)
    listed = await client.check_list([MD5])
    for report in (await client.check(MD5), *(listed.values() if isinstance(listed, dict) else [listed])):
        assert isinstance(report, Paid | Failed | NotFound | NoAnswer)
        if isinstance(report, Paid):
            assert len(report.hash) == 64
            assert "\0" not in report.hash + report.to_account
            assert report.money is None or abs(report.money.minor) < 2**63


@given(st.binary(max_size=200))
async def test_whatever_bytes_are_answered_are_a_report(body):
    assert isinstance(await bakong(body).check(MD5), NoAnswer)
