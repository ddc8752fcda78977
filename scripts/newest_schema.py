"""Write migrations/newest.sql: what the migrations make of a new SQLite file, as one script of a few milliseconds."""

import tempfile
from pathlib import Path

from sqlalchemy import Connection, create_engine, text

from bakong_service.adapters.sql.migrate import NEWEST, migrated

HEAD = "-- Made by `python scripts/newest_schema.py` from the migrations; do not edit it by hand.\n"


def newest() -> str:
    """The script as it should be: an empty line ends a statement."""
    with tempfile.TemporaryDirectory() as folder:
        engine = create_engine(f"sqlite:///{Path(folder) / 'new.db'}")
        with engine.begin() as connection:
            migrated(connection)
            statements = [*_schema(connection), *_rows(connection)]
        engine.dispose()
    return "\n\n".join([HEAD.rstrip(), *statements]) + "\n"


def _schema(connection: Connection) -> list[str]:
    made = connection.execute(text("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid")).scalars()
    return ["\n".join(line.rstrip() for line in str(sql).splitlines() if line.strip()) for sql in made]


def _rows(connection: Connection) -> list[str]:
    """What the migrations put into the tables: numbers and short words."""
    tables = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY rowid")).scalars()
    statements = []
    for table in tables:
        for row in connection.execute(text(f'SELECT * FROM "{table}"')):  # noqa: S608  our own tables' names
            values = ", ".join(repr(value) for value in row)
            statements.append(f'INSERT INTO "{table}" VALUES ({values})')  # noqa: S608
    return statements


if __name__ == "__main__":
    NEWEST.write_text(newest(), encoding="utf-8")
