"""What the core needs beside the first tables: periods, leases, receipts, budget, idempotency keys, audit log."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_OPEN_CHANGE = sa.text("purpose IN ('upgrade', 'renewal') AND status IN ('PENDING', 'TIMEOUT')")


def _payment() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("leased_until_ms", sa.BigInteger()),
        sa.Column("priority", sa.String(length=8), nullable=False, server_default="normal"),
        sa.Column("purpose", sa.String(length=16), nullable=False, server_default="plan"),
        sa.Column("bill_ms", sa.BigInteger()),
        sa.Column("hash", sa.String(length=64)),
    )


def _subscription() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("currency", sa.String(length=3), nullable=False, server_default="USD"),
        sa.Column("period_start_ms", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("period_cycles", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("paid_minor", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("pending_plan", sa.String(length=32)),
        sa.Column("pending_at_ms", sa.BigInteger()),
        sa.Column("cancel_at_ms", sa.BigInteger()),
        sa.Column("due_ms", sa.BigInteger()),
    )


def upgrade() -> None:
    for column in _payment():
        op.add_column("payment_transactions", column)
    for column in _subscription():
        op.add_column("subscriptions", column)
    op.execute("UPDATE subscriptions SET period_start_ms = last_billing_ms, due_ms = next_billing_ms")
    op.create_index(
        "uq_payment_open_change",
        "payment_transactions",
        ["user_id", "purpose"],
        unique=True,
        sqlite_where=_OPEN_CHANGE,
        postgresql_where=_OPEN_CHANGE,
    )
    op.create_index("ix_subscription_due", "subscriptions", ["due_ms"])
    _make_tables()


def _make_tables() -> None:
    op.create_table(
        "webhook_attempts",
        sa.Column("notification_id", sa.String(length=64), sa.ForeignKey("webhook_notifications.id"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("error", sa.Text()),
        sa.PrimaryKeyConstraint("notification_id", "number"),
    )
    op.create_table(
        "payment_receipts",
        sa.Column("payment_id", sa.String(length=36), sa.ForeignKey("payment_transactions.id"), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("verdict", sa.String(length=32), nullable=False),
        sa.Column("amount_minor", sa.BigInteger()),
        sa.Column("currency", sa.String(length=3)),
        sa.Column("to_account", sa.Text(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("payment_id", "hash"),
    )
    op.create_table(
        "bakong_calls",
        sa.Column("day", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("stopped", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("day"),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("scope", sa.String(length=64), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("expires_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("scope"),
    )
    op.create_index("ix_idempotency_keys_expires_ms", "idempotency_keys", ["expires_ms"])
    op.create_table(
        "audit_logs",
        sa.Column("id", sa.Integer(), nullable=False, autoincrement=True),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(length=128), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("resource", sa.String(length=200), nullable=False),
        sa.Column("before", sa.Text()),
        sa.Column("after", sa.Text()),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("user_agent", sa.String(length=256), nullable=False),
        sa.Column("request_id", sa.String(length=128), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_audit_logs_resource", "audit_logs", ["resource"])


def downgrade() -> None:
    for table in ("audit_logs", "idempotency_keys", "bakong_calls", "payment_receipts", "webhook_attempts"):
        op.drop_table(table)
    op.drop_index("ix_subscription_due", "subscriptions")
    op.drop_index("uq_payment_open_change", "payment_transactions")
    for column in _subscription():
        op.drop_column("subscriptions", column.name)
    for column in _payment():
        op.drop_column("payment_transactions", column.name)
