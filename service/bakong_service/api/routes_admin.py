"""The admin API: what an operator reads, behind a key that opens nothing else. No route of it changes anything."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request

from bakong_service.api.cursors import NEWEST, Cursor, read_cursor, write_cursor
from bakong_service.api.dependencies import CoreDep, principal_of
from bakong_service.api.examples import ID
from bakong_service.api.examples_admin import SUBSCRIPTION_ID, admin_documented
from bakong_service.api.routes_settlements import Filter, audit_rows
from bakong_service.api.routes_webhooks import WebhookId
from bakong_service.api.shapes import ok, subscription_shown
from bakong_service.api.shapes_admin import (
    escrow_line_shown,
    escrow_story_shown,
    listed,
    order_line_shown,
    order_story_shown,
    payment_line_shown,
    payment_story_shown,
    subscription_story_shown,
    webhook_line_shown,
    webhook_story_shown,
)
from bakong_service.domain.audit import AuditFilter
from bakong_service.domain.errors import ForbiddenError
from bakong_service.usecases.overview import escrow_story, order_story, payment_story, subscription_story, webhook_story

READ = "admin:read"


async def _reads(request: Request) -> None:
    """An API key is a merchant's, and sees its own alone; so it does not open what is everybody's."""
    principal = principal_of(request)
    if principal.is_key or not principal.may(READ):
        raise ForbiddenError(f"expected ADMIN_READ_KEY, or a token that is good for {READ}", READ)


OneId = Annotated[str, Path(max_length=64, pattern=r"^[A-Za-z0-9_-]+$", examples=[ID])]
SubscriptionId = Annotated[str, Path(max_length=64, pattern=r"^[A-Za-z0-9_-]+$", examples=[SUBSCRIPTION_ID])]
UserId = Annotated[str | None, Query(alias="userId", min_length=1, max_length=128)]
Limit = Annotated[int, Query(ge=1, le=100)]
Place = Annotated[Cursor | None, Query()]
router = APIRouter(prefix="/api/admin", tags=["admin"], dependencies=[Depends(_reads)])


@router.get("/payments", **admin_documented("admin_payments"))
async def payments(core: CoreDep, limit: Limit = 20, cursor: Place = None, user_id: UserId = None) -> dict[str, Any]:
    """Payments of all providers and merchants, the newest first."""
    before = NEWEST if cursor is None else read_cursor(cursor)
    found = await core.store.read(lambda records: records.payment_lines(before, limit + 1, user_id))
    more = write_cursor(found[limit - 1].created_ms, found[limit - 1].id) if len(found) > limit else None
    return listed([payment_line_shown(row) for row in found[:limit]], limit, more)


@router.get("/payments/{payment_id}", **admin_documented("admin_payment"))
async def payment(payment_id: OneId, core: CoreDep) -> dict[str, Any]:
    """A payment with its history, and each transaction that a provider showed for it."""
    return ok(payment_story_shown(await payment_story(core.store, payment_id)))


@router.get("/subscriptions", **admin_documented("admin_subscriptions"))
async def subscriptions(core: CoreDep, limit: Limit = 20, cursor: Place = None) -> dict[str, Any]:
    """Subscriptions, the newest first."""
    before = None if cursor is None else read_cursor(cursor)[1]
    found = await core.store.read(lambda records: records.subscription_page(before, limit + 1))
    more = write_cursor(0, found[limit - 1].id) if len(found) > limit else None
    return listed([subscription_shown(row) for row in found[:limit]], limit, more)


@router.get("/subscriptions/{subscription_id}", **admin_documented("admin_subscription"))
async def subscription(subscription_id: SubscriptionId, core: CoreDep) -> dict[str, Any]:
    """A subscription with its history."""
    return ok(subscription_story_shown(await subscription_story(core.store, subscription_id)))


@router.get("/webhooks", **admin_documented("admin_webhooks"))
async def webhooks(core: CoreDep, limit: Limit = 20, cursor: Place = None) -> dict[str, Any]:
    """Webhooks, the newest first, and what became of each."""
    before = None if cursor is None else read_cursor(cursor)[1]
    found = await core.store.read(lambda records: records.notification_page(before, limit + 1))
    more = write_cursor(0, found[limit - 1].id) if len(found) > limit else None
    return listed([webhook_line_shown(row) for row in found[:limit]], limit, more)


@router.get("/webhooks/{webhook_id}", **admin_documented("admin_webhook"))
async def webhook(webhook_id: WebhookId, core: CoreDep) -> dict[str, Any]:
    """A webhook with its body and every try: its headers, signed anew by the secrets of now, and its answer."""
    return ok(webhook_story_shown(await webhook_story(core, webhook_id)))


@router.get("/orders", **admin_documented("admin_orders"))
async def orders(core: CoreDep, limit: Limit = 20, cursor: Place = None) -> dict[str, Any]:
    """Orders of all merchants, the newest first; none with its buyer."""
    before = None if cursor is None else read_cursor(cursor)[1]
    found = await core.store.read(lambda records: records.order_page(before, limit + 1))
    more = write_cursor(0, found[limit - 1].id) if len(found) > limit else None
    return listed([order_line_shown(row) for row in found[:limit]], limit, more)


@router.get("/orders/{order_id}", **admin_documented("admin_order"))
async def order(order_id: OneId, core: CoreDep) -> dict[str, Any]:
    """An order with its events and its refunds."""
    return ok(order_story_shown(await order_story(core.store, order_id)))


@router.get("/escrow", **admin_documented("admin_escrow_payments"))
async def escrow_payments(core: CoreDep, limit: Limit = 20, cursor: Place = None) -> dict[str, Any]:
    """Payments whose money is held, the newest first; none with those whom it is about."""
    before = None if cursor is None else read_cursor(cursor)[1]
    found = await core.store.read(lambda records: records.escrow_page(before, limit + 1))
    more = write_cursor(0, found[limit - 1].id) if len(found) > limit else None
    return listed([escrow_line_shown(row) for row in found[:limit]], limit, more)


@router.get("/escrow/{payment_id}", **admin_documented("admin_escrow_payment"))
async def escrow_payment(payment_id: OneId, core: CoreDep) -> dict[str, Any]:
    """A payment whose money is held, with its double entry and its refunds."""
    return ok(escrow_story_shown(await escrow_story(core.store, payment_id)))


@router.get("/audit-logs", **admin_documented("admin_audit_logs"))
async def audit_logs(
    core: CoreDep,
    limit: Limit = 20,
    cursor: Place = None,
    resource: Annotated[Filter | None, Query()] = None,
    action: Annotated[Filter | None, Query()] = None,
) -> dict[str, Any]:
    """Who did what to what, newest first, as at /api/v1/audit-logs; who reads it stands in it, too."""
    shown, more = await audit_rows(core, AuditFilter(resource=resource, action=action), limit, cursor)
    return listed(shown, limit, more)
