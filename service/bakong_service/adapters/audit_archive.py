"""Audit rows as JSON lines in files, durable before they leave the database."""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

import orjson

from bakong_service.adapters.private_files import private_folder
from bakong_service.domain.audit import AuditRow, shown
from bakong_service.domain.errors import UnavailableError
from bakong_service.domain.events import iso


class AuditArchive:
    """See ports.Archive: a file for each batch, named by its first row, so that the same batch is the same file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def __call__(self, rows: Sequence[AuditRow], /) -> None:
        await asyncio.to_thread(self._write, rows)

    def _write(self, rows: Sequence[AuditRow]) -> None:
        text = b"".join(orjson.dumps(shown(row)) + b"\n" for row in rows)
        stamp = iso(rows[0].at_ms).replace(":", "").replace("-", "")
        path = self._folder / f"audit-{stamp}-{rows[0].id}.jsonl"
        try:
            private_folder(self._folder)
            _write_durably(path, text)
            _sync_folder(self._folder)
        except OSError as error:
            raise UnavailableError(f"the audit archive in {self._folder} cannot be written") from error


def _write_durably(path: Path, text: bytes) -> None:
    """A file that is whole as soon as it has its name. Raises OSError, and leaves nothing where there is no room."""
    part = path.with_suffix(".part")
    try:
        part.touch(mode=0o600)
        with part.open("wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise


def _sync_folder(folder: Path) -> None:
    """Make a new name durable, too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
