"""Taka as text and as int poisha, and the times of Dhaka, for stand-ins and suites."""

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

DHAKA = timezone(timedelta(hours=6))
_AMOUNT = re.compile(r"(0|[1-9][0-9]{0,10})(?:\.([0-9]{1,2}))?", re.ASCII)


def poisha(value: Any) -> int | None:
    """Poisha of a text or a JSON number of at most two decimals; None for anything else.

    >>> poisha("10.5"), poisha(10), poisha("1e3"), poisha("0.001")
    (1050, 1000, None, None)
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    match = _AMOUNT.fullmatch(str(value))
    return int(match[1]) * 100 + int((match[2] or "").ljust(2, "0")) if match else None


def taka(minor: int) -> str:
    """Two decimals, always.

    >>> taka(5)
    '0.05'
    """
    return f"{minor // 100}.{minor % 100:02d}"


def dhaka(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC).astimezone(DHAKA)
