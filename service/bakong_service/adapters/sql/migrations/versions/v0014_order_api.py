"""Orders by providers: their events, the inbox of webhooks, one list of transactions, what checkout hands over."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

_ID = sa.String(36)
_UNPAID = "ix_payment_unpaid"
_WITH_CODE = "status IN ({}) AND flag IS NULL AND next_poll_ms IS NULL AND qr <> ''"
_BACKFILL = (
    (
        "INSERT INTO order_transactions (id, type, payment_id, order_id, merchant_id, amount_minor, currency, status,"
        " provider, provider_id, fee_minor, actor, request_id, created_ms) SELECT p.id, 'payment', p.id, o.order_id,"
        " o.merchant_id, p.amount_minor, p.currency, CASE p.status WHEN 'PAID' THEN 'completed' WHEN 'FAILED' THEN"
        " 'failed' WHEN 'EXPIRED' THEN 'expired' ELSE 'processing' END, p.provider, NULLIF(p.reference, ''), NULL,"
        " 'unknown', '', p.created_ms FROM order_payments o JOIN payment_transactions p ON p.id = o.payment_id"
    ),
    (
        "INSERT INTO order_transactions (id, type, payment_id, order_id, merchant_id, amount_minor, currency, status,"
        " provider, provider_id, fee_minor, actor, request_id, created_ms) SELECT r.id, 'refund', r.payment_id,"
        " r.order_id, r.merchant_id, r.amount_minor, r.currency, r.status, p.provider, r.provider_reference, NULL,"
        " 'unknown', '', r.created_ms FROM refunds r JOIN payment_transactions p ON p.id = r.payment_id"
    ),
)


def upgrade() -> None:
    op.add_column("order_payments", sa.Column("handed", sa.Text(), nullable=False, server_default=""))
    op.add_column("order_payments", sa.Column("failure_code", sa.String(64)))
    op.add_column("order_payments", sa.Column("failure_message", sa.String(200)))
    op.add_column("order_payments", sa.Column("dispute", sa.String(8), nullable=False, server_default=""))
    op.add_column("order_payments", sa.Column("close_ms", sa.BigInteger()))
    _partial("ix_order_payment_close", "order_payments", ["close_ms"], "close_ms IS NOT NULL")
    _index_unpaid("'EXPIRED', 'FAILED', 'CANCELLED'")
    _events()
    _inbox()
    _transactions()
    for statement in _BACKFILL:
        op.execute(statement)


def _events() -> None:
    op.create_table(
        "order_events",
        sa.Column("order_id", _ID, sa.ForeignKey("orders.id"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("payment_id", _ID),
        sa.Column("sequence", sa.Integer()),
        sa.Column("type", sa.String(32), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("causation", sa.String(128), nullable=False),
        sa.PrimaryKeyConstraint("order_id", "number"),
    )
    op.create_index("uq_order_event_payment", "order_events", ["payment_id", "sequence"], unique=True)


def _inbox() -> None:
    op.create_table(
        "provider_events",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("provider", sa.String(32), nullable=False),
        sa.Column("event_key", sa.String(128), nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("reference", sa.String(128), nullable=False),
        sa.Column("payment_id", _ID, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("received_ms", sa.BigInteger(), nullable=False),
        sa.Column("deliveries", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_try_ms", sa.BigInteger()),
    )
    op.create_index("uq_provider_event", "provider_events", ["provider", "event_key"], unique=True)
    _partial("ix_provider_event_unmatched", "provider_events", ["next_try_ms"], "next_try_ms IS NOT NULL")
    _partial("ix_provider_event_dead", "provider_events", ["received_ms", "id"], "state = 'dead'")
    _partial("ix_provider_event_handled", "provider_events", ["received_ms"], "state IN ('done', 'ignored')")


def _transactions() -> None:
    op.create_table(
        "order_transactions",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("type", sa.String(16), nullable=False),
        sa.Column("payment_id", _ID, nullable=False),
        sa.Column("order_id", _ID, nullable=False),
        sa.Column("merchant_id", sa.String(128), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("provider", sa.String(32), nullable=False),
        sa.Column("provider_id", sa.String(128)),
        sa.Column("fee_minor", sa.BigInteger()),
        sa.Column("actor", sa.String(128), nullable=False),
        sa.Column("request_id", sa.String(128), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
    )
    for name, first in (("created", ()), ("merchant", ("merchant_id",)), ("order", ("order_id",))):
        op.create_index(f"ix_transaction_{name}", "order_transactions", [*first, "created_ms", "id"])
    op.create_index("ix_transaction_payment", "order_transactions", ["payment_id", "created_ms", "id"])


def downgrade() -> None:
    """A program of before knows no cancelled payment: it is a failed one there."""
    for table in ("order_transactions", "provider_events", "order_events"):
        op.drop_table(table)
    op.execute("UPDATE payment_transactions SET status = 'FAILED' WHERE status = 'CANCELLED'")
    _index_unpaid("'EXPIRED', 'FAILED'")
    op.drop_index("ix_order_payment_close", "order_payments")
    for column in ("close_ms", "dispute", "failure_message", "failure_code", "handed"):
        op.drop_column("order_payments", column)


def _index_unpaid(statuses: str) -> None:
    op.drop_index(_UNPAID, "payment_transactions")
    _partial(_UNPAID, "payment_transactions", ["expires_ms"], _WITH_CODE.format(statuses))


def _partial(name: str, table: str, columns: list[str], condition: str) -> None:
    where = sa.text(condition)
    op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)
