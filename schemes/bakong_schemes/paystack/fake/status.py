"""What has become of a transaction: its own record and the money of its payment, read together."""

from typing import NamedTuple

from bakong_schemes.paystack import wire
from bakong_schemes.paystack.fake.records import PaystackState, Transaction
from bakong_simulator.kernel.payments import Payment
from bakong_simulator.kernel.world import World


class Status(NamedTuple):
    """status: the API's word. amount, currency: what is paid; a script may let another amount come.

    at: the number of the settlement that paid it. left: what no refund has taken, those under way counted.
    payable: whether somebody may try to pay it now.
    """

    status: str
    amount: int
    currency: str
    at: int | None
    paid_ms: int | None
    left: int
    payable: bool


def payment_of(world: World, transaction: Transaction) -> Payment:
    return world.payments[wire.NAME, transaction.reference]


def status_of(world: World, state: PaystackState, transaction: Transaction) -> Status:
    payment = payment_of(world, transaction)
    settlement = payment.settlement
    if settlement is not None and not settlement.failed:
        left = settlement.minor - sum(row.amount for row in state.refunds_of(transaction) if row.status != "failed")
        is_early = state.settings.reversed_at == "created" and left <= 0
        word = "reversed" if settlement.returned or is_early else "success"
        return Status(word, settlement.minor, settlement.currency, payment.shown, settlement.at_ms, left, payable=False)
    word = _unpaid(state, transaction, payment)
    is_open = word != "failed" or state.settings.failed_payable
    payable = is_open and not payment.has_ended and payment.pending is None
    return Status(word, transaction.amount, transaction.currency, None, None, 0, payable)


def _unpaid(state: PaystackState, transaction: Transaction, payment: Payment) -> str:
    if payment.pending is not None:
        return "pending"
    if transaction.asking:
        return "ongoing"
    return state.settings.initial_status if payment.settlement is None else "failed"
