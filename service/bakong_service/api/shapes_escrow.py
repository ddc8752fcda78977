"""The bodies and answers of escrow: amounts are read from their own text, and shown as numbers of two decimals."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BeforeValidator, Field, StringConstraints, ValidationError, WithJsonSchema

from bakong_service.api import pay_code, strict_json
from bakong_service.api.shapes import Body, HttpUrl
from bakong_service.api.strict_json import NumberText
from bakong_service.domain.errors import EscrowError, InvalidError
from bakong_service.domain.escrow import (
    EscrowPayment,
    EscrowRefund,
    EscrowRules,
    Job,
    JobStatus,
    Party,
    RefundKind,
)
from bakong_service.domain.escrow_book import split
from bakong_service.domain.escrow_numbers import (
    CURRENCY,
    REFUND_EXPECTED_MS,
    amount_text,
    parse_amount,
    short_iso,
    transaction_id,
)
from bakong_service.domain.handoff import Redirect
from bakong_service.usecases.escrow.concluding import Concluded
from bakong_service.usecases.escrow.jobs import SentJob
from bakong_service.usecases.escrow.paying import Opened
from bakong_service.usecases.escrow.reconciling import Reconciled
from bakong_service.usecases.escrow.seeing import Seen

_STATUS_OF = {"BKASH": ("0000", "Successful"), "NAGAD": ("000", "Success")}


def _poisha(value: object) -> int:
    """The amount of a number's own text, or of a text. Raises EscrowError."""
    minor = parse_amount(value) if isinstance(value, str) else None
    if minor is None:
        shown = repr(str(value)[:32])
        message = f"expected digits with at most two decimals, above 0, read {shown}"
        raise EscrowError("invalid_amount", message, "amount")
    return minor


def _text(value: object) -> object:
    if isinstance(value, NumberText):
        raise ValueError("expected a text")  # noqa: TRY004  pydantic turns ValueError into a message
    return value


_PLAIN = r"^[^\x00-\x1f\x7f]+$"
_LINES = r"^[^\x00-\x08\x0b-\x1f\x7f]+$"
_AMOUNT_SCHEMA = {
    "anyOf": [
        {"type": "number", "exclusiveMinimum": 0, "maximum": 99999999999.99},
        {"type": "string", "pattern": r"^(0|[1-9][0-9]{0,10})(\.[0-9]{1,2})?$"},
    ]
}
Poisha = Annotated[int, BeforeValidator(_poisha), WithJsonSchema(_AMOUNT_SCHEMA)]
_IsText = BeforeValidator(_text)
Word = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=64, pattern=_PLAIN), _IsText]
Id = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=128, pattern=_PLAIN), _IsText]
JobId = Annotated[
    str, StringConstraints(strict=True, min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._~-]+$"), _IsText
]
Reason = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=500, pattern=_LINES), _IsText]
Notes = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=1000, pattern=_LINES), _IsText]
Instant = Annotated[str, StringConstraints(strict=True, max_length=40), _IsText, WithJsonSchema({"type": "string"})]


class CreatePayment(Body):
    job_id: JobId
    amount: Poisha
    method: Word
    currency: Word


class CreateBkash(Body):
    payment_id: Word
    amount: Poisha
    callback_url: Annotated[HttpUrl, _IsText, WithJsonSchema({"type": "string", "pattern": "^https?://[!-~]+$"})]


class ExecuteBkash(Body):
    """paymentId is ours, paymentID bKash's."""

    payment_id: Word
    provider_id: Annotated[Id, Field(alias="paymentID")]


class CreateNagad(Body):
    payment_id: Word
    amount: Poisha


class VerifyNagad(Body):
    payment_id: Word
    payment_reference_id: Id


class AskRefund(Body):
    """amount: without it, all that is available."""

    reason: Reason
    amount: Poisha | None = None
    notes: Notes | None = None


class PersonSent(Body):
    id: Id
    full_name: Id


class AgencySent(Body):
    id: Id
    company_name: Id


class PutJob(Body):
    """completedAt: with COMPLETED; without it, now."""

    package_name: Id
    guardian: PersonSent
    caregiver: PersonSent
    agency: AgencySent
    status: Annotated[JobStatus, _IsText] = JobStatus.OPEN
    completed_at: Instant | None = None


class GatewayRelayed(Body):
    merchant_invoice_number: Id | None = None
    payment_mode: Id | None = None
    status_code: Id | None = None
    status_message: Id | None = None


class PaymentWebhook(Body):
    payment_id: Word
    transaction_id: Id
    status: Word
    amount: Poisha
    currency: Word
    gateway_response: GatewayRelayed | None = None


def body_of(kind: type[Any]) -> Any:
    """A dependency: the request's body as this kind of Body, its numbers read from their own text."""

    async def read(request: Request) -> Any:
        return read_body(kind, await request.body())

    return Depends(read)


