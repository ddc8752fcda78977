"""Orders, what they have of their payments, and refunds, in their tables."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import orjson
from sqlalchemy import Row, and_, func, or_, select, tuple_, update

from bakong_contracts.money import exponent
from bakong_service.adapters.sql import tables as t
from bakong_service.adapters.sql.prepared import Statement, Value, prepared
from bakong_service.adapters.sql.rows import Rows, Seal
from bakong_service.adapters.sql.stored import checked, instant
from bakong_service.domain.money import Money
from bakong_service.domain.order_events import OrderEvent, OrderEventType
from bakong_service.domain.orders import Buyer, Item, Order, OrderPayment, OrderStatus
from bakong_service.domain.rates import rate_of, rate_text
from bakong_service.domain.refunds import Refund, RefundStatus, Returned, Wish
from bakong_service.domain.taxes import Line

ORDERS, HANDED = "orders", "order_payments"
_O, _OP, _F, _EV = t.orders.c, t.order_payments.c, t.refunds.c, t.order_events.c

_change = prepared(lambda order_id, values: update(t.orders).where(_O.id == order_id).values(values))
_lock = prepared(lambda order_id: select(_O.id).where(_O.id == order_id).with_for_update())
_change_payment = prepared(
    lambda payment_id, values: update(t.order_payments).where(_OP.payment_id == payment_id).values(values)
)
_next_closing = prepared(lambda: select(func.min(_OP.close_ms)).where(t.TO_CLOSE))
_payment_by_id = prepared(lambda payment_id: select(t.order_payments).where(_OP.payment_id == payment_id))
_payments = prepared(lambda order_id: select(t.order_payments).where(_OP.order_id == order_id).order_by(_OP.attempt))
_last_number = prepared(
    lambda order_id: select(_EV.number).where(_EV.order_id == order_id).order_by(_EV.number.desc()).limit(1)
)
_last_sequence = prepared(
    lambda payment_id: select(_EV.sequence).where(_EV.payment_id == payment_id).order_by(_EV.sequence.desc()).limit(1)
)
_refund_by_id = prepared(lambda refund_id: select(t.refunds).where(_F.id == refund_id).with_for_update())
_refunds = prepared(lambda order_id: select(t.refunds).where(_F.order_id == order_id).order_by(_F.created_ms, _F.id))
_next_refund = prepared(lambda: select(func.min(_F.next_try_ms)).where(t.PENDING_REFUND))


@prepared
def _by_id(order_id: Value, *, held: bool) -> Statement:
    named = select(t.orders).where(_O.id == order_id)
    return named.with_for_update() if held else named


@prepared
def _hold(payment_ids: Value) -> Statement:
    theirs = select(_OP.order_id).where(_OP.payment_id.in_(payment_ids))
    return select(_O.id).where(_O.id.in_(theirs)).order_by(_O.id).with_for_update()


@prepared
def _due_closings(now_ms: Value, limit: Value) -> Statement:
    due = select(_OP.payment_id).where(t.TO_CLOSE, _OP.close_ms <= now_ms).order_by(_OP.close_ms).limit(limit)
    return due.with_for_update(skip_locked=True)


@prepared
def _take_closings(ids: Value, until_ms: Value) -> Statement:
    return update(t.order_payments).where(_OP.payment_id.in_(ids)).values(close_ms=until_ms).returning(*_OP)


@prepared
def _events_of_order(order_id: Value, after: Value, limit: Value) -> Statement:
    theirs = select(t.order_events).where(_EV.order_id == order_id, _EV.number > after)
    return theirs.order_by(_EV.number).limit(limit)


@prepared
def _events_of_payment(payment_id: Value, after: Value, limit: Value) -> Statement:
    theirs = select(t.order_events).where(_EV.payment_id == payment_id, _EV.sequence > after)
    return theirs.order_by(_EV.sequence).limit(limit)


@prepared
def _hasten_refunds(payment_id: Value, at_ms: Value, until_ms: Value) -> Statement:
    order = select(_OP.order_id).where(_OP.payment_id == payment_id)
    waiting = update(t.refunds).where(t.PENDING_REFUND, _F.order_id.in_(order), _F.payment_id == payment_id)
    return waiting.where(_F.next_try_ms <= until_ms).values(next_try_ms=at_ms)


@prepared
def _change_refund(refund_id: Value, expected: Value, values: Value) -> Statement:
    return update(t.refunds).where(_F.id == refund_id, _F.status == expected).values(values)


@prepared
def _due_refunds(now_ms: Value, limit: Value) -> Statement:
    due = select(_F.id).where(t.PENDING_REFUND, _F.next_try_ms <= now_ms).order_by(_F.next_try_ms).limit(limit)
    return due.with_for_update(skip_locked=True)


@prepared
def _take_refunds(ids: Value, until_ms: Value) -> Statement:
    return update(t.refunds).where(_F.id.in_(ids)).values(next_try_ms=until_ms).returning(*_F)


@prepared
def _orders(merchant_id: Value, before: Value, limit: Value, now_ms: Value, *, status: OrderStatus | None) -> Statement:
    theirs = select(t.orders).where(_O.merchant_id == merchant_id)
    theirs = theirs.where(tuple_(_O.created_ms, _O.id) < tuple_(*before)) if before else theirs
    theirs = theirs if status is None else theirs.where(_seen_as(status, now_ms))
    return theirs.order_by(_O.created_ms.desc(), _O.id.desc()).limit(limit)


def _seen_as(status: OrderStatus, now_ms: Value) -> Any:
    """Orders that are seen with this status: see bakong_service.domain.orders.Order.status_at."""
    payable = _O.subtotal_minor + _O.vat_minor - _O.withholding_minor
    paid, lapsed = _O.status == OrderStatus.PAID.value, _O.expires_ms <= now_ms
    is_open = _O.status == OrderStatus.OPEN.value
    return {
        OrderStatus.OPEN: and_(is_open, or_(_O.expires_ms.is_(None), _O.expires_ms > now_ms)),
        OrderStatus.EXPIRED: and_(is_open, lapsed),
        OrderStatus.PAID: and_(paid, _O.refunded_minor == 0),
        OrderStatus.PARTIALLY_REFUNDED: and_(paid, _O.refunded_minor > 0, _O.refunded_minor < payable),
        OrderStatus.REFUNDED: and_(paid, _O.refunded_minor > 0, _O.refunded_minor >= payable),
    }.get(status, _O.status == status.value)


class OrderRows(Rows):
    """See bakong_service.ports.OrderRecords."""

    def add_order(self, order: Order) -> bool:
        """False where the merchant has the reference already."""
        return self._insert_once(t.orders, _order_row(order, self._seal))

    def order_by_id(self, order_id: str, *, held: bool = False) -> Order | None:
        """held: until the transaction ends, where the database can."""
        return self._first("order", _by_id(order_id, held=held), self._order)

    def change_order(self, order: Order) -> None:
        """Store what changes in an order's life."""
        values = {name: getattr(order, name) for name in ("payment_id", "refunded_minor", "updated_ms")}
        self._run(_change(order.id, values | {"status": order.status.value}))

    def orders_of(
        self, merchant_id: str, before: tuple[int, str] | None, limit: int, status: OrderStatus | None, now_ms: int
    ) -> list[Order]:
        """A merchant's orders, newest first, older than a place in the list."""
        rows = self._rows(_orders(merchant_id, tuple(before or ()), limit, now_ms, status=status))
        return self._readable("order", rows, self._order)

    def add_order_payment(self, made: OrderPayment) -> bool:
        """False where the order has a payment with this attempt."""
        return self._insert_once(
            t.order_payments,
            {
                "payment_id": made.payment_id,
                "order_id": made.order_id,
                "merchant_id": made.merchant_id,
                "method_id": made.method_id,
                "method": made.method,
                "attempt": made.attempt,
                "fee_percentage": rate_text(made.percentage),
                "fixed_fee": str(made.fixed_minor),
                "fee_vat_rate": rate_text(made.fee_vat_rate),
                "disputed": made.disputed,
                "handed": _handed(made, self._seal),
                "failure_code": made.failure_code,
                "failure_message": made.failure_message,
                "dispute": made.dispute,
                "close_ms": made.close_ms,
            },
        )

    def hold_orders(self, payment_ids: Sequence[str]) -> None:
        """Hold the orders of these payments until the transaction ends, in one sequence: nobody waits in a circle."""
        self._rows(_hold(list(payment_ids)))

    def change_order_payment(self, made: OrderPayment) -> None:
        """Store what changes in it: its last failure, its dispute, when it is closed."""
        changing = ("failure_code", "failure_message", "dispute", "disputed", "close_ms")
        self._run(_change_payment(made.payment_id, {name: getattr(made, name) for name in changing}))

    def next_closing_ms(self) -> int | None:
        """When the next payment is to be closed at its provider."""
        return instant(self._run(_next_closing()).scalar())

    def lease_closings(self, now_ms: int, until_ms: int, limit: int) -> list[OrderPayment]:
        """Payments that are to be closed; another worker's transaction does not take them meanwhile."""
        ids = [row.payment_id for row in self._rows(_due_closings(now_ms, limit))]
        taken = self._rows(_take_closings(ids, until_ms)) if ids else []
        return self._readable("order payment", taken, self._order_payment, "payment_id")

    def order_payment(self, payment_id: str) -> OrderPayment | None:
        return self._first("order payment", _payment_by_id(payment_id), self._order_payment, "payment_id")

    def order_payments(self, order_id: str) -> list[OrderPayment]:
        """In the order in which they were made."""
        return self._readable("order payment", self._rows(_payments(order_id)), self._order_payment, "payment_id")

    def _order_payment(self, row: Row[Any]) -> OrderPayment:
        return _order_payment(row, self._seal)

    def add_order_event(self, event: OrderEvent) -> None:
        """The next event of its order, and of its payment: one transaction at a time appends to an order's."""
        self._run(_lock(event.order_id))
        sequence = None
        if event.payment_id is not None:
            sequence = (self._run(_last_sequence(event.payment_id)).scalar() or 0) + 1
        row = {
            "order_id": event.order_id,
            "number": (self._run(_last_number(event.order_id)).scalar() or 0) + 1,
            "id": event.id,
            "payment_id": event.payment_id,
            "sequence": sequence,
            "type": event.type.value,
            "at_ms": event.at_ms,
            "data": orjson.dumps(event.data).decode(),
            "causation": event.causation[:128],
        }
        self._insert(t.order_events, row)

    def order_events(self, order_id: str, after: int, limit: int) -> list[OrderEvent]:
        """An order's events after a number, oldest first."""
        return self._readable("order event", self._rows(_events_of_order(order_id, after, limit)), _event)

    def payment_events(self, payment_id: str, after: int, limit: int) -> list[OrderEvent]:
        """A payment's events after a sequence number, oldest first."""
        return self._readable("order event", self._rows(_events_of_payment(payment_id, after, limit)), _event)

    def hasten_refunds(self, payment_id: str, at_ms: int, until_ms: int) -> int:
        """Have refunds of a payment, of an unknown outcome and due until then, asked about at once; how many."""
        return int(self._run(_hasten_refunds(payment_id, at_ms, until_ms)).rowcount)

    def add_refund(self, refund: Refund) -> None:
        self._insert(t.refunds, _refund_row(refund))

    def refund_by_id(self, refund_id: str) -> Refund | None:
        """Held until the transaction ends, where the database can."""
        return self._first("refund", _refund_by_id(refund_id), _refund)

    def change_refund(self, refund: Refund, expected: RefundStatus) -> bool:
        """Store the new state where the stored one is still the expected; of many that try, one succeeds."""
        row = _refund_row(refund)
        values = {name: row[name] for name in ("status", "provider_reference", "next_try_ms", "updated_ms")}
        return bool(self._run(_change_refund(refund.id, expected.value, values)).rowcount == 1)

    def refunds_of(self, order_id: str) -> list[Refund]:
        """An order's refunds, oldest first."""
        return self._readable("refund", self._rows(_refunds(order_id)), _refund)

    def next_refund_ms(self) -> int | None:
        """When the next refund of an unknown outcome is asked about."""
        return instant(self._run(_next_refund()).scalar())

    def lease_refunds(self, now_ms: int, until_ms: int, limit: int) -> list[Refund]:
        """Refunds of an unknown outcome that are due; another worker's transaction does not take them meanwhile."""
        ids = [row.id for row in self._rows(_due_refunds(now_ms, limit))]
        return self._readable("refund", self._rows(_take_refunds(ids, until_ms)), _refund) if ids else []

    def _order(self, row: Row[Any]) -> Order:
        checked(row, t.orders)
        document = orjson.loads(row.document)
        return Order(
            id=row.id,
            merchant_id=row.merchant_id,
            reference=row.reference,
            status=OrderStatus(row.status),
            currency=row.currency,
            items=tuple(_item(one, row.currency) for one in document["items"]),
            buyer=Buyer(**orjson.loads(self._seal.open(row.buyer, ORDERS, "buyer", row.id))),
            subtotal_minor=row.subtotal_minor,
            vat_minor=row.vat_minor,
            withholding_minor=row.withholding_minor,
            created_ms=row.created_ms,
            updated_ms=row.updated_ms,
            inclusive=document["inclusive"],
            long_contract=document["longContract"],
            description=document["description"],
            metadata=document["metadata"],
            expires_ms=row.expires_ms,
            payment_id=row.payment_id,
            refunded_minor=row.refunded_minor,
            is_plain=document.get("plain", False),
        )


