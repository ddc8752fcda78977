"""Providers' webhooks in their table: each event once, however often it comes."""

from typing import Any

from sqlalchemy import Row, func, select, update

from bakong_service.adapters.sql import tables as t
from bakong_service.adapters.sql.prepared import Statement, Value, prepared
from bakong_service.adapters.sql.rows import Rows
from bakong_service.adapters.sql.stored import checked, instant
from bakong_service.domain.inbox import InboxEvent, InboxState

_EVENTS, _V = t.provider_events, t.provider_events.c

_by_id = prepared(lambda event_id: select(_EVENTS).where(_V.id == event_id).with_for_update())
_change = prepared(lambda event_id, values: update(_EVENTS).where(_V.id == event_id).values(values))
_next = prepared(lambda: select(func.min(_V.next_try_ms)).where(t.UNMATCHED_EVENT))


@prepared
def _by_key(provider: Value, key: Value) -> Statement:
    return select(_EVENTS).where(_V.provider == provider, _V.event_key == key).with_for_update()


@prepared
def _due(now_ms: Value, limit: Value) -> Statement:
    due = select(_V.id).where(t.UNMATCHED_EVENT, _V.next_try_ms <= now_ms).order_by(_V.next_try_ms).limit(limit)
    return due.with_for_update(skip_locked=True)


@prepared
def _take(ids: Value, until_ms: Value) -> Statement:
    return update(_EVENTS).where(_V.id.in_(ids)).values(next_try_ms=until_ms).returning(*_V)


@prepared
def _dead(limit: Value) -> Statement:
    return select(_EVENTS).where(t.DEAD_EVENT).order_by(_V.received_ms.desc(), _V.id.desc()).limit(limit)


class InboxRows(Rows):
    """See bakong_service.ports.InboxRecords."""

    def add_event(self, event: InboxEvent) -> bool:
        """False where the provider's event is there already."""
        return self._insert_once(
            t.provider_events,
            {
                "id": event.id,
                "provider": event.provider,
                "event_key": event.key,
                "kind": event.kind,
                "reference": event.reference,
                "payment_id": event.payment_id,
                "digest": event.digest,
                "state": event.state.value,
                "received_ms": event.received_ms,
                "deliveries": event.deliveries,
                "tries": event.tries,
                "next_try_ms": event.next_try_ms,
            },
        )

    def event_by_key(self, provider: str, key: str) -> InboxEvent | None:
        """Held until the transaction ends, where the database can; as the next."""
        return self._first("event", _by_key(provider, key), _event)

    def event_by_id(self, event_id: str) -> InboxEvent | None:
        return self._first("event", _by_id(event_id), _event)

    def change_event(self, event: InboxEvent) -> None:
        """Store what has become of it."""
        values = {name: getattr(event, name) for name in ("deliveries", "tries", "next_try_ms")}
        self._run(_change(event.id, values | {"state": event.state.value}))

    def next_event_ms(self) -> int | None:
        """When an event without a payment is looked at again."""
        return instant(self._run(_next()).scalar())

    def lease_events(self, now_ms: int, until_ms: int, limit: int) -> list[InboxEvent]:
        """Events whose payment is to be looked for again; no other worker's transaction takes them meanwhile."""
        ids = [row.id for row in self._rows(_due(now_ms, limit))]
        return self._readable("event", self._rows(_take(ids, until_ms)), _event) if ids else []

    def dead_events(self, limit: int) -> list[InboxEvent]:
        """Dead letters, newest first."""
        return self._readable("event", self._rows(_dead(limit)), _event)


def _event(row: Row[Any]) -> InboxEvent:
    checked(row, t.provider_events)
    return InboxEvent(
        id=row.id,
        provider=row.provider,
        key=row.event_key,
        kind=row.kind,
        reference=row.reference,
        payment_id=row.payment_id,
        digest=row.digest,
        state=InboxState(row.state),
        received_ms=row.received_ms,
        deliveries=row.deliveries,
        tries=row.tries,
        next_try_ms=row.next_try_ms,
    )
