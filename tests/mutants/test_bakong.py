"""Each wrong Bakong is named by its rule; the simulator raises no alarm, in any profile."""

import time

import pytest

from contracts.suites import Options, Verdict, run
from contracts.suites.bakong import SUITE, Bakong
from contracts.suites.bakong.subject import PROFILES
from simulator import app as simulator_app
from simulator.worlds import Worlds
from tests.mutants.bakong import wrap
from tests.mutants.catalogue import BAKONG, BAKONG_WHOLE
from tests.mutants.serving import Loop

BUGS = BAKONG | BAKONG_WHOLE


@pytest.fixture(scope="module")
def loop():
    found = Loop()
    yield found
    found.close()


async def _simulator():
    return simulator_app.build(Worlds(lambda: time.time_ns() // 1_000_000))


def judge(loop, bugs=(), *, bakong_profile="current", **how):
    app = loop.call(_simulator())
    with loop.serving(wrap(app, bugs)) as url:
        return run(SUITE, Bakong(url, "", url, profile=bakong_profile), Options(**{"seed": 1, **how}))


@pytest.mark.parametrize("bug", BUGS)
def test_a_wrong_bakong_is_named_by_its_rule(loop, bug):
    report = judge(loop, [bug], only=(BUGS[bug][0],), shrinks=0)
    assert [outcome.verdict for outcome in report.outcomes] == [Verdict.BROKEN]


@pytest.mark.parametrize("profile", ["quick", pytest.param("ci", marks=pytest.mark.campaign)])
@pytest.mark.parametrize("bakong_profile", PROFILES)
def test_the_simulator_raises_no_alarm_in_any_profile(loop, bakong_profile, profile):
    report = judge(loop, bakong_profile=bakong_profile, profile=profile)
    assert [(outcome.rule.id, outcome.reason) for outcome in report.by(Verdict.BROKEN)] == []
    assert report.exit_code == 0
