"""Any story of a shop and its payers: the fake agrees with a model of a page after every step, and no money is lost."""

import asyncio
from contextlib import AsyncExitStack

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from bakong_schemes.paystack import wire
from tests.schemes.paystack.conftest import DECLINED, GOOD, WORLD, new_shop
from tests.schemes.paystack.test_refunds import DETAILS, FAILS, WANTS_DETAILS

PIN_OTP = "5060666666666666666"
ENDS = {GOOD: "processed", FAILS: "failed", WANTS_DETAILS: "needs-attention"}
STEP_S = 60


class Model:
    """What a shop would expect: one transaction's amount, status and refunds."""

    def __init__(self, reference, amount, currency):
        self.reference, self.amount, self.currency = reference, amount, currency
        self.status, self.card, self.refunds = "abandoned", None, []

    @property
    def payable(self):
        return self.status in ("abandoned", "ongoing", "failed")

    @property
    def left(self):
        return self.amount - sum(refund.amount for refund in self.refunds if refund.status != "failed")

    @property
    def back(self):
        return sum(refund.amount for refund in self.refunds if refund.status == "processed")

    @property
    def shown(self):
        return "reversed" if self.status == "success" and self.back == self.amount else self.status


class Refund:
    """A refund: at_s is when it goes on, None where it does not."""

    def __init__(self, id_, amount, ends, at_s):
        self.id, self.amount, self.ends, self.at_s, self.status = id_, amount, ends, at_s, "pending"

    def live(self, now_s):
        while self.at_s is not None and self.at_s <= now_s:
            self.status = "processing" if self.status == "pending" else self.ends
            self.at_s = self.at_s + STEP_S if self.status == "processing" else None


