"""A provider's webhook: it decides nothing, but has the provider asked about that payment at once.

It is kept once, however often it comes, and the request to ask is stored with it before it is answered, so that neither
a crash nor another worker loses it. One that names no payment of ours, or one that the provider is still making, is
looked at again after a while, and is a dead letter at last.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

from bakong_service.domain.errors import ConflictError, ForgedEventError, NotFoundError
from bakong_service.domain.inbox import AGAIN_MS, InboxEvent, InboxState
from bakong_service.domain.order_events import OrderEventType
from bakong_service.domain.refunds import AGAIN_MS as REFUND_AGAIN_MS
from bakong_service.ports import Event
from bakong_service.usecases.core import Core
from bakong_service.usecases.unit_of_work import UnitOfWork, transact

BATCH = 50
LEASE_MS = 60_000
_LONGEST_KEY = 128


class EventReusedError(ConflictError):
    """An event of a provider that came before, with another body."""

    code = "event_id_reused"


@dataclass(frozen=True, slots=True)
class _Taken:
    """What became of a webhook. is_reused: its id came with another body before."""

    event: InboxEvent
    is_reused: bool = False


async def read_event(core: Core, name: str, headers: Mapping[str, str], body: bytes) -> Event:
    """The event of a genuine webhook. Raises NotFoundError, ForgedEventError."""
    provider = core.providers.get(name)
    if provider is None or provider.read_event is None:
        raise NotFoundError(f"no provider {name!r} sends events here")
    return await provider.read_event(headers, body)


async def refuse_event(core: Core, name: str, error: ForgedEventError) -> None:
    """Keep that a webhook was not signed by its provider: when, from where, why; nothing of its body."""
    why = {"reason": str(error)[:200]}
    await transact(core, lambda unit: unit.audit("webhook.reject", f"webhook/{name}", None, why))


async def keep_event(core: Core, name: str, event: Event, body: bytes) -> None:
    """Keep an event, and have the provider asked about what it names. Raises EventReusedError."""
    taken = await transact(core, lambda unit: _take(unit, name, event, body))
    if taken.is_reused:
        raise EventReusedError(f"the event {taken.event.key} came before with another body")
    if taken.event.state is InboxState.DONE:
        core.wake_polling(name)
    elif taken.event.state is not InboxState.IGNORED:
        core.on_unknown_event(name, event.reference or event.payment_id)


async def take_event(core: Core, name: str, headers: Mapping[str, str], body: bytes) -> None:
    """Read and keep a webhook. Raises NotFoundError, ForgedEventError, EventReusedError."""
    await keep_event(core, name, await read_event(core, name, headers, body), body)


def _take(unit: UnitOfWork, name: str, event: Event, body: bytes) -> _Taken:
    fresh = _fresh(unit, name, event, body)
    if unit.records.add_event(fresh):
        return _Taken(_look(unit, fresh))
    known = unit.records.event_by_key(name, fresh.key)
    if known is None:
        raise LookupError(f"the event {fresh.key} of {name} is there and is not")
    again = replace(known, deliveries=known.deliveries + 1)
    if known.digest != fresh.digest:
        unit.audit("webhook.reject", f"webhook/{known.id}", None, {"reason": "its id came with another body before"})
        return _Taken(known, is_reused=True)
    unit.audit("webhook.duplicate", f"webhook/{known.id}", None, {"deliveries": again.deliveries})
    if known.state is InboxState.DONE:  # what the first came to may have been lost at the provider
        _match(unit, again)
        unit.records.change_event(again)
        return _Taken(again)
    return _Taken(again if known.state is InboxState.IGNORED else _look(unit, again))


def _fresh(unit: UnitOfWork, name: str, event: Event, body: bytes) -> InboxEvent:
    digest = hashlib.sha256(body).hexdigest()
    key = event.id or digest
    return InboxEvent(
        id="in_" + unit.core.ids.new_id().replace("-", ""),
        provider=name,
        key=key if len(key) <= _LONGEST_KEY else hashlib.sha256(key.encode()).hexdigest(),
        kind=event.kind[:64],
        reference=(event.reference or "")[:128],
        payment_id=event.payment_id[:36],
        digest=hashlib.sha256(event.digest.encode()).hexdigest() if event.digest else digest,
        state=InboxState.UNMATCHED,
        received_ms=unit.at_ms,
        next_try_ms=unit.at_ms + AGAIN_MS[0],
    )


def _look(unit: UnitOfWork, event: InboxEvent) -> InboxEvent:
    """The event once its payment was looked for; stored."""
    if not event.reference and not event.payment_id:
        after = replace(event, state=InboxState.IGNORED, next_try_ms=None)
    elif (payment_id := _match(unit, event)) is not None:
        after = replace(event, state=InboxState.DONE, next_try_ms=None)
        _tell_order(unit, event, payment_id)
    else:
        wait_ms = AGAIN_MS[event.tries] if event.tries < len(AGAIN_MS) else None
        state = InboxState.DEAD if wait_ms is None else InboxState.UNMATCHED
        after = replace(event, state=state, next_try_ms=None if wait_ms is None else unit.at_ms + wait_ms)
        unit.notified = True  # the worker has to learn when to look again
    unit.records.change_event(after)
    word = {InboxState.IGNORED: "webhook.ignore", InboxState.DEAD: "webhook.dead"}.get(after.state, "webhook.receive")
    if event.tries == 0 or after.state is not InboxState.UNMATCHED:
        shown = {"provider": event.provider, "kind": event.kind, "state": after.state.value}
        unit.audit(word, f"webhook/{event.id}", None, shown)
    return after


def _match(unit: UnitOfWork, event: InboxEvent) -> str | None:
    """Have the payment asked about that the event names; its id, None where there is none that could be asked about."""
    records, at_ms = unit.records, unit.at_ms
    if event.payment_id and records.hasten_payment(event.provider, event.payment_id, at_ms):
        return event.payment_id
    if event.reference and records.hasten_poll(event.provider, event.reference, at_ms):
        return records.payment_id_of(event.provider, event.reference)
    return None


def _tell_order(unit: UnitOfWork, event: InboxEvent, payment_id: str) -> None:
    bound = unit.records.order_payment(payment_id)
    if bound is None:
        return
    shown = {"provider": event.provider, "kind": event.kind}
    unit.happened(OrderEventType.WEBHOOK_RECEIVED, bound.order_id, payment_id, shown, event.id)
    if unit.records.hasten_refunds(payment_id, unit.at_ms, unit.at_ms + REFUND_AGAIN_MS):
        unit.notified = True


async def look_again(core: Core) -> None:
    """Look for the payments of events that named none of ours."""
    while True:
        due = await transact(core, lambda unit: unit.records.lease_events(unit.at_ms, unit.at_ms + LEASE_MS, BATCH))
        for one in due:
            tried = replace(one, tries=one.tries + 1)
            after = await transact(core, lambda unit, tried=tried: _look(unit, tried))  # type: ignore[misc]
            if after.state is InboxState.DONE:
                core.wake_polling(after.provider)
        if len(due) < BATCH:
            return


def replay(unit: UnitOfWork, event_id: str) -> InboxEvent:
    """Look at an event once more, whatever became of it. Raises NotFoundError."""
    event = unit.records.event_by_id(event_id)
    if event is None:
        raise NotFoundError(f"no webhook of a provider has the id {event_id!r}")
    return _look(unit, replace(event, tries=0))
