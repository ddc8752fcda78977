"""Each bug of the EMVCo codec is caught by the rule that names it; the healthy codec raises no alarm."""

import os
import sys
from pathlib import Path

import pytest

from bakong_conformance.emv import SUITE, Codec
from bakong_conformance.engine import Options, run
from bakong_conformance.rules import Verdict
from tests.mutants.catalogue import EMV
from tests.mutants.sample import sampled

PROGRAM = Path(__file__).with_name("emv.py")


def judge(bugs="", **how):
    timeout_s = 1.0 if bugs == "hangs" else 60.0
    codec = Codec([sys.executable, str(PROGRAM)], timeout_s=timeout_s, environment={**os.environ, "BUGS": bugs})
    try:
        codec.hello()
        return run(SUITE, codec, Options(**{"seed": 1, **how}))
    finally:
        codec.close()


@pytest.mark.parametrize("bug", sampled(EMV))
def test_a_bug_is_caught_by_the_rule_that_names_it(bug):
    report = judge(bug, only=(EMV[bug][0],), shrinks=0)
    assert [outcome.verdict for outcome in report.outcomes] == [Verdict.BROKEN]


def test_every_rule_that_looks_at_a_fault_has_a_bug_that_breaks_it():
    unbroken = {rule.id for rule in SUITE.rules} - {rule for rule, _ in EMV.values()}
    assert unbroken == {"emv.decode.longest", "emv.encode.templates", "emv.encode.crc-zeros"}


def test_the_healthy_codec_raises_no_alarm():
    report = judge(profile="quick")
    assert [(outcome.rule.id, outcome.reason) for outcome in report.outcomes if outcome.verdict != "holds"] == []
    assert report.exit_code == 0
