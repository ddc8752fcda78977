"""Worlds beside each other, a day that passes at once, and money that only moves."""

import asyncio

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bakong_sandbox.stack.schemes import SCHEMES
from bakong_sandbox.stack.scripts import LIBRARY
from bakong_scenarios import State
from bakong_schemes.bakong.fake.registrations import MAX_TOKENS
from bakong_schemes.bakong.fake.scanning import scan
from bakong_schemes.bakong.fake.scheme import BAKONG
from bakong_simulator.kernel.clock import Mode
from bakong_simulator.kernel.ledger import LedgerError
from bakong_simulator.kernel.world import World, WorldError
from khqr import Currency, Individual, encode
from tests.conftest import NOW_MS

CHECK = "/v1/check_transaction_by_md5"


def code_of(number, amount="1.50"):
    return encode(
        Individual(
            bakong_account_id="sokha@devb",
            merchant_name="Sokha",
            currency=Currency.USD,
            amount=amount,
            bill_number=f"B{number}",
            expiration_timestamp=NOW_MS + 900_000,
        ),
        now=NOW_MS,
    )


async def test_64_worlds_at_once_never_meet(outside):
    codes = [code_of(number) for number in range(64)]

    async def story(number):
        made = (await outside.post("/sandbox/worlds", json={"name": f"w{number}", "limits": {"quota": 70}})).json()
        headers = {"authorization": f"Bearer {made['token']}"}
        await outside.post(f"/sandbox/worlds/w{number}/payments", json={"qr": codes[number].qr})
        found = []
        for code in codes:
            answer = await outside.post(CHECK, json={"md5": code.md5}, headers=headers)
            found.append(answer.json()["errorCode"] is None)
        journal = (await outside.get(f"/sandbox/worlds/w{number}/journal")).json()
        assert {entry["token"] for entry in journal["entries"]} == {made["token"]}
        return found, journal["total"]

    told = await asyncio.gather(*map(story, range(64)))
    for number, (found, total) in enumerate(told):
        assert found == [number == other for other in range(64)]
        assert total == 64


async def test_a_day_with_a_thousand_payments_pending_settles_all_in_order_before_it_returns(world):
    world.set_scenario(LIBRARY.read("name: slow\npayment:\n  - unpaid\n  - paid: {after: 23h}", "test"))
    settled = []
    settle = world.state(BAKONG).transactions.add
    world.state(BAKONG).transactions.add = lambda receipt, payment: (settled.append(receipt), settle(receipt, payment))
    for number in range(1000):
        world.pay(BAKONG, scan(code_of(number).qr), code_of(number).qr)
        await world.clock.advance(1)
    assert settled == []
    await world.clock.advance(86_400_000)
    assert len(settled) == 1000
    times = [receipt.created_ms for receipt in settled]
    assert times == sorted(times)
    assert [receipt.hash for receipt in settled] == [
        world.state(BAKONG).receipts[code_of(number).md5].rows[0].hash for number in range(1000)
    ]


ACTS = st.lists(
    st.tuples(
        st.sampled_from(["pay", "fail", "reverse", "open", "poor", "advance"]),
        st.integers(0, 5),
        st.integers(1, 10**12),
    ),
    max_size=30,
)


@given(acts=ACTS)
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example(acts=[("pay", 0, 10**12), ("reverse", 0, 1), ("reverse", 0, 1)])
def test_the_ledger_sums_to_zero_after_any_mix(acts):
    async def story():
        world = World("w", 1, lambda: NOW_MS, SCHEMES, LIBRARY)
        world.clock.set_mode(Mode.FROZEN, at_ms=NOW_MS)
        for act, number, minor in acts:
            await perform(world, act, number, minor)
            assert [world.ledger.sum(currency) for currency in ("KHR", "USD")] == [0, 0]
            held = world.ledger.accounts.values()
            assert all(min(account.balances.values()) >= 0 for account in held if account.name != "Issuer")

    asyncio.run(story())


