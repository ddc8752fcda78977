"""JavaScript's conversions, as far as NBC's SDK leans on them. Knows ECMAScript, not QR codes.

Values are None (undefined and null, which the SDK never tells apart), bool, int and float (Number) and str, whose
characters are UTF-16 units here (khqr.utf16).
"""

import math
import re
from decimal import ROUND_HALF_UP, Decimal

Value = None | bool | int | float | str

# ECMA-262 12.2 and 12.3: WhiteSpace and LineTerminator.
SPACE = "\t\n\v\f\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
_STRIP = re.compile(f"^[{SPACE}]+|[{SPACE}]+\\Z")
_DECIMAL = r"[+-]?(?:Infinity|(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
_NUMBER = re.compile(_DECIMAL)
_RADIX = re.compile(r"0(?:[xX](?P<hex>[0-9a-fA-F]+)|[oO](?P<octal>[0-7]+)|[bB](?P<binary>[01]+))")
_BASES = {"hex": 16, "octal": 8, "binary": 2}
_FLOAT = re.compile(f"[{SPACE}]*({_DECIMAL})")
_INTEGER = re.compile(f"[{SPACE}]*(?!0[xX])([+-]?[0-9]+)")
_SAFE = 2**53
_EXPONENT_FROM = 10**21
CENT = Decimal("0.01")


def string(value: Value) -> str:
    """String(value).

    >>> string(1e21), string(1.50), string(1e-7), string(True), string(None)
    ('1e+21', '1.5', '1e-7', 'true', 'undefined')
    """
    if isinstance(value, str):
        return value
    if value is None:
        return "undefined"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and -_SAFE < value < _SAFE:
        return str(value)
    return _number_text(_float(value))


def _number_text(value: float) -> str:
    """ECMA-262 6.1.6.1.20: the shortest digits, plain from 1e-6 to below 1e21."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0:
        return "0"
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    figures = "".join(map(str, digits))
    point = len(figures) + int(exponent)
    return ("-" if sign else "") + _placed(figures, point)


def _placed(figures: str, point: int) -> str:
    if len(figures) <= point <= 21:
        return figures.ljust(point, "0")
    if 0 < point <= 21:
        return f"{figures[:point]}.{figures[point:]}"
    if -6 < point <= 0:
        return f"0.{figures.rjust(len(figures) - point, '0')}"
    mantissa = figures[0] + (f".{figures[1:]}" if len(figures) > 1 else "")
    return f"{mantissa}e{point - 1:+d}"


def _float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def number(value: Value) -> float:
    """Number(value); NaN for what is none.

    >>> number(" 0x10 "), number(""), number("1e3"), number("1_000")
    (16.0, 0.0, 1000.0, nan)
    """
    if value is None:
        return math.nan
    if not isinstance(value, str):
        return _float(value)
    text = _STRIP.sub("", value)
    if not text:
        return 0.0
    if _NUMBER.fullmatch(text):
        return float(text)
    if match := _RADIX.fullmatch(text):
        base = match.lastgroup or ""
        return _float(int(match[base], _BASES[base]))
    return math.nan


def parse_float(text: str) -> float:
    """parseFloat(text): the longest number that text begins with."""
    match = _FLOAT.match(text)
    return float(match[1]) if match else math.nan


def parse_int(text: str) -> int | None:
    """parseInt(text) for texts of two or three characters, which say nothing of use in hexadecimal; None for NaN.

    >>> parse_int("1X"), parse_int(" 7"), parse_int("-4"), parse_int("XY"), parse_int("0x")
    (1, 7, -4, None, None)
    """
    match = _INTEGER.match(text)
    return int(match[1]) if match else None


def to_fixed_2(value: float) -> str:
    """value.toFixed(2): the nearest hundredth of the exact binary value, the larger of two.

    >>> to_fixed_2(1.005), to_fixed_2(2.5), to_fixed_2(0.125)
    ('1.00', '2.50', '0.13')
    """
    if not abs(value) < _EXPONENT_FROM:  # NaN and the infinities too
        return _number_text(value)
    fixed = Decimal(value).quantize(CENT, ROUND_HALF_UP)
    return str(fixed) if value else "0.00"


def truthy(value: Value) -> bool:
    return bool(value) and value == value  # noqa: PLR0124  NaN is false, and alone unequal to itself


def is_blank(value: Value) -> bool:
    """Value == null || value == "", loosely: None, "", 0 and false."""
    return not value


def length(value: Value) -> int:
    """value.length where it is used in `length > limit`: 0 stands for undefined, which is never greater."""
    return len(value) if isinstance(value, str) else 0


def loosely_equals(value: Value, expected: int) -> bool:
    """Value == expected, for a number."""
    return value is not None and number(value) == expected
