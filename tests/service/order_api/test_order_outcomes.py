"""What becomes of an order: disputes, duplicates, wrong amounts, refunds that come later or fail; who sees it."""

import asyncio
import csv
import io

import pytest

from bakong_service.adapters.keys import Hasher
from bakong_service.domain.payments import NoAnswer
from bakong_service.domain.polling import DISPUTED_MS
from bakong_service.domain.refunds import AGAIN_MS, LEASE_MS
from bakong_service.usecases.orders import refund
from tests import secrecy
from tests.service.logins import log_in, open_office, user
from tests.service.order_api.gateways import Gateway, code, open_order_shop

TTL_MS = 900_000
OTHER_KEY = "sandbox_key_of_a_third_shop_0123456789"
secrecy.issue(OTHER_KEY)


@pytest.fixture
async def shop(tmp_path, storage):
    async with open_order_shop(tmp_path, storage) as opened:
        yield opened


async def told(shop, payment):
    gateway = shop.gateways[payment["provider"]]
    await shop.told(gateway, "something", payment["providerReference"])
    await shop.clock.advance(1_000)


async def test_a_disputed_payment_is_flagged_gives_nothing_back_and_wants_a_person(shop):
    order, payment = await shop.paid()
    session = shop.stripe.sessions[payment["providerReference"]]
    session.dispute = "open"
    await told(shop, payment)
    shown = await shop.data(f"/payments/{payment['id']}")
    assert (shown["disputed"], shown["dispute"], shown["status"]) == (True, "open", "completed")
    assert (await shop.standing(order))["orderStatus"] == "needs_review"
    assert code(await shop.refund(payment)) == (409, "payment_disputed")
    (row,) = await shop.data("/transactions", type="dispute")
    assert (row["status"], row["paymentId"], row["amount"]) == ("open", payment["id"], 99.99)
    session.dispute = "won"
    await told(shop, payment)
    assert (await shop.standing(order))["orderStatus"] == "paid"
    assert (await shop.refund(payment)).status_code == 201
    assert [one["status"] for one in await shop.data("/transactions", type="dispute")] == ["won"]
    assert (await shop.events(payment["id"])).count("payment.disputed") == 2


async def test_a_dispute_whose_end_no_event_tells_is_asked_about_each_day(shop):
    order, payment = await shop.paid()
    session = shop.stripe.sessions[payment["providerReference"]]
    session.dispute = "open"
    await told(shop, payment)
    session.dispute = "won"
    await shop.clock.advance(DISPUTED_MS - 2_000)
    assert (await shop.standing(order))["orderStatus"] == "needs_review"
    asked = len(shop.stripe.calls)
    await shop.clock.advance(3_000)
    assert (await shop.standing(order))["orderStatus"] == "paid"
    await shop.clock.advance(3 * DISPUTED_MS)
    assert len(shop.stripe.calls) == asked + 1


async def test_a_lost_dispute_is_final(shop):
    order, payment = await shop.paid()
    session = shop.stripe.sessions[payment["providerReference"]]
    for word in ("open", "lost", "open"):
        session.dispute = word
        await told(shop, payment)
    assert (await shop.standing(order))["payment"]["dispute"] == "lost"
    assert (await shop.standing(order))["orderStatus"] == "needs_review"
    assert code(await shop.refund(payment)) == (409, "payment_disputed")


async def test_refunds_that_are_due_are_taken_one_at_a_time(shop, monkeypatch):
    """Those that waited behind a slow one would be another worker's by their turn; Paystack gives back twice."""
    shop.stripe.loses_refund = True
    for _ in range(3):
        _, payment = await shop.paid()
        await shop.refund(payment)
    taken = []

    async def ask(core, _one):
        (late,) = await shop.rows(f"SELECT count(*) FROM refunds WHERE next_try_ms > {core.timers.now_ms() + AGAIN_MS}")  # noqa: S608
        taken.append(late[0])
        return NoAnswer("timeout")

    monkeypatch.setattr(refund, "_ask", ask)
    await shop.clock.advance(LEASE_MS)
    assert taken[:3] == [1, 1, 1]


