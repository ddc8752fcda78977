"""docs/service-coverage.md: fresh, with a test for every row, on both databases where the row is about one."""

import pytest

from scripts.service_coverage import PAGE, function_of, is_held_twice, page
from tests.service.promises import API, FAULTS, Promise

ROWS = (*API, *FAULTS)


@pytest.mark.parametrize("promise", ROWS, ids=[promise.row for promise in ROWS])
def test_every_row_has_a_test_that_is_there_and_holds_it_on_both_databases(promise):
    assert [test for test in promise.tests if not callable(function_of(test))] == []
    assert is_held_twice(promise) or promise.once


def test_a_test_that_is_not_there_is_noticed():
    with pytest.raises(AttributeError):
        is_held_twice(Promise("a row", "nothing", ("payments: nobody_wrote_this",)))


def test_the_coverage_page_is_fresh():
    assert PAGE.read_text() == page(), "python scripts/service_coverage.py"
