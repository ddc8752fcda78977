"""The PHP and the Java example raise no alarm, and the faults of the third set are named, each by a rule."""

import pytest

from tests.mutants.node_faults import broken
from tests.mutants.third.measure import ALL, SERVICES, plant
from tests.mutants.third.named import NAMED, NOT_OWED

SAMPLE = ("php-currency-absent",)
ROWS = [pytest.param(name, marks=() if name in SAMPLE else pytest.mark.campaign) for name in NAMED]


def test_each_fault_that_was_measured_is_one_that_can_be_planted(tmp_path):
    assert not NAMED.keys() & NOT_OWED.keys()
    assert NAMED.keys() | NOT_OWED.keys() == ALL.keys()
    for name in ALL:
        plant(name, tmp_path)


@pytest.mark.campaign
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("service", SERVICES)
def test_the_healthy_service_raises_no_alarm_in_any_rule(service, require, tmp_path):
    require(service)
    assert broken(plant(service, tmp_path), "--jobs", "1", "--profile", "quick") == []


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", ROWS)
def test_a_fault_is_named_by_its_rule(name, require, tmp_path):
    require(name.split("-")[0])
    rule = NAMED[name]
    assert broken(plant(name, tmp_path), "--jobs", "1", "--profile", "quick", "--only", rule) == [rule]
