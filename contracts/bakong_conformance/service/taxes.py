"""What an order with VAT and withholding tax comes to, computed exactly: what a service's sums are held to.

Written apart from any service. Minor units are ints, everything else Fractions; one rounding, half up. The rules are
those of docs/verify-service.md: a line is rounded once, a group of lines once, and the parts of a group add up to it.
"""

import math
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple, TypeVar

_Key = TypeVar("_Key", bound=Hashable)


class Item(NamedTuple):
    """A line as it is ordered. Rates are percent; vat_rate None is exempt. Prices and discounts in minor units."""

    quantity: Decimal
    unit_price: int
    discount: int = 0
    vat_rate: str | None = "7"
    withholding_rate: str | None = None
    inclusive: bool = False

    @property
    def money(self) -> int:
        """Quantity times price, rounded, less the discount.

        >>> Item(Decimal("2.5"), 1).money
        3
        """
        return half_up(Fraction(self.quantity) * self.unit_price) - self.discount


class Basket(NamedTuple):
    """What is ordered, and by whom: a company withholds, a person does not."""

    items: tuple[Item, ...]
    company: bool = True
    long_contract: bool = False


class VatGroup(NamedTuple):
    rate: Fraction
    inclusive: bool
    base: int
    vat: int


class Withheld(NamedTuple):
    rate: Fraction
    base: int
    amount: int


@dataclass(frozen=True, slots=True)
class Sums:
    """An order's sums in minor units. bases and vats: one for each line."""

    money: tuple[int, ...]
    bases: tuple[int, ...]
    vats: tuple[int, ...]
    groups: tuple[VatGroup, ...]
    withheld: tuple[Withheld, ...]

    @property
    def subtotal(self) -> int:
        return sum(self.bases)

    @property
    def vat(self) -> int:
        return sum(group.vat for group in self.groups)

    @property
    def total(self) -> int:
        return self.subtotal + self.vat

    @property
    def withholding(self) -> int:
        return sum(group.amount for group in self.withheld)

    @property
    def payable(self) -> int:
        return self.total - self.withholding


def half_up(exact: Fraction) -> int:
    """The nearest whole number, a half upwards."""
    return math.floor(exact + Fraction(1, 2))


def sums(basket: Basket, withholding_from: int) -> Sums:
    """The sums of an order. withholding_from: the base in minor units from which tax is withheld, itself included.

    >>> order = sums(Basket((Item(Decimal(1), 10_000_00, withholding_rate="3"),)), 1_000_00)
    >>> order.vat, order.withholding, order.payable
    (70000, 30000, 1040000)
    """
    items = basket.items
    vats, groups = [0] * len(items), []
    for key, places in _grouped(items, _vat_key):
        rate, inclusive = key
        factor = rate / (1 + rate) if inclusive else rate
        whole = sum(items[place].money for place in places)
        vat = half_up(whole * factor)
        groups.append(VatGroup(rate * 100, inclusive, whole - vat if inclusive else whole, vat))
        for place, share in zip(places, _shares(vat, [items[place].money * factor for place in places]), strict=True):
            vats[place] = share
    bases = tuple(item.money - (vat if item.inclusive else 0) for item, vat in zip(items, vats, strict=True))
    money = tuple(item.money for item in items)
    return Sums(money, bases, tuple(vats), tuple(groups), _withheld(basket, bases, withholding_from))


def _withheld(basket: Basket, bases: Sequence[int], withholding_from: int) -> tuple[Withheld, ...]:
    grouped = [
        (rate, sum(bases[place] for place in places)) for rate, places in _grouped(basket.items, _withholding_key)
    ]
    counts = basket.long_contract or sum(base for _, base in grouped) >= withholding_from
    if not (basket.company and counts):
        return ()
    return tuple(Withheld(rate * 100, base, half_up(base * rate)) for rate, base in grouped)


def _shares(whole: int, exact: Sequence[Fraction]) -> list[int]:
    """Whole parts by largest remainder, ties to the earlier."""
    parts = [math.floor(part) for part in exact]
    by_remainder = sorted(range(len(exact)), key=lambda place: (parts[place] - exact[place], place))
    for place in by_remainder[: whole - sum(parts)]:
        parts[place] += 1
    return parts


def _vat_key(item: Item) -> tuple[Fraction, bool] | None:
    return None if item.vat_rate is None else (Fraction(item.vat_rate) / 100, item.inclusive)


def _withholding_key(item: Item) -> Fraction | None:
    return None if item.withholding_rate is None else Fraction(item.withholding_rate) / 100


def _grouped(items: Iterable[Item], key: Callable[[Item], _Key | None]) -> list[tuple[_Key, list[int]]]:
    groups: dict[_Key, list[int]] = {}
    for place, item in enumerate(items):
        if (value := key(item)) is not None:
            groups.setdefault(value, []).append(place)
    return list(groups.items())