async def test_two_payments_of_one_order_the_second_goes_back(tmp_path, storage):
    async with open_order_shop(tmp_path, storage, of_stripe={"cancel": None}) as shop:
        order, first = await shop.paying()
        await shop.clock.advance(TTL_MS)
        _, second = await shop.paying(order)
        for payment in (second, first):
            shop.stripe.pays(payment["providerReference"])
            await told(shop, payment)
        standing = await shop.standing(order)
        assert (standing["orderStatus"], standing["payment"]["id"]) == ("paid", second["id"])
        (other,) = standing["payments"]
        assert (other["id"], other["flag"], other["refundedAmount"]) == (first["id"], "duplicate_payment", 99.99)
        assert Gateway.refunded(shop.stripe.sessions[first["providerReference"]]) == 9999
        kinds = await shop.events(first["id"])
        assert ("payment.duplicate" in kinds, "payment.completed" in kinds) == (True, False)


@pytest.mark.parametrize("minor", [9998, 10_000])
async def test_another_amount_completes_nothing(shop, minor):
    order, payment = await shop.paying()
    shop.stripe.pays(payment["providerReference"], minor=minor)
    await told(shop, payment)
    standing = await shop.standing(order)
    assert (standing["orderStatus"], standing["payment"]["status"]) == ("needs_review", "needs_review")
    assert standing["payment"]["failureCode"] == "amount_mismatch"
    kinds = await shop.events(payment["id"])
    assert ("payment.amount_mismatch" in kinds, "payment.completed" in kinds) == (True, False)
    assert [one["status"] for one in await shop.data("/transactions")] == ["needs_review"]


async def test_a_refund_that_comes_later_is_pending_until_its_webhook(shop):
    order, payment = await shop.paid(provider="paystack", customerEmail="a@b.example")
    made = (await shop.refund(payment, {"amount": 40})).json()["data"]
    assert (made["status"], made["amount"], made["paymentId"]) == ("pending", 40, payment["id"])
    assert code(await shop.refund(payment, {"amount": 60})) == (409, "refund_exceeds_balance")
    shop.paystack.settle_refunds()
    await told(shop, payment)
    standing = await shop.standing(order)
    assert (standing["orderStatus"], standing["payment"]["refundedAmount"]) == ("partially_refunded", 40)
    assert [one["status"] for one in await shop.data("/transactions", type="refund")] == ["completed"]
    assert (await shop.events(payment["id"])).count("refund.completed") == 1


async def test_a_refund_that_completed_and_fails_after_all_frees_its_part(shop):
    order, payment = await shop.paid()
    made = (await shop.refund(payment)).json()["data"]
    assert (await shop.standing(order))["orderStatus"] == "refunded"
    shop.stripe.sessions[payment["providerReference"]].refunds[made["id"]][1] = "failed"
    await told(shop, payment)
    standing = await shop.standing(order)
    assert (standing["orderStatus"], standing["refunds"][0]["status"]) == ("paid", "failed")
    entries = await shop.rows("SELECT kind, amount_minor FROM settlement_entries ORDER BY kind")
    assert entries == [("payment", 9999), ("refund", 9999), ("refund_reversal", 9999)]
    (day,) = (await shop.get("/settlements")).json()["data"]
    assert (day["gross"], day["refunds"]) == ("99.99", "0.00")
    assert (await shop.refund(payment)).status_code == 201


async def test_an_order_of_an_amount_has_no_lines_to_give_back(shop):
    _, payment = await shop.paid()
    answer = await shop.refund(payment, {"lines": [{"line": 0}]})
    assert (*code(answer), answer.json()["errors"][0]["field"]) == (422, "validation_failed", "lines")


async def test_twenty_refunds_at_once_never_give_back_more_than_was_captured(shop):
    order, payment = await shop.paid()
    answers = await asyncio.gather(*(shop.refund(payment, {"amount": 9.99}) for _ in range(20)))
    assert sorted({answer.status_code for answer in answers}) == [201, 409]
    assert sum(answer.status_code == 201 for answer in answers) == 10
    assert Gateway.refunded(shop.stripe.sessions[payment["providerReference"]]) == 9990
    assert (await shop.standing(order))["orderStatus"] == "partially_refunded"


async def test_what_the_provider_gives_back_by_itself_is_an_external_refund(shop):
    order, payment = await shop.paid()
    shop.stripe.sessions[payment["providerReference"]].refunds["own"] = [1000, "done"]
    for _ in range(2):
        await told(shop, payment)
    (one,) = (await shop.standing(order))["refunds"]
    assert (one["external"], one["amount"], one["status"]) == (True, 10, "completed")


