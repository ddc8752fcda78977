"""Faults of a program that was not written beside the rules are named, each by its rule."""

import pytest

from tests.mutants.node_faults import FAULTS, NAMED, broken, planted

SAMPLE = ("secret-in-the-answer", "active-at-its-end")
ROWS = [
    pytest.param(name, rule, marks=() if name in SAMPLE else pytest.mark.campaign)
    for name, rule in NAMED.items()
    if rule
]


def test_each_fault_says_what_names_it():
    assert NAMED.keys() == FAULTS.keys()


@pytest.mark.parametrize(("name", "rule"), ROWS)
def test_a_fault_is_named_by_its_rule(name, rule, tmp_path, require):
    require("node")
    assert broken(planted(name, tmp_path), "--jobs", "1", "--only", rule) == [rule]
