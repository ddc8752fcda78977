"""A database as one file, and back: SQLite by its online backup, PostgreSQL by pg_dump and pg_restore.

A backup is whole as soon as it has its name: it is written beside it, checked, brought to the disk, and renamed. What
is sealed in the database is sealed in the backup, so it is of use with its ENCRYPTION_KEY alone.
"""

import contextlib
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from bakong_service.adapters.private_files import private_folder

SQLITE_HEAD = b"SQLite format 3\x00"
PG_HEAD = b"PGDMP"
PAGES = 512  # copied at a time: a writer waits no longer than these take
_VARIABLES = {"PGHOST": "hostname", "PGPORT": "port", "PGUSER": "username", "PGPASSWORD": "password"}


class BackupError(Exception):
    """Why there is no backup, or nothing was restored."""


def back_up(url: str, sqlite_path: Path | None, target: Path) -> int:
    """Write the database into a file that does not exist yet; its size in bytes. Raises BackupError."""
    if target.exists():
        raise BackupError(f"{target} exists: a backup overwrites nothing")
    with _errors(target):
        private_folder(target.parent)
        part = target.with_name(target.name + ".part")
        part.unlink(missing_ok=True)
        try:
            part.touch(mode=0o600)
            if sqlite_path is None:
                _run("pg_dump", url, "--format=custom", f"--file={part}")
            else:
                _copy(sqlite_path, part)
                _check(part)
            _sync(part)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
        _sync(target.parent)
        return target.stat().st_size


def restore(url: str, sqlite_path: Path | None, source: Path, *, replace: bool) -> None:
    """Put a backup in the database's place. replace: where it holds something. Raises BackupError."""
    with _errors(source):
        head = source.read_bytes()[: len(SQLITE_HEAD)] if source.is_file() else b""
        wanted, kind = (SQLITE_HEAD, "SQLite") if sqlite_path else (PG_HEAD, "PostgreSQL")
        if not head.startswith(wanted):
            raise BackupError(f"{source} is no backup of {kind}, which DATABASE_URL names")
        if sqlite_path is None:
            if not replace and _tables(url):
                raise BackupError("the database has tables: `--replace` drops what they hold")
            clean = ("--clean", "--if-exists") if replace else ()
            _run(
                "pg_restore", url, "--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges", *clean,
                str(source),
            )  # fmt: skip
            return
        _check(source)
        if not replace and sqlite_path.exists() and sqlite_path.stat().st_size:
            raise BackupError(f"{sqlite_path} exists: `--replace` overwrites what it holds")
        private_folder(sqlite_path.parent)
        if not sqlite_path.exists():
            sqlite_path.touch(mode=0o600)
        _copy(source, sqlite_path)


@contextlib.contextmanager
def _errors(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise BackupError(f"{path}: {error}") from None
    except OSError as error:
        raise BackupError(f"{path}: {error.strerror or error}") from None


def _copy(source: Path, target: Path) -> None:
    """As it is at one moment, while others read and write it: SQLite begins anew where one of them was faster."""
    if not source.is_file():
        raise BackupError(f"there is no database {source}")
    with contextlib.ExitStack() as opened:
        connections = (contextlib.closing(sqlite3.connect(path, timeout=30)) for path in (source, target))
        old, new = map(opened.enter_context, connections)
        old.backup(new, pages=PAGES, sleep=0.001)


def _check(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as opened:
        found = opened.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if found != "ok":
        raise BackupError(f"{path} is damaged: {found}")


def _tables(url: str) -> bool:
    counted = "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()"
    return _run("psql", url, "--no-psqlrc", "--tuples-only", "--no-align", f"--command={counted}").strip() != "0"


def _run(program: str, url: str, *options: str) -> str:
    """A program of PostgreSQL's, with the URL's secrets in its environment, where no other user sees them."""
    path = shutil.which(program)
    if path is None:
        raise BackupError(f"{program} is not installed: it comes with PostgreSQL's client (postgresql-client)")
    parts = urlsplit(url)
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    given = {variable: getattr(parts, name) for variable, name in _VARIABLES.items()}
    given |= {"PGDATABASE": parts.path.lstrip("/") or query.get("dbname"), "PGSSLMODE": query.get("sslmode")}
    given |= {"PGSSLROOTCERT": query.get("sslrootcert"), "PGPASSFILE": query.get("passfile")}
    if "host" in query:
        given["PGHOST"] = query["host"]
    env = os.environ | {name: unquote(str(value)) for name, value in given.items() if value}
    # pg_restore writes a script unless it is told a database
    told = (f"--dbname={env['PGDATABASE']}",) if program == "pg_restore" and "PGDATABASE" in env else ()
    done = subprocess.run([path, *told, *options], env=env, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        raise BackupError(f"{program}: {lines[0]}")
    return done.stdout


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
