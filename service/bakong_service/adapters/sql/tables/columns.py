"""The schema's registry and its kinds of columns. Times are epoch ms (BIGINT), amounts minor units."""

from typing import Any

from sqlalchemy import Boolean, Column, Index, LargeBinary, MetaData, TextClause

metadata = MetaData()


class _Raw:
    """A column's value as the driver gives it: a damaged one is met with its row, and not while rows are fetched."""

    def result_processor(self, _dialect: Any, _coltype: Any) -> None:
        return None


class Bytes(_Raw, LargeBinary):
    """bytes; of a damaged row in SQLite anything."""


class Flag(_Raw, Boolean):
    """Python's bool, of SQLite 0 or 1; of a damaged row there anything."""


def index(name: str, *columns: Column[Any], where: TextClause | None = None, unique: bool = False) -> None:
    Index(name, *columns, unique=unique, sqlite_where=where, postgresql_where=where)
