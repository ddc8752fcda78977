"""The version before this one, as far as the newest migration of today tells them apart.

Its processes are this code without what that migration added: they write no such column, and ask for none. An older
program's other statements are held to the tables of now by tests/service/test_two_versions.py, not here.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import Connection, Table

from bakong_service.adapters.sql.migrate import downgrade, upgrade
from bakong_service.ports import Records

T = TypeVar("T")
BEFORE = "0019"
ADDED = {"webhook_attempts": ("answer",)}  # by 0020, and what later ones add is added beside it


def make_tables(connection: Connection) -> None:
    """The tables that the version before left."""
    upgrade(connection)
    downgrade(connection, BEFORE)


def as_before(work: Callable[[Records], T]) -> Callable[[Records], T]:
    """The work, as the version before did it."""

    def run(records: Any) -> T:
        for name in ("_insert", "_insert_once"):
            setattr(records, name, partial(_insert_known, getattr(records, name)))
        return work(records)

    return run


def _insert_known(insert: Callable[[Table, dict[str, Any]], T], table: Table, values: dict[str, Any]) -> T:
    added = ADDED.get(table.name, ())
    return insert(table, {name: value for name, value in values.items() if name not in added})
