"""What a Checkout Session and a refund of Stripe's say, as the core's reports; what is unclear is no answer."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import orjson

from bakong_schemes.stripe.adapter import facts
from bakong_service.domain.payments import Failed, NoAnswer, NotFound, Paid, Refunded, Report

ACCOUNT = "stripe"
_ON_ITS_WAY = ("pending", "requires_action")
_WON = ("won", "warning_closed", "prevented")  # the money stays with the shop


def of_session(reference: str, session: Mapping[str, Any]) -> Report:
    """Of a session with payment_intent.latest_charge.refunds expanded.

    Paid where the intent has succeeded; Failed where the session has expired, so that nobody can pay it any more.
    """
    if session.get("object") != "checkout.session" or session.get("id") != reference:
        return NoAnswer("garbage", "an answer that is not the session")
    status, paid = session.get("status"), session.get("payment_status")
    if status not in ("open", "complete", "expired") or paid not in ("paid", "unpaid", "no_payment_required"):
        return NoAnswer("garbage", f"a session with status {str(status)[:40]!r} and {str(paid)[:40]!r}")
    intent = session.get("payment_intent")
    is_paid = isinstance(intent, dict) and intent.get("status") == "succeeded"
    if isinstance(intent, dict) and (is_paid or paid == "paid"):
        return _of_intent(intent)
    if paid == "paid":
        return NoAnswer("garbage", "a paid session without its intent")
    return Failed() if status == "expired" else NotFound()


def _of_intent(intent: Mapping[str, Any]) -> Report:
    id_, amount, currency = intent.get("id"), intent.get("amount_received"), intent.get("currency")
    charge = intent.get("latest_charge")
    is_clear = intent.get("status") == "succeeded" and type(amount) is int and isinstance(currency, str)
    if not is_clear or not isinstance(id_, str) or not 0 < len(id_) <= 64 or not isinstance(charge, dict):
        return NoAnswer("garbage", "a paid session whose intent has not succeeded, or without amount and charge")
    try:
        raw = orjson.dumps(intent)
    except orjson.JSONEncodeError:
        return NoAnswer("garbage", "an intent nested too deeply")
    money, refunds = facts.from_stripe(int(amount or 0), str(currency)), _refunds(charge)
    created = charge.get("created")
    done_ms = created * 1000 if type(created) is int and 0 < created < 10**11 else None
    if charge.get("refunded") is True:
        return Refunded(id_, money, raw, parts=refunds, done_ms=done_ms)
    return Paid(id_, money, ACCOUNT, done_ms=done_ms, raw=raw, refunds=refunds)


def disputed_intent(session: Mapping[str, Any]) -> str | None:
    """The intent of a session whose charge is disputed, or was; None of any other."""
    intent = session.get("payment_intent")
    charge = intent.get("latest_charge") if isinstance(intent, dict) else None
    id_ = intent.get("id") if isinstance(intent, dict) else None
    is_disputed = isinstance(charge, dict) and charge.get("disputed") is True
    return id_ if is_disputed and isinstance(id_, str) else None


def word_of(disputes: Iterable[object]) -> str:
    """What the disputes of a charge come to: lost, where one is; open, until all have ended.

    >>> word_of([{"status": "warning_closed"}, {"status": "under_review"}]), word_of([{"status": "won"}])
    ('open', 'won')
    """
    states = [row.get("status") for row in disputes if isinstance(row, dict)]
    if "lost" in states:
        return "lost"
    return "won" if states and all(status in _WON for status in states) else "open"


def _refunds(charge: Mapping[str, Any]) -> tuple[Refunded, ...]:
    """The refunds of a charge that are decided, ours and others', the oldest first; Stripe shows the newest ten."""
    listed = charge.get("refunds")
    rows = listed.get("data") if isinstance(listed, dict) else None
    shown = [_part(row) for row in reversed(rows or ()) if isinstance(row, dict)]
    return tuple(one for one in shown if one is not None)


def _part(row: Mapping[str, Any]) -> Refunded | None:
    """A refund as a charge lists it, with our key of it; None while it is on its way, or unclear."""
    metadata = row.get("metadata")
    key = metadata.get("refundKey") if isinstance(metadata, dict) else None
    made = of_refund(row)
    if isinstance(made, Failed):
        made = of_refund({**row, "status": "succeeded"})
        made = replace(made, failed=True) if isinstance(made, Refunded) else made
    return replace(made, key=key if isinstance(key, str) else "") if isinstance(made, Refunded) else None


def of_refund(refund: Mapping[str, Any]) -> Report:
    """NotFound while the money is on its way."""
    status, id_ = refund.get("status"), refund.get("id")
    amount, currency = refund.get("amount"), refund.get("currency")
    is_clear = refund.get("object") == "refund" and isinstance(id_, str) and 0 < len(id_) <= 64
    if not is_clear or type(amount) is not int or not isinstance(currency, str):
        return NoAnswer("garbage", "a refund without id, amount and currency")
    if status in _ON_ITS_WAY:
        return NotFound()
    if status in ("failed", "canceled"):
        return Failed()
    if status != "succeeded":
        return NoAnswer("garbage", f"a refund with status {str(status)[:80]!r}")
    return Refunded(str(id_), facts.from_stripe(amount, currency), orjson.dumps(refund))
