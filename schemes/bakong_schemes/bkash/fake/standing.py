"""What has become of a payment: its own record and the money of its kernel payment, read together at a moment."""

from typing import NamedTuple

from bakong_scenarios import State
from bakong_schemes.bkash import wire
from bakong_schemes.bkash.fake.records import BkashState, PaymentRow
from bakong_simulator.kernel.payments import Payment
from bakong_simulator.kernel.world import World


class Standing(NamedTuple):
    """status: as the API names it. at: the number of the settlement that paid it. minor: what was paid, else is asked.

    approved: the customer has said yes. moved: money has moved, whether a query shows it or not. dead: over without.
    """

    status: str
    at: int | None
    minor: int
    approved: bool
    moved: bool
    dead: bool


def payment_of(world: World, row: PaymentRow) -> Payment:
    return world.payments[wire.NAME, row.id]


def standing(world: World, state: BkashState, row: PaymentRow) -> Standing:
    """Of a payment, not of the request for an agreement."""
    payment = world.payments[wire.NAME, row.id]
    at = payment.shown
    settlement = None if at is None else payment.settlements[at]
    if settlement is None or settlement.failed:
        moved = any(not one.failed for one in payment.settlements)
        approved = row.outcome == "success" or payment.reached is State.AUTHORIZED
        status = wire.INITIATED
        if row.outcome == "cancel" or payment.reached is State.CANCELLED:
            status = state.settings.cancelled_query
        dead = not moved and (payment.reached is State.EXPIRED or is_too_old(world, row))
        return Standing(status, None, row.minor, approved, moved, dead)
    status = wire.COMPLETED
    if row.intent == wire.AUTHORIZATION:
        status = _held(state, row)
    return Standing(status, at, settlement.minor, approved=True, moved=True, dead=False)


def _held(state: BkashState, row: PaymentRow) -> str:
    if row.voided:
        return state.settings.void_status
    return wire.COMPLETED if row.decided_ms else wire.AUTHORIZED


def is_too_old(world: World, row: PaymentRow) -> bool:
    return world.clock.now_ms() >= row.created_ms + wire.PAYMENT_LIFE_MS


def refundable(now: Standing, row: PaymentRow) -> int:
    """What of it has not gone back."""
    return now.minor - row.refunded if now.at is not None and not row.voided else 0
