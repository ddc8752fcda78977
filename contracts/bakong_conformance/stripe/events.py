"""Rules of events and of the webhooks that tell them, at a receiver of the harness's own."""

import json
from typing import Any

from bakong_conformance.case import Case
from bakong_conformance.rules import RuleBrokenError, Suite, require
from bakong_conformance.service.receiver import Delivery
from bakong_conformance.stripe.subject import RETURN_URL, Stripe, is_now
from bakong_contracts.webhook_guard import STRIPE, Guard, RejectedError

SUITE = Suite("stripe")
rule = SUITE.rule
SOON_S, LATER_S = 10, 3600
RETRY_S = 6 * 3600  # the sandbox tries three times over a few hours


def _of(stripe: Stripe, case: Case, ids: set[str]) -> list[dict[str, Any]]:
    """The events about any of these objects, newest first."""
    page = stripe.read(case, "events", {"limit": 100})
    return [event for event in page["data"] if ids & _named(event["data"]["object"])]


def _named(thing: dict[str, Any]) -> set[str]:
    return {str(thing.get(name)) for name in ("id", "payment_intent", "charge") if thing.get(name)}


def _types(stripe: Stripe, case: Case, thing: str) -> set[str]:
    return {event["type"] for event in _of(stripe, case, {thing})}


def _told(types: set[str], about: str, *expected: str, never: tuple[str, ...] = ()) -> None:
    missing, wrong = sorted(set(expected) - types), sorted(types & set(never))
    require(not missing, f"{about}: no event {', '.join(missing)}; there are {sorted(types)}")
    require(not wrong, f"{about}: there are events {', '.join(wrong)}")


@rule("event.paid", "A payment is told", forbids="a listener that waits for an event which never comes")
def _paid(stripe: Stripe, case: Case) -> None:
    """Created and confirmed."""
    paid = stripe.paid(case)
    never = ("payment_intent.payment_failed", "charge.failed", "payment_intent.canceled")
    about = ("payment_intent.created", "payment_intent.succeeded", "charge.succeeded")
    _told(_types(stripe, case, paid["id"]), "a payment", *about, never=never)


@rule("event.others", "Each transition is told in its way", forbids="a hold that is told as a payment")
def _others(stripe: Stripe, case: Case) -> None:
    """Declined, held, captured, cancelled, authentication asked for, refunded."""
    intent = stripe.intent(case)
    stripe.post(case, f"payment_intents/{intent['id']}/confirm", {"payment_method": "pm_card_visa_chargeDeclined"})
    never = ("payment_intent.succeeded", "charge.succeeded")
    types = _types(stripe, case, intent["id"])
    _told(types, "a decline", "payment_intent.payment_failed", "charge.failed", never=never)
    held = stripe.paid(case, capture_method="manual")["id"]
    types = _types(stripe, case, held)
    _told(types, "a hold", "payment_intent.amount_capturable_updated", never=("payment_intent.succeeded",))
    stripe.made(case, f"payment_intents/{held}/capture")
    _told(_types(stripe, case, held), "a capture", "charge.captured", "payment_intent.succeeded")
    stripe.made(case, f"payment_intents/{intent['id']}/cancel")
    _told(_types(stripe, case, intent["id"]), "a cancellation", "payment_intent.canceled")
    asked = stripe.paid(case, "pm_card_authenticationRequired", return_url=RETURN_URL)["id"]
    types = _types(stripe, case, asked)
    _told(types, "an authentication", "payment_intent.requires_action", never=("payment_intent.succeeded",))
    stripe.made(case, "refunds", {"payment_intent": held, "amount": 100})
    _told(_types(stripe, case, held), "a refund", "refund.created", "charge.refunded")


@rule("event.form", "An event is a snapshot", forbids="an event of yesterday that tells today's state")
def _form(stripe: Stripe, case: Case) -> None:
    """payment_intent.created after the payment: as it was then; its request, its key; read by its id it is the same."""
    key = stripe.new_key()
    intent = stripe.made(case, "payment_intents", {"amount": 2000, "currency": "usd"}, key=key)
    params = {"payment_method": "pm_card_visa", "return_url": RETURN_URL}
    stripe.made(case, f"payment_intents/{intent['id']}/confirm", params)
    created = next((one for one in _of(stripe, case, {intent["id"]}) if one["type"] == "payment_intent.created"), None)
    require(created, "there is no event payment_intent.created")
    event = created or {}
    is_now(event, "an event", object="event", livemode=False)
    require(str(event["id"]).startswith("evt_"), f"the id is {event['id']!r}")
    is_now(event["data"]["object"], "payment_intent.created, after the payment", status="requires_payment_method")
    request = event.get("request") or {}
    is_now(request, "the request of an event", idempotency_key=key)
    require(str(request.get("id")).startswith("req_"), f"the request of an event is {request!r}")
    is_now(
        stripe.read(case, f"events/{event['id']}"), "an event, read by its id", type=event["type"], data=event["data"]
    )


