"""Disputes: opened by the test cards and by scripts, answered with evidence, won or lost."""

from bakong_schemes.stripe import wire
from bakong_schemes.stripe.fake import agenda, charging, events, intents, shapes
from bakong_schemes.stripe.fake.errors import ApiError
from bakong_schemes.stripe.fake.money import DISPUTED, PENDING, book, cover, level, move, units
from bakong_schemes.stripe.fake.records import Json
from bakong_schemes.stripe.fake.requests import Params
from bakong_schemes.stripe.fake.view import View

OPEN = ("needs_response", "warning_needs_response")
WINNING, LOSING = "winning_evidence", "losing_evidence"


def open_(view: View, charge_id: str, reason: str) -> None:
    """The payer disputes a charge. reason: "inquiry", or one of Stripe's."""
    charge = view.the("charge", charge_id)
    amount = _left(view, charge)
    if not charge["paid"] or not charge["captured"] or amount <= 0:
        return
    charging.booked(view, charge)
    is_inquiry = reason == "inquiry"
    due_by = view.now_s + wire.EVIDENCE_MS // 1000
    made = shapes.dispute(
        *(view.id(f"{view.settings.dispute_prefix}_1"), view.now_s, charge, amount, due_by),
        reason="fraudulent" if is_inquiry else reason,
    )
    if is_inquiry:
        card = {**made["payment_method_details"]["card"], "case_type": "inquiry"}
        made |= {
            "status": "warning_needs_response",
            "is_charge_refundable": True,
            "payment_method_details": {"card": card, "type": "card"},
        }
    view.state.add(made)
    view.state.charged[charge_id].disputes.append(made["id"])
    charge["disputed"] = True
    if not is_inquiry:
        _withdraw(view, made)
    events.publish(view, "charge.dispute.created", made)
    if not is_inquiry:
        events.publish(view, "charge.dispute.funds_withdrawn", made)
    events.publish(view, "charge.updated", charge, {"disputed": False})
    agenda.schedule(view, wire.EVIDENCE_MS, "dispute_due", made["id"])


def _left(view: View, charge: Json, *, but: str = "") -> int:
    """What of a charge was neither given back nor is, or was, taken by a dispute other than this."""
    others = [view.the("dispute", id_) for id_ in view.state.charged[charge["id"]].disputes if id_ != but]
    taken = sum(one["amount"] for one in others if one["status"] not in ("won", "warning_closed"))
    return int(charge["amount"] - charge["amount_refunded"] - taken)


def _withdraw(view: View, dispute: Json) -> None:
    """The merchant's money is held back, and a fee is taken."""
    currency = dispute["currency"]
    move(view, PENDING, DISPUTED, currency, units(dispute["amount"], currency))
    fee = wire.DISPUTE_FEE * wire.MINIMUM[currency] // 50
    _book(view, dispute, -dispute["amount"], fee)


def _book(view: View, dispute: Json, amount: int, fee: int = 0) -> None:
    made = book(view, dispute["id"], amount, dispute["currency"], "adjustment", fee=fee, available=True)
    dispute["balance_transactions"] = [*dispute["balance_transactions"], dict(made)]


def update(view: View, dispute: Json, params: Params) -> Json:
    """POST /v1/disputes/<id>. Raises ApiError."""
    given, submit = params.object("evidence"), params.flag("submit")
    metadata = params.metadata(dispute["metadata"])
    if given is not None and dispute["status"] not in OPEN:
        raise ApiError(f"This dispute is already {dispute['status']}.", "dispute_already_submitted")
    dispute["metadata"] = metadata
    if given is None:
        return dispute
    dispute["evidence"] = {**dispute["evidence"], **{name: _piece(given, name) for name in given.fields}}
    dispute["evidence_details"] = {**dispute["evidence_details"], "has_evidence": True}
    if submit is not False:
        _submit(view, dispute)
    events.publish(view, "charge.dispute.updated", dispute, {})
    return dispute


def _piece(given: Params, name: str) -> Json | str | None:
    """A text, or an object as it came."""
    value = given.fields[name]
    return value if isinstance(value, dict) else given.text(name)


