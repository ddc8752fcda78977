"""What a wallet reads from a code: whom to pay, how much, under which references. As forgiving as wallets are."""

from decimal import Decimal

from bakong_schemes.promptpay import wire
from bakong_schemes.promptpay.codec import Barcode, BillPayment, CreditTransfer, DecodeError, TrueMoney, decode, tables
from bakong_schemes.promptpay.codec.model import AnyCode
from bakong_simulator.kernel.errors import ScanError
from bakong_simulator.kernel.payments import Order
from emvqr import detect, read

_KINDS = {"mobile": wire.MOBILE, "national_or_tax_id": wire.ID, "ewallet": wire.EWALLET}
_BARCODE = "|"
_SLIPS = (tables.SLIP_START, tables.TRUEMONEY_SLIP_START)  # after the head of their first template


def reads(text: str) -> bool:
    """Whether a text is PromptPay's, be it right or wrong: by the GUID of a template, as a bill's barcode or a slip."""
    if text.startswith(_BARCODE) or any(text.startswith(start, 4) for start in _SLIPS):
        return True
    return wire.NAME in detect(read(text).nodes)


def scan(text: str) -> Order:
    """The order in a code's text. Raises ScanError."""
    try:
        code = decode(text, lenient=True).code
    except DecodeError as error:
        raise ScanError(f"no PromptPay code: {error.reason}: {error}") from None
    asked = _asked(code)
    amount = getattr(code, "amount", None)
    minor = None if amount is None else _satang(amount)
    reference = asked if minor is None else asked._replace(amount=f"{amount:.2f}")
    return Order(str(reference), asked.payee, wire.CURRENCY, minor, asked.ref1, None)


def order_of(reference: wire.Reference) -> Order:
    """The same of a code that nobody has shown yet, and that a shop asks about by its reference."""
    minor = None if reference.amount is None else _satang(Decimal(reference.amount))
    return Order(str(reference), reference.payee, wire.CURRENCY, minor or None, reference.ref1, None)


def _asked(code: AnyCode) -> wire.Reference:
    if isinstance(code, BillPayment | Barcode):
        return wire.Reference(f"{code.biller_id}@{wire.BILLER}", code.ref1, code.ref2)
    if isinstance(code, TrueMoney):
        return wire.Reference(f"{code.mobile}@{wire.TRUEMONEY}")
    if not isinstance(code, CreditTransfer):
        raise ScanError("the code of a slip says that somebody has paid: it is looked up, not paid")
    if code.proxy == "bank_account":
        return wire.Reference(f"{code.bank}.{code.id}@{wire.BANK_ACCOUNT}")
    return wire.Reference(f"{code.id}@{_KINDS[code.proxy]}")


def _satang(amount: object) -> int:
    satang = Decimal(str(amount)).scaleb(2)
    if satang != int(satang):
        raise ScanError(f"tag 54 is {amount}, expected at most two decimals")
    return int(satang)
