"""How amounts, currencies and times are written on a wire, by the name of the form; each reads what it writes."""

import base64
import re
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from bakong_contracts.money import exponent

NUMERIC = {"764": "THB", "840": "USD", "116": "KHR", "392": "JPY"}  # ISO 4217, those that the sketches need
_BANGKOK = timezone(timedelta(hours=7))
_UTC = timezone.utc  # noqa: UP017  beside the other zone
_PLAIN = re.compile(r"[0-9]{1,13}(\.[0-9]{1,8})?", re.ASCII)


class Money(NamedTuple):
    """An amount in minor units."""

    minor: int
    currency: str

    @property
    def decimal(self) -> Decimal:
        return Decimal(self.minor).scaleb(-exponent(self.currency))


def minor_of(text: str, currency: str) -> int:
    """Minor units of a decimal text; zeros beyond the currency's decimals are allowed. Raises ValueError."""
    if not _PLAIN.fullmatch(text):
        raise ValueError(f"read {text!r}, expected an amount such as 100.00")
    try:
        minor = Decimal(text).scaleb(exponent(currency))
    except InvalidOperation:
        raise ValueError(f"read {text!r}, expected an amount such as 100.00") from None
    if minor != minor.to_integral_value() or not 0 < minor < 10**14:
        raise ValueError(f"read {text!r}, expected an amount above zero in {currency}")
    return int(minor)


def _number(money: Money) -> int | float:
    whole = money.decimal.to_integral_value()
    return int(whole) if whole == money.decimal else float(money.decimal)


def _read_text(value: Any, currency: str) -> int:
    if not isinstance(value, str):
        raise ValueError(f'read {value!r}, expected a text such as "100.00"')  # noqa: TRY004  a value of the wire
    return minor_of(value, currency)


def _read_number(value: Any, currency: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"read {value!r}, expected a number such as 100.00")  # noqa: TRY004  a value of the wire
    return minor_of(repr(value), currency)


def _read_either(value: Any, currency: str) -> int:
    return _read_text(value, currency) if isinstance(value, str) else _read_number(value, currency)


def _read_minor(value: Any, _currency: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 10**14:
        raise ValueError(f"read {value!r}, expected a whole number of the smallest unit")
    return value


class AmountForm(NamedTuple):
    """write: of money; read: minor units of what stands on the wire, by currency; it raises ValueError."""

    write: Callable[[Money], Any]
    read: Callable[[Any, str], int]


AMOUNTS: dict[str, AmountForm] = {
    "decimal": AmountForm(lambda money: str(money.decimal), _read_text),
    "number": AmountForm(_number, _read_number),
    "minor": AmountForm(lambda money: money.minor, _read_minor),
    "either": AmountForm(lambda money: str(money.decimal), _read_either),  # writes a text, reads a number too
    "either-number": AmountForm(_number, _read_either),  # writes a number, reads a text too
}
CURRENCIES: dict[str, Callable[[str], str]] = {
    "alpha": lambda currency: currency,
    "numeric": lambda currency: next((code for code, name in NUMERIC.items() if name == currency), currency),
}


def currency_of(value: Any, form: str) -> str:
    """The letters of a currency. Raises ValueError."""
    letters = NUMERIC.get(str(value)) if form == "numeric" else value
    if not isinstance(letters, str):
        raise ValueError(f"read {value!r}, expected a currency")  # noqa: TRY004  a value of the wire
    return letters


def _moment(at_ms: int, zone: timezone) -> datetime:
    return datetime.fromtimestamp(at_ms // 1000, zone)


TIMES: dict[str, Callable[[int], Any]] = {
    "iso": lambda at_ms: _moment(at_ms, _UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    "iso-bangkok": lambda at_ms: _moment(at_ms, _BANGKOK).isoformat(timespec="seconds"),
    "epoch-s": lambda at_ms: at_ms // 1000,
    "epoch-ms": lambda at_ms: at_ms,
    "day-bangkok": lambda at_ms: _moment(at_ms, _BANGKOK).strftime("%Y-%m-%d"),
    "yyyymmdd-bangkok": lambda at_ms: _moment(at_ms, _BANGKOK).strftime("%Y%m%d"),
    "ddmmyyyy-bangkok": lambda at_ms: _moment(at_ms, _BANGKOK).strftime("%d%m%Y"),
    "yyyymmddhhmmss-bangkok": lambda at_ms: _moment(at_ms, _BANGKOK).strftime("%Y%m%d%H%M%S"),
    "hhmmss-bangkok": lambda at_ms: _moment(at_ms, _BANGKOK).strftime("%H%M%S"),
    "clock-bangkok": lambda at_ms: _moment(at_ms, _BANGKOK).strftime("%H:%M:%S"),
}


def moment_of(text: str, form: str) -> int:
    """Epoch ms of a time on the wire, to the second. Raises ValueError for what is none, or a form without zone."""
    if form in ("epoch-s", "epoch-ms"):
        if not re.fullmatch(r"[0-9]{1,15}", text, re.ASCII):
            raise ValueError(f"read {text!r}, expected whole seconds or milliseconds after 1970")
        return int(text) * (1000 if form == "epoch-s" else 1)
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"read {text!r}, expected a time with its zone")
    return int(moment.timestamp()) * 1000


def base64_of(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def digits_of(text: str) -> int | str:
    """A number of so many digits; what is none stays as it is."""
    return int(text) if text.isascii() and text.isdigit() else text
