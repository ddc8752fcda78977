"""Rules of the test cards: what is declined, what asks for the card's holder, and what that leaves behind."""

from typing import Any, NamedTuple

from bakong_conformance.case import Case
from bakong_conformance.http import Answer
from bakong_conformance.rules import Suite, require
from bakong_conformance.stripe.subject import RETURN_URL, Stripe, error_of, intent_params, is_now, refused

SUITE = Suite("stripe")
rule = SUITE.rule
ASKS = "pm_card_authenticationRequired"


class Decline(NamedTuple):
    """What a card is declined with. decline_code None: disputed, and not held to anything."""

    code: str
    decline_code: str | None
    message: str


_PLAIN = "Your card was declined."
DECLINES = {
    "pm_card_visa_chargeDeclined": Decline("card_declined", "generic_decline", _PLAIN),
    "pm_card_chargeDeclined": Decline("card_declined", "generic_decline", _PLAIN),
    "pm_card_visa_chargeDeclinedInsufficientFunds": Decline(
        "card_declined", "insufficient_funds", "Your card has insufficient funds."
    ),
    "pm_card_visa_chargeDeclinedLostCard": Decline("card_declined", "lost_card", _PLAIN),
    "pm_card_visa_chargeDeclinedStolenCard": Decline("card_declined", "stolen_card", _PLAIN),
    "pm_card_chargeDeclinedExpiredCard": Decline("expired_card", None, "Your card has expired."),
    "pm_card_chargeDeclinedIncorrectCvc": Decline("incorrect_cvc", None, "Your card's security code is incorrect."),
    "pm_card_chargeDeclinedProcessingError": Decline(
        "processing_error", None, "An error occurred while processing your card. Try again in a little bit."
    ),
    "pm_card_visa_chargeDeclinedVelocityLimitExceeded": Decline(
        "card_declined",
        "card_velocity_exceeded",
        "Your card was declined for making repeated attempts too frequently or exceeding its amount limit.",
    ),
}
GOOD = ("pm_card_visa", "pm_card_visa_debit", "pm_card_mastercard", "pm_card_amex", "pm_card_jcb", "pm_card_unionpay")


def _declined(answer: Answer, about: str, decline: Decline) -> dict[str, Any]:
    error = refused(answer, about, status=402, kind="card_error", code=decline.code)
    require(error["message"] == decline.message, f"{about}: the message is {error['message']!r}")
    told = error.get("decline_code")
    expected = decline.decline_code
    require(expected in (None, told), f"{about}: decline_code is {told!r}, expected {expected}")
    return error


@rule("card.declined", "Each declining card declines in its way", forbids="a documented decliner that pays")
def _declines(stripe: Stripe, case: Case) -> None:
    """Each of the test methods that decline: 402 with its code, its decline code and its words."""
    stripe.need_state()
    for method, decline in DECLINES.items():
        params = intent_params(payment_method=method, confirm="true")
        _declined(stripe.post(case, "payment_intents", params), method, decline)


@rule("card.good", "Each good card pays", forbids="a wallet of one card")
def _good(stripe: Stripe, case: Case) -> None:
    """Six brands."""
    for method in GOOD:
        is_now(stripe.paid(case, method), method, status="succeeded", amount_received=2000)


@rule("card.declined.after", "A declined intent waits for another card", forbids="a decline that ends an order")
def _after(stripe: Stripe, case: Case) -> None:
    """Declined: no method, the error and the failed charge are kept; then a good card pays."""
    intent = stripe.intent(case)
    path = f"payment_intents/{intent['id']}"
    answer = stripe.post(case, f"{path}/confirm", {"payment_method": "pm_card_visa_chargeDeclined"})
    error = _declined(answer, "a declined card", DECLINES["pm_card_visa_chargeDeclined"])
    whole = error.get("payment_intent") or {}
    is_now(whole, "the payment_intent in the error", id=intent["id"], status="requires_payment_method")
    now = stripe.read(case, path)
    is_now(now, "a declined intent", status="requires_payment_method", payment_method=None, amount_received=0)
    last = now.get("last_payment_error") or {}
    is_now(last, "its last_payment_error", type="card_error", code="card_declined", decline_code="generic_decline")
    charge = stripe.charge(case, now)
    is_now(charge, "its charge", status="failed", paid=False, failure_code="card_declined", id=error.get("charge"))
    paid = stripe.made(case, f"{path}/confirm", {"payment_method": "pm_card_visa"})
    is_now(paid, "a declined intent, paid by another card", status="succeeded", last_payment_error=None)


