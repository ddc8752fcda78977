"""Sending what is in the outbox: signed, on the schedule, the same webhook-id on every try. May not know of sockets."""

from dataclasses import replace

from bakong_contracts.webhooks import sign
from bakong_service.domain.events import MAX_RETRY_AFTER_S, RETRY_AFTER_S, Attempt, Notification
from bakong_service.usecases.change import Change, transact
from bakong_service.usecases.core import Core

BATCH = 3  # one after the other within a lease, however slow the receiver


async def deliver_due(core: Core) -> None:
    """Try every notification that is due, once."""
    while True:
        due = await transact(core, _lease)
        for notification in due:
            await _try(core, notification)
        if len(due) < BATCH:
            return


def _lease(change: Change) -> list[Notification]:
    return change.records.lease_notifications(change.at_ms, change.at_ms + change.core.lease_ms, BATCH)


async def _try(core: Core, notification: Notification) -> None:
    now_ms = core.timers.now_ms()
    headers = sign(core.webhook_secrets, notification.id, now_ms // 1000, notification.body)
    answer = await core.post(notification.url or "", notification.body, headers)
    result, retry_after_s = answer if isinstance(answer, tuple) else (answer, None)
    at_ms = core.timers.now_ms()
    tried = after_try(notification, result, at_ms, retry_after_s=retry_after_s, jitter=core.ids.fraction())
    attempt = Attempt(
        notification_id=tried.id, number=tried.attempts, at_ms=now_ms, status=tried.last_status, error=tried.last_error
    )
    await core.store.write(lambda records: records.save_attempt(tried, attempt))


def after_try(
    notification: Notification, result: int | str, at_ms: int, *, retry_after_s: int | None = None, jitter: float = 0.0
) -> Notification:
    """The notification after a try: delivered by any 2xx, ended by 410, else due again when the schedule says.

    Up to a tenth is added to each wait, so that many do not come back at once; a longer Retry-After is kept.
    """
    attempts = notification.attempts + 1
    status = result if isinstance(result, int) else None
    if status is not None and 200 <= status < 300:
        return replace(
            notification,
            attempts=attempts,
            next_try_ms=None,
            delivered_ms=at_ms,
            last_status=status,
            last_error=None,
        )
    next_ms = None
    if attempts < len(RETRY_AFTER_S) and status != 410:
        wait_ms = int(RETRY_AFTER_S[attempts] * 1000 * (1 + jitter / 10))
        next_ms = at_ms + max(wait_ms, 1000 * min(retry_after_s or 0, MAX_RETRY_AFTER_S))
    return replace(
        notification,
        attempts=attempts,
        next_try_ms=next_ms,
        last_status=status,
        last_error=f"answered {status}" if status is not None else str(result),
    )
