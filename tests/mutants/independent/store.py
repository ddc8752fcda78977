"""The database of the independent service: one SQLite file, one connection, one transaction at a time."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager

SCHEMA = """
create table if not exists charge(
  no integer primary key autoincrement, owner text, member text, product text, kind text, minor integer, ccy text,
  code text, md5 text unique, state text, opened integer, ends integer, settled integer, hook text,
  ask_at integer, asked_at integer, fails integer default 0, odd text, about integer);
create index if not exists charge_due on charge(ask_at);
create index if not exists charge_of on charge(owner, member);
create table if not exists plan(
  owner text, member text, product text, ccy text, state text, since integer, until integer, lower_to text,
  lower_at integer, hook text,
  primary key(owner, member));
create table if not exists mail(
  no integer primary key autoincrement, id text unique, url text, body blob, tries integer, due integer, state text);
create table if not exists hit(owner text, at integer);
create table if not exists apikey(hash text primary key, owner text, live integer);
create table if not exists once(scope text primary key, print text, status integer, body text, at integer);
create table if not exists stranger(address text, at integer);
create table if not exists shut(address text primary key, until integer);
create table if not exists setting(name text primary key, value text);
"""


class Store:
    def __init__(self, path: str) -> None:
        self._lock = threading.RLock()
        self._depth = 0
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.execute("pragma journal_mode=wal")
        self._db.execute("pragma synchronous=normal")
        self._db.executescript(SCHEMA)

    @contextmanager
    def tx(self) -> Iterator[sqlite3.Connection]:
        """One transaction; a nested one is part of the outer."""
        with self._lock:
            outermost = self._depth == 0
            if outermost:
                self._db.execute("begin immediate")
            self._depth += 1
            try:
                yield self._db
            except BaseException:
                if outermost:
                    self._db.execute("rollback")
                raise
            else:
                if outermost:
                    self._db.execute("commit")
            finally:
                self._depth -= 1

    def get(self, name: str) -> str | None:
        with self.tx() as db:
            row = db.execute("select value from setting where name=?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def put(self, name: str, value: str) -> None:
        with self.tx() as db:
            db.execute(
                "insert into setting values(?,?) on conflict(name) do update set value=excluded.value", (name, value)
            )
