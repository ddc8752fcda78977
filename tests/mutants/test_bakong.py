"""Each wrong Bakong is named by its rule; the simulator raises no alarm, in any profile."""

import time

import httpx
import pytest

from bakong_conformance.bakong import SUITE, Bakong
from bakong_conformance.bakong.subject import PROFILES, code
from bakong_conformance.case import Case
from bakong_conformance.control import MIDNIGHT, make_world
from bakong_conformance.engine import Options, run
from bakong_conformance.http import client
from bakong_conformance.rules import Verdict
from bakong_sandbox.stack.schemes import SCHEMES
from bakong_simulator import app as simulator_app
from bakong_simulator.kernel.worlds import Worlds
from tests.mutants import bakong_apart
from tests.mutants.bakong import wrap
from tests.mutants.catalogue import BAKONG, BAKONG_WHOLE
from tests.mutants.sample import sampled
from tests.mutants.serving import Loop

BUGS = BAKONG | BAKONG_WHOLE


@pytest.fixture(scope="module")
def loop():
    found = Loop()
    yield found
    found.close()


async def _simulator():
    return simulator_app.build(Worlds(lambda: time.time_ns() // 1_000_000, SCHEMES))


def judge(loop, bugs=(), *, bakong_profile="current", **how):
    app = loop.call(_simulator())
    apart = [bug for bug in bugs if bug in bakong_apart.SLIPS]
    wrong = bakong_apart.wrap(app, apart) if apart else wrap(app, bugs)
    with loop.serving(wrong) as url:
        return run(SUITE, Bakong(url, "", url, profile=bakong_profile), Options(**{"seed": 1, **how}))


@pytest.mark.parametrize("bug", sampled(BUGS))
def test_a_wrong_bakong_is_named_by_its_rule(loop, bug):
    report = judge(loop, [bug], only=(BUGS[bug][0],), shrinks=0)
    assert [outcome.verdict for outcome in report.outcomes] == [Verdict.BROKEN]


@pytest.mark.parametrize("profile", ["quick", pytest.param("ci", marks=pytest.mark.campaign)])
@pytest.mark.parametrize("bakong_profile", PROFILES)
def test_the_simulator_raises_no_alarm_in_any_profile(loop, bakong_profile, profile):
    report = judge(loop, bakong_profile=bakong_profile, profile=profile)
    assert [(outcome.rule.id, outcome.reason) for outcome in report.by(Verdict.BROKEN)] == []
    assert report.exit_code == 0


@pytest.mark.parametrize("bug", ["", "hash-upper", "amount-as-text", "success-with-code", "missing-code"])
@pytest.mark.parametrize("bakong_profile", PROFILES)
def test_twenty_calls_are_enough_in_safe_mode_because_rules_share_their_answers(loop, bug, bakong_profile):
    with loop.serving(wrap(loop.call(_simulator()), [bug])) as url, client(url) as http:
        how = {} if bakong_profile == "current" else {"profile": bakong_profile}
        world, token, base_url = make_world(None, http, at=MIDNIGHT, **how)
        world.pay(Case(), code().qr)
        real = Bakong(url + httpx.URL(base_url).path, token, profile=bakong_profile, paid_md5=code().md5)
        report = run(SUITE, real, Options(seed=1, shrinks=0))
    named = {outcome.rule.id for outcome in report.by(Verdict.BROKEN)}
    assert (BUGS[bug][0] in named) if bug else not named
    assert real.spent <= 20
    assert [outcome.rule.id for outcome in report.by(Verdict.NOT_CHECKED) if "budget" in outcome.reason] == []