def read_body(kind: type[Any], body: bytes) -> Any:
    """Raises RequestValidationError, EscrowError, and JsonError for what is no JSON."""
    if not body:
        raise RequestValidationError([{"loc": ("body",), "msg": "Field required", "type": "missing"}])
    try:
        return kind.model_validate(strict_json.read(body, exact=True))
    except ValidationError as error:
        rows = error.errors(include_url=False, include_input=False)
        raise RequestValidationError([{**row, "loc": ("body", *row["loc"])} for row in rows]) from None


def sent_job(job_id: str, body: PutJob) -> SentJob:
    """Raises InvalidError."""
    completed_ms = None
    if body.completed_at is not None:
        if body.status is not JobStatus.COMPLETED:
            raise InvalidError("completedAt", "expected only with the status COMPLETED")
        completed_ms = _instant("completedAt", body.completed_at)
    return SentJob(
        id=job_id,
        package_name=body.package_name,
        guardian=Party(body.guardian.id, body.guardian.full_name),
        caregiver=Party(body.caregiver.id, body.caregiver.full_name),
        agency=Party(body.agency.id, body.agency.company_name),
        status=body.status,
        completed_ms=completed_ms,
    )


def _instant(field: str, text: str) -> int:
    try:
        at = datetime.fromisoformat(text)
        if at.tzinfo is None or not 1970 < at.year < 2286:
            raise ValueError  # noqa: TRY301
    except ValueError:
        raise InvalidError(field, f"expected an instant with its offset, read {text[:40]!r}") from None
    return int(at.timestamp() * 1000 + 0.5)


def shown(data: object, *, message: str | None = None, meta: Mapping[str, int] | None = None) -> dict[str, Any]:
    """The envelope."""
    made: dict[str, Any] = {"success": True}
    if message is not None:
        made["message"] = message
    made["data"] = data
    return made if meta is None else made | {"meta": dict(meta)}


def number(minor: int) -> float:
    """A JSON number of two decimals, exact below 10^13 poisha.

    >>> number(1500000), number(1)
    (15000.0, 0.01)
    """
    return minor / 100


def payment_created(payment: EscrowPayment, rules: EscrowRules) -> dict[str, Any]:
    url = pay_url(payment, rules)
    shares = payment.book.shares
    escrow = {
        "id": payment.escrow_id,
        "amount": number(payment.book.amount),
        "platformFee": number(shares.fee),
        "netAmount": number(shares.net),
        "status": payment.book.escrow.value,
    }
    return payment_head(payment) | {
        "paymentUrl": url,
        "qrCode": pay_code.data_url(url),
        "escrow": escrow,
        "createdAt": short_iso(payment.created_ms),
        "expiresAt": short_iso(payment.expires_ms),
    }


def pay_url(payment: EscrowPayment, rules: EscrowRules) -> str:
    return f"{rules.public_url.rstrip('/')}/pay/{payment.id}"


def payment_head(payment: EscrowPayment) -> dict[str, Any]:
    reference = transaction_id(payment.number_ms)
    return {
        "id": payment.id,
        "jobId": payment.job_id,
        "payerId": payment.payer_id,
        "amount": number(payment.book.amount),
        "method": payment.method,
        "currency": CURRENCY,
        "status": payment.shown_status,
        "transactionId": payment.gateway_id or reference,
        "reference": reference,
        "gatewayTransactionId": payment.gateway_id,
        "invoiceNumber": payment.invoice,
    }


def payment_listed(payment: EscrowPayment) -> dict[str, Any]:
    book, shares = payment.book, payment.book.shares
    return payment_head(payment) | {
        "refundedAmount": number(book.refunded),
        "failureReason": None if payment.failure is None else payment.failure.value,
        "late": payment.late,
        "needsReview": payment.review is not None,
        "escrow": {
            "id": payment.escrow_id,
            "amount": number(shares.amount),
            "platformFee": number(shares.fee),
            "netAmount": number(shares.net),
            "status": book.escrow.value,
            "releasedAt": _when(payment.released_ms),
        },
        "createdAt": short_iso(payment.created_ms),
        "expiresAt": short_iso(payment.expires_ms),
        "paidAt": _when(payment.paid_ms),
    }


def payment_seen(seen: Seen) -> dict[str, Any]:
    payment, job = seen.payment, seen.job
    code, text = _STATUS_OF.get(payment.method, (None, None)) if payment.book.captured else (None, None)
    made = payment_listed(payment) | {
        "availableForRefund": number(payment.book.available),
        "reviewReason": payment.review,
        "job": None if job is None else job_shown(job),
        "gatewayResponse": {"statusCode": code, "statusMessage": text},
        "refunds": refunds_shown(seen.refunds),
    }
    surplus = [refund_row(one) for one in seen.refunds if one.kind is RefundKind.SURPLUS]
    return made | {"surplusRefunds": surplus} if surplus else made


