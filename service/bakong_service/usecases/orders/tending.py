"""What time alone does for shops: days and payments are closed, refunds of an unknown outcome and events looked at."""

from bakong_service.ports import Records
from bakong_service.usecases.core import Core
from bakong_service.usecases.orders.closing import close_due
from bakong_service.usecases.orders.day import close_days, close_due_ms
from bakong_service.usecases.orders.refund import give_due
from bakong_service.usecases.provider_events import look_again


async def tend(core: Core) -> int | None:
    """Do what is due; when the next falls due."""

    def dues(records: Records) -> tuple[int | None, ...]:
        days_ms = close_due_ms(records, core.shop.cutoff_m)
        return days_ms, records.next_refund_ms(), records.next_closing_ms(), records.next_event_ms()

    works = (close_days, give_due, close_due, look_again)
    now_ms = core.timers.now_ms()
    next_ms = await core.store.read(dues)
    due = [work for work, due_ms in zip(works, next_ms, strict=True) if due_ms is not None and due_ms <= now_ms]
    for work in due:
        await work(core)
    return min(
        (due_ms for due_ms in (await core.store.read(dues) if due else next_ms) if due_ms is not None), default=None
    )
