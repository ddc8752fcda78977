"""The wall clock, for worlds. A composition root; knows nothing else, so that it loads at once."""

import time


def wall_ms() -> int:
    """Epoch milliseconds."""
    return time.time_ns() // 1_000_000  # noqa: TID251  a composition root: the worlds' wall clock
