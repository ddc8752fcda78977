"""Orders of goods: methods, merchants, orders with their payments and refunds, settlements with their entries."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0007"

_ID, _MERCHANT, _WORD, _DECIMAL = sa.String(36), sa.String(128), sa.String(16), sa.String(20)


def upgrade() -> None:
    op.create_table(
        "thai_payment_methods",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("provider", sa.String(32), nullable=False),
        sa.Column("type", _WORD, nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("experimental", sa.Boolean(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("min_amount", _DECIMAL),
        sa.Column("max_amount", _DECIMAL),
        sa.Column("fee_percentage", _DECIMAL, nullable=False),
        sa.Column("fixed_fee", _DECIMAL, nullable=False),
        sa.Column("fee_vat_rate", _DECIMAL, nullable=False),
        sa.Column("processing_s", sa.Integer(), nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("secrets", sa.Text(), nullable=False),
        *_times(),
        sa.Column("deleted_ms", sa.BigInteger()),
    )
    op.create_table(
        "merchants",
        sa.Column("id", _MERCHANT, primary_key=True),
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("tax_id", sa.String(13)),
        sa.Column("branch", sa.String(5), nullable=False),
        sa.Column("status", _WORD, nullable=False),
        sa.Column("default_methods", sa.Text(), nullable=False),
        *_times(),
    )
    _orders()
    _settlements()


def _orders() -> None:
    op.create_table(
        "orders",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("merchant_id", _MERCHANT, nullable=False),
        sa.Column("reference", sa.String(64), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("buyer", sa.Text(), nullable=False),
        *_amounts("subtotal", "vat", "withholding", "refunded"),
        sa.Column("payment_id", _ID),
        *_times(),
        sa.Column("expires_ms", sa.BigInteger()),
    )
    op.create_index("uq_order_reference", "orders", ["merchant_id", "reference"], unique=True)
    op.create_index("ix_order_merchant", "orders", ["merchant_id", "created_ms", "id"])
    op.create_table(
        "order_payments",
        sa.Column("payment_id", _ID, sa.ForeignKey("payment_transactions.id"), primary_key=True),
        sa.Column("order_id", _ID, sa.ForeignKey("orders.id"), nullable=False),
        sa.Column("merchant_id", _MERCHANT, nullable=False),
        sa.Column("method_id", _ID, nullable=False),
        sa.Column("method", sa.String(32), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("fee_percentage", _DECIMAL, nullable=False),
        sa.Column("fixed_fee", _DECIMAL, nullable=False),
        sa.Column("fee_vat_rate", _DECIMAL, nullable=False),
        sa.Column("disputed", sa.Boolean(), nullable=False),
    )
    op.create_index("uq_order_attempt", "order_payments", ["order_id", "attempt"], unique=True)
    op.create_table(
        "refunds",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("payment_id", _ID, sa.ForeignKey("payment_transactions.id"), nullable=False),
        sa.Column("order_id", _ID, sa.ForeignKey("orders.id"), nullable=False),
        sa.Column("merchant_id", _MERCHANT, nullable=False),
        *_amounts("amount"),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("wish", sa.Text(), nullable=False),
        sa.Column("status", _WORD, nullable=False),
        sa.Column("reason", sa.String(32)),
        sa.Column("note", sa.String(200)),
        sa.Column("provider_reference", sa.String(128)),
        sa.Column("next_try_ms", sa.BigInteger()),
        *_times(),
    )
    op.create_index("ix_refund_order", "refunds", ["order_id", "created_ms", "id"])
    _partial("ix_refund_pending", "refunds", ["next_try_ms"], "status = 'pending'")


def _settlements() -> None:
    op.create_table(
        "settlements",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("merchant_id", _MERCHANT, nullable=False),
        sa.Column("method_id", _ID, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("status", _WORD, nullable=False),
        *_amounts("gross", "fee", "vat", "refunds", "debt"),
        *_times(),
    )
    op.create_index("uq_settlement", "settlements", ["merchant_id", "method_id", "day", "number"], unique=True)
    _partial("uq_settlement_open", "settlements", ["day", "merchant_id", "method_id"], "status = 'OPEN'", unique=True)
    op.create_index("ix_settlement_merchant", "settlements", ["merchant_id", "day", "id"])
    op.create_table(
        "settlement_entries",
        sa.Column("kind", _WORD, nullable=False),
        sa.Column("subject_id", sa.String(40), nullable=False),
        sa.Column("settlement_id", _ID, sa.ForeignKey("settlements.id"), nullable=False),
        sa.Column("order_id", _ID, nullable=False),
        *_amounts("amount"),
        sa.Column("currency", sa.String(3), nullable=False),
        *_amounts("fee", "vat"),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "subject_id"),
    )
    op.create_index("ix_settlement_entry", "settlement_entries", ["settlement_id", "at_ms", "subject_id"])


def downgrade() -> None:
    """A program of before knows no payment of an order: they go with their orders."""
    for table in ("settlement_entries", "settlements", "refunds", "order_payments", "orders", "merchants"):
        op.drop_table(table)
    op.drop_table("thai_payment_methods")
    theirs = "SELECT id FROM payment_transactions WHERE purpose = 'order'"
    op.execute(f"DELETE FROM payment_receipts WHERE payment_id IN ({theirs})")  # noqa: S608  our own names
    op.execute(f"DELETE FROM payment_status_history WHERE payment_id IN ({theirs})")  # noqa: S608
    op.execute("DELETE FROM payment_transactions WHERE purpose = 'order'")


def _times() -> tuple[sa.Column[int], ...]:
    return (
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("updated_ms", sa.BigInteger(), nullable=False),
    )


def _amounts(*names: str) -> tuple[sa.Column[int], ...]:
    return tuple(sa.Column(f"{name}_minor", sa.BigInteger(), nullable=False) for name in names)


def _partial(name: str, table: str, columns: list[str], condition: str, *, unique: bool = False) -> None:
    where = sa.text(condition)
    op.create_index(name, table, columns, unique=unique, sqlite_where=where, postgresql_where=where)
