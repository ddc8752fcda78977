"""Bringing a database up to date with Alembic, which is loaded only where there is something to do."""

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, inspect, text

from bakong_service.adapters.sql.tables import metadata
from bakong_service.domain.errors import UnavailableError

HEAD = "0020"  # the newest file in migrations/versions; a test holds them together
NEWEST = Path(__file__).parent / "migrations" / "newest.sql"
"""All of them at once, for a new SQLite file; made by scripts/newest_schema.py."""
_LOCK = 7_326_011  # ours alone: one migration of a database at a time, whoever starts together


def upgrade(connection: Connection, to: str = "head") -> None:
    """Run the migrations that the database lacks, in the transaction that is open.

    A newer database is left as it is where it says that this program may go on with it. Raises UnavailableError.
    """
    if to == "head" and revision(connection) == HEAD:
        return
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    present = revision(connection)
    if present is not None and present > HEAD:
        if to == "head" and _oldest(connection) <= HEAD:
            return
        raise UnavailableError(f"the database stands at migration {present}, this program knows {HEAD}: update it")
    if present is None and (others := set(inspect(connection).get_table_names()) & set(metadata.tables)):
        raise UnavailableError(f"the database has a table {min(others)!r} of another program: name one of its own")
    if to == "head" and connection.dialect.name == "sqlite" and not inspect(connection).get_table_names():
        _make(connection)
    elif to != "head" or present != HEAD:
        migrated(connection, to)


def migrated(connection: Connection, to: str = "head") -> None:
    """Run the migrations one by one."""
    _alembic("upgrade", connection, to)


def _make(connection: Connection) -> None:
    """Every table of the newest migration, without Alembic: it takes a fifth of a second to say the same."""
    for statement in NEWEST.read_text(encoding="utf-8").split("\n\n")[1:]:
        connection.exec_driver_sql(statement)


def downgrade(connection: Connection, to: str) -> None:
    """Undo migrations down to a revision, or "base" for all of them."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    _alembic("downgrade", connection, to)


def revision(connection: Connection) -> str | None:
    """The migration that the database stands at, or None for a new one."""
    if not connection.dialect.has_table(connection, "alembic_version"):
        return None
    version = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if version is None else str(version)


def _oldest(connection: Connection) -> str:
    """The oldest migration whose programs may go on with a newer database: it has only had things added since."""
    if not connection.dialect.has_table(connection, "schema_compatibility"):
        return "9999"
    return str(connection.execute(text("SELECT oldest FROM schema_compatibility")).scalar() or "9999")


def _alembic(verb: str, connection: Connection, to: str) -> None:
    from alembic import command  # noqa: PLC0415  130 ms that the second start need not pay
    from alembic.config import Config  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    config = Config()
    scripts = str(Path(__file__).parent / "migrations")
    config.set_main_option("script_location", scripts.replace("%", "%%"))  # a % begins a name in such a file
    config.attributes["connection"] = connection
    run: Any = getattr(command, verb)
    try:
        run(config, to)
    except CommandError as error:
        raise UnavailableError(f"the database cannot be migrated to {to}: {error}") from None
