"""The fake's state: a model beside it, snapshots whole and refused, replays to the same bytes."""

import asyncio
import copy

import httpx
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from bakong_sandbox.devkit.testing.in_process import Transport
from bakong_sandbox.stack.schemes import SCHEMES
from bakong_schemes.bkash.fake import serving
from bakong_schemes.bkash.fake.scheme import BKASH
from bakong_schemes.bkash.fake.wallets import NAMED
from bakong_simulator.control import build
from bakong_simulator.journals.replay import replay
from bakong_simulator.kernel.clock import Mode
from bakong_simulator.kernel.worlds import Worlds
from tests.conftest import NOW_MS
from tests.schemes.bkash.conftest import WORLD, Shop

PAYING = ("ok", "ok2", "poor", "blocked", "hangpaid", "hangunpaid", "maintenance", "refundhang", "refundrefused")


async def busy(shop):
    """A world with something of everything in it."""
    await shop.listen()
    await shop.set(refund_days=30)
    paid = await shop.paid("100")
    await shop.refund(paid, "10")
    held = await shop.paid("20", intent="authorization")
    await shop.ok("payment/confirm/capture", {"paymentID": held["paymentID"]})
    voided = await shop.paid("30", intent="authorization")
    await shop.ok("payment/confirm/void", {"paymentID": voided["paymentID"]})
    asked = await shop.ok("create", {"mode": "0000", "callbackURL": "https://shop.test/b", "payerReference": "c"})
    await shop.decide(asked)
    agreement = await shop.execute(asked)
    by_agreement = await shop.create("5", mode="0001", agreementID=agreement["agreementID"])
    await shop.decide(by_agreement)
    cancelled = await shop.create("6")
    await shop.decide(cancelled, "cancel")
    poor = await shop.create("7")
    await shop.decide(poor, wallet=NAMED["poor"][0])
    await shop.refused("execute", {"paymentID": poor["paymentID"]})
    framed = await shop.checkout()
    await shop.advance(1)
    return paid, by_agreement, framed


async def test_a_snapshot_comes_back_with_everything_and_goes_on(shop):
    paid, by_agreement, framed = await busy(shop)
    kept = (await shop.control("GET", "/snapshot")).json()
    await shop.control("POST", "/reset")
    assert await shop.refused("payment/status", {"paymentID": paid["paymentID"]}) == "2002"
    answer = await shop.control("PUT", "/snapshot", kept)
    assert answer.status_code == 200, answer.text
    assert (await shop.control("GET", "/snapshot")).json() == kept
    assert (await shop.execute(by_agreement))["transactionStatus"] == "Completed"
    await shop.refund(paid, "90")
    assert (await shop.decide(framed))["status"] == "success"
    await shop.advance(1)
    assert len(shop.notes()) == 3


def _without(name):
    def change(kept, _id):
        del kept[name]

    return change


def _put(*path, value):
    def change(kept, id_):
        for step in path[:-1]:
            kept = kept[id_ if step == "ID" else step]
        kept[path[-1]] = value

    return change


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (_without("tokens"), "expected the fields"),
        (_put("payments", "ID", "id", value="other"), "has the id other"),
        (_put("payments", "ID", "trx", value=""), "was paid and has no trx"),
        (_put("payments", "ID", "minor", value="x"), "minor"),
        (_put("payments", "ID", "agreement", value="none"), "names agreement none"),
        (_put("invoices", "X", value="none"), "invoices name payment none"),
        (_put("transactions", "X", value="none"), "transactions name payment none"),
        (_put("settings", "refund_days", value="x"), "refund_days"),
    ],
)
async def test_a_snapshot_that_contradicts_itself_is_refused_and_changes_nothing(shop, change, says):
    paid = await shop.paid()
    kept = (await shop.control("GET", "/snapshot")).json()
    broken = copy.deepcopy(kept)
    change(broken["schemes"]["bkash"], paid["paymentID"])
    answer = await shop.control("PUT", "/snapshot", broken)
    assert (answer.status_code, says in answer.text) == (422, True), answer.text
    assert (await shop.control("GET", "/snapshot")).json() == kept


async def test_what_happened_replays_to_the_same_bytes(shop):
    paid, _, framed = await busy(shop)
    await shop.client.post(f"/bkash/pay?paymentId={framed['paymentID']}", data={"action": "confirm"})
    await shop.client.get("/bkash/pay?paymentId=none")
    document = (await shop.control("GET", "/journal?format=replay")).json()
    replayed, _ = await replay(document, build, SCHEMES)
    assert (replayed.calls > 15, replayed.different) == (True, [])
    assert paid["trxID"]


async def test_the_short_way_of_a_query_says_what_the_long_one_says(shop, monkeypatch):
    """Payments in every state are asked for, the short way; replayed the long way, the bytes are the same."""
    await busy(shop)
    ids = list(shop.world.state(BKASH).payments)
    for named in (*({"paymentID": id_} for id_ in ids), {"paymentID": "none"}, {"paymentID": 5}, {}, []):
        await shop.ask("payment/status", named)
    await shop.ask("payment/status", {"paymentID": ids[0]}, headers={"x-app-key": "x"})
    await shop.advance(86_400)
    shop.token = None
    for id_ in ids:
        await shop.ask("payment/status", {"paymentID": id_})
    document = (await shop.control("GET", "/journal?format=replay")).json()
    assert serving.QUERY_PATH in {entry.path for entry in shop.world.journal.entries}
    monkeypatch.setattr(serving, "QUERY_PATH", "no path")
    replayed, _ = await replay(document, build, SCHEMES)
    assert (replayed.calls > 20, replayed.different) == (True, [])


