"""The tables. Times are epoch ms (BIGINT), amounts minor units; invariants stand here, where no race gets past them.

A partial index holds what is under way, which history does not make larger. A database uses it only for a statement
that repeats its condition word for word, not as parameters: so each condition has a name here, and both use it.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
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


class _Raw:
    """A column's value as the driver gives it: a damaged one is met with its row, and not while rows are fetched."""

    def result_processor(self, _dialect: Any, _coltype: Any) -> None:
        return None


class _Bytes(_Raw, LargeBinary):
    """bytes; of a damaged row in SQLite anything."""


class _Flag(_Raw, Boolean):
    """Python's bool, of SQLite 0 or 1; of a damaged row there anything."""


OPEN = text("status IN ('PENDING', 'TIMEOUT')")
ENDING = text("status IN ('PENDING', 'TIMEOUT') AND set_aside_ms IS NULL")
OPEN_CHANGE = text("purpose IN ('upgrade', 'renewal') AND status IN ('PENDING', 'TIMEOUT') AND replaced_ms IS NULL")
SELLS_NO_PLAN = text("purpose NOT IN ('plan', 'renewal', 'upgrade')")
REFERRED = text("reference <> ''")
POLLED = text("next_poll_ms IS NOT NULL")
LEASED = text("next_poll_ms IS NOT NULL AND leased_until_ms IS NOT NULL")
WAITING_RENEWAL = text("purpose = 'renewal' AND status = 'PAID' AND flag = 'overpaid'")
UNPAID_WITH_CODE = text(
    "status IN ('EXPIRED', 'FAILED', 'CANCELLED') AND flag IS NULL AND next_poll_ms IS NULL AND qr <> ''"
)
RUNNING = text("status IN ('ACTIVE', 'PAST_DUE')")
UNDELIVERED = text("next_try_ms IS NOT NULL")
GIVEN_UP = text("next_try_ms IS NULL AND delivered_ms IS NULL AND url IS NOT NULL")
OPEN_SETTLEMENT = text("status = 'OPEN'")
TO_CLOSE = text("close_ms IS NOT NULL")
UNMATCHED_EVENT = text("next_try_ms IS NOT NULL")
DEAD_EVENT = text("state = 'dead'")
HANDLED_EVENT = text("state IN ('done', 'ignored')")
PENDING_REFUND = text("status = 'pending'")
UNPAID_ESCROW = text("sweep_ms IS NOT NULL")
HELD_ESCROW = text("escrow_status = 'HELD' AND processing_minor = 0 AND release_ms IS NOT NULL")
REVIEWED_ESCROW = text("review IS NOT NULL")
ESCROW_REFUND_DUE = text("next_try_ms IS NOT NULL")
ESCROW_REFUND_REVIEWED = text("review IS NOT NULL")
DELIVERED = text("delivered_ms IS NOT NULL")
WITHOUT_URL = text("url IS NULL")
IN_LOG = text("archived_ms IS NULL")


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
    Column("late", _Flag, nullable=False, default=False),
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
_index(
    "uq_payment_reference",
    payment_transactions.c.provider,
    payment_transactions.c.reference,
    where=REFERRED,
    unique=True,
)
_P = payment_transactions.c
# One open upgrade and one open renewal a user, whatever races; beside those whose codes are offered no more.
_index("uq_payment_open_change", _P.user_id, _P.purpose, where=OPEN_CHANGE, unique=True)
_index("ix_payment_polled", _P.provider, _P.next_poll_ms, where=POLLED)
_index("ix_payment_leased", _P.provider, _P.leased_until_ms, where=LEASED)
_index("ix_payment_open", _P.provider, _P.expires_ms, where=ENDING)
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
    Column("body", _Bytes, nullable=False),
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
    # How the receiver's answer begins, sealed: it may hold what is the receiver's alone. Empty where it said nothing.
    Column("answer", Text, nullable=False, default="", server_default=""),
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
    Column("raw", _Bytes, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)

