"""The fake against a small model, in any order of calls: intents, refunds, sessions, time and webhooks."""

import asyncio
import json
from collections import Counter

import httpx
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from bakong_sandbox.devkit.testing.in_process import Transport
from bakong_sandbox.stack.schemes import SCHEMES
from bakong_simulator.kernel.clock import Mode
from bakong_simulator.kernel.webhooks import Outcome
from bakong_simulator.kernel.worlds import Worlds
from tests.conftest import NOW_MS
from tests.schemes.stripe.conftest import BASE, HOOK, Shop

DAY_S = 86_400
CARDS = {"pm_card_visa": "good", "pm_card_visa_chargeDeclined": "declines", "pm_card_authenticationRequired": "asks"}
OPEN = ("requires_payment_method", "requires_confirmation", "requires_action")


class Model:
    """What an intent has to be, by nothing but the page of the API."""

    def __init__(self, amount, manual):
        self.amount, self.manual = amount, manual
        self.status, self.captured, self.refunded, self.left_s = "requires_payment_method", 0, 0, None

    def confirm(self, card):
        """The HTTP status of the answer."""
        if self.status not in OPEN:
            return 400
        kind = CARDS[card]
        if kind == "declines":
            self.status = "requires_payment_method"
            return 402
        if kind == "asks":
            self.status = "requires_action"
        else:
            self.pay()
        return 200

    def pay(self):
        if self.manual:
            self.status, self.left_s = "requires_capture", 7 * DAY_S
        else:
            self.status, self.captured = "succeeded", self.amount

    def authenticate(self, yes):
        if self.status != "requires_action":
            return 409
        if yes:
            self.pay()
        else:
            self.status = "requires_payment_method"
        return 200

    def capture(self, amount):
        if self.status != "requires_capture" or amount > self.amount:
            return 400
        self.status, self.captured = "succeeded", amount
        return 200

    def cancel(self):
        if self.status in ("succeeded", "canceled"):
            return 400
        self.status = "canceled"
        return 200

    def refund(self, amount):
        if self.status == "requires_capture" and amount == self.amount:
            self.status = "canceled"
            return 200
        if self.status != "succeeded" or amount > self.captured - self.refunded:
            return 400
        self.refunded += amount
        return 200

    def pass_time(self, seconds):
        if self.status == "requires_capture":
            self.left_s -= seconds
            if self.left_s <= 0:
                self.status = "canceled"