class Model(RuleBasedStateMachine):
    """What money has to be where, by a few lines that know nothing of the fake."""

    def __init__(self):
        super().__init__()
        self.runner = asyncio.Runner()
        self.worlds = Worlds(lambda: NOW_MS, SCHEMES)
        self.world = self.worlds.default
        self.world.clock.set_mode(Mode.FROZEN, at_ms=NOW_MS)
        self.client = httpx.AsyncClient(base_url="http://sandbox.test", transport=Transport(self.worlds), timeout=30)
        self.shop = Shop(self.client, self.worlds)
        state = self.world.state(BKASH)
        state.tokens["model"] = 2**53
        self.shop.token = "model"
        self.payments = []
        self.paid = {}  # by paymentID: what was paid, what went back, how many times
        self.held = {}

    def teardown(self):
        self.runner.run(self.client.aclose())
        self.world.clock.close()
        self.runner.close()

    def ask(self, path, body):
        """The document of an answer; None where it hung."""

        async def asked():
            try:
                return (await self.shop.ask(path, body)).json()
            except httpx.ReadTimeout:
                return None

        return self.runner.run(asked())

    def pick(self, number):
        return self.payments[number % len(self.payments)] if self.payments else None

    @rule(amount=st.integers(1, 50_000), held=st.booleans(), wallet=st.sampled_from(PAYING), says=st.integers(0, 5))
    def create(self, amount, held, wallet, says):
        text = f"{amount // 100}.{amount % 100:02d}"
        body = self.shop.body(text, intent="authorization" if held else "sale")
        body["merchantInvoiceNumber"] = f"M-{len(self.payments)}"
        made = self.ask("create", body)
        payment = {"id": made["paymentID"], "minor": amount, "held": held, "wallet": wallet, "approved": says > 1}
        self.payments.append(payment | {"url": made["bkashURL"]})
        if says:
            action = "approve" if says > 1 else "cancel"
            self.runner.run(self.shop.decide(made, action, wallet=NAMED[wallet][0]))

    @rule(number=st.integers(0, 50))
    def execute(self, number):
        if (payment := self.pick(number)) is None:
            return
        answer = self.ask("execute", {"paymentID": payment["id"]})
        shown = self.ask("payment/status", {"paymentID": payment["id"]})
        moved = shown["transactionStatus"] in ("Completed", "Authorized", "Cancelled")
        new = moved and payment["id"] not in (self.paid | self.held)
        if new:
            assert payment["approved"]
            assert payment["wallet"] not in ("poor", "blocked")
            (self.held if payment["held"] else self.paid)[payment["id"]] = [payment["minor"], 0, 0, shown["trxID"]]
        elif answer is not None:
            assert answer["statusCode"] != "0000"

    @rule(number=st.integers(0, 50), path=st.sampled_from(["capture", "void"]))
    def decide(self, number, path):
        payment = self.pick(number)
        if payment is None:
            return
        done = self.ask(f"payment/confirm/{path}", {"paymentID": payment["id"]})["statusCode"] == "0000"
        assert done == (payment["id"] in self.held)
        if done:
            kept = self.held.pop(payment["id"])
            self.paid[payment["id"]] = kept if path == "capture" else [0, 0, 0, kept[3]]

    @rule(number=st.integers(0, 50), minor=st.integers(1, 60_000), key=st.sampled_from(["rest", "more", "some"]))
    def refund(self, number, minor, key):
        payment = self.pick(number)
        kept = None if payment is None else self.paid.get(payment["id"])
        if payment is None or kept is None:
            return
        rest = kept[0] - kept[1]
        minor = {"rest": max(rest, 1), "more": rest + 1, "some": minor}[key]
        body = self.shop.refund_body(
            {"paymentID": payment["id"], "trxID": kept[3]}, f"{minor // 100}.{minor % 100:02d}"
        )
        answer = self.ask("payment/refund", body)
        allowed = 0 < minor <= rest and kept[2] < 10 and payment["wallet"] != "refundrefused"
        assert (answer is None or answer["statusCode"] == "0000") == allowed, (answer, minor, rest)
        if allowed:
            kept[1] += minor
            kept[2] += 1

    @rule(seconds=st.sampled_from([0, 1, 3600]))
    def advance(self, seconds):
        self.runner.run(self.world.clock.advance(1000 * seconds))

    @invariant()
    def the_books_are_right(self):
        ledger = self.world.ledger
        assert ledger.sum("BDT") == 0
        assert ledger.balance("bkash_held", "BDT") == sum(kept[0] for kept in self.held.values())
        assert ledger.balance("bkash_merchant", "BDT") == sum(kept[0] - kept[1] for kept in self.paid.values())
        assert all(
            account.balances["BDT"] >= 0 for name, account in ledger.accounts.items() if name.startswith("bkash_0")
        )


Model.TestCase.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
TestModel = Model.TestCase


@pytest.mark.campaign
def test_the_model_holds_for_a_long_time():
    from hypothesis.stateful import run_state_machine_as_test

    run_state_machine_as_test(Model, settings=settings(max_examples=1500, stateful_step_count=60, deadline=None))


async def test_worlds_of_one_seed_say_the_same(shop):
    said, new = [], (await shop.client.get(f"{WORLD}/snapshot")).json()
    for _ in range(2):
        await shop.control("PUT", "/snapshot", new)
        shop.world.state(BKASH).tokens.clear()
        shop.token, shop._number = None, 0
        said.append([await shop.paid(), shop.token, (await shop.client.get(f"{WORLD}/bkash")).json()])
    assert said[0] == said[1]
