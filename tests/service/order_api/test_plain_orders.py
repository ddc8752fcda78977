"""Orders of an amount: made, checked out by a provider, asked about, cancelled, closed when they expire."""

import asyncio

import pytest

from bakong_service.domain.orders import LatePolicy
from bakong_service.domain.payments import NoAnswer
from tests.service.order_api.gateways import code, open_order_shop

TTL_MS = 900_000


@pytest.fixture
async def shop(tmp_path, storage):
    async with open_order_shop(tmp_path, storage) as opened:
        yield opened


async def test_an_order_of_an_amount_is_shown_with_numbers_and_without_taxes(shop):
    made = await shop.order(99.99, customerEmail="sok@shop.example", metadata={"cart": "7"}, description="a book")
    assert (made["amount"], made["currency"], made["status"], made["refundedAmount"]) == (99.99, "USD", "open", 0)
    assert (made["customerEmail"], made["metadata"], "items" in made) == ("sok@shop.example", {"cart": "7"}, False)
    assert await shop.data(f"/orders/{made['id']}") == made
    assert (await shop.order(4000, "KHR"))["amount"] == 4000
    (listed, _) = (await shop.data("/orders"))[::-1]
    assert listed["amount"] == 99.99


BAD = [
    ({"currency": "USD"}, "amount"),
    ({"amount": 0, "currency": "USD"}, "amount"),
    ({"amount": -1, "currency": "USD"}, "amount"),
    ({"amount": 1.005, "currency": "USD"}, "amount"),
    ({"amount": 0.5, "currency": "KHR"}, "amount"),
    ({"amount": 1}, "currency"),
    ({"amount": 1, "currency": "XXX"}, "currency"),
    ({"amount": 1, "currency": "USD", "buyer": "company"}, "buyer"),
    ({"amount": 1, "currency": "USD", "subtotal": 1}, "subtotal"),
    ({"amount": 1, "currency": "USD", "customerEmail": "nobody"}, "customerEmail"),
]


async def test_what_no_order_of_an_amount_can_be_is_422_with_the_field(shop):
    for body, field in BAD:
        answer = await shop.post("/orders", body)
        assert (*code(answer), answer.json()["errors"][0]["field"]) == (422, "validation_failed", field), body
    assert await shop.rows("SELECT count(*) FROM orders") == [(0,)]


async def test_checkout_hands_the_provider_what_it_needs_and_the_payer_a_page(shop):
    order = await shop.order(customerEmail="sok@shop.example")
    urls = {"successUrl": "https://shop.example/ok", "cancelUrl": "https://shop.example/no"}
    order, payment = await shop.paying(order, **urls)
    assert payment["id"].startswith("pay_")
    assert {name: payment[name] for name in ("orderId", "amount", "currency", "status", "provider")} == {
        "orderId": order["id"],
        "amount": 99.99,
        "currency": "USD",
        "status": "processing",
        "provider": "stripe",
    }
    assert payment["checkoutUrl"] == "https://pay.stripe.test/stripe_1"
    (asked,) = shop.stripe.checkouts
    assert (asked.return_url, asked.cancel_url, asked.email) == (*urls.values(), "sok@shop.example")
    assert (asked.payment_id, asked.money.minor) == (payment["id"], 9999)
    again = await shop.checkout(order)
    assert (again.status_code, again.json()["data"]) == (200, payment)
    assert len(shop.stripe.checkouts) == 1
    ((handed,),) = await shop.rows("SELECT handed FROM order_payments")
    assert "shop.example" not in handed


async def test_where_nobody_is_named_it_is_stripe_and_items_may_be_paid_by_a_provider_too(shop):
    order = await shop.order()
    answer = await shop.post(f"/orders/{order['id']}/checkout", {"currency": "USD"})
    assert answer.json()["data"]["provider"] == "stripe"
    items = (await shop.post("/orders", {"items": [{"quantity": 1, "unitPrice": 5}], "currency": "USD"})).json()["data"]
    answer = await shop.checkout(items)
    assert (answer.status_code, answer.json()["data"]["provider"]) == (201, "STRIPE")
    assert answer.json()["data"]["amount"] == "5.00"