class Story(RuleBasedStateMachine):
    """The rules draw a transaction by its number among those that there are."""

    @initialize()
    def begin(self):
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.shop = self.do(new_shop(self.stack))
        self.do(self.shop.listen())
        self.models, self.now_s, self.told = [], 0, []
        self.opening = {currency: self.held(currency) for currency in wire.CURRENCIES}

    def do(self, work):
        return self.runner.run(work)

    def held(self, currency):
        return self.shop.balance("paystack_balance", currency) + self.shop.balance("paystack_fees", currency)

    def pick(self, number):
        return self.models[number % len(self.models)]

    @rule(amount=st.integers(5_000, 10**9), currency=st.sampled_from(wire.CURRENCIES))
    def initialise(self, amount, currency):
        amount -= amount % 100  # no script of an amount
        reference = self.do(self.shop.begin(amount, currency=currency))
        self.models.append(Model(reference, amount, currency))

    @precondition(lambda self: self.models)
    @rule(number=st.integers(0, 9))
    def repeat_the_reference(self, number):
        body = {"email": "a@b.test", "amount": 9_000, "reference": self.pick(number).reference}
        assert self.do(self.shop.refused("POST", "/transaction/initialize", body))[1] == "duplicate_reference"

    @precondition(lambda self: self.models)
    @rule(number=st.integers(0, 9), card=st.sampled_from([GOOD, DECLINED, PIN_OTP, FAILS, WANTS_DETAILS]))
    def pay(self, number, card):
        model = self.pick(number)
        path = f"/paystack/transactions/{model.reference}/pay"
        answer = self.do(self.shop.control("POST", path, {"card": card}))
        if not model.payable:
            assert answer.status_code == 409
            return
        model.card = card
        model.status = {DECLINED: "failed", PIN_OTP: "ongoing"}.get(card, "success")
        self.told += [f"charge.success {model.reference}"] if model.status == "success" else []
        assert answer.json()["status"] == model.status

    @precondition(lambda self: any(model.status == "ongoing" for model in self.models))
    @rule(pin=st.sampled_from(["1234", "0000"]))
    def answer_the_bank(self, pin):
        model = next(model for model in self.models if model.status == "ongoing")
        answer = self.do(self.shop.pay(model.reference, card=PIN_OTP, pin=pin, otp="123456"))
        model.status = "success" if pin == "1234" else "failed"
        self.told += [f"charge.success {model.reference}"] if model.status == "success" else []
        assert answer["status"] == model.status

    @precondition(lambda self: self.models)
    @rule(number=st.integers(0, 9), percent=st.none() | st.integers(1, 120))
    def refund(self, number, percent):
        model = self.pick(number)
        amount = None if percent is None else max(1, model.amount * percent // 100)
        wanted = model.left if amount is None else amount
        body = {"transaction": model.reference} | ({} if amount is None else {"amount": amount})
        if model.shown != "success" or wanted > model.left or wanted <= 0:
            assert self.do(self.shop.refused("POST", "/refund", body))[0] == 400
            return
        made = self.do(self.shop.ok("POST", "/refund", body))
        assert (made["amount"], made["status"]) == (wanted, "pending")
        model.refunds.append(Refund(made["id"], wanted, ENDS.get(model.card, "processed"), self.now_s + STEP_S))

    @precondition(lambda self: any(model.refunds for model in self.models))
    @rule(number=st.integers(0, 9))
    def retry(self, number):
        refunds = [refund for model in self.models for refund in model.refunds]
        refund = refunds[number % len(refunds)]
        path = f"/refund/retry_with_customer_details/{refund.id}"
        if refund.status != "needs-attention":
            assert self.do(self.shop.refused("POST", path, DETAILS))[0] == 422
            return
        self.do(self.shop.ok("POST", path, DETAILS))
        refund.status, refund.ends, refund.at_s = "processing", "processed", self.now_s + STEP_S

    @rule(seconds=st.sampled_from([0, 1, 59, 60, 61, 120, 4_000]))
    def time_passes(self, seconds):
        self.do(self.shop.advance(seconds))
        self.now_s += seconds
        for model in self.models:
            for refund in model.refunds:
                refund.live(self.now_s)

    @rule()
    def the_world_is_put_back_from_a_snapshot(self):
        kept = self.do(self.shop.client.get(f"{WORLD}/snapshot")).json()
        self.do(self.shop.control("POST", "/reset"))
        assert self.do(self.shop.client.put(f"{WORLD}/snapshot", json=kept)).status_code == 200

    @invariant()
    def the_fake_says_what_the_model_says(self):
        for model in getattr(self, "models", ()):
            shown = self.do(self.shop.verify(model.reference))
            assert (shown["status"], shown["amount"]) == (model.shown, model.amount)
            assert (shown["paid_at"] is not None) is (model.status == "success")
            rows = self.do(self.shop.ok("GET", f"/refund?transaction={model.reference}"))
            expected = [(refund.id, refund.amount, refund.status) for refund in reversed(model.refunds)]
            assert [(row["id"], row["amount"], row["status"]) for row in rows] == expected

    @invariant()
    def every_kobo_is_accounted_for(self):
        if not hasattr(self, "models"):
            return
        for currency in wire.CURRENCIES:
            ours = [model for model in self.models if model.currency == currency and model.status == "success"]
            assert self.held(currency) == self.opening[currency] + sum(model.amount - model.back for model in ours)
            assert self.shop.world.ledger.sum(currency) == 0

    def teardown(self):
        if hasattr(self, "shop"):
            self.do(self.shop.advance(1))
            paid = [event for event in self.shop.events() if event["event"] == "charge.success"]
            assert [f"charge.success {event['data']['reference']}" for event in paid] == self.told
            self.do(self.stack.aclose())
            self.runner.close()


def run(examples, steps):
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large]
    run_state_machine_as_test(
        Story,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=checks
        ),
    )


def test_any_story_agrees_with_the_model():
    run(12, 20)


@pytest.mark.campaign
def test_many_long_stories_agree_with_the_model():
    run(400, 60)
