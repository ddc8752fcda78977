"""Until something happens: a call of an endpoint, or midnight in Phnom Penh, where quotas begin anew."""

from bakong_simulator.conditions.moment import Moment

_DAY_MS = 86_400_000
_PHNOM_PENH_MS = 7 * 3_600_000  # UTC+7, without summer time


def until(moment: Moment, *, is_: str) -> bool:
    if is_ == "midnight":
        return _day(moment.now_ms) == _day(moment.began_ms)
    return is_ not in moment.called


def _day(at_ms: int) -> int:
    return (at_ms + _PHNOM_PENH_MS) // _DAY_MS
