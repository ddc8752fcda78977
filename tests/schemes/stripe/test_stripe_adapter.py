"""Stripe's adapter against a scripted Stripe: one session a payment, refunds once for each key, events as signed."""

import json
from dataclasses import replace
from urllib.parse import parse_qsl

import httpx
import orjson
import pytest

from bakong_contracts.webhook_guard import STRIPE, Guard
from bakong_schemes.stripe.adapter import facts
from bakong_schemes.stripe.adapter.client import HttpStripe
from bakong_schemes.stripe.adapter.provider import Pages, provider
from bakong_schemes.stripe.adapter.settings import StripeSettings
from bakong_service.domain.errors import ForgedEventError, UnavailableError
from bakong_service.domain.handoff import Redirect
from bakong_service.domain.money import Money
from bakong_service.domain.payments import Failed, NoAnswer, NotFound, Paid, Refunded
from bakong_service.ports import Checkout
from bakong_service.settings import SettingsError, load_all
from tests.conftest import NOW_MS

KEY, SECRET = "sk_test_sandbox", "whsec_sandbox_of_the_endpoint"
NOW_S = NOW_MS // 1000
BACK = "https://shop.test/back"
SERVICE = dict.fromkeys(("MAIN_BACKEND_API_KEY", "WEBHOOK_SECRET", "ENCRYPTION_KEY"), "x") | {"SERVICE_MODE": "sandbox"}


def checkout(minor=1999, currency="USD", payment_id="pay_1", **more):
    made = Checkout(
        payment_id=payment_id,
        bill_number="DT-1",
        money=Money(minor, currency),
        created_ms=NOW_MS,
        expires_ms=NOW_MS + 900_000,
        return_url=BACK,
    )
    return replace(made, **more)


class ScriptedStripe(httpx.AsyncBaseTransport):
    """The few calls that the adapter makes, by a page of Stripe's documentation. lost: answers that do not arrive."""

    def __init__(self):
        self.sessions, self.refunds, self.keys = {}, [], {}
        self.calls, self.lost, self.says, self.headers = [], set(), None, {}

    async def handle_async_request(self, request):
        path = request.url.path
        assert request.headers["authorization"] == f"Bearer {KEY}"
        self.calls.append(f"{request.method} {path}")
        self.headers = dict(request.headers)
        fields = dict(parse_qsl((await request.aread()).decode()))
        key = request.headers.get("idempotency-key")
        if self.says is not None:
            return self.says
        if key is not None and key in self.keys:
            before, answer = self.keys[key]
            if before != (path, fields):
                answer = _error(400, "idempotency_error", "", "Keys for idempotent requests can only be used …")
        else:
            answer = self.answer(request.method, path.removeprefix("/v1"), fields, dict(request.url.params))
            if key is not None:
                self.keys[key] = (path, fields), answer
        if f"{request.method} {path}" in self.lost:
            raise httpx.ReadTimeout("lost", request=request)
        return httpx.Response(answer[0], content=orjson.dumps(answer[1]))

    def answer(self, method, path, fields, query):  # noqa: PLR0911  one for each call
        match [method, *path.strip("/").split("/")]:
            case ["POST", "checkout", "sessions"]:
                return 200, self.session(fields)
            case ["GET", "checkout", "sessions"]:
                rows = [
                    row
                    for row in self.sessions.values()
                    if (row["payment_intent"] or {}).get("id") == query["payment_intent"]
                ]
                return 200, {"object": "list", "data": rows, "has_more": False}
            case ["GET", "checkout", "sessions", id_] if id_ in self.sessions:
                assert query == {"expand[0]": "payment_intent.latest_charge.refunds"}
                return 200, self.sessions[id_]
            case ["POST", "checkout", "sessions", id_, "expire"] if id_ in self.sessions:
                session = self.sessions[id_]
                if session["status"] != "open":
                    return _error(400, "invalid_request_error", "", "Only Checkout Sessions with a status …")
                session |= {"status": "expired", "url": None}
                return 200, session
            case ["POST", "refunds"]:
                return self.refund(fields)
            case ["GET", "refunds"]:
                rows = [row for row in reversed(self.refunds) if row["payment_intent"] == query["payment_intent"]]
                names = [row["id"] for row in rows]
                start = names.index(query["starting_after"]) + 1 if "starting_after" in query else 0
                page = rows[start : start + int(query["limit"])]
                return 200, {"object": "list", "data": page, "has_more": start + len(page) < len(rows)}
        return _error(404, "invalid_request_error", "resource_missing", "No such thing")

    def session(self, fields):
        id_ = f"cs_test_{len(self.sessions) + 1}"
        self.sessions[id_] = {
            "id": id_,
            "object": "checkout.session",
            "status": "open",
            "payment_status": "unpaid",
            "payment_intent": None,
            "url": f"https://checkout.stripe.com/c/pay/{id_}",
            "asked": fields,
        }
        return self.sessions[id_]

    def pay(self, id_, *, created=NOW_S):
        session = self.sessions[id_]
        amount = int(session["asked"]["line_items[0][price_data][unit_amount]"])
        charge = {"id": "ch_1", "object": "charge", "refunded": False, "amount_refunded": 0, "created": created}
        session |= {"status": "complete", "payment_status": "paid", "url": None}
        session["payment_intent"] = {
            "id": f"pi_{id_[8:]}",
            "object": "payment_intent",
            "status": "succeeded",
            "amount_received": amount,
            "currency": session["asked"]["line_items[0][price_data][currency]"],
            "latest_charge": charge,
        }
        return session["payment_intent"]

    def refund(self, fields):
        intent = next(
            row["payment_intent"]
            for row in self.sessions.values()
            if row["payment_intent"]["id"] == fields["payment_intent"]
        )
        gone = sum(row["amount"] for row in self.refunds if row["status"] != "failed")
        if int(fields["amount"]) + gone > intent["amount_received"]:
            return _error(400, "invalid_request_error", "", "Refund amount ($10.01) is greater than …")
        made = {
            "id": f"re_{len(self.refunds) + 1}",
            "object": "refund",
            "amount": int(fields["amount"]),
            "currency": intent["currency"],
            "payment_intent": intent["id"],
            "status": "succeeded",
            "metadata": {"refundKey": fields["metadata[refundKey]"]},
        }
        self.refunds.append(made)
        intent["latest_charge"]["refunded"] = gone + made["amount"] == intent["amount_received"]
        return 200, made


