"""The outbox and its tries, in their tables."""

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import Row, func, select, update

from bakong_service.adapters.sealing import SealError
from bakong_service.adapters.sql import tables as t
from bakong_service.adapters.sql.prepared import Statement, Value, prepared
from bakong_service.adapters.sql.rows import Rows
from bakong_service.adapters.sql.stored import DamagedError, checked, instant
from bakong_service.domain.callbacks import receiving_host
from bakong_service.domain.events import Attempt, Notification, event_type

ATTEMPTS = "webhook_attempts"
_WEBHOOKS, _W, _T = t.webhook_notifications, t.webhook_notifications.c, t.webhook_attempts.c

_by_id = prepared(lambda notification_id: select(_WEBHOOKS).where(_W.id == notification_id))
_change = prepared(lambda notification_id, row: update(_WEBHOOKS).where(_W.id == notification_id).values(row))
_give_back = prepared(lambda ids, at_ms: update(_WEBHOOKS).where(_W.id.in_(ids)).values(next_try_ms=at_ms))
_backlog = prepared(lambda: select(func.count(), func.min(_W.next_try_ms)).where(t.UNDELIVERED))
_count_given_up = prepared(lambda: select(func.count()).select_from(_WEBHOOKS).where(t.GIVEN_UP))
_tries = prepared(
    lambda notification_id: select(t.webhook_attempts).where(_T.notification_id == notification_id).order_by(_T.number)
)


@prepared
def _due_hosts() -> Statement:
    hosts = select(func.min(_W.host).label("host")).where(t.UNDELIVERED).cte("hosts", recursive=True)
    after = select(func.min(_W.host)).where(t.UNDELIVERED, _W.host > hosts.c.host).scalar_subquery()
    hosts = hosts.union_all(select(after).where(hosts.c.host.is_not(None)))
    first = select(func.min(_W.next_try_ms)).where(t.UNDELIVERED, _W.host == hosts.c.host)
    return select(hosts.c.host, first.scalar_subquery().label("due_ms"))


@prepared
def _lease(host: Value, now_ms: Value, until_ms: Value, limit: Value) -> Statement:
    due = (
        select(_W.id)
        .where(t.UNDELIVERED, _W.host == host, _W.next_try_ms <= now_ms)
        .order_by(_W.next_try_ms, _W.created_ms, _W.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return update(_WEBHOOKS).where(_W.id.in_(due)).values(next_try_ms=until_ms).returning(*_WEBHOOKS.c)


@prepared
def _given_up(limit: Value) -> Statement:
    return select(_WEBHOOKS).where(t.GIVEN_UP).order_by(_W.created_ms.desc(), _W.id.desc()).limit(limit)


class WebhookRows(Rows):
    """See bakong_service.ports.WebhookRecords."""

    def add_notification(self, notification: Notification) -> None:
        self._insert(t.webhook_notifications, _row(notification))

    def due_hosts(self) -> dict[str, int]:
        """The hosts that webhooks wait for, and when the first of each falls due; one look into the index for each."""
        rows = ((row.host, instant(row.due_ms)) for row in self._rows(_due_hosts()))
        return {host: due_ms for host, due_ms in rows if due_ms is not None}

    def outbox_backlog(self) -> tuple[int, int | None, int]:
        """How many webhooks wait, when the first is due, and how many were given up: partial indexes hold no others."""
        count, first_ms = self._run(_backlog()).one()
        given_up = self._run(_count_given_up()).scalar()
        return int(count), instant(first_ms), int(given_up or 0)

    def lease_notifications(self, host: str, now_ms: int, until_ms: int, limit: int) -> list[Notification]:
        """Notifications to a host that are due, taken until until_ms; no other worker gets them meanwhile."""
        taken = self._rows(_lease(host, now_ms, until_ms, limit))
        leased = self._readable("webhook", taken, notification_of)
        return sorted(leased, key=lambda one: (one.created_ms, one.id))

    def release_notifications(self, notification_ids: Sequence[str], at_ms: int) -> None:
        """Give leases back, unused: they are due at once."""
        self._run(_give_back(list(notification_ids), at_ms))

    def save_attempt(self, notification: Notification, attempt: Attempt) -> None:
        """What a try came to, and the try itself."""
        self._run(_change(notification.id, _row(notification)))
        self._insert_once(
            t.webhook_attempts,
            {
                "notification_id": attempt.notification_id,
                "number": attempt.number,
                "at_ms": attempt.at_ms,
                "status": attempt.status,
                "error": attempt.error,
                "answer": self._sealed_answer(attempt),
            },
        )

    def notification(self, notification_id: str) -> Notification | None:
        """The webhook of an id. Raises UnreadableRowError."""
        return self._first("webhook", _by_id(notification_id), notification_of)

    def attempts(self, notification_id: str) -> list[Attempt]:
        """Each try of a webhook, in order."""
        return self._readable("attempt", self._rows(_tries(notification_id)), self._attempt, "notification_id")

    def _sealed_answer(self, attempt: Attempt) -> str:
        name = f"{attempt.notification_id}/{attempt.number}"
        return self._seal.seal(attempt.answer, ATTEMPTS, "answer", name) if attempt.answer else ""

    def _attempt(self, row: Row[Any]) -> Attempt:
        """An answer that does not open is shown as none: what came of the try is what counts."""
        values = checked(row, t.webhook_attempts)._asdict()
        if values["answer"]:
            try:
                values["answer"] = self._seal.open(
                    row.answer, ATTEMPTS, "answer", f"{row.notification_id}/{row.number}"
                )
            except SealError:
                values["answer"] = ""
        return Attempt(**values)

    def given_up(self, limit: int) -> list[Notification]:
        """Webhooks that were not delivered and are tried no more, newest first."""
        return self._readable("webhook", self._rows(_given_up(limit)), notification_of)

    def replay(self, notification_id: str, at_ms: int) -> bool:
        """Let it be tried once more, at once; False where it is not there. The tries of before stay recorded."""
        notification = self.notification(notification_id)
        if notification is None or notification.url is None:
            return False
        again = {"host": receiving_host(notification.url), "next_try_ms": at_ms, "delivered_ms": None}
        self._run(_change(notification_id, again))
        return True


def _row(notification: Notification) -> dict[str, Any]:
    return {
        "id": notification.id,
        "event": notification.event.value,
        "url": notification.url,
        "host": notification.host,
        "body": notification.body,
        "created_ms": notification.created_ms,
        "attempts": notification.attempts,
        "next_try_ms": notification.next_try_ms,
        "delivered_ms": notification.delivered_ms,
        "last_status": notification.last_status,
        "last_error": notification.last_error,
    }


def notification_of(row: Row[Any]) -> Notification:
    """The webhook of a whole row. Raises whatever is wrong with the row."""
    values = checked(row, t.webhook_notifications)._asdict()
    values["event"] = event_type(row.event)
    receiving_host(row.url)
    body = orjson.loads(row.body)
    if not isinstance(body, dict) or not isinstance(body.get("data", {}), dict):
        raise DamagedError("body is no event")
    return Notification(**values)
