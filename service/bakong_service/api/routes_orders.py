"""The routes of orders: made, read, listed, checked out, paid back. Must not depend on storage or the network."""

import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Request, Response
from fastapi.responses import StreamingResponse

from bakong_service.api.bodies_orders import (
    CheckOut,
    CreateOrder,
    RefundPayment,
    wanted_order,
    wish_of,
    wish_of_checkout,
)
from bakong_service.api.cursors import Cursor, read_cursor, write_cursor
from bakong_service.api.dependencies import CoreDep, OwnerDep, key_of, shop_answer
from bakong_service.api.event_stream import Stream
from bakong_service.api.examples_orders import ORDER, PAYMENT, shop_documented
from bakong_service.api.shapes_orders import (
    checkout_shown,
    done,
    order_listed,
    order_shown,
    page,
    refund_shown,
    standing_shown,
)
from bakong_service.domain.errors import ShopError
from bakong_service.domain.orders import OrderStatus
from bakong_service.usecases.orders.checkout import check_out
from bakong_service.usecases.orders.closing import cancel_order
from bakong_service.usecases.orders.make_order import find_order, make_order
from bakong_service.usecases.orders.payment_status import payment_status
from bakong_service.usecases.orders.refund import Asked, refund

OrderId = Annotated[uuid.UUID, Path(examples=[uuid.UUID(ORDER)])]
PaymentId = Annotated[str, Path(pattern=r"^pay_[0-9a-f]{32}$", examples=[PAYMENT])]
router = APIRouter(prefix="/api/v1", tags=["orders"])


@router.post("/orders", status_code=201, **shop_documented("order_create"))
async def create(body: CreateOrder, core: CoreDep, owner: OwnerDep, request: Request) -> Response:
    """Make an order, of items or of an amount. Taxes of items are computed here; sums that are given are checked."""
    wanted = wanted_order(body)
    return await shop_answer(
        request,
        core,
        lambda commit: commit(lambda unit: make_order(unit, owner, wanted)),
        lambda order: order_shown(order, order.created_ms),
        lambda _order: 201,
    )


@router.get("/orders", **shop_documented("orders"))
async def orders(
    core: CoreDep,
    owner: OwnerDep,
    status: Annotated[OrderStatus | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    cursor: Annotated[Cursor | None, Query()] = None,
) -> dict[str, Any]:
    """The merchant's orders, newest first."""
    now_ms, before = core.timers.now_ms(), None if cursor is None else read_cursor(cursor)
    rows = await core.store.read(lambda records: records.orders_of(owner, before, limit + 1, status, now_ms))
    more = write_cursor(rows[limit - 1].created_ms, rows[limit - 1].id) if len(rows) > limit else None
    return page([order_listed(order, now_ms) for order in rows[:limit]], limit, more)


@router.get("/orders/{order_id}", **shop_documented("order"))
async def order(order_id: OrderId, core: CoreDep, owner: OwnerDep) -> dict[str, Any]:
    """An order with its lines, its taxes and its status."""
    return done(order_shown(await find_order(core, owner, str(order_id)), core.timers.now_ms()))


@router.post("/orders/{order_id}/checkout", status_code=201, **shop_documented("checkout"))
async def checkout(order_id: OrderId, body: CheckOut, core: CoreDep, owner: OwnerDep, request: Request) -> Response:
    """Have an order paid by a method or a provider. 200: its open payment, again; 201: a new one."""
    return await shop_answer(
        request,
        core,
        lambda commit: check_out(core, commit, owner, str(order_id), wish_of_checkout(body)),
        checkout_shown,
        lambda out: 201 if out.is_new else 200,
    )


@router.post("/orders/{order_id}/cancel", **shop_documented("order_cancel"))
async def cancel(order_id: OrderId, core: CoreDep, owner: OwnerDep, request: Request) -> Response:
    """Take an order back that is not paid. Its open payment is asked about once more, and closed at its provider."""
    return await shop_answer(
        request,
        core,
        lambda commit: cancel_order(core, commit, owner, str(order_id)),
        lambda order: order_shown(order, order.updated_ms),
    )


@router.get("/orders/{order_id}/events", **shop_documented("order_stream"), response_class=StreamingResponse)
async def stream(
    order_id: OrderId,
    core: CoreDep,
    owner: OwnerDep,
    last_event_id: Annotated[str | None, Header(max_length=16, pattern=r"^[0-9]*$", examples=["0"])] = None,
) -> StreamingResponse:
    """An order's events as they happen, as server-sent events, until it is decided. Last-Event-ID resumes a stream."""
    order = await find_order(core, owner, str(order_id))
    news = Stream(core, order.id, owner, int(last_event_id or 0))
    return StreamingResponse(news.begin(), media_type="text/event-stream")


@router.get("/orders/{order_id}/payment-status", **shop_documented("payment_status"))
async def status(
    order_id: OrderId,
    core: CoreDep,
    owner: OwnerDep,
    refresh: Annotated[bool, Query()] = False,  # noqa: FBT002  a query parameter has a default
) -> dict[str, Any]:
    """What has become of an order's payments. refresh=true asks the provider, at most once in 5 s for a payment."""
    standing = await payment_status(core, owner, str(order_id), asks=refresh)
    return done(standing_shown(standing, core.timers.now_ms()))


@router.post("/payments/{payment_id}/refund", status_code=201, **shop_documented("refund"))
async def give_back(
    payment_id: PaymentId, core: CoreDep, owner: OwnerDep, request: Request, body: RefundPayment | None = None
) -> Response:
    """Give back lines of an order, an amount, or all that is left, where the provider can."""
    made = await core.store.read(lambda records: records.order_payment(payment_id))
    stored = None if made is None else await core.store.read(lambda records: records.order_by_id(made.order_id))
    if made is None or stored is None or made.merchant_id != owner:
        raise ShopError("payment_not_found", f"no payment has the id {payment_id}")
    key, wanted = await key_of(request), body or RefundPayment()
    asked = Asked(
        wish=wish_of(wanted, stored.currency),
        reason=wanted.reason,
        note=wanted.note,
        key=None if key is None else key.scope,
    )
    return await shop_answer(
        request,
        core,
        lambda commit: refund(core, commit, owner, payment_id, asked),
        lambda made: refund_shown(made, is_plain=stored.is_plain),
        lambda _made: 201,
    )
