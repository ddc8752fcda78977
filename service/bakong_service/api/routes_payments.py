"""The routes of payments: a body in, a use case called, an answer out. Must not depend on storage or the network."""

import asyncio
import uuid
from collections.abc import Coroutine
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from bakong_contracts.service_api import HISTORY_LIMIT, PaymentStatus
from bakong_service.api.dependencies import CoreDep, PrincipalDep, answer
from bakong_service.api.examples import ID, MD5, USER, documented
from bakong_service.api.routes_escrow import escrow_seen
from bakong_service.api.shapes import (
    BulkCheck,
    CreatePayment,
    MonitorPayment,
    UserId,
    ok,
    payment_checked,
    payment_created,
    payment_listed,
    payment_shown,
    payment_status,
)
from bakong_service.domain.errors import NotFoundError, UnavailableError
from bakong_service.domain.escrow_roles import actor_of
from bakong_service.usecases.create_payment import create_payment
from bakong_service.usecases.escrow.seeing import is_escrow
from bakong_service.usecases.monitor import Outcome, monitor
from bakong_service.usecases.refresh import check_all, find, find_by_id, refresh
from khqr import image

Md5 = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$", examples=[MD5])]
router = APIRouter(tags=["payments"])


@router.post("/api/payments/create", **documented("create"))
async def create(body: CreatePayment, core: CoreDep, request: Request) -> Response:
    """Make a payment: a KHQR code for one cycle of a plan, which lives for 15 minutes."""
    return await answer(
        request,
        core,
        lambda commit: create_payment(
            core, commit, body.user_id, body.plan_type, body.amount, body.currency, body.callback
        ),
        payment_created,
    )


@router.get("/api/payments/status/{md5}", **documented("status"))
async def status(md5: Md5, core: CoreDep) -> dict[str, Any]:
    """What became of a payment. Bakong is asked where the stored state is not final and old enough."""
    payment = await find(core, md5)
    return ok(payment_status((await refresh(core, [payment]))[payment.id]))


@router.post("/api/payments/monitor", **documented("monitor"))
async def wait(body: MonitorPayment, core: CoreDep, request: Request) -> Response:
    """Wait until a payment is settled, or the time is up. Going away ends the wait, never the payment."""
    asked = body.options
    waiting = answer(
        request,
        core,
        lambda commit: monitor(
            core,
            commit,
            body.transaction_id,
            timeout_ms=asked.timeout,
            interval_ms=asked.interval,
            max_attempts=asked.max_attempts,
            priority=asked.priority,
        ),
        _waited,
    )
    return await _while_listening(request, waiting)


def _waited(outcome: Outcome) -> dict[str, Any]:
    return {
        **payment_status(outcome.payment),
        "attempts": outcome.attempts,
        "elapsed": outcome.elapsed_ms,
        "timedOut": outcome.payment.status is PaymentStatus.TIMEOUT,
    }


@router.post("/api/payments/bulk-check", **documented("bulk_check"))
async def bulk_check(body: BulkCheck, core: CoreDep, request: Request) -> Response:
    """What became of up to 50 payments: a row for each hash, in order."""
    return await answer(
        request,
        core,
        lambda commit: check_all(core, commit, body.md5_hashes),
        lambda by_md5: [payment_checked(md5, by_md5) for md5 in body.md5_hashes],
    )


@router.get("/api/payments/history", **documented("history"))
async def history(
    user_id: Annotated[UserId, Query(alias="userId", examples=[USER])],
    core: CoreDep,
    limit: Annotated[int, Query(ge=1, le=HISTORY_LIMIT)] = 10,
    offset: Annotated[int, Query(ge=0, le=2**31)] = 0,
) -> dict[str, Any]:
    """A user's payments, newest first; `unreadable`: how many of the page could not be read, where there are any."""
    total, items = await core.store.read(
        lambda records: (records.count_user_payments(user_id), records.user_payments(user_id, limit, offset))
    )
    shown = [payment_listed(payment) for payment in items]
    page = {"items": shown, "total": total, "limit": limit, "offset": offset}
    unread = min(limit, total - offset) - len(items)
    return ok(page | {"unreadable": unread} if unread > 0 else page)


@router.get("/api/payments/{id:uuid}", **documented("payment"))
async def payment(
    payment_id: Annotated[uuid.UUID, Path(alias="id", examples=[uuid.UUID(ID)])], core: CoreDep, who: PrincipalDep
) -> dict[str, Any]:
    """A payment of any provider. The provider is asked where the stored state is not final and old enough.

    A payment of a job is shown to its parties and to admins, with its escrow and its refunds.
    """
    actor = actor_of(who)
    if actor is not None and who.is_of_platform:
        return await escrow_seen(core, actor, str(payment_id))
    try:
        stored = await find_by_id(core, str(payment_id))
    except NotFoundError:
        if actor is None or not await is_escrow(core, str(payment_id)):
            raise
        return await escrow_seen(core, actor, str(payment_id))
    return ok(payment_shown((await refresh(core, [stored]))[stored.id]))


@router.get("/qr-codes/{md5}.png", **documented("qr_code"), response_class=Response)
async def qr_code(md5: Md5, core: CoreDep) -> Response:
    """The payment's code as a picture."""
    payment = await find(core, md5)
    if not payment.code.text:
        raise NotFoundError(f"the code of the payment with the md5 {md5} is no longer kept")
    return Response(image.png(payment.code.text), media_type="image/png")


async def _while_listening(request: Request, waiting: Coroutine[Any, Any, Response]) -> Response:
    """What the wait comes to; it ends with the client. Raises UnavailableError for a client that is gone."""
    work = asyncio.ensure_future(waiting)
    gone = asyncio.ensure_future(_disconnected(request))
    try:
        await asyncio.wait({work, gone}, return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            return work.result()
        raise UnavailableError("the client went away")
    finally:
        work.cancel()
        gone.cancel()


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
