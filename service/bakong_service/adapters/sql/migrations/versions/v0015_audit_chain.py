"""The hash chain over the audit log, beside it; and from which program on a database may be worked with."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """New tables alone: a program that stands at 0014 goes on beside this one."""
    op.create_table(
        "audit_chain",
        sa.Column("number", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("audit_id", sa.BigInteger(), nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("seal", sa.String(64)),
        sa.Column("archived_ms", sa.BigInteger()),
    )
    present = sa.text("archived_ms IS NULL")
    op.create_index(
        "uq_audit_chain_row", "audit_chain", ["audit_id"], unique=True, sqlite_where=present, postgresql_where=present
    )
    op.create_table("schema_compatibility", sa.Column("oldest", sa.String(8), primary_key=True))
    op.execute("INSERT INTO schema_compatibility (oldest) VALUES ('0014')")


def downgrade() -> None:
    op.drop_table("schema_compatibility")
    op.drop_table("audit_chain")
