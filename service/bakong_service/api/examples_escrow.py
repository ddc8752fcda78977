"""Examples of escrow's routes, for their OpenAPI document; tests hold them to its schemas."""

from typing import Any

from bakong_contracts import service_api as api
from bakong_service.api import shapes_escrow as shapes
from bakong_service.api.examples import KEY_PARAMETER, refusals

PAYMENT = "019c4a1e-7d2b-7c3a-9f10-2b3c4d5e6f71"
PAID = "019c4a1e-7d2b-7c3a-9f10-2b3c4d5e6f72"
JOB = "job-1042"
BKASH, NAGAD = "TR0011AbCdEfG1770768000000", "MDIxMTA2MDAwMDAwMC42ODMwMDIwMDcxMDQyMjUuSU5W"
_TXN, _INVOICE = "TXN-1770768000000", "INV-1770768000000-ABC123"
_CREATED, _EXPIRES = "2026-02-11T00:00:00Z", "2026-02-11T00:15:00Z"
_PAID_AT = "2026-02-11T00:02:00Z"

_JOB: dict[str, Any] = {
    "packageName": "Night care, 7 days",
    "guardian": {"id": "guardian-1", "fullName": "Ayesha Rahman"},
    "caregiver": {"id": "caregiver-1", "fullName": "Rina Das"},
    "agency": {"id": "agency-1", "companyName": "Shurjo Care"},
    "status": "OPEN",
}
_ESCROW = {
    "id": "019c4a1e-8000-7000-8000-000000000002",
    "amount": 15000.0,
    "platformFee": 750.0,
    "netAmount": 14250.0,
    "status": "AWAITING_FUNDS",
}
_HEAD: dict[str, Any] = {
    "id": PAYMENT,
    "jobId": JOB,
    "payerId": "guardian-1",
    "amount": 15000.0,
    "method": "BKASH",
    "currency": "BDT",
    "status": "PENDING",
    "transactionId": _TXN,
    "reference": _TXN,
    "gatewayTransactionId": None,
    "invoiceNumber": _INVOICE,
}
_LISTED = _HEAD | {
    "refundedAmount": 0.0,
    "failureReason": None,
    "late": False,
    "needsReview": False,
    "escrow": _ESCROW | {"releasedAt": None},
    "createdAt": _CREATED,
    "expiresAt": _EXPIRES,
    "paidAt": None,
}
_REFUND = {
    "id": "ref_019c4a1e800070008000000000000003",
    "amount": 5000.0,
    "status": "PROCESSING",
    "reason": "The caregiver did not come",
    "initiatedBy": "admin-1",
    "initiatedAt": _PAID_AT,
    "completedAt": None,
    "providerRefundId": None,
    "failure": None,
    "needsReview": False,
}
SEEN = _LISTED | {
    "availableForRefund": 0.0,
    "reviewReason": None,
    "job": _JOB | {"id": JOB, "completedAt": None},
    "gatewayResponse": {"statusCode": None, "statusMessage": None},
    "refunds": [],
}

