"""Nagad's times, all in Asia/Dhaka, from and to epoch ms."""

from datetime import UTC, datetime

from bakong_schemes.nagad.wire import DHAKA_MS

_COMPACT = "%Y%m%d%H%M%S"


def compact(at_ms: int) -> str:
    """Of a body or a callback.

    >>> compact(1770768000000)
    '20260211060000'
    """
    return f"{_dhaka(at_ms):{_COMPACT}}"


def day(at_ms: int) -> str:
    return f"{_dhaka(at_ms):%Y%m%d}"


def shown(at_ms: int) -> str:
    """Of verify.

    >>> shown(1770768000000)
    '2026-02-11 06:00:00.0'
    """
    return f"{_dhaka(at_ms):%Y-%m-%d %H:%M:%S}.0"


def to_the_ms(at_ms: int) -> str:
    """Of a payment reference: MMddHHmmssSSS.

    >>> to_the_ms(1770768000007)
    '0211060000007'
    """
    return f"{_dhaka(at_ms):%m%d%H%M%S}{at_ms % 1000:03d}"


def read_compact(text: object) -> int | None:
    """Epoch ms of a yyyyMMddHHmmss; None for what is none.

    >>> read_compact("20260211060000"), read_compact("20261311060000"), read_compact("2026")
    (1770768000000, None, None)
    """
    return _read(text, _COMPACT, 14)


def read_day(text: object) -> int | None:
    """Epoch ms at which a yyyyMMdd begins; None for what is none."""
    return _read(text, "%Y%m%d", 8)


def read_shown(text: object) -> int | None:
    """Epoch ms of a time as verify writes it, to the second; None for what is none.

    >>> read_shown("2026-02-11 06:00:00.0"), read_shown("yesterday")
    (1770768000000, None)
    """
    whole = text.partition(".")[0] if isinstance(text, str) else ""
    return _read(whole, "%Y-%m-%d %H:%M:%S", 19)


def _read(text: object, form: str, length: int) -> int | None:
    if not isinstance(text, str) or len(text) != length or not text.isascii():
        return None
    try:
        at = datetime.strptime(text, form).replace(tzinfo=UTC)
    except ValueError:
        return None
    return round(at.timestamp() * 1000) - DHAKA_MS


def _dhaka(at_ms: int) -> datetime:
    return datetime.fromtimestamp((at_ms + DHAKA_MS) // 1000, UTC)
