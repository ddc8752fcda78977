"""The routes of subscriptions: a body in, a use case called, an answer out. Must not depend on the adapters."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from bakong_contracts.service_api import Plan
from bakong_service.api.dependencies import CoreDep, answer
from bakong_service.api.examples import USER, documented
from bakong_service.api.shapes import (
    Cancel,
    ForUser,
    Upgrade,
    UserId,
    ok,
    payment_created,
    payment_listed,
    subscription_shown,
)
from bakong_service.domain.events import iso
from bakong_service.domain.subscriptions import Subscription
from bakong_service.usecases import subscribe

RECENT = 5
router = APIRouter(prefix="/api/subscriptions", tags=["subscriptions"])


@router.get("/status/{userId:path}", **documented("subscription"))
async def status(user_id: Annotated[UserId, Path(alias="userId", examples=[USER])], core: CoreDep) -> dict[str, Any]:
    """What a user has, and the latest payments."""
    subscription, recent = await core.store.read(
        lambda records: (records.latest_subscription(user_id), records.user_payments(user_id, RECENT, 0))
    )
    return ok(
        {
            "hasSubscription": subscription is not None and subscription.is_running,
            "subscription": None if subscription is None else subscription_shown(subscription),
            "recentPayments": [payment_listed(payment) for payment in recent],
        }
    )


@router.post("/upgrade", **documented("upgrade"))
async def upgrade(body: Upgrade, core: CoreDep, request: Request) -> Response:
    """PREMIUM to FAMILY_PREMIUM, for the rest of what is paid. The plan changes when the payment is PAID."""
    return await answer(
        request,
        core,
        lambda commit: subscribe.upgrade(core, commit, body.user_id, body.callback),
        _upgrade,
    )


@router.post("/downgrade", **documented("downgrade"))
async def downgrade(body: ForUser, core: CoreDep, request: Request) -> Response:
    """FAMILY_PREMIUM to PREMIUM, from the next billing date on. Nothing is charged now."""
    return await answer(request, core, lambda commit: subscribe.downgrade(commit, body.user_id), _downgrade)


@router.post("/cancel", **documented("cancel"))
async def cancel(body: Cancel, core: CoreDep, request: Request) -> Response:
    """To the end of the paid period, then CANCELLED."""
    return await answer(request, core, lambda commit: subscribe.cancel(commit, body.user_id, body.reason), _cancelled)


@router.post("/renew", **documented("renew"))
async def renew(body: ForUser, core: CoreDep, request: Request) -> Response:
    """The payment of the next bill, or the renewal itself where a paid payment waits for it."""
    return await answer(request, core, lambda commit: subscribe.renew(core, commit, body.user_id), _renewal)


def _upgrade(made: subscribe.Upgrade) -> dict[str, Any]:
    requires = made.payment is not None
    return {
        "requiresPayment": requires,
        "proratedAmount": made.price.number,
        "currency": made.price.currency,
        "payment": None if made.payment is None else payment_created(made.payment),
        "subscription": subscription_shown(made.subscription),
        "message": f"pay {made.price} to upgrade" if requires else f"the plan is {Plan.FAMILY_PREMIUM.value}",
    }


def _downgrade(subscription: Subscription) -> dict[str, Any]:
    return {
        "effectiveAt": None if subscription.pending_at_ms is None else iso(subscription.pending_at_ms),
        "chargedNow": 0,
        "subscription": subscription_shown(subscription),
        "message": "the plan changes at the next billing date; nothing is charged now",
    }


def _cancelled(subscription: Subscription) -> dict[str, Any]:
    return {
        "cancelAt": None if subscription.cancel_at_ms is None else iso(subscription.cancel_at_ms),
        "subscription": subscription_shown(subscription),
        "message": "the subscription runs to the end of what is paid"
        if subscription.is_running
        else "the subscription has ended",
    }


def _renewal(made: subscribe.Renewal) -> dict[str, Any]:
    return {
        "renewed": made.renewed,
        "requiresPayment": not made.renewed,
        "payment": payment_created(made.payment),
        "subscription": subscription_shown(made.subscription),
        "message": "renewed by a payment that waited" if made.renewed else f"pay {made.payment.money} to renew",
    }