def _order_row(order: Order, seal: Seal) -> dict[str, Any]:
    document = {
        "items": [_item_row(item, order.currency) for item in order.items],
        "inclusive": order.inclusive,
        "longContract": order.long_contract,
        "description": order.description,
        "metadata": order.metadata,
    } | ({"plain": True} if order.is_plain else {})
    buyer = {name: getattr(order.buyer, name) for name in ("is_company", "tax_id", "name", "email")}
    return {
        "id": order.id,
        "merchant_id": order.merchant_id,
        "reference": order.reference,
        "status": order.status.value,
        "currency": order.currency,
        "document": orjson.dumps(document).decode(),
        "buyer": seal.seal(orjson.dumps(buyer).decode(), ORDERS, "buyer", order.id),
        "subtotal_minor": order.subtotal_minor,
        "vat_minor": order.vat_minor,
        "withholding_minor": order.withholding_minor,
        "refunded_minor": order.refunded_minor,
        "payment_id": order.payment_id,
        "created_ms": order.created_ms,
        "updated_ms": order.updated_ms,
        "expires_ms": order.expires_ms,
    }


def _item_row(item: Item, currency: str) -> dict[str, Any]:
    line = item.line
    return {
        "id": item.id,
        "name": item.name,
        "sku": item.sku,
        "quantity": str(line.quantity),
        "unitPrice": Money(line.unit_price_minor, currency).decimals,
        "discount": Money(line.discount_minor, currency).decimals,
        "vatRate": None if line.vat_rate is None else rate_text(line.vat_rate),
        "withholdingRate": None if line.withholding_rate is None else rate_text(line.withholding_rate),
        "inclusive": line.inclusive,
    }


