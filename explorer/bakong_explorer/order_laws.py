"""What must hold of orders: after every commit, and beside Stripe's own books once all is well."""

from collections import Counter, defaultdict
from typing import Any, NamedTuple

from bakong_explorer.story import MINUTE_MS
from bakong_explorer.town import Town

UNPAID = ("open", "awaiting_payment", "cancelled")
SETTLED = ("paid", "partially_refunded", "refunded", "needs_review")
REFUND_EVENTS = {"completed": "refund.completed", "failed": "refund.failed"}
_ORDERS = "SELECT id, status, payment_id, refunded_minor FROM orders"
_PAYMENTS = """
SELECT made.payment_id, made.order_id, paid.status, paid.flag, paid.late, paid.amount_minor, paid.reference,
       made.close_ms, paid.expires_ms, paid.provider, paid.currency, made.dispute
FROM order_payments AS made JOIN payment_transactions AS paid ON paid.id = made.payment_id
"""
_REFUNDS = "SELECT id, payment_id, amount_minor, status, reason FROM refunds"
_ENTRIES = "SELECT kind, subject_id, amount_minor, settlement_id FROM settlement_entries"
_HAPPENED = "SELECT payment_id, type, count(*) FROM order_events WHERE type IN (?, ?) GROUP BY payment_id, type"
_DISPUTES = "SELECT payment_id, status FROM order_transactions WHERE type = 'dispute'"
DISPUTED, MISMATCHED = "payment.disputed", "payment.amount_mismatch"
MAY_DISPUTE = {"": ("open", "won", "lost"), "open": ("won", "lost"), "won": ("lost",), "lost": ()}
_SETTLEMENTS = "SELECT id, gross_minor, refunds_minor FROM settlements"


class OrderPaymentRow(NamedTuple):
    """A payment of an order, as it is stored."""

    id: str
    order_id: str
    status: str
    flag: str | None
    late: int
    amount: int
    reference: str
    close_ms: int | None
    expires_ms: int
    provider: str
    currency: str
    dispute: str

    @property
    def is_disputed(self) -> bool:
        return self.dispute in ("open", "lost")


