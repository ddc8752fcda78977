"""Alembic's entry: runs the migrations on the connection that bakong_service.adapters.sql.migrate hands over."""

from alembic import context

from bakong_service.adapters.sql.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transaction_per_migration=False,
)
context.run_migrations()