# Calls to a provider, by its own day (days since 1970-01-01 in its zone); all workers share the row.
provider_calls = Table(
    "provider_calls",
    metadata,
    Column("provider", String(32), primary_key=True),
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("calls", Integer, nullable=False),
    Column("stopped", _Flag, nullable=False),
)
# Those to Bakong, as programs from before other providers count them; not read any more.
bakong_calls = Table(
    "bakong_calls",
    metadata,
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("calls", Integer, nullable=False),
    Column("stopped", _Flag, nullable=False),
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("scope", String(64), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("status", Integer, nullable=False),
    Column("body", _Bytes, nullable=False),
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

# The audit log's hash chain: entry by entry in the order of sealing, each with the hash of the one before. seal: of a
# batch's last entry. archived_ms: since when its row is in the archive, and not in the log.
audit_chain = Table(
    "audit_chain",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("audit_id", BigInteger, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("seal", String(64)),
    Column("archived_ms", BigInteger),
)
_index("uq_audit_chain_row", audit_chain.c.audit_id, where=IN_LOG, unique=True)

# The oldest migration whose programs may go on with this database.
schema_compatibility = Table("schema_compatibility", metadata, Column("oldest", String(8), primary_key=True))

# Rows that could not be read: their kind, their id, why and since when. Nothing of what they hold.
set_aside_rows = Table(
    "set_aside_rows",
    metadata,
    Column("kind", String(16), primary_key=True),
    Column("row_id", String(160), primary_key=True),
    Column("why", String(200), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("label", String(64), nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("revoked_ms", BigInteger),
)

# password: an argon2id hash. roles: words with a space between them. merchant: whose orders they see.
users = Table(
    "users",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("username", String(64), nullable=False, unique=True),
    Column("password", Text, nullable=False),
    Column("roles", String(128), nullable=False),
    Column("merchant", String(128)),
    Column("created_ms", BigInteger, nullable=False),
    Column("disabled_ms", BigInteger),
)

# A login, and the refresh tokens that came of it, by their keyed hash; used_ms: each is good for one use.
token_families = Table(
    "token_families",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("user_id", ForeignKey("users.id"), nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    Column("revoked_ms", BigInteger),
)
_F = token_families.c
_index("ix_family_user", _F.user_id)
_index("ix_family_expires", _F.expires_ms)
_index("ix_family_revoked", _F.revoked_ms)
refresh_tokens = Table(
    "refresh_tokens",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("family_id", ForeignKey("token_families.id"), nullable=False),
    Column("issued_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    Column("used_ms", BigInteger),
)
_index("ix_refresh_family", refresh_tokens.c.family_id)

# digest: the keyed hash of the secret. scopes: words with a space between them.
oauth_clients = Table(
    "oauth_clients",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("label", String(64), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("scopes", String(128), nullable=False),
    Column("merchant", String(128)),
    Column("created_ms", BigInteger, nullable=False),
    Column("disabled_ms", BigInteger),
)

# JSON Web Keys, sealed; a public key is a part of its private one, so that nobody puts another there.
signing_keys = Table(
    "signing_keys",
    metadata,
    Column("kid", String(64), primary_key=True),
    Column("algorithm", String(16), nullable=False),
    Column("private", Text, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("retired_ms", BigInteger),
)

# Ways to pay: what a shop may offer. Money and percentages are texts, as the API has them; secrets is sealed.
thai_payment_methods = Table(
    "thai_payment_methods",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("provider", String(32), nullable=False),
    Column("type", String(16), nullable=False),
    Column("name", String(64), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("enabled", _Flag, nullable=False),
    Column("experimental", _Flag, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("min_amount", String(20)),
    Column("max_amount", String(20)),
    Column("fee_percentage", String(20), nullable=False),
    Column("fixed_fee", String(20), nullable=False),
    Column("fee_vat_rate", String(20), nullable=False),
    Column("processing_s", Integer, nullable=False),
    Column("settings", Text, nullable=False),
    Column("secrets", Text, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("updated_ms", BigInteger, nullable=False),
    Column("deleted_ms", BigInteger),
)

merchants = Table(
    "merchants",
    metadata,
    Column("id", String(128), primary_key=True),
    Column("name", String(128), nullable=False),
    Column("tax_id", String(13)),
    Column("branch", String(5), nullable=False),
    Column("status", String(16), nullable=False),
    Column("default_methods", Text, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("updated_ms", BigInteger, nullable=False),
)

# Orders of goods. document: items and whatever else was given, as JSON; buyer: who pays, sealed.
orders = Table(
    "orders",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("merchant_id", String(128), nullable=False),
    Column("reference", String(64), nullable=False),
    Column("status", String(20), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("document", Text, nullable=False),
    Column("buyer", Text, nullable=False),
    Column("subtotal_minor", BigInteger, nullable=False),
    Column("vat_minor", BigInteger, nullable=False),
    Column("withholding_minor", BigInteger, nullable=False),
    Column("refunded_minor", BigInteger, nullable=False),
    Column("payment_id", String(36)),
    Column("created_ms", BigInteger, nullable=False),
    Column("updated_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger),
)
_O = orders.c
_index("uq_order_reference", _O.merchant_id, _O.reference, unique=True)
_index("ix_order_merchant", _O.merchant_id, _O.created_ms, _O.id)

# What an order has of each of its payments: the method, and its price as it was then.
order_payments = Table(
    "order_payments",
    metadata,
    Column("payment_id", ForeignKey("payment_transactions.id"), primary_key=True),
    Column("order_id", ForeignKey("orders.id"), nullable=False),
    Column("merchant_id", String(128), nullable=False),
    Column("method_id", String(36), nullable=False),
    Column("method", String(32), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("fee_percentage", String(20), nullable=False),
    Column("fixed_fee", String(20), nullable=False),
    Column("fee_vat_rate", String(20), nullable=False),
    Column("disputed", _Flag, nullable=False),
    # Where the payer's browser goes and who pays, as the provider was given them, sealed; empty where nobody said.
    Column("handed", Text, nullable=False, default="", server_default=""),
    Column("failure_code", String(64)),
    Column("failure_message", String(200)),
    Column("dispute", String(8), nullable=False, default="", server_default=""),
    # When its provider is told to close it (NULL: never).
    Column("close_ms", BigInteger),
)
_index("uq_order_attempt", order_payments.c.order_id, order_payments.c.attempt, unique=True)
_index("ix_order_payment_close", order_payments.c.close_ms, where=TO_CLOSE)

# What has happened to each order, in its order; sequence: among the events of one payment.
order_events = Table(
    "order_events",
    metadata,
    Column("order_id", ForeignKey("orders.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("id", String(40), nullable=False),
    Column("payment_id", String(36)),
    Column("sequence", Integer),
    Column("type", String(32), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("data", Text, nullable=False),
    Column("causation", String(128), nullable=False),
)
_index("uq_order_event_payment", order_events.c.payment_id, order_events.c.sequence, unique=True)

# Providers' webhooks: which came, what they are about, what has become of them. Never a body.
provider_events = Table(
    "provider_events",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("provider", String(32), nullable=False),
    Column("event_key", String(128), nullable=False),
    Column("kind", String(64), nullable=False),
    Column("reference", String(128), nullable=False),
    Column("payment_id", String(36), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("received_ms", BigInteger, nullable=False),
    Column("deliveries", Integer, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("next_try_ms", BigInteger),
)
_V = provider_events.c
# One row an event, however often it comes and whatever races.
_index("uq_provider_event", _V.provider, _V.event_key, unique=True)
_index("ix_provider_event_unmatched", _V.next_try_ms, where=UNMATCHED_EVENT)
_index("ix_provider_event_dead", _V.received_ms, _V.id, where=DEAD_EVENT)
_index("ix_provider_event_handled", _V.received_ms, where=HANDLED_EVENT)

# Payments, refunds and disputes of orders as one list.
order_transactions = Table(
    "order_transactions",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("type", String(16), nullable=False),
    Column("payment_id", String(36), nullable=False),
    Column("order_id", String(36), nullable=False),
    Column("merchant_id", String(128), nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("status", String(20), nullable=False),
    Column("provider", String(32), nullable=False),
    Column("provider_id", String(128)),
    Column("fee_minor", BigInteger),
    Column("actor", String(128), nullable=False),
    Column("request_id", String(128), nullable=False),
    Column("created_ms", BigInteger, nullable=False),
)
_X = order_transactions.c
_index("ix_transaction_created", _X.created_ms, _X.id)
_index("ix_transaction_merchant", _X.merchant_id, _X.created_ms, _X.id)
_index("ix_transaction_order", _X.order_id, _X.created_ms, _X.id)
_index("ix_transaction_payment", _X.payment_id, _X.created_ms, _X.id)

refunds = Table(
    "refunds",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("payment_id", ForeignKey("payment_transactions.id"), nullable=False),
    Column("order_id", ForeignKey("orders.id"), nullable=False),
    Column("merchant_id", String(128), nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("wish", Text, nullable=False),
    Column("status", String(16), nullable=False),
    Column("reason", String(32)),
    Column("note", String(200)),
    Column("provider_reference", String(128)),
    Column("next_try_ms", BigInteger),
    Column("created_ms", BigInteger, nullable=False),
    Column("updated_ms", BigInteger, nullable=False),
)
_index("ix_refund_order", refunds.c.order_id, refunds.c.created_ms, refunds.c.id)
_index("ix_refund_pending", refunds.c.next_try_ms, where=PENDING_REFUND)

settlements = Table(
    "settlements",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("merchant_id", String(128), nullable=False),
    Column("method_id", String(36), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("day", Integer, nullable=False),
    Column("number", Integer, nullable=False),
    Column("status", String(16), nullable=False),
    Column("gross_minor", BigInteger, nullable=False),
    Column("fee_minor", BigInteger, nullable=False),
    Column("vat_minor", BigInteger, nullable=False),
    Column("refunds_minor", BigInteger, nullable=False),
    Column("debt_minor", BigInteger, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("updated_ms", BigInteger, nullable=False),
)
_T = settlements.c
_index("uq_settlement", _T.merchant_id, _T.method_id, _T.day, _T.number, unique=True)
# One row a method and day that still takes entries, whatever races.
_index("uq_settlement_open", _T.day, _T.merchant_id, _T.method_id, where=OPEN_SETTLEMENT, unique=True)
_index("ix_settlement_merchant", _T.merchant_id, _T.day, _T.id)

# Every captured payment and every completed refund is in one row, and in no other.
settlement_entries = Table(
    "settlement_entries",
    metadata,
    Column("kind", String(16), primary_key=True),
    Column("subject_id", String(40), primary_key=True),
    Column("settlement_id", ForeignKey("settlements.id"), nullable=False),
    Column("order_id", String(36), nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("fee_minor", BigInteger, nullable=False),
    Column("vat_minor", BigInteger, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)
_E = settlement_entries.c
_index("ix_settlement_entry", _E.settlement_id, _E.at_ms, _E.subject_id)

# What the care platform's payments are for. parties: the names, sealed; ids stand beside them.
jobs = Table(
    "jobs",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("guardian_id", String(128), nullable=False),
    Column("caregiver_id", String(128), nullable=False),
    Column("agency_id", String(128), nullable=False),
    Column("parties", Text, nullable=False),
    Column("status", String(16), nullable=False),
    Column("completed_ms", BigInteger),
    Column("created_ms", BigInteger, nullable=False),
    Column("updated_ms", BigInteger, nullable=False),
)

# Payments whose money is held. Its row is the one lock that whatever happens to it takes.
escrow_payments = Table(
    "escrow_payments",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("job_id", ForeignKey("jobs.id"), nullable=False),
    # The job's id while it is the job's open or paid payment: one of them, whatever races.
    Column("open_job_id", String(64), unique=True),
    Column("payer_id", String(128), nullable=False),
    Column("caregiver_id", String(128), nullable=False),
    Column("agency_id", String(128), nullable=False),
    Column("method", String(16), nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("status", String(16), nullable=False),
    Column("failure", String(16)),
    Column("number_ms", BigInteger, nullable=False, unique=True),
    Column("invoice", String(24), nullable=False, unique=True),
    Column("gateway_id", String(64)),
    Column("attempt_id", String(36)),
    Column("attempt_count", Integer, nullable=False),
    Column("late", _Flag, nullable=False),
    Column("review", String(32)),
    Column("escrow_id", String(36), nullable=False, unique=True),
    Column("escrow_status", String(16), nullable=False),
    Column("fee_bps", Integer, nullable=False),
    Column("caregiver_bps", Integer, nullable=False),
    Column("captured_minor", BigInteger, nullable=False),
    Column("refunded_minor", BigInteger, nullable=False),
    Column("processing_minor", BigInteger, nullable=False),
    Column("refund_count", Integer, nullable=False),
    Column("released_minor", BigInteger),
    Column("entries", Integer, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    Column("updated_ms", BigInteger, nullable=False),
    Column("paid_ms", BigInteger),
    Column("processing_ms", BigInteger),
    Column("released_ms", BigInteger),
    # When its job was completed, and 48 hours: NULL while it is not.
    Column("release_ms", BigInteger),
    # When time alone ends it: NULL once nothing does.
    Column("sweep_ms", BigInteger),
    # Never more is promised than was captured, and that is what was asked for, or nothing.
    CheckConstraint("refunded_minor + processing_minor <= captured_minor", name="ck_escrow_promised"),
    CheckConstraint("captured_minor IN (0, amount_minor)", name="ck_escrow_captured"),
)
_EP = escrow_payments.c
# A provider's transaction pays one payment.
_index("uq_escrow_gateway", _EP.method, _EP.gateway_id, where=text("gateway_id IS NOT NULL"), unique=True)
_index("ix_escrow_created", _EP.created_ms, _EP.id)
_index("ix_escrow_payer", _EP.payer_id, _EP.created_ms, _EP.id)
_index("ix_escrow_caregiver", _EP.caregiver_id, _EP.created_ms, _EP.id)
_index("ix_escrow_agency", _EP.agency_id, _EP.created_ms, _EP.id)
_index("ix_escrow_sweep", _EP.sweep_ms, where=UNPAID_ESCROW)
_index("ix_escrow_release", _EP.release_ms, where=HELD_ESCROW)
_index("ix_escrow_review", _EP.updated_ms, where=REVIEWED_ESCROW)

# Each payment at a provider that was made for one of them.
escrow_attempts = Table(
    "escrow_attempts",
    metadata,
    Column("payment_id", ForeignKey("payment_transactions.id"), primary_key=True),
    Column("escrow_payment_id", ForeignKey("escrow_payments.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("return_url", Text, nullable=False),
    Column("executes", Integer, nullable=False),
    Column("busy_ms", BigInteger),
    Column("ended", String(16)),
    Column("captured", _Flag, nullable=False),
    CheckConstraint("executes <= 3", name="ck_escrow_executes"),
)
_EA = escrow_attempts.c
_index("uq_escrow_attempt", _EA.escrow_payment_id, _EA.number, unique=True)

escrow_refunds = Table(
    "escrow_refunds",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("payment_id", ForeignKey("escrow_payments.id"), nullable=False),
    Column("attempt_id", ForeignKey("payment_transactions.id"), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("status", String(16), nullable=False),
    Column("reason", String(500), nullable=False),
    Column("notes", String(1000)),
    Column("initiated_by", String(128), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("next_try_ms", BigInteger),
    Column("provider_refund_id", String(128)),
    Column("failure", String(200)),
    Column("review", String(32)),
    Column("created_ms", BigInteger, nullable=False),
    Column("updated_ms", BigInteger, nullable=False),
    Column("completed_ms", BigInteger),
)
_ER = escrow_refunds.c
_index("ix_escrow_refund_payment", _ER.payment_id, _ER.created_ms, _ER.id)
_index("ix_escrow_refund_due", _ER.next_try_ms, where=ESCROW_REFUND_DUE)
_index("ix_escrow_refund_review", _ER.updated_ms, where=ESCROW_REFUND_REVIEWED)
# What the provider gave back is one refund of ours.
_index(
    "uq_escrow_refund_provider",
    _ER.attempt_id,
    _ER.provider_refund_id,
    where=text("provider_refund_id IS NOT NULL"),
    unique=True,
)

# The ledger: one entry a fact, its lines sum to zero. Append-only: triggers refuse whatever else.
escrow_entries = Table(
    "escrow_entries",
    metadata,
    Column("payment_id", ForeignKey("escrow_payments.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("fact", String(16), nullable=False),
    Column("subject", String(40), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)
_index("uq_escrow_fact", escrow_entries.c.fact, escrow_entries.c.subject, unique=True)
escrow_lines = Table(
    "escrow_lines",
    metadata,
    Column("payment_id", String(36), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("line", Integer, primary_key=True, autoincrement=False),
    Column("account", String(24), nullable=False),
    Column("method", String(16), nullable=False),
    Column("party", String(128), nullable=False),
    Column("amount", BigInteger, nullable=False),
)

# The platform's webhooks that were taken: the same again has no effect.
escrow_webhooks = Table(
    "escrow_webhooks",
    metadata,
    Column("payment_id", ForeignKey("escrow_payments.id"), primary_key=True),
    Column("transaction_id", String(128), primary_key=True),
    Column("status", String(16), primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
)

# In which trace a payment was made, or a webhook written: for what the worker does later. Empty where nobody asks.
traces = Table(
    "traces",
    metadata,
    Column("subject", String(64), primary_key=True),
    Column("traceparent", String(55), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)
_index("ix_trace_age", traces.c.at_ms)