async def test_what_a_checkout_cannot_be_is_refused_before_any_provider_is_called(shop):
    order = await shop.order(0.49)
    for body, expected in (
        ({"currency": "KHR"}, "currency_mismatch"),
        ({"provider": "nobody"}, "provider_unknown"),
        ({"provider": "paystack"}, "validation_failed"),
        ({"provider": "stripe"}, "amount_below_minimum"),
        ({"provider": "stripe", "successUrl": "javascript:alert(1)"}, "validation_failed"),
    ):
        assert code(await shop.checkout(order, **body)) == (422, expected), body
    answer = await shop.checkout(order, "paystack")
    assert answer.json()["errors"][0]["field"] == "customerEmail"
    baht = await shop.order(100, "THB")
    assert code(await shop.checkout(baht)) == (422, "currency_unsupported")
    assert (shop.stripe.checkouts, shop.paystack.checkouts) == ([], [])
    order, payment = await shop.paying(order, provider="paystack", customerEmail="a@b.example")
    assert payment["provider"] == "paystack"


async def test_another_provider_has_to_wait_and_a_paid_order_is_not_payable(shop):
    order, payment = await shop.paying()
    other = {"provider": "paystack", "customerEmail": "a@b.example"}
    assert code(await shop.checkout(order, **other)) == (409, "payment_open_elsewhere")
    await shop.clock.advance(TTL_MS)
    assert (await shop.checkout(order, **other)).status_code == 201
    paid, _ = await shop.paid()
    assert code(await shop.checkout(paid)) == (409, "order_not_payable")
    assert payment["status"] == "processing"


async def test_a_declined_call_is_402_as_the_specification_has_it(tmp_path, storage):
    async with open_order_shop(tmp_path, storage, errors_base_url="https://api.example.com/errors") as shop:
        order = await shop.order()
        shop.stripe.refused = NoAnswer("declined", "insufficient_funds")
        answer = await shop.checkout(order)
        problem = answer.json()
        path = f"/api/v1/orders/{order['id']}/checkout"
        assert (answer.status_code, answer.headers["content-type"]) == (402, "application/problem+json")
        expected = {
            "type": "https://api.example.com/errors/payment-failed",
            "title": "Payment Failed",
            "detail": "Payment was declined by the card issuer.",
            "declineCode": "insufficient_funds",
            "instance": path,
            "method": "POST",
            "timestamp": "2026-02-11T00:00:00.000Z",
            "traceId": answer.headers["x-request-id"],
        }
        assert {name: problem[name] for name in expected} == expected
        unknown = (await shop.get("/orders/nobody")).json()
        assert unknown["type"] == "https://api.example.com/errors/validation-failed"


async def test_no_answer_is_504_with_the_payment_and_the_worker_makes_it_with_the_same_key(shop):
    order = await shop.order()
    shop.stripe.loses_create = True
    answer = await shop.checkout(order)
    assert code(answer) == (504, "provider_timeout")
    payment_id = answer.json()["paymentId"]
    assert (await shop.standing(order))["payment"]["status"] == "pending"
    shop.stripe.loses_create = False
    await shop.clock.advance(61_000)
    present = (await shop.standing(order))["payment"]
    assert (present["id"], present["status"], len(shop.stripe.sessions)) == (payment_id, "processing", 1)
    assert [one.is_repeat for one in shop.stripe.checkouts] == [False, True]
    assert await shop.events(payment_id) == ["payment.initiated", "payment.processing"]


async def test_an_expired_payment_is_closed_at_its_provider_once(shop):
    order, payment = await shop.paying()
    await shop.clock.advance(TTL_MS + 2_000)
    assert shop.stripe.cancelled == [payment["providerReference"]]
    assert not shop.stripe.pays(payment["providerReference"])
    standing = await shop.standing(order)
    assert (standing["orderStatus"], standing["payment"]["status"]) == ("open", "expired")
    await shop.clock.advance(TTL_MS)
    assert len(shop.stripe.cancelled) == 1
    assert (await shop.events(payment["id"]))[-1] == "payment.expired"


