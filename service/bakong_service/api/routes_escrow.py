"""The routes of escrow: payments of jobs, attempts, refunds, releases, and the pages that a payer's browser sees."""

import html
import uuid
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal, TypeVar

import orjson
from fastapi import APIRouter, Depends, Path, Query, Request, Response
from starlette.exceptions import HTTPException

from bakong_contracts.service_api import REPLAYED_HEADER
from bakong_service.api import shapes_escrow as shapes
from bakong_service.api.dependencies import CoreDep, key_of, principal_of
from bakong_service.api.examples_escrow import JOB, PAID, PAYMENT, escrow_documented
from bakong_service.api.guard import PAYMENT_WEBHOOK
from bakong_service.api.shapes_escrow import body_of
from bakong_service.api.strict_json import JsonError
from bakong_service.domain.errors import EscrowError, ForbiddenError, InvalidError
from bakong_service.domain.escrow import EscrowPayment, Filter
from bakong_service.domain.escrow_book import PaymentState
from bakong_service.domain.escrow_numbers import is_signed, page_meta, page_offset, parse_day
from bakong_service.domain.escrow_roles import Actor, actor_of
from bakong_service.domain.handoff import Redirect
from bakong_service.usecases.core import Core
from bakong_service.usecases.escrow.concluding import Concluded, conclude
from bakong_service.usecases.escrow.jobs import put_job
from bakong_service.usecases.escrow.paying import Opened, WantedPayment, create_payment, open_attempt, visit
from bakong_service.usecases.escrow.reconciling import reconcile
from bakong_service.usecases.escrow.refunding import Wanted, request_refund
from bakong_service.usecases.escrow.relayed import Relayed, refuse_webhook, take_webhook
from bakong_service.usecases.escrow.releasing import release_now
from bakong_service.usecases.escrow.seeing import listed, see
from bakong_service.usecases.escrow.visiting import Hint, come_back
from bakong_service.usecases.idempotency import Commit, idempotent
from bakong_service.usecases.unit_of_work import transact

T = TypeVar("T")
Method = Literal["BKASH", "NAGAD", "CARD", "BANK_TRANSFER"]
Status = Literal["PENDING", "PROCESSING", "COMPLETED", "FAILED", "REFUNDED"]
REVIEWED = 100
PaymentId = Annotated[uuid.UUID, Path(examples=[uuid.UUID(PAYMENT)])]
PaidId = Annotated[uuid.UUID, Path(examples=[uuid.UUID(PAID)])]
JobId = Annotated[str, Path(pattern=r"^[A-Za-z0-9._~-]{1,64}$", examples=[JOB])]
router = APIRouter(tags=["escrow"])
pages = APIRouter(include_in_schema=False)


async def _actor(request: Request) -> Actor:
    actor = actor_of(principal_of(request))
    if actor is None:
        raise ForbiddenError("expected a token of the care platform: GUARDIAN, CAREGIVER, AGENCY_ADMIN, or an admin")
    return actor


ActorDep = Annotated[Actor, Depends(_actor)]


async def _answer(
    request: Request,
    core: Core,
    run: Callable[[Commit], Awaitable[T]],
    show: Callable[[T], dict[str, Any]],
    status: int = 200,
) -> Response:
    """What the use case comes to, in its envelope; or the first answer again, byte for byte."""
    key = await key_of(request)
    outcome = await idempotent(core, key, run, lambda made: orjson.dumps(show(made)), lambda _made: status)
    response = Response(outcome.body, status_code=outcome.status, media_type="application/json")
    if outcome.replayed:
        response.headers[REPLAYED_HEADER] = "true"
    return response


@router.put("/api/jobs/{job_id}", **escrow_documented("job_put"))
async def job(
    job_id: JobId, core: CoreDep, actor: ActorDep, body: Annotated[shapes.PutJob, body_of(shapes.PutJob)]
) -> dict[str, Any]:
    """Send a job, or change it. COMPLETED starts the 48 hours after which its held money is released."""
    sent = shapes.sent_job(job_id, body)
    return shapes.shown(shapes.job_shown(await transact(core, lambda unit: put_job(unit, actor, sent))))


