"""An upgrade or renewal whose code has ended unanswered stays open, and another code may take its place."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0015"

_PAYMENTS, _INDEX = "payment_transactions", "uq_payment_open_change"
_OPEN = "purpose IN ('upgrade', 'renewal') AND status IN ('PENDING', 'TIMEOUT')"


def upgrade() -> None:
    """A nullable column, and fewer rows under the index: a program of before goes on beside this one."""
    op.add_column(_PAYMENTS, sa.Column("replaced_ms", sa.BigInteger()))
    _index_open(f"{_OPEN} AND replaced_ms IS NULL")


def downgrade() -> None:
    """A program of before holds one open change a user: those that were replaced end by the clock, as they did."""
    op.execute(f"UPDATE {_PAYMENTS} SET status = 'EXPIRED' WHERE {_OPEN} AND replaced_ms IS NOT NULL")  # noqa: S608
    _index_open(_OPEN)
    op.drop_column(_PAYMENTS, "replaced_ms")


def _index_open(condition: str) -> None:
    where = sa.text(condition)
    op.drop_index(_INDEX, _PAYMENTS)
    op.create_index(_INDEX, _PAYMENTS, ["user_id", "purpose"], unique=True, sqlite_where=where, postgresql_where=where)
