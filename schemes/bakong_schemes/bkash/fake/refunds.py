"""Refunds: whole or in parts, and what has become of them, in the words of v1 and of v2."""

from bakong_schemes.bkash import wire
from bakong_schemes.bkash.fake import shapes
from bakong_schemes.bkash.fake.errors import ApiError
from bakong_schemes.bkash.fake.payments import HANGS, add_refund, find
from bakong_schemes.bkash.fake.records import Json, PaymentRow, Refund
from bakong_schemes.bkash.fake.requests import Answer, Ask
from bakong_schemes.bkash.fake.standing import Standing, payment_of, refundable, standing
from bakong_schemes.bkash.fake.wallets import HANG_AFTER, ISSUER, MERCHANT, REFUSED, fate_of
from bakong_simulator.kernel.ledger import LedgerError
from bakong_simulator.kernel.world import WorldError

# What each refusal is called in v1, and in v2.
NOT_COMPLETED, TOO_MUCH, TOO_MANY, MAY_NOT = ("2056", "2127"), ("2026", "2072"), ("2034", "2074"), ("2035", "2074")


def is_status(ask: Ask) -> bool:
    """Whether a call of v1's refund asks for the status of one: it names no amount."""
    return ask.family != wire.V2 and ask.fields.get("amount") in (None, "")


def refund(ask: Ask) -> Answer:
    """Raises ApiError, before anything has changed."""
    if is_status(ask):
        return status(ask)
    row = find(ask)
    _check_transaction(ask, row)
    minor = wire.minor_of(ask.text("refundAmount" if ask.family == wire.V2 else "amount"))
    sku, reason = _words(ask)
    if minor is None:
        raise ApiError("2006")
    now = _check_refundable(ask, row, minor)
    payment = payment_of(ask.world, row)
    made = add_refund(ask.world, ask.state, row, minor, sku, reason)
    made.charge = wire.minor_of(ask.state.settings.refund_charge) or 0
    try:
        ask.world.ledger.check_covered(MERCHANT, wire.CURRENCY, minor + made.charge)
        ask.world.send_back(payment, now.at or 0, minor)
        ask.world.ledger.post(MERCHANT, ISSUER, wire.CURRENCY, made.charge)
    except (LedgerError, WorldError):
        row.refunds.pop()
        del ask.state.transactions[made.trx]
        raise ApiError("2023") from None
    fate = fate_of(row.wallet)
    if fate.refund == HANG_AFTER and "refund" not in row.struck:
        row.struck.append("refund")
        return HANGS
    return _shown(ask, row, standing(ask.world, ask.state, row), made)


def status(ask: Ask) -> Json:
    """Raises ApiError; in v1 a payment without a refund is as an unknown one."""
    row = find(ask)
    _check_transaction(ask, row)
    now = standing(ask.world, ask.state, row)
    if ask.family == wire.V2:
        if now.at is None:
            raise ApiError("2127")
        return shapes.v2_refunds(row, now)
    if not row.refunds:
        raise ApiError("2002")
    shown = row.refunds[0 if ask.state.settings.refund_status_shows == "first" else -1]
    return shapes.refunded(row, shown, with_status=ask.family == wire.TOKENIZED)


def _shown(ask: Ask, row: PaymentRow, now: Standing, made: Refund) -> Json:
    if ask.family == wire.V2:
        return shapes.v2_refunded(row, now, made)
    return shapes.refunded(row, made, with_status=ask.family == wire.TOKENIZED)


def _check_transaction(ask: Ask, row: PaymentRow) -> None:
    if row.is_agreement:
        raise ApiError("2002")
    (trx,) = ask.needed("trxId" if ask.family == wire.V2 else "trxID")
    if row.trx and trx != row.trx:
        raise ApiError("2033")


def _words(ask: Ask) -> tuple[str, str]:
    """SKU and reason, which are needed. Raises ApiError."""
    sku, reason = ask.text("sku", "2073"), ask.text("reason", "2078")
    for text, missing, too_long in ((sku, "2073", "2075"), (reason, "2078", "2076")):
        if not text.strip():
            raise ApiError(missing)
        if len(text) > wire.MAX_TEXT:
            raise ApiError(too_long)
    return sku, reason


def _check_refundable(ask: Ask, row: PaymentRow, minor: int) -> Standing:
    settings, is_v2 = ask.state.settings, ask.family == wire.V2
    now = standing(ask.world, ask.state, row)
    if now.status != wire.COMPLETED or now.at is None or row.voided:
        raise ApiError(NOT_COMPLETED[is_v2])
    if fate_of(row.wallet).refund == REFUSED:
        raise ApiError(MAY_NOT[is_v2])
    if ask.world.clock.now_ms() > row.executed_ms + settings.refund_days * wire.DAY_MS:
        raise ApiError("2071")
    if len(row.refunds) >= (1 if settings.refund_once else wire.MAX_REFUNDS):
        raise ApiError(TOO_MANY[is_v2])
    if minor > refundable(now, row):
        raise ApiError(TOO_MUCH[is_v2])
    return now
