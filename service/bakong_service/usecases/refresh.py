"""What callers see of a payment: brought up to date, where its provider may be asked for them. Knows no HTTP or SQL."""

from collections.abc import Sequence
from functools import partial

from bakong_contracts.service_api import DEFAULT_PROVIDER
from bakong_service.domain.errors import NotFoundError
from bakong_service.domain.payments import Payment, Purpose
from bakong_service.domain.polling import Budget
from bakong_service.ports import Polling, Records
from bakong_service.usecases.ask_provider import ask, polling_of
from bakong_service.usecases.core import Core
from bakong_service.usecases.idempotency import Commit
from bakong_service.usecases.poll_payments import expire_due, lease_these
from bakong_service.usecases.unit_of_work import UnitOfWork, transact


async def find(core: Core, md5: str) -> Payment:
    """The default provider's payment of an md5. Raises NotFoundError."""
    payment = await core.store.read(lambda records: records.payment_by_md5(md5))
    if payment is None or payment.provider != DEFAULT_PROVIDER:
        raise NotFoundError(f"no payment has the md5 {md5}")
    return payment


async def find_by_id(core: Core, payment_id: str) -> Payment:
    """Any provider's payment. Raises NotFoundError."""
    payment = await core.store.read(lambda records: records.payment_by_id(payment_id))
    if payment is None:
        raise NotFoundError(f"no payment has the id {payment_id}")
    return payment


async def check_all(core: Core, commit: Commit, md5s: Sequence[str]) -> dict[str, Payment | None]:
    """The default provider's payments of those md5s that have one, up to date; None for one that cannot be read."""
    known = await core.store.read(partial(_of_default, md5s))
    fresh = await refresh(core, known)
    by_md5 = {payment.reference: payment for payment in fresh.values()}
    others = [md5 for md5 in md5s if md5 not in by_md5]
    unread: set[str] = set()
    if others:
        unread = await core.store.read(lambda records: records.known_md5s(DEFAULT_PROVIDER, others))
    return await commit(lambda _: dict.fromkeys(unread) | by_md5)


def _of_default(md5s: Sequence[str], records: Records) -> list[Payment]:
    return [payment for payment in records.payments_by_md5(md5s) if payment.provider == DEFAULT_PROVIDER]


async def refresh(core: Core, payments: Sequence[Payment]) -> dict[str, Payment]:
    """One provider's payments by id, asked for where what is stored is not final and old enough.

    Where calls are plenty that is always; where each counts, while so many are in hand that a customer may have one.
    """
    stored = {payment.id: payment for payment in payments}
    wanted = [payment for payment in payments if payment.is_open]
    provider = core.providers.get(wanted[0].provider) if wanted else None
    if provider is None or not core.upstream(provider.name).may_ask(core.timers.now_ms()):
        return stored
    polling = polling_of(provider)
    if polling.pace.is_scarce:
        wanted = await _affordable(core, provider.name, polling, wanted)
    elif fresh_ms := max(core.fresh_ms, polling.pace.fresh_ms):
        wanted = await _stale(core, wanted, core.timers.now_ms() - fresh_ms)
    return stored | {payment.id: payment for payment in await ask(core, wanted)}


async def _stale(core: Core, wanted: Sequence[Payment], before_ms: int) -> list[Payment]:
    return await core.store.read(
        lambda records: [one for one in wanted if (records.last_asked_ms(one.id) or 0) <= before_ms]
    )


async def _affordable(core: Core, provider: str, polling: Polling, wanted: Sequence[Payment]) -> list[Payment]:
    now_ms, pace = core.timers.now_ms(), polling.pace
    if not await core.store.read(lambda records: pace.spares_call(records, provider, now_ms)):
        return []

    def take(unit: UnitOfWork) -> list[Payment]:
        last = unit.records.last_asked_ms
        due = [one.id for one in wanted if now_ms - (last(one.id) or 0) >= pace.fresh_ms]
        return lease_these(due, polling, unit)

    return await transact(core, take)


async def check_open(core: Core, user_id: str, purpose: Purpose) -> None:
    """Bring the user's open payment for a purpose up to date, so that an ended one makes room."""
    payment = await core.store.read(lambda records: records.open_payment(user_id, purpose))
    if payment is not None:
        await refresh(core, [payment])
        await expire_due(core, payment.provider)


async def budget(core: Core, provider: str) -> Budget | None:
    """The provider's calls of the day, for whoever shows them; None where nobody counts them."""
    now_ms, pace = core.timers.now_ms(), polling_of(core.providers[provider]).pace
    return await core.store.read(lambda records: pace.budget(records, provider, now_ms))
