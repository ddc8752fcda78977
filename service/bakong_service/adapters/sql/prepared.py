"""Statements that are made once. Core makes one for a hundred times what SQLite takes to run it.

A statement is a function of its values, written in Core. It is called once, with a parameter for each value; whoever
runs it gives it values. On SQLite it is then the driver's own text, and the driver runs it; on PostgreSQL SQLAlchemy
does, which knows the statement again.
"""

import sqlite3
from collections.abc import Callable, Sequence
from functools import cached_property
from itertools import count
from operator import itemgetter
from typing import Any, NamedTuple, Protocol, TypeAlias

from sqlalchemy import BindParameter, Connection, Row, bindparam
from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect
from sqlalchemy.engine import result_tuple
from sqlalchemy.exc import DBAPIError

Value: TypeAlias = Any  # a value, or the parameter that stands for it
Statement: TypeAlias = Any  # one of Core's
_SQLITE: Any = sqlite_dialect()


class Prepared:
    """A statement as a function of its values; see the module.

    A list is for IN: it is filled up with its last value, so that few lengths have a statement each. Of a tuple and of
    a dict each value has a parameter. Keywords are no values: for each of theirs there is another statement.
    """

    def __init__(self, build: Callable[..., Statement]) -> None:
        self.build = build
        self._forms: dict[tuple[Any, ...], _Form] = {}

    def __call__(self, *values: Value, **choices: Any) -> "Bound":
        """The statement with these values, for Rows to run."""
        flat: list[Any] = []
        shape: list[Any] = []
        for value in values:
            kind = type(value)
            if kind is list:
                value = _filled_up(value)  # noqa: PLW2901  the same set of values
                flat += value
                shape.append(len(value))
            elif kind is tuple:
                flat += value
                shape.append((len(value),))
            elif kind is dict:
                flat += value.values()
                shape.append(tuple(value))
            else:
                flat.append(value)
                shape.append(None)
        key = (*shape, *choices.items())
        form = self._forms.get(key)
        if form is None:
            form = self._forms[key] = self._form(shape, choices)
        return Bound(form, flat)

    def _form(self, shape: Sequence[Any], choices: dict[str, Any]) -> "_Form":
        numbers = count()
        given = [_stand_in(part, numbers) for part in shape]
        return _Form(self.build(*given, **choices), [f"v{number}" for number in range(next(numbers))])


def prepared(build: Callable[..., Statement]) -> Prepared:
    """A statement that is made once; see Prepared."""
    return Prepared(build)


def _filled_up(values: list[Any]) -> list[Any]:
    """As many values as a power of two, the last one again and again; none stay none."""
    return values + values[-1:] * ((1 << (len(values) - 1).bit_length()) - len(values)) if values else values


def _stand_in(part: Any, numbers: "count[int]") -> Any:
    """What stands for a value of this shape while its statement is made."""

    def parameter() -> BindParameter[Any]:
        return bindparam(f"v{next(numbers)}", required=False)  # no column has such a name

    if part is None:
        return parameter()
    if isinstance(part, int):
        return [parameter() for _ in range(part)]
    if part and isinstance(part[0], int):
        return tuple(parameter() for _ in range(part[0]))
    return {name: parameter() for name in part}


class _Form:
    """A prepared statement for values of one shape. names: of its parameters, in the order of the values."""

    def __init__(self, core: Statement, names: list[str]) -> None:
        self.core = core
        self.names = names
        self.row: Callable[[Sequence[Any]], Row[Any]] | None = None  # known as soon as it has run

    @cached_property
    def sqlite(self) -> "_Text":
        """For SQLite's driver, with what Core itself has made parameters of."""
        compiled = self.core.compile(dialect=_SQLITE, compile_kwargs={"render_postcompile": True})
        constants: list[Any] = []
        places, given = [], {name: at for at, name in enumerate(self.names)}
        for name in compiled.positiontup or ():
            if name not in given:
                given[name] = len(self.names) + len(constants)
                constants.append(compiled.params[name])
            places.append(given[name])
        return _Text(str(compiled), constants, _picker(places))


