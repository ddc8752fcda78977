"""How long a cycle is: so many seconds, or a month of the calendar, clamped to the last day of a shorter one.

Pure: instants are epoch ms, an offset is seconds east of UTC.
"""

import calendar
import re
from datetime import UTC, datetime, timedelta

_OFFSET = re.compile(r"([+-])(\d\d):(\d\d)", re.ASCII)


def offset_s(text: str) -> int:
    """An offset such as +07:00. Raises ValueError.

    >>> offset_s("+07:00")
    25200
    """
    match = _OFFSET.fullmatch(text)
    if match is None:
        raise ValueError(f"expected an offset such as +07:00, read {text!r}")
    sign, hours, minutes = match.groups()
    return (-1 if sign == "-" else 1) * (int(hours) * 3600 + int(minutes) * 60)


def month_after(at_ms: int, offset: int) -> int:
    """The same local time a month later, on the last day where the next month is too short.

    >>> month_after(1_769_835_600_000, 25_200) - 1_769_835_600_000 == 28 * 86_400_000  # 31 January, Phnom Penh
    True
    """
    return _in_next_month(at_ms, offset, None)


def months_after(at_ms: int, offset: int) -> frozenset[int]:
    """Where a cycle that follows one which ended then may end.

    One that ended on the last day of a short month may have been clamped: then it goes on from any later day.
    """
    local = _local(at_ms, offset)
    last = calendar.monthrange(local.year, local.month)[1]
    days = range(local.day, 32) if local.day == last else (local.day,)
    return frozenset(_in_next_month(at_ms, offset, day) for day in days)


def _local(at_ms: int, offset: int) -> datetime:
    return datetime.fromtimestamp(at_ms // 1000, UTC) + timedelta(seconds=offset)


def _in_next_month(at_ms: int, offset: int, day: int | None) -> int:
    local = _local(at_ms, offset)
    year, month = (local.year + 1, 1) if local.month == 12 else (local.year, local.month + 1)
    wanted = min(day or local.day, calendar.monthrange(year, month)[1])
    moved = local.replace(year=year, month=month, day=wanted) - timedelta(seconds=offset)
    return round(moved.timestamp()) * 1000 + at_ms % 1000