def _error(status, kind, code, message):
    return status, {"error": {"type": kind, "message": message} | ({"code": code} if code else {})}


@pytest.fixture
def stripe():
    return ScriptedStripe()


@pytest.fixture
async def ours(stripe):
    """The provider, asked through the scripted Stripe."""
    async with httpx.AsyncClient(base_url="https://api.stripe.test", transport=stripe) as client:
        pages = Pages(return_url="https://shop.test/usual")
        yield provider(HttpStripe(client, KEY), (SECRET,), now_ms=lambda: NOW_MS, pages=pages)


async def test_a_payment_is_a_session_that_bears_our_names(stripe, ours):
    created = await ours.create(checkout(cancel_url="https://shop.test/cart", email="payer@shop.test"))
    assert (created.reference, created.handoff) == (
        "cs_test_1",
        Redirect("https://checkout.stripe.com/c/pay/cs_test_1"),
    )
    assert stripe.sessions["cs_test_1"]["asked"] == {
        "mode": "payment",
        "line_items[0][quantity]": "1",
        "line_items[0][price_data][currency]": "usd",
        "line_items[0][price_data][unit_amount]": "1999",
        "line_items[0][price_data][product_data][name]": "DT-1",
        "success_url": BACK,
        "cancel_url": "https://shop.test/cart",
        "customer_email": "payer@shop.test",
        "client_reference_id": "DT-1",
        "metadata[paymentId]": "pay_1",
        "metadata[orderId]": "DT-1",
        "payment_intent_data[metadata][paymentId]": "pay_1",
        "payment_intent_data[metadata][orderId]": "DT-1",
        "expires_at": str(NOW_S + 900 + 3_600),
    }
    assert (stripe.headers["idempotency-key"], stripe.headers["stripe-version"]) == ("pay_1:checkout", facts.VERSION)
    await ours.create(checkout(payment_id="pay_2", return_url=""))
    assert stripe.sessions["cs_test_2"]["asked"]["success_url"] == "https://shop.test/usual"


