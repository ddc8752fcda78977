"""VAT and withholding tax of an order: rates are settings, the arithmetic is fixed. Ints of minor units; one rounding.

A line is rounded once, and a group of lines once; lines show their shares of the group by largest remainder, so that
the parts add up exactly. Rounding is half up. Source: docs/taxes.md, with the evidence behind each rule.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TypeVar

from bakong_service.domain.money import rounded

WITHHOLDING_FROM_MINOR = 1_000_00  # the base from which tax is withheld without a long contract, in satang
_Key = TypeVar("_Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Line:
    """What is sold. Rates are percent; vat_rate None is exempt, which is not the same as 0.

    discount_minor: taken off the line, at most the line itself. inclusive: the price holds the VAT already.
    """

    quantity: Decimal
    unit_price_minor: int
    discount_minor: int = 0
    vat_rate: Decimal | None = None
    withholding_rate: Decimal | None = None
    inclusive: bool = False

    @property
    def money_minor(self) -> int:
        """Quantity times price, rounded, less the discount: the only rounding of a line."""
        gross = Fraction(self.quantity) * self.unit_price_minor
        return rounded(gross.numerator, gross.denominator) - self.discount_minor


@dataclass(frozen=True, slots=True)
class TaxedLine:
    """A line's money, its part before VAT, and its share of the group's VAT."""

    money_minor: int
    base_minor: int
    vat_minor: int


@dataclass(frozen=True, slots=True)
class VatGroup:
    """All lines of one rate and one way of pricing: the VAT of their sum."""

    rate: Decimal
    inclusive: bool
    base_minor: int
    vat_minor: int


@dataclass(frozen=True, slots=True)
class WithholdingGroup:
    """All lines of one rate: what the buyer keeps back for the revenue office."""

    rate: Decimal
    base_minor: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Taxes:
    """An order's sums. total is the price with VAT; payable is what is left of it after the tax withheld."""

    lines: tuple[TaxedLine, ...]
    vat_groups: tuple[VatGroup, ...]
    withholding_groups: tuple[WithholdingGroup, ...]

    @property
    def subtotal_minor(self) -> int:
        return sum(line.base_minor for line in self.lines)

    @property
    def vat_minor(self) -> int:
        return sum(group.vat_minor for group in self.vat_groups)

    @property
    def total_minor(self) -> int:
        return self.subtotal_minor + self.vat_minor

    @property
    def withholding_minor(self) -> int:
        return sum(group.amount_minor for group in self.withholding_groups)

    @property
    def payable_minor(self) -> int:
        return self.total_minor - self.withholding_minor


def taxes(lines: Sequence[Line], *, buyer_withholds: bool = False, long_contract: bool = False) -> Taxes:
    """The sums of an order.

    buyer_withholds: a company does, a person does not. long_contract: tax is withheld below 1,000.00 too.

    >>> line = Line(Decimal(1), 10_000_00, vat_rate=Decimal(7), withholding_rate=Decimal(3))
    >>> sums = taxes([line], buyer_withholds=True)
    >>> sums.vat_minor, sums.withholding_minor, sums.payable_minor
    (70000, 30000, 1040000)
    """
    money = [line.money_minor for line in lines]
    bases, vats, groups = list(money), [0] * len(lines), []
    for (rate, inclusive), members in _grouped(lines, _vat_key).items():
        parts = [money[at] for at in members]
        factor = Fraction(rate) / 100
        factor = factor / (1 + factor) if inclusive else factor
        vat = _nearest(sum(parts) * factor)
        groups.append(VatGroup(rate, inclusive, sum(parts) - (vat if inclusive else 0), vat))
        for at, share in zip(members, shares(vat, [part * factor for part in parts]), strict=True):
            vats[at] = share
            bases[at] = money[at] - (share if inclusive else 0)
    taxed = tuple(TaxedLine(*row) for row in zip(money, bases, vats, strict=True))
    withheld = _withheld(lines, bases, long_contract=long_contract) if buyer_withholds else ()
    return Taxes(taxed, tuple(groups), withheld)


def shares(total: int, exact: Sequence[Fraction]) -> list[int]:
    """Whole parts of a total whose exact parts are known: by largest remainder, ties to the earlier.

    >>> shares(7, [Fraction(7, 2), Fraction(7, 2)])
    [4, 3]
    """
    parts = [part.numerator // part.denominator for part in exact]
    remainders = [part - whole for part, whole in zip(exact, parts, strict=True)]
    order = sorted(range(len(exact)), key=lambda at: (-remainders[at], at))
    for at in order[: total - sum(parts)]:
        parts[at] += 1
    return parts


def _withheld(lines: Sequence[Line], bases: Sequence[int], *, long_contract: bool) -> tuple[WithholdingGroup, ...]:
    grouped = {rate: sum(bases[at] for at in members) for rate, members in _grouped(lines, _withholding_key).items()}
    if not long_contract and sum(grouped.values()) < WITHHOLDING_FROM_MINOR:
        return ()
    return tuple(WithholdingGroup(rate, base, _nearest(base * Fraction(rate) / 100)) for rate, base in grouped.items())


def _vat_key(line: Line) -> tuple[Decimal, bool] | None:
    return None if line.vat_rate is None else (line.vat_rate, line.inclusive)


def _withholding_key(line: Line) -> Decimal | None:
    return line.withholding_rate


def _grouped(lines: Iterable[Line], key: Callable[[Line], _Key | None]) -> Mapping[_Key, list[int]]:
    """The places of the lines that have a key, by key, in the order in which the keys come."""
    grouped = dict[_Key, list[int]]()
    for at, line in enumerate(lines):
        if (value := key(line)) is not None:
            grouped.setdefault(value, []).append(at)
    return grouped


def _nearest(amount: Fraction) -> int:
    return rounded(amount.numerator, amount.denominator)