class StripeMachine(RuleBasedStateMachine):
    intents = Bundle("intents")
    sessions = Bundle("sessions")

    def __init__(self):
        super().__init__()
        self.runner = asyncio.Runner()
        self.models, self.keys, self.up = {}, 0, True
        self.delivered = Counter()
        self.runner.run(self._start())

    async def _start(self):
        worlds = Worlds(lambda: NOW_MS, SCHEMES)
        worlds.default.clock.set_mode(Mode.FROZEN, at_ms=NOW_MS)
        transport = Transport(worlds)
        self.shop = Shop(httpx.AsyncClient(base_url=BASE, transport=transport, timeout=100), worlds, transport)

        async def send(attempt, done):
            if self.up:
                self.delivered[json.loads(attempt.body)["id"]] += 1
            done(Outcome(200 if self.up else 500))

        worlds.send = send
        await self.call("/webhook_endpoints", {"url": HOOK, "enabled_events[]": "*"})

    async def call(self, path, data=None, **headers):
        answer = await self.shop.raw("POST", path, data, **headers)
        assert answer.status_code < 500, answer.text
        return answer

    def run(self, *asked, **more):
        return self.runner.run(self.call(*asked, **more))

    @rule(target=intents, amount=st.integers(100, 5000), manual=st.booleans())
    def create(self, amount, manual):
        self.keys += 1
        data = {"amount": amount, "currency": "usd", "payment_method_types[]": "card"}
        data |= {"capture_method": "manual"} if manual else {}
        first, again = (self.run("/payment_intents", data, idempotency_key=f"k{self.keys}") for _ in range(2))
        assert (first.status_code, first.content) == (200, again.content)
        self.models[first.json()["id"]] = Model(amount, manual)
        return first.json()["id"]

    @rule(intent=intents, card=st.sampled_from(sorted(CARDS)))
    def confirm(self, intent, card):
        answer = self.run(f"/payment_intents/{intent}/confirm", {"payment_method": card})
        assert answer.status_code == self.models[intent].confirm(card), answer.text

    @rule(intent=intents, yes=st.booleans())
    def authenticate(self, intent, yes):
        act = "authenticate" if yes else "fail_authentication"
        answer = self.runner.run(self.shop.control("POST", f"/stripe/payment_intents/{intent}/{act}"))
        assert answer.status_code == self.models[intent].authenticate(yes), answer.text

    @rule(intent=intents, amount=st.integers(1, 5000))
    def capture(self, intent, amount):
        answer = self.run(f"/payment_intents/{intent}/capture", {"amount_to_capture": amount})
        assert answer.status_code == self.models[intent].capture(amount), answer.text

    @rule(intent=intents)
    def cancel(self, intent):
        assert self.run(f"/payment_intents/{intent}/cancel").status_code == self.models[intent].cancel()

    @rule(intent=intents, amount=st.integers(1, 5000))
    def refund(self, intent, amount):
        answer = self.run("/refunds", {"payment_intent": intent, "amount": amount})
        assert answer.status_code == self.models[intent].refund(amount), answer.text

    @rule(target=sessions, amount=st.integers(100, 5000))
    def check_out(self, amount):
        item = "line_items[0][price_data]"
        data = {"mode": "payment", "success_url": "https://shop.test/ok", f"{item}[currency]": "usd"}
        data |= {f"{item}[unit_amount]": amount, f"{item}[product_data][name]": "Tea"}
        return self.run("/checkout/sessions", data).json()["id"], amount

    @rule(session=consumes(sessions), good=st.booleans())
    def pay_session(self, session, good):
        card = "pm_card_visa" if good else "pm_card_visa_chargeDeclined"
        body = {"payment_method": card}
        answer = self.runner.run(self.shop.control("POST", f"/stripe/checkout/{session[0]}/pay", body))
        if answer.status_code == 409:  # it has expired
            return
        assert answer.json()["status"] == ("complete" if good else "open")
        shown = self.runner.run(self.shop.raw("GET", f"/checkout/sessions/{session[0]}")).json()
        model = self.models[shown["payment_intent"]] = Model(session[1], manual=False)
        model.confirm(card)
        if not good:
            assert self.run(f"/checkout/sessions/{session[0]}/expire").status_code == 200
            model.status = "canceled"

    @rule(up=st.booleans())
    def receiver(self, up):
        self.up = up

    @rule(seconds=st.sampled_from([1, 60, 3600, DAY_S, 4 * DAY_S]))
    def advance(self, seconds):
        self.runner.run(self.shop.advance(seconds))
        for model in self.models.values():
            model.pass_time(seconds)

    @invariant()
    def everything_is_as_the_model_says(self):
        state = self.shop.world.state_of("stripe")
        for id_, model in self.models.items():
            shown = state.objects["payment_intent"][id_]
            assert shown["status"] == model.status
            assert shown["amount_received"] == model.captured
            assert (shown["next_action"] is not None) == (model.status == "requires_action")
            charge = state.objects["charge"].get(shown["latest_charge"] or "")
            if model.captured:
                assert charge["amount_refunded"] == charge["amount"] - model.captured + model.refunded
            paid = sum(row.minor - row.returned_minor for row in self._settled(id_))
            assert paid == model.captured - model.refunded
        told = Counter((event.about, event.type) for event in state.events.values())
        assert all(
            told[id_, "payment_intent.succeeded"] == (row.status == "succeeded") for id_, row in self.models.items()
        )
        self.shop.check_ledger()

    def _settled(self, id_):
        return [row for row in self.shop.world.payments["stripe", id_].settlements if not row.failed]

    def teardown(self):
        self.up = True
        self.runner.run(self.shop.advance(3 * DAY_S))
        events = self.shop.world.state_of("stripe").events
        assert all(count == 1 for count in self.delivered.values())
        states = {row.message.id: row.state for row in self.shop.world.outbox.events.values()}
        assert all(self.delivered[id_] == (states[id_] == "delivered") for id_ in events)
        assert not list(self.shop.world.journal.failures)
        self.shop.world.clock.close()
        self.runner.close()


StripeMachine.TestCase.settings = settings(max_examples=12, stateful_step_count=25, deadline=None, derandomize=True)
TestStripeMachine = StripeMachine.TestCase
