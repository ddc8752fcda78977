"""Worlds beside each other, a day that passes at once, and money that only moves."""

import asyncio

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bakong_scenarios import State, read
from bakong_simulator.clock import Mode
from bakong_simulator.ledger import LedgerError
from bakong_simulator.scanning import scan
from bakong_simulator.world import World, WorldError
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
    world.use(read("name: slow\npayment:\n  - unpaid\n  - paid: {after: 23h}", "test"))
    settled = []
    settle = world.transactions.add
    world.transactions.add = lambda receipt, payment: (settled.append(receipt), settle(receipt, payment))
    for number in range(1000):
        world.pay(scan(code_of(number).qr), code_of(number).qr)
        await world.clock.advance(1)
    assert settled == []
    await world.clock.advance(86_400_000)
    assert len(settled) == 1000
    times = [receipt.created_ms for receipt in settled]
    assert times == sorted(times)
    assert [receipt.hash for receipt in settled] == [
        world.payments[code_of(number).md5].receipts[0].hash for number in range(1000)
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
        world = World("w", 1, lambda: NOW_MS)
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
            world.pay(scan(code.qr), code.qr, minor=minor)
        elif act == "fail":
            world.pay(scan(code.qr), code.qr, outcome=State.FAILED)
        elif act == "reverse" and code.md5 in world.payments:
            for receipt in world.payments[code.md5].receipts:
                world.reverse(receipt.hash)
        elif act == "open":
            world.ledger.open(f"a{number}@devb", balances={"USD": minor})
        elif act == "poor":
            world.pay(scan(code.qr), code.qr, minor=minor, from_account=f"a{number}@devb")
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
