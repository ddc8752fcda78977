"""The host that receives a webhook, so that a host which does not answer keeps no other one waiting."""

import sqlalchemy as sa
from alembic import op

from bakong_service.domain.callbacks import receiving_host

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("webhook_notifications", sa.Column("host", sa.String(length=255), nullable=False, server_default=""))
    _fill()
    pending = sa.text("next_try_ms IS NOT NULL")
    op.create_index(
        "ix_webhook_host",
        "webhook_notifications",
        ["host", "next_try_ms", "created_ms", "id"],
        sqlite_where=pending,
        postgresql_where=pending,
    )


def _fill() -> None:
    """Give the webhooks that are still to be sent their hosts; one that is sent again later is given its host then."""
    table = sa.table("webhook_notifications", *(sa.column(name) for name in ("id", "url", "host", "next_try_ms")))
    connection = op.get_bind()
    urls = sa.select(table.c.url).where(table.c.next_try_ms.is_not(None), table.c.url.is_not(None)).distinct()
    for (url,) in connection.execute(urls).fetchall():
        change = sa.update(table).where(table.c.url == url, table.c.next_try_ms.is_not(None))
        connection.execute(change.values(host=receiving_host(url)))


def downgrade() -> None:
    op.drop_index("ix_webhook_host", "webhook_notifications")
    op.drop_column("webhook_notifications", "host")
