"""Rules of a PaymentIntent's life: created, confirmed, held, captured, cancelled, changed."""

from collections.abc import Callable

from bakong_conformance.case import Case
from bakong_conformance.rules import Suite, require
from bakong_conformance.stripe.subject import (
    RETURN_URL,
    STATE,
    Params,
    Stripe,
    intent_params,
    is_now,
    object_of,
    refused,
)

SUITE = Suite("stripe")
rule = SUITE.rule
KEYS = frozenset(
    {"id", "object", "amount", "amount_capturable", "amount_received", "automatic_payment_methods", "canceled_at"}
    | {"cancellation_reason", "capture_method", "client_secret", "confirmation_method", "created", "currency"}
    | {"customer", "description", "last_payment_error", "latest_charge", "livemode", "metadata", "next_action"}
    | {"payment_method", "payment_method_options", "payment_method_types", "processing", "receipt_email", "review"}
    | {"setup_future_usage", "shipping", "statement_descriptor", "status", "transfer_data"}
)
HOLD_S = 7 * 86_400
CANNOT_CONFIRM = "You cannot confirm this PaymentIntent because "


@rule("intent.created", "A new PaymentIntent is whole", forbids="keys that are left out where Stripe says null")
def _created(stripe: Stripe, case: Case) -> None:
    """Its keys, its amounts, its state, its client secret; read again it is the same."""
    made = stripe.intent(case, description="A cup", metadata={"order": "7"})
    missing = sorted(KEYS - set(made))
    require(not missing, f"a PaymentIntent has no {', '.join(missing)}")
    is_now(made, "a new PaymentIntent", object="payment_intent", amount=2000, currency="usd", amount_received=0)
    is_now(made, "a new PaymentIntent", status="requires_payment_method", livemode=False, latest_charge=None)
    is_now(made, "a new PaymentIntent", amount_capturable=0, description="A cup", metadata={"order": "7"})
    require(isinstance(made["created"], int), f"created is {made['created']!r}, expected epoch seconds")
    require(made["id"].startswith("pi_"), f"the id is {made['id']!r}")
    secret = str(made["client_secret"])
    require(secret.startswith(f"{made['id']}_secret_"), f"the client_secret is {secret!r}")
    again = stripe.read(case, f"payment_intents/{made['id']}")
    require(again == made, f"read again a PaymentIntent is {again}")


@rule("intent.defaults", "What is not said has today's default", forbids="the defaults of an older version")
def _defaults(stripe: Stripe, case: Case) -> None:
    """automatic_async; payment methods of the dashboard, with redirects."""
    made = stripe.intent(case, payment_method_types=None)
    is_now(made, "a PaymentIntent without capture_method", capture_method="automatic_async")
    methods = {"allow_redirects": "always", "enabled": True}
    is_now(made, "a PaymentIntent without payment_method_types", automatic_payment_methods=methods)


@rule("intent.paid", "A good card pays", forbids="money that the charge, or the intent, does not tell of")
def _paid(stripe: Stripe, case: Case) -> None:
    """Created, then confirmed with pm_card_visa: succeeded, all received, a charge that is paid and captured."""
    intent = stripe.intent(case, metadata={"order": "7"})
    path = f"payment_intents/{intent['id']}"
    stripe.made(case, path, {"payment_method": "pm_card_visa"})
    is_now(stripe.read(case, path), "an intent with a method", status="requires_confirmation", latest_charge=None)
    paid = stripe.made(case, f"{path}/confirm")
    is_now(paid, "a paid intent", status="succeeded", amount_received=2000, amount_capturable=0, next_action=None)
    charge = stripe.charge(case, paid)
    is_now(charge, "its charge", status="succeeded", paid=True, captured=True, amount=2000, amount_captured=2000)
    is_now(charge, "its charge", payment_intent=intent["id"], currency="usd", refunded=False, amount_refunded=0)
    is_now(charge, "its charge", metadata={"order": "7"}, failure_code=None)


@rule("intent.method", "A test card is a new method each time", forbids="two customers who share a PaymentMethod")
def _method(stripe: Stripe, case: Case) -> None:
    """pm_card_visa, twice: two ids of pm_."""
    used = [str(stripe.paid(case).get("payment_method")) for _ in range(2)]
    require(all(one.startswith("pm_") and one != "pm_card_visa" for one in used), f"the payment methods are {used}")
    require(used[0] != used[1], f"two payments have the method {used[0]}")


@rule("intent.at-once", "Created and confirmed at once is the same", forbids="a confirm that create overlooks")
def _at_once(stripe: Stripe, case: Case) -> None:
    """confirm=true."""
    is_now(stripe.paid(case), "an intent that was made with confirm=true", status="succeeded", amount_received=2000)


