"""Examples of every route, for its OpenAPI document. A test executes them, and holds the answers to their shape."""

from typing import Any

from bakong_contracts import service_api as api
from bakong_contracts.problems import MEDIA_TYPE, document

MD5 = "2f9f1f6cc3f1f9b0a5f0c4f0e8a1b2c3"
ID = "019c4a1e-7d2b-7c3a-9f10-2b3c4d5e6f70"
USER = "sokha"
WEBHOOK = "msg_019c4a1e-9000-7000-8000-000000000001"
_CREATED, _EXPIRES, _BILL = "2026-02-11T00:00:00.000Z", "2026-02-11T00:15:00.000Z", "2026-03-13T00:00:00.000Z"

PAYMENT: dict[str, Any] = {
    "transactionId": ID,
    "billNumber": "DT-1770768000-A1B2",
    "md5Hash": MD5,
    "qrCode": "00020101021229180014shop@sand...6304ABCD",
    "qrImagePath": f"/qr-codes/{MD5}.png",
    "deepLink": "bakong://qr?qr=000201010212...",
    "amount": 0.5,
    "currency": "USD",
    "status": "PENDING",
    "createdAt": _CREATED,
    "expiresAt": _EXPIRES,
}
STATUS: dict[str, Any] = {
    "transactionId": ID,
    "md5Hash": MD5,
    "status": "PENDING",
    "amount": 0.5,
    "currency": "USD",
    "paidAt": None,
    "late": False,
    "flag": None,
    "createdAt": _CREATED,
    "updatedAt": _CREATED,
}
SHOWN: dict[str, Any] = {
    "id": ID,
    "provider": "bakong",
    "reference": MD5,
    "status": "PENDING",
    "amount": 0.5,
    "currency": "USD",
    "handoff": {"kind": "code", "text": PAYMENT["qrCode"], "deepLink": PAYMENT["deepLink"]},
    "late": False,
    "flag": None,
    "createdAt": _CREATED,
    "expiresAt": _EXPIRES,
    "updatedAt": _CREATED,
    "paidAt": None,
}
LISTED = STATUS | {
    "billNumber": PAYMENT["billNumber"],
    "planType": "PREMIUM",
    "purpose": "plan",
    "expiresAt": _EXPIRES,
}
SUBSCRIPTION: dict[str, Any] = {
    "id": "019c4a1e-8000-7000-8000-000000000001",
    "userId": USER,
    "planType": "PREMIUM",
    "status": "ACTIVE",
    "startDate": _CREATED,
    "nextBillingDate": _BILL,
    "lastBillingDate": _CREATED,
    "createdAt": _CREATED,
}
WEBHOOK_SHOWN: dict[str, Any] = {
    "webhookId": WEBHOOK,
    "event": "webhook.test",
    "state": "pending",
    "receiver": "shop.example",
    "createdAt": _CREATED,
    "deliveredAt": None,
    "nextTryAt": _CREATED,
    "attempts": [],
}
_TRIED = {"number": 1, "at": _CREATED, "status": None, "error": "ConnectError"}
_FOR_USER = {"userId": USER}

