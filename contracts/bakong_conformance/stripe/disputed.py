"""Points on which the evidence about Stripe differs: an answer unlike ours is told, and breaks no rule."""

from bakong_conformance.case import Case
from bakong_conformance.rules import NotCheckedError, Suite
from bakong_conformance.stripe.intents import HOLD_S
from bakong_conformance.stripe.refunds import LATER_S
from bakong_conformance.stripe.subject import Stripe, error_of, intent_params

SUITE = Suite("stripe")
rule = SUITE.rule


def _differs(about: str, seen: object, ours: object) -> None:
    """Raises NotCheckedError, whose text the report shows, where the answer is not our default."""
    if seen != ours:
        raise NotCheckedError(f"it differs, and is disputed: {about} is {seen!r}, ours is {ours!r}")


@rule("disputed.intent-param", "The param of an unknown intent: intent", forbids="nothing; it is told")
def _param(stripe: Stripe, case: Case) -> None:
    """Captures say intent, other kinds of objects say id."""
    _differs("param", error_of(stripe.get(case, "payment_intents/pi_nobody")).get("param"), "intent")


@rule("disputed.over-refund", "The code of a refund above what is left: none", forbids="nothing; it is told")
def _over(stripe: Stripe, case: Case) -> None:
    """Two reports say that there is no code."""
    paid = stripe.paid(case)
    answer = stripe.post(case, "refunds", {"payment_intent": paid["id"], "amount": 2001})
    _differs("error.code", error_of(answer).get("code"), None)


@rule("disputed.expired-card", "The decline_code of an expired card: expired_card", forbids="nothing; it is told")
def _expired(stripe: Stripe, case: Case) -> None:
    """Stripe's page says n/a, captures carry it."""
    stripe.need_state()
    params = intent_params(payment_method="pm_card_chargeDeclinedExpiredCard", confirm="true")
    code = error_of(stripe.post(case, "payment_intents", params)).get("decline_code")
    _differs("decline_code", code, "expired_card")


@rule("disputed.hold-end", "What a hold becomes at its end: canceled", forbids="nothing; it is told")
def _hold(stripe: Stripe, case: Case) -> None:
    """Seven days and an hour."""
    stripe.need_control()
    held = stripe.paid(case, capture_method="manual")
    stripe.advance(case, HOLD_S + 3600)
    _differs("status", stripe.read(case, f"payment_intents/{held['id']}")["status"], "canceled")


@rule("disputed.dispute-id", "The prefix of a dispute: du_", forbids="nothing; it is told")
def _dispute(stripe: Stripe, case: Case) -> None:
    """Fixtures have dp_, today's documentation du_."""
    stripe.need_control()
    paid = stripe.paid(case, "pm_card_createDispute")
    stripe.advance(case, LATER_S)
    rows = stripe.read(case, "disputes", {"payment_intent": paid["id"]}).get("data") or [{}]
    _differs("the prefix", str(rows[0].get("id")).partition("_")[0], "du")


@rule("disputed.order", "What is told last of create and confirm at once: created", forbids="nothing; it is told")
def _order(stripe: Stripe, case: Case) -> None:
    """No order is promised; in captures payment_intent.created is often the last."""
    paid = stripe.paid(case)
    rows = stripe.read(case, "events", {"limit": 100})["data"]
    types = [event["type"] for event in rows if paid["id"] == event["data"]["object"].get("id")]
    _differs("the newest event", types[0] if types else None, "payment_intent.created")