@rule("intent.bare", "Without a method nothing is confirmed", forbids="a payment that nobody paid")
def _bare(stripe: Stripe, case: Case) -> None:
    """Confirmed without a payment method: 400, with the intent in the error."""
    intent = stripe.intent(case)
    answer = stripe.post(case, f"payment_intents/{intent['id']}/confirm")
    error = refused(answer, "a confirmation without a method", code=STATE, begins=CANNOT_CONFIRM)
    told = error.get("payment_intent")
    require(isinstance(told, dict) and told.get("id") == intent["id"], "the error carries no payment_intent")


@rule("intent.again", "What is paid is not paid again", forbids="a second charge of one intent")
def _again(stripe: Stripe, case: Case) -> None:
    """A paid intent is confirmed once more."""
    paid = stripe.paid(case)
    answer = stripe.post(case, f"payment_intents/{paid['id']}/confirm", {"payment_method": "pm_card_visa"})
    refused(answer, "a second confirmation", code=STATE, begins=CANNOT_CONFIRM)
    now = stripe.read(case, f"payment_intents/{paid['id']}")
    is_now(now, "an intent after a second confirmation", latest_charge=paid["latest_charge"])


@rule("intent.return-url", "Methods that redirect need a return_url", forbids="code that fails on its first live day")
def _return_url(stripe: Stripe, case: Case) -> None:
    """Automatic methods, confirmed at once: refused without, taken with a return_url, or without redirects."""
    stripe.need_state()
    params = intent_params(payment_method_types=None, payment_method="pm_card_visa", confirm="true")
    begins = "This PaymentIntent is configured to accept payment methods enabled in your Dashboard."
    refused(stripe.post(case, "payment_intents", params), "a confirmation without return_url", begins=begins)
    never = {"automatic_payment_methods": {"enabled": "true", "allow_redirects": "never"}}
    for more in ({"return_url": RETURN_URL}, never):
        answer = stripe.post(case, "payment_intents", {**params, **more})
        is_now(object_of(answer, "payment_intents"), f"a PaymentIntent with {more}", status="succeeded")


@rule("intent.held", "A manual capture holds", forbids="money that is taken before it is asked for")
def _held(stripe: Stripe, case: Case) -> None:
    """capture_method manual: requires_capture, nothing received, a charge that is not captured."""
    held = stripe.paid(case, capture_method="manual")
    is_now(held, "a held PaymentIntent", status="requires_capture", amount_capturable=2000, amount_received=0)
    is_now(stripe.charge(case, held), "its charge", captured=False, amount_captured=0, status="succeeded")


@rule("intent.capture", "A part may be captured, once; the rest is released", forbids="capturing the whole, or twice")
def _capture(stripe: Stripe, case: Case) -> None:
    """More than is held is refused; 15.00 of 20.00; then again."""
    path = f"payment_intents/{stripe.paid(case, capture_method='manual')['id']}"
    answer = stripe.post(case, f"{path}/capture", {"amount_to_capture": 2001})
    require(answer.status == 400, f"a capture of more than is held was answered {answer.summary}")
    captured = stripe.made(case, f"{path}/capture", {"amount_to_capture": 1500})
    is_now(captured, "a captured PaymentIntent", status="succeeded", amount_received=1500, amount_capturable=0)
    is_now(stripe.charge(case, captured), "its charge", captured=True, amount_captured=1500, amount_refunded=500)
    refused(stripe.post(case, f"{path}/capture"), "a second capture", code=STATE)


@rule("intent.capture.state", "Only what is held is captured", forbids="a capture that pays")
def _capture_state(stripe: Stripe, case: Case) -> None:
    """A new intent is captured."""
    intent = stripe.intent(case, capture_method="manual")
    answer = stripe.post(case, f"payment_intents/{intent['id']}/capture")
    begins = "This PaymentIntent could not be captured because it has a status of requires_payment_method."
    refused(answer, "the capture of a new intent", code=STATE, begins=begins)


@rule("intent.cancel", "What is cancelled stays so", forbids="a payment of what the shop has given up")
def _cancel(stripe: Stripe, case: Case) -> None:
    """Cancelled with a reason; then confirmed, and cancelled again."""
    path = f"payment_intents/{stripe.intent(case)['id']}"
    canceled = stripe.made(case, f"{path}/cancel", {"cancellation_reason": "abandoned"})
    is_now(canceled, "a cancelled PaymentIntent", status="canceled", cancellation_reason="abandoned")
    require(isinstance(canceled.get("canceled_at"), int), f"canceled_at is {canceled.get('canceled_at')!r}")
    answer = stripe.post(case, f"{path}/confirm", {"payment_method": "pm_card_visa"})
    refused(answer, "the confirmation of a cancelled intent", code=STATE)
    refused(stripe.post(case, f"{path}/cancel"), "a second cancellation", code=STATE)


