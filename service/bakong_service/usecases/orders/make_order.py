"""Orders: made of items, read and listed by their own merchant. Must not depend on HTTP or SQL."""

import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bakong_service.domain.errors import ConflictError, ShopError
from bakong_service.domain.merchants import MerchantStatus
from bakong_service.domain.order_events import OrderEventType
from bakong_service.domain.orders import (
    Buyer,
    Item,
    Order,
    OrderStatus,
    check_items,
    check_sums,
    check_tax_id,
    order_taxes,
)
from bakong_service.usecases.core import Core
from bakong_service.usecases.unit_of_work import UnitOfWork

_LETTERS = string.ascii_uppercase + string.digits


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """An order as a shop wants it. line_totals, sums: what its client takes lines and order to come to, checked.

    is_plain: it was asked for by an amount, which its one item has.
    """

    currency: str
    items: tuple[Item, ...]
    buyer: Buyer = field(default_factory=Buyer)
    inclusive: bool = False
    long_contract: bool = False
    reference: str | None = None
    description: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    expires_s: int | None = None
    line_totals: tuple[int | None, ...] = ()
    sums: Mapping[str, int] = field(default_factory=dict)
    is_plain: bool = False


def make_order(unit: UnitOfWork, owner: str, wanted: Wanted) -> Order:
    """An open order, stored. Raises ShopInvalidError, ShopError, and ConflictError for a reference that is taken."""
    check_active(unit, owner)
    check_items(wanted.items, wanted.line_totals or (None,) * len(wanted.items))
    if wanted.buyer.tax_id is not None:
        check_tax_id("buyer.taxId", wanted.buyer.tax_id, test_ids=unit.core.shop.test_tax_ids)
    sums = order_taxes(wanted.items, wanted.buyer, long_contract=wanted.long_contract)
    check_sums(sums, dict(wanted.sums))
    order = Order(
        id=unit.core.ids.new_id(),
        merchant_id=owner,
        reference=wanted.reference or "O" + unit.core.ids.letters(_LETTERS, 15),
        status=OrderStatus.OPEN,
        currency=wanted.currency,
        items=wanted.items,
        buyer=wanted.buyer,
        subtotal_minor=sums.subtotal_minor,
        vat_minor=sums.vat_minor,
        withholding_minor=sums.withholding_minor,
        created_ms=unit.at_ms,
        updated_ms=unit.at_ms,
        inclusive=wanted.inclusive,
        long_contract=wanted.long_contract,
        description=wanted.description,
        metadata=wanted.metadata,
        expires_ms=None if wanted.expires_s is None else unit.at_ms + wanted.expires_s * 1000,
        is_plain=wanted.is_plain,
    )
    if not unit.records.add_order(order):
        raise ConflictError(f"an order of yours has the reference {order.reference!r} already")
    after = {"reference": order.reference, "payable": order.payable.decimals, "currency": order.currency}
    unit.audit("order.create", f"order/{order.id}", None, after)
    unit.happened(OrderEventType.ORDER_CREATED, order.id, None, after)
    _count(unit, order)
    return order


def _count(unit: UnitOfWork, order: Order) -> None:
    unit.count("orders_total", order.currency)
    if order.currency == "THB":
        unit.count("order_amount_satang_sum", by=order.total_minor)
        unit.count("vat_satang_total", by=order.vat_minor)
        unit.count("withholding_satang_total", by=order.withholding_minor)


def check_active(unit: UnitOfWork, owner: str) -> None:
    """Raises ShopError for a merchant that is suspended."""
    merchant = unit.records.merchant(owner)
    if merchant is not None and merchant.status is MerchantStatus.SUSPENDED:
        raise ShopError("merchant_suspended", f"the merchant {owner} is suspended")


async def find_order(core: Core, owner: str, order_id: str) -> Order:
    """Raises ShopError, also for another merchant's."""
    return owned(await core.store.read(lambda records: records.order_by_id(order_id)), owner, order_id)


def owned(order: Order | None, owner: str, order_id: str) -> Order:
    """The merchant's own. Raises ShopError, also for another's."""
    if order is None or order.merchant_id != owner:
        raise ShopError("order_not_found", f"no order has the id {order_id}")
    return order
