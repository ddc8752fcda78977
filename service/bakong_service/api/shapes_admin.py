"""The answers of the admin API. None holds a code, an account, an address of a receiver, or a secret."""

from typing import Any

import orjson

from bakong_service.api.shapes import subscription_shown, webhook_shown
from bakong_service.domain.events import Notification, iso
from bakong_service.domain.money import Money
from bakong_service.domain.overview import Change, PaymentLine
from bakong_service.usecases.overview import PaymentStory, SubscriptionStory, WebhookStory


def listed(rows: list[dict[str, Any]], limit: int, cursor: str | None) -> dict[str, Any]:
    meta = {"limit": limit, "nextCursor": cursor, "hasMore": cursor is not None}
    return {"success": True, "data": rows, "meta": meta}


def payment_line_shown(payment: PaymentLine) -> dict[str, Any]:
    return {
        "id": payment.id,
        "userId": payment.user_id,
        "provider": payment.provider,
        "reference": payment.reference,
        "billNumber": payment.bill_number,
        "status": payment.status,
        "amount": Money(payment.amount_minor, payment.currency).number,
        "currency": payment.currency,
        "planType": payment.plan or None,
        "purpose": payment.purpose,
        "late": bool(payment.late),
        "flag": payment.flag,
        "createdAt": iso(payment.created_ms),
        "expiresAt": iso(payment.expires_ms),
        "updatedAt": iso(payment.updated_ms),
        "paidAt": None if payment.paid_ms is None else iso(payment.paid_ms),
    }


def payment_story_shown(story: PaymentStory) -> dict[str, Any]:
    receipts = [
        {
            "hash": row.hash,
            "verdict": row.verdict,
            "amount": None
            if row.amount_minor is None or row.currency is None
            else Money(row.amount_minor, row.currency).number,
            "currency": row.currency,
            "at": iso(row.at_ms),
        }
        for row in story.receipts
    ]
    history = [_change_shown(row) for row in story.changes]
    return payment_line_shown(story.payment) | {"history": history, "receipts": receipts}


def subscription_story_shown(story: SubscriptionStory) -> dict[str, Any]:
    history = [_change_shown(row) | {"planType": row.plan} for row in story.changes]
    return subscription_shown(story.subscription) | {"history": history}


def webhook_line_shown(notification: Notification) -> dict[str, Any]:
    shown = webhook_shown(notification, [])
    del shown["attempts"]
    error = {"lastStatus": notification.last_status, "lastError": notification.last_error}
    return shown | {"tries": notification.attempts} | error


def webhook_story_shown(story: WebhookStory) -> dict[str, Any]:
    shown = webhook_shown(story.notification, [tried for tried, _ in story.attempts])
    attempts = [row | {"headers": headers} for row, (_, headers) in zip(shown["attempts"], story.attempts, strict=True)]
    return shown | {"body": orjson.loads(story.notification.body), "attempts": attempts}


def _change_shown(row: Change) -> dict[str, Any]:
    return {"from": row.from_status, "to": row.to_status, "why": row.why, "at": iso(row.at_ms)}
