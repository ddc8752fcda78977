"""Sums in minor units, the price list, proration, and the text of a KHQR code."""

import hashlib
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

PLACES = {"USD": 2, "KHR": 0}
NUMBERS = {"USD": "840", "KHR": "116"}
LADDER = ["STARTER", "HOME"]
RIEL_PER_CENT = 40
CYCLE_S = 30 * 86400


@dataclass(frozen=True)
class Prices:
    """What a cycle of each product costs in cents; riel at a fixed rate."""

    cents: dict[str, int]

    def minor(self, product: str, ccy: str) -> int:
        return self.cents[product] if ccy == "USD" else self.cents[product] * RIEL_PER_CENT


def shown(minor: int, ccy: str) -> str:
    return str(Decimal(minor).scaleb(-PLACES[ccy]))


def same(sum_: Any, minor: int, ccy: str) -> bool:
    """Whether a sum as Bakong or a client wrote it is exactly this one."""
    if isinstance(sum_, bool) or not isinstance(sum_, int | str | Decimal):
        return False
    try:
        value = Decimal(sum_)
    except ArithmeticError:
        return False
    return value.is_finite() and value == Decimal(minor).scaleb(-PLACES[ccy])


def difference(low: int, high: int, until_ms: int, now_ms: int) -> int:
    """What the rest of the paid time costs more on the higher product: rounded once, half up."""
    left = until_ms // 1000 - now_ms // 1000
    return (2 * (high - low) * left + CYCLE_S) // (2 * CYCLE_S)


def tlv(tag: str, text: str) -> str:
    return f"{tag}{len(text):02d}{text}"


def crc(text: str) -> str:
    value = 0xFFFF
    for byte in text.encode():
        value ^= byte << 8
        for _ in range(8):
            value = ((value << 1) ^ 0x1021 if value & 0x8000 else value << 1) & 0xFFFF
    return f"{value:04X}"


def khqr(account: str, name: str, minor: int, ccy: str, bill: str, opened_ms: int, ends_ms: int) -> str:
    text = "".join((
        tlv("00", "01"),
        tlv("01", "12"),
        tlv("29", tlv("00", account)),
        tlv("52", "5999"),
        tlv("53", NUMBERS[ccy]),
        tlv("54", shown(minor, ccy)),
        tlv("58", "KH"),
        tlv("59", name[:25]),
        tlv("60", "Siem Reap"),
        tlv("62", tlv("01", bill)),
        tlv("99", tlv("00", str(opened_ms)) + tlv("01", str(ends_ms))),
    ))  # fmt: skip
    return text + "6304" + crc(text + "6304")


def md5(code: str) -> str:
    return hashlib.md5(code.encode(), usedforsecurity=False).hexdigest()
