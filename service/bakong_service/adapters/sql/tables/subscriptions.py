"""Subscriptions to plans, and their history."""

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, String, Table

from bakong_service.adapters.sql.tables.columns import index, metadata
from bakong_service.adapters.sql.tables.conditions import RUNNING

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("user_id", String(128), nullable=False),
    Column("plan", String(32), nullable=False),
    Column("status", String(16), nullable=False),
    Column("start_ms", BigInteger, nullable=False),
    Column("last_billing_ms", BigInteger, nullable=False),
    Column("next_billing_ms", BigInteger, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("updated_ms", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False, server_default="USD"),
    Column("period_start_ms", BigInteger, nullable=False, server_default="0"),
    Column("period_cycles", Integer, nullable=False, server_default="1"),
    Column("paid_minor", BigInteger, nullable=False, server_default="0"),
    Column("pending_plan", String(32)),
    Column("pending_at_ms", BigInteger),
    Column("cancel_at_ms", BigInteger),
    # When time alone changes it next (NULL: never).
    Column("due_ms", BigInteger),
)
_S = subscriptions.c
index("ix_subscription_due", _S.due_ms)
index("ix_subscription_user", _S.user_id, _S.created_ms, _S.id)

# One running subscription a user, whatever races.
index("uq_subscription_running", _S.user_id, where=RUNNING, unique=True)

subscription_status_history = Table(
    "subscription_status_history",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("subscription_id", ForeignKey("subscriptions.id"), nullable=False, index=True),
    Column("from_status", String(16)),
    Column("to_status", String(16), nullable=False),
    Column("plan", String(32), nullable=False),
    Column("why", String(200), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)
