"""What moves the money of charges: payers who pay, fail or authorise, captures, reversals, refunds. Knows no HTTP."""

from bakong_scenarios import State
from bakong_schemes.omise import wire
from bakong_schemes.omise.fake import events
from bakong_schemes.omise.fake.charged import Charged, charged, is_settled, refundable
from bakong_schemes.omise.fake.errors import ApiError
from bakong_schemes.omise.fake.ids import new_id
from bakong_schemes.omise.fake.records import Charge, Json, OmiseState, Refund
from bakong_simulator.kernel.ledger import LedgerError
from bakong_simulator.kernel.payments import Order, Payment
from bakong_simulator.kernel.world import World, WorldError


def payment_of(world: World, charge: Charge) -> Payment:
    return world.payments[wire.NAME, charge.id]


def pay(world: World, state: OmiseState, charge: Charge, outcome: State | None = None) -> None:
    """The payer pays. By default as the world's scenario has it; a payer with too little fails for that.

    Raises WorldError where nobody can pay it any more.
    """
    try:
        world.pay(world.scheme(wire.NAME), _order(world, charge), charge.code, outcome=outcome)
    except LedgerError:
        fail(world, state, charge, "insufficient_fund" if charge.method == "card" else "insufficient_balance")


def _order(world: World, charge: Charge) -> Order:
    order = payment_of(world, charge).order
    if order is None:
        raise WorldError(f"charge {charge.id} has no order")
    return order


def fund(world: World, charge: Charge) -> None:
    """Let the payer have what a charge asks for, as everybody has in test mode."""
    scheme = world.scheme(wire.NAME)
    lacking = charge.amount - world.ledger.balance(scheme.payer, wire.CURRENCY)
    if lacking > 0:
        world.ledger.open(scheme.payer, balances={wire.CURRENCY: lacking}, issuer=scheme.issuer)


def fail(world: World, state: OmiseState, charge: Charge, code: str) -> None:
    """The payment comes to nothing, for this reason. Raises WorldError where it has ended."""
    before, charge.failure = charge.failure, code
    try:
        pay(world, state, charge, State.FAILED)
    except WorldError:
        charge.failure = before
        raise


def authorize(world: World, state: OmiseState, charge: Charge) -> None:
    """The payer agrees: a card's money is held where the charge is captured later, and all else is paid."""
    now = charged(world, state, charge)
    if now.status != "pending" or now.is_held:
        raise WorldError(f"the charge is {now.status}: nobody can authorise it any more")
    if charge.capture or charge.method != "card":
        pay(world, state, charge)
        return
    charge.authorized_ms = world.clock.now_ms()
    if charge.page is not None:
        events.of_charge(world, state, "charge.complete", charge)


def capture(world: World, state: OmiseState, charge: Charge, amount: int | None) -> None:
    """Raises ApiError."""
    now = charged(world, state, charge)
    wanted = charge.amount if amount is None else amount
    if not now.is_held:
        raise ApiError("failed_capture", f"charge is {now.status}, and nothing of it waits to be captured")
    if not 0 < wanted <= charge.amount:
        raise ApiError("failed_capture", "capture_amount must be between 1 and the authorized amount")
    if wanted < charge.amount and charge.authorization_type != "pre_auth":
        raise ApiError("failed_capture", "partial capture needs a charge with authorization_type pre_auth")
    try:
        world.pay(world.scheme(wire.NAME), _order(world, charge), minor=wanted, outcome=State.PAID)
    except (LedgerError, WorldError) as error:
        raise ApiError("failed_capture", str(error)) from None


def reverse(world: World, state: OmiseState, charge: Charge) -> None:
    """Raises ApiError."""
    if not charged(world, state, charge).is_held:
        raise ApiError("failed_reverse", "charge was not authorized, or was captured already")
    charge.reversed_ms = world.clock.now_ms()
    payment_of(world, charge).reached = State.CANCELLED
    events.of_charge(world, state, "charge.reverse", charge)


def expire(world: World, state: OmiseState, charge: Charge) -> None:
    """Raises ApiError."""
    now = charged(world, state, charge)
    if now.status != "pending" or now.is_authorized or charge.method == "card":
        raise ApiError("failed_expire", f"charge is {now.status}: a pending one of a source can expire")
    charge.expired_ms = world.clock.now_ms()
    payment_of(world, charge).reached = State.EXPIRED


def give_back(world: World, state: OmiseState, charge: Charge, amount: int, metadata: Json, *, void: bool) -> Refund:
    """A refund, whole or in part. Raises ApiError."""
    now = charged(world, state, charge)
    back = refundable(world, state, charge, now)
    if now.at is None or back.rest <= 0:
        raise ApiError("failed_refund", "charge can't be refunded")
    if amount <= 0 or amount > back.rest:
        raise ApiError("failed_refund", f"amount is {amount}, and {back.rest} can be refunded")
    if amount < now.captured and not back.partially:
        raise ApiError("failed_refund", "charge can't be partially refunded")
    is_void = amount == now.captured and not is_settled(world, now.paid_ms or 0)
    if void and not is_void:
        raise ApiError("failed_void", "charge was settled, or the void is not of the whole amount")
    payment = payment_of(world, charge)
    if not world.ledger.covers(payment.settlements[now.at].to_account, wire.CURRENCY, amount):
        raise ApiError("failed_refund", "the account's balance is too low")
    refund = _refund(world, state, charge, amount, metadata, voided=is_void)
    world.send_back(payment, now.at, amount)
    return refund


def _refund(world: World, state: OmiseState, charge: Charge, amount: int, metadata: Json, *, voided: bool) -> Refund:
    refund = Refund(
        id=new_id(world, "rfnd"),
        number=state.next_number(),
        charge=charge.id,
        amount=amount,
        created_ms=world.clock.now_ms(),
        voided=voided,
        status=state.settings.refund_status,
        metadata=metadata,
        transaction=new_id(world, "trxn"),
    )
    state.refunds[refund.id] = refund
    charge.refunds.append(refund.id)
    return refund


def moved(world: World, state: OmiseState, charge: Charge, payment: Payment, at: int) -> None:
    """The kernel's word that money came, was refused, or went back; a script may have let it."""
    settlement = payment.settlements[at]
    if settlement.returned_minor:
        missing = settlement.returned_minor - sum(row.amount for row in state.refunds_of(charge.id))
        if missing > 0:
            _refund(world, state, charge, missing, {}, voided=not is_settled(world, settlement.at_ms))
        events.of_refund(world, state, charge, state.refunds_of(charge.id)[-1])
        return
    now = charged(world, state, charge)
    if any(not row.failed for row in payment.settlements[:at]):
        return
    if charge.authorized_ms is not None and not settlement.failed:
        events.of_charge(world, state, "charge.capture", charge)
    elif _tells(state, charge, now):
        events.of_charge(world, state, "charge.complete", charge)


def _tells(state: OmiseState, charge: Charge, now: Charged) -> bool:
    """Whether it sends charge.complete; a card that is charged at once may not."""
    return now.status != "pending" and (state.settings.card_complete or charge.method != "card" or bool(charge.page))