async def perform(world, act, number, minor):
    code = code_of(number, "1.50")
    try:
        if act == "pay":
            world.pay(BAKONG, scan(code.qr), code.qr, minor=minor)
        elif act == "fail":
            world.pay(BAKONG, scan(code.qr), code.qr, outcome=State.FAILED)
        elif act == "reverse" and code.md5 in world.state(BAKONG).receipts:
            for receipt in world.state(BAKONG).receipts[code.md5].rows:
                world.state(BAKONG).reverse(receipt.hash)
        elif act == "open":
            world.ledger.open(f"a{number}@devb", balances={"USD": minor})
        elif act == "poor":
            world.pay(BAKONG, scan(code.qr), code.qr, minor=minor, from_account=f"a{number}@devb")
        else:
            await world.clock.advance(minor % 100_000)
    except (LedgerError, WorldError):
        pass


async def test_a_code_may_be_paid_in_another_amount_or_currency_and_after_its_expiry(hand, api):
    code = code_of(1)
    await hand.post("/clock/advance", json={"seconds": 3600})
    paid = (await hand.post("/payments", json={"qr": code.qr, "amount": "4000", "currency": "KHR"})).json()
    assert (paid["status"], paid["amount"], paid["currency"]) == ("paid", 4000, "KHR")
    found = (await api.post("check_transaction_by_md5", json={"md5": code.md5})).json()["data"]
    assert (found["amount"], found["currency"]) == (4000, "KHR")


async def test_a_static_code_is_paid_many_times_each_with_a_transaction_of_its_own(hand, api):
    static = encode(Individual(bakong_account_id="s@devb", merchant_name="S", currency=Currency.USD), now=NOW_MS)
    paid = [(await hand.post("/payments", json={"qr": static.qr, "amount": f"{n}"})).json() for n in (1, 2, 3)]
    assert len({row["hash"] for row in paid}) == 3
    for row, amount in zip(paid, (1, 2, 3), strict=True):
        found = (await api.post("check_transaction_by_hash", json={"hash": row["hash"]})).json()["data"]
        assert found["amount"] == amount
    shown = (await hand.get(f"/payments/{static.md5}")).json()
    assert (shown["times_paid"], shown["hashes"]) == (3, [row["hash"] for row in paid])


@pytest.mark.parametrize("times", [1, 2])
async def test_a_payment_can_be_sent_back_once(hand, api, times):
    code = code_of(1)
    paid = (await hand.post("/payments", json={"qr": code.qr})).json()
    answers = [await hand.delete(f"/payments/{code.md5}") for _ in range(times)]
    assert [answer.status_code for answer in answers] == [200, 409][:times]
    found = (await api.post("check_transaction_by_hash", json={"hash": paid["hash"]})).json()["data"]
    assert found["trackingStatus"] == "REFUNDED_BY_RECEIVER"


SLOW = "name: slow\npayment:\n  - unpaid\n  - paid: {after: 10s}"


async def test_a_payment_that_its_wallet_cannot_cover_when_it_arrives_is_a_failed_one(hand, api, world):
    await hand.put("/scenario", content=SLOW)
    await hand.post("/accounts", json={"account_id": "poor@devb", "balances": {"USD": "2.00"}})
    paid, uncovered, later = code_of(1), code_of(2), code_of(3)
    for code, account in ((paid, "poor@devb"), (uncovered, "poor@devb")):
        sent = await hand.post("/payments", json={"qr": code.qr, "from_account": account})
        assert (sent.status_code, sent.json()["status"]) == (200, "unpaid")
    await hand.post("/payments", json={"qr": later.qr})
    moved = await hand.post("/clock/advance", json={"seconds": 10})
    assert (moved.status_code, moved.json()["failures"]) == (200, [])
    codes = [(await api.post("check_transaction_by_md5", json={"md5": code.md5})).json() for code in (paid, uncovered)]
    assert [(answer["responseCode"], answer["errorCode"]) for answer in codes] == [(0, None), (1, 3)]
    assert (await hand.get(f"/payments/{later.md5}")).json()["status"] == "paid"
    assert world.ledger.accounts["poor@devb"].balances["USD"] == 50


