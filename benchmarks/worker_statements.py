"""Every statement of the worker, and those about one user, each as a call that can be repeated on a filled database."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from bakong_service.domain.audit import AuditFilter
from bakong_service.domain.escrow import Filter
from bakong_service.domain.events import Attempt
from bakong_service.domain.fees import Settlement
from bakong_service.domain.order_events import OrderEvent, OrderEventType
from bakong_service.domain.payments import Purpose
from bakong_service.domain.settlements import SettlementRow, SettlementStatus
from bakong_service.domain.transactions import TransactionFilter
from benchmarks.filling import DAY_MS, NOW_MS

LIMIT = 50
Call = Callable[[Any, int], object]

SETTLEMENT = SettlementRow(
    id="fresh",
    merchant_id="shop",
    method_id="river",
    currency="THB",
    day=0,
    number=0,
    status=SettlementStatus.OPEN,
    sums=Settlement(0, 0, 0, 0),
    debt_minor=0,
    created_ms=NOW_MS,
    updated_ms=NOW_MS,
)

EVENT = OrderEvent(
    id="fresh", order_id="or7", payment_id="p7", type=OrderEventType.WEBHOOK_RECEIVED, at_ms=NOW_MS, causation="in7"
)

# step grows by one with each call: what one call leases is free again for the next.
READS: dict[str, Call] = {
    "next_escrow_ms": lambda records, _: records.next_escrow_ms(),
    "due_escrow_sweeps": lambda records, _: records.due_escrow_sweeps(NOW_MS, LIMIT),
    "due_escrow_releases": lambda records, _: records.due_escrow_releases(NOW_MS, LIMIT),
    "escrow_reviews": lambda records, _: records.escrow_reviews(LIMIT),
    "next_number_ms": lambda records, _: records.next_number_ms(NOW_MS),
    "escrow_payment": lambda records, _: records.escrow_payment("e7", held=True),
    "escrow_payment_of_job": lambda records, _: records.escrow_payment_of_job("j7", held=True),
    "escrow_payments": lambda records, _: records.escrow_payments(Filter(("GUARDIAN", "g7")), 20, 0),
    "all_escrow_payments": lambda records, _: records.escrow_payments(Filter(), 20, 0),
    "count_escrow_payments": lambda records, _: records.count_escrow_payments(Filter(("CAREGIVER", "c7"))),
    "escrow_payments_after": lambda records, _: records.escrow_payments_after((NOW_MS, "e7"), LIMIT),
    "attempts_of": lambda records, _: records.attempts_of("e7"),
    "escrow_refunds_of": lambda records, _: records.escrow_refunds_of("e7"),
    "postings_of": lambda records, _: records.postings_of("e7"),
    "next_poll_ms": lambda records, _: records.next_poll_ms("bakong"),
    "next_end_ms": lambda records, _: records.next_end_ms("bakong"),
    "watched": lambda records, _: records.watched("bakong", 400),
    "overdue": lambda records, _: records.overdue("bakong", NOW_MS + DAY_MS, LIMIT, unasked_from_ms=NOW_MS),
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
    "unchained": lambda records, _: records.unchained(20_000, LIMIT),
    "links_of": lambda records, _: records.links_of([7, 8]),
    "chain_end": lambda records, _: records.chain_end(),
    "answer_to": lambda records, _: records.answer_to("s1", NOW_MS),
    "open_payment": lambda records, _: records.open_payment("u7", Purpose.RENEWAL),
    "waiting_payment": lambda records, _: records.waiting_payment("u7"),
    "user_payments": lambda records, _: records.user_payments("u7", 10, 0),
    "count_user_payments": lambda records, _: records.count_user_payments("u7"),
    "active_subscription": lambda records, _: records.active_subscription("u20"),
    "latest_subscription": lambda records, _: records.latest_subscription("u20"),
    "payment_by_reference": lambda records, _: records.payment_by_reference("bakong", "m7"),
    "order_by_id": lambda records, _: records.order_by_id("none"),
    "orders_of": lambda records, _: records.orders_of("shop", (NOW_MS, "z"), 20, None, NOW_MS),
    "order_payment": lambda records, _: records.order_payment("p7"),
    "order_payments": lambda records, _: records.order_payments("or7"),
    "refunds_of": lambda records, _: records.refunds_of("or7"),
    "next_refund_ms": lambda records, _: records.next_refund_ms(),
    "order_events": lambda records, _: records.order_events("or7", 0, LIMIT),
    "payment_events": lambda records, _: records.payment_events("p7", 0, LIMIT),
    "payment_id_of": lambda records, _: records.payment_id_of("bakong", "m7"),
    "next_closing_ms": lambda records, _: records.next_closing_ms(),
    "next_event_ms": lambda records, _: records.next_event_ms(),
    "dead_events": lambda records, _: records.dead_events(LIMIT),
    "event_by_key": lambda records, _: records.event_by_key("bakong", "key7"),
    "event_by_id": lambda records, _: records.event_by_id("in7"),
    "transactions": lambda records, _: records.transactions(TransactionFilter(), (NOW_MS, "z"), 20),
    "transactions_of_merchant": lambda records, _: records.transactions(TransactionFilter(merchant_id="s"), None, 20),
    "transactions_of_order": lambda records, _: records.transactions(TransactionFilter(order_id="or7"), None, 20),
    "transactions_of_payment": lambda records, _: records.transactions(TransactionFilter(payment_id="p7"), None, 20),
    "settlements_of": lambda records, _: records.settlements_of("shop", (1, 5), None, 20),
    "settlement_by_id": lambda records, _: records.settlement_by_id("st7"),
    "entries_of": lambda records, _: records.entries_of("st7", (0, ""), 20),
    "first_open_day": lambda records, _: records.first_open_day(),
    "open_settlements": lambda records, _: records.open_settlements(10**6, LIMIT),
    "audit_page": lambda records, _: records.audit_page(AuditFilter(actor="key"), None, LIMIT),
    "audit_of_resource": lambda records, _: records.audit_page(AuditFilter(resource="payment/p7"), None, LIMIT),
    "payment_lines": lambda records, _: records.payment_lines((10**15, ""), LIMIT),
    "payment_lines_after": lambda records, _: records.payment_lines((NOW_MS - DAY_MS, "p7"), LIMIT),
    "payment_lines_of_user": lambda records, _: records.payment_lines((NOW_MS, "p7"), LIMIT, "u7"),
    "payment_line": lambda records, _: records.payment_line("p7"),
    "payment_changes": lambda records, _: records.payment_changes("p7"),
    "subscription_page": lambda records, _: records.subscription_page(None, LIMIT),
    "subscription_page_after": lambda records, _: records.subscription_page("s70", LIMIT),
    "notification_page": lambda records, _: records.notification_page(None, LIMIT),
    "notification_page_after": lambda records, _: records.notification_page("w7", LIMIT),
    "payment_by_md5": lambda records, _: records.payment_by_md5("m7"),
}
WRITES: dict[str, Call] = {
    "lease_polls": lambda records, step: records.lease_polls("bakong", NOW_MS + 2 * step, NOW_MS + 2 * step + 1, LIMIT),
    "lease_payments": lambda records, step: records.lease_payments(["o1", "o2"], NOW_MS + 10**6 + step, NOW_MS),
    "lease_refunds": lambda records, step: records.lease_refunds(NOW_MS + step, NOW_MS + step + 1, LIMIT),
    "hold_orders": lambda records, _: records.hold_orders(["p7", "p8"]),
    "lease_closings": lambda records, step: records.lease_closings(NOW_MS + step, NOW_MS + step + 1, LIMIT),
    "lease_events": lambda records, step: records.lease_events(NOW_MS + step, NOW_MS + step + 1, LIMIT),
    "hasten_payment": lambda records, _: records.hasten_payment("bakong", "o1", NOW_MS),
    "hasten_refunds": lambda records, _: records.hasten_refunds("p7", NOW_MS, NOW_MS + 60_000),
    "add_order_event": lambda records, step: records.add_order_event(replace(EVENT, id=f"fresh{step}")),
    "change_transaction": lambda records, _: records.change_transaction("tx7", status="completed"),
    "open_settlement": lambda records, _: records.open_settlement(SETTLEMENT),
    "hasten_poll": lambda records, _: records.hasten_poll("bakong", "om1", NOW_MS),
    "plan_poll": lambda records, _: records.plan_poll("o1", NOW_MS, asked_ms=None),
    "forget_polls": lambda records, _: records.forget_polls("bakong", NOW_MS - DAY_MS, 15_000, NOW_MS - 7 * DAY_MS),
    "sold": lambda records, _: records.sold(
        "bakong", NOW_MS // DAY_MS * DAY_MS - 7 * DAY_MS, NOW_MS // DAY_MS * DAY_MS
    ),
    "lease_escrow_refunds": lambda records, step: records.lease_escrow_refunds(
        NOW_MS + 2 * step + LIMIT, NOW_MS + 2 * step + LIMIT + 1, 3
    ),
    "sweep_escrow_payment": lambda records, _: records.sweep_escrow_payment("e7", NOW_MS),
    "spend_call": lambda records, _: records.spend_call("bakong", 1, 10**9),
    "lease_notifications": lambda records, step: records.lease_notifications(
        "shop.test", NOW_MS + 2 * step + LIMIT, NOW_MS + 2 * step + LIMIT + 1, 3
    ),
    "save_attempt": lambda records, step: records.save_attempt(
        records.given_up(1)[0], Attempt(notification_id="gw1", number=10 + step, at_ms=NOW_MS)
    ),
    "forget_answers": lambda records, _: records.forget_answers(NOW_MS, LIMIT),
    "forget_events": lambda records, _: records.forget_events(NOW_MS - 10 * 365 * DAY_MS, LIMIT),
    "forget_webhooks": lambda records, _: records.forget_webhooks(NOW_MS - 10 * 365 * DAY_MS, LIMIT),
    "forget_codes": lambda records, _: records.forget_codes(NOW_MS - 10 * 365 * DAY_MS, LIMIT),
}
STATEMENTS = READS | WRITES
