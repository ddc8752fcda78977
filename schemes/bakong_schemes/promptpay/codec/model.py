"""What a PromptPay code says, as values. Must not depend on how it is written.

Names are those of the line protocol (docs/promptpay.md). Amounts: Decimal, int or text, in baht; None: static.
"""

from dataclasses import dataclass
from decimal import Decimal

Amount = Decimal | int | str


@dataclass(frozen=True, slots=True, kw_only=True)
class Vat:
    """Tag 80: the seller's tax branch (four digits), the rate in per cent as written, and the amount in baht."""

    branch: str
    amount: Amount
    rate: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Payable:
    """What every code that can be paid may carry beside its account."""

    amount: Amount | None = None
    mcc: str | None = None
    merchant_name: str | None = None
    merchant_city: str | None = None
    postal_code: str | None = None
    purpose: str | None = None
    vat: Vat | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditTransfer(Payable):
    """A transfer to a proxy: "mobile", "national_id", "tax_id", "ewallet", "bank_account" (and its bank).

    A code does not say which of the two ids it carries: one that was read has "national_or_tax_id".
    ota: ten characters of a one-time code, carried and not interpreted.
    """

    proxy: str
    id: str
    bank: str | None = None
    ota: str | None = None
    terminal: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BillPayment(Payable):
    """A payment to a biller: 15 digits (tax id and suffix), and up to three references of A-Z and 0-9."""

    biller_id: str
    ref1: str
    ref2: str | None = None
    ref3: str | None = None
    cross_border: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueMoney(Payable):
    """A transfer to a TrueMoney wallet by its mobile number; its message has at most 24 UTF-16 units."""

    mobile: str
    ota: str | None = None
    terminal: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Slip:
    """The code on the picture of a transfer: the sending bank's three digits and its reference. No payment code."""

    bank: str
    ref: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueMoneySlip:
    """The same of TrueMoney: the event (P2P), the transaction, and the day as DDMMYYYY."""

    event: str
    ref: str
    date: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Barcode:
    """A bill as the older barcode of one dimension: the same facts, the amount in satang, no checksum."""

    biller_id: str
    ref1: str
    ref2: str | None = None
    amount: Amount | None = None


AnyCode = CreditTransfer | BillPayment | TrueMoney | Slip | TrueMoneySlip | Barcode
KINDS: dict[str, type[AnyCode]] = {
    "credit_transfer": CreditTransfer,
    "bill_payment": BillPayment,
    "truemoney": TrueMoney,
    "slip": Slip,
    "truemoney_slip": TrueMoneySlip,
    "barcode": Barcode,
}
KIND_OF = {kind: name for name, kind in KINDS.items()}
