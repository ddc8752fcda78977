"""Examples of the admin API, for its OpenAPI document. A test executes them."""

from typing import Any

from bakong_contracts import service_api as api
from bakong_service.api.examples import ID, LISTED, MD5, SUBSCRIPTION, USER, WEBHOOK_SHOWN, refusals

SUBSCRIPTION_ID: str = SUBSCRIPTION["id"]
_AT = LISTED["createdAt"]
_CHANGE = {"from": "PENDING", "to": "PAID", "why": "paid", "at": _AT}
_PAYMENT: dict[str, Any] = {
    "id": ID,
    "userId": USER,
    "provider": "bakong",
    "reference": MD5,
    "billNumber": LISTED["billNumber"],
    "status": "PAID",
    "amount": 0.5,
    "currency": "USD",
    "planType": "PREMIUM",
    "purpose": "plan",
    "late": False,
    "flag": None,
    "createdAt": _AT,
    "expiresAt": LISTED["expiresAt"],
    "updatedAt": _AT,
    "paidAt": _AT,
}
_RECEIPT = {"hash": "8465d722", "verdict": "accepted", "amount": 0.5, "currency": "USD", "at": _AT}
_WEBHOOK = {name: value for name, value in WEBHOOK_SHOWN.items() if name != "attempts"}
_WEBHOOK |= {"event": "payment.paid", "state": "given_up", "nextTryAt": None}
_HEADERS = {
    "webhook-id": WEBHOOK_SHOWN["webhookId"],
    "webhook-timestamp": "1770768000",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}
_TRIED = {"number": 1, "at": _AT, "status": None, "error": "ConnectError", "answer": None, "headers": _HEADERS}
_ORDER: dict[str, Any] = {
    "id": ID,
    "merchantId": "main-backend",
    "reference": "INV-1",
    "status": "created",
    "currency": "USD",
    "total": "0.50",
    "payable": "0.50",
    "refundedAmount": "0.00",
    "paymentId": None,
    "createdAt": _AT,
    "updatedAt": _AT,
    "expiresAt": None,
}
_ESCROW: dict[str, Any] = {
    "id": ID,
    "invoice": "INV-20260211-0001",
    "jobId": "job-1",
    "method": "bkash",
    "status": "PENDING",
    "escrowStatus": "PENDING",
    "currency": "BDT",
    "amount": "1000.00",
    "captured": "0.00",
    "refunded": "0.00",
    "refunding": "0.00",
    "released": None,
    "review": None,
    "late": False,
    "createdAt": _AT,
    "expiresAt": LISTED["expiresAt"],
    "updatedAt": _AT,
    "paidAt": None,
    "releaseAt": None,
    "releasedAt": None,
}
_STEP = {"type": "order.created", "paymentId": None, "at": _AT}
_AUDIT = {
    "id": 7,
    "userId": "main-backend 1a2b3c4d",
    "action": "payment.create",
    "resource": f"payment/{ID}",
    "details": {"before": None, "after": {"status": "PENDING"}, "requestId": "a1b2"},
    "ipAddress": "127.0.0.1",
    "userAgent": "shop/1.0",
    "createdAt": _AT,
}

ADMIN_EXAMPLES: dict[str, Any] = {
    "admin_payments": [_PAYMENT],
    "admin_payment": _PAYMENT | {"history": [_CHANGE], "receipts": [_RECEIPT]},
    "admin_subscriptions": [SUBSCRIPTION],
    "admin_subscription": SUBSCRIPTION | {"history": [_CHANGE | {"planType": "PREMIUM"}]},
    "admin_webhooks": [_WEBHOOK | {"tries": 1, "lastStatus": None, "lastError": "ConnectError"}],
    "admin_webhook": _WEBHOOK
    | {"body": {"type": "payment.paid", "timestamp": _AT, "data": {"userId": USER}}, "attempts": [_TRIED]},
    "admin_orders": [_ORDER],
    "admin_order": _ORDER | {"events": [_STEP], "refunds": []},
    "admin_escrow_payments": [_ESCROW],
    "admin_escrow_payment": _ESCROW | {"postings": [], "refunds": []},
    "admin_audit_logs": [_AUDIT],
}
_ALWAYS = (
    api.INVALID,
    api.UNAVAILABLE,
    api.FORBIDDEN,
    api.RATE_LIMITED,
    api.UNAUTHORIZED,
    api.REPEATED_HEADER,
)


def admin_documented(name: str) -> dict[str, Any]:
    """The arguments of a route's decorator that document it."""
    data = ADMIN_EXAMPLES[name]
    shown: dict[str, Any] = {"success": True, "data": data}
    if isinstance(data, list):
        shown["meta"] = {"limit": 20, "nextCursor": None, "hasMore": False}
    missing = () if isinstance(data, list) else (api.NOT_FOUND,)
    done: dict[int | str, dict[str, Any]] = {
        200: {"description": "Done", "content": {"application/json": {"example": shown}}}
    }
    return {"operation_id": name, "responses": done | refusals(*_ALWAYS, *missing)}
