"""The plan for a day's calls where Bakong refuses lists: one payment a call. Pure, like planning.

Without foresight a call finds a paid payment with at most the chance that it was paid by then, which is greatest just
before its code ends. So each payment is worth one call then; earlier ones, and those about codes that have ended, take
what the day's payments will not need. How many will come, and when, is learnt from the days before.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bakong_schemes.bakong.adapter.planning import (
    FINAL_POLL_AGE_S,
    MIN_REPOLL_S,
    SETTLEMENT_LAG_S,
    WORTH,
    ZONE_MS,
    day_end_ms,
)
from bakong_service.domain.polling import HOUR_MS, PollCandidate, PollPlan, Spent

HOURS = 24
HISTORY_DAYS = 7
SLACK = 0.95  # an ask at this share of an age does for it
UNKNOWN = 2  # before anything is learnt, so many payments are expected for each of the day's calls
# With at least so many calls left for each payment that has yet to be asked: the ages at which it is asked, in seconds.
# One that is found early costs no more: with most paid in two minutes, these take about 2.2, 1.5 and 1 call each.
AGES: tuple[tuple[float, tuple[int, ...]], ...] = (
    (2.5, (60, 240, FINAL_POLL_AGE_S)),
    (1.8, (150, FINAL_POLL_AGE_S)),
    (0, (FINAL_POLL_AGE_S,)),
)


@dataclass(frozen=True, slots=True)
class Forecast:
    """The payments that a day brings, by its hours in Phnom Penh."""

    hours: tuple[float, ...]

    @classmethod
    def from_history(cls, sold: Mapping[int, int], daily: int) -> "Forecast":
        """From the payments by UTC hour since 1970; before there are any, more than the calls reach, evenly."""
        if not sold:
            return cls((UNKNOWN * daily / HOURS,) * HOURS)
        here = {divmod(hour + ZONE_MS // HOUR_MS, HOURS): count for hour, count in sold.items()}
        days = len({day for day, _ in here})
        by_hour = (sum(count for (_, at), count in here.items() if at == hour) for hour in range(HOURS))
        return cls(tuple(count / days for count in by_hour))

    def expected_rest(self, at_ms: int) -> float:
        """How many may still come until midnight."""
        hours_left = (day_end_ms(at_ms) - at_ms) / HOUR_MS
        whole = int(hours_left)
        part = self.hours[HOURS - 1 - whole] * (hours_left - whole) if whole < HOURS else 0.0
        return sum(self.hours[HOURS - whole :]) + part

    def elapsed_share(self, at_ms: int) -> float:
        """Which share of the day's payments has come."""
        return 1 - self.expected_rest(at_ms) / sum(self.hours)


def plan(watched: Sequence[PollCandidate], at_ms: int, spent: Spent, daily: int, forecast: Forecast) -> PollPlan:
    """Whom to ask about now, and when to plan again."""
    if not watched:
        return PollPlan((), None)
    left = daily - spent.calls
    if spent.stopped or left <= 0:
        return PollPlan((), day_end_ms(at_ms))
    needing = sum(one.is_open and not _asked_late(one) for one in watched)
    need = forecast.expected_rest(at_ms) + needing
    is_earned = left >= need or daily * forecast.elapsed_share(at_ms) - spent.calls >= 1
    ages = next(ages for calls, ages in AGES if left >= calls * need)
    moments = {one: _due_ms(one, ages) for one in watched}
    due = [one for one, moment in moments.items() if moment <= at_ms and _may_be_asked(one, at_ms)]
    if affordable := [one for one in due if (is_earned if _is_last(one, at_ms) else left - need >= 1)]:
        return PollPlan((min(affordable, key=lambda one: _rank(one, at_ms)).id,), at_ms)
    look_ms = 60_000 if needing else 600_000
    return PollPlan((), min([at_ms + look_ms, *(moment for moment in moments.values() if moment > at_ms)]))


def _due_ms(one: PollCandidate, ages: tuple[int, ...]) -> int:
    """When a payment is worth a call: at the next of its ages, then once its money must have arrived."""
    if one.is_open:
        asked_s = one.asked_age_s()
        return min(
            (one.created_ms + 1000 * age for age in ages if asked_s < age * SLACK),
            default=one.expires_ms + 1000 * SETTLEMENT_LAG_S,
        )
    return one.expires_ms + 1000 * SETTLEMENT_LAG_S


def _asked_late(one: PollCandidate) -> bool:
    return one.asked_age_s() >= FINAL_POLL_AGE_S * SLACK


def _is_last(one: PollCandidate, at_ms: int) -> bool:
    """Whether this is the one call that the payment is worth at its best moment."""
    return one.is_open and not _asked_late(one) and at_ms - one.created_ms >= FINAL_POLL_AGE_S * 1000


def _may_be_asked(one: PollCandidate, at_ms: int) -> bool:
    """Not just now, and not after Bakong has said that nothing came."""
    if one.asked_ms is None:
        return True
    return at_ms - one.asked_ms >= 1000 * MIN_REPOLL_S and one.asked_ms < one.expires_ms + 1000 * SETTLEMENT_LAG_S


def _rank(one: PollCandidate, at_ms: int) -> tuple[float, ...]:
    """Codes that end now, then that live, then that have ended; of these those not asked about late, and the newest."""
    return (not _is_last(one, at_ms), not one.is_open, _asked_late(one), -WORTH[one.priority], -one.expires_ms)