async def test_a_session_lasts_for_a_day_at_most(stripe, ours):
    await ours.create(checkout(expires_ms=NOW_MS + 10 * 86_400_000))
    assert int(stripe.sessions["cs_test_1"]["asked"]["expires_at"]) == NOW_S + facts.LONGEST_S < NOW_S + 86_400


@pytest.mark.parametrize(
    ("minor", "currency", "amount"),
    [(4000, "KHR", 400_000), (1999, "USD", 1999), (500, "JPY", 500), (5000, "THB", 5000), (700, "XOF", 700)],
)
async def test_amounts_are_written_as_stripe_has_them_and_read_back(stripe, ours, minor, currency, amount):
    created = await ours.create(checkout(minor, currency))
    intent = stripe.pay(created.reference)
    assert (intent["amount_received"], intent["currency"]) == (amount, currency.lower())
    assert (await ours.polling.check(created.reference)).money == Money(minor, currency)
    report = await ours.refund(created.reference, Money(minor, currency), "ref_1")
    assert (report.money, stripe.refunds[0]["amount"]) == (Money(minor, currency), amount)


@pytest.mark.parametrize("currency", sorted(facts.CURRENCIES))
def test_every_amount_of_ours_is_one_of_stripes_and_comes_back(currency):
    for minor in (1, 99, 100, 12_345_678):
        money = Money(minor, currency)
        assert facts.from_stripe(facts.to_stripe(money), currency.lower()) == money


async def test_a_part_of_our_smallest_unit_is_paid_and_has_no_money_that_fits(stripe, ours):
    created = await ours.create(checkout(4000, "KHR"))
    stripe.pay(created.reference)["amount_received"] = 400_050
    report = await ours.polling.check(created.reference)
    assert (type(report), report.money) == (Paid, None)


@pytest.mark.parametrize(
    "change", [{"money": Money(1, "GHS")}, {"money": Money(10**8, "USD")}, {"money": Money(10**6, "KHR")}]
)
async def test_what_stripe_would_refuse_is_not_asked(stripe, ours, change):
    assert (await ours.create(checkout(**change))).why == "refused"
    assert stripe.calls == []


async def test_without_a_page_to_return_to_no_session_is_made(stripe):
    async with httpx.AsyncClient(base_url="https://api.stripe.test", transport=stripe) as client:
        bare = provider(HttpStripe(client, KEY), (), now_ms=lambda: NOW_MS)
        assert (await bare.create(checkout(return_url=""))).why == "refused"
        assert bare.read_event is None


async def test_a_repeat_after_a_lost_answer_is_the_same_session(stripe, ours):
    stripe.lost.add("POST /v1/checkout/sessions")
    assert (await ours.create(checkout())).why == "timeout"
    stripe.lost.clear()
    assert (await ours.create(checkout(is_repeat=True))).reference == "cs_test_1"
    assert len(stripe.sessions) == 1


async def test_a_repeat_that_asks_for_something_else_is_not_final(stripe, ours):
    await ours.create(checkout())
    other = await ours.create(checkout(2000))
    assert (other.why, len(stripe.sessions)) == ("garbage", 1)


@pytest.mark.parametrize(
    ("status", "error", "why"),
    [
        (400, {"type": "invalid_request_error", "code": "amount_too_small"}, "refused"),
        (401, {"type": "invalid_request_error"}, "unauthorized"),
        (403, {"type": "invalid_request_error"}, "unauthorized"),
        (409, {"type": "idempotency_error", "code": "idempotency_key_in_use"}, "unreachable"),
        (429, {"type": "invalid_request_error", "code": "lock_timeout"}, "unreachable"),
        (429, {"type": "invalid_request_error", "code": "rate_limit"}, "unreachable"),
        (424, {"type": "api_error"}, "unreachable"),
        (500, {"type": "api_error"}, "unreachable"),
        (503, {"type": "api_error"}, "unreachable"),
        (400, None, "garbage"),
        (500, "text", "garbage"),
    ],
)
async def test_only_what_stripe_refuses_for_good_is_final(stripe, ours, status, error, why):
    for call in (lambda: ours.create(checkout()), lambda: ours.polling.check("cs_test_1")):
        stripe.says = httpx.Response(status, content=orjson.dumps({"error": error}))
        assert (await call()).why == why


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b'{"object": "checkout.session"}', b"x" * 5_000_000])
async def test_answers_that_are_none_are_garbage(stripe, ours, body):
    for call in (
        lambda: ours.create(checkout()),
        lambda: ours.polling.check("cs_test_1"),
        lambda: ours.cancel("cs_test_1"),
        lambda: ours.refund("cs_test_1", Money(1, "USD"), "ref_1"),
    ):
        stripe.says = httpx.Response(200, content=body)
        assert (await call()).why == "garbage"