@router.post("/api/payments", status_code=201, **escrow_documented("escrow_create"))
async def create(
    request: Request,
    core: CoreDep,
    actor: ActorDep,
    body: Annotated[shapes.CreatePayment, body_of(shapes.CreatePayment)],
) -> Response:
    """Have a job paid by its guardian, within 15 minutes. The provider is asked when its page is visited."""
    wanted = WantedPayment(body.job_id, body.amount, body.method, body.currency)
    return await _answer(
        request,
        core,
        lambda commit: commit(lambda unit: create_payment(unit, actor, wanted)),
        lambda payment: shapes.shown(shapes.payment_created(payment, core.escrow)),
        201,
    )


@router.get("/api/payments", **escrow_documented("escrow_list"))
async def payments(
    core: CoreDep,
    actor: ActorDep,
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    status: Annotated[Status | None, Query()] = None,
    method: Annotated[Method | None, Query()] = None,
    start_date: Annotated[str | None, Query(alias="startDate", max_length=40)] = None,
    end_date: Annotated[str | None, Query(alias="endDate", max_length=40)] = None,
) -> dict[str, Any]:
    """The payments of who asks, newest first; admins see all. Dates are days of Asia/Dhaka, both of them inside."""
    from_ms, until_ms = _edge("startDate", start_date, is_end=False), _edge("endDate", end_date, is_end=True)
    if from_ms is not None and until_ms is not None and from_ms >= until_ms:
        raise InvalidError("startDate", "is after endDate")
    wanted = Filter(actor.party, status, method, from_ms, until_ms)
    rows, total = await core.store.read(lambda records: listed(records, wanted, limit, page_offset(page, limit)))
    return shapes.shown([shapes.payment_listed(one) for one in rows], meta=page_meta(page, limit, total))


def _edge(field: str, text: str | None, *, is_end: bool) -> int | None:
    if text is None:
        return None
    at_ms = parse_day(text.replace(" ", "+"), is_end=is_end)
    if at_ms is None:
        raise InvalidError(field, f"expected a date such as 2025-12-11, or an instant with its offset, read {text!r}")
    return at_ms


async def escrow_seen(core: Core, actor: Actor, payment_id: str) -> dict[str, Any]:
    """GET /api/payments/{id}, of a payment of escrow: see routes_payments."""
    return shapes.shown(shapes.payment_seen(await core.store.read(lambda records: see(records, actor, payment_id))))


@router.get("/api/payments/{payment_id:uuid}/refunds", **escrow_documented("escrow_refunds"))
async def refunds(payment_id: PaidId, core: CoreDep, actor: ActorDep) -> dict[str, Any]:
    """A payment's refunds, in the order in which they were begun."""
    seen = await core.store.read(lambda records: see(records, actor, str(payment_id)))
    return shapes.shown(shapes.refunds_shown(seen.refunds))


@router.post("/api/payments/bkash/create", **escrow_documented("bkash_create"))
async def bkash_create(
    request: Request,
    core: CoreDep,
    actor: ActorDep,
    body: Annotated[shapes.CreateBkash, body_of(shapes.CreateBkash)],
) -> Response:
    """Have bKash make a payment; the payer goes to bkashURL. An attempt that was open before is waited for no more."""

    async def run(commit: Commit) -> Opened:
        made = await open_attempt(core, actor, body.payment_id, "BKASH", body.amount, body.callback_url)
        return await commit(lambda _unit: made)

    return await _answer(request, core, run, lambda made: shapes.shown(shapes.bkash_created(made, core.escrow)))


