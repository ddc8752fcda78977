"""Sending what is in the outbox: signed, on the schedule, the same webhook-id on every try. Must not depend on HTTP.

Tries run beside one another, and beside all else; domain.receivers says how many go to which host. The events of one
user to one host go one after the other, so that they arrive in order while the host takes them.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from bakong_contracts.webhooks import ProbeType, sign
from bakong_service.domain.errors import UnavailableError
from bakong_service.domain.events import MAX_RETRY_AFTER_S, RETRY_AFTER_S, Attempt, Notification
from bakong_service.domain.receivers import Receivers
from bakong_service.domain.tracing import Attributes
from bakong_service.ports import Answered
from bakong_service.usecases.core import Core
from bakong_service.usecases.unit_of_work import UnitOfWork, transact

TRY_MS = 20_000  # longer than any try takes
LEASE_MS = 60_000
CONTENDED_MS = 200  # another worker is leasing the same rows
PROMPT_S = 2.0  # a receiver that takes longer is not waited for when a world's time is moved on

Line = tuple[str, str]


class UnderWay(NamedTuple):
    """A try that was begun and not answered yet: of which webhook, where, and since when."""

    webhook: str
    url: str
    since_ms: int


class Delivery:
    """The tries of one worker that are under way. begin_more is called when one has ended."""

    def __init__(self, core: Core, begin_more: Callable[[], Awaitable[object]]) -> None:
        self._core = core
        self._begin_more = begin_more
        self._receivers = Receivers()
        self._lines: dict[Line, deque[Notification]] = {}
        self._slow: set[str] = set()
        self._held_ids: set[str] = set()
        self._not_begun: list[Notification] = []
        self._under_way: dict[str, UnderWay] = {}
        self._traces: dict[str, str] = {}
        self.tasks: dict[asyncio.Task[None], str] = {}

    async def begin_due(self) -> int | None:
        """Begin what is due and has room; when more falls due. What has no room now waits for the end of a try."""
        core = self._core
        while True:
            await self.release()
            now_ms = core.timers.now_ms()
            due_ms = await core.store.read(lambda records: records.due_hosts())
            shares = self._receivers.shares(due_ms, self._tries_by_host(), now_ms)
            if not shares or core.stopping:
                return self._receivers.next_ms(due_ms, now_ms)
            leased = await transact(core, partial(_lease, shares))
            if not leased:
                return now_ms + CONTENDED_MS
            if core.tracing.is_on:
                await self._find_traces([notification.id for notification in leased])
            for notification in leased:
                self._begin(notification)

    async def at_rest(self) -> None:
        """Wait for the tries that are under way, but for those at receivers that do not answer soon."""
        while prompt := [task for task, host in self.tasks.items() if host not in self._slow]:
            await self._core.patience(prompt, PROMPT_S, for_all=False)
            if not any(task.done() for task in prompt):
                self._slow.update(self.tasks[task] for task in prompt)

    def under_way(self) -> list[UnderWay]:
        """The tries that were begun and not answered yet, the oldest first."""
        return sorted(self._under_way.values(), key=lambda row: (row.since_ms, row.webhook))

    async def release(self) -> None:
        """Give back what was leased and not begun."""
        if self._not_begun:
            ids, at_ms = [notification.id for notification in self._not_begun], self._core.timers.now_ms()
            self._not_begun.clear()
            await self._core.store.write(lambda records: records.release_notifications(ids, at_ms))

    def _tries_by_host(self) -> Counter[str]:
        return Counter(host for host, _ in self._lines)

    def _begin(self, notification: Notification) -> None:
        if self._core.stopping:
            self._not_begun.append(notification)
        elif notification.id not in self._held_ids:  # a try may outlast its lease where a world's time is moved on
            self._held_ids.add(notification.id)
            self._line_up(notification)

    def _line_up(self, notification: Notification) -> None:
        line = (notification.host, notification.user_id)
        if line in self._lines:
            self._lines[line].append(notification)
            return
        self._lines[line] = deque([notification])
        task = asyncio.create_task(self._work_off(line))
        self.tasks[task] = notification.host
        task.add_done_callback(self.tasks.pop)

    async def _work_off(self, line: Line) -> None:
        """Try the line's webhooks in turn, until one is not delivered or their leases have no room for another try."""
        waiting = self._lines[line]
        try:
            while waiting and not self._core.stopping and self._has_time(waiting[0]):
                if not await self._try(waiting.popleft()):
                    break
        finally:
            del self._lines[line]
            self._held_ids.difference_update(notification.id for notification in waiting)
            self._not_begun += waiting
        if not self._core.stopping:
            await self._begin_more()

    async def _find_traces(self, ids: list[str]) -> None:
        """The traces of webhooks that are leased now, beside those of webhooks that wait here."""
        known = {one: trace for one, trace in self._traces.items() if one in self._held_ids}
        self._traces = known | dict(await self._core.store.read(lambda records: records.traces_of(ids)))

    async def _posted(self, notification: Notification, headers: dict[str, str]) -> str | Answered:
        """What came of a try; a span of the webhook's trace."""
        facts: Attributes = {
            "webhook.id": notification.id,
            "webhook.event": notification.event.value,
            "webhook.try": notification.attempts + 1,
            "server.address": notification.host,
        }
        parent = self._traces.pop(notification.id, None)
        with self._core.tracing.span("webhook.try", facts, parent=parent) as span:
            traced = {"traceparent": span.traceparent} if span.traceparent else {}
            posted = await self._core.post(notification.url or "", notification.body, headers | traced)
            answer = Answered(posted) if isinstance(posted, int) else posted
            if isinstance(answer, Answered):
                span.note({"http.response.status_code": answer.status})
            if isinstance(answer, str) or not 200 <= answer.status < 300:
                span.note({"error.type": answer if isinstance(answer, str) else str(answer.status)})
        return answer

    def _has_time(self, notification: Notification) -> bool:
        return self._core.timers.now_ms() + TRY_MS <= (notification.next_try_ms or 0)

    async def _try(self, notification: Notification) -> bool:
        """Whether it was delivered. Where the database is away it is not known, and tried again when its lease ends."""
        core, host = self._core, notification.host
        before, now_ms = self._receivers.breaker(host), core.timers.now_ms()
        headers = sign(core.webhook_secrets, notification.id, now_ms // 1000, notification.body)
        self._under_way[notification.id] = UnderWay(notification.id, notification.url or "", now_ms)
        try:
            answer = await self._posted(notification, headers)
        finally:
            del self._under_way[notification.id]
        at_ms = core.timers.now_ms()
        result, retry_after_s, words = (answer, None, b"") if isinstance(answer, str) else answer
        if isinstance(result, str):
            self._receivers.failed(host, before, at_ms, core.ids.fraction())
        else:
            self._receivers.answered(host)
            self._slow.discard(host)
        tried = after_try(notification, result, at_ms, retry_after_s=retry_after_s, jitter=core.ids.fraction())
        attempt = Attempt(
            notification_id=tried.id,
            number=tried.attempts,
            at_ms=now_ms,
            status=tried.last_status,
            error=tried.last_error,
            answer=words.decode("utf-8", "replace"),
        )
        with suppress(UnavailableError):
            await core.store.write(lambda records: records.save_attempt(tried, attempt))
        self._held_ids.discard(notification.id)
        return tried.delivered_ms is not None


def _lease(shares: Mapping[str, int], unit: UnitOfWork) -> list[Notification]:
    until_ms = unit.at_ms + LEASE_MS
    lease = unit.records.lease_notifications
    return [one for host, tries in shares.items() for one in lease(host, unit.at_ms, until_ms, tries)]


def after_try(
    notification: Notification, result: int | str, at_ms: int, *, retry_after_s: int | None = None, jitter: float = 0.0
) -> Notification:
    """The notification after a try: delivered by any 2xx, ended by 410, else due again when the schedule says.

    A test event is tried once.

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
    if attempts < len(RETRY_AFTER_S) and status != 410 and not isinstance(notification.event, ProbeType):
        wait_ms = int(RETRY_AFTER_S[attempts] * 1000 * (1 + jitter / 10))
        next_ms = at_ms + max(wait_ms, 1000 * min(retry_after_s or 0, MAX_RETRY_AFTER_S))
    return replace(
        notification,
        attempts=attempts,
        next_try_ms=next_ms,
        last_status=status,
        last_error=f"answered {status}" if status is not None else str(result),
    )
