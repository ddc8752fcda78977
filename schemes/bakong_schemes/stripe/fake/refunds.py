"""Refunds: in part and whole, pending, and those that fail later."""

from dataclasses import replace

from bakong_schemes.stripe import wire
from bakong_schemes.stripe.fake import agenda, charging, disputes, events, intents, shapes
from bakong_schemes.stripe.fake.errors import ApiError, missing, not_found
from bakong_schemes.stripe.fake.money import CARDHOLDER, PENDING, book, cover, is_available, move, units
from bakong_schemes.stripe.fake.records import Json
from bakong_schemes.stripe.fake.requests import Params
from bakong_schemes.stripe.fake.view import View
from bakong_simulator.kernel.payments import Payment

REASONS = ("duplicate", "fraudulent", "requested_by_customer")
REFERENCE = "9864592802009956"


def create(view: View, params: Params) -> Json:
    """POST /v1/refunds. Raises ApiError."""
    reason, metadata = params.choice("reason", REASONS), params.metadata({})
    charge = _charge_of(view, params)
    _check_refundable(view, charge)
    left = charge["amount"] - charge["amount_refunded"]
    amount = params.integer("amount")
    amount = left if amount is None else amount
    if amount < 1:
        raise ApiError("Invalid positive integer", "parameter_invalid_integer", "amount")
    if amount > left:
        told = [wire.amount_text(each, charge["currency"]) for each in (amount, left)]
        raise ApiError(
            f"Refund amount ({told[0]}) is greater than unrefunded amount on charge ({told[1]})",
            "amount_too_large" if view.settings.over_refund_code else None,
            "amount",
        )
    if not charge["captured"]:
        return _release(view, charge, amount, reason, metadata)
    return give_back(view, charge, amount, reason, metadata)


def _charge_of(view: View, params: Params) -> Json:
    named, intent_id = params.text("charge"), params.text("payment_intent")
    if named is not None and intent_id is not None:
        raise ApiError("You may only specify one of these parameters: charge, payment_intent.")
    if intent_id is not None:
        intent = view.get("payment_intent", intent_id)
        if intent is None:
            raise not_found("payment_intent", intent_id, "payment_intent", status=400)
        charge = view.get("charge", intent["latest_charge"])
        if charge is None or not charge["paid"]:
            raise ApiError(
                f"This PaymentIntent ({intent_id}) does not have a successful charge to refund.", param="payment_intent"
            )
        return charge
    if named is None:
        raise missing("charge")
    charge = view.get("charge", named)
    if charge is None:
        raise not_found("charge", named, "charge", status=400)
    return charge


def _check_refundable(view: View, charge: Json) -> None:
    if not charge["paid"]:
        raise ApiError(f"Charge {charge['id']} has not been paid; cannot issue a refund.", param="charge")
    if charge["refunded"] or charge["amount_refunded"] >= charge["amount"]:
        raise ApiError(f"Charge {charge['id']} has already been refunded.", "charge_already_refunded")
    known = [view.the("dispute", one) for one in view.state.charged[charge["id"]].disputes]
    if any(not one["is_charge_refundable"] and one["status"] != "won" for one in known):
        raise ApiError(f"Charge {charge['id']} has been charged back; cannot issue a refund.", "charge_disputed")


def _release(view: View, charge: Json, amount: int, reason: str | None, metadata: Json) -> Json:
    """A hold can be given back whole, which cancels its intent."""
    if amount != charge["amount"]:
        raise ApiError("You cannot partially refund an uncaptured charge. Capture it for less instead.", param="amount")
    intent = view.the("payment_intent", charge["payment_intent"])
    intents.cancel_intent(view, intent, None)
    return _add(view, charge, amount, reason=reason, metadata=metadata)


def _add(view: View, charge: Json, amount: int, **given: object) -> Json:
    made = shapes.refund(view.id("re_3"), view.now_s, charge, amount, **given)
    view.state.charged[charge["id"]].refunds.append(made["id"])
    return view.state.add(made)


def _standing(view: View, charge: Json) -> int:
    """What of a charge has gone back, or is on its way."""
    made = (view.the("refund", one) for one in view.state.charged[charge["id"]].refunds)
    return sum(one["amount"] for one in made if one["status"] not in ("failed", "canceled"))


