"""Refunds: their life on the world's clock, what is refused, where the money is at each moment."""

import pytest

from bakong_schemes.paystack import wire
from tests.schemes.paystack.conftest import WORLD

FAILS, WANTS_DETAILS = "4084080000671803", "4084080000671902"
DETAILS = {"refund_account_details": {"currency": "NGN", "account_number": "0000000000", "bank_id": "9"}}
MADE = (
    "transaction integration deducted_amount channel merchant_note customer_note status refunded_by expected_at "
    "currency domain amount fully_deducted id createdAt updatedAt"
).split()


async def state(shop, refund):
    return (await shop.ok("GET", f"/refund/{refund['id']}"))["status"]


async def test_a_refund_is_queued_then_processing_then_processed_each_with_its_event(shop):
    reference = await shop.paid()
    await shop.listen()
    before = shop.balance()
    whole = await shop.whole("POST", "/refund", {"transaction": reference, "amount": "20000"})
    made = whole["data"]
    assert whole["message"] == "Refund has been queued for processing"
    assert (list(made), made["transaction"]["reference"], made["status"]) == (MADE, reference, "pending")
    assert made["customer_note"] == f"Refund for transaction {reference}"
    assert made["merchant_note"].startswith(f"Refund for transaction {reference} by ")
    life = [(59, "pending", 0), (1, "processing", 0), (59, "processing", 0), (1, "processed", 20_000)]
    for seconds, word, moved in life:
        await shop.advance(seconds)
        assert (await state(shop, made), before - shop.balance()) == (word, moved)
    assert shop.event_names() == ["refund.pending", "refund.processing", "refund.processed"]
    last = shop.events()[-1]["data"]
    assert (last["transaction_reference"], last["amount"], last["status"]) == (reference, 20_000, "processed")
    assert (last["id"], last["refund_reference"]) == (made["id"], f"RFD{made['id']}")
    assert (await shop.verify(reference))["status"] == "success"  # a part leaves it so
    shown = await shop.ok("GET", f"/refund/{made['id']}")
    assert (shown["transaction"], shown["refund_type"], shown["refunded_at"]) == (
        *(made["transaction"]["id"], "partial", "2026-02-11T00:02:00.000Z"),
    )


async def test_the_whole_money_back_makes_it_reversed(shop):
    reference = await shop.paid()
    await shop.refund(reference, 20_000)
    await shop.refund(reference)  # what is left
    await shop.advance(119)
    assert (await shop.verify(reference))["status"] == "success"
    await shop.advance(1)
    assert (await shop.verify(reference))["status"] == "reversed"
    body = {"transaction": reference}
    assert await shop.refused("POST", "/refund", body) == (400, "invalid_params", wire.FULLY_REVERSED)


async def test_a_switch_makes_it_reversed_as_soon_as_all_is_asked_back(shop):
    await shop.set(reversed_at="created")
    reference = await shop.paid()
    await shop.refund(reference)
    assert (await shop.verify(reference))["status"] == "reversed"


async def test_a_repeat_is_a_second_refund_and_no_more_goes_back_than_came(shop):
    reference = await shop.paid()
    id_ = (await shop.verify(reference))["id"]
    headers = {"idempotency-key": "one", "authorization": "Bearer sk_test_sandbox"}
    for named in (reference, str(id_)):
        body = {"transaction": named, "amount": 20_000}
        assert (await shop.client.post("/paystack/refund", json=body, headers=headers)).is_success
    over = await shop.refused("POST", "/refund", {"transaction": id_, "amount": 10_001})
    assert over == (400, "invalid_params", wire.REFUND_TOO_LARGE)
    await shop.refund(reference, 10_000)
    assert (await shop.refused("POST", "/refund", {"transaction": reference}))[2] == wire.REFUND_TOO_LARGE
    rows = await shop.whole("GET", f"/refund?transaction={id_}")
    assert [row["amount"] for row in rows["data"]] == [10_000, 20_000, 20_000]
    assert (rows["message"], rows["meta"]["total"]) == ("Refunds retrieved", 3)
    assert len(await shop.ok("GET", f"/refund?reference={reference}&currency=NGN")) == 3
    assert await shop.ok("GET", "/refund?transaction=nobody") == await shop.ok("GET", "/refund?currency=USD") == []
    pages = [await shop.ok("GET", f"/refund?perPage=2&page={page}") for page in (1, 2)]
    assert [row["amount"] for page in pages for row in page] == [10_000, 20_000, 20_000]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, (404, "transaction_not_found")),
        ({"transaction": "nobody"}, (404, "transaction_not_found")),
        ({"transaction": "order-1", "amount": 0}, (400, "invalid_amount")),
        ({"transaction": "order-1", "amount": -1}, (400, "invalid_amount")),
        ({"transaction": "order-1", "amount": 1.5}, (400, "invalid_params")),
        ({"transaction": "order-1", "currency": "USD"}, (400, "invalid_params")),
        ({"transaction": "order-2"}, (400, "invalid_params")),
    ],
)
async def test_what_cannot_go_back_is_refused(shop, body, expected):
    await shop.paid()
    await shop.begin()
    assert (await shop.refused("POST", "/refund", body))[:2] == expected
    assert await shop.ok("GET", "/refund") == []


