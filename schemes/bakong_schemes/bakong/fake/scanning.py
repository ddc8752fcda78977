"""What a wallet reads from a code: whom to pay, how much. As forgiving as wallets are."""

from bakong_simulator.kernel.errors import ScanError
from bakong_simulator.kernel.money import AmountError, minor_units
from bakong_simulator.kernel.payments import Order
from emvqr import MAX_AMOUNT, EMVError, crc16, parse
from khqr import md5_of

_NEVER_MS = 10**13  # more than the 13 digits of a KHQR's timestamp hold
_CURRENCIES = {"116": "KHR", "840": "USD"}


def scan(qr: str) -> Order:
    """The order in a KHQR text. Raises ScanError."""
    try:
        fields = {node.tag: node.value for node in parse(qr)}
        if qr[-8:-4] != "6304" or crc16(qr[:-4]) != qr[-4:].upper():
            raise ScanError("the CRC (tag 63) does not fit the text: a character was changed or lost")
        account = _inner(fields.get("29") or fields.get("30") or "").get("00")
        if not account or "@" not in account:
            raise ScanError("no Bakong account in tag 29 or 30")
        currency = _CURRENCIES.get(fields.get("53", ""))
        if currency is None:
            raise ScanError(f"tag 53 is {fields.get('53')!r}, expected 116 (KHR) or 840 (USD)")
        minor = minor_units(fields["54"], currency, longest=MAX_AMOUNT) if "54" in fields else None
    except EMVError as error:
        raise ScanError(f"no KHQR: {error}") from None
    except (AmountError, UnicodeEncodeError) as error:
        raise ScanError(str(error)) from None
    bill_number = _inner(fields.get("62", "")).get("01")
    expiry = _inner(fields.get("99", "")).get("01", "")
    expires_at_ms = int(expiry) if expiry.isascii() and expiry.isdigit() else _NEVER_MS
    expires = expires_at_ms if expires_at_ms < _NEVER_MS else None
    return Order(md5_of(qr), account, currency, minor or None, bill_number, expires)


def _inner(template: str) -> dict[str, str]:
    """The fields of a template, or none where it is free text, as some banks' are."""
    try:
        return {node.tag: node.value for node in parse(template)}
    except EMVError:
        return {}