async def test_what_a_session_says_is_believed(stripe, ours):
    reference, check = (await ours.create(checkout())).reference, ours.polling.check
    assert await check(reference) == NotFound()
    declined = {"id": "pi_1", "status": "requires_payment_method", "latest_charge": {"id": "ch_0"}}
    stripe.sessions[reference]["payment_intent"] = declined
    assert await check(reference) == NotFound()  # the payer may try again
    stripe.sessions[reference] |= {"status": "complete"}
    assert await check(reference) == NotFound()  # unpaid: a method that takes its time
    stripe.pay(reference, created=NOW_S + 60)
    report = await check(reference)
    assert (report.hash, report.money, report.to_account, report.done_ms) == (
        *("pi_1", Money(1999, "USD"), "stripe", NOW_MS + 60_000),
    )
    assert await check("cs_test_none") == await check("../balance") == await check("") == NotFound()


@pytest.mark.parametrize(
    "change",
    [
        {"id": "cs_test_other"},
        {"status": "odd"},
        {"payment_status": None},
        {"payment_intent": None},
        {"payment_intent": "pi_1"},
    ],
)
async def test_a_session_that_is_not_clear_is_no_answer(stripe, ours, change):
    reference = (await ours.create(checkout())).reference
    stripe.pay(reference)
    stripe.sessions[reference] = stripe.sessions[reference] | change
    assert (await ours.polling.check(reference)).why == "garbage"


@pytest.mark.parametrize(
    "change",
    [
        *({"status": "processing"}, {"amount_received": True}, {"amount_received": "1999"}, {"currency": None}),
        *({"id": None}, {"latest_charge": "ch_1"}),
    ],
)
async def test_an_intent_that_is_not_clear_is_no_answer(stripe, ours, change):
    reference = (await ours.create(checkout())).reference
    intent = stripe.pay(reference)
    intent.update(change)
    assert (await ours.polling.check(reference)).why == "garbage"


# Cancelling


async def test_who_cancels_ends_the_session(stripe, ours):
    reference = (await ours.create(checkout())).reference
    assert await ours.cancel(reference) == Failed()
    assert (await ours.cancel(reference), await ours.polling.check(reference)) == (Failed(), Failed())


async def test_a_cancellation_that_comes_too_late_says_that_it_was_paid(stripe, ours):
    reference = (await ours.create(checkout())).reference
    stripe.pay(reference)
    assert isinstance(await ours.cancel(reference), Paid)
    assert await ours.cancel("cs_test_none") == NotFound()
    stripe.lost.add(f"POST /v1/checkout/sessions/{reference}/expire")
    assert (await ours.cancel(reference)).why == "timeout"


# Refunds


async def test_a_refund_goes_back_once_for_each_key(stripe, ours):
    reference = (await ours.create(checkout(2000))).reference
    stripe.pay(reference)
    first = await ours.refund(reference, Money(1500, "USD"), "ref_1")
    assert (first.hash, first.money, stripe.headers["idempotency-key"]) == ("re_1", Money(1500, "USD"), "ref_1")
    assert isinstance(await ours.polling.check(reference), Paid)
    assert (await ours.refund(reference, Money(501, "USD"), "ref_2")).why == "refused"
    assert isinstance(await ours.refund(reference, Money(500, "USD"), "ref_3"), Refunded)
    assert isinstance(await ours.polling.check(reference), Refunded)
    stripe.keys.clear()  # a day later
    assert (await ours.refund(reference, Money(1500, "USD"), "ref_1")).hash == "re_1"
    assert len(stripe.refunds) == 2


