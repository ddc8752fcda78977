"""The sums of an order of the Thai shop, exact, with bugs that are switched on by name."""

import math
import struct
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction

THRESHOLD = 1_000_00


@dataclass(frozen=True)
class Line:
    """Minor units and percent, as they were ordered."""

    quantity: Decimal
    price: int
    discount: int
    vat_rate: Decimal | None
    withholding_rate: Decimal | None
    inclusive: bool


def half_up(exact):
    return math.floor(exact + Fraction(1, 2))


def nearest(exact, has, name):
    """Half up; with the bugs `name`-half-even and `name`-down otherwise."""
    if has(f"{name}-half-even"):
        return round(exact)
    return math.floor(exact) if has(f"{name}-down") else half_up(exact)


def line_money(line, has):
    quantity = Fraction(line.quantity)
    if has("quantity-cut"):
        quantity = Fraction(int(line.quantity))
    if has("quantity-two-decimals"):
        quantity = Fraction(line.quantity.quantize(Decimal("0.01"), ROUND_HALF_EVEN))
    if has("quantity-four-digits"):
        quantity = Fraction(Context(prec=4).plus(line.quantity))
    if has("discount-times-quantity"):
        return half_up(quantity * (line.price - line.discount))
    if has("line-float"):
        return int(Decimal(str(round(float(line.quantity) * (line.price / 100), 2))) * 100) - line.discount
    return nearest(quantity * line.price, has, "line") - (0 if has("discount-ignored") else line.discount)


def seen(lines, has):
    """The lines as the bugs see them."""
    if has("twins-merged"):
        lines = list(dict.fromkeys(lines))
    changed = []
    for line in lines:
        rate, inclusive = line.vat_rate, line.inclusive
        if has("exempt-is-seven") and rate is None:
            rate = Decimal(7)
        if has("zero-is-seven") and rate == 0:
            rate = Decimal(7)
        if has("one-rate-for-all") and rate is not None:
            rate = next(one.vat_rate for one in lines if one.vat_rate is not None)
        if has("rates-cut") and rate is not None:
            rate = Decimal(int(rate))
        if has("mode-of-first-line"):
            inclusive = lines[0].inclusive
        if has("inclusive-on-top"):
            inclusive = False
        changed.append(Line(line.quantity, line.price, line.discount, rate, line.withholding_rate, inclusive))
    return changed


def grouped(lines, key, has):
    groups, run, before = {}, 0, None
    for place, line in enumerate(lines):
        value = key(line)
        if value is None:
            continue
        run += has("vat-per-line") or (has("groups-of-neighbours") and value != before)
        before = value
        groups.setdefault((run, value), []).append(place)
    return [(value, places) for (_, value), places in groups.items()]


def group_vat(whole, rate, inclusive, has):
    if has("vat-float") and not inclusive:
        return round(round(whole / 100 * float(rate) / 100, 2) * 100)
    fraction = Fraction(rate) / 100
    if not inclusive or has("inclusive-percentage"):
        return nearest(whole * fraction, has, "vat")
    return nearest(whole * fraction / (1 + fraction), has, "inclusive")


def shares(vat, exact, has):
    parts = [math.floor(part) for part in exact]
    order = sorted(range(len(exact)), key=lambda at: (parts[at] - exact[at], at))
    if has("ties-to-the-later"):
        order = sorted(range(len(exact)), key=lambda at: (parts[at] - exact[at], -at))
    left = vat - sum(parts)
    if has("shares-to-the-first", "shares-to-the-last"):
        parts[0 if has("shares-to-the-first") else -1] += left
        return parts
    if has("shares-alone"):
        return [half_up(part) for part in exact]
    for at in order[:left]:
        parts[at] += 1
    return parts


def sums(lines, company, long_contract, has):
    """Everything that an order tells, in minor units."""
    lines = seen(lines, has)
    money = [line_money(line, has) for line in lines]
    taxed = [line_money(line, has) + line.discount for line in lines] if has("vat-before-discount") else money
    vats, groups, exact = [0] * len(lines), [], Fraction(0)
    for (rate, inclusive), places in grouped(
        lines, lambda line: None if line.vat_rate is None else (line.vat_rate, line.inclusive), has
    ):
        factor = Fraction(rate) / 100
        factor = factor / (1 + factor) if inclusive else factor
        whole = sum(taxed[at] for at in places)
        vat = group_vat(whole, rate, inclusive, has)
        exact += whole * factor
        groups.append(
            {"rate": f"{rate:f}", "inclusive": inclusive, "base": whole - (vat if inclusive else 0), "vat": vat}
        )
        for at, share in zip(places, shares(vat, [taxed[at] * factor for at in places], has), strict=True):
            vats[at] = share
    bases = [money[at] - (vats[at] if line.inclusive else 0) for at, line in enumerate(lines)]
    subtotal, vat = sum(bases), sum(group["vat"] for group in groups)
    if has("shares-alone"):
        subtotal = sum(group["base"] for group in groups) + sum(
            money[at] for at, line in enumerate(lines) if line.vat_rate is None
        )
    if has("vat-over-the-order"):
        vat = half_up(exact)
    total = subtotal + vat
    if has("total-float32"):
        total = round(struct.unpack("f", struct.pack("f", total))[0])
    withheld = withholding(lines, bases, vats, money, company, long_contract, has)
    amount = sum(group["amount"] for group in withheld)
    return {
        "lines": [
            {"money": money[at], "base": money[at] if has("bases-with-vat") else bases[at], "vat": vats[at]}
            for at in range(len(lines))
        ],
        "groups": groups,
        "withheld": withheld,
        "subtotal": subtotal,
        "vat": vat,
        "total": total,
        "withholding": amount,
        "payable": total + amount if has("withholding-added") else total - amount,
    }


def withholding(lines, bases, vats, money, company, long_contract, has):
    if not company and not has("person-withholds") and not (has("contract-of-a-person") and long_contract):
        return []
    parts = list(bases)
    if has("withholding-on-vat"):
        parts = [base + vat for base, vat in zip(bases, vats, strict=True)]
    if has("withholding-before-discount"):
        parts = [base + line.discount for base, line in zip(bases, lines, strict=True)]
    rates = [line.withholding_rate for line in lines]
    first = next((rate for rate in rates if rate is not None), None)
    if has("withholding-one-rate"):
        rates = [None if rate is None else first for rate in rates]
    if has("withholding-on-goods"):
        rates = [first for _ in rates]
    groups = {}
    for at, rate in enumerate(rates):
        if rate is not None:
            groups.setdefault((rate, at if has("withholding-per-line") else 0), []).append(parts[at])
    base = sum(map(sum, groups.values()))
    compared = base
    if has("threshold-on-total"):
        compared = sum(bases[at] + vats[at] for at, rate in enumerate(rates) if rate is not None)
    if has("threshold-on-shelf-prices"):
        compared = sum(money[at] for at, rate in enumerate(rates) if rate is not None)
    if has("threshold-on-whole-order"):
        compared = sum(bases)
    reached = compared > THRESHOLD if has("threshold-above") else compared >= THRESHOLD
    reached = reached or has("threshold-none") or (long_contract and not has("contract-ignored"))
    rows = []
    for (rate, _), members in groups.items():
        if reached and not (has("threshold-each-rate") and sum(members) < THRESHOLD and not long_contract):
            amount = nearest(sum(members) * Fraction(rate) / 100, has, "withholding")
            rows.append({"rate": f"{rate:f}", "base": sum(members), "amount": amount})
    return rows