async def test_a_refund_that_fails_leaves_the_money_and_may_be_asked_for_again(shop):
    reference = await shop.paid(card=FAILS)
    await shop.listen()
    before = shop.balance()
    made = await shop.refund(reference)
    await shop.advance(120)
    assert (await state(shop, made), before - shop.balance()) == ("failed", 0)
    assert shop.event_names()[-1] == "refund.failed"
    assert (await shop.verify(reference))["status"] == "success"
    await shop.refund(reference)


async def test_one_that_needs_attention_waits_for_an_account_and_then_goes_on(shop):
    reference = await shop.paid(card=WANTS_DETAILS)
    await shop.listen()
    made = await shop.refund(reference)
    path = f"/refund/retry_with_customer_details/{made['id']}"
    early = await shop.refused("POST", path, DETAILS)
    assert early == (422, "invalid_params", wire.NOT_RETRIABLE)
    await shop.advance(86_400)
    assert await state(shop, made) == "needs-attention"
    assert (await shop.refused("POST", path, {}))[:2] == (400, "invalid_params")
    again = await shop.whole("POST", path, DETAILS)
    assert (again["message"], again["data"]["status"]) == (
        *("Refund retried and has been queued for processing", "processing"),
    )
    await shop.advance(60)
    assert (await state(shop, made), (await shop.verify(reference))["status"]) == ("processed", "reversed")
    assert shop.event_names() == [
        *("refund.pending", "refund.processing", "refund.needs-attention", "refund.processing", "refund.processed"),
    ]


async def test_a_refund_under_way_goes_on_once_after_a_snapshot(shop):
    reference = await shop.paid()
    await shop.listen()
    made = await shop.refund(reference, 20_000)
    await shop.advance(70)
    kept = (await shop.client.get(f"{WORLD}/snapshot")).json()
    before = shop.balance()
    assert (await shop.client.put(f"{WORLD}/snapshot", json=kept)).status_code == 200
    assert await state(shop, made) == "processing"
    await shop.advance(49)
    assert await state(shop, made) == "processing"
    await shop.advance(1)
    assert (await state(shop, made), before - shop.balance()) == ("processed", 20_000)
    assert shop.event_names().count("refund.processed") == 1
    await shop.advance(600)
    assert (before - shop.balance(), shop.world.ledger.sum("NGN")) == (20_000, 0)


async def test_a_reset_ends_the_refunds_that_were_under_way(shop):
    await shop.refund(await shop.paid())
    await shop.control("POST", "/reset")
    before = shop.balance()
    await shop.advance(600)
    assert (shop.balance(), await shop.ok("GET", "/refund")) == (before, [])
    assert list(shop.world.journal.failures) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("transactions", "order-1", "email"), "other@shop.test"),
        (("transactions", "order-1", "authorization"), "AUTH_none"),
        (("transactions", "order-1", "instrument"), "4111111111111111"),
        (("transactions", "order-1", "given"), 9),
        (("transactions", "order-1", "asking"), True),
        (("transactions", "order-1", "refunds"), [7]),
        (("transactions", "order-1", "reference"), "order-2"),
        (("references",), {}),
        (("pages",), {}),
        (("refunds",), {}),
        (("next_id",), "x"),
    ],
)
async def test_a_snapshot_that_contradicts_itself_is_refused_and_changes_nothing(shop, path, value):
    reference = await shop.paid()
    await shop.refund(reference)
    kept = (await shop.client.get(f"{WORLD}/snapshot")).json()
    spoilt = place = kept["schemes"]["paystack"]
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    assert spoilt is kept["schemes"]["paystack"]
    answer = await shop.client.put(f"{WORLD}/snapshot", json=kept)
    assert (answer.status_code, "paystack" in answer.text) == (422, True)
    assert (await shop.verify(reference))["status"] == "success"


async def test_money_that_the_dashboard_sends_back_is_a_refund_that_nobody_asked_for(shop):
    await shop.listen()
    script = "name: back\nscheme: paystack\npayment: [unpaid, paid: {for: 10s}, refunded]"
    await shop.client.put(f"{WORLD}/scenario", content=script)
    reference = await shop.paid()
    under_way = await shop.refund(reference, 20_000)
    await shop.advance(10)
    assert (await shop.verify(reference))["status"] == "reversed"
    rows = await shop.ok("GET", "/refund")
    assert [(row["amount"], row["status"]) for row in rows] == [(50_000, "processed"), (20_000, "pending")]
    await shop.advance(120)
    assert await state(shop, under_way) == "failed"  # nothing is left of it