@router.post("/api/payments/nagad/create", **escrow_documented("nagad_create"))
async def nagad_create(
    request: Request,
    core: CoreDep,
    actor: ActorDep,
    body: Annotated[shapes.CreateNagad, body_of(shapes.CreateNagad)],
) -> Response:
    """Have Nagad make a payment; the payer goes to callBackUrl, which is Nagad's page."""

    async def run(commit: Commit) -> Opened:
        made = await open_attempt(core, actor, body.payment_id, "NAGAD", body.amount, None)
        return await commit(lambda _unit: made)

    return await _answer(request, core, run, lambda made: shapes.shown(shapes.nagad_created(made)))


@router.post("/api/payments/bkash/execute", **escrow_documented("bkash_execute"))
async def bkash_execute(
    request: Request,
    core: CoreDep,
    actor: ActorDep,
    body: Annotated[shapes.ExecuteBkash, body_of(shapes.ExecuteBkash)],
) -> Response:
    """Move the money that the payer has approved. Once, however often it is asked for; PROCESSING while unknown."""

    def show(at: Concluded) -> dict[str, Any]:
        message = "Payment successful" if at.payment.book.captured else "Payment is being processed"
        return shapes.shown(shapes.bkash_executed(at), message=message)

    return await _concluded(request, core, actor, (body.payment_id, body.provider_id), show, executes=True)


@router.post("/api/payments/nagad/verify", **escrow_documented("nagad_verify"))
async def nagad_verify(
    request: Request,
    core: CoreDep,
    actor: ActorDep,
    body: Annotated[shapes.VerifyNagad, body_of(shapes.VerifyNagad)],
) -> Response:
    """Ask Nagad whether it was paid; also after the 15 minutes, for money that came late is never lost."""

    def show(at: Concluded) -> dict[str, Any]:
        message = "Payment verified" if at.payment.book.captured else "Payment is not completed yet"
        return shapes.shown(shapes.nagad_verified(at), message=message)

    return await _concluded(request, core, actor, (body.payment_id, body.payment_reference_id), show, executes=False)


async def _concluded(
    request: Request,
    core: Core,
    actor: Actor,
    named: tuple[str, str],
    show: Callable[[Concluded], dict[str, Any]],
    *,
    executes: bool,
) -> Response:
    async def run(commit: Commit) -> Concluded:
        at = await conclude(core, actor, *named, executes=executes)
        _check_not_ended(at.payment)
        return await commit(lambda _unit: at)

    return await _answer(request, core, run, show)


def _check_not_ended(payment: EscrowPayment) -> None:
    """Raises EscrowError for one that was not paid."""
    if payment.state is PaymentState.EXPIRED:
        raise EscrowError("payment_expired", f"the payment {payment.id} could be paid for 15 minutes")
    if payment.state is PaymentState.FAILED:
        reason = "" if payment.failure is None else f": {payment.failure.value}"
        raise EscrowError("payment_failed", f"the payment {payment.id} has failed{reason}")


@router.post("/api/payments/{payment_id:uuid}/refund", status_code=201, **escrow_documented("escrow_refund"))
async def refund(
    payment_id: PaidId,
    request: Request,
    core: CoreDep,
    actor: ActorDep,
    body: Annotated[shapes.AskRefund, body_of(shapes.AskRefund)],
) -> Response:
    """Give money back. It is reserved at once and PROCESSING; the provider is asked after that."""
    wanted = Wanted(body.reason, body.amount, body.notes)
    return await _answer(
        request,
        core,
        lambda commit: commit(lambda unit: request_refund(unit, actor, str(payment_id), wanted)),
        lambda made: shapes.shown(shapes.refund_asked(made)),
        201,
    )


@router.post("/api/payments/{payment_id:uuid}/release-escrow", **escrow_documented("escrow_release"))
async def release(payment_id: PaidId, request: Request, core: CoreDep, actor: ActorDep) -> Response:
    """Split what is held between platform, agency and caregiver. Once."""
    return await _answer(
        request,
        core,
        lambda commit: commit(lambda unit: release_now(unit, actor, str(payment_id))),
        lambda made: shapes.shown(shapes.released(*made)),
    )


