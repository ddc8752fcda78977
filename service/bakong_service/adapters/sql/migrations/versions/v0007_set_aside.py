"""Rows that cannot be read are set aside: a list of them, and payments that are neither asked about nor ended."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_OPEN = "status IN ('PENDING', 'TIMEOUT')"


def upgrade() -> None:
    op.create_table(
        "set_aside_rows",
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("row_id", sa.String(160), nullable=False),
        sa.Column("why", sa.String(200), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "row_id"),
    )
    op.add_column("payment_transactions", sa.Column("set_aside_ms", sa.BigInteger()))
    _index_open(f"{_OPEN} AND set_aside_ms IS NULL")


def downgrade() -> None:
    """A program of before meets the rows again, as it did."""
    op.execute("UPDATE payment_transactions SET next_poll_ms = set_aside_ms WHERE set_aside_ms IS NOT NULL")
    for table, kind, due, since in (
        ("webhook_notifications", "webhook", "next_try_ms", "created_ms"),
        ("subscriptions", "subscription", "due_ms", "next_billing_ms"),
    ):
        aside = f"SELECT row_id FROM set_aside_rows WHERE kind = '{kind}'"  # noqa: S608  our own names
        op.execute(f"UPDATE {table} SET {due} = {since} WHERE id IN ({aside})")  # noqa: S608
    _index_open(_OPEN)
    op.drop_column("payment_transactions", "set_aside_ms")
    op.drop_table("set_aside_rows")


def _index_open(condition: str) -> None:
    where = sa.text(condition)
    op.drop_index("ix_payment_open", "payment_transactions")
    op.create_index(
        "ix_payment_open",
        "payment_transactions",
        ["provider", "expires_ms"],
        sqlite_where=where,
        postgresql_where=where,
    )
