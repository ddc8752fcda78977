"""What must hold after every commit, said once more in a few lines and beside the service's own code."""

from collections import Counter
from typing import NamedTuple

from bakong_explorer.model import bought_nothing, upgrade_minor
from bakong_explorer.town import Town

CYCLE_MS = 30 * 86_400_000
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

    @property
    def cycles(self) -> float:
        """How many cycles it was given since it began."""
        return (self.next_billing_ms - self.start_ms) / CYCLE_MS


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
        self._counted = Counted(0, 0, 0, 0)
        self._events: Counter[tuple[str, str]] = Counter()
        self._latest_ms = 0
        self.commits = 0

    def look(self) -> None:
        """After a commit."""
        self.commits += 1
        disk = self._town.disk
        self._latest_ms = max(self._latest_ms, *(clock.now_ms() for clock in self._town.clocks))
        payments = {row[0]: PaymentRow(*row) for row in disk.rows(_PAYMENTS)}
        subscriptions = {row[0]: SubscriptionRow(*row) for row in disk.rows(_SUBSCRIPTIONS)}
        counted = Counted(*disk.rows(_COUNTS)[0])
        if payments != self.payments or subscriptions != self.subscriptions:
            self._compare(payments, subscriptions, counted)
        self.payments, self.subscriptions, self._counted = payments, subscriptions, counted

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
            self._payment(before, row)
        granted = self._granted(changed, subscriptions)
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
            self._subscription(self.subscriptions.get(sub.id), sub, granted)
        self._written_down(changed, moved, subscriptions, counted)

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
        if row.status == "EXPIRED" and self._latest_ms < row.expires_ms:
            self._broken("expiry", f"payment {name} was ended {row.expires_ms - self._latest_ms} ms too early")
        sells_plan = row.purpose in ("plan", "renewal", "upgrade")
        is_asked = row.asked_ms is not None and row.asked_ms >= row.expires_ms
        is_plenty = row.provider == "bakong" and not self._town.story.profile.get("daily_calls")
        if row.status == "EXPIRED" and sells_plan and is_plenty and not is_asked:
            self._broken("expiry", f"payment {name} was ended, and Bakong has said nothing since its end")
        if row.status == "PAID":
            self._paid(before, row)
        self._town.met[f"payment {before.status} to {row.status}"] += 1

    def _paid(self, before: PaymentRow, row: PaymentRow) -> None:
        name = row.id[:8]
        if bool(row.late) != (before.status != "PENDING"):
            self._broken("late", f"payment {name} was {before.status} when it was paid, and late is {row.late}")
        if row.paid_ms is not None and row.paid_ms >= row.expires_ms and not row.late:
            seen = f"payment {name} was paid {row.paid_ms - row.expires_ms} ms after its end, and counts as in time"
            self._broken("late", seen)
        why = bought_nothing(row.purpose, row.bill_ms, self._latest_of(row.user_id), row.paid_ms or 0)
        if why and row.flag is None:
            self._broken("granted once", f"{row.purpose} {name} counts, and {why}")
        fake = self._town.fake(row.reference)
        shown = None if fake is None else fake.settlement
        if shown is None or shown.failed:
            self._broken("no money from nowhere", f"payment {name} is PAID, and nobody has paid its code")
        elif (shown.minor, shown.currency) != (row.amount_minor, row.currency):
            seen = f"payment {name} over {row.amount_minor} {row.currency} is PAID by {shown.minor} {shown.currency}"
            self._broken("no money from nowhere", seen)

    def _priced(self, row: PaymentRow) -> None:
        """An upgrade costs what the model says."""
        running = self._latest_of(row.user_id)
        expected = None if row.purpose != "upgrade" or running is None else upgrade_minor(running, row.created_ms)
        if expected is not None and expected != row.amount_minor:
            self._broken("price", f"upgrade {row.id[:8]} costs {row.amount_minor}, expected {expected}")

    def _latest_of(self, user: str) -> SubscriptionRow | None:
        """What the user had before this commit."""
        theirs = [one for one in self.subscriptions.values() if one.user_id == user]
        return next((one for one in theirs if one.is_running), theirs[-1] if theirs else None)

    def _granted(  # noqa: C901  two sums, and their comparison
        self, changed: list[tuple[PaymentRow | None, PaymentRow]], subscriptions: dict[str, SubscriptionRow]
    ) -> set[str]:
        """Each payment that counts brings its user one cycle, in the same commit, and nothing else does."""
        bought: Counter[str] = Counter()
        upgraded: set[str] = set()
        for before, row in changed:
            if before is None or row.flag is not None:
                continue
            newly_paid = row.status == "PAID" and before.status != "PAID"
            if newly_paid and row.purpose == "upgrade":
                upgraded.add(row.user_id)
            elif newly_paid or (before.flag == "overpaid" and row.purpose != "upgrade"):
                bought[row.user_id] += 1
        given: Counter[str] = Counter()
        for sub in subscriptions.values():
            old = self.subscriptions.get(sub.id)
            cycles = sub.cycles - (0 if old is None else old.cycles)
            if cycles != int(cycles):
                self._broken("granted once", f"subscription {sub.id[:8]} runs for {sub.cycles} cycles")
            given[sub.user_id] += int(cycles)
        for user in bought.keys() | given.keys():
            if bought[user] != given[user]:
                seen = f"{user} paid for {bought[user]} cycles in one commit, and was given {given[user]}"
                self._broken("granted once", seen)
        for user in upgraded:
            theirs = [sub for sub in subscriptions.values() if sub.user_id == user and sub.is_running]
            if not any(sub.plan == "FAMILY_PREMIUM" for sub in theirs):
                self._broken("granted once", f"{user} paid for an upgrade, and does not have the plan")
        return upgraded | {user for user, many in bought.items() if many}

    def _subscription(self, before: SubscriptionRow | None, row: SubscriptionRow, granted: set[str]) -> None:
        name = row.id[:8]
        if before is None or before == row:
            return
        if not before.is_running:
            self._broken("final", f"subscription {name} was {before.status} and changed")
        if before.status != row.status:
            self._town.met[f"subscription {before.status} to {row.status}"] += 1
        now_ms = self._latest_ms
        if row.status == "ACTIVE" and row.cancel_at_ms not in (None, row.next_billing_ms):
            self._broken("billing", f"subscription {name} is to be cancelled within what is paid")
        if row.status == "PAST_DUE" and before.status == "ACTIVE" and now_ms < before.next_billing_ms:
            self._broken("billing", f"subscription {name} is past due {before.next_billing_ms - now_ms} ms too early")
        if row.status == "EXPIRED" and now_ms < before.next_billing_ms + GRACE_MS:
            self._broken("billing", f"subscription {name} ended before its days of grace had passed")
        if row.status == "CANCELLED" and before.status == "ACTIVE" and now_ms < (before.cancel_at_ms or now_ms + 1):
            self._broken("billing", f"subscription {name} ended before what was paid had")
        if row.user_id not in granted:
            self._without_payment(before, row)

    def _without_payment(self, before: SubscriptionRow, row: SubscriptionRow) -> None:
        """What may change in a subscription for which nothing was paid in this commit."""
        name, now_ms = row.id[:8], self._latest_ms
        plans, begins_ms = (before.plan, row.plan), before.pending_at_ms or 0
        is_pending = before.pending_plan == row.plan and now_ms >= begins_ms
        if plans == ("PREMIUM", "FAMILY_PREMIUM") and not is_pending:
            price = upgrade_minor(before, row.updated_ms)
            if price is None or price > 0:
                self._broken("granted once", f"subscription {name} got the better plan for nothing")
        if plans == ("FAMILY_PREMIUM", "PREMIUM") and not is_pending:
            self._broken("granted once", f"subscription {name} lost the plan that is paid")
        if row.next_billing_ms != before.next_billing_ms and row.paid_minor != before.paid_minor:
            self._broken("double entry", f"subscription {name}: what was paid for it changed, and nothing was paid")

    def _written_down(
        self,
        changed: list[tuple[PaymentRow | None, PaymentRow]],
        moved: list[tuple[PaymentRow, PaymentRow]],
        subscriptions: dict[str, SubscriptionRow],
        counted: Counted,
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
        expected = len(new) + len(moved) + sub_changes + flagged
        if counted.audit - before.audit < expected:
            self._broken("audit", f"{expected} changes, {counted.audit - before.audit} rows of audit")
        events = self._town.disk.rows("SELECT event, body FROM webhook_notifications")
        bodies = [(event, bytes(body)) for event, body in events]
        for _, row in moved:
            if row.status in EVENT_OF and row.purpose in ("plan", "renewal", "upgrade"):
                mine = f'"transactionId":"{row.id}"'.encode()
                told = sum(event == EVENT_OF[row.status] and mine in body for event, body in bodies)
                if told != 1:
                    seen = f"payment {row.id[:8]} became {row.status}, and {told} webhooks say so"
                    self._broken("told once", seen)
        for sub in subscriptions.values():
            self._told_of(self.subscriptions.get(sub.id), sub, bodies)

    def _told_of(self, before: SubscriptionRow | None, row: SubscriptionRow, bodies: list[tuple[str, bytes]]) -> None:
        """A subscription that began, ended or is past due."""
        if before is not None and before.status == row.status:
            return
        event = {"ACTIVE": "activated" if before is None else "renewed"}.get(row.status, row.status.lower())
        mine = f'"subscriptionId":"{row.id}"'.encode()
        if not any(name == f"subscription.{event}" and mine in body for name, body in bodies):
            self._broken("told once", f"subscription {row.id[:8]} is {row.status}, and no webhook says so")


_COUNTS = """
SELECT (SELECT count(*) FROM audit_logs), (SELECT count(*) FROM payment_status_history),
       (SELECT count(*) FROM subscription_status_history), (SELECT count(*) FROM payment_receipts)
"""
