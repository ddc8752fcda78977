"""What a change of plan costs: every row of the vectors, and the laws, in the domain."""

import json
from datetime import datetime
from fractions import Fraction
from itertools import islice, pairwise
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bakong_schemes.bakong.adapter.planning import LIFE_MS
from bakong_service.domain.errors import OutsidePeriodError
from bakong_service.domain.money import rounded
from bakong_service.domain.proration import CYCLE_S, Period, billing_dates, change, split

VECTORS = [
    json.loads(line) for line in (Path(__file__).parent.parent / "vectors/proration.jsonl").read_text().splitlines()
]


def of_kind(kind):
    return pytest.mark.parametrize("row", [row for row in VECTORS if row["kind"] == kind], ids=lambda row: row["id"])


def seconds(text):
    return int(datetime.fromisoformat(text).timestamp() // 1)


def period_of(row):
    return Period(seconds(row["period_start"]), seconds(row["period_end"]))


def test_every_kind_of_row_has_its_test():
    assert {row["kind"] for row in VECTORS} == {"change", "schedule", "sequence", "split", "expiry", "billing_dates"}


@of_kind("change")
def test_a_change_costs_what_the_vector_says(row):
    period, at_s = period_of(row), seconds(row["change_at"])
    if "expect_error" in row:
        with pytest.raises(OutsidePeriodError) as caught:
            change(row["old_price_minor"], row["new_price_minor"], period, at_s)
        assert caught.value.code == row["expect_error"]
        return
    price = change(row["old_price_minor"], row["new_price_minor"], period, at_s)
    assert (period.total_s, period.remaining_s(at_s)) == (row["total_seconds"], row["remaining_seconds"])
    assert price.amount_minor == row["amount_minor"]
    assert price.requires_payment is row["requires_payment"]
    assert abs(price.credit_minor - Fraction(row["credit_exact_minor"])) <= Fraction(1, 2)
    assert abs(price.debit_minor - Fraction(row["debit_exact_minor"])) <= 1


@of_kind("sequence")
def test_up_and_down_at_one_instant_is_nothing(row):
    steps = [
        change(step["from"], step["to"], period_of(row), seconds(step["at"])).amount_minor for step in row["steps"]
    ]
    assert steps == [step["net_minor_net"] for step in row["steps"]]
    assert sum(steps) == row["sum_minor"]


@of_kind("split")
def test_parts_add_up(row):
    parts = split(row["price_minor"], period_of(row), [seconds(cut) for cut in row["cuts"]])
    assert (parts, sum(parts)) == (row["parts_minor"], row["sum_minor"])


@of_kind("billing_dates")
def test_bills_fall_due_when_the_vector_says(row):
    dates = billing_dates(seconds(row["anchor"]), row["every"], row["time_zone"])
    assert list(islice(dates, len(row["dates"]))) == [seconds(date) for date in row["dates"]]


@of_kind("expiry")
def test_a_quote_lives_for_900_seconds(row):
    assert seconds(row["created_at"]) + LIFE_MS // 1000 == seconds(row["expires_at"]) == seconds(row["expired_at"])


@pytest.mark.parametrize(
    ("old", "new", "left_s", "amount"),
    [(0, 999, 25 * 86_400, 833), (0, 100, 38_880, 2), (0, 99, 144_000, 6)],
    ids=["nine digits of a ratio give 832", "a float gives 1", "Math.round gives 5"],
)
def test_the_faults_of_other_systems_are_not_ours(old, new, left_s, amount):
    assert change(old, new, Period(0, CYCLE_S), CYCLE_S - left_s).amount_minor == amount


minor = st.integers(0, 10**9)
period = st.builds(lambda start, length: Period(start, start + length), st.integers(0, 2**34), st.integers(1, 10**9))


@st.composite
def moments(draw, count=1):
    paid = draw(period)
    return paid, *(draw(st.integers(paid.start_s, paid.end_s)) for _ in range(count))


@given(minor, minor, moments())
@example(50, 100, (Period(0, CYCLE_S), 0))
def test_an_amount_lies_between_nothing_and_the_difference(old, new, moment):
    when, at_s = moment
    amount = change(old, new, when, at_s).amount_minor
    assert min(0, new - old) <= amount <= max(0, new - old)
    assert change(new, old, when, at_s).amount_minor == -amount


@given(minor, minor, moments(2))
def test_it_never_gets_dearer_with_time(old, new, moment):
    low, high = sorted((old, new))
    when, *instants = moment
    early, late = (change(low, high, when, at_s) for at_s in sorted(instants))
    assert early.amount_minor >= late.amount_minor
    assert early.credit_minor >= late.credit_minor


@given(minor, minor, minor, moments())
def test_two_steps_at_one_instant_cost_what_one_does_within_a_unit(first, second, third, moment):
    when, at_s = moment
    steps = [change(old, new, when, at_s) for old, new in pairwise((first, second, third))]
    whole = change(first, third, when, at_s)
    assert abs(sum(step.amount_minor for step in steps) - whole.amount_minor) <= 1


@given(minor, minor, moments())
def test_rounding_is_off_by_half_a_unit_at_most(old, new, moment):
    when, at_s = moment
    price = change(old, new, when, at_s)
    share = Fraction(when.remaining_s(at_s), when.total_s)
    assert abs(price.amount_minor - (new - old) * share) <= Fraction(1, 2)
    assert abs(price.credit_minor - old * share) <= Fraction(1, 2)
    assert abs(price.debit_minor - new * share) <= 1


@given(minor, moments(3))
@example(100, (Period(0, 30), 10, 20, 20))
def test_parts_of_a_period_add_up_exactly(price, moment):
    when, *cuts = moment
    parts = split(price, when, cuts)
    assert sum(parts) == price
    edges = [when.start_s, *sorted(cuts), when.end_s]
    for part, (begin, end) in zip(parts, pairwise(edges), strict=True):
        assert part >= 0
        assert abs(part - Fraction(price * (end - begin), when.total_s)) <= 1


@given(minor, minor, moments(), st.integers(1, 1000))
def test_only_the_ratio_matters(old, new, moment, factor):
    when, at_s = moment
    scaled = Period(when.start_s * factor, when.end_s * factor)
    assert change(old, new, when, at_s) == change(old, new, scaled, at_s * factor)


@given(minor, moments())
def test_the_same_price_costs_nothing(price, moment):
    when, at_s = moment
    assert change(price, price, when, at_s).amount_minor == 0
    assert change(0, 0, when, at_s) == change(price, price, when, when.end_s)


@given(minor, minor, moments(), st.integers(1, 100))
def test_a_quantity_is_multiplied_before_rounding(old, new, moment, quantity):
    when, at_s = moment
    amount = change(old, new, when, at_s, quantity=quantity).amount_minor
    assert amount == rounded((new - old) * quantity * when.remaining_s(at_s), when.total_s)


@given(moments(), st.integers(1, 10**6))
def test_an_instant_outside_the_period_is_refused(moment, beyond):
    when, _ = moment
    for at_s in (when.start_s - beyond, when.end_s + beyond):
        with pytest.raises(OutsidePeriodError):
            change(50, 100, when, at_s)


LAWS = [law for name, law in sorted(globals().items()) if name.startswith("test_") and hasattr(law, "hypothesis")]


@pytest.mark.campaign
@pytest.mark.timeout(900)
@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_each_law_holds_for_20_000_examples(law):
    settings(max_examples=20_000, deadline=None)(law)()