@rule("authentication.asked", "A card may ask for its holder", forbids="3D Secure that is passed over")
def _asked(stripe: Stripe, case: Case) -> None:
    """requires_action with a URL to go to; no money yet."""
    asked = stripe.paid(case, ASKS, return_url=RETURN_URL)
    is_now(asked, "an intent that needs authentication", status="requires_action", amount_received=0)
    action = asked.get("next_action") or {}
    require(action.get("type") == "redirect_to_url", f"next_action is {action!r}, expected redirect_to_url")
    to = action.get("redirect_to_url") or {}
    is_now(to, "redirect_to_url", return_url=RETURN_URL)
    require(str(to.get("url")).startswith("http"), f"the URL to go to is {to.get('url')!r}")
    bare = stripe.paid(case, ASKS).get("next_action") or {}
    is_now(bare, "next_action without a return_url", type="use_stripe_sdk")


@rule("authentication.given", "Authenticated, it is paid", forbids="a payment that hangs behind its page")
def _given(stripe: Stripe, case: Case) -> None:
    """The page is completed."""
    asked = stripe.paid(case, ASKS, return_url=RETURN_URL)
    stripe.command(case, f"/stripe/payment_intents/{asked['id']}/authenticate")
    now = stripe.read(case, f"payment_intents/{asked['id']}")
    is_now(now, "an authenticated intent", status="succeeded", amount_received=2000, next_action=None)
    is_now(stripe.charge(case, now), "its charge", paid=True, amount=2000)


@rule("authentication.failed", "Not authenticated, it is not paid", forbids="a charge of somebody who said no")
def _failed(stripe: Stripe, case: Case) -> None:
    """The page fails: requires_payment_method, the error kept, no charge."""
    asked = stripe.paid(case, ASKS, return_url=RETURN_URL)
    stripe.command(case, f"/stripe/payment_intents/{asked['id']}/fail_authentication")
    now = stripe.read(case, f"payment_intents/{asked['id']}")
    is_now(now, "an intent whose authentication failed", status="requires_payment_method", latest_charge=None)
    last = now.get("last_payment_error") or {}
    is_now(last, "its last_payment_error", code="payment_intent_authentication_failure", type="invalid_request_error")


@rule("authentication.declined", "An authenticated card may be declined", forbids="an authentication taken for money")
def _then_declined(stripe: Stripe, case: Case) -> None:
    """A card that is authenticated and then has insufficient funds."""
    method = "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds"
    asked = stripe.paid(case, method, return_url=RETURN_URL)
    stripe.command(case, f"/stripe/payment_intents/{asked['id']}/authenticate")
    now = stripe.read(case, f"payment_intents/{asked['id']}")
    is_now(now, "an intent that was authenticated, then declined", status="requires_payment_method", amount_received=0)
    last = now.get("last_payment_error") or {}
    is_now(last, "its last_payment_error", code="card_declined", decline_code="insufficient_funds")


@rule("authentication.left", "What is left at its page can be cancelled", forbids="an abandoned 3D Secure that hangs")
def _left(stripe: Stripe, case: Case) -> None:
    """requires_action, then cancelled: canceled, without a next action."""
    asked = stripe.paid(case, ASKS, return_url=RETURN_URL)
    canceled = stripe.made(case, f"payment_intents/{asked['id']}/cancel")
    is_now(canceled, "an intent that was left at its page", status="canceled", amount_received=0, next_action=None)


@rule("authentication.off-session", "Nobody is there to be asked off session", forbids="a renewal that waits for ever")
def _off_session(stripe: Stripe, case: Case) -> None:
    """off_session with a card that asks: 402 authentication_required, no requires_action."""
    stripe.need_state()
    params = intent_params(payment_method=ASKS, confirm="true", off_session="true")
    answer = stripe.post(case, "payment_intents", params)
    refused(answer, "an off-session payment", status=402, kind="card_error", code="authentication_required")
    intent = error_of(answer).get("payment_intent") or {}
    is_now(intent, "its payment_intent", status="requires_payment_method", next_action=None)