async def another(shop):
    digest = Hasher(["sandbox_encryption_key_0123456789abcdef"]).digests(OTHER_KEY)[0]
    await shop.core.store.write(lambda records: records.add_api_key(digest, "third shop", 0))
    return {"authorization": f"Bearer {OTHER_KEY}"}


async def test_another_merchant_sees_and_changes_nothing(shop):
    theirs = await another(shop)  # before any call: one may be refused for 50 ms after the last was looked for
    order, payment = await shop.paid()
    for method, path in (
        ("GET", f"/payments/{payment['id']}"),
        ("GET", f"/payments/{payment['id']}/events"),
        ("GET", f"/orders/{order['id']}/events"),
        ("POST", f"/orders/{order['id']}/cancel"),
        ("POST", f"/payments/{payment['id']}/refund"),
    ):
        answer = await shop.client.request(method, f"/api/v1{path}", headers=theirs)
        assert (answer.status_code, answer.json()["code"][-9:]) == (404, "not_found"), path
    answer = await shop.client.get("/api/v1/transactions", headers=theirs)
    assert (answer.status_code, answer.json()["data"]) == (200, [])


async def test_transactions_are_listed_newest_first_page_by_page_by_what_is_wanted(shop):
    paid = []
    for _ in range(3):
        paid.append(await shop.paid())
        await shop.clock.advance(1_000)
    await shop.refund(paid[0][1], {"amount": 1}, **{"x-request-id": "req-7"})
    seen, cursor = [], {}
    while cursor is not None:
        page = (await shop.get("/transactions", limit=2, **cursor)).json()
        assert page["meta"]["limit"] == 2
        seen += page["data"]
        cursor = {"cursor": page["meta"]["nextCursor"]} if page["meta"]["hasMore"] else None
    assert [row["type"] for row in seen] == ["refund", "payment", "payment", "payment"]
    assert [row["createdAt"] for row in seen] == sorted((row["createdAt"] for row in seen), reverse=True)
    assert (seen[0]["requestId"], seen[0]["actor"].startswith("main-backend")) == ("req-7", True)
    assert {(row["provider"], row["currency"], row["status"]) for row in seen} == {("stripe", "USD", "completed")}
    order, payment = paid[1]
    for wanted, count in (
        ({"type": "refund"}, 1),
        ({"status": "completed"}, 4),
        ({"status": "failed"}, 0),
        ({"provider": "paystack"}, 0),
        ({"orderId": order["id"]}, 1),
        ({"paymentId": payment["id"]}, 1),
        ({"from": "2026-02-11T00:00:01Z"}, 3),
        ({"to": "2026-02-11T00:00:01Z"}, 1),
    ):
        assert len(await shop.data("/transactions", **wanted)) == count, wanted
    text = (await shop.get("/transactions", format="csv")).text
    rows = list(csv.DictReader(io.StringIO(text)))
    assert ([row["id"] for row in rows], rows[0]["amount"]) == ([row["id"] for row in seen], "1.0")
    for bad in ({"type": "gift"}, {"limit": 0}, {"limit": 101}, {"from": "soon"}, {"cursor": "AAAA"}):
        assert code(await shop.get("/transactions", **bad)) == (422, "validation_failed"), bad
    reads = await shop.rows("SELECT count(*) FROM audit_logs WHERE action = 'admin.read'")
    assert reads[0][0] >= 10


async def test_transactions_and_events_want_an_admin_who_sees_every_merchants(tmp_path, monkeypatch, storage):
    async with open_office(tmp_path, monkeypatch, storage) as office:
        await office.client.post("/api/v1/orders", json={"amount": 1, "currency": "USD"})
        seen = {}
        for name in ("viewer", "merchant", "admin"):
            await user(office, name, name)
            token = (await log_in(office, name)).json()["data"]["accessToken"]
            headers = {"authorization": f"Bearer {token}"}
            paths = (
                "/api/v1/transactions",
                f"/api/v1/payments/pay_{'0' * 32}",
                f"/api/v1/payments/pay_{'0' * 32}/events",
            )
            seen[name] = [(await office.client.get(path, headers=headers)).status_code for path in paths]
    assert seen == {"viewer": [403] * 3, "merchant": [403] * 3, "admin": [200, 404, 404]}