@rule("event.session", "A session's end is told", forbids="an order that nobody closes")
def _session(stripe: Stripe, case: Case) -> None:
    """Paid on its page, and ended by call."""
    paid, ended = (stripe.session(case)["id"] for _ in range(2))
    stripe.command(case, f"/stripe/checkout/{paid}/pay", {"payment_method": "pm_card_visa"})
    stripe.made(case, f"checkout/sessions/{ended}/expire")
    _told(
        _types(stripe, case, paid), "a paid session", "checkout.session.completed", never=("checkout.session.expired",)
    )
    _told(
        _types(stripe, case, ended),
        "an ended session",
        "checkout.session.expired",
        never=("checkout.session.completed",),
    )


@rule("event.later", "What happens later is told", forbids="a refund, or a dispute, that changes in silence")
def _later(stripe: Stripe, case: Case) -> None:
    """A dispute, a refund that fails, the balance of a charge."""
    stripe.need_control()
    disputed, failing = stripe.paid(case, "pm_card_createDispute")["id"], stripe.paid(case, "pm_card_refundFail")["id"]
    stripe.made(case, "refunds", {"payment_intent": failing})
    stripe.advance(case, LATER_S)
    _told(_types(stripe, case, disputed), "a dispute", "charge.dispute.created", "charge.updated")
    _told(_types(stripe, case, failing), "a refund that failed", "refund.failed")


def _seen(delivery: Delivery) -> dict[str, Any]:
    event = json.loads(delivery.body)
    return event if isinstance(event, dict) else {}


@rule("webhook.signed", "A webhook is signed as Stripe signs", forbids="a signature that no SDK can verify")
def _signed(stripe: Stripe, case: Case) -> None:
    """The secret of the endpoint, over the time and the raw body, by the clock on the wall; it is told once only."""
    with stripe.endpoint(case, "payment_intent.succeeded") as endpoint:
        secret = str(endpoint.get("secret"))
        require(secret.startswith("whsec_"), f"the secret of a new endpoint is {secret[:6]!r}…")
        again = stripe.read(case, f"webhook_endpoints/{endpoint['id']}")
        require(not again.get("secret"), "an endpoint tells its secret again")
        paid = stripe.paid(case)
        stripe.advance(case, SOON_S)
        arrived = [one for one in stripe.receiver.arrived if _seen(one).get("type") == "payment_intent.succeeded"]
        require(len(arrived) == 1, f"a payment was told by {len(arrived)} webhooks")
        delivery = arrived[0]
        is_now(_seen(delivery)["data"]["object"], "the webhook's object", id=paid["id"], status="succeeded")
        is_now(stripe.read(case, f"events/{_seen(delivery)['id']}"), "the event", type="payment_intent.succeeded")
        kind = delivery.headers.get("content-type", "")
        require(kind.startswith("application/json"), f"a webhook's content-type is {kind!r}")
        header = delivery.headers.get("stripe-signature", "")
        try:
            Guard(STRIPE, [secret]).check(delivery.headers, delivery.body, now_s=stripe.wall_s())
        except RejectedError as error:
            raise RuleBrokenError(f"a webhook is not verified: {error}; Stripe-Signature is {header!r}") from None


@rule("webhook.chosen", "An endpoint gets what it asked for", forbids="events that nobody asked for")
def _chosen(stripe: Stripe, case: Case) -> None:
    """charge.refunded alone, while there are others."""
    with stripe.endpoint(case, "charge.refunded"):
        stripe.made(case, "refunds", {"payment_intent": stripe.paid(case)["id"]})
        stripe.advance(case, SOON_S)
        types = [_seen(one).get("type") for one in stripe.receiver.arrived]
        require(types == ["charge.refunded"], f"an endpoint for charge.refunded got {types}")


@rule("webhook.again", "A webhook that failed comes again", forbids="a lost event after one answer of 500")
def _again(stripe: Stripe, case: Case) -> None:
    """Answered 500, then 204: the same event again, later; and not after that."""
    with stripe.endpoint(case, "payment_intent.succeeded"):
        stripe.receiver.decide = lambda _body: 500
        stripe.paid(case)
        stripe.advance(case, SOON_S)
        first = len(stripe.receiver.arrived)
        require(first, "a payment was told by no webhook")
        stripe.receiver.accept()
        stripe.advance(case, RETRY_S)
        ids = [_seen(one).get("id") for one in stripe.receiver.arrived]
        require(len(ids) > first, "a webhook that was answered 500 did not come again")
        require(len(set(ids)) == 1, f"a webhook came again as another event: {ids}")
        stripe.advance(case, RETRY_S)
        require(len(stripe.receiver.arrived) == first + 1, "a webhook that was taken came again")


@rule("webhook.ended", "A disabled endpoint gets nothing", forbids="webhooks to a server that was given up")
def _ended(stripe: Stripe, case: Case) -> None:
    """Disabled, then a payment."""
    with stripe.endpoint(case, "payment_intent.succeeded") as endpoint:
        now = stripe.made(case, f"webhook_endpoints/{endpoint['id']}", {"disabled": "true"})
        is_now(now, "a disabled endpoint", status="disabled")
        stripe.paid(case)
        stripe.advance(case, SOON_S)
        require(not stripe.receiver.arrived, "a disabled endpoint got a webhook")
