"""Settlements: each captured payment and completed refund is entered into its day, and days are closed."""

from bakong_service.domain.errors import ShopError
from bakong_service.domain.fees import Fee
from bakong_service.domain.fees import Settlement as Sums
from bakong_service.domain.money import Money
from bakong_service.domain.orders import OrderPayment
from bakong_service.domain.settlements import (
    Entry,
    EntryKind,
    SettlementRow,
    SettlementStatus,
    business_day,
    ends_ms,
)
from bakong_service.ports import Records
from bakong_service.usecases.core import Core
from bakong_service.usecases.unit_of_work import UnitOfWork, transact

BATCH = 50
NOTHING = Sums(0, 0, 0, 0)


def enter_payment(unit: UnitOfWork, made: OrderPayment, money: Money, cost: Fee, at_ms: int) -> None:
    """A captured payment, with what it costs, into the day on which it was captured."""
    sums = Sums(money.minor, cost.fee_minor, cost.vat_minor, 0)
    _enter(unit, made, EntryKind.PAYMENT, made.payment_id, money, sums, at_ms)


def enter_refund(unit: UnitOfWork, made: OrderPayment, refund_id: str, money: Money) -> None:
    """A completed refund into the day of now; the fee of what was refunded stays with the provider."""
    _enter(unit, made, EntryKind.REFUND, refund_id, money, Sums(0, 0, 0, money.minor), unit.at_ms)


def enter_reversal(unit: UnitOfWork, made: OrderPayment, refund_id: str, money: Money) -> None:
    """A refund that had completed and failed after all, into the day of now."""
    _enter(unit, made, EntryKind.REFUND_REVERSAL, refund_id, money, Sums(0, 0, 0, -money.minor), unit.at_ms)


def _enter(
    unit: UnitOfWork, made: OrderPayment, kind: EntryKind, subject_id: str, money: Money, sums: Sums, at_ms: int
) -> None:
    day = business_day(at_ms, unit.core.shop.cutoff_m)
    settlement_id = _add(unit, (made.merchant_id, made.method_id, money.currency), day, sums, 0)
    entry = Entry(
        kind=kind,
        subject_id=subject_id,
        settlement_id=settlement_id,
        order_id=made.order_id,
        money=money,
        fee_minor=sums.fee_minor,
        vat_minor=sums.vat_minor,
        at_ms=at_ms,
    )
    if not unit.records.add_entry(entry):
        raise RuntimeError(f"{kind.value} {subject_id} is in a settlement already")


def _add(unit: UnitOfWork, whose: tuple[str, str, str], day: int, sums: Sums, debt_minor: int) -> str:
    """The id of the day's open row, whose sums have grown; a row that is closed meanwhile is left for a correction."""
    merchant_id, method_id, currency = whose
    while True:
        settlement_id = unit.records.open_settlement(
            SettlementRow(
                id=unit.core.ids.new_id(),
                merchant_id=merchant_id,
                method_id=method_id,
                currency=currency,
                day=day,
                number=0,
                status=SettlementStatus.OPEN,
                sums=NOTHING,
                debt_minor=0,
                created_ms=unit.at_ms,
                updated_ms=unit.at_ms,
            )
        )
        if unit.records.move_sums(settlement_id, by=sums, debt_minor=debt_minor, at_ms=unit.at_ms):
            return settlement_id


def close_due_ms(records: Records, cutoff_m: int) -> int | None:
    """When the oldest open day is over."""
    day = records.first_open_day()
    return None if day is None else ends_ms(day, cutoff_m)


async def close_days(core: Core) -> None:
    """Close every row of a day that is over; what is below zero is carried to the day of now."""
    while await transact(core, _close) == BATCH:
        pass


def _close(unit: UnitOfWork) -> int:
    today = business_day(unit.at_ms, unit.core.shop.cutoff_m)
    due = unit.records.open_settlements(today, BATCH)
    for row in due:
        unit.records.change_settlement(row.id, SettlementStatus.OPEN, SettlementStatus.CLOSED, unit.at_ms)
        after = {"status": SettlementStatus.CLOSED.value, "net": Money(row.balance_minor, row.currency).decimals}
        unit.audit("settlement.close", f"settlement/{row.id}", {"status": SettlementStatus.OPEN.value}, after)
        if row.balance_minor < 0:
            _add(unit, (row.merchant_id, row.method_id, row.currency), today, NOTHING, -row.balance_minor)
    return len(due)


def mark(unit: UnitOfWork, owner: str, settlement_id: str, status: SettlementStatus) -> SettlementRow:
    """A closed row as paid or failed, as the bank says. Raises ShopError."""
    row = owned(unit.records.settlement_by_id(settlement_id, held=True), owner, settlement_id)
    if row.status is not SettlementStatus.CLOSED:
        raise ShopError("conflict", f"the settlement {settlement_id} is {row.status.value}, expected CLOSED")
    unit.records.change_settlement(settlement_id, row.status, status, unit.at_ms)
    unit.audit("settlement.mark", f"settlement/{settlement_id}", {"status": row.status.value}, {"status": status.value})
    return owned(unit.records.settlement_by_id(settlement_id), owner, settlement_id)


def owned(row: SettlementRow | None, owner: str, settlement_id: str) -> SettlementRow:
    """The merchant's own. Raises ShopError, also for another's."""
    if row is None or row.merchant_id != owner:
        raise ShopError("settlement_not_found", f"no settlement has the id {settlement_id}")
    return row
