"""Money that is held: jobs, their payments, attempts and refunds, and the ledger."""

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Integer, String, Table, Text, text

from bakong_service.adapters.sql.tables.columns import Flag, index, metadata
from bakong_service.adapters.sql.tables.conditions import (
    ESCROW_REFUND_DUE,
    ESCROW_REFUND_REVIEWED,
    HELD_ESCROW,
    REVIEWED_ESCROW,
    UNPAID_ESCROW,
)

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
    Column("late", Flag, nullable=False),
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
index("uq_escrow_gateway", _EP.method, _EP.gateway_id, where=text("gateway_id IS NOT NULL"), unique=True)
index("ix_escrow_created", _EP.created_ms, _EP.id)
index("ix_escrow_payer", _EP.payer_id, _EP.created_ms, _EP.id)
index("ix_escrow_caregiver", _EP.caregiver_id, _EP.created_ms, _EP.id)
index("ix_escrow_agency", _EP.agency_id, _EP.created_ms, _EP.id)
index("ix_escrow_sweep", _EP.sweep_ms, where=UNPAID_ESCROW)
index("ix_escrow_release", _EP.release_ms, where=HELD_ESCROW)
index("ix_escrow_review", _EP.updated_ms, where=REVIEWED_ESCROW)

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
    Column("captured", Flag, nullable=False),
    CheckConstraint("executes <= 3", name="ck_escrow_executes"),
)
_EA = escrow_attempts.c
index("uq_escrow_attempt", _EA.escrow_payment_id, _EA.number, unique=True)

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
index("ix_escrow_refund_payment", _ER.payment_id, _ER.created_ms, _ER.id)
index("ix_escrow_refund_due", _ER.next_try_ms, where=ESCROW_REFUND_DUE)
index("ix_escrow_refund_review", _ER.updated_ms, where=ESCROW_REFUND_REVIEWED)

# What the provider gave back is one refund of ours.
index(
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
index("uq_escrow_fact", escrow_entries.c.fact, escrow_entries.c.subject, unique=True)

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