def _item(stored: dict[str, Any], currency: str) -> Item:
    places = exponent(currency)
    vat, withheld = stored["vatRate"], stored["withholdingRate"]
    line = Line(
        quantity=Decimal(stored["quantity"]),
        unit_price_minor=int(Decimal(stored["unitPrice"]).scaleb(places)),
        discount_minor=int(Decimal(stored["discount"]).scaleb(places)),
        vat_rate=None if vat is None else rate_of(vat),
        withholding_rate=None if withheld is None else rate_of(withheld),
        inclusive=stored["inclusive"],
    )
    return Item(line=line, id=stored["id"], name=stored["name"], sku=stored["sku"])


def _handed(made: OrderPayment, seal: Seal) -> str:
    """What the provider was given of the payer, sealed; "" where that is nothing."""
    given = [made.return_url, made.cancel_url, made.email]
    return seal.seal(orjson.dumps(given).decode(), HANDED, "handed", made.payment_id) if any(given) else ""


def _event(row: Row[Any]) -> OrderEvent:
    checked(row, t.order_events)
    return OrderEvent(
        id=row.id,
        order_id=row.order_id,
        payment_id=row.payment_id,
        type=OrderEventType(row.type),
        at_ms=row.at_ms,
        data=orjson.loads(row.data),
        causation=row.causation,
        number=row.number,
        sequence=row.sequence,
    )


