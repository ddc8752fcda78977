"""Points in time as epoch milliseconds, from what callers give. Reads the system's clock only where none is given."""

import time
from datetime import UTC, datetime, timedelta

from khqr.errors import EncodeError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def now_ms(now: object) -> int:
    """Now in epoch milliseconds, the system's where it is None."""
    if type(now) is int:
        return now
    if now is None:
        return time.time_ns() // 1_000_000  # noqa: TID251  the documented default; every caller of ours passes now
    return to_ms(now, "now")


def to_ms(moment: object, name: str) -> int:
    """An aware datetime, or epoch milliseconds as int or digits. Raises EncodeError (NBC's 49) with the field's name.

    >>> to_ms(datetime(2026, 1, 1, tzinfo=UTC), "now"), to_ms("1767225600000", "now")
    (1767225600000, 1767225600000)
    """
    if type(moment) is int:
        return moment
    if isinstance(moment, datetime):
        if moment.tzinfo is None:
            raise EncodeError(f"read {moment!r} without a time zone, expected an aware datetime", field=name, code=49)
        return (moment - _EPOCH) // _MILLISECOND
    if isinstance(moment, str) and moment.isascii() and moment.isdigit() and len(moment) <= 15:
        return int(moment)
    raise EncodeError(f"read {moment!r}, expected an aware datetime or epoch ms", field=name, code=49)
