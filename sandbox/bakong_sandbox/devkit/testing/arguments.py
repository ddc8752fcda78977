"""What a test gives the handle, as the control API takes it: amounts, instants and durations of Python's own types."""

from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum
from numbers import Real
from typing import Any

from bakong_sandbox.devkit.testing.errors import ArgumentTypeError, ArgumentValueError

__tracebackhide__ = True
Amount = str | int | float | Decimal
Instant = str | datetime
Seconds = int | float | Decimal | timedelta


def amount(value: Amount, name: str = "amount") -> str:
    """A sum in its currency's major unit, as digits with at most two places; a text as it stands.

    >>> [amount(value) for value in (2, 1.5, Decimal("1.50"), Decimal("4E+3"), "0.50")]
    ['2', '1.5', '1.5', '4000', '0.50']
    """
    if isinstance(value, str):
        return value
    number = _decimal(value, name, 'a number or a text, as 1.5, Decimal("1.50") or "1.50"')
    shown = f"{number:f}"
    shown = shown.rstrip("0").rstrip(".") if "." in shown else shown
    if number < 0 or len(shown.partition(".")[2]) > 2:
        raise ArgumentValueError(
            f"{name} is {value!r}; expected at least 0, with at most two places: round it, as round(amount, 2) does"
        )
    return shown


def instant(value: Instant, name: str = "at") -> str:
    """An instant as ISO 8601 with its offset; a text as it stands. A datetime has to say its zone."""
    if isinstance(value, str):
        return value
    if not isinstance(value, datetime):
        raise ArgumentTypeError(
            f"{name} is {_shown(value)}; expected a datetime with its zone, or a text such as '2026-02-11T00:00:00Z'"
        )
    if value.utcoffset() is None:
        raise ArgumentValueError(
            f"{name} is {value!r}, which has no time zone and could be any of 24 hours; "
            "expected one, as datetime(2026, 2, 11, tzinfo=UTC) or tzinfo=ZoneInfo('Asia/Phnom_Penh')"
        )
    return value.isoformat(timespec="milliseconds")


def seconds(value: Seconds, name: str = "seconds") -> float:
    """A duration in seconds.

    >>> [seconds(value) for value in (12, Decimal("0.5"), timedelta(minutes=15))]
    [12.0, 0.5, 900.0]
    """
    if isinstance(value, timedelta):
        length = value.total_seconds()
    else:
        length = float(_decimal(value, name, "seconds as a number, or a timedelta"))
    if length < 0:
        raise ArgumentValueError(f"{name} is {value!r}; time does not go back: expected 0 or more")
    return length


def rate(value: float | Decimal) -> float:
    """How many times as fast."""
    return float(_decimal(value, "rate", "a number, such as 60"))


def fields(given: dict[str, Any]) -> dict[str, Any]:
    """The fields of a body, with those of known kinds converted: amount, expires_in_s, and members of enumerations."""
    return {name: _field(name, value) for name, value in given.items()}


def _field(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name == "amount":
        return amount(value)
    if name == "expires_in_s":
        length = seconds(value, name)
        return int(length) if length.is_integer() else length
    if name == "currency" and isinstance(value, Enum):
        return value.name
    return value


def _decimal(value: Any, name: str, expected: str) -> Decimal:
    """A finite number, exactly as it is written. Raises ArgumentTypeError, ArgumentValueError."""
    match value:
        case bool():
            raise ArgumentTypeError(f"{name} is {_shown(value)}; expected {expected}")
        case Decimal() | int():
            number = Decimal(value)
        case Real():
            number = Decimal(str(float(value)))
        case _:
            raise ArgumentTypeError(f"{name} is {_shown(value)}; expected {expected}")
    if not number.is_finite():
        raise ArgumentValueError(f"{name} is {value!r}; expected {expected}")
    return number


def _shown(value: object) -> str:
    return f"{value!r}, of type {type(value).__name__}"
