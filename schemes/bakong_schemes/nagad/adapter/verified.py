"""What verify says of a payment, read once: for polling, and for what refunds and lost answers want to know."""

import base64
import binascii
from decimal import Decimal
from typing import Any, NamedTuple

import orjson

from bakong_schemes.nagad import times, wire
from bakong_schemes.nagad.adapter.client import Answer
from bakong_service.domain.money import Money
from bakong_service.domain.payments import Failed, NoAnswer, NotFound, Paid, Refunded, Report


class Verified(NamedTuple):
    """minor: what was paid or is to be, None where it says no amount. amount: as it was written.

    issuer_reference: of the money that came. cancel_reference: of the newest money that went back.
    """

    status: str
    merchant_id: str
    order_id: str
    amount: str
    minor: int | None
    issuer_reference: str
    paid_ms: int | None
    cancel_reference: str
    raw: bytes

    @property
    def was_paid(self) -> bool:
        """Whether it ever was Success. Cancelled is what a payer who gave up may be called too: the money tells."""
        if self.status in (*wire.PAID, *wire.PARTLY_REFUNDED):
            return True
        return self.status in wire.REFUNDED and bool(self.cancel_reference)

    @property
    def is_refunded(self) -> bool:
        """Whether all of the money went back."""
        return self.status in wire.REFUNDED and bool(self.cancel_reference)


def read(reference: str, answer: dict[str, Any]) -> Verified | NoAnswer:
    """NoAnswer for what is not about this payment, or does not say clearly what it is."""
    status, order_id, merchant = answer.get("status"), answer.get("orderId"), answer.get("merchantId")
    if answer.get("paymentRefId") != reference or not isinstance(status, str):
        return NoAnswer("garbage", "an answer that is not about the payment")
    if not isinstance(order_id, str) or not isinstance(merchant, str):
        return NoAnswer("garbage", "a payment without orderId or merchantId")
    named = order_in(reference)
    if named is not None and named != (merchant, order_id):
        return NoAnswer("garbage", f"the payment of order {order_id[:80]!r}, and the reference is of {named[1][:80]!r}")
    amount = _amount(answer.get("amount"))
    try:
        raw = orjson.dumps(answer)
    except orjson.JSONEncodeError:
        return NoAnswer("garbage", "a payment nested too deeply")
    return Verified(
        status=status,
        merchant_id=merchant,
        order_id=order_id,
        amount=amount,
        minor=wire.minor_of(amount) if amount else None,
        issuer_reference=_text(answer.get("issuerPaymentRefNo")),
        paid_ms=times.read_shown(answer.get("issuerPaymentDateTime")),
        cancel_reference=_text(answer.get("cancelIssuerRefNo")),
        raw=raw,
    )


def order_in(reference: str) -> tuple[str, str] | None:
    """The merchant and the order that a reference is made of; None where it has another form.

    >>> order_in("MTIxMTE2MDAwMDEyMy42ODMwOTkwMDAwMDAwMDEuT1JEMjAyNTEyMTFBMS41MjM2N2E2NjIyYjE5ZjA4ODI1ZQ==")
    ('683099000000001', 'ORD20251211A1')
    """
    try:
        parts = base64.b64decode(reference, validate=True).decode().split(".")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
    return (parts[1], parts[2]) if len(parts) == 4 else None


def report(reference: str, answer: Answer) -> Report:
    """What a payment has come to; what does not say so clearly is no answer."""
    if isinstance(answer, NoAnswer):
        return answer
    now = read(reference, answer)
    if isinstance(now, NoAnswer):
        return now
    return _money(now) if now.was_paid else _unpaid(now)


def _unpaid(now: Verified) -> Report:
    if now.status in wire.OPEN:
        return NotFound()
    gave_up = now.status == "Cancelled" and not now.issuer_reference
    if now.status in wire.FAILED or gave_up:
        return Failed()
    return NoAnswer("garbage", f"a payment with status {now.status[:80]!r}")


def _money(now: Verified) -> Report:
    if not now.minor or not now.issuer_reference or len(now.issuer_reference) > 64:
        return NoAnswer("garbage", f"a payment that is {now.status}, without amount or issuerPaymentRefNo")
    money = Money(now.minor, wire.CURRENCY)
    if now.is_refunded:  # of several that have sent it back, the newest is shown alone
        back = Refunded(now.cancel_reference, money, now.raw)
        return Refunded(now.issuer_reference, money, now.raw, parts=(back,), done_ms=now.paid_ms)
    return Paid(now.issuer_reference, money, now.merchant_id, done_ms=now.paid_ms, raw=now.raw)


def _amount(value: object) -> str:
    """An amount as text; some programs send numbers."""
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(Decimal(str(value)))
    return ""


def _text(value: object) -> str:
    return value if isinstance(value, str) and len(value) <= 64 else ""