def give_back(
    view: View, charge: Json, amount: int, reason: str | None, metadata: Json, *, has_moved: bool = False
) -> Json:
    """A refund of money that was captured. has_moved: the kernel has sent it back already."""
    charging.booked(view, charge)
    kept, currency = view.state.charged[charge["id"]], charge["currency"]
    before = _standing(view, charge)
    card = wire.CARDS.get(kept.card)
    is_pending = card is not None and card.after == "refund_pending"
    made = _add(view, charge, amount, reason=reason, metadata=metadata, status="pending" if is_pending else "succeeded")
    if is_pending:
        made["pending_reason"] = "processing"
    _count(view, charge)
    if not has_moved:
        _send_back(view, charge, units(before + amount, currency) - units(before, currency))
    booked = book(
        *(view, made["id"], -amount, currency, "refund"),
        available=is_available(view, charge["balance_transaction"]),
        description=f"REFUND FOR CHARGE ({charge['description'] or charge['id']})",
    )
    made["balance_transaction"] = booked["id"]
    events.publish(view, "refund.created", made)
    events.publish(view, "charge.refunded", charge)
    fails = view.is_marked("refund_fails") or (card is not None and card.after == "refund_fails")
    if is_pending or fails:
        agenda.schedule(view, wire.REFUND_MS, "refund_fails" if fails else "refund_settles", made["id"])
    if not is_pending:
        agenda.schedule(view, wire.REFERENCE_MS, "refund_reference", made["id"])
    return made


def _send_back(view: View, charge: Json, minor: int) -> None:
    kept = view.state.charged[charge["id"]]
    payment = intents.payment_of(view, charge["payment_intent"])
    if minor <= 0 or kept.at is None:
        return
    cover(view, PENDING, charge["currency"].upper(), minor)
    kept.closing = True
    try:
        view.world.send_back(payment, kept.at, min(minor, payment.settlements[kept.at].rest))
    finally:
        kept.closing = False


def _count(view: View, charge: Json) -> None:
    """Let a charge say what of it has gone back: of a hold that was captured in part the rest too."""
    charge["amount_refunded"] = charge["amount"] - charge["amount_captured"] + _standing(view, charge)
    charge["refunded"] = charge["amount_refunded"] >= charge["amount"]


def returned(view: View, payment: Payment, at: int) -> None:
    """The kernel's word that money went back: of a script, or of somebody at the control API."""
    charge = next(
        (view.the("charge", one) for one in view.state.intents[payment.reference].charges if _is_of(view, one, at)),
        None,
    )
    if charge is None or view.state.charged[charge["id"]].closing:
        return
    if disputes.returned(view, charge["id"]):
        return
    settlement = payment.settlements[at]
    standing = _standing(view, charge)
    if settlement.returned:
        amount = charge["amount_captured"] - standing
    else:
        amount = settlement.returned_minor * charge["amount_captured"] // settlement.minor - standing
    if amount > 0:
        give_back(view, charge, amount, None, {}, has_moved=True)


def _is_of(view: View, charge_id: str, at: int) -> bool:
    return view.state.charged[charge_id].at == at


# Later


def reference(view: View, id_: str) -> None:
    """The bank's reference of a refund arrives."""
    refund = view.the("refund", id_)
    details = refund["destination_details"]
    card = {**details["card"], "reference": REFERENCE, "reference_status": "available"}
    refund["destination_details"] = {**details, "card": card}
    _updated(view, refund, {"destination_details": details})


def _updated(view: View, refund: Json, previous: Json) -> None:
    events.publish(view, "refund.updated", refund, previous)
    events.publish(view, "charge.refund.updated", refund, previous)


def settled(view: View, id_: str) -> None:
    """A refund that was pending has come."""
    refund = view.the("refund", id_)
    if refund["status"] == "pending":
        refund["status"] = "succeeded"
        refund.pop("pending_reason", None)
        _updated(view, refund, {"status": "pending"})


def failed(view: View, id_: str) -> None:
    """A refund comes back: the merchant has the money again."""
    refund = view.the("refund", id_)
    if refund["status"] == "failed":
        return
    charge = view.the("charge", refund["charge"])
    kept, currency = view.state.charged[charge["id"]], refund["currency"]
    after = _standing(view, charge) - refund["amount"]
    minor = units(after + refund["amount"], currency) - units(after, currency)
    payment = intents.payment_of(view, charge["payment_intent"])
    if kept.at is not None and minor > 0:
        row = payment.settlements[kept.at]
        payment.settlements[kept.at] = replace(row, returned=False, returned_minor=max(0, row.returned_minor - minor))
        move(view, CARDHOLDER, PENDING, currency, minor)
    before = refund["status"]
    booked = book(
        *(view, refund["id"], refund["amount"], currency, "refund_failure"),
        available=is_available(view, charge["balance_transaction"]),
    )
    refund |= {
        "status": "failed",
        "failure_reason": "expired_or_canceled_card",
        "failure_balance_transaction": booked["id"],
    }
    _count(view, charge)
    events.publish(view, "refund.failed", refund)
    _updated(view, refund, {"status": before})