class _Text(NamedTuple):
    """A statement for a driver. pick: its parameters in order, out of the values and then the constants."""

    text: str
    constants: list[Any]
    pick: Callable[[list[Any]], tuple[Any, ...]]


def _picker(places: list[int]) -> Callable[[list[Any]], tuple[Any, ...]]:
    return itemgetter(*places) if len(places) > 1 else lambda values: tuple(values[at] for at in places)


class Bound:
    """A prepared statement with its values."""

    __slots__ = ("form", "values")

    def __init__(self, form: _Form, values: list[Any]) -> None:
        self.form, self.values = form, values


class Fetched:
    """What SQLite's driver has answered: all rows at once, and how many were changed. As a Result of SQLAlchemy."""

    __slots__ = ("_form", "_rows", "rowcount")

    def __init__(self, form: _Form, rows: list[tuple[Any, ...]], rowcount: int) -> None:
        self._form, self._rows, self.rowcount = form, rows, rowcount

    def all(self) -> list[Row[Any]]:
        make: Any = self._form.row
        return [make(row) for row in self._rows]

    def first(self) -> Row[Any] | None:
        make: Any = self._form.row
        return make(self._rows[0]) if self._rows else None

    def one(self) -> Row[Any]:
        (row,) = self.all()
        return row

    def scalar(self) -> Any:
        return self._rows[0][0] if self._rows else None

    def scalar_one(self) -> Any:
        ((value,),) = self._rows
        return value

    def scalars(self) -> list[Any]:
        return [row[0] for row in self._rows]


class Way(Protocol):
    """How a transaction's statements reach its database."""

    def run(self, statement: Any, /, *values: Any) -> Any:
        """What comes of a prepared statement, or of one of Core's."""

    def write(self, text: str, values: Any, /) -> int:
        """How many rows a text of the driver has written, whose values are a tuple, or for many rows a list of them."""


def way_to(connection: Connection) -> Way:
    """The way of a connection's transaction, which begins at the latest now."""
    if connection.dialect.name != "sqlite":
        return _ByCore(connection)
    if not connection.in_transaction():
        connection.begin()
    return _ByDriver(connection)


class _ByCore:
    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def run(self, statement: Any, /, *values: Any) -> Any:
        if isinstance(statement, Bound):
            form = statement.form
            return self._connection.execute(form.core, dict(zip(form.names, statement.values, strict=True)))
        return self._connection.execute(statement, *values)

    def write(self, text: str, values: Any, /) -> int:
        return self._connection.exec_driver_sql(text, values).rowcount


class _ByDriver:
    """SQLite's driver itself: the errors are SQLAlchemy's all the same."""

    __slots__ = ("_connection", "_driver")

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._driver: Any = connection.connection.dbapi_connection

    def run(self, statement: Any, /, *values: Any) -> Any:
        if not isinstance(statement, Bound):
            return self._connection.execute(statement, *values)
        form = statement.form
        text, constants, pick = form.sqlite
        try:
            cursor = self._driver.execute(text, pick(statement.values + constants))
            rows = cursor.fetchall()
        except sqlite3.Error as error:
            raise _wrapped(text, error) from error
        if form.row is None and cursor.description is not None:
            form.row = result_tuple([column[0] for column in cursor.description])
        return Fetched(form, rows, cursor.rowcount)

    def write(self, text: str, values: Any, /) -> int:
        run = self._driver.executemany if isinstance(values, list) else self._driver.execute
        try:
            rowcount: int = run(text, values).rowcount
        except sqlite3.Error as error:
            raise _wrapped(text, error) from error
        return rowcount


def _wrapped(text: str, error: sqlite3.Error) -> BaseException:
    """The error as SQLAlchemy has it; it shows no values."""
    return DBAPIError.instance(text, (), error, sqlite3.Error, hide_parameters=True)
