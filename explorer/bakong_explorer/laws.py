"""What must hold after every commit, said once more in a few lines and beside the service's own code."""

import json
from collections import Counter
from typing import Any, NamedTuple

from bakong_explorer.care_laws import CareWatcher
from bakong_explorer.holdings import Bought, Holdings
from bakong_explorer.model import bought_nothing
from bakong_explorer.order_laws import OrderWatcher
from bakong_explorer.town import Town

GRACE_MS = 3 * 86_400_000
MAY_BECOME = {
    "PENDING": {"PAID", "FAILED", "TIMEOUT", "EXPIRED", "CANCELLED"},
    "TIMEOUT": {"PAID", "FAILED", "EXPIRED", "CANCELLED"},
    "EXPIRED": {"PAID"},
    "FAILED": {"PAID"},
    "CANCELLED": {"PAID"},
    "PAID": set[str](),
}
EVENT_OF = {
    "PAID": "payment.paid",
    "FAILED": "payment.failed",
    "EXPIRED": "payment.expired",
    "TIMEOUT": "payment.timeout",
}
STATUS_OF = {event: status for status, event in EVENT_OF.items()}
SOLD = ("plan", "renewal", "upgrade")  # what brings a subscription
WEEK_MS = 7 * 86_400_000  # so long an order's payment waits for its provider's word
_PAYMENTS = """
SELECT id, user_id, plan, amount_minor, currency, status, late, flag, created_ms, expires_ms, paid_ms, purpose, bill_ms,
       hash, reference, provider, asked_ms, replaced_ms
FROM payment_transactions
"""
_SUBSCRIPTIONS = """
SELECT id, user_id, plan, status, start_ms, next_billing_ms, paid_minor, pending_plan, pending_at_ms, cancel_at_ms,
       updated_ms, period_cycles, currency
FROM subscriptions
"""


class PaymentRow(NamedTuple):
    """A payment as it is stored."""

    id: str
    user_id: str
    plan: str
    amount_minor: int
    currency: str
    status: str
    late: int
    flag: str | None
    created_ms: int
    expires_ms: int
    paid_ms: int | None
    purpose: str
    bill_ms: int | None
    hash: str | None
    reference: str
    provider: str
    asked_ms: int | None
    replaced_ms: int | None

    @property
    def never_changes(self) -> tuple[object, ...]:
        return (self.user_id, self.plan, self.amount_minor, self.currency, self.purpose, self.bill_ms, self.provider)


class SubscriptionRow(NamedTuple):
    """A subscription as it is stored."""

    id: str
    user_id: str
    plan: str
    status: str
    start_ms: int
    next_billing_ms: int
    paid_minor: int
    pending_plan: str | None
    pending_at_ms: int | None
    cancel_at_ms: int | None
    updated_ms: int
    period_cycles: int
    currency: str

    @property
    def is_running(self) -> bool:
        return self.status in ("ACTIVE", "PAST_DUE")


class Counted(NamedTuple):
    """How many rows the tables have that are only added to."""

    audit: int
    history: int
    changes: int
    receipts: int


