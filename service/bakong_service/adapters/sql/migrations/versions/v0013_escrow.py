"""Escrow: jobs, payments that are held, their attempts and refunds, and a ledger that is only added to."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

_ID, _WORD, _PARTY, _INSTANT = sa.String(36), sa.String(16), sa.String(128), sa.BigInteger
_LEDGER = ("escrow_entries", "escrow_lines")


def upgrade() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", sa.String(64), primary_key=True),
        *(sa.Column(f"{who}_id", _PARTY, nullable=False) for who in ("guardian", "caregiver", "agency")),
        sa.Column("parties", sa.Text(), nullable=False),
        sa.Column("status", _WORD, nullable=False),
        sa.Column("completed_ms", _INSTANT()),
        *_required("created_ms", "updated_ms"),
    )
    _payments()
    _attempts()
    _refunds()
    _ledger()
    op.create_table(
        "escrow_webhooks",
        sa.Column("payment_id", _ID, sa.ForeignKey("escrow_payments.id"), primary_key=True),
        sa.Column("transaction_id", sa.String(128), primary_key=True),
        sa.Column("status", _WORD, primary_key=True),
        *_required("at_ms"),
    )


def _payments() -> None:
    op.create_table(
        "escrow_payments",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("job_id", sa.String(64), sa.ForeignKey("jobs.id"), nullable=False),
        sa.Column("open_job_id", sa.String(64), unique=True),
        *(sa.Column(f"{who}_id", _PARTY, nullable=False) for who in ("payer", "caregiver", "agency")),
        sa.Column("method", _WORD, nullable=False),
        *_required("amount_minor"),
        sa.Column("status", _WORD, nullable=False),
        sa.Column("failure", _WORD),
        sa.Column("number_ms", _INSTANT(), nullable=False, unique=True),
        sa.Column("invoice", sa.String(24), nullable=False, unique=True),
        sa.Column("gateway_id", sa.String(64)),
        sa.Column("attempt_id", _ID),
        sa.Column("attempt_count", sa.Integer(), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("review", sa.String(32)),
        sa.Column("escrow_id", _ID, nullable=False, unique=True),
        sa.Column("escrow_status", _WORD, nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("fee_bps", "caregiver_bps")),
        *_required("captured_minor", "refunded_minor", "processing_minor"),
        sa.Column("refund_count", sa.Integer(), nullable=False),
        sa.Column("released_minor", sa.BigInteger()),
        sa.Column("entries", sa.Integer(), nullable=False),
        *_required("created_ms", "expires_ms", "updated_ms"),
        *(sa.Column(name, _INSTANT()) for name in ("paid_ms", "processing_ms", "released_ms", "release_ms")),
        sa.Column("sweep_ms", _INSTANT()),
        sa.CheckConstraint("refunded_minor + processing_minor <= captured_minor", name="ck_escrow_promised"),
        sa.CheckConstraint("captured_minor IN (0, amount_minor)", name="ck_escrow_captured"),
    )
    _partial("uq_escrow_gateway", "escrow_payments", ["method", "gateway_id"], "gateway_id IS NOT NULL", unique=True)
    op.create_index("ix_escrow_created", "escrow_payments", ["created_ms", "id"])
    for who in ("payer", "caregiver", "agency"):
        op.create_index(f"ix_escrow_{who}", "escrow_payments", [f"{who}_id", "created_ms", "id"])
    _partial("ix_escrow_sweep", "escrow_payments", ["sweep_ms"], "sweep_ms IS NOT NULL")
    held = "escrow_status = 'HELD' AND processing_minor = 0 AND release_ms IS NOT NULL"
    _partial("ix_escrow_release", "escrow_payments", ["release_ms"], held)
    _partial("ix_escrow_review", "escrow_payments", ["updated_ms"], "review IS NOT NULL")


def _attempts() -> None:
    op.create_table(
        "escrow_attempts",
        sa.Column("payment_id", _ID, sa.ForeignKey("payment_transactions.id"), primary_key=True),
        sa.Column("escrow_payment_id", _ID, sa.ForeignKey("escrow_payments.id"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("return_url", sa.Text(), nullable=False),
        sa.Column("executes", sa.Integer(), nullable=False),
        sa.Column("busy_ms", _INSTANT()),
        sa.Column("ended", _WORD),
        sa.Column("captured", sa.Boolean(), nullable=False),
        sa.CheckConstraint("executes <= 3", name="ck_escrow_executes"),
    )
    op.create_index("uq_escrow_attempt", "escrow_attempts", ["escrow_payment_id", "number"], unique=True)


def _refunds() -> None:
    op.create_table(
        "escrow_refunds",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("payment_id", _ID, sa.ForeignKey("escrow_payments.id"), nullable=False),
        sa.Column("attempt_id", _ID, sa.ForeignKey("payment_transactions.id"), nullable=False),
        sa.Column("kind", _WORD, nullable=False),
        *_required("amount_minor"),
        sa.Column("status", _WORD, nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("notes", sa.String(1000)),
        sa.Column("initiated_by", _PARTY, nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_try_ms", _INSTANT()),
        sa.Column("provider_refund_id", sa.String(128)),
        sa.Column("failure", sa.String(200)),
        sa.Column("review", sa.String(32)),
        *_required("created_ms", "updated_ms"),
        sa.Column("completed_ms", _INSTANT()),
    )
    op.create_index("ix_escrow_refund_payment", "escrow_refunds", ["payment_id", "created_ms", "id"])
    _partial("ix_escrow_refund_due", "escrow_refunds", ["next_try_ms"], "next_try_ms IS NOT NULL")
    _partial("ix_escrow_refund_review", "escrow_refunds", ["updated_ms"], "review IS NOT NULL")
    named = "provider_refund_id IS NOT NULL"
    _partial("uq_escrow_refund_provider", "escrow_refunds", ["attempt_id", "provider_refund_id"], named, unique=True)


def _ledger() -> None:
    op.create_table(
        "escrow_entries",
        sa.Column("payment_id", _ID, sa.ForeignKey("escrow_payments.id"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("fact", _WORD, nullable=False),
        sa.Column("subject", sa.String(40), nullable=False),
        *_required("at_ms"),
        sa.PrimaryKeyConstraint("payment_id", "number"),
    )
    op.create_index("uq_escrow_fact", "escrow_entries", ["fact", "subject"], unique=True)
    op.create_table(
        "escrow_lines",
        sa.Column("payment_id", _ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("account", sa.String(24), nullable=False),
        sa.Column("method", _WORD, nullable=False),
        sa.Column("party", _PARTY, nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("payment_id", "number", "line"),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION escrow_ledger_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'the ledger is only added to'; END $$"
        )
        for table in _LEDGER:
            op.execute(
                f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION escrow_ledger_is_append_only()"
            )
        return
    for table in _LEDGER:
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                "BEGIN SELECT RAISE(ABORT, 'the ledger is only added to'); END"
            )


def downgrade() -> None:
    """A program of before knows no payment of a job: they go with their attempts, and the ledger of them with them."""
    for table in ("escrow_webhooks", "escrow_lines", "escrow_entries", "escrow_refunds", "escrow_attempts"):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION escrow_ledger_is_append_only()")
    for table in ("escrow_payments", "jobs"):
        op.drop_table(table)
    theirs = "SELECT id FROM payment_transactions WHERE purpose = 'escrow'"
    op.execute(f"DELETE FROM payment_receipts WHERE payment_id IN ({theirs})")  # noqa: S608  our own names
    op.execute(f"DELETE FROM payment_status_history WHERE payment_id IN ({theirs})")  # noqa: S608
    op.execute("DELETE FROM payment_transactions WHERE purpose = 'escrow'")


def _required(*names: str) -> tuple[sa.Column[int], ...]:
    return tuple(sa.Column(name, sa.BigInteger(), nullable=False) for name in names)


def _partial(name: str, table: str, columns: list[str], condition: str, *, unique: bool = False) -> None:
    where = sa.text(condition)
    op.create_index(name, table, columns, unique=unique, sqlite_where=where, postgresql_where=where)
