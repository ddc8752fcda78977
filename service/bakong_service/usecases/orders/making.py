"""A payment that was written first is made at its provider; again with the same key where there was no answer."""

from dataclasses import replace

from bakong_service.domain.order_events import OrderEventType
from bakong_service.domain.orders import OrderPayment
from bakong_service.domain.payments import NoAnswer, Payment
from bakong_service.ports import Checkout, Created
from bakong_service.usecases.core import Core
from bakong_service.usecases.unit_of_work import UnitOfWork, transact

FIRST_POLL_MS = 2_000
FINAL = ("refused", "declined")  # why no repeat would bring another answer


async def ask_to_make(
    core: Core, payment: Payment, made: OrderPayment | None, *, again: bool = False
) -> Created | NoAnswer:
    """What the provider makes of it. Never raises."""
    created = await core.providers[payment.provider].create(
        Checkout(
            payment_id=payment.id,
            bill_number=payment.bill_number,
            money=payment.money,
            created_ms=payment.created_ms,
            expires_ms=payment.expires_ms,
            method="" if made is None else made.method,
            is_repeat=again,
            return_url="" if made is None else made.return_url,
            cancel_url="" if made is None else made.cancel_url,
            email="" if made is None else made.email,
        )
    )
    upstream, now_ms = core.upstream(payment.provider), core.timers.now_ms()
    if isinstance(created, NoAnswer) and created.why not in FINAL:
        upstream.was_silent(now_ms, core.ids.fraction())
    else:
        upstream.answered(now_ms)
    return created


def keep_made(unit: UnitOfWork, payment: Payment, created: Created) -> Payment:
    """The payment with what its provider made of it, watched from now on; where another was first, as that left it."""
    made = replace(
        payment,
        reference=created.reference,
        account_id=created.account_id,
        handoff=created.handoff,
        updated_ms=unit.at_ms,
    )
    is_first = unit.records.made_payment(made, unit.at_ms + FIRST_POLL_MS)
    stored = unit.records.payment_by_id(payment.id) or payment
    if is_first:
        _note_made(unit, stored)
    return stored


def _note_made(unit: UnitOfWork, payment: Payment) -> None:
    bound = unit.records.order_payment(payment.id)
    if bound is None:
        return
    if not payment.is_open:  # it has ended meanwhile, and its provider does not know
        unit.records.order_by_id(bound.order_id, held=True)
        bound = unit.records.order_payment(payment.id) or bound
        unit.records.change_order_payment(replace(bound, close_ms=unit.at_ms))
        unit.notified = True
        return
    unit.audit("payment.processing", f"payment/{payment.id}", {"status": "pending"}, {"status": "processing"})
    unit.records.change_transaction(payment.id, status="processing", provider_id=payment.reference)
    shown = {"status": "processing", "providerReference": payment.reference}
    unit.happened(OrderEventType.PAYMENT_PROCESSING, bound.order_id, payment.id, shown)


async def make_again(core: Core, payment: Payment) -> None:
    """Repeat the call for one of which the provider's answer never came, while it may still be paid."""
    if not payment.is_live(core.timers.now_ms()):
        return
    made = await core.store.read(lambda records: records.order_payment(payment.id))
    created = await ask_to_make(core, payment, made, again=True)
    if isinstance(created, Created):
        await transact(core, lambda unit: keep_made(unit, payment, created))
