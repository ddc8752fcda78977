"""What has become of an order's payments; the provider is asked where a caller wants it, and not too often."""

from dataclasses import dataclass

from bakong_service.domain.orders import Order, OrderPayment
from bakong_service.domain.payments import Payment
from bakong_service.domain.refunds import Refund
from bakong_service.ports import Records
from bakong_service.usecases.core import Core
from bakong_service.usecases.orders.make_order import owned
from bakong_service.usecases.poll_payments import expire_due
from bakong_service.usecases.refresh import refresh

ASK_AGAIN_MS = 5_000


@dataclass(frozen=True, slots=True)
class PaymentState:
    """One payment of an order."""

    made: OrderPayment
    payment: Payment


@dataclass(frozen=True, slots=True)
class Standing:
    """An order with its payments, oldest first, and its refunds."""

    order: Order
    payments: list[PaymentState]
    refunds: list[Refund]

    @property
    def present(self) -> PaymentState | None:
        """The one that counts: which has paid, or is waited for, or was made last."""
        named = [one for one in self.payments if one.payment.id == self.order.payment_id]
        return next(iter(named or self.payments[-1:]), None)


async def payment_status(core: Core, owner: str, order_id: str, *, asks: bool) -> Standing:
    """Raises ShopError. asks: the provider is asked, at most once in 5 s for a payment."""
    standing = await core.store.read(lambda records: _standing(records, owner, order_id))
    present = standing.present
    if not asks or present is None or not present.payment.is_open:
        return standing
    payment, now_ms = present.payment, core.timers.now_ms()
    asked_ms = await core.store.read(lambda records: records.last_asked_ms(payment.id))
    if asked_ms is None or now_ms - asked_ms >= ASK_AGAIN_MS:
        await refresh(core, [payment])
        if not payment.is_live(now_ms):
            await expire_due(core, payment.provider)
    return await core.store.read(lambda records: _standing(records, owner, order_id))


def _standing(records: Records, owner: str, order_id: str) -> Standing:
    order = owned(records.order_by_id(order_id), owner, order_id)
    payments = [
        PaymentState(made, payment)
        for made in records.order_payments(order_id)
        if (payment := records.payment_by_id(made.payment_id)) is not None
    ]
    return Standing(order, payments, records.refunds_of(order_id))
