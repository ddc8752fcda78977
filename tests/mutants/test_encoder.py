"""Each bug of the encoder is caught by the rule that names it; the healthy encoder raises no alarm."""

import os
import sys
from pathlib import Path

import pytest

from bakong_conformance.engine import Options, run
from bakong_conformance.khqr import SUITE, Codec
from bakong_conformance.rules import Verdict
from tests.mutants import encoder_apart
from tests.mutants.catalogue import ENCODER
from tests.mutants.sample import sampled

PROGRAM = Path(__file__).with_name("encoder.py")


def judge(bugs="", **how):
    timeout_s = 1.0 if bugs == "hangs-on-garbage" else 60.0
    apart = ["-m", encoder_apart.__name__, bugs] if bugs in encoder_apart.SLIPS else [str(PROGRAM)]
    environment = {**os.environ, "BUGS": "" if len(apart) > 1 else bugs, "PYTHONPATH": str(PROGRAM.parents[2])}
    codec = Codec([sys.executable, *apart], timeout_s=timeout_s, environment=environment)
    try:
        codec.hello(0)
        return run(SUITE, codec, Options(**{"seed": 1, **how}))
    finally:
        codec.close()


@pytest.mark.parametrize("bug", sampled(ENCODER))
def test_a_bug_is_caught_by_the_rule_that_names_it(bug):
    report = judge(bug, only=(ENCODER[bug][0],), shrinks=0)
    assert [outcome.verdict for outcome in report.outcomes] == [Verdict.BROKEN]


@pytest.mark.parametrize("bug", sampled(bug for bug in ENCODER if bug != "hangs-on-garbage"))
def test_one_bug_is_one_headline_and_what_only_repeats_it_says_so(bug):
    assert len(judge(bug, shrinks=0, profile="quick").headlines()) == 1


@pytest.mark.parametrize("profile", ["quick", pytest.param("ci", marks=pytest.mark.campaign)])
def test_the_healthy_encoder_raises_no_alarm(profile):
    report = judge(profile=profile)
    assert [(outcome.rule.id, outcome.reason) for outcome in report.outcomes if outcome.verdict != "holds"] == []
    assert report.exit_code == 0
