"""Rules of refunds: never more than was captured, by parts, at once, pending, failed, disputed."""

from functools import partial

from hypothesis import strategies as st

from bakong_conformance.case import Case
from bakong_conformance.racing import at_once
from bakong_conformance.rules import Suite, require
from bakong_conformance.stripe.subject import Stripe, is_now, object_of, refused

SUITE = Suite("stripe")
rule = SUITE.rule
RACERS = 8
LATER_S = 3600  # by then a refund that settles, or fails, later has done so


@rule("refund.whole", "Without an amount all that is left goes back", forbids="the whole amount after a part")
def _whole(stripe: Stripe, case: Case) -> None:
    """5.00, then the rest; by the charge and by the intent."""
    paid = stripe.paid(case)
    charge = stripe.charge(case, paid)
    part = stripe.made(case, "refunds", {"charge": charge["id"], "amount": 500, "reason": "requested_by_customer"})
    is_now(part, "a refund", object="refund", amount=500, status="succeeded", reason="requested_by_customer")
    is_now(part, "a refund", charge=charge["id"], payment_intent=paid["id"], currency="usd")
    is_now(stripe.charge(case, paid), "a charge after a part", amount_refunded=500, refunded=False)
    rest = stripe.made(case, "refunds", {"payment_intent": paid["id"]})
    is_now(rest, "the refund of the rest", amount=1500)
    is_now(stripe.charge(case, paid), "a charge after all", amount_refunded=2000, refunded=True)
    now = stripe.read(case, f"payment_intents/{paid['id']}")
    is_now(now, "a refunded intent", status="succeeded", amount_received=2000)


@rule("refund.over", "No more goes back than there is", forbids="50.00 back for 20.00")
def _over(stripe: Stripe, case: Case) -> None:
    """A cent more than the charge, and than what a part has left."""
    paid = stripe.paid(case, amount=1000)
    begins = "Refund amount ($10.01) is greater than unrefunded amount on charge ($10.00)"
    answer = stripe.post(case, "refunds", {"payment_intent": paid["id"], "amount": 1001})
    refused(answer, "a refund above the charge", param="amount", begins=begins)
    stripe.made(case, "refunds", {"payment_intent": paid["id"], "amount": 400})
    answer = stripe.post(case, "refunds", {"payment_intent": paid["id"], "amount": 601})
    refused(answer, "a refund above what is left", param="amount")


@rule("refund.again", "What went back does not go back again", forbids="two refunds of one charge")
def _again(stripe: Stripe, case: Case) -> None:
    """Refunded whole, then again: charge_already_refunded."""
    paid = stripe.paid(case)
    stripe.made(case, "refunds", {"payment_intent": paid["id"]})
    answer = stripe.post(case, "refunds", {"payment_intent": paid["id"]})
    refused(answer, "a second refund", code="charge_already_refunded", begins="Charge ")


@rule("refund.parts", "Any parts add up to the charge at most", forbids="sums that run over", examples=12)
def _parts(stripe: Stripe, case: Case) -> None:
    """Amounts at random: taken as long as there is enough, refused otherwise; the charge tells the sum."""
    stripe.need_state()
    amounts = case.draw(st.lists(st.integers(1, 1200), min_size=1, max_size=5), "amounts of refunds of 10.00")
    paid, left = stripe.paid(case, amount=1000), 1000
    for amount in amounts:
        answer = stripe.post(case, "refunds", {"payment_intent": paid["id"], "amount": amount})
        fits = amount <= left
        require((answer.status == 200) == fits, f"a refund of {amount} of {left} that are left: {answer.summary}")
        left -= amount if fits else 0
        is_now(stripe.charge(case, paid), "the charge", amount_refunded=1000 - left, refunded=not left)


@rule("refund.unpaid", "What is not paid does not go back", forbids="money for an intent that nobody paid")
def _unpaid(stripe: Stripe, case: Case) -> None:
    """A new intent is refunded."""
    intent = stripe.intent(case)
    answer = stripe.post(case, "refunds", {"payment_intent": intent["id"]})
    begins = f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund."
    refused(answer, "the refund of a new intent", param="payment_intent", begins=begins)


