"""What docs/sources.md says is held by a test is: the tests that it names are there."""

import re

import pytest

from tests.docs.pages import ROOT

TABLE = (ROOT / "docs" / "sources.md").read_text().partition("## What clients showed")[2]
ROWS = [row.split(" | ") for row in TABLE.splitlines() if row.startswith("| ") and "`test_" in row]
GRADES = {"documented", "seen", "guessed"}


@pytest.fixture(scope="module")
def tests():
    """The names of all tests of the simulator."""
    files = (ROOT / "tests" / "simulator").glob("test_*.py")
    return {name for file in files for name in re.findall(r"def (test_\w+)", file.read_text())}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0].strip("| "))
def test_a_fact_has_its_tests_and_a_grade(row, tests):
    named = re.findall(r"`(test_\w+)`", row[1])
    assert named
    assert set(named) <= tests
    assert GRADES & set(re.findall(r"\w+", row[2]))


def test_every_test_of_what_clients_showed_is_named():
    held = set(re.findall(r"def (test_\w+)", (ROOT / "tests" / "simulator" / "test_fidelity.py").read_text()))
    assert held == held & set(re.findall(r"`(test_\w+)`", TABLE))
