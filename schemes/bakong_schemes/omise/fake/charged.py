"""What has become of a charge: its own record and the money of its payment, read together at a moment."""

from typing import NamedTuple

from bakong_scenarios import State
from bakong_schemes.omise import wire
from bakong_schemes.omise.fake.records import Charge, OmiseState, Settings
from bakong_simulator.kernel.payments import Payment
from bakong_simulator.kernel.world import World


class Charged(NamedTuple):
    """status: pending, successful, failed, expired or reversed. amount: what is charged; a script may let less come.

    at: the number of the settlement that paid it. captured, refunded: in satang. The times are of what has happened.
    """

    status: str
    amount: int
    at: int | None
    captured: int
    refunded: int
    failure: str | None
    authorized_ms: int | None
    paid_ms: int | None
    expired_ms: int | None
    reversed_ms: int | None

    @property
    def is_authorized(self) -> bool:
        return self.authorized_ms is not None or self.status == "successful"

    @property
    def is_held(self) -> bool:
        """Whether it is authorised, and waits to be captured."""
        return self.status == "pending" and self.authorized_ms is not None


def charged(world: World, state: OmiseState, charge: Charge) -> Charged:
    """What has become of a charge by now. One that nobody paid in time has expired, and nothing else tells of it."""
    payment = world.payments.get((wire.NAME, charge.id))
    now_ms = world.clock.now_ms()
    authorized_ms = charge.authorized_ms
    if authorized_ms is None and payment is not None and payment.reached is State.AUTHORIZED:
        authorized_ms = payment.begun_ms
    reversed_ms = _reversed_ms(charge, authorized_ms, now_ms)
    expired_ms = _expired_ms(charge, authorized_ms, now_ms)
    at = None if payment is None else payment.shown
    settlement = payment.settlements[at] if payment is not None and at is not None else None
    refunded = sum(refund.amount for refund in state.refunds_of(charge.id))
    paid_ms, failure, captured, amount = None, None, 0, charge.amount
    if settlement is not None and not settlement.failed:
        status, paid_ms, captured = "successful", settlement.at_ms, settlement.minor
        amount = charge.amount if charge.method == "card" else settlement.minor
        reversed_ms = expired_ms = None
    elif settlement is not None:
        status, failure = "failed", charge.failure or "failed_processing"
    elif payment is not None and payment.reached is State.CANCELLED and reversed_ms is None:
        status, failure = "failed", "payment_cancelled"
    elif reversed_ms is not None:
        status = "reversed"
    elif expired_ms is not None or _has_expired(payment):
        status, expired_ms = "expired", expired_ms or now_ms
    else:
        status = "pending"
    if status in ("failed", "expired"):
        reversed_ms = None
    if status != "expired":
        expired_ms = None
    return Charged(
        *(status, amount, at if captured else None, captured, refunded, failure),
        *(authorized_ms or paid_ms, paid_ms, expired_ms, reversed_ms),
    )


def _has_expired(payment: Payment | None) -> bool:
    """Whether its script let it expire."""
    return payment is not None and payment.reached is State.EXPIRED and not payment.hidden


def _reversed_ms(charge: Charge, authorized_ms: int | None, now_ms: int) -> int | None:
    """When it was reversed: by a call, or by itself, a week after it was authorised."""
    if charge.reversed_ms is None and authorized_ms is not None and now_ms >= authorized_ms + wire.HOLD_MS:
        return authorized_ms + wire.HOLD_MS
    return charge.reversed_ms


def _expired_ms(charge: Charge, authorized_ms: int | None, now_ms: int) -> int | None:
    if charge.expired_ms is None and authorized_ms is None and charge.expires_ms is not None:
        return charge.expires_ms if now_ms >= charge.expires_ms else None
    return charge.expired_ms


class Refundable(NamedTuple):
    """What of a charge can go back, and in parts or whole alone."""

    rest: int
    partially: bool


def refundable(world: World, state: OmiseState, charge: Charge, now: Charged) -> Refundable:
    """By its method, its age and what went back already."""
    allowed, longest_ms = _rule(state.settings, charge.method)
    rest = now.captured - now.refunded
    age_ms = world.clock.now_ms() - (now.paid_ms or 0)
    refunds = len(state.refunds_of(charge.id))
    if now.status != "successful" or allowed == "none" or age_ms > longest_ms or rest <= 0:
        return Refundable(0, partially=False)
    return Refundable(rest, partially=allowed == "partial" and refunds < wire.MAX_PARTIAL_REFUNDS)


def _rule(settings: Settings, method: str) -> tuple[str, int]:
    if method == "promptpay" and settings.promptpay_refunds:
        return "partial", wire.REFUND_MS
    rule = wire.CARD if method == "card" else wire.METHODS[method]
    return rule.refunds, rule.refund_ms


def is_settled(world: World, paid_ms: int) -> bool:
    """Whether a midnight of Bangkok has passed since: what goes back before it is a void."""
    days = [(at_ms + wire.BANGKOK_MS) // wire.DAY_MS for at_ms in (paid_ms, world.clock.now_ms())]
    return days[0] != days[1]