def _submit(view: View, dispute: Json) -> None:
    is_inquiry = dispute["status"] == "warning_needs_response"
    dispute["status"] = "warning_under_review" if is_inquiry else "under_review"
    details = dispute["evidence_details"]
    dispute["evidence_details"] = {**details, "submission_count": details["submission_count"] + 1}
    agenda.schedule(view, wire.INQUIRY_MS if is_inquiry else wire.DISPUTE_MS, "dispute_decided", dispute["id"])


def decided(view: View, id_: str) -> None:
    """The bank has read the evidence; other texts than the two magic ones wait for ever."""
    dispute = view.the("dispute", id_)
    text = dispute["evidence"]["uncategorized_text"]
    if dispute["status"] == "warning_under_review":
        if text == WINNING:
            _end(view, dispute, "warning_closed")
        else:
            _become_chargeback(view, dispute)
    elif dispute["status"] == "under_review" and text in (WINNING, LOSING):
        if text == WINNING:
            win(view, dispute)
        else:
            lose(view, dispute)


def _become_chargeback(view: View, dispute: Json) -> None:
    charge = view.the("charge", dispute["charge"])
    left = _left(view, charge, but=dispute["id"])
    if left <= 0:
        _end(view, dispute, "warning_closed")
        return
    card = {**dispute["payment_method_details"]["card"], "case_type": "chargeback"}
    dispute |= {
        "amount": left,
        "status": "needs_response",
        "is_charge_refundable": False,
        "payment_method_details": {"card": card, "type": "card"},
    }
    _withdraw(view, dispute)
    events.publish(view, "charge.dispute.updated", dispute, {"status": "warning_under_review"})
    events.publish(view, "charge.dispute.funds_withdrawn", dispute)
    agenda.schedule(view, wire.EVIDENCE_MS, "dispute_due", dispute["id"])


def due(view: View, id_: str) -> None:
    """Nobody has answered in time."""
    dispute = view.the("dispute", id_)
    if dispute["status"] == "warning_needs_response":
        _end(view, dispute, "warning_closed")
    elif dispute["status"] == "needs_response":
        details = dispute["evidence_details"]
        dispute["evidence_details"] = {**details, "past_due": True}
        lose(view, dispute)


def close(view: View, dispute: Json) -> Json:
    """POST /v1/disputes/<id>/close: the merchant accepts it. Raises ApiError."""
    if dispute["status"] not in OPEN:
        raise ApiError(f"This dispute is already {dispute['status']}.", "dispute_already_submitted")
    if dispute["status"] == "warning_needs_response":
        _end(view, dispute, "warning_closed")
    else:
        lose(view, dispute)
    return dispute


def win(view: View, dispute: Json) -> None:
    currency = dispute["currency"]
    move(view, DISPUTED, PENDING, currency, units(dispute["amount"], currency))
    _book(view, dispute, dispute["amount"])
    _end(view, dispute, "won")
    events.publish(view, "charge.dispute.funds_reinstated", dispute)


def lose(view: View, dispute: Json, *, has_moved: bool = False) -> None:
    """What was held back is the payer's. has_moved: the kernel has sent it, from the merchant's account."""
    currency, charge = dispute["currency"], view.the("charge", dispute["charge"])
    kept = view.state.charged[charge["id"]]
    payment = intents.payment_of(view, charge["payment_intent"])
    minor = units(dispute["amount"], currency)
    move(view, DISPUTED, PENDING, currency, minor)
    _end(view, dispute, "lost")
    if not has_moved and kept.at is not None:
        cover(view, PENDING, currency.upper(), minor)
        kept.closing = True
        try:
            view.world.send_back(payment, kept.at, min(minor, payment.settlements[kept.at].rest))
        finally:
            kept.closing = False
    level(view, currency)


def returned(view: View, charge_id: str) -> bool:
    """A script has sent disputed money back: the dispute is lost. Whether there was one."""
    kept = view.state.charged[charge_id]
    standing = [view.the("dispute", one) for one in kept.disputes]
    ongoing = [one for one in standing if one["status"] in ("needs_response", "under_review")]
    for dispute in ongoing:
        lose(view, dispute, has_moved=True)
    return bool(ongoing)


def _end(view: View, dispute: Json, status: str) -> None:
    before, dispute["status"] = dispute["status"], status
    events.publish(view, "charge.dispute.closed", dispute, {"status": before})