async def test_a_refund_whose_answer_is_lost_is_found(stripe, ours):
    reference = (await ours.create(checkout(2000))).reference
    stripe.pay(reference)
    stripe.lost.add("POST /v1/refunds")
    assert (await ours.refund(reference, Money(1500, "USD"), "ref_1")).why == "timeout"
    stripe.lost = {"GET /v1/refunds"}
    assert (await ours.refund(reference, Money(1500, "USD"), "ref_1")).why == "timeout"
    stripe.lost.clear()
    stripe.keys.clear()
    assert (await ours.refund(reference, Money(1500, "USD"), "ref_1")).hash == "re_1"


async def test_a_refund_is_found_on_whichever_page(stripe, ours):
    reference = (await ours.create(checkout(50_000))).reference
    stripe.pay(reference)
    for number in range(120):
        await ours.refund(reference, Money(100, "USD"), f"ref_{number}")
    stripe.keys.clear()
    assert (await ours.refund(reference, Money(100, "USD"), "ref_0")).hash == "re_1"
    assert len(stripe.refunds) == 120


@pytest.mark.parametrize(
    ("status", "report"),
    [("pending", NotFound()), ("requires_action", NotFound()), ("failed", Failed()), ("canceled", Failed())],
)
async def test_a_refund_on_its_way_is_asked_for_as_it_is_now(stripe, ours, status, report):
    reference = (await ours.create(checkout(2000))).reference
    stripe.pay(reference)
    await ours.refund(reference, Money(2000, "USD"), "ref_1")
    stripe.refunds[0]["status"] = status
    assert await ours.refund(reference, Money(2000, "USD"), "ref_1") == report
    stripe.refunds[0]["status"] = "odd"
    assert (await ours.refund(reference, Money(2000, "USD"), "ref_1")).why == "garbage"


async def test_what_was_never_paid_is_not_given_back(stripe, ours):
    reference = (await ours.create(checkout())).reference
    for named in (reference, "cs_test_none"):
        assert isinstance(await ours.refund(named, Money(1, "USD"), "ref_1"), NoAnswer)
    assert stripe.refunds == []


# Events


def event(about, id_="evt_1"):
    return json.dumps({"id": id_, "object": "event", "type": "x", "data": {"object": about}}).encode()


async def test_a_dispute_that_may_not_be_listed_is_open_and_one_that_is_not_answered_is_asked_again(stripe, ours):
    reference = (await ours.create(checkout())).reference
    stripe.pay(reference)["latest_charge"]["disputed"] = True
    assert (await ours.polling.check(reference)).dispute == "open"
    stripe.lost.add("GET /v1/disputes")
    assert await ours.polling.check(reference) == NoAnswer("timeout", "/disputes?payment_intent=pi_1&limit=100")


def signed(body, *secrets, at_s=NOW_S):
    return Guard(STRIPE, secrets or (SECRET,)).sign(body, timestamp_s=at_s)


@pytest.mark.parametrize(
    "about",
    [
        {"object": "checkout.session", "id": "cs_test_1", "payment_intent": None},
        {"object": "payment_intent", "id": "pi_1"},
        {"object": "charge", "id": "ch_1", "payment_intent": "pi_1"},
        {"object": "refund", "id": "re_1", "payment_intent": {"id": "pi_1"}},
        {"object": "dispute", "id": "du_1", "payment_intent": "pi_1"},
    ],
)
async def test_an_event_names_its_session_whatever_it_is_about(stripe, ours, about):
    stripe.pay((await ours.create(checkout())).reference)
    for number in range(3):
        body = event(about, f"evt_{number}")
        assert (await ours.read_event(signed(body), body)).reference == "cs_test_1"
    assert stripe.calls.count("GET /v1/checkout/sessions") == (about["object"] != "checkout.session")


@pytest.mark.parametrize(
    "about", [{"object": "customer", "id": "cus_1"}, {"object": "payment_intent", "id": "pi_9"}, [], None]
)
async def test_an_event_of_nothing_of_ours_names_nothing(stripe, ours, about):
    body = event(about)
    assert (await ours.read_event(signed(body), body)).reference is None


@pytest.mark.parametrize("kind", ["payment_intent", "charge"])
async def test_an_event_that_carries_our_id_asks_stripe_nothing(stripe, ours, kind):
    body = event({"object": kind, "id": "x_1", "payment_intent": "pi_1", "metadata": {"paymentId": "pay_1"}})
    stripe.lost.add("GET /v1/checkout/sessions")
    read = await ours.read_event(signed(body), body)
    assert (read.payment_id, read.reference, stripe.calls) == ("pay_1", None, [])