async def test_closing_is_tried_again_until_the_provider_answers(shop):
    _, payment = await shop.paying()
    shop.stripe.loses_cancel = True
    await shop.clock.advance(TTL_MS + 2_000)
    shop.stripe.loses_cancel = False
    await shop.clock.advance(62_000)
    assert shop.stripe.cancelled == [payment["providerReference"]] * 2
    assert await shop.rows("SELECT close_ms FROM order_payments") == [(None,)]


async def test_closing_that_comes_too_late_finds_the_payment_paid(shop):
    order, payment = await shop.paying()
    shop.stripe.before_cancel = shop.stripe.pays
    await shop.clock.advance(TTL_MS + 2_000)
    assert "payment.expired" in await shop.events(payment["id"])
    standing = await shop.standing(order)
    assert (standing["orderStatus"], standing["payment"]["status"]) == ("needs_review", "completed")
    assert standing["payment"]["late"] is True


async def test_an_order_is_cancelled_with_its_payment_and_its_session(shop):
    order, payment = await shop.paying()
    answer = await shop.post(f"/orders/{order['id']}/cancel")
    assert (answer.status_code, answer.json()["data"]["status"]) == (200, "cancelled")
    standing = await shop.standing(order)
    assert (standing["orderStatus"], standing["payment"]["status"]) == ("cancelled", "cancelled")
    assert shop.stripe.cancelled == [payment["providerReference"]]
    assert (await shop.post(f"/orders/{order['id']}/cancel")).status_code == 200
    assert code(await shop.checkout(order)) == (409, "order_not_payable")
    assert "payment.cancelled" in await shop.events(payment["id"])
    fresh = await shop.order()
    assert (await shop.post(f"/orders/{fresh['id']}/cancel")).json()["data"]["status"] == "cancelled"


async def test_an_order_that_was_paid_meanwhile_cannot_be_cancelled(shop):
    order, payment = await shop.paying()
    shop.stripe.pays(payment["providerReference"])
    assert code(await shop.post(f"/orders/{order['id']}/cancel")) == (409, "order_not_payable")
    assert (await shop.standing(order))["orderStatus"] == "paid"


async def test_a_session_that_was_made_while_its_order_was_cancelled_is_closed(shop):
    order = await shop.order()

    async def cancels(_made):
        shop.stripe.before_create = None
        shop.core.checkouts.clear()  # as by another process
        shop.stripe.loses_create = True  # nor does it answer who asks again meanwhile
        assert (await shop.post(f"/orders/{order['id']}/cancel")).status_code == 200
        shop.stripe.loses_create = False

    shop.stripe.before_create = cancels
    await shop.checkout(order)
    await shop.clock.advance(2_000)
    (session,) = shop.stripe.sessions.values()
    assert (session.is_open, shop.stripe.cancelled) == (False, [session.reference])
    assert (await shop.standing(order))["orderStatus"] == "cancelled"


async def test_refresh_asks_once_in_5_seconds(shop):
    order, _ = await shop.paying()
    for _ in range(4):
        await shop.standing(order, refresh="true")
    assert len(shop.stripe.calls) == 1


async def test_a_silent_provider_is_left_alone_and_health_says_so(shop):
    shop.stripe.is_down = True
    answers = [await shop.checkout(await shop.order()) for _ in range(6)]
    assert code(answers[0]) == (503, "provider_unavailable")
    assert len(shop.stripe.checkouts) == 5
    assert code(answers[-1]) == (503, "provider_unavailable")
    assert int(answers[-1].headers["retry-after"]) > 1
    health = (await shop.client.get("/api/health")).json()
    assert health["status"] == "degraded"
    assert (health["services"]["stripe"]["breaker"], health["services"]["paystack"]["breaker"]) == ("open", "closed")
    shop.stripe.is_down = False
    await shop.clock.advance(61_000)
    assert (await shop.checkout(await shop.order())).status_code == 201
    stripe = (await shop.client.get("/api/health")).json()["services"]["stripe"]
    assert (stripe["breaker"], stripe["status"]) == ("closed", "healthy")
    assert stripe["lastSuccessAt"].startswith("2026-02-11T00:01")


