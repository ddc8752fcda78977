"""docs/open-api-coverage.md: fresh, and with a test for every promised row."""

from bakong_schemes.bakong.wire.rows import ROWS
from scripts.open_api_coverage import PAGE, page
from tests.simulator import test_open_api_rows  # noqa: F401  its tests register what they hold
from tests.simulator.covering import HELD


def test_every_promised_row_has_a_test_and_no_test_holds_what_is_not_promised():
    assert set(HELD) == {row.name for row in ROWS}


def test_the_coverage_page_is_fresh():
    assert PAGE.read_text() == page(), "python scripts/open_api_coverage.py"
