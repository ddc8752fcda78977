"""Payments of any provider: who has it, under which reference, and the calls of a day by provider."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_PAYMENTS = "payment_transactions"


def upgrade() -> None:
    op.add_column(_PAYMENTS, sa.Column("provider", sa.String(32), nullable=False, server_default="bakong"))
    op.add_column(_PAYMENTS, sa.Column("reference", sa.String(128), nullable=False, server_default=""))
    op.execute("UPDATE payment_transactions SET reference = md5")
    referred = sa.text("reference <> ''")
    op.create_index(
        "uq_payment_reference",
        _PAYMENTS,
        ["provider", "reference"],
        unique=True,
        sqlite_where=referred,
        postgresql_where=referred,
    )
    op.create_table(
        "provider_calls",
        sa.Column("provider", sa.String(32), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("stopped", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("provider", "day"),
    )
    # bakong_calls stays, unread: a program of before that still runs beside this one counts in it.
    op.execute(
        "INSERT INTO provider_calls (provider, day, calls, stopped) "
        "SELECT 'bakong', day, calls, stopped FROM bakong_calls"
    )


def downgrade() -> None:
    op.drop_table("provider_calls")
    op.drop_index("uq_payment_reference", _PAYMENTS)
    op.drop_column(_PAYMENTS, "reference")
    op.drop_column(_PAYMENTS, "provider")