async def test_where_stripe_does_not_say_the_event_is_to_come_again(stripe, ours):
    stripe.pay((await ours.create(checkout())).reference)
    body = event({"object": "payment_intent", "id": "pi_1"})
    stripe.lost.add("GET /v1/checkout/sessions")
    with pytest.raises(UnavailableError, match="which session pi_1 is of"):
        await ours.read_event(signed(body), body)
    stripe.lost.clear()
    assert (await ours.read_event(signed(body), body)).reference == "cs_test_1"


async def test_an_event_is_believed_where_one_of_our_secrets_signed_it_lately(stripe):
    async with httpx.AsyncClient(base_url="https://api.stripe.test", transport=stripe) as client:
        read = provider(HttpStripe(client, KEY), (SECRET, "whsec_the_one_before_it"), now_ms=lambda: NOW_MS).read_event
    body = event({"object": "checkout.session", "id": "cs_test_1"})
    other = "whsec_of_nobody_in_this_house"
    for headers in (
        signed(body),
        signed(body, "whsec_the_one_before_it"),
        signed(body, other, SECRET),  # two v1
        signed(body, at_s=NOW_S - 300),
        signed(body, at_s=NOW_S + 300),
        {"Stripe-Signature": f"{signed(body)['stripe-signature']},v0=abc"},
    ):
        assert (await read(headers, body)).reference == "cs_test_1"
    good = signed(body)["stripe-signature"]
    for wrong in (
        {},
        signed(body, other),
        signed(body, at_s=NOW_S - 301),
        signed(body, at_s=NOW_S + 301),
        signed(body + b" "),
        {"stripe-signature": good.replace("v1=", "v0=")},
        {"stripe-signature": good.replace("t=", "t=1")},
        {"stripe-signature": f"t=1,{good}"},
        {"stripe-signature": f"{good},t=1"},
        {"stripe-signature": good.partition(",")[2]},
        {"stripe-signature": "v1"},
    ):
        with pytest.raises(ForgedEventError):
            await read(wrong, body)


async def test_the_id_of_an_event_with_another_body_is_not_believed(ours):
    first, other = (event({"object": "checkout.session", "id": f"cs_test_{number}"}) for number in (1, 2))
    assert (await ours.read_event(signed(first), first)).reference == "cs_test_1"
    with pytest.raises(ForgedEventError, match="evt_1 came before with another body"):
        await ours.read_event(signed(other), other)
    assert (await ours.read_event(signed(first), first)).reference == "cs_test_1"


# Settings


def settings_of(monkeypatch, **given):
    with monkeypatch.context() as environment:
        for name, value in (SERVICE | given).items():
            environment.setenv(name, value)
        return load_all([StripeSettings])[1][0]


def test_without_a_key_the_service_has_no_such_provider(monkeypatch):
    assert settings_of(monkeypatch).is_configured is False
    made = settings_of(monkeypatch, STRIPE_SECRET_KEY=KEY, STRIPE_WEBHOOK_SECRET=SECRET)
    assert (made.is_configured, made.factory().name, made.factory().secrets) == (True, "stripe", (KEY, SECRET))


def test_settings_that_cannot_work_are_named(monkeypatch):
    with pytest.raises(SettingsError, match="STRIPE_WEBHOOK_SECRET"):
        settings_of(monkeypatch, STRIPE_SECRET_KEY=KEY, STRIPE_WEBHOOK_SECRET="short")
    plain = settings_of(monkeypatch, STRIPE_SECRET_KEY="sk_test_" + "0" * 30, STRIPE_BASE_URL="http://x.test")
    assert [error.split()[0].rstrip(":") for error in plain.production_errors()] == [
        *("STRIPE_SECRET_KEY", "STRIPE_BASE_URL"),
    ]
    for key in ("sk_live_" + "0" * 30, "rk_live_" + "0" * 30):
        assert settings_of(monkeypatch, STRIPE_SECRET_KEY=key).production_errors() == []
    published = settings_of(monkeypatch, STRIPE_SECRET_KEY="pk_live_" + "0" * 30)
    assert "no secret key" in published.production_errors()[0]
