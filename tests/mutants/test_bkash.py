"""Each wrong bKash is named by its rule; the stand-in raises no alarm, by its control API and by its pay page."""

import itertools

import httpx
import pytest

from bakong_conformance.bkash import SUITE, Bkash
from bakong_conformance.engine import Options, run
from bakong_conformance.rules import Verdict
from bakong_conformance.stand_ins.bkash_words import OTP, PIN, WALLETS
from bakong_conformance.stand_ins.wire import transport
from tests.mutants.bkash import WrongBkash
from tests.mutants.catalogue import BKASH
from tests.mutants.inside import FrozenWorld
from tests.mutants.sample import sampled

RUNS = itertools.count(1)
ORIGIN = "http://bkash.test"
# Where the sources disagree: what differs there is no failure, so no bug breaks these
DISPUTED = {
    f"bkash.{name}"
    for name in "token.old token.bearer create.invoice page.hash execute.spent refund.last checkout.body".split()
}


def judge(bugs=(), *, control=True, **how):
    world = FrozenWorld()
    fake = WrongBkash(world.now_ms, ORIGIN, bugs=bugs)
    facts = fake.credentials
    with httpx.Client(transport=transport(fake)) as http:
        subject = Bkash(
            http,
            f"{ORIGIN}/bkash/v1.2.0-beta",
            facts,
            v2_url=f"{ORIGIN}/bkash/v2/tokenized-checkout",
            control=f"{ORIGIN}/sandbox/worlds/default" if control else "",
            wallets={name: number for name, (number, _) in WALLETS.items()},
            pin=PIN,
            otp=OTP,
            advance=lambda seconds: world.advance(None, seconds),
            no_answer_s=0,
            run=str(next(RUNS)),
        )
        return run(SUITE, subject, Options(**{"seed": 1, **how}))


@pytest.mark.parametrize("bug", sampled(BKASH))
def test_a_bug_is_caught_by_the_rule_that_names_it(bug):
    report = judge([bug], only=(BKASH[bug][0],), shrinks=0)
    assert [outcome.verdict for outcome in report.outcomes] == [Verdict.BROKEN]


@pytest.mark.parametrize("control", [True, False])
def test_the_stand_in_raises_no_alarm(control):
    report = judge(control=control)
    unlike = [(o.rule.id, o.verdict.value, o.reason) for o in report.outcomes if o.verdict is not Verdict.HOLDS]
    assert all("control" in reason for _, _, reason in unlike) if not control else unlike == []
    assert len(report.by(Verdict.HOLDS)) > 40


def test_every_rule_has_a_bug_that_breaks_it_or_is_disputed():
    assert {rule.id for rule in SUITE.rules} - {rule for rule, _ in BKASH.values()} == DISPUTED


def test_what_differs_where_sources_disagree_is_no_failure():
    report = judge(["bearer-refused", "invoice-paid-twice"], only=("bkash.token.bearer", "bkash.create.invoice"))
    assert [outcome.verdict for outcome in report.outcomes] == [Verdict.DISPUTED] * 2
    assert report.exit_code == 0
