"""Each wrong Nagad is named by its rule; the stand-in raises no alarm, by its control API and by its pay page."""

import itertools

import httpx
import pytest

from bakong_conformance.engine import Options, run
from bakong_conformance.nagad import SUITE, Nagad
from bakong_conformance.rules import Verdict
from bakong_conformance.stand_ins import keys
from bakong_conformance.stand_ins.nagad_words import MERCHANT_ID, PIN, WALLETS
from bakong_conformance.stand_ins.wire import transport
from tests.mutants.catalogue import NAGAD
from tests.mutants.inside import FrozenWorld
from tests.mutants.nagad import WrongNagad
from tests.mutants.sample import sampled

RUNS = itertools.count(1)
ORIGIN = "http://nagad.test"
# Where the sources disagree: what differs there is no failure, so no bug breaks these
DISPUTED = {
    f"nagad.{name}"
    for name in "initialize.headers initialize.again complete.slash refund.original refund.repeat refund.status".split()
}


def judge(bugs=(), *, control=True, **how):
    world = FrozenWorld()
    fake = WrongNagad(world.now_ms, ORIGIN, bugs=bugs)
    with httpx.Client(transport=transport(fake)) as http:
        subject = Nagad(
            http,
            f"{ORIGIN}/nagad/remote-payment-gateway-1.0/api/dfs",
            MERCHANT_ID,
            keys.MERCHANT_PRIVATE,
            keys.NAGAD_PUBLIC,
            world.now_ms,
            control=f"{ORIGIN}/sandbox/worlds/default" if control else "",
            wallets={name: number for name, (number, _) in WALLETS.items()},
            pin=PIN,
            advance=lambda seconds: world.advance(None, seconds),
            run=str(next(RUNS)),
        )
        return run(SUITE, subject, Options(**{"seed": 1, **how}))


@pytest.mark.parametrize("bug", sampled(NAGAD))
def test_a_bug_is_caught_by_the_rule_that_names_it(bug):
    report = judge([bug], only=(NAGAD[bug][0],), shrinks=0)
    assert [outcome.verdict for outcome in report.outcomes] == [Verdict.BROKEN]


@pytest.mark.parametrize("control", [True, False])
def test_the_stand_in_raises_no_alarm(control):
    report = judge(control=control)
    assert [(o.rule.id, o.verdict.value, o.reason) for o in report.outcomes if o.verdict is not Verdict.HOLDS] == []


def test_every_rule_has_a_bug_that_breaks_it_or_is_disputed():
    assert {rule.id for rule in SUITE.rules} - {rule for rule, _ in NAGAD.values()} == DISPUTED


def test_what_differs_where_sources_disagree_is_no_failure():
    report = judge(
        ["headers-unneeded", "refund-status-success"], only=("nagad.initialize.headers", "nagad.refund.status")
    )
    assert [outcome.verdict for outcome in report.outcomes] == [Verdict.DISPUTED] * 2
    assert report.exit_code == 0
