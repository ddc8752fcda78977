"""Indexes of what is under way, and payments counted by the hour: the worker's cost stays flat as history grows."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_PAYMENTS, _WEBHOOKS, _SUBSCRIPTIONS = "payment_transactions", "webhook_notifications", "subscriptions"
# name, table, columns, condition
_NEW: tuple[tuple[str, str, list[str], str | None], ...] = (
    ("ix_payment_polled", _PAYMENTS, ["next_poll_ms"], "next_poll_ms IS NOT NULL"),
    ("ix_payment_leased", _PAYMENTS, ["leased_until_ms"], "next_poll_ms IS NOT NULL AND leased_until_ms IS NOT NULL"),
    ("ix_payment_open", _PAYMENTS, ["expires_ms"], "status IN ('PENDING', 'TIMEOUT')"),
    (
        "ix_payment_waiting",
        _PAYMENTS,
        ["user_id", "paid_ms", "id"],
        "purpose = 'renewal' AND status = 'PAID' AND flag = 'overpaid'",
    ),
    (
        "ix_payment_unpaid",
        _PAYMENTS,
        ["expires_ms"],
        "status IN ('EXPIRED', 'FAILED') AND flag IS NULL AND next_poll_ms IS NULL AND qr <> ''",
    ),
    ("ix_payment_user", _PAYMENTS, ["user_id", "created_ms", "id"], None),
    ("ix_payment_created", _PAYMENTS, ["created_ms"], None),
    ("ix_subscription_user", _SUBSCRIPTIONS, ["user_id", "created_ms", "id"], None),
    (
        "ix_webhook_given_up",
        _WEBHOOKS,
        ["created_ms", "id"],
        "next_try_ms IS NULL AND delivered_ms IS NULL AND url IS NOT NULL",
    ),
    ("ix_webhook_delivered", _WEBHOOKS, ["delivered_ms"], "delivered_ms IS NOT NULL"),
    ("ix_webhook_without_url", _WEBHOOKS, ["created_ms"], "url IS NULL"),
)


def upgrade() -> None:
    op.drop_index("ix_payment_due", _PAYMENTS)
    op.drop_index("ix_payment_user", _PAYMENTS)
    op.drop_index("ix_webhook_due", _WEBHOOKS)
    for name, table, columns, condition in _NEW:
        where = None if condition is None else sa.text(condition)
        op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)
    op.create_table(
        "payments_by_hour",
        sa.Column("hour", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("payments", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("hour"),
    )
    # History is counted once, here. Its last hour may not be over: it is counted when it is.
    op.execute(
        "INSERT INTO payments_by_hour (hour, payments) "
        "SELECT created_ms / 3600000, count(*) FROM payment_transactions "
        "WHERE created_ms / 3600000 < (SELECT max(created_ms) / 3600000 FROM payment_transactions) GROUP BY 1"
    )


def downgrade() -> None:
    op.drop_table("payments_by_hour")
    for name, table, _, _ in _NEW:
        op.drop_index(name, table)
    polled = sa.text("next_poll_ms IS NOT NULL")
    op.create_index("ix_payment_due", _PAYMENTS, ["next_poll_ms"], postgresql_where=polled)
    op.create_index("ix_payment_user", _PAYMENTS, ["user_id", "created_ms"])
    op.create_index("ix_webhook_due", _WEBHOOKS, ["next_try_ms"])
