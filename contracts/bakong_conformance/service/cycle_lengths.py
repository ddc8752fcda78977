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
    return months_on(at_ms, 1, offset)


def months_on(at_ms: int, months: int, offset: int) -> int:
    """The same local time so many months later, on the last day of a shorter month: short ones shorten no other.

    >>> [(months_on(1_769_835_600_000, months, 25_200) - 1_769_835_600_000) // 86_400_000 for months in (1, 2, 3)]
    [28, 59, 89]
    """
    return _in_month(at_ms, months, offset, None)


def month_ends(after_ms: int, offset: int) -> tuple[int, int]:
    """31 January of the next leap year at ten, and its 31 March in an hour that UTC has on another day; local times.

    >>> [datetime.fromtimestamp(at // 1000, UTC).isoformat() for at in month_ends(1_769_835_600_000, 25_200)]
    ['2028-01-31T03:00:00+00:00', '2028-03-30T17:30:00+00:00']
    """
    year = _local(after_ms, offset).year + 1
    while not calendar.isleap(year):
        year += 1
    hour = 0 if offset > 0 else 23
    return _epoch_ms(datetime(year, 1, 31, 10, tzinfo=UTC), offset), _epoch_ms(
        datetime(year, 3, 31, hour, 30, tzinfo=UTC), offset
    )


def months_after(at_ms: int, offset: int) -> frozenset[int]:
    """Where a cycle that follows one which ended then may end.

    One that ended on the last day of a short month may have been clamped: then it goes on from any later day.
    """
    local = _local(at_ms, offset)
    last = calendar.monthrange(local.year, local.month)[1]
    days = range(local.day, 32) if local.day == last else (local.day,)
    return frozenset(_in_month(at_ms, 1, offset, day) for day in days)


def _local(at_ms: int, offset: int) -> datetime:
    return datetime.fromtimestamp(at_ms // 1000, UTC) + timedelta(seconds=offset)


def _epoch_ms(local: datetime, offset: int) -> int:
    return round((local - timedelta(seconds=offset)).timestamp()) * 1000


def _in_month(at_ms: int, months: int, offset: int, day: int | None) -> int:
    local = _local(at_ms, offset)
    year, month = divmod(local.year * 12 + local.month - 1 + months, 12)
    wanted = min(day or local.day, calendar.monthrange(year, month + 1)[1])
    return _epoch_ms(local.replace(year=year, month=month + 1, day=wanted), offset) + at_ms % 1000
