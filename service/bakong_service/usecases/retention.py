"""What is over is dropped with age: a small batch of each kind at a time, each its own transaction.

Dropped: answers to idempotency keys, delivered webhooks with their attempts, providers' events that are done with, the
codes of payments that ended unpaid, what is known of traces, and audit rows, which are exported first. Never: paid
payments, receipts, and whatever is open or was not delivered.
"""

from collections.abc import Callable

from bakong_service.domain.errors import UnavailableError
from bakong_service.ports import Records
from bakong_service.usecases.core import Core

BATCH = 100
PAUSE_MS = 10_000  # between batches, while there is more: payments go first
EVERY_MS = 3_600_000


class Cleaner:
    """Drops what has come of age, hourly; it says when it has to be called next."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._from_ms = 0

    async def run(self) -> int | None:
        """Drop one batch of each kind, where any is due; when the next falls due."""
        core, now_ms = self._core, self._core.timers.now_ms()
        if now_ms < self._from_ms:
            return self._from_ms
        due_ms = core.retention.due_ms(await core.store.read(lambda records: records.oldest()))
        if due_ms is None or due_ms > now_ms:
            self._from_ms = now_ms + EVERY_MS  # whatever wakes the worker meanwhile costs no look
            return due_ms
        self._from_ms = now_ms + (PAUSE_MS if await drop_batches(core) else EVERY_MS)
        return self._from_ms


async def drop_batches(core: Core) -> bool:
    """Drop up to BATCH rows of each kind; whether more may be due."""
    now_ms, kept = core.timers.now_ms(), core.retention
    kinds: tuple[tuple[int | None, Callable[[Records, int], int]], ...] = (
        (kept.answers, lambda records, before_ms: records.forget_answers(before_ms, BATCH)),
        (kept.webhooks, lambda records, before_ms: records.forget_webhooks(before_ms, BATCH)),
        (kept.codes, lambda records, before_ms: records.forget_codes(before_ms, BATCH)),
        (kept.events, lambda records, before_ms: records.forget_events(before_ms, BATCH)),
        (kept.traces, lambda records, before_ms: records.forget_traces(before_ms, BATCH)),
    )
    is_more = False
    for kept_ms, forget in kinds:
        if kept_ms is not None and await _forgotten(core, forget, now_ms - kept_ms) == BATCH:
            is_more = True
    return (kept.audit is not None and await _export_audit(core, now_ms - kept.audit)) or is_more


async def _forgotten(core: Core, forget: Callable[[Records, int], int], before_ms: int) -> int:
    return await core.store.write(lambda records: forget(records, before_ms))


async def _export_audit(core: Core, before_ms: int) -> bool:
    """Export the oldest audit rows, then delete them, never without an export; whether more are due."""
    rows = await core.store.read(lambda records: records.old_audit(before_ms, BATCH))
    if not rows or core.archive is None:
        return False
    try:
        await core.archive(rows)
    except UnavailableError as error:
        core.report("audit", str(rows[0].id), error.__cause__ or error)
        return False
    ids = [row.id for row in rows if row.id is not None]
    at_ms = core.timers.now_ms()
    await core.store.write(lambda records: records.forget_audit(ids, before_ms, at_ms))
    return len(rows) == BATCH
