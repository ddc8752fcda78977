"""Providers' webhooks in their table: each event once, however often it comes."""

from typing import Any

from sqlalchemy import Row, func, select, update

from bakong_service.adapters.sql import tables as t
from bakong_service.adapters.sql.rows import Rows
from bakong_service.adapters.sql.stored import checked, instant
from bakong_service.domain.inbox import InboxEvent, InboxState

_V = t.provider_events.c


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
        named = select(t.provider_events).where(_V.provider == provider, _V.event_key == key).with_for_update()
        return self._first("event", named, _event)

    def event_by_id(self, event_id: str) -> InboxEvent | None:
        return self._first("event", select(t.provider_events).where(_V.id == event_id).with_for_update(), _event)

    def change_event(self, event: InboxEvent) -> None:
        """Store what has become of it."""
        self._run(
            update(t.provider_events)
            .where(_V.id == event.id)
            .values(
                state=event.state.value,
                deliveries=event.deliveries,
                tries=event.tries,
                next_try_ms=event.next_try_ms,
            )
        )

    def next_event_ms(self) -> int | None:
        """When an event without a payment is looked at again."""
        return instant(self._run(select(func.min(_V.next_try_ms)).where(t.UNMATCHED_EVENT)).scalar())

    def lease_events(self, now_ms: int, until_ms: int, limit: int) -> list[InboxEvent]:
        """Events whose payment is to be looked for again; no other worker's transaction takes them meanwhile."""
        due = select(_V.id).where(t.UNMATCHED_EVENT, _V.next_try_ms <= now_ms).order_by(_V.next_try_ms).limit(limit)
        ids = [row.id for row in self._rows(due.with_for_update(skip_locked=True))]
        if not ids:
            return []
        taken = update(t.provider_events).where(_V.id.in_(ids)).values(next_try_ms=until_ms).returning(*_V)
        return self._readable("event", self._run(taken).all(), _event)

    def dead_events(self, limit: int) -> list[InboxEvent]:
        """Dead letters, newest first."""
        dead = select(t.provider_events).where(t.DEAD_EVENT).order_by(_V.received_ms.desc(), _V.id.desc())
        return self._readable("event", self._rows(dead.limit(limit)), _event)


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
