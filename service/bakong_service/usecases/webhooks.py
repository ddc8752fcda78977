"""Webhooks on demand: what became of one, sending it again, and a test event. Must not depend on HTTP or SQL."""

from bakong_contracts.webhooks import ProbeType
from bakong_service.domain.callbacks import check_callback
from bakong_service.domain.errors import ConflictError, InvalidError, NotFoundError
from bakong_service.domain.events import Attempt, Notification
from bakong_service.usecases.core import Core
from bakong_service.usecases.unit_of_work import UnitOfWork

Tried = tuple[Notification, list[Attempt]]


async def show(core: Core, webhook_id: str) -> Tried:
    """A webhook and each try. Raises NotFoundError."""
    return await core.store.read(
        lambda records: (_known(records.notification(webhook_id), webhook_id), records.attempts(webhook_id))
    )


def resend(unit: UnitOfWork, webhook_id: str) -> Tried:
    """Let a webhook be tried once more, now, whatever became of it: the same webhook-id and body, signed anew.

    Raises NotFoundError, and ConflictError for one that had nowhere to go.
    """
    before = _known(unit.records.notification(webhook_id), webhook_id)
    if not unit.records.replay(webhook_id, unit.at_ms):
        raise ConflictError(
            f"the webhook {webhook_id} has no receiver: neither a callback nor MAIN_BACKEND_WEBHOOK_URL was set for it"
        )
    unit.notified = True
    after = _known(unit.records.notification(webhook_id), webhook_id)
    unit.audit("webhook.resend", f"webhook/{webhook_id}", _audited(before), _audited(after))
    return after, unit.records.attempts(webhook_id)


def send_test(unit: UnitOfWork, callback: str | None) -> Tried:
    """Put webhook.test into the outbox, to a URL or else to the configured one; it is tried once.

    Raises InvalidError for a URL that webhooks may not go to, and where there is none.
    """
    if callback is not None:
        check_callback(callback, private_allowed=unit.core.private_callbacks)
    elif unit.core.webhook_url is None:
        raise InvalidError("callback", "expected a URL, since MAIN_BACKEND_WEBHOOK_URL is not set")
    made = unit.notify(ProbeType.WEBHOOK_TEST, {"test": True}, callback)
    unit.audit("webhook.test", f"webhook/{made.id}", None, _audited(made))
    return made, []


def _known(notification: Notification | None, webhook_id: str) -> Notification:
    if notification is None:
        raise NotFoundError(f"no webhook has the id {webhook_id!r}")
    return notification


def _audited(notification: Notification) -> dict[str, object]:
    return {"event": notification.event.value, "state": notification.state, "host": notification.host}