# What is sent (None: nothing), and what `data` comes back.
EXAMPLES: dict[str, tuple[Any, Any]] = {
    "create": ({"userId": USER, "planType": "PREMIUM", "amount": 0.50, "currency": "USD"}, PAYMENT),
    "status": (None, STATUS),
    "monitor": (
        {
            "transactionId": ID,
            "options": {"timeout": 5000, "interval": 1000, "maxAttempts": 1, "priority": "high"},
        },
        STATUS | {"status": "PAID", "paidAt": _CREATED, "attempts": 0, "elapsed": 0, "timedOut": False},
    ),
    "bulk_check": (
        {"md5Hashes": [MD5, "0" * 32]},
        [STATUS, {"md5Hash": "0" * 32, "status": "not_found"}],
    ),
    "history": (None, {"items": [LISTED], "total": 1, "limit": 10, "offset": 0}),
    "subscription": (None, {"hasSubscription": True, "subscription": SUBSCRIPTION, "recentPayments": [LISTED]}),
    "upgrade": (
        _FOR_USER,
        {
            "requiresPayment": True,
            "proratedAmount": 0.5,
            "currency": "USD",
            "payment": PAYMENT,
            "subscription": SUBSCRIPTION,
            "message": "pay 0.50 USD to upgrade",
        },
    ),
    "downgrade": (
        _FOR_USER,
        {
            "effectiveAt": _BILL,
            "chargedNow": 0,
            "subscription": SUBSCRIPTION | {"planType": "FAMILY_PREMIUM", "pendingPlanType": "PREMIUM"},
            "message": "the plan changes at the next billing date; nothing is charged now",
        },
    ),
    "cancel": (
        _FOR_USER | {"reason": "moving abroad"},
        {
            "cancelAt": _BILL,
            "subscription": SUBSCRIPTION | {"cancelAt": _BILL},
            "message": "the subscription runs to the end of what is paid",
        },
    ),
    "renew": (
        _FOR_USER,
        {
            "renewed": False,
            "requiresPayment": True,
            "payment": PAYMENT,
            "subscription": SUBSCRIPTION,
            "message": "pay 0.50 USD to renew",
        },
    ),
    "payment": (None, SHOWN),
    "webhook_test": ({"callback": "https://shop.example/hooks"}, WEBHOOK_SHOWN),
    "webhook": (None, WEBHOOK_SHOWN | {"state": "given_up", "nextTryAt": None, "attempts": [_TRIED]}),
    "webhook_resend": (None, WEBHOOK_SHOWN | {"attempts": [_TRIED]}),
    "event": (None, {"received": True}),
    "qr_code": (None, None),
}
_OPEN = {"event", "qr_code"}
_MISSING = {"webhook", "webhook_resend", "event", "payment", "status", "monitor", "qr_code"}
_STATEFUL = {"upgrade", "downgrade", "cancel", "renew"}
_KEYED = {"create", "monitor", "bulk_check", "webhook_test", "webhook_resend", *_STATEFUL}


def documented(name: str) -> dict[str, Any]:
    """The arguments of a route's decorator that document it."""
    sent, data = EXAMPLES[name]
    media, shown = "application/json", {"example": {"success": True, "data": data}}
    if name == "qr_code":
        media, shown = "image/png", {"schema": {"type": "string", "format": "binary"}}
    extra: dict[str, Any] = {}
    if sent is not None:
        extra["requestBody"] = {"content": {"application/json": {"example": sent}}}
    elif name == "event":
        extra["requestBody"] = {"content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}}
    if name in _KEYED:
        extra["parameters"] = [KEY_PARAMETER]
    responses: dict[int | str, dict[str, Any]] = {200: {"description": "Done", "content": {media: shown}}}
    return {
        "operation_id": name,
        "responses": responses | refusals(*_problems(name, sent)),
        "openapi_extra": extra,
    }


def _problems(name: str, sent: object) -> list[api.Problem]:
    problems = [api.INVALID, api.UNAVAILABLE, api.BLOCKED, api.RATE_LIMITED]
    if name not in _OPEN or name == "event":
        problems.append(api.UNAUTHORIZED)
    if name == "event":
        problems.append(api.TOO_LARGE)
    if sent is None:
        problems.append(api.REPEATED_HEADER)
    else:
        problems += [api.BAD_JSON, api.TOO_LARGE, api.UNSUPPORTED_MEDIA]
    if name in _MISSING:
        problems.append(api.NOT_FOUND)
    if name in _KEYED:
        problems.append(api.CONFLICT)
    return sorted(problems)


def refusals(*problems: api.Problem) -> dict[int | str, dict[str, Any]]:
    """Responses that are problems, by status."""
    return {problem.status: _problem(problem) for problem in problems}


def _problem(problem: api.Problem) -> dict[str, Any]:
    example = document(problem, "what was read, and what was expected", instance="/api/...", trace_id="a1b2")
    shown = {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example}
    return {"description": problem.title, "content": {MEDIA_TYPE: shown}}


KEY_PARAMETER = {
    "name": api.IDEMPOTENCY_HEADER,
    "in": "header",
    "required": False,
    "description": "The same key and body within 24 hours is answered the same, byte for byte.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
    "example": "7d1f0a52-order-1042",
}