async def test_a_decline_on_the_page_leaves_the_payment_open_unless_a_setting_says_otherwise(tmp_path, storage):
    for fails, expected in ((False, ("awaiting_payment", "processing")), (True, ("open", "failed"))):
        folder, stored = tmp_path / str(fails), storage if fails else {}
        async with open_order_shop(folder, stored, payment_fail_on_decline=fails) as shop:
            order, payment = await shop.paying()
            shop.stripe.sessions[payment["providerReference"]].declined = "card_declined"
            standing = await shop.standing(order, refresh="true")
            assert (standing["orderStatus"], standing["payment"]["status"]) == expected
            assert standing["payment"]["failureCode"] == "card_declined"
            assert "payment.attempt_failed" in await shop.events(payment["id"])
            if fails:
                await shop.clock.advance(2_000)
                assert shop.stripe.cancelled == [payment["providerReference"]]
            else:
                shop.stripe.pays(payment["providerReference"])
                await shop.clock.advance(6_000)
                assert (await shop.standing(order))["orderStatus"] == "paid"


LATE = [(LatePolicy.REVIEW, "needs_review"), (LatePolicy.ACCEPT, "paid"), (LatePolicy.REFUND, "refunded")]


@pytest.mark.parametrize(("policy", "status"), LATE, ids=str)
async def test_a_cancelled_order_that_is_paid_after_all_is_never_dropped(tmp_path, policy, status):
    async with open_order_shop(tmp_path, {}, late_payment=policy, of_stripe={"cancel": None}) as shop:
        order, payment = await shop.paying()
        await shop.post(f"/orders/{order['id']}/cancel")
        shop.stripe.pays(payment["providerReference"])
        await shop.told(shop.stripe, "paid", payment["providerReference"])
        await shop.clock.advance(3_000)
        standing = await shop.standing(order)
        assert (standing["orderStatus"], standing["payment"]["status"]) == (status, "completed")
        assert "payment.late" in await shop.events(payment["id"])


async def test_a_late_payment_that_pays_the_order_has_the_open_one_closed(tmp_path, storage):
    async with open_order_shop(tmp_path, storage, late_payment=LatePolicy.ACCEPT, of_stripe={"cancel": None}) as shop:
        order, first = await shop.paying()
        await shop.clock.advance(TTL_MS)
        _, second = await shop.paying(order)
        provider = shop.core.providers["stripe"]
        shop.core.providers = {**shop.core.providers, "stripe": shop.stripe.provider(polling=provider.polling)}
        shop.stripe.pays(first["providerReference"])
        await shop.told(shop.stripe, "paid", first["providerReference"])
        await shop.clock.advance(5_000)
        standing = await shop.standing(order)
        assert (standing["orderStatus"], standing["payment"]["id"]) == ("paid", first["id"])
        assert [one["status"] for one in standing["payments"]] == ["cancelled"]
        assert shop.stripe.cancelled == [second["providerReference"]]


async def test_one_key_makes_one_session_whatever_comes_at_once(shop):
    order = await shop.order()
    path, body = f"/orders/{order['id']}/checkout", {"currency": "USD"}
    answers = await asyncio.gather(*(shop.post(path, body, **{"idempotency-key": "k"}) for _ in range(8)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert {code(answer) for answer in answers if answer.status_code == 409} <= {(409, "idempotency_in_flight")}
    replayed = await shop.post(path, body, **{"idempotency-key": "k"})
    assert (replayed.status_code, replayed.headers["idempotent-replayed"]) == (201, "true")
    assert len(shop.stripe.sessions) == 1
