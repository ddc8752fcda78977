"""What the steps that every scheme shares do to a payment and to its money."""

from dataclasses import replace

import orjson
import pytest

from bakong_scenarios import State
from bakong_schemes.bakong.fake.scheme import WALLET, Bakong
from bakong_schemes.bakong.words import WORDS
from bakong_simulator.kernel import snapshots
from bakong_simulator.kernel.clock import Mode
from bakong_simulator.kernel.snapshot_document import Snapshot
from bakong_simulator.kernel.world import WorldError
from bakong_simulator.kernel.worlds import Worlds
from tests.conftest import NOW_MS


class EveryStep(Bakong):
    """Bakong, as if it could play every step."""

    words = replace(WORDS, steps=tuple(State))


SCHEME = EveryStep()
HOUR_MS = 3_600_000


@pytest.fixture
async def world():
    """A frozen world whose scheme plays every step."""
    made = Worlds(lambda: NOW_MS, (SCHEME,)).default
    made.clock.set_mode(Mode.FROZEN, at_ms=NOW_MS)
    return made


def begin(world, code, path):
    world.set_scenario(world.library.read(f"name: x\npayment: {path}"))
    return world.state(SCHEME).register_code(code.qr)


def balance(world, account):
    return world.ledger.accounts[account].balances["USD"] if world.ledger.holds(account) else 0


@pytest.mark.parametrize("state", ["cancelled", "expired"])
async def test_a_given_up_payment_moves_no_money_and_takes_none(world, code, state):
    payment = begin(world, code, f"[unpaid: {{polls: 1}}, {state}]")
    world.state(SCHEME).check(code.md5)
    assert payment.state == "unpaid"
    world.state(SCHEME).check(code.md5)
    assert (payment.state, payment.settlements, balance(world, "sokha@devb")) == (state, [], 0)
    with pytest.raises(WorldError, match=f"the payment is {state}: nobody can pay it any more"):
        world.pay(SCHEME, payment.order)
    assert payment.settlements == []


async def test_an_authorized_payment_waits_and_is_then_paid(world, code):
    payment = begin(world, code, "[authorized: {for: 1h}, paid]")
    assert (payment.state, balance(world, "sokha@devb")) == ("authorized", 0)
    await world.clock.advance(HOUR_MS)
    assert (payment.state, balance(world, "sokha@devb")) == ("paid", 150)


async def test_an_authorized_payment_without_a_time_waits_for_the_payer(world, code):
    payment = begin(world, code, "[authorized, paid]")
    await world.clock.advance(1000 * HOUR_MS)
    assert payment.state == "authorized"
    world.pay(SCHEME, payment.order)
    assert (payment.state, len(payment.settlements)) == ("paid", 1)


async def test_a_refund_sends_the_money_back_once_for_each_payment(world, code):
    payer = balance(world, WALLET)
    payment = begin(world, code, "[paid, paid, refunded: {after: 1h}, refunded: {after: 1h}, refunded: {after: 1h}]")
    assert (balance(world, "sokha@devb"), balance(world, WALLET)) == (300, payer - 300)
    held = []
    for _ in range(3):
        await world.clock.advance(HOUR_MS)
        held.append(balance(world, "sokha@devb"))
    assert (held, balance(world, WALLET)) == ([150, 0, 0], payer)
    receipts = world.state(SCHEME).receipts[payment.reference].rows
    assert {receipt.tracking_status for receipt in receipts} == {"REFUNDED_BY_RECEIVER"}


async def test_a_refund_whose_money_is_gone_moves_nothing(world, code):
    begin(world, code, "[paid, refunded: {after: 1h}]")
    world.ledger.post("sokha@devb", WALLET, "USD", 100)
    await world.clock.advance(HOUR_MS)
    assert balance(world, "sokha@devb") == 50


async def test_no_later_status_hides_a_refund(world, code):
    payment = begin(world, code, "[paid: {tracking: [ACKNOWLEDGED_BY_FI: {after: 2h}]}, refunded: {after: 1h}]")
    await world.clock.advance(3 * HOUR_MS)
    (receipt,) = world.state(SCHEME).receipts[payment.reference].rows
    assert receipt.tracking_status == "REFUNDED_BY_RECEIVER"


async def test_a_disputed_payment_keeps_its_money_until_it_is_refunded(world, code):
    payment = begin(world, code, "[paid, disputed: {after: 1h}, refunded: {after: 1h}]")
    await world.clock.advance(HOUR_MS)
    assert (payment.state, balance(world, "sokha@devb")) == ("disputed", 150)
    await world.clock.advance(HOUR_MS)
    assert balance(world, "sokha@devb") == 0


@pytest.mark.parametrize("path", ["[authorized: {for: 1h}, paid]", "[cancelled]", "[paid, disputed]"])
async def test_a_snapshot_keeps_such_a_state_and_what_follows_it(world, code, path):
    state = begin(world, code, path).state
    kept = Snapshot.model_validate(orjson.loads(orjson.dumps(snapshots.document(world))))
    other = Worlds(lambda: NOW_MS, (SCHEME,)).default
    snapshots.restore(other, kept)
    assert other.payments["bakong", code.md5].state == state
    assert snapshots.document(other) == snapshots.document(world)
    for played in (world, other):
        await played.clock.advance(HOUR_MS)
    assert other.payments["bakong", code.md5].state == world.payments["bakong", code.md5].state


async def test_an_older_snapshot_without_these_states_is_restored(world, code):
    begin(world, code, "[paid]")
    document = snapshots.document(world)
    for row in document["payments"]:
        del row["reached"], row["scenario"]["scheme"]
    snapshots.restore(world, Snapshot.model_validate(document))
    assert world.payments["bakong", code.md5].state == "paid"
