"""The fake against a model of a few lines: whatever is called in whatever order, status and money are the model's."""

import asyncio
import json

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from bakong_sandbox.stack.schemes import SCHEMES
from bakong_schemes.nagad import sealing, times, wire
from bakong_schemes.nagad.fake.keys import keys_of
from bakong_schemes.nagad.fake.scheme import NAGAD
from bakong_simulator.kernel import snapshots
from bakong_simulator.kernel.clock import Mode
from bakong_simulator.kernel.scheme import Call
from bakong_simulator.kernel.worlds import Worlds
from tests.conftest import NOW_MS

HEADERS = ((b"x-km-api-version", b"v-0.2.0"), (b"x-km-ip-v4", b"103.1.1.1"), (b"x-km-client-type", b"PC_WEB"))
ORDERS = st.sampled_from(["A1", "B2", "C3"])
AMOUNTS = st.integers(1, 900)
WALLETS = {"01400000001": 0, "01400000011": None, "01400000017": wire.SLOW_MS, "01400000018": wire.LATE_MS}


class Row:
    """What the model knows of one order: a payment is None, then due at a time, then there or refused."""

    def __init__(self, begun):
        self.reference, self.challenge = begun["paymentReferenceId"], begun["challenge"]
        self.amount, self.status, self.due_ms, self.back, self.numbers = None, "OrderInitiated", None, 0, {}


class Merchant(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.worlds = Worlds(lambda: NOW_MS, SCHEMES)
        self.world = self.worlds.default
        self.world.clock.set_mode(Mode.FROZEN, at_ms=NOW_MS)
        keys = keys_of(self.world, self.world.state(NAGAD))
        self.own = sealing.private_key(keys.merchant_private, is_ours=True)
        self.nagad = sealing.private_key(keys.nagad_private, is_ours=True).public_key()
        self.rows = {}

    def call(self, method, path, body=b"", query=b""):
        call = Call(path, method, "", body, headers=HEADERS, query=query)
        return NAGAD.serve(self.world, self.world.state(NAGAD), call)

    def post(self, path, fields, names=sealing.PLAIN_NAMES, query=b"", **more):
        sealed = sealing.seal(json.dumps(fields).encode(), self.nagad, self.own, names)
        return self.call("POST", f"api/dfs{path}", json.dumps(sealed | more).encode(), query)

    def opened(self, reply):
        body = json.loads(reply.body)
        return json.loads(sealing.unseal(body["sensitiveData"], body["signature"], self.own, self.nagad))

    def settle(self):
        """What was due has come."""
        for row in self.rows.values():
            if row.due_ms is not None and row.due_ms <= self.world.clock.now_ms():
                row.status, row.due_ms = "Success", None

    @rule(order=ORDERS)
    def initialize(self, order):
        fields = {"merchantId": wire.DEFAULT_MERCHANT_ID, "orderId": order, "challenge": "x"}
        now = times.compact(self.world.clock.now_ms())
        reply = self.post(f"/check-out/initialize/{wire.DEFAULT_MERCHANT_ID}/{order}", {**fields, "datetime": now})
        if order in self.rows and self.rows[order].amount is not None:
            assert reply.error_code == "DuplicateOrderId"
        else:
            self.rows[order] = Row(self.opened(reply))

    @rule(order=ORDERS, amount=AMOUNTS)
    def complete(self, order, amount):
        row = self.rows.get(order)
        if row is None:
            return
        fields = {"merchantId": wire.DEFAULT_MERCHANT_ID, "orderId": order, "currencyCode": "050"}
        fields |= {"amount": wire.text_of(amount), "challenge": row.challenge}
        path = f"/check-out/complete/{row.reference}"
        reply = self.post(path, fields, merchantCallbackURL="https://shop.test/back")
        assert reply.error_code == (None if row.amount is None else "DuplicateOrderId")
        if row.amount is None:
            row.amount, row.status, row.completed_ms = amount, "Ready", self.world.clock.now_ms()

    @rule(order=ORDERS, wallet=st.sampled_from(sorted(WALLETS)))
    def confirm(self, order, wallet):
        row = self.rows.get(order)
        if row is None or row.amount is None:
            return
        reply = self.page(row, f"wallet={wallet}&otp=123456&pin=1357&action=confirm")
        if row.status != "Ready" or row.due_ms is not None:
            assert reply.status == 409
            return
        wait_ms, now_ms = WALLETS[wallet], self.world.clock.now_ms()
        if wait_ms is None:
            row.status = "Failed"
            return
        row.due_ms = now_ms if not wait_ms else now_ms + wait_ms if wait_ms == wire.SLOW_MS else None
        if row.due_ms is None:
            row.due_ms = max(now_ms, row.completed_ms + wait_ms)
        elif wait_ms:
            row.status = "InProgress"
        self.settle()

    @rule(order=ORDERS)
    def give_up(self, order):
        row = self.rows.get(order)
        if row is None or row.amount is None:
            return
        reply = self.page(row, "action=cancel")
        is_open = row.status == "Ready" and row.due_ms is None
        assert reply.status == (302 if is_open else 409)
        if is_open:
            row.status = "Aborted"

    def page(self, row, form):
        return self.call("POST", f"check-out/{row.reference}", form.encode())

    @rule(order=ORDERS, amount=AMOUNTS, number=st.sampled_from(["R1", "R2", "R3", "R4"]))
    def refund(self, order, amount, number):
        row = self.rows.get(order)
        if row is None or row.amount is None:
            return
        fields = {"merchantId": wire.DEFAULT_MERCHANT_ID, "originalRequestDate": "20260211", "referenceNo": number}
        fields |= {"originalAmount": wire.text_of(row.amount), "cancelAmount": wire.text_of(amount)}
        reply = self.post("/purchase/cancel", fields, sealing.CANCEL_NAMES, f"orderId={order}".encode())
        if number in row.numbers:
            assert (reply.status == 200) == (row.numbers[number] == amount)
        elif row.status in ("Success", "PartialCancelled") and amount <= row.amount - row.back:
            row.back, row.numbers[number] = row.back + amount, amount
            row.status = "Cancelled" if row.back == row.amount else "PartialCancelled"
            assert self.opened(reply)["status"] == row.status
        else:
            assert reply.error_code == "InvalidPurchaseInformation"

    @rule(seconds=st.sampled_from([1, 299, 300, 1_200]))
    def advance(self, seconds):
        asyncio.run(self.world.clock.advance(seconds * 1_000))
        self.settle()

    @rule()
    def go_on_from_a_snapshot(self):
        kept = snapshots.document(self.world)
        self.world.reset()
        snapshots.restore(self.world, snapshots.parse(kept, self.world.scheme()))
        assert snapshots.document(self.world) == kept

    @invariant()
    def verify_and_the_books_say_what_the_model_says(self):
        for order, row in self.rows.items():
            shown = json.loads(self.call("GET", f"api/dfs/verify/payment/{row.reference}").body)
            amount = None if row.amount is None else wire.text_of(row.amount)
            assert (shown["status"], shown["orderId"], shown["amount"]) == (row.status, order, amount)
        paid = [row for row in self.rows.values() if row.status in ("Success", "PartialCancelled", "Cancelled")]
        ledger = self.world.ledger
        assert ledger.balance("nagad_merchant", "BDT") == sum(row.amount - row.back for row in paid)
        assert ledger.sum("BDT") == 0


def test_the_fake_is_the_model():
    run_state_machine_as_test(Merchant, settings=settings(max_examples=20, stateful_step_count=30))
