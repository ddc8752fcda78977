"""Examples of the routes below /api/v1, for their OpenAPI document. A test executes them."""

from typing import Any

from bakong_contracts import service_api as api
from bakong_service.api.examples import KEY_PARAMETER, refusals
from bakong_service.api.examples_orders_data import DATA, METHOD, ORDER, PAYMENT, SETTLEMENT

__all__ = ["METHOD", "ORDER", "PAYMENT", "SENT", "SETTLEMENT", "shop_documented"]

# What is sent.
SENT: dict[str, Any] = {
    "method_create": {
        "provider": "PROMPTPAY",
        "type": "QR",
        "name": "PromptPay QR",
        "minAmount": "20.00",
        "maxAmount": "150000.00",
        "feePercentage": "1.65",
        "apiKey": "sandbox_key_0123456789",
    },
    "method_change": {"priority": 5},
    "order_create": {
        "reference": "A-1001",
        "currency": "THB",
        "buyer": {"type": "company", "name": "Example Ltd"},
        "items": [
            {
                "name": "Design",
                "sku": "D-1",
                "quantity": "1",
                "unitPrice": "10000.00",
                "vatRate": "7",
                "withholdingRate": "3",
            }
        ],
    },
    "checkout": {
        "currency": "THB",
        "method": "PROMPTPAY",
        "successUrl": "https://shop.example/thanks",
        "cancelUrl": "https://shop.example/cart",
    },
    "refund": {"amount": "100.00", "reason": "requested_by_customer"},
    "settlement_mark": {"status": "PAID"},
    "merchant_change": {"name": "A shop", "branch": "00000", "defaultMethods": ["PROMPTPAY"]},
}
_CREATED = {"method_create", "order_create", "checkout", "refund"}
_ENTRY_HEAD = "type,id,orderId,amount,currency,fee,feeVat,net,at"
_ENTRY = f"payment,{PAYMENT},{ORDER},10400.00,THB,171.60,12.01,10216.39,2026-02-11T00:00:00.000Z"
_FILES = {
    "entries": {
        "text/csv": f"{_ENTRY_HEAD}\r\n{_ENTRY}\r\n",
        "application/jsonl": '{"type": "payment", "amount": "10400.00"}\n',
    },
    "audit_logs": {
        "text/csv": "id,userId,action,resource,details,ipAddress,userAgent,createdAt\r\n",
        "application/jsonl": '{"id": 1, "action": "order.create"}\n',
    },
    "transactions": {
        "text/csv": (
            "id,type,paymentId,orderId,amount,currency,status,provider,providerId,fee,actor,requestId,createdAt\r\n"
        ),
    },
    "order_stream": {
        "text/event-stream": (
            "retry: 1000\n\nid: 1\nevent: order.created\n"
            f'data: {{"type": "order.created", "orderId": "{ORDER}", "number": 1}}\n\n'
        ),
    },
}
_LISTS = {"orders", "audit_logs", "transactions"}
_FILES_ALONE = {"entries", "order_stream"}
_KEYED = {"method_delete", "order_cancel"}  # that take an Idempotency-Key, and no body
_SPECIAL: dict[str, tuple[api.Problem, ...]] = {
    "method_create": (api.PROVIDER_UNKNOWN, api.CONFLICT),
    "method": (api.METHOD_NOT_FOUND,),
    "method_change": (api.METHOD_NOT_FOUND, api.CONFLICT),
    "method_delete": (api.METHOD_NOT_FOUND, api.CONFLICT),
    "merchant_change": (api.CONFLICT,),
    "order_create": (api.TOTAL_MISMATCH, api.CONFLICT),
    "order": (api.ORDER_NOT_FOUND,),
    "checkout": (
        api.PAYMENT_FAILED,
        api.ORDER_NOT_FOUND,
        api.ORDER_NOT_PAYABLE,
        api.METHOD_UNAVAILABLE,
        api.PROVIDER_DOWN,
        api.PROVIDER_ERROR,
        api.PROVIDER_TIMEOUT,
    ),
    "payment_status": (api.ORDER_NOT_FOUND,),
    "order_cancel": (api.ORDER_NOT_FOUND, api.ORDER_NOT_PAYABLE),
    "order_stream": (api.ORDER_NOT_FOUND,),
    "order_payment": (api.PAYMENT_NOT_FOUND,),
    "payment_events": (api.PAYMENT_NOT_FOUND,),
    "provider_webhook": (api.SIGNATURE_INVALID, api.NOT_FOUND, api.EVENT_REUSED, api.TOO_LARGE),
    "refund": (api.PAYMENT_NOT_FOUND, api.REFUND_EXCEEDS),
    "settlement": (api.SETTLEMENT_NOT_FOUND,),
    "settlement_mark": (api.SETTLEMENT_NOT_FOUND, api.CONFLICT),
    "entries": (api.SETTLEMENT_NOT_FOUND,),
}


def shop_documented(name: str) -> dict[str, Any]:
    """The arguments of a route's decorator that document it."""
    sent = SENT.get(name)
    status = 201 if name in _CREATED else 200
    shown: dict[str, Any] = {"success": True, "statusCode": status, "data": DATA.get(name, {})}
    if name in _LISTS:
        shown["meta"] = {"limit": 20, "nextCursor": None, "hasMore": False}
    content: dict[str, Any] = {} if name in _FILES_ALONE else {"application/json": {"example": shown}}
    for kind, text in _FILES.get(name, {}).items():
        content[kind] = {"schema": {"type": "string"}, "example": text}
    done: dict[int | str, dict[str, Any]] = {status: {"description": "Done", "content": content}}
    if name == "checkout":
        again = {"application/json": {"example": shown | {"statusCode": 200}}}
        done[200] = {"description": "The payment that is open", "content": again}
    extra: dict[str, Any] = {}
    if sent is not None:
        extra["requestBody"] = {"content": {"application/json": {"example": sent}}}
    if name == "provider_webhook":
        content["application/json"] = {"example": {"received": True}}
        extra["requestBody"] = {"content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}}
    if sent is not None or name in _KEYED:
        extra["parameters"] = [KEY_PARAMETER]
    return {
        "operation_id": name,
        "responses": done | refusals(*_problems(name, sent)),
        "openapi_extra": extra,
    }


def _problems(name: str, sent: object) -> list[api.Problem]:
    if name == "provider_webhook":
        return [api.VALIDATION_FAILED, api.UNAVAILABLE, api.RATE_LIMITED, *_SPECIAL[name]]
    problems = [api.VALIDATION_FAILED, api.UNAVAILABLE, api.BLOCKED, api.RATE_LIMITED, api.UNAUTHORIZED]
    if sent is None:
        problems.append(api.REPEATED_HEADER)
    else:
        problems += [api.MALFORMED_REQUEST, api.TOO_LARGE, api.UNSUPPORTED_MEDIA]
    return sorted({problem.status: problem for problem in (*problems, *_SPECIAL.get(name, ()))}.values())
