"""Audit rows join the hash chain in batches, after their own transactions: nobody who writes one waits for another.

A row is written as ever. Some seconds later one worker appends the rows that have no entry yet to the chain, in one
transaction, and seals the last entry with a keyed hash. What commits late gets an entry later: the chain has an order
of its own. A row that was changed or dropped before it had an entry is not noticed; after that it is.
"""

from collections.abc import Callable, Iterable, Sequence

from bakong_service.domain.audit import GENESIS, AuditRow, Link, chained, digest, sealed_text, shown
from bakong_service.ports import Records
from bakong_service.usecases.core import Core

BATCH = 200
EVERY_MS = 10_000
PAUSE_MS = 100  # between batches, while there is more: payments go first
SETTLED_MS = 60_000  # no transaction lasts so long: a row that is not seen by then is not to come


class AuditSealer:
    """Seals what is new; it says when it has to be called next."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._from_ms = 0
        self._done_id: int | None = None  # up to it every row has its entry
        self._mark = (0, 0)  # when a look found nothing left, and the newest id then

    async def run(self) -> int | None:
        """Seal one batch, where it is time; when the next falls due, None where a new row wakes it."""
        core, now_ms = self._core, self._core.timers.now_ms()
        if now_ms < self._from_ms:
            return self._from_ms
        rows = await core.store.read(lambda records: records.unchained(self._done_id, BATCH))
        if rows:
            await seal(core, rows)
        self._from_ms = now_ms + (PAUSE_MS if len(rows) == BATCH else EVERY_MS)
        begins_anew = await self._move_on(rows, now_ms)
        return self._from_ms if rows or begins_anew else None

    async def _move_on(self, rows: Sequence[AuditRow], now_ms: int) -> bool:
        """Move the place up to which nobody has to look again; whether ids have begun anew."""
        settled = [row.id or 0 for row in rows if row.at_ms <= now_ms - SETTLED_MS]
        if settled and len(settled) == len(rows):
            self._done_id = max(settled[-1], self._done_id or 0)
        if rows:
            return False
        newest_id = await self._core.store.read(lambda records: records.newest_audit_id())
        if newest_id < (self._done_id or 0):  # SQLite begins anew where every row has left the log
            self._done_id, self._mark = None, (0, 0)
            return True
        if now_ms - self._mark[0] >= SETTLED_MS:
            if self._mark[0]:
                self._done_id = max(self._mark[1], self._done_id or 0)
            self._mark = (now_ms, newest_id)
        return False


async def seal(core: Core, rows: Iterable[AuditRow]) -> Link | None:
    """Append entries for the rows, unless another worker is at it; the chain's new head."""
    said = [(row.id, digest(shown(row))) for row in rows if row.id is not None]
    head = await core.store.write(lambda records: _append(records, said, core))
    if head is not None:
        core.on_audit_sealed(head.number, head.hash)
    return head


def _append(records: Records, said: list[tuple[int, str]], core: Core) -> Link | None:
    if not records.chain_free():
        return None
    present = records.links_of([row_id for row_id, _ in said])
    end = records.chain_end()
    head = Link(0, "", GENESIS) if end is None else end.head
    links: list[tuple[int, Link]] = []
    for row_id, row_digest in said:
        if row_id not in present:
            head = chained(head.number + 1, head.hash, row_digest)
            links.append((row_id, head))
    if not links:
        return None
    records.append_links(links, core.audit_seal and core.audit_seal(sealed_text(head)))
    return head


def reseal(records: Records, seals: Sequence[Callable[[str], str]]) -> None:
    """Seal the newest entry with the present key, where one of these sealed it; what it does not open stays."""
    end = records.chain_end() if records.chain_free() else None
    if end is None:
        return
    said = sealed_text(end.head)
    if end.seal in [seal(said) for seal in seals]:
        records.reseal(end.head.number, seals[0](said))
