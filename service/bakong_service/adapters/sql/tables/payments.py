"""Payments of every provider, what was paid for them, and the calls that were spent on asking."""

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, String, Table, Text

from bakong_service.adapters.sql.tables.columns import Bytes, Flag, index, metadata
from bakong_service.adapters.sql.tables.conditions import (
    ENDING,
    LEASED,
    OPEN_CHANGE,
    POLLED,
    REFERRED,
    UNPAID_WITH_CODE,
    WAITING_RENEWAL,
)

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
    Column("late", Flag, nullable=False, default=False),
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
    # When it could not be read, and was taken out of the worker's way (NULL: it can be read).
    Column("set_aside_ms", BigInteger),
    # What it buys, the bill it pays, and the provider's transaction that paid it.
    Column("purpose", String(16), nullable=False, default="plan", server_default="plan"),
    Column("bill_ms", BigInteger),
    Column("hash", String(64)),
    # When another code took its place: its own had ended, and its provider could not be asked what became of it.
    Column("replaced_ms", BigInteger),
    # Who collects it, and its name there: empty in rows of programs from before other providers.
    Column("provider", String(32), nullable=False, default="bakong", server_default="bakong"),
    Column("reference", String(128), nullable=False, default="", server_default=""),
)
index(
    "uq_payment_reference",
    payment_transactions.c.provider,
    payment_transactions.c.reference,
    where=REFERRED,
    unique=True,
)
_P = payment_transactions.c

# One open upgrade and one open renewal a user, whatever races; beside those whose codes are offered no more.
index("uq_payment_open_change", _P.user_id, _P.purpose, where=OPEN_CHANGE, unique=True)
index("ix_payment_polled", _P.provider, _P.next_poll_ms, where=POLLED)
index("ix_payment_leased", _P.provider, _P.leased_until_ms, where=LEASED)
index("ix_payment_open", _P.provider, _P.expires_ms, where=ENDING)
index("ix_payment_waiting", _P.user_id, _P.paid_ms, _P.id, where=WAITING_RENEWAL)
index("ix_payment_unpaid", _P.expires_ms, where=UNPAID_WITH_CODE)
index("ix_payment_user", _P.user_id, _P.created_ms, _P.id)
index("ix_payment_created", _P.created_ms)

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
    Column("raw", Bytes, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)

# Calls to a provider, by its own day (days since 1970-01-01 in its zone); all workers share the row.
provider_calls = Table(
    "provider_calls",
    metadata,
    Column("provider", String(32), primary_key=True),
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("calls", Integer, nullable=False),
    Column("stopped", Flag, nullable=False),
)

# Those to Bakong, as programs from before other providers count them; not read any more.
bakong_calls = Table(
    "bakong_calls",
    metadata,
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("calls", Integer, nullable=False),
    Column("stopped", Flag, nullable=False),
)
