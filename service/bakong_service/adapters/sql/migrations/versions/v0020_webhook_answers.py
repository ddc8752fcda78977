"""How a receiver answered a try of a webhook: for who asks why it was refused."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """A column with a default alone: programs from 0014 on go on beside this one, and write none."""
    op.add_column("webhook_attempts", sa.Column("answer", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("webhook_attempts", "answer")
