"""A provider's webhook: it decides nothing, but has the provider asked about that payment at once.

The request to ask is stored before the webhook is answered, so that neither a crash nor another worker loses it; and
however often the event comes, it is one request until it is taken.
"""

from collections.abc import Mapping

from bakong_service.domain.errors import NotFoundError
from bakong_service.usecases.core import Core
from bakong_service.usecases.unit_of_work import UnitOfWork, transact


async def take_event(core: Core, name: str, headers: Mapping[str, str], body: bytes) -> None:
    """Have the provider asked about what its event names. Raises NotFoundError, ForgedEventError."""
    provider = core.providers.get(name)
    if provider is None or provider.read_event is None:
        raise NotFoundError(f"no provider {name!r} sends events here")
    reference = (await provider.read_event(headers, body)).reference
    if reference is None:
        return

    def hasten(unit: UnitOfWork) -> bool:
        return unit.records.hasten_poll(name, reference, unit.at_ms)

    if await transact(core, hasten):
        core.wake_polling(name)
    else:
        core.on_unknown_event(name, reference)
