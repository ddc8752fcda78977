"""A payment service that was not written beside the rules raises no alarm, and its faults are named, each by a rule."""

import pytest

from tests.mutants.independent.measure import ALL, plant
from tests.mutants.independent.named import NAMED, NOT_OWED
from tests.mutants.node_faults import broken

SAMPLE = ("bill-any-amount",)
HEALTHY = (
    "service.paid",
    "service.create.code",
    "service.upgrade.dead",
    "service.webhook.unanswered",
    "service.status.ids",
)
ROWS = [pytest.param(name, marks=() if name in SAMPLE else pytest.mark.campaign) for name in NAMED]


def only(*rules):
    return [word for rule in rules for word in ("--only", rule)]


def test_each_fault_can_be_planted_and_is_named_or_has_a_reason(tmp_path):
    assert not NAMED.keys() & NOT_OWED.keys()
    assert NAMED.keys() | NOT_OWED.keys() == ALL.keys()
    for fault in ALL.values():
        plant(fault, tmp_path)


def test_the_healthy_service_raises_no_alarm(tmp_path):
    assert broken(plant(None, tmp_path), "--jobs", "1", "--profile", "quick", *only(*HEALTHY)) == []


@pytest.mark.campaign
@pytest.mark.timeout(1800)
def test_the_healthy_service_raises_no_alarm_in_any_rule(tmp_path):
    assert broken(plant(None, tmp_path), "--jobs", "1", "--profile", "quick") == []


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", ROWS)
def test_a_fault_is_named_by_its_rule(name, tmp_path):
    config = plant(ALL[name], tmp_path)
    assert broken(config, "--jobs", "1", "--profile", "quick", *only(NAMED[name])) == [NAMED[name]]
