"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "api_keys",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("label", sa.String(length=64), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("revoked_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_table(
        "payment_transactions",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.String(length=128), nullable=False),
        sa.Column("plan", sa.String(length=32), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("bill_number", sa.String(length=25), nullable=False),
        sa.Column("md5", sa.String(length=32), nullable=False),
        sa.Column("qr", sa.Text(), nullable=False),
        sa.Column("deep_link", sa.Text(), nullable=False),
        sa.Column("short_link", sa.Text(), nullable=True),
        sa.Column("callback", sa.Text(), nullable=True),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("flag", sa.String(length=32), nullable=True),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("expires_ms", sa.BigInteger(), nullable=False),
        sa.Column("updated_ms", sa.BigInteger(), nullable=False),
        sa.Column("paid_ms", sa.BigInteger(), nullable=True),
        sa.Column("next_poll_ms", sa.BigInteger(), nullable=True),
        sa.Column("asked_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("bill_number"),
        sa.UniqueConstraint("md5"),
    )
    op.create_index(
        "ix_payment_due",
        "payment_transactions",
        ["next_poll_ms"],
        unique=False,
        postgresql_where=sa.text("next_poll_ms IS NOT NULL"),
    )
    op.create_index("ix_payment_user", "payment_transactions", ["user_id", "created_ms"], unique=False)
    op.create_table(
        "subscriptions",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.String(length=128), nullable=False),
        sa.Column("plan", sa.String(length=32), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("start_ms", sa.BigInteger(), nullable=False),
        sa.Column("last_billing_ms", sa.BigInteger(), nullable=False),
        sa.Column("next_billing_ms", sa.BigInteger(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("updated_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "uq_subscription_running",
        "subscriptions",
        ["user_id"],
        unique=True,
        sqlite_where=sa.text("status IN ('ACTIVE', 'PAST_DUE')"),
        postgresql_where=sa.text("status IN ('ACTIVE', 'PAST_DUE')"),
    )
    op.create_table(
        "webhook_notifications",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("event", sa.String(length=64), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_try_ms", sa.BigInteger(), nullable=True),
        sa.Column("delivered_ms", sa.BigInteger(), nullable=True),
        sa.Column("last_status", sa.Integer(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_webhook_due", "webhook_notifications", ["next_try_ms"], unique=False)
    op.create_table(
        "payment_status_history",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("payment_id", sa.String(length=36), nullable=False),
        sa.Column("from_status", sa.String(length=16), nullable=True),
        sa.Column("to_status", sa.String(length=16), nullable=False),
        sa.Column("why", sa.String(length=200), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["payment_id"],
            ["payment_transactions.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        op.f("ix_payment_status_history_payment_id"), "payment_status_history", ["payment_id"], unique=False
    )
    op.create_table(
        "subscription_status_history",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("subscription_id", sa.String(length=36), nullable=False),
        sa.Column("from_status", sa.String(length=16), nullable=True),
        sa.Column("to_status", sa.String(length=16), nullable=False),
        sa.Column("plan", sa.String(length=32), nullable=False),
        sa.Column("why", sa.String(length=200), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["subscription_id"],
            ["subscriptions.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        op.f("ix_subscription_status_history_subscription_id"),
        "subscription_status_history",
        ["subscription_id"],
        unique=False,
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_subscription_status_history_subscription_id"), table_name="subscription_status_history")
    op.drop_table("subscription_status_history")
    op.drop_index(op.f("ix_payment_status_history_payment_id"), table_name="payment_status_history")
    op.drop_table("payment_status_history")
    op.drop_index("ix_webhook_due", table_name="webhook_notifications")
    op.drop_table("webhook_notifications")
    op.drop_index(
        "uq_subscription_running",
        table_name="subscriptions",
        sqlite_where=sa.text("status IN ('ACTIVE', 'PAST_DUE')"),
        postgresql_where=sa.text("status IN ('ACTIVE', 'PAST_DUE')"),
    )
    op.drop_table("subscriptions")
    op.drop_index("ix_payment_user", table_name="payment_transactions")
    op.drop_index(
        "ix_payment_due", table_name="payment_transactions", postgresql_where=sa.text("next_poll_ms IS NOT NULL")
    )
    op.drop_table("payment_transactions")
    op.drop_table("api_keys")
