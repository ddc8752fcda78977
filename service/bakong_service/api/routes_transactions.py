"""The routes of what admins see of orders' payments: one, its events, the list of transactions; and of webhooks."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request

from bakong_service.api.cursors import Cursor, read_cursor, write_cursor
from bakong_service.api.dependencies import CoreDep, OwnerDep, PrincipalDep, require
from bakong_service.api.examples_orders import PAYMENT, shop_documented
from bakong_service.api.files import as_file
from bakong_service.api.routes_settlements import Moment, moment
from bakong_service.api.shapes_orders import (
    TRANSACTION_COLUMNS,
    done,
    event_shown,
    page,
    plain_state_shown,
    transaction_shown,
)
from bakong_service.api.tiers import of_forgery, of_webhook
from bakong_service.domain.admission import Quota
from bakong_service.domain.errors import ExpiredEventError, ForgedEventError, ShopError
from bakong_service.domain.transactions import TransactionFilter, TransactionType
from bakong_service.ports import Admission, Records
from bakong_service.usecases.core import Core
from bakong_service.usecases.orders.payment_status import PaymentState
from bakong_service.usecases.provider_events import keep_event, read_event, refuse_event
from bakong_service.usecases.unit_of_work import transact

PaymentId = Annotated[str, Path(pattern=r"^pay_[0-9a-f]{32}$", examples=[PAYMENT])]
ProviderName = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$", examples=["bakong"])]
Word = Annotated[str, Query(min_length=1, max_length=64)]
ADMIN = [Depends(require("admin"))]
MOST_EVENTS = 500
router = APIRouter(prefix="/api/v1", tags=["orders"])


def _state_of(records: Records, owner: str, payment_id: str) -> PaymentState:
    """A merchant's payment. Raises ShopError, also for another's."""
    made, payment = records.order_payment(payment_id), records.payment_by_id(payment_id)
    if made is None or payment is None or made.merchant_id != owner:
        raise ShopError("payment_not_found", f"no payment has the id {payment_id}")
    return PaymentState(made, payment)


@router.get("/payments/{payment_id}", dependencies=ADMIN, **shop_documented("order_payment"))
async def payment(payment_id: PaymentId, core: CoreDep, owner: OwnerDep) -> dict[str, Any]:
    """A payment of an order, with its refunds counted."""

    def read(records: Records) -> dict[str, Any]:
        state = _state_of(records, owner, payment_id)
        return plain_state_shown(state, records.refunds_of(state.made.order_id)) | {"orderId": state.made.order_id}

    shown = await core.store.read(read)
    await _note_reading(core, f"payment/{payment_id}", {})
    return done(shown)


@router.get("/payments/{payment_id}/events", dependencies=ADMIN, **shop_documented("payment_events"))
async def payment_events(
    payment_id: PaymentId, core: CoreDep, owner: OwnerDep, after: Annotated[int, Query(ge=0, le=10**9)] = 0
) -> dict[str, Any]:
    """What has happened to a payment, in order: sequence numbers have no gaps. after: those behind it."""

    def read(records: Records) -> list[dict[str, Any]]:
        _state_of(records, owner, payment_id)
        return [event_shown(event) for event in records.payment_events(payment_id, after, MOST_EVENTS)]

    shown = await core.store.read(read)
    await _note_reading(core, f"payment/{payment_id}", {"events": len(shown)})
    return done(shown)


@router.get("/transactions", dependencies=ADMIN, **shop_documented("transactions"))
async def transactions(  # noqa: PLR0913  a filter each
    *,
    core: CoreDep,
    owner: OwnerDep,
    principal: PrincipalDep,
    status: Annotated[Word | None, Query()] = None,
    kind: Annotated[TransactionType | None, Query(alias="type")] = None,
    provider: Annotated[Word | None, Query()] = None,
    order_id: Annotated[Word | None, Query(alias="orderId")] = None,
    payment_id: Annotated[Word | None, Query(alias="paymentId")] = None,
    first: Annotated[Moment | None, Query(alias="from")] = None,
    last: Annotated[Moment | None, Query(alias="to")] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    cursor: Annotated[Cursor | None, Query()] = None,
    form: Annotated[Literal["json", "csv"], Query(alias="format")] = "json",
) -> Any:
    """Payments, refunds and disputes, newest first: a key's own; an admin who works for no merchant sees all.

    A page looks through 2,000 rows: an empty one may have a nextCursor.
    """
    is_operator = principal.merchant is None and not principal.name.startswith("key ")
    wanted = TransactionFilter(
        merchant_id=None if is_operator else owner,
        status=status,
        type=kind,
        provider=provider,
        order_id=order_id,
        payment_id=payment_id,
        from_ms=None if first is None else moment("from", first),
        to_ms=None if last is None else moment("to", last),
    )
    before = None if cursor is None else read_cursor(cursor)
    wanted_page = await core.store.read(lambda records: records.transactions(wanted, before, limit))
    asked = {"status": status, "type": kind, "provider": provider, "orderId": order_id, "paymentId": payment_id}
    await _note_reading(core, "transactions", {name: value for name, value in asked.items() if value is not None})
    shown = [transaction_shown(row) for row in wanted_page.rows]
    more = None if wanted_page.next_place is None else write_cursor(*wanted_page.next_place)
    return page(shown, limit, more) if form == "json" else as_file(form, TRANSACTION_COLUMNS, shown, more)


async def _note_reading(core: Core, resource: str, asked: dict[str, Any]) -> None:
    """Who reads as an admin leaves a line."""
    await transact(core, lambda unit: unit.audit("admin.read", resource, None, asked))


@router.post("/webhooks/{provider}", **shop_documented("provider_webhook"))
async def webhook(provider: ProviderName, core: CoreDep, request: Request) -> dict[str, Any]:
    """Take a provider's signed webhook, once. It decides nothing: the provider is asked about what it names.

    There is no API key; the provider's own signature stands for it, over the body as it came.
    """
    body, admission = await request.body(), request.app.state.admission
    try:
        event = await read_event(core, provider, request.headers, body)
    except ForgedEventError as error:
        await _check_room(admission, of_forgery(request.state.address))
        await refuse_event(core, provider, error)
        code = "signature_expired" if isinstance(error, ExpiredEventError) else "signature_invalid"
        raise ShopError(code, str(error)) from None
    await _check_room(admission, of_webhook(provider))
    await keep_event(core, provider, event, body)
    return {"received": True}


async def _check_room(admission: Admission, quota: Quota) -> None:
    """Raises ShopError where too many came."""
    verdict = await admission.take((quota,))
    if not verdict.admitted:
        message = f"{quota.policy.limit} in 60 s are taken ({quota.policy.name})"
        raise ShopError("rate_limited", message, retry_after_s=verdict.wait_s)
