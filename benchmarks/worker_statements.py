"""Every statement of the worker, and those about one user, each as a call that can be repeated on a filled database."""

from collections.abc import Callable
from typing import Any

from bakong_service.domain.events import Attempt
from bakong_service.domain.payments import Purpose
from benchmarks.filling import DAY_MS, NOW_MS

LIMIT = 50
Call = Callable[[Any, int], object]

# step grows by one with each call: what one call leases is free again for the next.
READS: dict[str, Call] = {
    "next_poll_ms": lambda records, _: records.next_poll_ms("bakong"),
    "next_end_ms": lambda records, _: records.next_end_ms("bakong"),
    "watched": lambda records, _: records.watched("bakong", 400),
    "overdue": lambda records, _: records.overdue("bakong", NOW_MS + DAY_MS, LIMIT),
    "payments_by_id": lambda records, _: records.payments_by_id([f"o{number}" for number in range(LIMIT)]),
    "last_asked_ms": lambda records, _: records.last_asked_ms("o1"),
    "calls_spent": lambda records, _: records.calls_spent("bakong", 1),
    "next_subscription_ms": lambda records, _: records.next_subscription_ms(),
    "due_subscriptions": lambda records, _: records.due_subscriptions(NOW_MS + 31 * DAY_MS, LIMIT),
    "due_hosts": lambda records, _: records.due_hosts(),
    "given_up": lambda records, _: records.given_up(LIMIT),
    "attempts": lambda records, _: records.attempts("w7"),
    "oldest": lambda records, _: records.oldest(),
    "old_audit": lambda records, _: records.old_audit(NOW_MS - 364 * DAY_MS, LIMIT),
    "answer_to": lambda records, _: records.answer_to("s1", NOW_MS),
    "open_payment": lambda records, _: records.open_payment("u7", Purpose.RENEWAL),
    "waiting_payment": lambda records, _: records.waiting_payment("u7"),
    "user_payments": lambda records, _: records.user_payments("u7", 10, 0),
    "count_user_payments": lambda records, _: records.count_user_payments("u7"),
    "active_subscription": lambda records, _: records.active_subscription("u20"),
    "latest_subscription": lambda records, _: records.latest_subscription("u20"),
    "payment_by_reference": lambda records, _: records.payment_by_reference("bakong", "m7"),
    "payment_by_md5": lambda records, _: records.payment_by_md5("m7"),
}
WRITES: dict[str, Call] = {
    "lease_polls": lambda records, step: records.lease_polls("bakong", NOW_MS + 2 * step, NOW_MS + 2 * step + 1, LIMIT),
    "lease_payments": lambda records, step: records.lease_payments(["o1", "o2"], NOW_MS + 10**6 + step, NOW_MS),
    "hasten_poll": lambda records, _: records.hasten_poll("bakong", "om1", NOW_MS),
    "plan_poll": lambda records, _: records.plan_poll("o1", NOW_MS, asked_ms=None),
    "forget_polls": lambda records, _: records.forget_polls("bakong", NOW_MS - DAY_MS, 15_000, NOW_MS - 7 * DAY_MS),
    "sold": lambda records, _: records.sold(
        "bakong", NOW_MS // DAY_MS * DAY_MS - 7 * DAY_MS, NOW_MS // DAY_MS * DAY_MS
    ),
    "spend_call": lambda records, _: records.spend_call("bakong", 1, 10**9),
    "lease_notifications": lambda records, step: records.lease_notifications(
        "shop.test", NOW_MS + 2 * step + LIMIT, NOW_MS + 2 * step + LIMIT + 1, 3
    ),
    "save_attempt": lambda records, step: records.save_attempt(
        records.given_up(1)[0], Attempt(notification_id="gw1", number=10 + step, at_ms=NOW_MS)
    ),
    "forget_answers": lambda records, _: records.forget_answers(NOW_MS, LIMIT),
    "forget_webhooks": lambda records, _: records.forget_webhooks(NOW_MS - 10 * 365 * DAY_MS, LIMIT),
    "forget_codes": lambda records, _: records.forget_codes(NOW_MS - 10 * 365 * DAY_MS, LIMIT),
}
STATEMENTS = READS | WRITES
