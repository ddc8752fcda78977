"""Webhooks: bytes that a shop's own signature check survives, who acknowledges, ladders, amounts with scripts."""

import asyncio
import hashlib
import hmac
import json

import httpx
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bakong_sandbox.stack.schemes import SCHEMES
from bakong_schemes.paystack import wire
from bakong_schemes.paystack.fake.requests import metadata_of
from bakong_simulator.control import build
from bakong_simulator.journals.replay import replay
from tests.conftest import NOW_MS
from tests.schemes.paystack.conftest import HOOK, KEY, WORLD

ODD = {"2": "b", "1": "a", "path": "a/b", "name": "Adébáyò 日本 \u2028\x7f\x01", "list": [1, {"x": None}]}
STRINGIFY = """
const crypto = require("crypto"), rows = require("fs").readFileSync(0, "utf8").trim().split("\\n");
for (const row of rows) {
  const text = JSON.stringify(JSON.parse(row));
  console.log(crypto.createHmac("sha512", "sk_test_sandbox").update(text).digest("hex"));
}
"""


async def signatures_in_node(node, bodies):
    """What Paystack's own sample computes: HMAC of JSON.stringify of the parsed body."""
    process = await asyncio.create_subprocess_exec(node, "-e", STRINGIFY, stdin=-1, stdout=-1, stderr=-1)
    out, err = await process.communicate(b"\n".join(bodies))
    assert process.returncode == 0, err.decode()
    return out.decode().split()


async def test_a_webhook_is_the_verification_signed_over_its_raw_body(shop):
    await shop.listen()
    reference = await shop.paid(metadata=ODD)
    await shop.advance(0)
    [attempt] = shop.posts
    assert attempt.headers["x-paystack-signature"] == hmac.new(KEY.encode(), attempt.body, hashlib.sha512).hexdigest()
    event = json.loads(attempt.body)
    assert (list(event), event["event"]) == (["event", "data"], "charge.success")
    assert event["data"] == await shop.verify(reference)
    assert attempt.body == json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode()


async def test_the_documentations_sample_verifies_what_was_parsed_and_written_again(shop, require):
    """Also for what JavaScript reorders or writes otherwise: keys like indexes, 1.0, numbers with an exponent."""
    node = require("node")
    await shop.listen()
    for metadata in (ODD, json.dumps(ODD | {"n": 1.0, "big": 2**60, "small": 1e-9, "f": 0.1, "0": {"10": 1, "9": 2}})):
        await shop.refund(await shop.paid(metadata=metadata), 10_000)
    await shop.advance(120)
    signed = [attempt.headers["x-paystack-signature"] for attempt in shop.posts]
    assert len(signed) == 8
    assert await signatures_in_node(node, [attempt.body for attempt in shop.posts]) == signed


NUMBERS = st.integers(-(2**64), 2**64) | st.floats(allow_nan=False, allow_infinity=False)
KEYS = st.text() | st.integers(0, 2**33).map(str)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.dictionaries(KEYS, JSON, max_size=4), min_size=40, max_size=40))
def test_any_metadata_survives_javascript(require, rows):
    node = require("node")
    texts = [orjson.dumps(metadata_of(json.dumps(row))) for row in rows if _is_text(row)]
    signed = [wire.signature(KEY, text) for text in texts]
    assert asyncio.run(signatures_in_node(node, texts)) == signed


