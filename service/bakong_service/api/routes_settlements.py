"""The routes of settlements and of the audit log: lists for bookkeepers. Must not depend on storage or the network."""

import uuid
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from bakong_service.api.bodies_orders import MarkSettlement
from bakong_service.api.cursors import Cursor, read_cursor, write_cursor
from bakong_service.api.dependencies import CoreDep, OwnerDep, require, shop_answer
from bakong_service.api.examples_orders import METHOD, SETTLEMENT, shop_documented
from bakong_service.api.files import as_file
from bakong_service.api.shapes_orders import (
    AUDIT_COLUMNS,
    ENTRY_COLUMNS,
    audit_shown,
    done,
    entry_shown,
    page,
    settlement_shown,
)
from bakong_service.domain.audit import AuditFilter
from bakong_service.domain.errors import InvalidError
from bakong_service.domain.settlements import SettlementStatus, business_day, day_of
from bakong_service.usecases.core import Core
from bakong_service.usecases.orders.day import mark, owned
from bakong_service.usecases.unit_of_work import transact

SettlementId = Annotated[uuid.UUID, Path(examples=[uuid.UUID(SETTLEMENT)])]
Date = Annotated[str, Query(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", examples=["2026-02-11"])]
Moment = Annotated[str, Query(max_length=40, examples=["2026-02-11T00:00:00Z"])]
Filter = Annotated[str, Query(min_length=1, max_length=200)]
LONGEST_DAYS = 366
MOST_ROWS = 1_000
LARGEST_ID = 2**31 - 1  # what the log's key column holds
MOST_ENTRIES = 10_000
router = APIRouter(prefix="/api/v1", tags=["settlements"])


@router.get("/settlements", **shop_documented("settlements"))
async def settlements(
    core: CoreDep,
    owner: OwnerDep,
    first: Annotated[Date | None, Query(alias="from")] = None,
    last: Annotated[Date | None, Query(alias="to")] = None,
    method: Annotated[uuid.UUID | None, Query(examples=[uuid.UUID(METHOD)])] = None,
) -> dict[str, Any]:
    """The merchant's settlements, newest first: one a method and business day in Bangkok; by default of 31 days."""
    today = business_day(core.timers.now_ms(), core.shop.cutoff_m)
    to_day = today if last is None else _day("to", last)
    from_day = to_day - 30 if first is None else _day("from", first)
    if not 0 <= to_day - from_day < LONGEST_DAYS:
        raise InvalidError("from", f"expected a day before `to`, and {LONGEST_DAYS} days at most")
    method_id = None if method is None else str(method)
    days = (from_day, to_day)
    rows = await core.store.read(lambda records: records.settlements_of(owner, days, method_id, MOST_ROWS))
    return done([settlement_shown(row) for row in rows])


@router.get("/settlements/{settlement_id}", **shop_documented("settlement"))
async def settlement(settlement_id: SettlementId, core: CoreDep, owner: OwnerDep) -> dict[str, Any]:
    """One settlement, with its double entry."""
    row = await core.store.read(lambda records: records.settlement_by_id(str(settlement_id)))
    return done(settlement_shown(owned(row, owner, str(settlement_id))))


@router.patch(
    "/settlements/{settlement_id}", dependencies=[Depends(require("admin"))], **shop_documented("settlement_mark")
)
async def mark_settlement(
    settlement_id: SettlementId, body: MarkSettlement, core: CoreDep, owner: OwnerDep, request: Request
) -> Response:
    """Say that a closed settlement was paid out, or that its transfer failed."""
    status = SettlementStatus(body.status)
    return await shop_answer(
        request,
        core,
        lambda commit: commit(lambda unit: mark(unit, owner, str(settlement_id), status)),
        settlement_shown,
    )


@router.get("/settlements/{settlement_id}/entries", **shop_documented("entries"), response_class=Response)
async def entries(
    settlement_id: SettlementId,
    core: CoreDep,
    owner: OwnerDep,
    form: Annotated[Literal["csv", "jsonl"], Query(alias="format")] = "csv",
    limit: Annotated[int, Query(ge=1, le=MOST_ENTRIES)] = MOST_ENTRIES,
    cursor: Annotated[Cursor | None, Query()] = None,
) -> Response:
    """A settlement's payments and refunds, oldest first; where more follow, X-Next-Cursor has their place."""
    named, after = str(settlement_id), None if cursor is None else read_cursor(cursor)

    row = await core.store.read(lambda records: records.settlement_by_id(named))
    owned(row, owner, named)
    found = await core.store.read(lambda records: records.entries_of(named, after, limit + 1))
    shown = [entry_shown(entry) for entry in found[:limit]]
    more = write_cursor(found[limit - 1].at_ms, found[limit - 1].subject_id) if len(found) > limit else None
    return as_file(form, ENTRY_COLUMNS, shown, more)


@router.get("/audit-logs", **shop_documented("audit_logs"))
async def audit_logs(  # noqa: PLR0913  a filter each
    *,
    core: CoreDep,
    user_id: Annotated[Filter | None, Query(alias="userId")] = None,
    action: Annotated[Filter | None, Query()] = None,
    resource: Annotated[Filter | None, Query()] = None,
    first: Annotated[Moment | None, Query(alias="from")] = None,
    last: Annotated[Moment | None, Query(alias="to")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    cursor: Annotated[Cursor | None, Query()] = None,
    form: Annotated[Literal["json", "csv", "jsonl"], Query(alias="format")] = "json",
) -> Any:
    """Who did what to what, newest first. A page looks through 5,000 lines: an empty one may have a nextCursor."""
    wanted = AuditFilter(
        actor=user_id,
        action=action,
        resource=resource,
        from_ms=None if first is None else moment("from", first),
        to_ms=None if last is None else moment("to", last),
    )
    shown, more = await audit_rows(core, wanted, limit, cursor)
    return page(shown, limit, more) if form == "json" else as_file(form, AUDIT_COLUMNS, shown, more)


async def audit_rows(
    core: Core, wanted: AuditFilter, limit: int, cursor: str | None
) -> tuple[list[dict[str, Any]], str | None]:
    """A page of the log, and the place of the next; its reader is noted."""
    before = None if cursor is None else read_cursor(cursor, LARGEST_ID)[0]
    found = await core.store.read(lambda records: records.audit_page(wanted, before, limit))
    await _note_reading(core, wanted)
    return [audit_shown(row) for row in found.rows], None if found.next_id is None else write_cursor(found.next_id, "")


async def _note_reading(core: Core, wanted: AuditFilter) -> None:
    """Who reads the log stands in it, too."""
    asked = {"userId": wanted.actor, "action": wanted.action, "resource": wanted.resource}
    await transact(core, lambda unit: unit.audit("audit.read", "audit-log", None, asked))


def _day(field: str, date: str) -> int:
    try:
        return day_of(date)
    except ValueError:
        raise InvalidError(field, f"expected a date such as 2026-02-11, read {date!r}") from None


def moment(field: str, text: str) -> int:
    """Epoch ms of an ISO 8601 text; without a zone it is UTC. Raises InvalidError."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidError(field, f"expected a time such as 2026-02-11T00:00:00Z, read {text!r}") from None
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)
