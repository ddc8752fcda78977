"""Charges: what comes of an intent's money, however it moved; the kernel's settlements as Stripe tells of them."""

from bakong_schemes.stripe import wire
from bakong_schemes.stripe.fake import agenda, events, shapes, vault
from bakong_schemes.stripe.fake.errors import INVALID, ApiError, doc_url
from bakong_schemes.stripe.fake.money import amount_of, book, received, units
from bakong_schemes.stripe.fake.records import Charged, Json
from bakong_schemes.stripe.fake.view import View
from bakong_simulator.kernel.payments import Settlement


def _method_of(view: View, intent: Json) -> Json:
    """What an intent is paid with; where a script or a wallet of the sandbox pays, a new Visa card."""
    method = view.get("payment_method", intent["payment_method"])
    if method is None:
        method = vault.new_method(view, "visa")
        view.state.methods[method["id"]].used = True
        intent["payment_method"] = method["id"]
    return method


def _new(view: View, intent: Json, method: Json, amount: int, decline: wire.Decline | None = None) -> Json:
    """A charge with its outcome; what else is to be said of it, the caller does."""
    card = vault.card_of(view, method["id"])
    kept = view.state.intents[intent["id"]]
    made = shapes.charge(
        *(view.id("ch_3"), view.now_s, intent, method),
        amount=amount,
        outcome=shapes.outcome(card, decline),
        payment_method_details=shapes.card_details(
            method, amount, authenticated=kept.authenticated and bool(card.authentication)
        ),
    )
    view.state.charged[made["id"]] = Charged(view.state.methods[method["id"]].card)
    view.state.add(made)
    kept.charges.append(made["id"])
    intent["latest_charge"] = made["id"]
    return made


# Money came


def paid(view: View, intent: Json, settlement: Settlement, at: int) -> None:
    """Money has moved for an intent: of a hold, or by a new charge."""
    kept = view.state.intents[intent["id"]]
    was_paid = intent["status"] == "succeeded"
    amount = _amount(view, intent, settlement)
    held = _held(view, intent)
    method = _method_of(view, intent)
    if held is not None:
        _capture(held, amount)
        charge = held
    else:
        before = intent["latest_charge"]
        charge = _new(view, intent, method, amount)
        charge |= {"amount_captured": amount, "receipt_url": f"{kept.origin}/receipts/{charge['id']}"}
        charge["currency"] = settlement.currency.lower()
        if was_paid:
            intent["latest_charge"] = before
    view.state.charged[charge["id"]].at = at
    received(view, amount, charge["currency"])
    if intent["capture_method"] == "automatic":
        _book(view, charge)
    if not was_paid:
        intent |= {
            "status": "succeeded",
            "amount_received": amount,
            "amount_capturable": 0,
            "next_action": None,
            "last_payment_error": None,
            "processing": None,
        }
    events.publish(view, "charge.captured" if held else "charge.succeeded", charge)
    if not was_paid:
        events.publish(view, "payment_intent.succeeded", intent)
    if charge["balance_transaction"] is None:
        agenda.schedule(view, wire.CHARGE_UPDATED_MS, "charge_updated", charge["id"])
    _follow(view, charge)


def _amount(view: View, intent: Json, settlement: Settlement) -> int:
    """What came, as Stripe counts it. A script may let another amount come."""
    capturing = view.state.intents[intent["id"]].capturing
    if capturing is not None:
        return capturing
    currency = settlement.currency.lower()
    is_whole = currency == intent["currency"] and settlement.minor == units(intent["amount"], currency)
    return int(intent["amount"]) if is_whole else amount_of(settlement.minor, currency)


def _held(view: View, intent: Json) -> Json | None:
    charge = view.get("charge", intent["latest_charge"])
    is_held = charge is not None and not charge["captured"] and charge["paid"] and not charge["refunded"]
    return charge if is_held else None


def _capture(charge: Json, amount: int) -> None:
    charge["captured"], charge["amount_captured"] = True, amount
    charge["amount_refunded"] = max(0, charge["amount"] - amount)


def _book(view: View, charge: Json) -> None:
    card = wire.CARDS.get(view.state.charged[charge["id"]].card)
    amount, currency = charge["amount_captured"], charge["currency"]
    fee = wire.fee_of(amount, currency)
    is_available = card is not None and card.after == "available"
    made = book(
        *(view, charge["id"], amount, currency, "charge"),
        fee=fee,
        available=is_available,
        description=charge["description"],
    )
    charge["balance_transaction"] = made["id"]


