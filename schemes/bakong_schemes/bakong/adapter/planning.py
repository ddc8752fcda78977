"""The plan for a day's calls to Bakong, where it answers lists; planning_single has the one for where it does not.

Pure: the time is an argument. The day is Bakong's, midnight to midnight in Phnom Penh (+07:00, no DST).
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from bakong_contracts.service_api import Priority
from bakong_service.domain.polling import GIVE_UP_MS, HOUR_MS, PollCandidate, PollPlan, Spent

LIFE_MS = 15 * 60 * 1000  # of a code, end excluded
DAY_MS = 24 * HOUR_MS
ZONE_MS = 7 * HOUR_MS
LIST_LIMIT = 50
FORGET_MS = 7 * DAY_MS  # what the calls have not reached by then, they never will


def day_of(at_ms: int) -> int:
    """Bakong's day: days since 1970-01-01 in Phnom Penh."""
    return (at_ms + ZONE_MS) // DAY_MS


def day_end_ms(at_ms: int) -> int:
    """When that day ends."""
    return (day_of(at_ms) + 1) * DAY_MS - ZONE_MS


class Tier(NamedTuple):
    """With at least so many calls in hand: the ages at which a payment is asked, in seconds.

    slack: an ask at this share of an age does for it, so that one call serves many.
    confirm_s: how long after its end an unasked payment is asked about.
    """

    calls_in_reserve: float
    ages_s: tuple[int, ...]
    slack: float
    confirm_s: int


# The last moment at which an answer still comes before the customer hears "expired".
FINAL_POLL_AGE_S = LIFE_MS // 1000 - 20
SETTLEMENT_LAG_S = 15  # money that was sent in time has arrived so long after the end
TIERS = (
    Tier(30, (20, 45, 90, 180, 360, 600, FINAL_POLL_AGE_S), 0.85, 20),
    Tier(18, (45, 150, 420, FINAL_POLL_AGE_S), 0.8, 60),
    Tier(9, (100, FINAL_POLL_AGE_S), 0.7, 600),
    Tier(3, (FINAL_POLL_AGE_S,), 0.6, 3_600),
    Tier(0, (FINAL_POLL_AGE_S,), 0.45, 12 * 3_600),
    Tier(-4, (FINAL_POLL_AGE_S,), 0.3, 18 * 3_600),
)
WORTH = {Priority.HIGH: 2.0, Priority.NORMAL: 1.0, Priority.LOW: 0.5}
INTERACTIVE_RESERVE = 12  # a customer who asks may spend a call while so many are in hand
MIN_REPOLL_S = 10  # nothing is asked twice within this


def calls_in_reserve(at_ms: int, spent: int, daily: int) -> float:
    """The calls earned since midnight, evenly, less those made: what may be spent without starving the evening."""
    elapsed_ms = DAY_MS - (day_end_ms(at_ms) - at_ms)
    return daily * elapsed_ms / DAY_MS - spent


def plan(watched: Sequence[PollCandidate], at_ms: int, spent: Spent, daily: int) -> PollPlan:
    """Whom to ask about now, in one list. Of two payments the one that is likelier to be paid goes first."""
    if not watched:
        return PollPlan((), None)
    if spent.stopped or spent.calls >= daily:
        return PollPlan((), day_end_ms(at_ms))
    have = calls_in_reserve(at_ms, spent.calls, daily)
    tier = next((tier for tier in TIERS if have >= tier.calls_in_reserve), None)
    if tier is None:
        wait_s = (TIERS[-1].calls_in_reserve - have) * DAY_MS / 1000 / daily
        return PollPlan((), min(at_ms + 1000 * math.ceil(wait_s), day_end_ms(at_ms)))
    due = [(due_ms(one, tier, at_ms), one) for one in watched]
    if any(moment <= at_ms for moment, _ in due):
        return PollPlan(_batch(due, at_ms), at_ms)
    look_ms = 60_000 if any(one.is_open for one in watched) else 600_000
    return PollPlan((), min(at_ms + look_ms, *(moment for moment, _ in due)))


def due_ms(one: PollCandidate, tier: Tier, at_ms: int) -> int:
    """When a payment is worth a call of its own."""
    asked_s = one.asked_age_s()
    if one.is_open:
        ages = (age for age in tier.ages_s if asked_s < age * tier.slack)
        # An age that has gone by is not made up for, but for the latest of them.
        late = [one.created_ms + age * 1000 for age in ages]
        return min(late, default=one.expires_ms + 1000 * tier.confirm_s)
    if asked_s * 1000 < one.expires_ms - one.created_ms + 1000 * SETTLEMENT_LAG_S:
        return one.expires_ms + 1000 * max(SETTLEMENT_LAG_S, tier.confirm_s)
    return max(at_ms, one.expires_ms) + GIVE_UP_MS  # it goes along where there is room


def _batch(due: list[tuple[int, PollCandidate]], at_ms: int) -> tuple[str, ...]:
    """The best of those that were not asked just now: the due before the others, the likely before the unlikely."""
    free = [pair for pair in due if pair[1].asked_ms is None or at_ms - pair[1].asked_ms >= 1000 * MIN_REPOLL_S]
    ranked = sorted(free, key=lambda pair: (pair[0] > at_ms, -poll_score(pair[1], at_ms), pair[1].id))
    return tuple(one.id for _, one in ranked[:LIST_LIMIT])


def poll_score(one: PollCandidate, at_ms: int) -> float:
    """How likely it is that a payment was paid since it was asked about, weighed by who waits for it."""
    asked_s = max(0, one.asked_age_s())
    age_s = (at_ms - one.created_ms) / 1000
    news = math.exp(-asked_s / 120) - math.exp(-age_s / 120)
    if one.is_open:
        return WORTH[one.priority] * (1 + news)
    return news - asked_s / 1e9