def _order_payment(row: Row[Any], seal: Seal) -> OrderPayment:
    checked(row, t.order_payments)
    handed = orjson.loads(seal.open(row.handed, HANDED, "handed", row.payment_id)) if row.handed else ("", "", "")
    return_url, cancel_url, email = handed
    return OrderPayment(
        payment_id=row.payment_id,
        order_id=row.order_id,
        merchant_id=row.merchant_id,
        method_id=row.method_id,
        method=row.method,
        attempt=row.attempt,
        percentage=rate_of(row.fee_percentage),
        fixed_minor=int(row.fixed_fee),
        fee_vat_rate=rate_of(row.fee_vat_rate),
        return_url=return_url,
        cancel_url=cancel_url,
        email=email,
        failure_code=row.failure_code,
        failure_message=row.failure_message,
        dispute=row.dispute,
        close_ms=row.close_ms,
    )


def _refund_row(refund: Refund) -> dict[str, Any]:
    lines = [[one.line, None if one.quantity is None else str(one.quantity)] for one in refund.wish.lines]
    return {
        "id": refund.id,
        "payment_id": refund.payment_id,
        "order_id": refund.order_id,
        "merchant_id": refund.merchant_id,
        "amount_minor": refund.money.minor,
        "currency": refund.money.currency,
        "wish": orjson.dumps({"lines": lines, "amount": refund.wish.amount_minor}).decode(),
        "status": refund.status.value,
        "reason": refund.reason,
        "note": refund.note,
        "provider_reference": refund.provider_reference,
        "next_try_ms": refund.next_try_ms,
        "created_ms": refund.created_ms,
        "updated_ms": refund.updated_ms,
    }


def _refund(row: Row[Any]) -> Refund:
    checked(row, t.refunds)
    wish = orjson.loads(row.wish)
    lines = tuple(Returned(line, None if quantity is None else Decimal(quantity)) for line, quantity in wish["lines"])
    return Refund(
        id=row.id,
        payment_id=row.payment_id,
        order_id=row.order_id,
        merchant_id=row.merchant_id,
        money=Money(row.amount_minor, row.currency),
        wish=Wish(lines, wish["amount"]),
        status=RefundStatus(row.status),
        created_ms=row.created_ms,
        updated_ms=row.updated_ms,
        reason=row.reason,
        note=row.note,
        provider_reference=row.provider_reference,
        next_try_ms=row.next_try_ms,
    )
