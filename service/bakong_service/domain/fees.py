"""What a payment method takes of a payment, which amounts it is offered for, and what a day's settlement comes to.

Fees are the shop's cost, never the payer's. Ints of minor units; percentages are exact. Source: docs/taxes.md.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from bakong_service.domain.money import rounded

VAT_RATE = Decimal(7)


@dataclass(frozen=True, slots=True)
class FeeRule:
    """A method's price: percent of the amount and a fixed part, and percent of VAT on the rounded fee."""

    percentage: Decimal = Decimal(0)
    fixed_minor: int = 0
    vat_rate: Decimal = VAT_RATE


@dataclass(frozen=True, slots=True)
class Fee:
    """What a provider keeps of an amount. net_minor is below zero where the fee is above the amount."""

    amount_minor: int
    fee_minor: int
    vat_minor: int

    @property
    def net_minor(self) -> int:
        return self.amount_minor - self.fee_minor - self.vat_minor


def fee(amount_minor: int, rule: FeeRule) -> Fee:
    """The fee of an amount: rounded half up, and its VAT on the rounded fee.

    >>> fee(5000, FeeRule(Decimal("3.65")))
    Fee(amount_minor=5000, fee_minor=183, vat_minor=13)
    """
    charged = _percent(amount_minor, rule.percentage) + rule.fixed_minor
    return Fee(amount_minor, charged, _percent(charged, rule.vat_rate))


def refusal(payable_minor: int, minimum_minor: int | None, maximum_minor: int | None) -> str | None:
    """Why a method is not offered for what is to be paid, as a problem's code; None where it is. Both limits count in.

    >>> refusal(19_99, 20_00, None), refusal(20_00, 20_00, 20_00)
    ('amount_below_minimum', None)
    """
    if payable_minor <= 0:
        return "amount_not_positive"
    if minimum_minor is not None and payable_minor < minimum_minor:
        return "amount_below_minimum"
    if maximum_minor is not None and payable_minor > maximum_minor:
        return "amount_above_maximum"
    return None


@dataclass(frozen=True, slots=True)
class Settlement:
    """One method's business day. What is below zero is carried to the next day."""

    gross_minor: int
    fee_minor: int
    vat_minor: int
    refunds_minor: int

    @property
    def net_minor(self) -> int:
        return self.gross_minor - self.fee_minor - self.vat_minor - self.refunds_minor

    @property
    def is_carried_forward(self) -> bool:
        return self.net_minor < 0


def settlement(payments: Iterable[Fee], refunds_minor: Iterable[int]) -> Settlement:
    """The sums of a day's captured payments and completed refunds: fees of what was refunded stay with the provider."""
    fees = list(payments)
    return Settlement(
        gross_minor=sum(one.amount_minor for one in fees),
        fee_minor=sum(one.fee_minor for one in fees),
        vat_minor=sum(one.vat_minor for one in fees),
        refunds_minor=sum(refunds_minor),
    )


def _percent(amount_minor: int, percentage: Decimal) -> int:
    exact = amount_minor * Fraction(percentage) / 100
    return rounded(exact.numerator, exact.denominator)
