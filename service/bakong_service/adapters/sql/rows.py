"""What the groups of records share: a connection that runs statements, and a seal. Knows no table."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, Dialect, Row, Table

from bakong_service.adapters.sql.failures import is_database_down, is_retryable
from bakong_service.adapters.sql.prepared import way_to
from bakong_service.adapters.sql.stored import why_unreadable
from bakong_service.domain.errors import RowError, UnreadableRowError

T = TypeVar("T")


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
        self.unread: list[UnreadableRowError] = []  # what this transaction met, for the store to set aside
        self._way = way_to(connection)
        self._run: Callable[..., Any] = self._way.run

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """See bakong_service.ports.Records. What ends the whole transaction passes as it is."""
        write = self._way.write
        write("SAVEPOINT row_part", ())
        try:
            yield
        except Exception as error:
            if is_database_down(error) or is_retryable(error):
                raise
            write("ROLLBACK TO SAVEPOINT row_part", ())
            write("RELEASE SAVEPOINT row_part", ())
            raise RowError from error
        write("RELEASE SAVEPOINT row_part", ())

    def _rows(self, statement: Any) -> Sequence[Row[Any]]:
        """All rows at once: a statement that is left half read would hold up the next savepoint."""
        rows: Sequence[Row[Any]] = self._run(statement).all()
        return rows

    def _readable(self, kind: str, rows: Sequence[Row[Any]], read: Callable[[Row[Any]], T], key: str = "id") -> list[T]:
        """What is read from the rows; one that cannot be read is noted, and the others do not wait for it."""
        values = []
        for row in rows:
            with suppress(UnreadableRowError):
                values.append(self._value(kind, row, read, key))
        return values

    def _first(self, kind: str, statement: Any, read: Callable[[Row[Any]], T], key: str = "id") -> T | None:
        """What is read from the first row; None where there is none. Raises UnreadableRowError."""
        row = self._run(statement).first()
        return None if row is None else self._value(kind, row, read, key)

    def _value(self, kind: str, row: Row[Any], read: Callable[[Row[Any]], T], key: str) -> T:
        try:
            return read(row)
        except Exception as error:
            unread = UnreadableRowError(kind, as_text(getattr(row, key)), why_unreadable(error))
            self.unread.append(unread)
            raise unread from error

    def _insert(self, table: Table, values: dict[str, Any]) -> None:
        """Insert a row that names all its columns but those the database fills."""
        self._way.write(self._insert_text(table, values), tuple(values.values()))

    def _insert_all(self, table: Table, rows: Sequence[dict[str, Any]]) -> None:
        """Insert rows, of which there is one at least, with the same columns."""
        self._way.write(self._insert_text(table, rows[0]), [tuple(row.values()) for row in rows])

    def _insert_once(self, table: Table, values: dict[str, Any]) -> bool:
        """Insert where the key is free; False where it is taken. A racing transaction is waited for."""
        text = self._insert_text(table, values) + " ON CONFLICT DO NOTHING"
        return self._way.write(text, tuple(values.values())) == 1

    def _insert_text(self, table: Table, values: dict[str, Any]) -> str:
        return insert_text(self._connection.dialect, table, tuple(values))


def as_text(row_id: Any) -> str:
    """A row's id for lists and logs, also where it is damaged itself."""
    return row_id if isinstance(row_id, str) else repr(row_id)


@lru_cache(256)
def insert_text(dialect: Dialect, table: Table, columns: tuple[str, ...]) -> str:
    """The statement in the driver's own words, made once: a row then costs a third of what it costs through Core."""
    marks = (f"${number}" if dialect.name == "postgresql" else "?" for number in range(1, len(columns) + 1))
    return f"{insert_into(dialect, table, columns)} VALUES ({', '.join(marks)})"


def insert_into(dialect: Dialect, table: Table, columns: tuple[str, ...]) -> str:
    """The statement's head: a table with the columns that are filled, quoted where the database wants it."""
    quote = dialect.identifier_preparer.quote
    return f"INSERT INTO {quote(table.name)} ({', '.join(quote(column) for column in columns)})"
