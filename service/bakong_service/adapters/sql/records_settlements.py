"""Settlements and their entries, in their tables; a row's sums move with each entry, in one statement."""

from typing import Any

from sqlalchemy import Row, and_, func, select, tuple_, update

from bakong_service.adapters.sql import tables as t
from bakong_service.adapters.sql.prepared import Statement, Value, prepared
from bakong_service.adapters.sql.rows import Rows
from bakong_service.adapters.sql.stored import checked
from bakong_service.domain.fees import Settlement as Sums
from bakong_service.domain.money import Money
from bakong_service.domain.settlements import Entry, EntryKind, SettlementRow, SettlementStatus

_T, _E = t.settlements.c, t.settlement_entries.c

_first_open = prepared(lambda: select(_T.day).where(t.OPEN_SETTLEMENT).order_by(_T.day).limit(1))
_count_open = prepared(lambda: select(func.count()).select_from(t.settlements).where(t.OPEN_SETTLEMENT))


def _of_day(merchant_id: Value, method_id: Value, day: Value) -> Any:
    return and_(_T.merchant_id == merchant_id, _T.method_id == method_id, _T.day == day)


@prepared
def _open(merchant_id: Value, method_id: Value, day: Value) -> Statement:
    return select(_T.id).where(t.OPEN_SETTLEMENT, _of_day(merchant_id, method_id, day))


@prepared
def _last_number(merchant_id: Value, method_id: Value, day: Value) -> Statement:
    return select(func.max(_T.number)).where(_of_day(merchant_id, method_id, day))


@prepared
def _move(settlement_id: Value, by: Value, at_ms: Value) -> Statement:
    still_open = update(t.settlements).where(_T.id == settlement_id, t.OPEN_SETTLEMENT)
    return still_open.values({name: _T[name] + minor for name, minor in by.items()} | {"updated_ms": at_ms})


@prepared
def _change(settlement_id: Value, old: Value, new: Value, at_ms: Value) -> Statement:
    return update(t.settlements).where(_T.id == settlement_id, _T.status == old).values(status=new, updated_ms=at_ms)


@prepared
def _by_id(settlement_id: Value, *, held: bool) -> Statement:
    named = select(t.settlements).where(_T.id == settlement_id)
    return named.with_for_update() if held else named


@prepared
def _theirs(merchant_id: Value, days: Value, method: Value, limit: Value) -> Statement:
    """method: the one id, or none."""
    first, last = days
    theirs = select(t.settlements).where(_T.merchant_id == merchant_id, _T.day >= first, _T.day <= last)
    of_method = theirs.where(*(_T.method_id == one for one in method))
    return of_method.order_by(_T.day.desc(), _T.id.desc()).limit(limit)


@prepared
def _entries(settlement_id: Value, after: Value, limit: Value) -> Statement:
    its = select(t.settlement_entries).where(_E.settlement_id == settlement_id)
    its = its.where(tuple_(_E.at_ms, _E.subject_id) > tuple_(*after)) if after else its
    return its.order_by(_E.at_ms, _E.subject_id).limit(limit)


@prepared
def _due(before_day: Value, limit: Value) -> Statement:
    due = select(t.settlements).where(t.OPEN_SETTLEMENT, _T.day < before_day).order_by(_T.day).limit(limit)
    return due.with_for_update(skip_locked=True)