async def test_a_wallet_that_has_too_little_is_refused_where_money_would_move_at_once(hand):
    await hand.post("/accounts", json={"account_id": "poor@devb"})
    refused = await hand.post("/payments", json={"qr": code_of(1).qr, "from_account": "poor@devb"})
    assert (refused.status_code, "poor@devb holds 0" in refused.json()["detail"]) == (409, True)
    assert (await hand.get(f"/payments/{code_of(1).md5}")).json()["status"] == "unpaid"


async def test_a_timer_that_fails_is_in_the_journal_and_advance_answers_with_it(hand, world):
    def fail():
        raise RuntimeError("out of order")

    world.clock.call_at(NOW_MS + 5_000, fail, "a receiver")
    await hand.put("/scenario", content=SLOW)
    await hand.post("/payments", json={"qr": code_of(1).qr})
    moved = await hand.post("/clock/advance", json={"seconds": 20})
    failure = {"after": 0, "at_ms": NOW_MS + 5_000, "what": "a receiver", "error": "RuntimeError: out of order"}
    assert (moved.status_code, moved.json()["now_ms"]) == (200, NOW_MS + 20_000)
    assert moved.json()["failures"] == [failure]
    assert (await hand.get("/journal")).json()["failures"] == [failure]
    assert (await hand.get(f"/payments/{code_of(1).md5}")).json()["status"] == "paid"
    assert (await hand.post("/clock/advance", json={"seconds": 1})).json()["failures"] == []


async def test_time_never_moves_to_where_no_date_can_show_it(hand):
    await hand.put("/clock", json={"mode": "frozen", "at": "2285-12-31T00:00:00Z"})
    before = (await hand.get("/clock")).json()
    assert (await hand.post("/clock/advance", json={"seconds": 300_000_000})).status_code == 422
    assert (await hand.get("/clock")).json() == before
    assert (await hand.put("/clock", json={"mode": "frozen", "at": "9999-12-31T00:00:00Z"})).status_code == 422


@pytest.mark.parametrize("disturbed_by", ["polls", "a header"])
async def test_what_a_wallet_has_sent_arrives_whatever_is_asked_meanwhile(hand, api, world, disturbed_by):
    await hand.put("/scenario", content="name: slow\npayment:\n  - unpaid: {polls: 1}\n  - paid: {after: 10s}")
    await hand.post("/accounts", json={"account_id": "rich@devb", "balances": {"USD": "2.00"}})
    code = code_of(1)
    await hand.post("/payments", json={"qr": code.qr, "from_account": "rich@devb"})
    headers = {"x-sandbox-scenario": "manual"} if disturbed_by == "a header" else {}
    for _ in range(3):
        await api.post("check_transaction_by_md5", json={"md5": code.md5}, headers=headers)
    await hand.post("/clock/advance", json={"seconds": 10})
    assert [row.from_account for row in world.payments[BAKONG.name, code.md5].settlements] == ["rich@devb"]


async def test_tokens_that_a_world_has_dropped_lead_nowhere(worlds):
    for number in range(MAX_TOKENS + 50):
        worlds.default.state(BAKONG).registrations.adopt(f"token-{number}", "a@b", NOW_MS + 1)
    assert len(worlds.by_token) == len(worlds.default.state(BAKONG).registrations.tokens) == MAX_TOKENS


async def test_a_token_of_two_worlds_outlives_the_first(worlds):
    one, two = worlds.make("one"), worlds.make("two")
    for world in (one, two):
        world.state(BAKONG).registrations.adopt("shared", "a@b", NOW_MS + 1)
    worlds.drop("one")
    assert worlds.by_token["shared"] is two
