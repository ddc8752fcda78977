"""The bodies and answers of the API, field for field."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal, assert_never

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

from bakong_contracts.service_api import BULK_LIMIT, Plan, Priority
from bakong_service.domain.events import Attempt, Notification, iso
from bakong_service.domain.handoff import ClientSecret, Code, Handoff, Redirect
from bakong_service.domain.payments import Payment
from bakong_service.domain.subscriptions import Subscription


class Body(BaseModel):
    """A request body: camelCase names, no unknown fields, no conversions."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", populate_by_name=False)


def _number(value: object) -> object:
    """A JSON number, exactly; a text is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise ValueError("expected a number")  # noqa: TRY004  pydantic turns ValueError into a message
    return Decimal(str(value))


def _askable(user_id: str) -> str:
    """A path ends in a user's id, and in "." or ".." it would be the folder above, however it is escaped."""
    if user_id in (".", ".."):
        raise ValueError("expected an id that a path can name")
    return user_id


Amount = Annotated[Decimal, BeforeValidator(_number), Field(gt=0, max_digits=15, decimal_places=2)]
UserId = Annotated[
    str,
    StringConstraints(strict=True, min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f]+$"),
    AfterValidator(_askable),
]
TransactionId = Annotated[
    str, StringConstraints(strict=True, min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$")
]
HttpUrl = Annotated[str, StringConstraints(strict=True, max_length=2048, pattern=r"^https?://[!-~]+$")]
Label = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$")]
Reason = Annotated[str, StringConstraints(strict=True, max_length=160, pattern=r"^[^\x00-\x1f\x7f]*$")]
Md5Text = Annotated[str, StringConstraints(strict=True, pattern=r"^[0-9a-f]{32}$")]


class CreatePayment(Body):
    user_id: UserId
    plan_type: Plan
    amount: Amount
    currency: Literal["USD", "KHR"]
    callback: HttpUrl | None = None
    app_name: Label | None = None
    app_icon_url: HttpUrl | None = None


class MonitorOptions(Body):
    timeout: Annotated[int, Field(strict=True, ge=1, le=900_000)] = 300_000
    interval: Annotated[int, Field(strict=True, ge=1000, le=900_000)] = 5_000
    max_attempts: Annotated[int, Field(strict=True, ge=1, le=10_000)] = 60
    priority: Priority = Priority.NORMAL


class MonitorPayment(Body):
    transaction_id: TransactionId
    options: MonitorOptions = Field(default_factory=MonitorOptions)


class BulkCheck(Body):
    md5_hashes: Annotated[list[Md5Text], Field(min_length=1, max_length=BULK_LIMIT)]


class ForUser(Body):
    user_id: UserId


class Upgrade(ForUser):
    callback: HttpUrl | None = None


class Cancel(ForUser):
    reason: Reason | None = None


class SendTest(Body):
    callback: HttpUrl | None = None


def ok(shown: object) -> dict[str, Any]:
    return {"success": True, "data": shown}


def payment_created(payment: Payment) -> dict[str, Any]:
    shown = {
        "transactionId": payment.id,
        "billNumber": payment.bill_number,
        "md5Hash": payment.md5,
        "qrCode": payment.code.text,
        "qrImagePath": f"/qr-codes/{payment.md5}.png",
        "deepLink": payment.code.deep_link,
        "amount": payment.money.number,
        "currency": payment.money.currency,
        "status": payment.status.value,
        "createdAt": iso(payment.created_ms),
        "expiresAt": iso(payment.expires_ms),
    }
    return shown if payment.code.short_link is None else shown | {"shortLink": payment.code.short_link}


def payment_status(payment: Payment) -> dict[str, Any]:
    return {
        "transactionId": payment.id,
        "md5Hash": payment.md5,
        "status": payment.status.value,
        "amount": payment.money.number,
        "currency": payment.money.currency,
        "paidAt": None if payment.paid_ms is None else iso(payment.paid_ms),
        "late": payment.late,
        "flag": payment.flag,
        "createdAt": iso(payment.created_ms),
        "updatedAt": iso(payment.updated_ms),
    }


def payment_shown(payment: Payment) -> dict[str, Any]:
    """A payment of any provider."""
    return {
        "id": payment.id,
        "provider": payment.provider,
        "reference": payment.reference,
        "status": payment.status.value,
        "amount": payment.money.number,
        "currency": payment.money.currency,
        "handoff": handoff_shown(payment.handoff),
        "late": payment.late,
        "flag": payment.flag,
        "createdAt": iso(payment.created_ms),
        "expiresAt": iso(payment.expires_ms),
        "updatedAt": iso(payment.updated_ms),
        "paidAt": None if payment.paid_ms is None else iso(payment.paid_ms),
    }


def handoff_shown(handoff: Handoff) -> dict[str, Any] | None:
    """What the payer pays by; None once it is no longer kept."""
    match handoff:
        case Code(text="", deep_link=""):
            return None
        case Code(text, deep_link, short_link):
            links = {"deepLink": deep_link} | ({} if short_link is None else {"shortLink": short_link})
            return {"kind": "code", "text": text} | links
        case Redirect(url):
            return {"kind": "redirect", "url": url}
        case ClientSecret(secret):
            return {"kind": "client_secret", "secret": secret}
        case _:
            assert_never(handoff)


def payment_listed(payment: Payment) -> dict[str, Any]:
    """A row of the history, and of what a user paid lately."""
    return {
        **payment_status(payment),
        "billNumber": payment.bill_number,
        "planType": payment.sold.value,
        "purpose": payment.purpose.value,
        "expiresAt": iso(payment.expires_ms),
    }


def payment_checked(md5: str, by_md5: Mapping[str, Payment | None]) -> dict[str, Any]:
    """A row of a bulk check: of a payment, of one that cannot be read, or of none."""
    payment = by_md5.get(md5)
    if payment is None:
        return {"md5Hash": md5, "status": "unreadable" if md5 in by_md5 else "not_found"}
    return payment_status(payment)


def subscription_shown(subscription: Subscription) -> dict[str, Any]:
    shown = {
        "id": subscription.id,
        "userId": subscription.user_id,
        "planType": subscription.plan.value,
        "status": subscription.status.value,
        "startDate": iso(subscription.start_ms),
        "nextBillingDate": iso(subscription.next_billing_ms),
        "lastBillingDate": iso(subscription.last_billing_ms),
        "createdAt": iso(subscription.created_ms),
    }
    if subscription.pending_plan is not None:
        shown["pendingPlanType"] = subscription.pending_plan.value
    if subscription.cancel_at_ms is not None:
        shown["cancelAt"] = iso(subscription.cancel_at_ms)
    return shown


def webhook_shown(notification: Notification, attempts: list[Attempt]) -> dict[str, Any]:
    """A webhook and its tries. Of its URL the host alone: the rest may be a secret of the receiver's."""
    return {
        "webhookId": notification.id,
        "event": notification.event.value,
        "state": notification.state,
        "receiver": notification.host or None,
        "createdAt": iso(notification.created_ms),
        "deliveredAt": None if notification.delivered_ms is None else iso(notification.delivered_ms),
        "nextTryAt": None if notification.next_try_ms is None else iso(notification.next_try_ms),
        "attempts": [
            {"number": tried.number, "at": iso(tried.at_ms), "status": tried.status, "error": tried.error}
            for tried in attempts
        ],
    }
