"""What time alone changes in subscriptions. Must not depend on HTTP or SQL."""

from bakong_service.domain.errors import RowError
from bakong_service.usecases.core import Core
from bakong_service.usecases.settle import bring_up_to_date
from bakong_service.usecases.unit_of_work import UnitOfWork, transact

BATCH = 50
POSTPONED_MS = 3_600_000  # until a subscription that could not be changed is tried again


async def tick_due(core: Core) -> None:
    """Bring every subscription up to date that has fallen due; each change with history and event."""
    while await transact(core, _tick) == BATCH:
        pass


def _tick(unit: UnitOfWork) -> int:
    due = unit.records.due_subscriptions(unit.at_ms, BATCH)
    for subscription in due:
        try:
            with unit.records.savepoint():
                bring_up_to_date(unit, subscription)
        except RowError as error:
            unit.core.report("subscription", subscription.id, error.__cause__ or error)
            unit.records.postpone_subscription(subscription.id, unit.at_ms + POSTPONED_MS)
    return len(due)
