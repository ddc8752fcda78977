"""The calls of a day where Bakong refuses lists: one for each payment just before its end, the rest for what ended."""

import pytest

from bakong_contracts.service_api import Priority
from bakong_schemes.bakong.adapter import planning_single
from bakong_schemes.bakong.adapter.planning import DAY_MS, ZONE_MS, day_end_ms
from bakong_schemes.bakong.adapter.planning_single import Forecast
from bakong_service.domain.polling import HOUR_MS, PollCandidate, PollPlan, Spent
from tests.conftest import NOW_MS
from tests.service.test_polling import load_budget

MIDNIGHT_MS = day_end_ms(NOW_MS)
NOON_MS = MIDNIGHT_MS + 12 * HOUR_MS
OPEN = (8, 20)  # ten payments an hour from 8 to 20: 120 a day


def history(counts):
    """What the days sold, by day and hour in Phnom Penh, as the records have it: by UTC hour."""
    return {(day * DAY_MS + hour * HOUR_MS - ZONE_MS) // HOUR_MS: count for (day, hour), count in counts.items()}


SHOP = Forecast.from_history(history({(day, hour): 10 for day in (1, 2) for hour in range(*OPEN)}), 100)


def sale(name, age_s, *, asked_s=None, at_ms=NOON_MS, priority=Priority.NORMAL):
    """A payment that is so old, and was asked about when it was asked_s old."""
    created_ms = at_ms - age_s * 1000
    asked_ms = None if asked_s is None else created_ms + asked_s * 1000
    return PollCandidate(name, created_ms, created_ms + 900_000, asked_ms, priority, is_open=age_s < 900)


def plan(*watched, at_ms=NOON_MS, spent=30, forecast=SHOP):
    return planning_single.plan(watched, at_ms, Spent(spent, stopped=False), 100, forecast)


@pytest.mark.parametrize(
    ("hour", "expected_rest", "elapsed_share"),
    [(0, 120, 0), (8, 120, 0), (8.5, 115, 5 / 120), (14, 60, 0.5), (20, 0, 1)],
    ids=str,
)
def test_what_is_to_come_is_learnt_from_the_days_before(hour, expected_rest, elapsed_share):
    at_ms = int(MIDNIGHT_MS + hour * HOUR_MS)
    assert SHOP.expected_rest(at_ms) == pytest.approx(expected_rest)
    assert SHOP.elapsed_share(at_ms) == pytest.approx(elapsed_share)


def test_before_anything_is_learnt_a_day_brings_more_than_its_calls_reach():
    unknown = Forecast.from_history({}, 100)
    assert unknown.expected_rest(MIDNIGHT_MS) == pytest.approx(200)
    assert unknown.elapsed_share(NOON_MS) == pytest.approx(0.5)


def test_where_calls_are_few_a_payment_is_asked_about_once_just_before_its_code_ends():
    young = sale("a", 600)
    assert plan(young) == PollPlan((), NOON_MS + 60_000)
    assert plan(sale("a", 870)) == PollPlan((), NOON_MS + 10_000)
    assert plan(sale("a", 880), young).ask == ("a",)
    assert plan(sale("a", 890, asked_s=880), young).ask == ()


def test_of_two_that_end_the_one_that_matters_more_is_asked_about():
    low, high = sale("low", 885, priority=Priority.LOW), sale("high", 880, priority=Priority.HIGH)
    assert plan(low, high).ask == ("high",)


def test_the_calls_are_spread_as_the_payments_come():
    assert plan(sale("a", 880), spent=32).ask == ("a",)
    assert plan(sale("a", 880), spent=33).ask == ()


def test_with_calls_to_spare_a_payment_is_asked_about_early_too():
    quiet = Forecast.from_history(history({(1, hour): 3 for hour in range(*OPEN)}), 100)
    assert plan(sale("a", 150), forecast=quiet).ask == ("a",)
    assert plan(sale("a", 200, asked_s=150), forecast=quiet).ask == ()


def test_an_ended_code_takes_only_what_the_days_payments_will_not_need():
    ended = sale("ended", 5_000)
    assert plan(ended).ask == ()
    assert plan(ended, at_ms=MIDNIGHT_MS + 20 * HOUR_MS, spent=98).ask == ("ended",)


def test_of_ended_codes_those_never_asked_about_come_first_then_the_newest():
    night_ms = MIDNIGHT_MS + 22 * HOUR_MS
    ended = [sale("old", 9_000, at_ms=night_ms), sale("new", 5_000, at_ms=night_ms)]
    asked = sale("asked", 3_000, asked_s=881, at_ms=night_ms)
    assert plan(asked, *ended, at_ms=night_ms).ask == ("new",)
    assert plan(asked, at_ms=night_ms).ask == ("asked",)
    assert plan(sale("told", 3_000, asked_s=915, at_ms=night_ms), at_ms=night_ms).ask == ()


@pytest.mark.parametrize("spent", [Spent(100, stopped=False), Spent(3, stopped=True)], ids=["spent", "stopped"])
def test_nothing_is_asked_when_the_day_is_spent(spent):
    made = planning_single.plan([sale("a", 885)], NOON_MS, spent, 100, SHOP)
    assert made == PollPlan((), MIDNIGHT_MS + DAY_MS)
    assert planning_single.plan([], NOON_MS, spent, 100, SHOP) == PollPlan((), None)


async def test_single_checks_come_near_to_what_any_plan_can_reach_without_foresight():
    experiment = load_budget()
    experiment.QUOTA = 25
    this, naive, _, bakong = await experiment.experiment(3, 40, 1, lists=False)
    in_time, _ = experiment.bound(experiment.sales_of(3, 40, 1))
    assert max(bakong.calls.values()) <= 25
    assert bakong.refused == 0
    assert this.share >= max(0.75 * in_time, 3 * naive.share)