class SettlementRows(Rows):
    """See bakong_service.ports.SettlementRecords."""

    def open_settlement(self, fresh: SettlementRow) -> str:
        """The id of the row that takes entries for a merchant's method and day; the fresh one, where there is none.

        Where the day's rows are closed, it is a correction, with the next number.
        """
        of_day = (fresh.merchant_id, fresh.method_id, fresh.day)
        if (known := self._run(_open(*of_day)).scalar()) is not None:
            return str(known)
        last: int | None = self._run(_last_number(*of_day)).scalar()
        row = _row(fresh) | {"number": 0 if last is None else last + 1}
        self._insert_once(t.settlements, row)  # or another transaction was first
        return str(self._run(_open(*of_day)).scalar_one())

    def add_entry(self, entry: Entry) -> bool:
        """False where the payment or refund is in a row already."""
        return self._insert_once(
            t.settlement_entries,
            {
                "kind": entry.kind.value,
                "subject_id": entry.subject_id,
                "settlement_id": entry.settlement_id,
                "order_id": entry.order_id,
                "amount_minor": entry.money.minor,
                "currency": entry.money.currency,
                "fee_minor": entry.fee_minor,
                "vat_minor": entry.vat_minor,
                "at_ms": entry.at_ms,
            },
        )

    def move_sums(self, settlement_id: str, *, by: Sums, debt_minor: int, at_ms: int) -> bool:
        """Add to an open row's sums; False where it has been closed meanwhile."""
        minors = {name: getattr(by, name) for name in ("gross_minor", "fee_minor", "vat_minor", "refunds_minor")}
        moved = _move(settlement_id, minors | {"debt_minor": debt_minor}, at_ms)
        return bool(self._run(moved).rowcount == 1)

    def change_settlement(self, settlement_id: str, old: SettlementStatus, new: SettlementStatus, at_ms: int) -> bool:
        """Of many that try, one succeeds."""
        return bool(self._run(_change(settlement_id, old.value, new.value, at_ms)).rowcount == 1)

    def settlement_by_id(self, settlement_id: str, *, held: bool = False) -> SettlementRow | None:
        return self._first("settlement", _by_id(settlement_id, held=held), _settlement)

    def settlements_of(
        self, merchant_id: str, days: tuple[int, int], method_id: str | None, limit: int
    ) -> list[SettlementRow]:
        """A merchant's rows from one day to another, both included, newest first."""
        method = () if method_id is None else (method_id,)
        rows = self._rows(_theirs(merchant_id, tuple(days), method, limit))
        return self._readable("settlement", rows, _settlement)

    def entries_of(self, settlement_id: str, after: tuple[int, str] | None, limit: int) -> list[Entry]:
        """A row's entries, oldest first, after a place in the list."""
        rows = self._rows(_entries(settlement_id, tuple(after or ()), limit))
        return self._readable("settlement entry", rows, _entry, "subject_id")

    def first_open_day(self) -> int | None:
        """The oldest day that is not closed."""
        day: int | None = self._run(_first_open()).scalar()
        return day

    def open_settlements(self, before_day: int, limit: int) -> list[SettlementRow]:
        """Open rows of earlier days, the oldest first; another worker's transaction does not take them meanwhile."""
        return self._readable("settlement", self._rows(_due(before_day, limit)), _settlement)

    def count_open_settlements(self) -> int:
        return int(self._run(_count_open()).scalar_one())


def _row(settlement: SettlementRow) -> dict[str, Any]:
    sums = settlement.sums
    return {
        "id": settlement.id,
        "merchant_id": settlement.merchant_id,
        "method_id": settlement.method_id,
        "currency": settlement.currency,
        "day": settlement.day,
        "number": settlement.number,
        "status": settlement.status.value,
        "gross_minor": sums.gross_minor,
        "fee_minor": sums.fee_minor,
        "vat_minor": sums.vat_minor,
        "refunds_minor": sums.refunds_minor,
        "debt_minor": settlement.debt_minor,
        "created_ms": settlement.created_ms,
        "updated_ms": settlement.updated_ms,
    }


def _settlement(row: Row[Any]) -> SettlementRow:
    checked(row, t.settlements)
    return SettlementRow(
        id=row.id,
        merchant_id=row.merchant_id,
        method_id=row.method_id,
        currency=row.currency,
        day=row.day,
        number=row.number,
        status=SettlementStatus(row.status),
        sums=Sums(row.gross_minor, row.fee_minor, row.vat_minor, row.refunds_minor),
        debt_minor=row.debt_minor,
        created_ms=row.created_ms,
        updated_ms=row.updated_ms,
    )


def _entry(row: Row[Any]) -> Entry:
    checked(row, t.settlement_entries)
    return Entry(
        kind=EntryKind(row.kind),
        subject_id=row.subject_id,
        settlement_id=row.settlement_id,
        order_id=row.order_id,
        money=Money(row.amount_minor, row.currency),
        fee_minor=row.fee_minor,
        vat_minor=row.vat_minor,
        at_ms=row.at_ms,
    )
