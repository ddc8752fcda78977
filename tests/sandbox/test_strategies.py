"""The strategies and the state machine that users import: what they draw keeps its promise."""

import time
from contextlib import ExitStack

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.stateful import run_state_machine_as_test

import khqr
from bakong_conformance.khqr.payloads import by_nbc, fits
from bakong_conformance.rules import RuleBrokenError
from bakong_sandbox.devkit import strategies
from bakong_sandbox.devkit.machine import PaymentServiceMachine
from bakong_sandbox.stack.schemes import SCHEMES
from bakong_sandbox.stack.scripts import LIBRARY
from bakong_simulator import app as simulator_app
from bakong_simulator.kernel.worlds import Worlds
from tests.mutants.serving import Loop
from tests.mutants.test_shop import shop_with

NOW_MS = 1_770_768_000_000


@given(strategies.payloads(NOW_MS))
def test_every_payload_becomes_a_code(payload):
    assert khqr.decode(by_nbc(payload, NOW_MS).qr).payee.merchant_name == payload["merchantName"]


@given(strategies.khmer_payloads(NOW_MS))
def test_khmer_payloads_fit(payload):
    assert fits(payload, NOW_MS)


@given(strategies.wallet_payments(50, "USD", "shop@devb"))
def test_only_the_right_payment_says_so(payment):
    right = (payment.minor, payment.currency, payment.account) == (50, "USD", "shop@devb") and payment.kind != "failed"
    assert payment.is_right == right


@given(strategies.plan_changes())
def test_a_change_costs_no_more_than_the_difference(change):
    assert 0 <= change.cost_minor <= change.new_minor - change.old_minor


@given(strategies.bursts())
def test_no_minute_holds_more_than_the_limit(bursts):
    at, admitted = 0, []
    for burst, count in zip(bursts, strategies.admitted_by_rule(bursts, 100), strict=True):
        at += burst.after_ms
        admitted.append((at, count))
    for end, _ in admitted:
        assert sum(count for moment, count in admitted if end - 60_000 < moment <= end) <= 100


@given(strategies.scenarios())
def test_every_scenario_can_be_read(text):
    assert LIBRARY.read(text).name == "drawn"


@pytest.fixture(scope="module")
def places():
    loop = Loop()

    async def made():
        return simulator_app.build(Worlds(lambda: time.time_ns() // 1_000_000, SCHEMES))

    with loop.serving(loop.call(made())) as url:
        yield loop, url
    loop.close()


QUICK = settings(
    max_examples=5, stateful_step_count=6, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)


LONGER = settings(QUICK, max_examples=40, stateful_step_count=10, phases=[Phase.generate])


def play(places, bugs, how=QUICK):
    with ExitStack() as stack:
        shop = stack.enter_context(shop_with(*places, bugs))

        class Mine(PaymentServiceMachine):
            def connect(self):
                return shop

        run_state_machine_as_test(Mine, settings=how)


def test_a_users_machine_holds_on_a_healthy_service(places):
    play(places, ())


def test_a_users_machine_finds_a_seeded_bug(places):
    with pytest.raises(RuleBrokenError, match="that nobody has paid rightly"):
        play(places, ["amount-unchecked"], LONGER)
