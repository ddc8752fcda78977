"""Stripe's adapter against the fake of the sandbox, as soon as there is one."""

import httpx
import pytest

from bakong_sandbox.devkit.testing.in_process import Transport
from bakong_schemes.stripe.adapter.client import HttpStripe
from bakong_schemes.stripe.adapter.provider import Pages, provider
from bakong_service.domain.money import Money
from bakong_service.domain.payments import Failed, NotFound, Paid, Refunded
from bakong_simulator.kernel.clock import Mode
from bakong_simulator.kernel.webhooks import Outcome
from bakong_simulator.kernel.worlds import Worlds
from tests.conftest import NOW_MS
from tests.schemes.stripe.test_stripe_adapter import checkout

pytest.importorskip("bakong_schemes.stripe.fake.scheme")
KEY, WORLD = "sk_test_sandbox", "/sandbox/worlds/default"


@pytest.fixture
async def worlds():
    from bakong_sandbox.stack.schemes import SCHEMES

    if "stripe" not in [scheme.name for scheme in SCHEMES]:
        pytest.skip("the sandbox has no Stripe yet")
    made = Worlds(lambda: NOW_MS, SCHEMES)
    made.default.clock.set_mode(Mode.FROZEN, at_ms=NOW_MS)
    return made


@pytest.fixture
async def client(worlds):
    async with httpx.AsyncClient(base_url="http://sandbox.test", transport=Transport(worlds), timeout=100) as client:
        yield client


@pytest.fixture
async def ours(client):
    made = HttpStripe(client, KEY, root="/stripe")
    return provider(made, (), now_ms=lambda: NOW_MS, pages=Pages(return_url="https://shop.test/back"))


async def pay(client, reference, method="pm_card_visa"):
    answer = await client.post(f"{WORLD}/stripe/checkout/{reference}/pay", json={"payment_method": method})
    assert answer.is_success, answer.text


@pytest.mark.parametrize(("minor", "currency"), [(1999, "USD"), (40_000, "KHR"), (500, "JPY"), (5000, "THB")])
async def test_a_session_is_paid_and_given_back(client, ours, minor, currency):
    money = Money(minor, currency)
    reference = (await ours.create(checkout(minor, currency))).reference
    assert (await ours.create(checkout(minor, currency, is_repeat=True))).reference == reference
    assert await ours.polling.check(reference) == NotFound()
    await pay(client, reference)
    report = await ours.polling.check(reference)
    assert (type(report), report.money, report.to_account) == (Paid, money, "stripe")
    refund = await ours.refund(reference, money, "ref_1")
    await client.post(f"{WORLD}/clock/advance", json={"seconds": 120})
    again = await ours.refund(reference, money, "ref_1")
    assert (type(refund), refund.money, again.hash, again.money) == (Refunded, money, refund.hash, money)
    assert isinstance(await ours.polling.check(reference), Refunded)
    assert (await ours.refund(reference, money, "ref_2")).why == "refused"


async def test_a_decline_leaves_it_open_and_a_cancellation_ends_it(client, ours):
    reference = (await ours.create(checkout())).reference
    await client.post(
        f"{WORLD}/stripe/checkout/{reference}/pay", json={"payment_method": "pm_card_visa_chargeDeclined"}
    )
    assert await ours.polling.check(reference) == NotFound()
    assert await ours.cancel(reference) == Failed()
    assert await ours.polling.check(reference) == Failed()
    other = (await ours.create(checkout(payment_id="pay_2"))).reference
    await pay(client, other)
    assert isinstance(await ours.cancel(other), Paid)


