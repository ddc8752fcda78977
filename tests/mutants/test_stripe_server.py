"""Each wrong Stripe is named by its rule; the healthy one, our fake and a recording raise no alarm."""

import importlib.util
import time
from dataclasses import dataclass

import httpx
import pytest
from typer.testing import CliRunner

from bakong_conformance.engine import Options, run
from bakong_conformance.rules import Verdict
from bakong_conformance.service.receiver import Delivery, Receiver
from bakong_conformance.stripe import SUITE, Stripe
from bakong_sandbox.cli.verify import commands
from bakong_sandbox.stack.schemes import SCHEMES
from bakong_simulator import app as simulator_app
from bakong_simulator.kernel.worlds import Worlds
from tests.mutants.sample import sampled
from tests.mutants.serving import Loop
from tests.mutants.stripe_catalogue import STRIPES
from tests.mutants.stripe_server import KEY, WALL_S, StripeServer

CONTROL = "http://stripe/sandbox/worlds/default"
DISPUTED = {
    "over-refund-code": "stripe.disputed.over-refund",
    "hold-called-expired": "stripe.disputed.hold-end",
    "dispute-dp": "stripe.disputed.dispute-id",
    "created-first": "stripe.disputed.order",
}
FAKE = "bakong_schemes.stripe.fake"


@dataclass(slots=True)
class Near(Receiver):
    """A receiver without a network before it."""

    url: str = "http://receiver/hooks"

    def take(self, _url, headers, body):
        status = self.decide(body)
        self.arrived.append(Delivery("/hooks", headers, body, status))
        return status


def judge(bug="", **how):
    receiver = Near()
    transport = httpx.MockTransport(StripeServer([bug], receiver.take).handle)
    stripe = Stripe("http://stripe", KEY, CONTROL, transport=transport, receiver=receiver, wall_s=lambda: WALL_S)
    return run(SUITE, stripe, Options(**{"seed": 1, **how}))


def broken(report):
    return [(outcome.rule.id, outcome.reason) for outcome in report.by(Verdict.BROKEN)]


@pytest.mark.parametrize("bug", sampled(STRIPES))
def test_a_wrong_stripe_is_named_by_its_rule(bug):
    report = judge(bug, only=(STRIPES[bug][0],), shrinks=0)
    assert [outcome.verdict for outcome in report.outcomes] == [Verdict.BROKEN]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_healthy_stripe_raises_no_alarm(seed):
    report = judge(seed=seed)
    assert broken(report) == []
    assert report.by(Verdict.NOT_CHECKED) == []


@pytest.mark.campaign
@pytest.mark.parametrize("seed", range(4, 24))
def test_the_healthy_stripe_raises_no_alarm_with_any_seed(seed):
    assert broken(judge(seed=seed, profile="deep")) == []


@pytest.mark.parametrize("bug", DISPUTED)
def test_what_is_disputed_is_told_and_is_no_failure(bug):
    report = judge(bug)
    assert broken(report) == []
    assert [outcome.rule.id for outcome in report.by(Verdict.NOT_CHECKED)] == [DISPUTED[bug]]
    assert "it differs, and is disputed" in report.by(Verdict.NOT_CHECKED)[0].reason
    assert report.exit_code == 0


def test_every_rule_has_a_bug_that_breaks_it():
    held = {rule.id for rule in SUITE.rules if not rule.id.startswith("stripe.disputed.")}
    assert held - {rule for rule, _ in STRIPES.values()} == set()


def test_a_recording_is_made_and_held_to_what_needs_no_state(tmp_path):
    loop, file = Loop(), tmp_path / "stripe.yaml"
    server = StripeServer()
    try:
        with loop.serving(server) as url:
            done = CliRunner().invoke(
                commands, ["verify", "stripe", "--base-url", url, "--key", KEY, "--record", str(file)]
            )
    finally:
        loop.close()
    assert done.exit_code == 0, done.output
    assert KEY not in file.read_text()
    assert not any(server.of[kind] for kind in ("payment_intent", "customer", "refund"))
    again = CliRunner().invoke(commands, ["verify", "stripe", "--cassette", str(file)])
    assert again.exit_code == 0, again.output
    file.write_text(file.read_text().replace("resource_missing", "resource_gone"))
    wrong = CliRunner().invoke(commands, ["verify", "stripe", "--cassette", str(file)])
    assert wrong.exit_code == 1
    assert "stripe.error.unknown" in wrong.output


@pytest.mark.skipif(importlib.util.find_spec(FAKE) is None, reason="the fake of Stripe is not here yet")
def test_our_fake_raises_no_alarm():
    loop = Loop()

    async def made():
        return simulator_app.build(Worlds(lambda: time.time_ns() // 1_000_000, SCHEMES))

    try:
        with loop.serving(loop.call(made())) as url:
            control = f"{url}/sandbox/worlds/default"
            stripe = Stripe(f"{url}/stripe", KEY, control, wall_s=lambda: int(time.time()))
            try:
                report = run(SUITE, stripe, Options(seed=1))
            finally:
                stripe.close()
    finally:
        loop.close()
    assert broken(report) == []
