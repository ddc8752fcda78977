"""The books checked where they stand: sums, states, outbox, sealed columns and the audit log's chain. Changes nothing.

A check is a statement that names what breaks a rule, which is no row while the books are right.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from sqlalchemy import Connection, select, text, tuple_

from bakong_service.adapters.sealing import SealError
from bakong_service.adapters.sql.records import SqlRecords
from bakong_service.adapters.sql.rotation import BATCH, COLUMNS, Column
from bakong_service.adapters.sql.rows import Seal, as_text
from bakong_service.domain.audit import ChainCheck, ChainEnd, sealed_text

SHOWN = 20  # of each check
PAGE = 1_000
MacOf = Callable[[str], str]


class Rule(NamedTuple):
    """What has to hold, and the statement that names what breaks it."""

    name: str
    broken_by: str


RULES = (
    Rule(
        "each ledger entry's lines sum to zero",
        "SELECT payment_id || '/' || CAST(number AS TEXT) FROM escrow_lines GROUP BY payment_id, number "
        "HAVING SUM(amount) <> 0",
    ),
    Rule(
        "each ledger entry has lines, and each line an entry",
        "SELECT e.payment_id || '/' || CAST(e.number AS TEXT) FROM escrow_entries e LEFT JOIN escrow_lines l "
        "ON l.payment_id = e.payment_id AND l.number = e.number WHERE l.payment_id IS NULL UNION ALL "
        "SELECT l.payment_id || '/' || CAST(l.number AS TEXT) FROM escrow_lines l LEFT JOIN escrow_entries e "
        "ON l.payment_id = e.payment_id AND l.number = e.number WHERE e.payment_id IS NULL",
    ),
    Rule(
        "each held payment's entries are all there",
        "SELECT p.id FROM escrow_payments p WHERE p.entries <> "
        "(SELECT COUNT(*) FROM escrow_entries e WHERE e.payment_id = p.id)",
    ),
    Rule(
        "what a held payment owes in refunds is what it has under way",
        "SELECT p.id FROM escrow_payments p WHERE p.processing_minor > -(SELECT COALESCE(SUM(l.amount), 0) "
        "FROM escrow_lines l WHERE l.payment_id = p.id AND l.account = 'refund_payable')",
    ),
    Rule(
        "a settlement is the sum of its entries",
        "SELECT s.id FROM settlements s LEFT JOIN settlement_entries e ON e.settlement_id = s.id "
        "GROUP BY s.id, s.gross_minor, s.refunds_minor, s.fee_minor, s.vat_minor HAVING "
        "s.gross_minor <> COALESCE(SUM(CASE WHEN e.kind = 'payment' THEN e.amount_minor END), 0) OR "
        "s.refunds_minor <> COALESCE(SUM(CASE WHEN e.kind = 'refund' THEN e.amount_minor END), 0) OR "
        "s.fee_minor <> COALESCE(SUM(e.fee_minor), 0) OR s.vat_minor <> COALESCE(SUM(e.vat_minor), 0)",
    ),
    Rule(
        "a payment has a time when it was paid if it was, and else none",
        "SELECT id FROM payment_transactions WHERE (status = 'PAID') <> (paid_ms IS NOT NULL)",
    ),
    Rule(
        "a payment's state is the last of its history",
        "SELECT p.id FROM payment_transactions p WHERE p.status <> (SELECT h.to_status FROM payment_status_history h "
        "WHERE h.payment_id = p.id ORDER BY h.id DESC LIMIT 1)",
    ),
    Rule(
        "a subscription's state is the last of its history",
        "SELECT s.id FROM subscriptions s WHERE s.status <> (SELECT h.to_status FROM subscription_status_history h "
        "WHERE h.subscription_id = s.id ORDER BY h.id DESC LIMIT 1)",
    ),
    Rule(
        "the transaction that paid a payment is among its receipts",
        "SELECT p.id FROM payment_transactions p WHERE p.hash IS NOT NULL AND NOT EXISTS "
        "(SELECT 1 FROM payment_receipts r WHERE r.payment_id = p.id AND r.hash = p.hash)",
    ),
    Rule(
        "one transaction of a provider pays one payment",
        "SELECT MIN(id) FROM payment_transactions WHERE hash IS NOT NULL AND status = 'PAID' "
        "GROUP BY provider, hash HAVING COUNT(*) > 1",
    ),
    Rule(
        "an order gives back no more than it came to",
        "SELECT id FROM orders WHERE refunded_minor > subtotal_minor + vat_minor OR refunded_minor < 0",
    ),
    Rule(
        "a webhook is delivered, or waits, or was given up",
        "SELECT id FROM webhook_notifications WHERE delivered_ms IS NOT NULL AND next_try_ms IS NOT NULL",
    ),
    Rule(
        "each try of a webhook that was counted is there",
        "SELECT w.id FROM webhook_notifications w WHERE w.delivered_ms IS NOT NULL AND NOT EXISTS "
        "(SELECT 1 FROM webhook_attempts a WHERE a.notification_id = w.id)",
    ),
    Rule("every row can be read", "SELECT kind || '/' || row_id FROM set_aside_rows"),
)


class Finding(NamedTuple):
    """A rule, and what breaks it; counted: how many things were looked at, where that tells something."""

    rule: str
    broken_by: list[str]
    more: bool = False
    counted: int | None = None


def check(connection: Connection, seal: Seal, macs: Iterable[MacOf]) -> Iterator[Finding]:
    """Each rule with what breaks it. macs: see wiring.audit_seals."""
    for rule in RULES:
        rows = connection.execute(text(f"{rule.broken_by} LIMIT {SHOWN + 1}")).scalars().all()
        yield Finding(rule.name, [as_text(row) for row in rows[:SHOWN]], len(rows) > SHOWN)
    opened, unopened = _open_all(connection, seal)
    yield Finding("every sealed column opens", unopened[:SHOWN], len(unopened) > SHOWN, opened)
    yield check_chain(SqlRecords(connection, seal), macs)


def _open_all(connection: Connection, seal: Seal) -> tuple[int, list[str]]:
    """How many sealed values there are, and those that do not open."""
    count, unopened = 0, list[str]()
    for column in COLUMNS:
        for row_id, sealed in _sealed(connection, column):
            count += 1
            try:
                seal.open(sealed, column.table.name, column.name, row_id)
            except (SealError, ValueError) as error:
                unopened.append(str(error) if isinstance(error, SealError) else f"{column.table.name} of {row_id}")
    return count, unopened


def _sealed(connection: Connection, column: Column) -> Iterator[tuple[str, str]]:
    keys = [column.table.c[name] for name in column.keys]
    batch = select(*keys, column.table.c[column.name]).order_by(*keys).limit(BATCH)
    rows = connection.execute(batch).all()
    while rows:
        for *row_id, sealed in rows:
            stored = sealed.decode("latin-1") if isinstance(sealed, bytes) else str(sealed)
            if stored.startswith("v1."):
                yield "/".join(map(as_text, row_id)), stored
        rows = connection.execute(batch.where(tuple_(*keys) > tuple_(*rows[-1][: len(keys)]))).all()


def check_chain(records: SqlRecords, macs: Iterable[MacOf]) -> Finding:
    """Whether the audit log says what it said when it was sealed."""
    check, problems, after = ChainCheck(), list[str](), 0
    while page := records.chain_page(after, PAGE):
        problems += check.read(page)
        after = page[-1].link.number
    problems += seal_problems(records.chain_end(), macs)
    return Finding(
        "the audit log says what it said when it was sealed", problems[:SHOWN], len(problems) > SHOWN, check.count
    )


def seal_problems(end: ChainEnd | None, macs: Iterable[MacOf]) -> list[str]:
    """What is wrong with the seal at a chain's end."""
    if end is None:
        return []
    if end.seal is None:
        return [f"the last entry, {end.head.number}, has no seal"]
    if end.seal not in [mac(sealed_text(end.head)) for mac in macs]:
        return [f"the seal of entry {end.head.number} is not of an ENCRYPTION_KEY that is here"]
    return []