async def test_every_event_of_a_payment_and_its_refund_names_the_session_or_the_payment(worlds, client):
    sent = []

    async def send(attempt, done):
        sent.append(attempt)
        done(Outcome(200))

    worlds.send = send
    asked = HttpStripe(client, KEY, root="/stripe")
    endpoint = await asked.post("/webhook_endpoints", {"url": "http://shop.test/hooks", "enabled_events": ["*"]})
    pages = Pages(return_url="https://shop.test/back")
    ours = provider(asked, (endpoint["secret"],), now_ms=lambda: NOW_MS, pages=pages)
    reference = (await ours.create(checkout())).reference
    await pay(client, reference)
    await ours.refund(reference, Money(500, "USD"), "ref_1")
    await client.post(f"{WORLD}/clock/advance", json={"seconds": 120})
    read = [await ours.read_event(attempt.headers, attempt.body) for attempt in sent]
    named = {(one.reference, one.payment_id) for one in read}
    assert len(read) >= 4
    assert named == {(reference, ""), (None, checkout().payment_id)}


async def test_what_was_given_back_on_the_dashboard_is_shown_beside_ours(client, ours):
    """Else nobody ever books it: the charge alone says that it is refunded, and only once all of it is."""
    reference = (await ours.create(checkout(1000, "USD"))).reference
    await pay(client, reference)
    first = await ours.refund(reference, Money(300, "USD"), "ref_1")
    intent = (await client.get(f"/stripe/v1/checkout/sessions/{reference}", auth=(KEY, ""))).json()["payment_intent"]
    answer = await client.post("/stripe/v1/refunds", data={"payment_intent": intent, "amount": 200}, auth=(KEY, ""))
    assert answer.is_success, answer.text
    report = await ours.polling.check(reference)
    shown = [(one.hash, one.money.minor, one.key) for one in report.refunds]
    assert shown == [(first.hash, 300, "ref_1"), (answer.json()["id"], 200, "")]
    await client.post("/stripe/v1/refunds", data={"payment_intent": intent}, auth=(KEY, ""))
    gone = await ours.polling.check(reference)
    assert (type(gone), [one.money.minor for one in gone.parts]) == (Refunded, [300, 200, 500])


ENDS = [("createDispute", "winning_evidence", "won"), ("createDispute", "losing_evidence", "lost")]
ENDS += [("createDisputeInquiry", "winning_evidence", "won"), ("createDisputeInquiry", "losing_evidence", "open")]


@pytest.mark.parametrize(("card", "evidence", "end"), ENDS)
async def test_what_a_bank_disputes_is_told_and_how_it_ended(client, ours, card, evidence, end):
    """Else nobody learns of it: the charge says no more than that it was disputed once."""
    reference = (await ours.create(checkout(1000, "USD"))).reference
    await pay(client, reference, f"pm_card_{card}")
    assert (await ours.polling.check(reference)).dispute == ""
    await client.post(f"{WORLD}/clock/advance", json={"seconds": 2})
    report = await ours.polling.check(reference)
    assert (type(report), report.dispute) == (Paid, "open")
    (row,) = (await client.get("/stripe/v1/disputes", auth=(KEY, ""))).json()["data"]
    data = {"evidence[uncategorized_text]": evidence}
    assert (await client.post(f"/stripe/v1/disputes/{row['id']}", data=data, auth=(KEY, ""))).is_success
    await client.post(f"{WORLD}/clock/advance", json={"seconds": 5})
    assert (await ours.polling.check(reference)).dispute == end


async def test_of_an_inquiry_whose_payment_was_given_back_the_end_is_told_too(client, ours):
    reference = (await ours.create(checkout(1000, "USD"))).reference
    await pay(client, reference, "pm_card_createDisputeInquiry")
    await client.post(f"{WORLD}/clock/advance", json={"seconds": 2})
    assert isinstance(await ours.refund(reference, Money(1000, "USD"), "ref_1"), Refunded)
    assert (await ours.polling.check(reference)).dispute == "open"
    (row,) = (await client.get("/stripe/v1/disputes", auth=(KEY, ""))).json()["data"]
    await client.post(f"/stripe/v1/disputes/{row['id']}/close", auth=(KEY, ""))
    report = await ours.polling.check(reference)
    assert (type(report), report.dispute) == (Refunded, "won")
