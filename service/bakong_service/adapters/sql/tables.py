"""The tables. Times are epoch ms (BIGINT), amounts minor units; invariants stand here, where no race gets past them.

A partial index holds what is under way, which history does not make larger. A database uses it only for a statement
that repeats its condition word for word, not as parameters: so each condition has a name here, and both use it.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TextClause,
    text,
)

metadata = MetaData()

OPEN = text("status IN ('PENDING', 'TIMEOUT')")
OPEN_CHANGE = text("purpose IN ('upgrade', 'renewal') AND status IN ('PENDING', 'TIMEOUT')")
REFERRED = text("reference <> ''")
POLLED = text("next_poll_ms IS NOT NULL")
LEASED = text("next_poll_ms IS NOT NULL AND leased_until_ms IS NOT NULL")
WAITING_RENEWAL = text("purpose = 'renewal' AND status = 'PAID' AND flag = 'overpaid'")
UNPAID_WITH_CODE = text("status IN ('EXPIRED', 'FAILED') AND flag IS NULL AND next_poll_ms IS NULL AND qr <> ''")
RUNNING = text("status IN ('ACTIVE', 'PAST_DUE')")
UNDELIVERED = text("next_try_ms IS NOT NULL")
GIVEN_UP = text("next_try_ms IS NULL AND delivered_ms IS NULL AND url IS NOT NULL")
DELIVERED = text("delivered_ms IS NOT NULL")
WITHOUT_URL = text("url IS NULL")


def _index(name: str, *columns: Column[Any], where: TextClause | None = None, unique: bool = False) -> None:
    Index(name, *columns, unique=unique, sqlite_where=where, postgresql_where=where)


payment_transactions = Table(
    "payment_transactions",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("user_id", String(128), nullable=False),
    Column("plan", String(32), nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("account_id", String(64), nullable=False),
    Column("bill_number", String(25), nullable=False, unique=True),
    # Of another provider's payment: its id without dashes. The column is older than the other providers.
    Column("md5", String(32), nullable=False, unique=True),
    # The hand-off, sealed together with the account; deep_link is filled only in rows from before sealing.
    Column("qr", Text, nullable=False),
    Column("deep_link", Text, nullable=False),
    Column("short_link", Text),
    Column("callback", Text),
    Column("status", String(16), nullable=False),
    Column("late", Boolean, nullable=False, default=False),
    Column("flag", String(32)),
    Column("created_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    Column("updated_ms", BigInteger, nullable=False),
    Column("paid_ms", BigInteger),
    # Watching: when the provider is asked next (NULL: never again), when it was asked last, until when a worker has it.
    Column("next_poll_ms", BigInteger),
    Column("asked_ms", BigInteger),
    Column("leased_until_ms", BigInteger),
    # When the provider last sent an event about it, of which no worker has taken note.
    Column("event_ms", BigInteger),
    Column("priority", String(8), nullable=False, default="normal", server_default="normal"),
    # What it buys, the bill it pays, and the provider's transaction that paid it.
    Column("purpose", String(16), nullable=False, default="plan", server_default="plan"),
    Column("bill_ms", BigInteger),
    Column("hash", String(64)),
    # Who collects it, and its name there: empty in rows of programs from before other providers.
    Column("provider", String(32), nullable=False, default="bakong", server_default="bakong"),
    Column("reference", String(128), nullable=False, default="", server_default=""),
)
_index(
    "uq_payment_reference",
    payment_transactions.c.provider,
    payment_transactions.c.reference,
    where=REFERRED,
    unique=True,
)
_P = payment_transactions.c
# One open upgrade and one open renewal a user, whatever races.
_index("uq_payment_open_change", _P.user_id, _P.purpose, where=OPEN_CHANGE, unique=True)
_index("ix_payment_polled", _P.provider, _P.next_poll_ms, where=POLLED)
_index("ix_payment_leased", _P.provider, _P.leased_until_ms, where=LEASED)
_index("ix_payment_open", _P.provider, _P.expires_ms, where=OPEN)
_index("ix_payment_waiting", _P.user_id, _P.paid_ms, _P.id, where=WAITING_RENEWAL)
_index("ix_payment_unpaid", _P.expires_ms, where=UNPAID_WITH_CODE)
_index("ix_payment_user", _P.user_id, _P.created_ms, _P.id)
_index("ix_payment_created", _P.created_ms)

# How many of a provider's payments were made in each hour since 1970-01-01 UTC. Its last row says up to where they are
# counted.
provider_hours = Table(
    "provider_hours",
    metadata,
    Column("provider", String(32), primary_key=True),
    Column("hour", BigInteger, primary_key=True, autoincrement=False),
    Column("payments", Integer, nullable=False),
)
# Those of Bakong, as programs from before other providers count them; not read any more.
payments_by_hour = Table(
    "payments_by_hour",
    metadata,
    Column("hour", BigInteger, primary_key=True, autoincrement=False),
    Column("payments", Integer, nullable=False),
)

payment_status_history = Table(
    "payment_status_history",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("payment_id", ForeignKey("payment_transactions.id"), nullable=False, index=True),
    Column("from_status", String(16)),
    Column("to_status", String(16), nullable=False),
    Column("why", String(200), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)

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
_index("ix_subscription_due", _S.due_ms)
_index("ix_subscription_user", _S.user_id, _S.created_ms, _S.id)
# One running subscription a user, whatever races.
_index("uq_subscription_running", _S.user_id, where=RUNNING, unique=True)

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

webhook_notifications = Table(
    "webhook_notifications",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("event", String(64), nullable=False),
    Column("url", Text),
    Column("host", String(255), nullable=False, default="", server_default=""),
    Column("body", LargeBinary, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("next_try_ms", BigInteger),
    Column("delivered_ms", BigInteger),
    Column("last_status", Integer),
    Column("last_error", Text),
)
_W = webhook_notifications.c
_index("ix_webhook_given_up", _W.created_ms, _W.id, where=GIVEN_UP)
_index("ix_webhook_delivered", _W.delivered_ms, where=DELIVERED)
_index("ix_webhook_without_url", _W.created_ms, where=WITHOUT_URL)
_index("ix_webhook_host", _W.host, _W.next_try_ms, _W.created_ms, _W.id, where=UNDELIVERED)

webhook_attempts = Table(
    "webhook_attempts",
    metadata,
    Column("notification_id", ForeignKey("webhook_notifications.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("status", Integer),
    Column("error", Text),
)

# Every transaction that a provider showed for a payment, also those that do not match or came twice.
payment_receipts = Table(
    "payment_receipts",
    metadata,
    Column("payment_id", ForeignKey("payment_transactions.id"), primary_key=True),
    Column("hash", String(64), primary_key=True),
    Column("verdict", String(32), nullable=False),
    Column("amount_minor", BigInteger),
    Column("currency", String(3)),
    Column("to_account", Text, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)

# Calls to a provider, by its own day (days since 1970-01-01 in its zone); all workers share the row.
provider_calls = Table(
    "provider_calls",
    metadata,
    Column("provider", String(32), primary_key=True),
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("calls", Integer, nullable=False),
    Column("stopped", Boolean, nullable=False),
)
# Those to Bakong, as programs from before other providers count them; not read any more.
bakong_calls = Table(
    "bakong_calls",
    metadata,
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("calls", Integer, nullable=False),
    Column("stopped", Boolean, nullable=False),
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("scope", String(64), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("status", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger, nullable=False, index=True),
)

# Append-only.
audit_logs = Table(
    "audit_logs",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("actor", String(128), nullable=False),
    Column("action", String(64), nullable=False),
    Column("resource", String(200), nullable=False, index=True),
    Column("before", Text),
    Column("after", Text),
    Column("address", String(64), nullable=False),
    Column("user_agent", String(256), nullable=False),
    Column("request_id", String(128), nullable=False),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("label", String(64), nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("revoked_ms", BigInteger),
)
