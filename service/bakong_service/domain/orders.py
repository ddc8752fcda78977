"""An order of goods: its items, its taxes, and its life. What is paid for it is a payment of the shared machine."""

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from stdnum.exceptions import ValidationError
from stdnum.th import tin

from bakong_service.domain.errors import InvalidError, ShopInvalidError
from bakong_service.domain.money import Money
from bakong_service.domain.taxes import Line, Taxes, taxes

LARGEST_MINOR = 999_999_999_999_999  # decimal(15,2)
MOST_ITEMS = 200


class OrderStatus(StrEnum):
    """open -> awaiting_payment -> paid -> partially_refunded, refunded; or expired, cancelled, needs_review.

    EXPIRED is never stored: an open order whose time has passed is one.
    """

    OPEN = "open"
    AWAITING_PAYMENT = "awaiting_payment"
    PAID = "paid"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    NEEDS_REVIEW = "needs_review"


class LatePolicy(StrEnum):
    """What an order becomes whose payment came after its time."""

    ACCEPT = "accept"
    REFUND = "refund"
    REVIEW = "review"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopRules:
    """Settings of shops. test_tax_ids: ids whose check digit is wrong are taken. cutoff_m: minutes past midnight.

    payment_ttl_s: how long a payment by a provider may be paid. fail_on_decline: a declined try ends the payment.
    """

    experimental: bool = False
    test_tax_ids: bool = False
    late_payment: LatePolicy = LatePolicy.REVIEW
    cutoff_m: int = 0
    payment_ttl_s: int = 900
    fail_on_decline: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One line of an order, with the names that the shop gave it."""

    line: Line
    id: str | None = None
    name: str | None = None
    sku: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Buyer:
    """Who pays. A company withholds tax where a rate says so; a person does not."""

    is_company: bool = False
    tax_id: str | None = None
    name: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One order of one merchant. Times in epoch ms; payment_id: its payment, open or done; payable: what is paid.

    refunded_minor: given back, also what is on its way. is_plain: made of an amount, and shown without its one item.
    """

    id: str
    merchant_id: str
    reference: str
    status: OrderStatus
    currency: str
    items: tuple[Item, ...]
    buyer: Buyer
    subtotal_minor: int
    vat_minor: int
    withholding_minor: int
    created_ms: int
    updated_ms: int
    inclusive: bool = False
    long_contract: bool = False
    description: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    expires_ms: int | None = None
    payment_id: str | None = None
    refunded_minor: int = 0
    is_plain: bool = False

    @property
    def total_minor(self) -> int:
        return self.subtotal_minor + self.vat_minor

    @property
    def payable(self) -> Money:
        return Money(self.total_minor - self.withholding_minor, self.currency)

    @property
    def taxes(self) -> Taxes:
        """Every line and group; the sums are those that are stored."""
        return order_taxes(self.items, self.buyer, long_contract=self.long_contract)

    def status_at(self, now_ms: int) -> OrderStatus:
        """Its status as it is seen: with what time and refunds have made of it."""
        if self.status is OrderStatus.OPEN and self.expires_ms is not None and now_ms >= self.expires_ms:
            return OrderStatus.EXPIRED
        if self.status is OrderStatus.PAID and self.refunded_minor:
            is_all = self.refunded_minor >= self.payable.minor
            return OrderStatus.REFUNDED if is_all else OrderStatus.PARTIALLY_REFUNDED
        return self.status


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPayment:
    """What an order has of one of its payments: the method, and its price frozen when the payment was made.

    return_url, cancel_url, email: as the provider was given them. failure_code, failure_message: of the last try.
    dispute: "", "open", "won" or "lost". close_ms: when its provider is told to close it, None for never.
    """

    payment_id: str
    order_id: str
    merchant_id: str
    method_id: str
    method: str
    attempt: int
    percentage: Decimal
    fixed_minor: int
    fee_vat_rate: Decimal
    return_url: str = ""
    cancel_url: str = ""
    email: str = ""
    failure_code: str | None = None
    failure_message: str | None = None
    dispute: str = ""
    close_ms: int | None = None

    @property
    def disputed(self) -> bool:
        """Whether the money is not the shop's to give back: the payer's bank has it, or may take it."""
        return self.dispute in ("open", "lost")


FINAL = frozenset((
    *(OrderStatus.PAID, OrderStatus.PARTIALLY_REFUNDED, OrderStatus.REFUNDED),
    *(OrderStatus.CANCELLED, OrderStatus.EXPIRED, OrderStatus.NEEDS_REVIEW),
))  # fmt: skip


def order_taxes(items: tuple[Item, ...], buyer: Buyer, *, long_contract: bool) -> Taxes:
    return taxes([item.line for item in items], buyer_withholds=buyer.is_company, long_contract=long_contract)


def check_items(items: tuple[Item, ...], totals: tuple[int | None, ...]) -> None:
    """Raises InvalidError for an item that a rule forbids; totals: what the client takes each line to come to."""
    for number, (item, total) in enumerate(zip(items, totals, strict=True)):
        where, money = f"items.{number}", item.line.money_minor
        if money < 0:
            raise InvalidError(f"{where}.discount", "expected at most what the line comes to")
        if money > LARGEST_MINOR:
            raise InvalidError(f"{where}.unitPrice", "a line may come to 9999999999999.99 at most")
        if total is not None and total != money:
            raise ShopInvalidError(
                "total_mismatch", f"{where}.totalPrice", f"the line comes to {_units(money)}, read {_units(total)}"
            )


def check_sums(sums: Taxes, given: dict[str, int]) -> None:
    """Raises InvalidError for an order that is too large, and for sums of the client's that are not these."""
    if sums.total_minor > LARGEST_MINOR:
        raise InvalidError("items", "an order may come to 9999999999999.99 at most")
    computed = {
        "subtotal": sums.subtotal_minor,
        "vatAmount": sums.vat_minor,
        "taxAmount": sums.vat_minor,
        "total": sums.total_minor,
        "totalPrice": sums.total_minor,
        "withholdingTaxAmount": sums.withholding_minor,
        "payable": sums.payable_minor,
        "amount": sums.payable_minor,
    }
    for name, value in given.items():
        if value != computed[name]:
            message = f"the items come to {_units(computed[name])}, read {_units(value)}"
            raise ShopInvalidError("total_mismatch", name, message)


def check_tax_id(field_name: str, tax_id: str, *, test_ids: bool) -> None:
    """Raises InvalidError for a text that is no Thai tax id: 13 digits, the last one a check digit."""
    compact = tax_id.replace("-", "").replace(" ", "")
    if not (compact.isascii() and compact.isdigit() and len(compact) == 13):
        raise InvalidError(field_name, f"expected the 13 digits of a Thai tax id, read {len(compact)} characters")
    if test_ids:
        return
    try:
        tin.validate(compact)
    except ValidationError:
        raise InvalidError(field_name, "is no Thai tax id: its check digit or its first digit is wrong") from None


def _units(minor: int) -> str:
    return f"{minor} minor units"