@rule("refund.race", "Refunds that race share one charge", forbids="two clerks who pay back more than came in")
def _race(stripe: Stripe, case: Case) -> None:
    """Eight at once of 10.00: of 6.00 one is taken, of 4.00 two."""
    for amount in (600, 400, 600):
        paid = stripe.paid(case, amount=1000)
        params = {"payment_intent": paid["id"], "amount": amount}
        statuses = [answer.status for answer in at_once([partial(stripe.post, None, "refunds", params)] * RACERS)]
        case.note(f"{RACERS} refunds at once", sorted(statuses))
        taken = statuses.count(200)
        require(taken <= 1000 // amount, f"{taken} refunds of {amount / 100:.2f} were taken of 10.00")
        told = stripe.charge(case, paid)["amount_refunded"]
        require(told == amount * taken, f"{taken} refunds were taken, the charge tells {told}")


@rule("refund.pending", "A refund may be pending first", forbids="code that never meets a pending refund")
def _pending(stripe: Stripe, case: Case) -> None:
    """pm_card_pendingRefund: pending, and counted; later succeeded."""
    stripe.need_control()
    paid = stripe.paid(case, "pm_card_pendingRefund")
    refund = stripe.made(case, "refunds", {"payment_intent": paid["id"]})
    is_now(refund, "a refund of that card", status="pending", amount=2000)
    is_now(stripe.charge(case, paid), "the charge of a pending refund", amount_refunded=2000)
    stripe.advance(case, LATER_S)
    is_now(stripe.read(case, f"refunds/{refund['id']}"), "a pending refund, an hour later", status="succeeded")


@rule("refund.failed", "A refund may fail afterwards", forbids="money that is believed to be back, and is not")
def _failed(stripe: Stripe, case: Case) -> None:
    """pm_card_refundFail: succeeded, later failed; its amount can be refunded again."""
    stripe.need_control()
    paid = stripe.paid(case, "pm_card_refundFail")
    refund = stripe.made(case, "refunds", {"payment_intent": paid["id"]})
    is_now(refund, "a refund of that card", status="succeeded")
    stripe.advance(case, LATER_S)
    now = stripe.read(case, f"refunds/{refund['id']}")
    is_now(now, "a refund that fails, an hour later", status="failed")
    require(bool(now.get("failure_reason")), f"a failed refund has the failure_reason {now.get('failure_reason')!r}")
    is_now(stripe.charge(case, paid), "the charge of a failed refund", amount_refunded=0, refunded=False)


@rule("refund.disputed", "What is disputed is not refunded", forbids="paying back what the bank has taken back")
def _disputed(stripe: Stripe, case: Case) -> None:
    """pm_card_createDispute; an hour later the charge is disputed, and its refund charge_disputed."""
    stripe.need_control()
    paid = stripe.paid(case, "pm_card_createDispute")
    stripe.advance(case, LATER_S)
    charge = stripe.charge(case, paid)
    is_now(charge, "the charge", disputed=True)
    answer = stripe.post(case, "refunds", {"payment_intent": paid["id"]})
    begins = f"Charge {charge['id']} has been charged back; cannot issue a refund."
    refused(answer, "the refund of a disputed charge", code="charge_disputed", begins=begins)


@rule("refund.read", "A refund is read as it was made", forbids="an answer that nobody can look up")
def _read(stripe: Stripe, case: Case) -> None:
    """Made with metadata, read, and its metadata changed; nothing else of it can be."""
    paid = stripe.paid(case)
    refund = stripe.made(case, "refunds", {"payment_intent": paid["id"], "amount": 300, "metadata": {"note": "1"}})
    path = f"refunds/{refund['id']}"
    is_now(stripe.read(case, path), "a refund", id=refund["id"], amount=300, metadata={"note": "1"})
    is_now(object_of(stripe.post(case, path, {"metadata": {"note": "2"}}), path), "a refund", metadata={"note": "2"})
