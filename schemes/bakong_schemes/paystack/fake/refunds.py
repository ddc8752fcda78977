"""Refunds: asked for, then processing, then at their end, each step at its time and with its event."""

from bakong_schemes.paystack import wire
from bakong_schemes.paystack.fake import events
from bakong_schemes.paystack.fake.errors import ApiError
from bakong_schemes.paystack.fake.records import PaystackState, Refund, Transaction
from bakong_schemes.paystack.fake.status import Status, payment_of, status_of
from bakong_simulator.kernel.ledger import LedgerError
from bakong_simulator.kernel.payments import Settlement
from bakong_simulator.kernel.world import World, WorldError

API_USER, DASHBOARD_USER = "api@shop.test", "dashboard@shop.test"


def create(world: World, state: PaystackState, paid: Transaction, asked: int | None, notes: tuple[str, str]) -> Refund:
    """A refund of a transaction, by default of what is left; notes: the customer's, the merchant's. Raises ApiError."""
    now = status_of(world, state, paid)
    amount = _amount(now, asked)
    now_ms = world.clock.now_ms()
    known = state.authorizations.get(paid.authorization or "")
    made = _add(world, state, paid, amount, API_USER, notes)
    made.ends = "processed" if known is None else wire.INSTRUMENTS.get(known.number, wire.UNKNOWN_CARD).refund
    made.due_ms = now_ms + wire.REFUND_STEP_MS
    schedule(world, made)
    events.of_refund(world, state, made)
    return made


def _amount(now: Status, asked: int | None) -> int:
    if now.status == "reversed":
        raise ApiError("invalid_params", wire.FULLY_REVERSED)
    if now.status != "success":
        raise ApiError("invalid_params", wire.NOT_REFUNDABLE)
    amount = now.left if asked is None else asked
    if amount > now.left or (asked is None and amount <= 0):
        raise ApiError("invalid_params", wire.REFUND_TOO_LARGE)
    if amount <= 0:
        raise ApiError("invalid_amount")
    return amount


def _add(
    world: World, state: PaystackState, paid: Transaction, amount: int, by: str, notes: tuple[str, str] = ("", "")
) -> Refund:
    usual = f"Refund for transaction {paid.reference}"
    now_ms = world.clock.now_ms()
    made = Refund(
        id=state.next_refund,
        reference=paid.reference,
        amount=amount,
        created_ms=now_ms,
        updated_ms=now_ms,
        customer_note=notes[0] or usual,
        merchant_note=notes[1] or f"{usual} by {by}",
        by=by,
    )
    state.next_refund += 1
    state.refunds[made.id] = made
    paid.refunds.append(made.id)
    return made


def retry(world: World, state: PaystackState, refund: Refund) -> None:
    """The account to refund to is known now. Raises ApiError where the refund does not wait for it."""
    if refund.status != "needs-attention":
        raise ApiError("invalid_params", wire.NOT_RETRIABLE, status=422)
    refund.ends = "processed"
    _become(world, state, refund, "processing", world.clock.now_ms() + wire.REFUND_STEP_MS)


def schedule(world: World, refund: Refund) -> None:
    """Let a refund go on when it falls due; also one that a snapshot has brought back."""
    if refund.due_ms is not None:
        what = f"refund {refund.id} of {refund.reference} goes on"
        world.clock.call_at(refund.due_ms, lambda: _go_on(world, refund), what)


def _go_on(world: World, refund: Refund) -> None:
    state: PaystackState = world.state_of(wire.NAME)
    due_ms = refund.due_ms
    if state.refunds.get(refund.id) is not refund or due_ms is None or due_ms > world.clock.now_ms():
        return  # the world has begun anew since
    go_on(world, state, refund, due_ms)


def go_on(world: World, state: PaystackState, refund: Refund, now_ms: int) -> None:
    """Let a refund come to its next status, as at a moment."""
    if refund.status == "pending":
        _become(world, state, refund, "processing", now_ms + wire.REFUND_STEP_MS)
    elif refund.ends == "processed" and not _give_back(world, state, refund):
        _become(world, state, refund, "failed", None)
    else:
        _become(world, state, refund, refund.ends, None)


def _become(world: World, state: PaystackState, refund: Refund, status: str, due_ms: int | None) -> None:
    refund.status, refund.due_ms, refund.updated_ms = status, due_ms, world.clock.now_ms()
    schedule(world, refund)
    events.of_refund(world, state, refund)


def _give_back(world: World, state: PaystackState, refund: Refund) -> bool:
    """Move the money; False where the balance does not hold it, or it has gone back already."""
    paid = state.transactions[refund.reference]
    payment = payment_of(world, paid)
    at = next((at for at, row in enumerate(payment.settlements) if not row.failed), None)
    if at is None:
        return False
    refund.moved = True
    try:
        world.send_back(payment, at, refund.amount)
    except (WorldError, LedgerError):
        refund.moved = False
    return refund.moved


def returned(world: World, state: PaystackState, paid: Transaction, settlement: Settlement) -> None:
    """Money of a settlement went back; what no refund of ours has moved was sent back by somebody else."""
    known = sum(row.amount for row in state.refunds_of(paid) if row.moved)
    missing = settlement.returned_minor - known
    if missing > 0:
        made = _add(world, state, paid, missing, DASHBOARD_USER)
        made.moved, made.status = True, "processed"
        events.of_refund(world, state, made)
