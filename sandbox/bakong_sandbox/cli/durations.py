"""Durations as people write them: 90, 90s, 15m, 1.5h, 1h30m, 2d."""

import re

from bakong_sandbox.stack.errors import SetupError

UNITS_S = {"d": 86_400, "h": 3_600, "m": 60, "s": 1, "ms": 0.001, "": 1}
_PART = r"([0-9]+(?:\.[0-9]+)?)(ms|[dhms]?)"


def duration_s(text: str) -> float:
    """Seconds. Raises SetupError for what is no duration.

    >>> [duration_s(text) for text in ("900", "15m", "1h30m", "1.5h", "250ms", "2d")]
    [900.0, 900.0, 5400.0, 5400.0, 0.25, 172800.0]
    """
    word = text.strip().lower()
    parts = re.findall(_PART, word)
    if not re.fullmatch(f"(?:{_PART})+", word) or any(unit == "" for _, unit in parts[1:]):
        raise SetupError(f"read {text!r}, expected a duration such as 90, 15m, 1h30m or 2d, which never goes back")
    return float(sum(float(number) * UNITS_S[unit] for number, unit in parts))