class OrderWatcher:
    """Looks at orders after each commit, and compares them with what it saw before."""

    def __init__(self, town: Town) -> None:
        self._town = town
        self.orders: dict[str, tuple[Any, ...]] = {}
        self.payments: dict[str, OrderPaymentRow] = {}
        self.refunds: dict[str, tuple[Any, ...]] = {}
        self._disputed: Counter[str] = Counter()

    def look(self, new_events: list[tuple[Any, ...]]) -> None:
        """After a commit. new_events: the rows that it has put into the outbox."""
        disk = self._town.disk
        orders = {row[0]: row for row in disk.rows(_ORDERS)}
        payments = {row[0]: OrderPaymentRow(*row) for row in disk.rows(_PAYMENTS)}
        refunds = {row[0]: row for row in disk.rows(_REFUNDS)}
        if (orders, payments, refunds) == (self.orders, self.payments, self.refunds):
            return
        wanted: Counter[tuple[str, str]] = Counter()
        for order in orders.values():
            self._moved(self.orders.get(order[0]), order)
        self._paid_once(payments, wanted)
        self._refunded(payments, refunds, wanted)
        self._entered(payments, refunds)
        self._disputes(orders, payments, refunds)
        self._told(wanted, new_events)
        self.orders, self.payments, self.refunds = orders, payments, refunds

    def _broken(self, law: str, seen: str) -> None:
        self._town.broken(law, seen)

    def _moved(self, before: tuple[Any, ...] | None, row: tuple[Any, ...]) -> None:
        name, status = row[0][:8], row[1]
        if before is None:
            if status != "open":
                self._broken("states", f"order {name} began as {status}")
            return
        if before[1] != status:
            self._town.meet(f"order {before[1]} to {status}")
            if before[1] in SETTLED and status in UNPAID:
                self._broken("final", f"order {name} was {before[1]} and became {status}")

    def _paid_once(self, payments: dict[str, OrderPaymentRow], wanted: Counter[tuple[str, str]]) -> None:
        """One settlement an order: whatever else is paid is flagged, and goes back."""
        pays: Counter[str] = Counter()
        for row in payments.values():
            pays[row.order_id] += row.status == "PAID" and row.flag != "duplicate_payment"
            before = self.payments.get(row.id)
            if before is not None and before.status != row.status and row.status == "PAID":
                wanted["payment.late" if row.late else "payment.completed", row.id] += 1
        for order_id, many in pays.items():
            if many > 1:
                self._broken("one settlement", f"{many} payments pay the order {order_id[:8]}")

    def _refunded(
        self,
        payments: dict[str, OrderPaymentRow],
        refunds: dict[str, tuple[Any, ...]],
        wanted: Counter[tuple[str, str]],
    ) -> None:
        """Never more than was paid."""
        promised: Counter[str] = Counter()
        for name, payment_id, minor, status, reason in refunds.values():
            promised[payment_id] += minor if status != "failed" else 0
            before = self.refunds.get(name)
            if (before is None or before[3] != status) and status in REFUND_EVENTS:
                self._town.meet(f"order refund {before[3] if before else 'none'} to {status}")
                if before is not None or reason != "external":  # what was given back behind us is listed, and not told
                    wanted[REFUND_EVENTS[status], payment_id] += 1
        for payment_id, minor in promised.items():
            row = payments[payment_id]
            if minor > row.amount or row.status != "PAID":
                self._broken("refunds", f"{minor} of {row.amount} go back of {payment_id[:12]}, which is {row.status}")

    def _entered(self, payments: dict[str, OrderPaymentRow], refunds: dict[str, tuple[Any, ...]]) -> None:
        """Every captured payment and every completed refund is in a settlement, with its amount."""
        entered = {(kind, subject): minor for kind, subject, minor, _ in self._town.disk.rows(_ENTRIES)}
        expected = {("payment", row.id): row.amount for row in payments.values() if row.status == "PAID"}
        expected |= {("refund", row[0]): row[2] for row in refunds.values() if row[3] == "completed"}
        for key, minor in expected.items():
            if entered.get(key) != minor:
                self._broken("books", f"{key[0]} {key[1][:12]} over {minor} is entered with {entered.get(key)}")
        if len(entered) != len(expected) + sum(kind == "refund_reversal" for kind, _ in entered):
            self._broken("books", f"{len(entered)} entries for {len(expected)} payments and refunds")

    def _disputes(
        self,
        orders: dict[str, tuple[Any, ...]],
        payments: dict[str, OrderPaymentRow],
        refunds: dict[str, tuple[Any, ...]],
    ) -> None:
        """What a bank disputes wants a person, and gives nothing back; each word of it is kept."""
        for row in payments.values():
            before = self.payments.get(row.id)
            was = before.dispute if before is not None else ""
            if row.dispute != was:
                self._town.meet(f"dispute {was or 'none'} to {row.dispute}")
                self._disputed[row.id] += 1
                if row.dispute not in MAY_DISPUTE[was]:
                    self._broken("final", f"the dispute of {row.id[:12]} was {was} and became {row.dispute or 'none'}")
            order = orders[row.order_id]
            if row.is_disputed and order[2] == row.id and order[1] != "needs_review":
                self._broken("disputes", f"{row.id[:12]} is disputed, and its order {order[0][:8]} is {order[1]}")
        if self._disputed:
            happened = {row[0]: row[2] for row in self._town.disk.rows(_HAPPENED, DISPUTED, DISPUTED)}
            for payment_id, many in self._disputed.items():
                if happened.get(payment_id, 0) < many:
                    self._broken("disputes", f"{payment_id[:12]} was disputed, and no event says so")
        for name, payment_id, minor, _, reason in refunds.values():
            known = self.payments.get(payment_id)
            if name not in self.refunds and reason != "external" and known is not None and known.is_disputed:
                self._broken("disputes", f"{minor} of {payment_id[:12]} are to go back, which is disputed")

    def _told(self, wanted: Counter[tuple[str, str]], new_events: list[tuple[Any, ...]]) -> None:
        bodies = [(event, bytes(body)) for event, body in new_events]
        for (event, payment_id), many in wanted.items():
            mine = f'"paymentId":"{payment_id}"'.encode()
            told = sum(name == event and mine in body for name, body in bodies)
            if told != many:
                seen = f"{event} of {payment_id[:12]} happened {many} times, {told} webhooks say so"
                self._broken("told once", seen)

    # At rest

    def when_well(self) -> None:
        """All has been well for a while: what has ended here is not to be paid at Stripe any more."""
        for row in self.payments.values():
            if row.status in ("EXPIRED", "CANCELLED") and self._town.stripe_takes(row.reference):
                self._broken("closing", f"payment {row.id[:12]} is {row.status}, and can be paid at Stripe")

    def at_rest(self) -> None:
        """The providers' books are ours; nothing waits."""
        now_ms = self._town.now_ms()
        returned: defaultdict[str, int] = defaultdict(int)
        for name, payment_id, minor, status, _ in self.refunds.values():
            returned[payment_id] += minor if status == "completed" else 0
            if status == "pending":
                self._broken("liveness", f"refund {name[:12]} is pending")
        for row in self.payments.values():
            self._settled(row, returned[row.id], now_ms)
        self._sums()
        kept = dict(self._town.disk.rows(_DISPUTES))
        for row in self.payments.values():
            if kept.get(row.id, "") != row.dispute:
                self._broken("disputes", f"the dispute of {row.id[:12]} is {row.dispute}, listed is {kept.get(row.id)}")

    def _settled(self, row: OrderPaymentRow, returned: int, now_ms: int) -> None:
        name = row.id[:12]
        if row.status in ("PENDING", "TIMEOUT") and row.expires_ms < now_ms - 10 * MINUTE_MS:
            self._broken("liveness", f"payment {name} is {row.status} {now_ms - row.expires_ms} ms after its end")
        if row.close_ms is not None:
            self._broken("liveness", f"payment {name} still waits to be closed at {row.provider}")
        taken, given = self._town.books(row.provider, row.reference)
        fits, others = self._town.paid(row.provider, row.reference, row.amount, row.currency)
        dispute, charged_back = self._town.disputes(row.reference) if row.provider == "stripe" else ("", 0)
        if others:
            self._misfit(row)
        elif taken != (booked := row.amount if row.status == "PAID" else 0):
            self._broken(
                "no money is lost", f"{row.provider} has taken {taken} for {name}, which is {row.status}: {booked}"
            )
        if not others and given - charged_back != returned:
            self._broken("books", f"{row.provider} has given back {given} of {name}, booked are {returned}")
        if fits and row.status == "PAID" and dispute != row.dispute:
            self._broken("disputes", f"the dispute of {name} is {dispute or 'none'}, stored is {row.dispute or 'none'}")
        order = self.orders[row.order_id]
        if row.status == "PAID" and row.flag is None and order[1] not in SETTLED:
            self._broken("granted once", f"order {row.order_id[:8]} was paid by {name}, and is {order[1]}")
        returns = self._town.lived is None or self._town.lived.returns or row.provider != self._town.lived.name
        if row.dispute == "won" and order[2] == row.id and not row.late and order[1] != "paid":
            self._broken("disputes", f"the dispute of {name} is won, and its order is {order[1]}")
        if row.flag == "duplicate_payment" and returned != row.amount and returns and not dispute:
            self._broken("one settlement", f"{name} was paid beside another, and {returned} of it went back")

    def _misfit(self, row: OrderPaymentRow) -> None:
        """Money of another amount is flagged and told, and a person is asked to look, unless another pays the order."""
        name, order = row.id[:12], self.orders[row.order_id]
        if row.status == "PAID":
            self._broken("no money from nowhere", f"payment {name} is PAID, and was paid with another amount")
        happened = {(payment_id, kind) for payment_id, kind, _ in self._town.disk.rows(_HAPPENED, MISMATCHED, DISPUTED)}
        if row.flag is None or (row.id, MISMATCHED) not in happened:
            self._broken("no money is lost", f"payment {name} was paid with another amount, and nobody is told")
        if order[1] in UNPAID:
            self._broken("no money is lost", f"{name} was paid with another amount, and its order is {order[1]}")
        self._town.meet(f"another amount, order {order[1]}")

    def _sums(self) -> None:
        """Each settlement is the sum of its entries."""
        gross: Counter[str] = Counter()
        back: Counter[str] = Counter()
        for kind, _, minor, settlement_id in self._town.disk.rows(_ENTRIES):
            if kind == "payment":
                gross[settlement_id] += minor
            else:
                back[settlement_id] += minor if kind == "refund" else -minor
        for name, gross_minor, refunds_minor in self._town.disk.rows(_SETTLEMENTS):
            if (gross_minor, refunds_minor) != (gross[name], back[name]):
                entries = f"{gross[name]}, {back[name]}"
                self._broken("books", f"settlement {name[:8]} says {gross_minor}, {refunds_minor}, entries {entries}")
