"""What a store does with the rows that its transactions could not read: each is set aside and reported, once."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from bakong_service.domain.errors import UnavailableError, UnreadableRowError
from bakong_service.ports import Records, ReportRow

REMEMBERED = 10_000
Write = Callable[[Callable[[Records], Any]], Awaitable[Any]]


class Unread:
    """The rows that this process has met."""

    def __init__(self, now_ms: Callable[[], int], report: ReportRow) -> None:
        self._now_ms = now_ms
        self._report = report
        self._met: set[tuple[str, str]] = set()

    @asynccontextmanager
    async def noted(self, write: Write, *, once: bool = False) -> AsyncIterator[list[UnreadableRowError]]:
        """A list for what one transaction cannot read: it is set aside after it, whatever became of it.

        once: what was met before makes no work again. Who gave up waits for nothing more; the next one sets it aside.
        """
        unread: list[UnreadableRowError] = []
        try:
            yield unread
        except Exception:
            await self._set_aside(self._news(unread) if once else unread, write)
            raise
        await self._set_aside(self._news(unread) if once else unread, write)

    def _news(self, unread: Sequence[UnreadableRowError]) -> list[UnreadableRowError]:
        return [one for one in unread if (one.kind, one.row_id) not in self._met]

    async def _set_aside(self, unread: Sequence[UnreadableRowError], write: Write) -> None:
        """In a transaction of their own, whatever became of the one that met them; else the next time."""
        if not unread:
            return
        rows = {(one.kind, one.row_id): one for one in unread}
        at_ms = self._now_ms()

        def work(records: Records) -> list[UnreadableRowError]:
            return [one for one in rows.values() if records.set_aside(one.kind, one.row_id, one.why, at_ms)]

        with suppress(UnavailableError):
            for one in await write(work):
                self._report(one.kind, one.row_id, one)
            self._met = {*(self._met if len(self._met) < REMEMBERED else ()), *rows}
