"""The answers of the admin API. None holds a code, an account, an address of a receiver, or a secret."""

from typing import Any

import orjson

from bakong_service.api.shapes import subscription_shown, webhook_shown
from bakong_service.domain.escrow_numbers import CURRENCY
from bakong_service.domain.events import Notification, iso
from bakong_service.domain.money import Money
from bakong_service.domain.overview import Change, EscrowLine, OrderLine, PaymentLine, RefundLine
from bakong_service.usecases.overview import EscrowStory, OrderStory, PaymentStory, SubscriptionStory, WebhookStory


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
    attempts = [
        row | {"answer": tried.answer or None, "headers": headers}
        for row, (tried, headers) in zip(shown["attempts"], story.attempts, strict=True)
    ]
    return shown | {"body": orjson.loads(story.notification.body), "attempts": attempts}


def order_line_shown(order: OrderLine) -> dict[str, Any]:
    """Amounts are text, as in the API of orders."""
    total = order.subtotal_minor + order.vat_minor
    return {
        "id": order.id,
        "merchantId": order.merchant_id,
        "reference": order.reference,
        "status": order.status,
        "currency": order.currency,
        "total": Money(total, order.currency).decimals,
        "payable": Money(total - order.withholding_minor, order.currency).decimals,
        "refundedAmount": Money(order.refunded_minor, order.currency).decimals,
        "paymentId": order.payment_id,
        "createdAt": iso(order.created_ms),
        "updatedAt": iso(order.updated_ms),
        "expiresAt": _when(order.expires_ms),
    }


def order_story_shown(story: OrderStory) -> dict[str, Any]:
    events = [{"type": row.type, "paymentId": row.payment_id, "at": iso(row.at_ms)} for row in story.steps]
    refunds = [_refund_line_shown(row, story.order.currency) for row in story.refunds]
    return order_line_shown(story.order) | {"events": events, "refunds": refunds}


def escrow_line_shown(payment: EscrowLine) -> dict[str, Any]:
    """Amounts are text."""
    released = payment.released_minor
    return {
        "id": payment.id,
        "invoice": payment.invoice,
        "jobId": payment.job_id,
        "method": payment.method,
        "status": payment.status,
        "escrowStatus": payment.escrow_status,
        "currency": CURRENCY,
        "amount": _taka(payment.amount_minor),
        "captured": _taka(payment.captured_minor),
        "refunded": _taka(payment.refunded_minor),
        "refunding": _taka(payment.processing_minor),
        "released": None if released is None else _taka(released),
        "review": payment.review,
        "late": bool(payment.late),
        "createdAt": iso(payment.created_ms),
        "expiresAt": iso(payment.expires_ms),
        "updatedAt": iso(payment.updated_ms),
        "paidAt": _when(payment.paid_ms),
        "releaseAt": _when(payment.release_ms),
        "releasedAt": _when(payment.released_ms),
    }


def escrow_story_shown(story: EscrowStory) -> dict[str, Any]:
    postings = [
        {
            "number": row.number,
            "fact": row.fact,
            "account": row.account,
            "amount": _taka(row.amount),
            "at": iso(row.at_ms),
        }
        for row in story.postings
    ]
    refunds = [_refund_line_shown(row, CURRENCY) for row in story.refunds]
    return escrow_line_shown(story.payment) | {"postings": postings, "refunds": refunds}


def _refund_line_shown(row: RefundLine, currency: str) -> dict[str, Any]:
    return {
        "id": row.id,
        "status": row.status,
        "amount": Money(row.amount_minor, currency).decimals,
        "reason": row.reason,
        "createdAt": iso(row.created_ms),
        "updatedAt": iso(row.updated_ms),
    }


def _taka(minor: int) -> str:
    return Money(minor, CURRENCY).decimals


def _when(at_ms: int | None) -> str | None:
    return None if at_ms is None else iso(at_ms)


def _change_shown(row: Change) -> dict[str, Any]:
    return {"from": row.from_status, "to": row.to_status, "why": row.why, "at": iso(row.at_ms)}
