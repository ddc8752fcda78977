"""NBC's SDK, run live, beside the twin and the strict codec. The campaign is `make khqr-differential`."""

import pytest

from tests.khqr import differential
from tests.khqr.peer import MODULES


@pytest.mark.timeout(120)
def test_two_thousand_random_requests_show_no_unexplained_difference(require):
    node = require("node", also=MODULES / "bakong-khqr")
    classes, unexplained = differential.run(node, count=2000, seed=20260211)
    assert unexplained == []
    assert classes["same"] > 1500
    assert {"hang", "defect", "thrown"} <= classes.keys()
