"""What bKash's answers say, as the core's reports. What they do not say clearly is no answer."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from bakong_schemes.bkash import wire
from bakong_service.domain.money import Money
from bakong_service.domain.payments import Authorized, Failed, NoAnswer, NotFound, Paid, Report

_ID = re.compile(r"[A-Za-z0-9]{1,64}", re.ASCII)
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d):(\d{3})(?: GMT([+-]\d{4}))?", re.ASCII)
_AMOUNT = re.compile(r"(0|[1-9][0-9]{0,9})(\.[0-9]{1,2})?", re.ASCII)


def is_id(text: object) -> bool:
    """Whether a text can be a paymentID or a trxID."""
    return isinstance(text, str) and _ID.fullmatch(text) is not None


def account_of(invoice: str) -> str:
    """The account that a payment is made to: ours at bKash, with the invoice, which so is compared as well.

    >>> account_of("DT-1")
    'bkash:DT-1'
    """
    return f"{wire.NAME}:{invoice}"[:64]


def report(reference: str, document: Mapping[str, Any]) -> Report:
    """What a query, or an execution, says of a payment."""
    if document.get("paymentID") != reference:
        return NoAnswer("garbage", "an answer that is not of the payment")
    status = document.get("transactionStatus")
    if status == wire.INITIATED:
        return Authorized() if document.get("verificationStatus") == "Complete" else NotFound()
    if status == wire.COMPLETED:
        return _paid(document)
    if status == wire.CANCELLED:
        return Failed()
    if status in (wire.PENDING, "Processing"):
        return NotFound()
    return NoAnswer("garbage", f"a payment with transactionStatus {str(status)[:80]!r}")


def _paid(document: Mapping[str, Any]) -> Report:
    trx, minor = document.get("trxID"), minor_of(document.get("amount"))
    invoice = document.get("merchantInvoice", document.get("merchantInvoiceNumber"))
    currency = document.get("currency")
    if not isinstance(trx, str) or not is_id(trx) or minor is None or not isinstance(currency, str):
        return NoAnswer("garbage", "a completed payment without trxID, amount and currency")
    if not isinstance(invoice, str):
        return NoAnswer("garbage", "a completed payment without its invoice")
    money = Money(minor, wire.CURRENCY) if currency == wire.CURRENCY else None
    done_ms = ms_of(document.get("paymentExecuteTime", document.get("updateTime")))
    return Paid(trx, money, account_of(invoice), done_ms=done_ms, raw=raw_of(document))


def raw_of(document: Mapping[str, Any]) -> bytes:
    try:
        return orjson.dumps(document)
    except orjson.JSONEncodeError:
        return b"{}"


def minor_of(text: object) -> int | None:
    """An amount in poisha; None for what is none.

    >>> minor_of("599.5"), minor_of("10"), minor_of("1e3"), minor_of(10)
    (59950, 1000, None, None)
    """
    if not isinstance(text, str) or not _AMOUNT.fullmatch(text):
        return None
    whole, _, part = text.partition(".")
    return int(whole + f"{part:0<2}")


def ms_of(text: object) -> int | None:
    """Epoch ms of a moment as bKash writes it, in Dhaka where it names no offset; None for what is none.

    >>> ms_of("2026-02-11T06:00:00:123 GMT+0600"), ms_of("2026-02-11T00:00:00:123 GMT+0000")
    (1770768000123, 1770768000123)
    >>> ms_of("2026-02-11T06:00:00:123"), ms_of("2026-13-11T06:00:00:123"), ms_of(None)
    (1770768000123, None, None)
    """
    read = _TIME.fullmatch(text) if isinstance(text, str) else None
    if read is None:
        return None
    offset = read[3] or "+0600"
    try:
        at = datetime.fromisoformat(f"{read[1]}+00:00").astimezone(UTC)
    except ValueError:
        return None
    minutes = 60 * int(offset[1:3]) + int(offset[3:])
    shift_ms = 60_000 * (minutes if offset[0] == "+" else -minutes)
    at_ms = round(at.timestamp()) * 1000 + int(read[2]) - shift_ms
    return at_ms if at_ms > 0 else None
