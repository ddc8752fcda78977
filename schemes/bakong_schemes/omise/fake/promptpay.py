"""The text of a charge's QR: PromptPay's bill payment (tag 30), to a sandbox biller. What a wallet reads from it."""

import re

from bakong_schemes.omise import wire
from bakong_simulator.kernel.errors import ScanError
from bakong_simulator.kernel.money import AmountError, minor_units, text_of
from bakong_simulator.kernel.payments import Order
from emvqr import EMVError, crc16, field, fields, seal

MERCHANT = "omise_merchant"
_REFERENCE = re.compile(rf"[0-9A-Z]{{{wire.TAIL}}}", re.ASCII)


def code_of(charge_id: str, minor: int) -> str:
    """The text, which ends in its checksum.

    >>> code_of("chrg_test_0000000000000000abc", 2050)[-23:-8]
    '540520.505802TH'
    """
    reference = charge_id.removeprefix(wire.CHARGE_PREFIX).upper()
    bill = field("00", wire.AID) + field("01", wire.BILLER) + field("02", reference)
    parts = (
        *(("00", "01"), ("01", "12"), ("30", bill)),
        *(("53", "764"), ("54", text_of(minor, wire.CURRENCY)), ("58", "TH")),
    )
    return seal("".join(field(tag, value) for tag, value in parts))


def scan(text: str) -> Order:
    """The order in a code of the fake's own. Raises ScanError."""
    try:
        outer = fields(text)
        bill = fields(outer.get("30", ""))
        if text[-8:-4] != "6304" or crc16(text[:-4]) != text[-4:].upper():
            raise ScanError("the CRC (tag 63) does not fit the text: a character was changed or lost")
        minor = minor_units(outer.get("54", ""), wire.CURRENCY)
    except (EMVError, AmountError, UnicodeEncodeError) as error:
        raise ScanError(f"no PromptPay code: {error}") from None
    if bill.get("00") != wire.AID:
        raise ScanError(f"tag 30 names {bill.get('00')!r}, expected a bill payment, {wire.AID}")
    if bill.get("01") != wire.BILLER or not _REFERENCE.fullmatch(bill.get("02", "")):
        raise ScanError(f"the biller is {bill.get('01')!r}, expected the one of this sandbox's charges, {wire.BILLER}")
    reference = wire.CHARGE_PREFIX + bill["02"].lower()
    return Order(reference, MERCHANT, wire.CURRENCY, minor or None, None, None)