class Watcher:
    """Looks at the tables after each commit, and compares them with what it saw before."""

    def __init__(self, town: Town) -> None:
        self._town = town
        self.payments: dict[str, PaymentRow] = {}
        self.subscriptions: dict[str, SubscriptionRow] = {}
        self._rows: tuple[list[tuple[Any, ...]], ...] = ([], [])
        self._counted = Counted(0, 0, 0, 0)
        self._holdings = Holdings()
        self.care = CareWatcher(town) if town.has_care else None
        self.orders = OrderWatcher(town) if town.has_orders else None
        self._last_event = 0
        self.named: dict[tuple[str, str], int] = {}  # when it was learnt what a provider calls a payment
        self._latest_ms = 0
        self.commits = 0

    def look(self) -> None:
        """After a commit."""
        self.commits += 1
        disk = self._town.disk
        self._latest_ms = max(self._latest_ms, *(clock.now_ms() for clock in self._town.clocks))
        rows = disk.rows(_PAYMENTS), disk.rows(_SUBSCRIPTIONS)
        counted = Counted(*disk.rows(_COUNTS)[0])
        payments, subscriptions = self.payments, self.subscriptions
        if rows != self._rows:
            payments = {row[0]: PaymentRow._make(row) for row in rows[0]}
            subscriptions = {row[0]: SubscriptionRow._make(row) for row in rows[1]}
            self._compare(payments, subscriptions, counted)
            self._rows = rows
        last_event = disk.rows(_LAST_EVENT)[0][0] or 0
        if last_event != self._last_event:
            self._only_what_happened(payments)
        if self.care is not None:
            self.care.look(self._latest_ms, self._new_events)
        if self.orders is not None:
            self.orders.look(self._new_events)
        self.payments, self.subscriptions, self._counted = payments, subscriptions, counted
        self._last_event = last_event

    @property
    def _new_events(self) -> list[tuple[Any, ...]]:
        """The outbox's rows of this commit."""
        return self._town.disk.rows(_NEW_EVENTS, self._last_event)

    def _broken(self, law: str, seen: str) -> None:
        self._town.broken(law, seen)

    def _compare(
        self, payments: dict[str, PaymentRow], subscriptions: dict[str, SubscriptionRow], counted: Counted
    ) -> None:
        changed = [(self.payments.get(row.id), row) for row in payments.values() if self.payments.get(row.id) != row]
        for lost in self.payments.keys() - payments.keys():
            self._broken("nothing is lost", f"payment {lost} is gone")
        moved = [(before, row) for before, row in changed if before is not None and before.status != row.status]
        for before, row in changed:
            if row.reference and (before is None or not before.reference):
                self.named[row.provider, row.reference] = self.named[row.provider, row.id] = self._town.now_ms()
            self._payment(before, row)
        bought = _bought(changed)
        self._held(bought, subscriptions)
        open_changes = Counter(
            (row.user_id, row.purpose)
            for row in payments.values()
            if row.purpose in ("upgrade", "renewal")
            and row.status in ("PENDING", "TIMEOUT")
            and row.replaced_ms is None
        )
        for (user, purpose), many in open_changes.items():
            if many > 1:
                self._broken("one open change", f"{user} has {many} open payments for an {purpose}")
        running = Counter(row.user_id for row in subscriptions.values() if row.is_running)
        for user, many in running.items():
            if many > 1:
                self._broken("one subscription", f"{user} has {many} running subscriptions")
        for sub in subscriptions.values():
            self._subscription(self.subscriptions.get(sub.id), sub)
        self._written_down(changed, moved, subscriptions, counted, bought)

    def _payment(self, before: PaymentRow | None, row: PaymentRow) -> None:
        name = row.id[:8]
        if before is None:
            if row.status != "PENDING":
                self._broken("states", f"payment {name} began as {row.status}")
            self._priced(row)
            return
        if before.never_changes != row.never_changes:
            self._broken("states", f"payment {name} changed what it is for")
        if before.status == row.status:
            if before.hash != row.hash or before.paid_ms != row.paid_ms:
                self._broken("final", f"payment {name} is {row.status}, and its transaction changed")
            return
        if row.status not in MAY_BECOME[before.status]:
            self._broken("final", f"payment {name} was {before.status} and became {row.status}")
        sells_plan = row.purpose in SOLD
        is_early = row.status == "EXPIRED" and sells_plan and self._latest_ms < row.expires_ms
        if is_early and not self._is_replaced(row):
            self._broken("expiry", f"payment {name} was ended {row.expires_ms - self._latest_ms} ms too early")
        is_asked = row.asked_ms is not None and row.asked_ms >= row.expires_ms
        if row.status == "EXPIRED" and self._ends_by_word(row) and not is_asked and not self._is_replaced(row):
            self._broken("expiry", f"payment {name} was ended, and {row.provider} has said nothing since its end")
        if row.status == "PAID":
            self._paid(before, row)
        self._town.meet(f"{row.purpose} {before.status} to {row.status}")

    def _ends_by_word(self, row: PaymentRow) -> bool:
        """Whether only its provider ends it: of a plan where calls are plenty, of an order for a week."""
        is_plenty = row.provider != "bakong" or not self._town.story.profile.get("daily_calls")
        is_waited_for = row.purpose == "order" and row.reference and self._latest_ms < row.expires_ms + WEEK_MS
        return is_plenty and bool(row.purpose in SOLD or is_waited_for)

    def _is_replaced(self, row: PaymentRow) -> bool:
        """Whether it is a bill over another plan than the next one, which makes room for the right one."""
        running = self._latest_of(row.user_id)
        held = None if running is None else self._holdings.held.get(running.id)
        return row.purpose == "renewal" and held is not None and held.next_plan != row.plan

    def _paid(self, before: PaymentRow, row: PaymentRow) -> None:
        name = row.id[:8]
        is_after_end = row.paid_ms is not None and row.paid_ms >= row.expires_ms
        if bool(row.late) != (before.status != "PENDING" or is_after_end):
            seen = f"was {before.status} when it was paid, until {row.expires_ms} and at {row.paid_ms}"
            self._broken("late", f"payment {name} {seen}, and late is {row.late}")
        why = bought_nothing(row.purpose, row.bill_ms, self._latest_of(row.user_id), row.paid_ms or 0)
        if why and row.flag is None:
            self._broken("granted once", f"{row.purpose} {name} counts, and {why}")
        fake = self._town.fake(row.reference, row.provider)
        shown = None if fake is None else fake.settlement
        if shown is None or shown.failed:
            self._broken("no money from nowhere", f"payment {name} is PAID, and nobody has paid its code")
        elif (shown.minor, shown.currency) != (row.amount_minor, row.currency):
            seen = f"payment {name} over {row.amount_minor} {row.currency} is PAID by {shown.minor} {shown.currency}"
            self._broken("no money from nowhere", seen)

    def _priced(self, row: PaymentRow) -> None:
        """An upgrade costs what the model says."""
        running = self._latest_of(row.user_id)
        held = None if running is None else self._holdings.held.get(running.id)
        if row.purpose != "upgrade" or running is None or held is None:
            return
        expected = held.upgrade_minor(running.currency, row.created_ms)
        if (row.amount_minor, row.currency) != (expected, running.currency):
            seen = f"upgrade {row.id[:8]} costs {row.amount_minor} {row.currency}, expected {expected}: {held.cycles}"
            self._broken("price", seen)

    def _latest_of(self, user: str) -> SubscriptionRow | None:
        """What the user had before this commit."""
        theirs = [one for one in self.subscriptions.values() if one.user_id == user]
        return next((one for one in theirs if one.is_running), theirs[-1] if theirs else None)

    def _held(self, bought: dict[str, list[Bought]], subscriptions: dict[str, SubscriptionRow]) -> None:
        """Everybody holds what was paid, cycle by cycle, from the commit on in which it was; and nothing else."""
        running = {sub.user_id: sub for sub in subscriptions.values() if sub.is_running}
        for user, payments in bought.items():
            if user not in running:
                self._broken("granted once", f"{user} has paid {len(payments)} times in one commit, and holds nothing")
        for sub in subscriptions.values():
            before = self.subscriptions.get(sub.id)
            if not sub.is_running:
                self._holdings.held.pop(sub.id, None)
                if before is None:
                    self._broken("granted once", f"subscription {sub.id[:8]} began as {sub.status}")
            elif before != sub or sub.user_id in bought:
                differs = self._holdings.follow(sub, bought.get(sub.user_id, ()), self._latest_ms)
                if differs:
                    self._broken("granted once", f"subscription {sub.id[:8]} {differs}")
                if sub.user_id in bought and (sub.cancel_at_ms is not None or sub.status != "ACTIVE"):
                    upgrades = all(one.purpose == "upgrade" for one in bought[sub.user_id])
                    if not upgrades:
                        self._broken("billing", f"subscription {sub.id[:8]} was renewed, and is to end or past due")

    def _subscription(self, before: SubscriptionRow | None, row: SubscriptionRow) -> None:
        name = row.id[:8]
        if before is None or before == row:
            return
        if not before.is_running:
            self._broken("final", f"subscription {name} was {before.status} and changed")
        if before.status != row.status:
            self._town.meet(f"subscription {before.status} to {row.status}")
        now_ms = self._latest_ms
        if row.status == "ACTIVE" and row.cancel_at_ms not in (None, row.next_billing_ms):
            self._broken("billing", f"subscription {name} is to be cancelled within what is paid")
        if row.status == "PAST_DUE" and before.status == "ACTIVE" and now_ms < before.next_billing_ms:
            self._broken("billing", f"subscription {name} is past due {before.next_billing_ms - now_ms} ms too early")
        if row.status == "EXPIRED" and now_ms < before.next_billing_ms + GRACE_MS:
            self._broken("billing", f"subscription {name} ended before its days of grace had passed")
        if row.status == "CANCELLED" and before.status == "ACTIVE" and now_ms < (before.cancel_at_ms or now_ms + 1):
            self._broken("billing", f"subscription {name} ended before what was paid had")

    def _written_down(
        self,
        changed: list[tuple[PaymentRow | None, PaymentRow]],
        moved: list[tuple[PaymentRow, PaymentRow]],
        subscriptions: dict[str, SubscriptionRow],
        counted: Counted,
        bought: dict[str, list[Bought]],
    ) -> None:
        """History, audit and outbox have each change, from the same commit."""
        before = self._counted
        new = [row for old, row in changed if old is None]
        sub_changes = sum(self.subscriptions.get(one.id) != one for one in subscriptions.values())
        written = counted.history - before.history
        if written < len(moved) + len(new):
            self._broken("history", f"{len(moved) + len(new)} payments changed, {written} rows")
        if counted.changes - before.changes < sub_changes:
            self._broken("history", f"{sub_changes} subscriptions changed, {counted.changes - before.changes} rows")
        flagged = sum(old is not None and old.flag != row.flag for old, row in changed)
        expected = sum(row.purpose in SOLD for row in new) + len(moved) + sub_changes + flagged
        if counted.audit - before.audit < expected:
            self._broken("audit", f"{expected} changes, {counted.audit - before.audit} rows of audit")
        self._told(moved, subscriptions, bought)

    def _only_what_happened(self, payments: dict[str, PaymentRow]) -> None:
        """No webhook tells of a payment what this commit has not made of it."""
        for event, body in self._new_events:
            if (status := STATUS_OF.get(event)) is None:
                continue
            data = json.loads(body)["data"]
            row = payments.get(data.get("transactionId") or data.get("paymentId", ""))
            before = None if row is None else self.payments.get(row.id)
            became = row is not None and (row.status == status or (status, row.status) == ("EXPIRED", "PAID"))
            if row is not None and (not became or before is None or before.status == status):
                self._broken("told once", f"{event} tells of payment {row.id[:12]}, which was {row.status} before")

    def _told(
        self,
        moved: list[tuple[PaymentRow, PaymentRow]],
        subscriptions: dict[str, SubscriptionRow],
        bought: dict[str, list[Bought]],
    ) -> None:
        """The outbox has each change's event, once, from the same commit."""
        bodies = [(event, bytes(body)) for event, body in self._new_events]
        for _, row in moved:
            if row.status in EVENT_OF and row.purpose in SOLD:
                mine = f'"transactionId":"{row.id}"'.encode()
                told = sum(event == EVENT_OF[row.status] and mine in body for event, body in bodies)
                if told != 1:
                    seen = f"payment {row.id[:8]} became {row.status}, and {told} webhooks say so"
                    self._broken("told once", seen)
        for sub in subscriptions.values():
            before = self.subscriptions.get(sub.id)
            if before == sub:
                continue
            mine = f'"subscriptionId":"{sub.id}"'.encode()
            told_of = Counter(event.removeprefix("subscription.") for event, body in bodies if mine in body)
            theirs = bought.get(sub.user_id, ()) if sub.is_running else ()
            for event, many in self._holdings.wanted_events(before, sub, theirs).items():
                if told_of[event] < many:
                    seen = f"subscription {sub.id[:8]} was {event} {many} times, and {told_of[event]} webhooks say so"
                    self._broken("told once", seen)


def _bought(changed: list[tuple[PaymentRow | None, PaymentRow]]) -> dict[str, list[Bought]]:
    """What the payments of one commit buy, by user: those that are newly paid and count, and flags that were lifted."""
    bought: dict[str, list[Bought]] = {}
    for before, row in changed:
        if before is None or row.flag == "overpaid" or row.purpose not in SOLD:
            continue
        newly_paid = row.status == "PAID" and before.status != "PAID"
        if newly_paid or (before.flag == "overpaid" and row.purpose != "upgrade"):
            bought.setdefault(row.user_id, []).append(Bought(row.purpose, row.plan, row.bill_ms or 0))
    return bought


_NEW_EVENTS = "SELECT event, body FROM webhook_notifications WHERE rowid > ? ORDER BY rowid"
_LAST_EVENT = "SELECT max(rowid) FROM webhook_notifications"
_COUNTS = """
SELECT (SELECT count(*) FROM audit_logs), (SELECT count(*) FROM payment_status_history),
       (SELECT count(*) FROM subscription_status_history), (SELECT count(*) FROM payment_receipts)
"""
