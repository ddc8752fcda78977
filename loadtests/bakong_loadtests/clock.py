"""The one place of this package that reads real time: a load test measures it.

CLOCK_MONOTONIC is one clock for all processes of a machine, so the intervals of several workers there can be compared;
`clock_name` says which machine, since boots do not share it.
"""

import asyncio
import time
from pathlib import Path

_BOOT = Path("/proc/sys/kernel/random/boot_id")


def monotonic_ns() -> int:
    return time.monotonic_ns()


def wall_ns() -> int:
    return time.time_ns()  # noqa: TID251  the report says when the run was, and windows may follow the wall's minutes


async def sleep_until(at_ns: int) -> None:
    """Return once monotonic_ns() is at_ns or later."""
    while (left_ns := at_ns - monotonic_ns()) > 0:  # noqa: ASYNC110  it waits for a moment, not for a change
        await asyncio.sleep(left_ns / 1e9)  # noqa: TID251  attacks are timed on the real clock


def clock_name() -> str:
    """The same text for all that share this machine's monotonic clock."""
    return _BOOT.read_text(encoding="utf-8").strip() if _BOOT.exists() else "this machine"