def job_shown(job: Job) -> dict[str, Any]:
    return {
        "id": job.id,
        "packageName": job.package_name,
        "guardian": {"id": job.guardian.id, "fullName": job.guardian.name},
        "caregiver": {"id": job.caregiver.id, "fullName": job.caregiver.name},
        "agency": {"id": job.agency.id, "companyName": job.agency.name},
        "status": job.status.value,
        "completedAt": _when(job.completed_ms),
    }


def bkash_created(opened: Opened, rules: EscrowRules) -> dict[str, Any]:
    handoff = opened.attempted.handoff
    return {
        "bkashURL": handoff.url if isinstance(handoff, Redirect) else None,
        "paymentID": opened.attempted.reference,
        "createTime": short_iso(opened.attempted.created_ms),
        "orgLogo": rules.org_logo,
        "orgName": rules.org_name,
        "transactionStatus": "Initiated",
    }


def bkash_executed(at: Concluded) -> dict[str, Any]:
    payment = at.payment
    return {
        "paymentId": payment.id,
        "status": payment.shown_status,
        "trxID": payment.gateway_id,
        "transactionStatus": "Completed" if payment.book.captured else "Initiated",
        "amount": amount_text(payment.book.amount),
        "currency": CURRENCY,
        "paidAt": _when(payment.paid_ms),
    }


def nagad_created(opened: Opened) -> dict[str, Any]:
    """challenge: always empty; it is a secret between us and Nagad."""
    handoff = opened.attempted.handoff
    return {
        "paymentReferenceId": opened.attempted.reference,
        "callBackUrl": handoff.url if isinstance(handoff, Redirect) else None,
        "challenge": "",
    }


def nagad_verified(at: Concluded) -> dict[str, Any]:
    payment = at.payment
    order = payment.invoice if at.attempt.number == 1 else f"{payment.invoice}-{at.attempt.number}"
    return {
        "paymentId": payment.id,
        "status": payment.shown_status,
        "orderId": order.replace("-", ""),
        "issuerPaymentRefNo": payment.gateway_id,
        "amount": amount_text(payment.book.amount),
        "paidAt": _when(payment.paid_ms),
    }


def refund_asked(refund: EscrowRefund) -> dict[str, Any]:
    return {
        "refundId": refund.id,
        "paymentId": refund.payment_id,
        "amount": number(refund.amount),
        "reason": refund.reason,
        "status": refund.status.value,
        "initiatedBy": refund.initiated_by,
        "initiatedAt": short_iso(refund.created_ms),
        "expectedCompletionTime": short_iso(refund.created_ms + REFUND_EXPECTED_MS),
    }


def refunds_shown(refunds: list[EscrowRefund]) -> list[dict[str, Any]]:
    """Those of the payment's own money; what was captured twice is shown by itself."""
    return [refund_row(one) for one in refunds if one.kind is not RefundKind.SURPLUS]


def refund_row(refund: EscrowRefund) -> dict[str, Any]:
    return {
        "id": refund.id,
        "amount": number(refund.amount),
        "status": refund.status.value,
        "reason": refund.reason,
        "initiatedBy": refund.initiated_by,
        "initiatedAt": short_iso(refund.created_ms),
        "completedAt": _when(refund.completed_ms),
        "providerRefundId": refund.provider_refund_id,
        "failure": refund.failure,
        "needsReview": refund.review is not None,
    }


def released(payment: EscrowPayment, job: Job | None) -> dict[str, Any]:
    parts = split(payment.book.released or 0, payment.book.rates)
    return {
        "escrowId": payment.escrow_id,
        "amount": number(parts.amount),
        "platformFee": number(parts.fee),
        "netAmount": number(parts.net),
        "status": payment.book.escrow.value,
        "releasedTo": {
            "agency": {"amount": number(parts.agency), "companyName": "" if job is None else job.agency.name},
            "caregiver": {"amount": number(parts.caregiver), "fullName": "" if job is None else job.caregiver.name},
        },
        "releasedAt": _when(payment.released_ms),
    }


def review_shown(payments: list[EscrowPayment], refunds: list[EscrowRefund]) -> dict[str, Any]:
    return {
        "payments": [payment_listed(one) | {"reviewReason": one.review} for one in payments],
        "refunds": [refund_row(one) | {"paymentId": one.payment_id, "reviewReason": one.review} for one in refunds],
    }


def reconciled_shown(done: Reconciled) -> dict[str, Any]:
    return {
        "payments": done.payments,
        "clearing": {method: number(minor) for method, minor in sorted(done.clearing.items())},
        "total": number(done.total),
        "differences": [
            {"paymentId": one.payment_id, "what": one.what, "ours": one.ours, "theirs": one.theirs}
            for one in done.differences
        ],
    }


def _when(at_ms: int | None) -> str | None:
    return None if at_ms is None else short_iso(at_ms)
