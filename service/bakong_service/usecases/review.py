"""Rows that could not be read are read again from time to time: what can be read is taken back where it stopped."""

from bakong_contracts.service_api import PaymentStatus
from bakong_service.domain.errors import UnreadableRowError
from bakong_service.domain.events import Notification
from bakong_service.domain.payments import Payment
from bakong_service.domain.polling import GIVE_UP_MS
from bakong_service.domain.review import Reread, SetAside
from bakong_service.domain.subscriptions import Subscription
from bakong_service.ports import Records
from bakong_service.usecases.core import Core
from bakong_service.usecases.unit_of_work import UnitOfWork, transact

BATCH = 100
PAUSE_MS = 10_000  # between batches, while there is more: payments go first
EVERY_MS = 600_000
NO_TURN = "no time stands where its turn is"


class Reviewer:
    """Reads what is set aside again: at the start, which is when a key comes back, and every ten minutes."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._from_ms = 0
        self._after: SetAside | None = None
        self._listed = False

    def expect(self) -> None:
        """A row was set aside."""
        self._listed = True

    async def run(self) -> int | None:
        """Read one batch again; when the next falls due, None while nothing is set aside."""
        now_ms = self._core.timers.now_ms()
        if now_ms < self._from_ms:
            return self._from_ms if self._listed else None
        await set_aside_without_turn(self._core)
        self._listed = False
        batch = await review(self._core, self._after)
        self._listed = self._listed or self._after is not None or bool(batch)
        self._after = batch[-1] if len(batch) == BATCH else None
        self._from_ms = now_ms + (EVERY_MS if self._after is None else PAUSE_MS)
        return self._from_ms if self._listed else None


async def review(core: Core, after: SetAside | None) -> list[SetAside]:
    """The next rows of the list, each of them read again."""
    batch = await core.store.read(lambda records: records.listed(after, BATCH))
    if not batch:
        return []
    readable = await core.store.read(lambda records: [row for row in batch if _is_readable(records, row)])
    if not readable:
        return batch
    await transact(core, lambda unit: [row for row in readable if _taken_back(unit, row)])
    core.wake()
    return batch


async def set_aside_without_turn(core: Core) -> None:
    """Rows whose turn never comes are as lost as those that cannot be read, and met by nobody."""
    lost = await core.store.read(lambda records: records.without_turn(BATCH))
    if not lost:
        return

    def aside(unit: UnitOfWork) -> list[tuple[str, str]]:
        return [row for row in lost if unit.records.set_aside(*row, NO_TURN, unit.at_ms)]

    for kind, row_id in await transact(core, aside):
        core.report(kind, row_id, UnreadableRowError(kind, row_id, NO_TURN))


def _is_readable(records: Records, row: SetAside) -> bool:
    try:
        records.reread(row.kind, row.row_id)
    except UnreadableRowError:
        return False
    return True


def take_back(row: SetAside, at_ms: int, grace_ms: int, records: Records) -> bool:
    """Whether the row can be read, and goes on where it stopped: at once, where it had a turn before."""
    try:
        value = records.reread(row.kind, row.row_id)
    except UnreadableRowError:
        return False
    records.take_back(row.kind, row.row_id, _due_ms(value, at_ms, grace_ms))
    return True


def _taken_back(unit: UnitOfWork, row: SetAside) -> bool:
    taken = take_back(row, unit.at_ms, unit.core.grace_ms, unit.records)
    if taken:
        unit.audit("row.take_back", f"{row.kind}/{row.row_id}", {"why": row.why}, None)
    return taken


def _due_ms(value: Reread, at_ms: int, grace_ms: int) -> int | None:
    match value:
        case Payment():
            is_over = at_ms >= value.expires_ms + GIVE_UP_MS and not value.is_open
            return None if value.status is PaymentStatus.PAID or is_over else at_ms
        case Notification():
            return at_ms if value.delivered_ms is None and value.url is not None else None
        case Subscription():
            return value.due_ms(grace_ms)
        case _:
            return None
