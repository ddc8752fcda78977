"""In which trace a payment was made, and a webhook written: for spans that come later, in the worker."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """A new table alone, which stays empty unless traces are collected: programs from 0014 on go on beside this one."""
    op.create_table(
        "traces",
        sa.Column("subject", sa.String(64), primary_key=True),
        sa.Column("traceparent", sa.String(55), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_trace_age", "traces", ["at_ms"])


def downgrade() -> None:
    op.drop_table("traces")