def _is_text(value):
    """Without lone surrogates, which no JSON body can hold."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


@pytest.mark.parametrize(("status", "tries"), [(200, 1), (201, 2), (204, 2), (302, 2), (500, 2)])
async def test_only_200_is_an_acknowledgement(shop, status, tries):
    await shop.listen()
    shop.status = status
    await shop.paid()
    await shop.advance(3_600)
    assert len(shop.posts) == tries
    assert len({(attempt.body, attempt.headers["x-paystack-signature"]) for attempt in shop.posts}) == 1
    assert {attempt.timeout_s for attempt in shop.posts} == {30}


@pytest.mark.parametrize(
    ("ladder", "ages_s"),
    [
        ("test", [3_600 * hour for hour in range(11)]),
        ("live", [0, 180, 360, 540, *(540 + 3_600 * hour for hour in range(1, 73))]),
    ],
)
async def test_the_ladder_of_retries_is_that_of_the_environment(shop, ladder, ages_s):
    await shop.set(retries=ladder)
    await shop.listen()
    shop.status = 500
    await shop.paid()
    await shop.advance(10 * 86_400)
    [event] = shop.world.outbox.events.values()
    assert [(tried.at_ms - NOW_MS) // 1000 for tried in event.tried] == ages_s


async def test_a_refunds_events_leave_in_their_order_though_one_has_to_be_sent_again(shop):
    await shop.listen()
    reference = await shop.paid()
    await shop.refund(reference, 10_000)
    await shop.advance(120)
    assert shop.event_names() == ["charge.success", "refund.pending", "refund.processing", "refund.processed"]
    await shop.set(refund_event="documented")
    await shop.refund(reference, 10_000)
    await shop.advance(0)
    assert "id" not in shop.events()[-1]["data"]


async def test_where_the_dashboard_has_no_url_nobody_is_told(shop):
    await shop.listen()
    assert (await shop.control("PUT", "/paystack/webhook", {"url": None})).json()["webhookUrl"] is None
    await shop.paid()
    await shop.advance(60)
    assert shop.posts == []
    assert (await shop.control("PUT", "/paystack/webhook", {"url": "no url"})).status_code == 422
    await shop.control("PUT", "/paystack/webhook", {"url": HOOK})
    await shop.control("PUT", "/paystack/webhook", {"url": f"{HOOK}/2"})
    await shop.paid()
    await shop.advance(0)
    assert [attempt.url for attempt in shop.posts] == [f"{HOOK}/2"]


# Amounts whose kobo name a script


async def test_91_is_declined_whatever_the_card(shop):
    reference = await shop.begin(50_091)
    assert (await shop.pay(reference))["status"] == "failed"


@pytest.mark.parametrize(("kobo", "posts"), [(92, 0), (93, 2), (90, 1)])
async def test_92_is_told_nobody_and_93_twice(shop, kobo, posts):
    await shop.listen()
    await shop.paid(50_000 + kobo)
    await shop.advance(60)
    assert len(shop.posts) == posts
    assert len({attempt.body for attempt in shop.posts}) <= 1


async def begun_and_not_waited_for(shop, amount):
    """A reference whose initialisation was not answered in time."""
    shop.client.timeout = 0.001
    with pytest.raises(httpx.TimeoutException):
        await shop.begin(amount, reference="slow")
    shop.client.timeout = 100
    return "slow"


async def test_94_is_paid_before_the_answer_to_its_initialisation(shop):
    await shop.listen()
    reference = await begun_and_not_waited_for(shop, 50_094)
    assert (await shop.verify(reference))["status"] == "success"
    await shop.advance(0)
    assert shop.event_names() == ["charge.success"]


async def test_97_hangs_and_its_repeat_is_a_duplicate(shop):
    reference = await begun_and_not_waited_for(shop, 50_097)
    assert (await shop.verify(reference))["status"] == "abandoned"
    body = {"email": "payer@shop.test", "amount": 50_000, "reference": reference}
    assert (await shop.refused("POST", "/transaction/initialize", body))[1] == "duplicate_reference"


async def test_95_is_paid_late(shop):
    reference = await shop.begin(50_095)
    await shop.advance(1_199)
    assert (await shop.verify(reference))["status"] == "abandoned"
    await shop.advance(1)
    assert (await shop.verify(reference))["status"] == "success"


async def test_96_is_told_before_checks_know_it(shop):
    await shop.listen()
    reference = await shop.begin(50_096)
    await shop.pay(reference)
    await shop.advance(0)
    assert shop.event_names() == ["charge.success"]
    for _ in range(2):
        assert (await shop.refused("GET", f"/transaction/verify/{reference}"))[1] == "transaction_not_found"
    assert (await shop.verify(reference))["status"] == "success"


@pytest.mark.parametrize("how", ["label", "header"])
async def test_any_script_of_the_library_is_named_by_a_label_or_a_header(shop, how):
    body = {"email": "payer@shop.test", "amount": 50_000, "reference": "order-1"}
    headers = {"authorization": f"Bearer {KEY}"}
    if how == "label":
        body["label"] = "SBX-PAID-AFTER-POLLS"
    else:
        headers["x-sandbox-scenario"] = "paid-after-polls"
    assert (await shop.client.post("/paystack/transaction/initialize", json=body, headers=headers)).is_success
    seen = [(await shop.verify("order-1"))["status"] for _ in range(12)]
    assert (seen[0], seen[-1]) == ("abandoned", "success")


async def test_who_asks_too_fast_is_told_when_to_come_back(shop):
    text = "name: f\nscheme: paystack\nfaults: [{on: transaction.verify, fault: refuse, as: too-many-requests}]"
    await shop.client.put(f"{WORLD}/scenario", content=text)
    reference = await shop.begin()
    answer = await shop.ask("GET", f"/transaction/verify/{reference}")
    assert (answer.status_code, answer.headers["x-ratelimit-reset"]) == (429, "1")


async def test_a_journal_of_all_of_it_replays_to_the_same_bytes(shop):
    await shop.listen()
    reference = await shop.paid(metadata=ODD)
    await shop.refund(reference, 10_000)
    await shop.advance(90)
    await shop.ok("GET", "/refund")
    page = (await shop.ok("POST", "/transaction/initialize", {"email": "a@b.test", "amount": "60000"}))["access_code"]
    await shop.client.post(f"/paystack/pay/{page}", data={"card": "5060666666666666666", "action": "pay"})
    await shop.advance(60)
    await shop.refused("POST", "/transaction/initialize", {})
    await shop.ok("GET", "/transaction")
    document = (await shop.client.get(f"{WORLD}/journal", params={"format": "replay"})).json()
    replayed, _ = await replay(document, build, SCHEMES)
    assert (replayed.calls, replayed.different) == (7, [])