def charge_updated(view: View, id_: str) -> None:
    """The balance transaction of a charge is there, some time after the money."""
    charge = view.the("charge", id_)
    if charge["balance_transaction"] is None:
        _book(view, charge)
        events.publish(view, "charge.updated", charge, {"balance_transaction": None})


def booked(view: View, charge: Json) -> None:
    """Let a charge have its balance transaction now, because something follows on it."""
    if charge["balance_transaction"] is None:
        charge_updated(view, charge["id"])


def _follow(view: View, charge: Json) -> None:
    """What a test card is for."""
    card = wire.CARDS.get(view.state.charged[charge["id"]].card)
    if card is not None and card.after in ("fraudulent", "product_not_received", "inquiry"):
        agenda.schedule(view, wire.DISPUTE_MS, f"dispute:{card.after}", charge["id"])


def hold(view: View, intent: Json) -> None:
    """The card is held for the amount; no money moves."""
    method = _method_of(view, intent)
    charge = _new(view, intent, method, intent["amount"])
    charge["captured"] = False
    charge["receipt_url"] = f"{view.state.intents[intent['id']].origin}/receipts/{charge['id']}"
    details = charge["payment_method_details"]
    before_s = view.now_s + wire.HOLD_MS // 1000
    charge["payment_method_details"] = {**details, "card": {**details["card"], "capture_before": before_s}}
    intent |= {
        "status": "requires_capture",
        "amount_capturable": intent["amount"],
        "next_action": None,
        "last_payment_error": None,
    }
    agenda.schedule(view, wire.HOLD_MS, "hold_expires", charge["id"])
    events.publish(view, "charge.succeeded", charge)
    events.publish(view, "payment_intent.amount_capturable_updated", intent)


def release(view: View, intent: Json) -> None:
    """A hold ends without money."""
    charge = _held(view, intent)
    if charge is None:
        return
    charge["refunded"], charge["amount_refunded"] = True, charge["amount"]
    if view.settings.released_hold_event != "none":
        events.publish(view, view.settings.released_hold_event, charge)


# No money came


def failed(view: View, intent: Json) -> None:
    """A try to pay has failed: a charge that failed, and the intent wants another method."""
    kept = view.state.intents[intent["id"]]
    name = kept.decline or "generic_decline"
    decline = wire.DECLINES[name]
    method = _method_of(view, intent)
    charge = _new(view, intent, method, intent["amount"], decline)
    charge |= {
        "captured": False,
        "paid": False,
        "status": "failed",
        "failure_code": decline.code,
        "failure_message": decline.message,
    }
    error = vault.decline(name, charge=charge["id"]).error
    if name == "expired_card" and not view.settings.expired_card_decline_code:
        error.pop("decline_code")
    _wants_another(view, intent, {**error, "payment_method": dict(method)})
    events.publish(view, "charge.failed", charge)
    events.publish(view, "payment_intent.payment_failed", intent)


def authentication_failed(view: View, intent: Json) -> None:
    """The payer said no to the bank: there is no charge."""
    code = "payment_intent_authentication_failure"
    method = view.the("payment_method", intent["payment_method"])
    error = {"type": INVALID, "code": code, "doc_url": doc_url(code), "message": wire.AUTHENTICATION_FAILED}
    _wants_another(view, intent, {**error, "payment_method": dict(method)})
    events.publish(view, "payment_intent.payment_failed", intent)


def _wants_another(view: View, intent: Json, error: Json) -> None:
    intent |= {
        "status": "requires_payment_method",
        "payment_method": None,
        "next_action": None,
        "processing": None,
        "last_payment_error": error,
    }
    view.state.intents[intent["id"]].authenticated = False


def declined(_view: View, intent: Json) -> ApiError:
    """The answer to a call whose card was declined."""
    error = dict(intent["last_payment_error"])
    message, code = error.pop("message"), error.pop("code")
    kept = {name: value for name, value in error.items() if name not in ("type", "doc_url")}
    param = {"incorrect_cvc": "cvc", "expired_card": "exp_month"}.get(code)
    return ApiError(
        *(message, code, param), status=402, type_=error["type"], kept=True, **kept, payment_intent=dict(intent)
    )