@router.post(PAYMENT_WEBHOOK, **escrow_documented("payment_webhook"))
async def webhook(core: CoreDep, request: Request) -> dict[str, Any]:
    """Take the care platform's signed webhook. It decides nothing: the provider is asked about that payment."""
    raw = await request.body()
    stamp = request.headers.get("x-webhook-timestamp", "")
    signature = request.headers.get("x-webhook-signature", "")
    now_s = core.timers.now_ms() // 1000
    if not is_signed(core.escrow.webhook_secrets, stamp, signature, raw, now_s=now_s):
        await transact(core, lambda unit: refuse_webhook(unit, "signature"))
        raise EscrowError("invalid_signature", "expected X-Webhook-Timestamp and X-Webhook-Signature over the body")
    try:
        body: shapes.PaymentWebhook = shapes.read_body(shapes.PaymentWebhook, raw)
    except JsonError as error:
        raise HTTPException(400, str(error)) from None
    if body.status not in ("SUCCESS", "FAILED"):
        raise InvalidError("status", f"expected SUCCESS or FAILED, read {body.status!r}")
    await take_webhook(core, Relayed(body.payment_id, body.transaction_id, body.status))
    return shapes.shown({"received": True}, message="Webhook processed")


@router.get("/api/escrow/review", **escrow_documented("escrow_review"))
async def review(core: CoreDep, actor: ActorDep) -> dict[str, Any]:
    """What a person has to decide: payments and refunds that cannot settle by themselves, the oldest first."""
    _check_admin(actor)
    return shapes.shown(shapes.review_shown(*await core.store.read(lambda records: records.escrow_reviews(REVIEWED))))


@router.get("/api/escrow/reconciliation", **escrow_documented("escrow_reconciliation"))
async def reconciliation(core: CoreDep, actor: ActorDep) -> dict[str, Any]:
    """Ask the providers about every payment and refund, and say what differs from our books. Costs a call for each."""
    _check_admin(actor)
    return shapes.shown(shapes.reconciled_shown(await reconcile(core)))


def _check_admin(actor: Actor) -> None:
    if not actor.is_admin:
        raise ForbiddenError("expected the role PLATFORM_ADMIN or SUPER_ADMIN")


@pages.get("/pay/{payment_id:uuid}")
async def pay(payment_id: PaymentId, core: CoreDep) -> Response:
    """The payer's page: makes the provider's payment on the first visit, and leads to it."""
    at = await visit(core, str(payment_id))
    if isinstance(at, EscrowPayment):
        return _page(at)
    handoff = at.attempted.handoff
    if isinstance(handoff, Redirect):
        return Response(status_code=302, headers={"location": handoff.url})
    return _page(at.payment)


@pages.get("/pay/{payment_id:uuid}/return")
async def come_from_provider(payment_id: PaymentId, core: CoreDep, request: Request) -> Response:
    """Where the provider sends the payer's browser: what it carries is a hint, and the provider is asked."""
    query = request.query_params
    reference = query.get("paymentID") or query.get("payment_ref_id") or ""
    hint = Hint(reference, query.get("status", ""))
    return _page(await come_back(core, str(payment_id), hint))


_WORDS = {
    PaymentState.PENDING: "The payment is not completed yet. You may try again.",
    PaymentState.PROCESSING: "The payment is being processed.",
    PaymentState.COMPLETED: "The payment is complete. Thank you.",
    PaymentState.FAILED: "The payment has failed.",
    PaymentState.EXPIRED: "The payment was not completed in time.",
    PaymentState.REFUNDED: "The payment was refunded.",
}


def _page(payment: EscrowPayment) -> Response:
    text = html.escape(_WORDS[payment.state])
    again = f'<p><a href="/pay/{payment.id}">Pay now</a></p>' if payment.state is PaymentState.PENDING else ""
    body = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Payment</title>'
        f'<main><h1>Payment</h1><p id="status" data-status="{payment.shown_status}">{text}</p>{again}</main></html>'
    )
    return Response(body, media_type="text/html")