# The kind of body, what is sent, and the rest of what comes back beside `success`.
EXAMPLES: dict[str, tuple[type[Any] | None, Any, dict[str, Any]]] = {
    "job_put": (shapes.PutJob, _JOB, {"data": _JOB | {"id": JOB, "completedAt": None}}),
    "escrow_create": (
        shapes.CreatePayment,
        {"jobId": JOB, "amount": 15000.0, "method": "BKASH", "currency": "BDT"},
        {
            "data": _HEAD
            | {
                "paymentUrl": f"http://127.0.0.1:3002/pay/{PAYMENT}",
                "qrCode": "data:image/png;base64,iVBORw0K...",
                "escrow": _ESCROW,
                "createdAt": _CREATED,
                "expiresAt": _EXPIRES,
            }
        },
    ),
    "escrow_list": (
        None,
        None,
        {"data": [_LISTED], "meta": {"page": 1, "limit": 20, "total": 1, "totalPages": 1}},
    ),
    "bkash_create": (
        shapes.CreateBkash,
        {"paymentId": PAYMENT, "amount": 15000.0, "callbackUrl": "https://care.example/payment/callback"},
        {
            "data": {
                "bkashURL": "https://sandbox.payment.bkash.com/?paymentId=TR0011...",
                "paymentID": BKASH,
                "createTime": _CREATED,
                "orgLogo": "",
                "orgName": "Sandbox Care",
                "transactionStatus": "Initiated",
            }
        },
    ),
    "bkash_execute": (
        shapes.ExecuteBkash,
        {"paymentId": PAYMENT, "paymentID": BKASH},
        {
            "message": "Payment successful",
            "data": {
                "paymentId": PAYMENT,
                "status": "COMPLETED",
                "trxID": "DBB0123456",
                "transactionStatus": "Completed",
                "amount": "15000.00",
                "currency": "BDT",
                "paidAt": _PAID_AT,
            },
        },
    ),
    "nagad_create": (
        shapes.CreateNagad,
        {"paymentId": PAID, "amount": 15000.0},
        {
            "data": {
                "paymentReferenceId": NAGAD,
                "callBackUrl": "https://sandbox-ssl.mynagad.com:10061/check-out/MDIx...",
                "challenge": "",
            }
        },
    ),
    "nagad_verify": (
        shapes.VerifyNagad,
        {"paymentId": PAID, "paymentReferenceId": NAGAD},
        {
            "message": "Payment verified",
            "data": {
                "paymentId": PAID,
                "status": "COMPLETED",
                "orderId": "INV1770768000000ABC123",
                "issuerPaymentRefNo": "0001N4GD",
                "amount": "15000.00",
                "paidAt": _PAID_AT,
            },
        },
    ),
    "escrow_refund": (
        shapes.AskRefund,
        {"reason": "The caregiver did not come", "amount": 5000.0, "notes": "Ticket 77"},
        {
            "data": {
                "refundId": _REFUND["id"],
                "paymentId": PAID,
                "amount": 5000.0,
                "reason": _REFUND["reason"],
                "status": "PROCESSING",
                "initiatedBy": "admin-1",
                "initiatedAt": _PAID_AT,
                "expectedCompletionTime": "2026-02-14T00:02:00Z",
            }
        },
    ),
    "escrow_refunds": (None, None, {"data": [_REFUND]}),
    "escrow_release": (
        None,
        None,
        {
            "data": {
                "escrowId": _ESCROW["id"],
                "amount": 15000.0,
                "platformFee": 750.0,
                "netAmount": 14250.0,
                "status": "RELEASED",
                "releasedTo": {
                    "agency": {"amount": 13500.0, "companyName": "Shurjo Care"},
                    "caregiver": {"amount": 750.0, "fullName": "Rina Das"},
                },
                "releasedAt": _PAID_AT,
            }
        },
    ),
    "payment_webhook": (
        shapes.PaymentWebhook,
        {
            "paymentId": PAYMENT,
            "transactionId": "DBB0123456",
            "status": "SUCCESS",
            "amount": "15000.00",
            "currency": "BDT",
            "gatewayResponse": {
                "merchantInvoiceNumber": _INVOICE,
                "paymentMode": "0011",
                "statusCode": "0000",
                "statusMessage": "Successful",
            },
        },
        {"message": "Webhook processed", "data": {"received": True}},
    ),
    "escrow_review": (None, None, {"data": {"payments": [], "refunds": []}}),
    "escrow_reconciliation": (
        None,
        None,
        {"data": {"payments": 2, "clearing": {"BKASH": 15000.0, "NAGAD": 15000.0}, "total": 0.0, "differences": []}},
    ),
}
_CREATED_BY = {"escrow_create", "escrow_refund"}
_KEYED = {
    *("escrow_create", "bkash_create", "bkash_execute", "nagad_create", "nagad_verify"),
    *("escrow_refund", "escrow_release"),
}
_PROVIDERS = (api.PAYMENT_EXPIRED, api.PROVIDER_ERROR, api.PROVIDER_TIMEOUT, api.PAYMENT_NOT_FOUND)
_SPECIAL: dict[str, tuple[api.Problem, ...]] = {
    "job_put": (api.JOB_HAS_PAYMENT, api.JOB_NOT_FOUND),
    "escrow_create": (api.JOB_HAS_PAYMENT, api.INVALID_AMOUNT, api.JOB_NOT_FOUND),
    "bkash_create": (*_PROVIDERS, api.AMOUNT_MISMATCH),
    "nagad_create": (*_PROVIDERS, api.AMOUNT_MISMATCH),
    "bkash_execute": (*_PROVIDERS, api.PAYMENT_FAILED),
    "nagad_verify": (*_PROVIDERS, api.PAYMENT_FAILED),
    "escrow_refund": (api.PAYMENT_NOT_FOUND, api.EXCEEDS_AVAILABLE, api.ESCROW_RELEASED),
    "escrow_refunds": (api.PAYMENT_NOT_FOUND,),
    "escrow_release": (api.PAYMENT_NOT_FOUND, api.ALREADY_RELEASED),
    "payment_webhook": (api.INVALID_SIGNATURE, api.PAYMENT_NOT_FOUND),
}


def escrow_documented(name: str) -> dict[str, Any]:
    """The arguments of a route's decorator that document it."""
    kind, sent, rest = EXAMPLES[name]
    status = 201 if name in _CREATED_BY else 200
    example = {"success": True, **rest}
    extra: dict[str, Any] = {}
    if kind is not None:
        content = {"schema": _schema(kind), "example": sent}
        extra["requestBody"] = {"required": True, "content": {"application/json": content}}
    if name in _KEYED:
        extra["parameters"] = [KEY_PARAMETER]
    done = {"description": "Done", "content": {"application/json": {"example": example}}}
    return {
        "operation_id": name,
        "responses": {status: done, **refusals(*_problems(name, has_body=kind is not None))},
        "openapi_extra": extra,
    }


def _schema(kind: type[Any]) -> dict[str, Any]:
    """The body's JSON Schema, with what it refers to in its place."""
    made: dict[str, Any] = kind.model_json_schema()
    known = made.pop("$defs", {})

    def inlined(value: Any) -> Any:
        if isinstance(value, dict):
            if "$ref" in value:
                return inlined(known[value["$ref"].rpartition("/")[2]])
            return {key: inlined(inner) for key, inner in value.items()}
        return [inlined(one) for one in value] if isinstance(value, list) else value

    schema: dict[str, Any] = inlined(made)
    return schema


def _problems(name: str, *, has_body: bool) -> list[api.Problem]:
    problems = [api.INVALID, api.UNAVAILABLE, api.BLOCKED, api.RATE_LIMITED, api.UNAUTHORIZED]
    if has_body:
        problems += [api.BAD_JSON, api.TOO_LARGE, api.UNSUPPORTED_MEDIA]
    else:
        problems.append(api.REPEATED_HEADER)
    if name == "payment_webhook":
        problems.remove(api.UNAUTHORIZED)
    else:
        problems[problems.index(api.BLOCKED)] = api.FORBIDDEN
    if name in _KEYED:
        problems.append(api.CONFLICT)
    return sorted({problem.status: problem for problem in (*problems, *_SPECIAL.get(name, ()))}.values())
