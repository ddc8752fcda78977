"""What the groups of records share: a connection that runs statements, and a seal. Knows no table."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Protocol

from sqlalchemy import Connection, Dialect, Table


class Seal(Protocol):
    """What makes a column unreadable in the file, bound to its row; see bakong_service.adapters.sealing."""

    def seal(self, text: str, table: str, column: str, row_id: str, /) -> str: ...
    def open(self, sealed: str, table: str, column: str, row_id: str, /) -> str: ...


class NoSeal:
    """For what opens a database without a key: migrations, and tests of storage."""

    def seal(self, text: str, *_: str) -> str:
        return text

    def open(self, sealed: str, *_: str) -> str:
        return sealed


class Rows:
    """The base of each group of records; one for each transaction."""

    def __init__(self, connection: Connection, seal: Seal) -> None:
        self._connection = connection
        self._seal = seal
        self._run: Callable[..., Any] = connection.execute

    def _insert(self, table: Table, values: dict[str, Any]) -> None:
        """Insert a row that names all its columns but those the database fills."""
        text = insert_text(self._connection.dialect, table, tuple(values))
        self._connection.exec_driver_sql(text, tuple(values.values()))

    def _insert_once(self, table: Table, values: dict[str, Any]) -> bool:
        """Insert where the key is free; False where it is taken. A racing transaction is waited for."""
        text = insert_text(self._connection.dialect, table, tuple(values)) + " ON CONFLICT DO NOTHING"
        return bool(self._connection.exec_driver_sql(text, tuple(values.values())).rowcount == 1)


@lru_cache(256)
def insert_text(dialect: Dialect, table: Table, columns: tuple[str, ...]) -> str:
    """The statement in the driver's own words, made once: a row then costs a third of what it costs through Core."""
    marks = (f"${number}" if dialect.name == "postgresql" else "?" for number in range(1, len(columns) + 1))
    return f"{insert_into(dialect, table, columns)} VALUES ({', '.join(marks)})"


def insert_into(dialect: Dialect, table: Table, columns: tuple[str, ...]) -> str:
    """The statement's head: a table with the columns that are filled, quoted where the database wants it."""
    quote = dialect.identifier_preparer.quote
    return f"INSERT INTO {quote(table.name)} ({', '.join(quote(column) for column in columns)})"