@rule("intent.cancel.paid", "What is paid is not cancelled", forbids="a cancelled payment whose money is kept")
def _cancel_paid(stripe: Stripe, case: Case) -> None:
    """A paid intent is cancelled: 400, and it stays paid."""
    path = f"payment_intents/{stripe.paid(case)['id']}"
    begins = "You cannot cancel this PaymentIntent because it has a status of succeeded."
    refused(stripe.post(case, f"{path}/cancel"), "the cancellation of a paid intent", code=STATE, begins=begins)
    is_now(stripe.read(case, path), "a paid intent after a cancellation", status="succeeded")


@rule("intent.cancel.held", "A cancelled hold is released", forbids="money that stays blocked on a card")
def _cancel_held(stripe: Stripe, case: Case) -> None:
    """A held intent is cancelled; then captured."""
    held = stripe.paid(case, capture_method="manual")
    path = f"payment_intents/{held['id']}"
    is_now(stripe.made(case, f"{path}/cancel"), "a cancelled hold", status="canceled", amount_capturable=0)
    is_now(stripe.charge(case, held), "its charge", captured=False, refunded=True, amount_refunded=2000)
    refused(stripe.post(case, f"{path}/capture"), "the capture of a cancelled hold", code=STATE)


@rule("intent.held.end", "A hold ends after seven days", forbids="a capture after expiry that works here alone")
def _held_end(stripe: Stripe, case: Case) -> None:
    """An hour before the end it can be captured; an hour after it another one cannot, and nothing is received."""
    stripe.need_control()
    early, late = (stripe.paid(case, capture_method="manual") for _ in range(2))
    stripe.advance(case, HOLD_S - 3600)
    captured = stripe.made(case, f"payment_intents/{early['id']}/capture")
    is_now(captured, "a hold of seven days less an hour", status="succeeded")
    stripe.advance(case, 7200)
    answer = stripe.post(case, f"payment_intents/{late['id']}/capture")
    require(answer.status == 400, f"a capture an hour after the hold's end was answered {answer.summary}")
    is_now(stripe.read(case, f"payment_intents/{late['id']}"), "an ended hold", amount_capturable=0, amount_received=0)


@rule("intent.update", "What is paid is not changed", forbids="an amount that changes under a payment")
def _update(stripe: Stripe, case: Case) -> None:
    """The amount before the payment, and after it; the metadata after it."""
    path = f"payment_intents/{stripe.intent(case)['id']}"
    is_now(stripe.made(case, path, {"amount": 2500}), "a changed intent", amount=2500)
    stripe.made(case, f"{path}/confirm", {"payment_method": "pm_card_visa"})
    refused(stripe.post(case, path, {"amount": 2600}), "another amount of a paid intent", code=STATE)
    noted = stripe.made(case, path, {"metadata": {"note": "late"}})
    is_now(noted, "a paid intent", metadata={"note": "late"}, amount=2500)


@rule("metadata", "Metadata is merged", forbids="keys that vanish by an update of another")
def _metadata(stripe: Stripe, case: Case) -> None:
    """One more key, one set anew, one removed, all removed."""
    path = f"payment_intents/{stripe.intent(case, metadata={'a': '1', 'b': '2'})['id']}"
    steps: tuple[tuple[Params, dict[str, str]], ...] = (
        ({"metadata": {"c": "3"}}, {"a": "1", "b": "2", "c": "3"}),
        ({"metadata": {"a": "9"}}, {"a": "9", "b": "2", "c": "3"}),
        ({"metadata": {"b": ""}}, {"a": "9", "c": "3"}),
        ({"metadata": ""}, {}),
    )
    for params, expected in steps:
        is_now(stripe.made(case, path, params), f"after {params}", metadata=expected)


@rule("metadata.limits", "Metadata has its limits", forbids="a blob that real life refuses")
def _metadata_limits(stripe: Stripe, case: Case) -> None:
    """50 keys, a key of 40 and a value of 500 characters are taken; one more of each is not."""
    stripe.need_state()
    sizes: dict[str, Callable[[int], dict[str, str]]] = {
        "keys": lambda n: {f"k{number}": "v" for number in range(n + 50)},
        "characters of a key": lambda n: {"k" * (n + 40): "v"},
        "characters of a value": lambda n: {"k": "v" * (n + 500)},
    }
    for about, made in sizes.items():
        stripe.intent(case, metadata=made(0))
        answer = stripe.post(case, "payment_intents", intent_params(metadata=made(1)))
        require(answer.status == 400, f"metadata with too many {about} was answered {answer.summary[:80]}")
