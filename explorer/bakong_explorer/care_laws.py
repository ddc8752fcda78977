"""What must hold of escrow: after every commit, and beside bKash's own books once all is well."""

from collections import Counter, defaultdict
from typing import Any, NamedTuple

from bakong_explorer.holdings import half_up
from bakong_explorer.story import HOUR_MS, MINUTE_MS
from bakong_explorer.town import Town
from bakong_schemes.bkash.fake.scheme import BKASH
from bakong_schemes.bkash.fake.wallets import MERCHANT, REFUSED, fate_of

STATES = {
    "PENDING": {"PROCESSING", "COMPLETED", "FAILED", "EXPIRED"},
    "PROCESSING": {"COMPLETED", "FAILED"},
    "COMPLETED": {"REFUNDED"},
    "FAILED": {"COMPLETED"},
    "EXPIRED": {"COMPLETED"},
    "REFUNDED": set[str](),
}
ESCROWS = {
    "AWAITING_FUNDS": {"HELD", "VOID"},
    "VOID": {"HELD"},
    "HELD": {"RELEASED", "REFUNDED"},
    "RELEASED": set[str](),
    "REFUNDED": set[str](),
}
# The events of each change, by the state that was reached; of a capture, where it came late, another one.
EVENTS = {"COMPLETED": "payment.completed", "FAILED": "payment.failed", "EXPIRED": "payment.expired"}
ESCROW_EVENTS = {"HELD": "escrow.held", "RELEASED": "escrow.released", "REFUNDED": "escrow.refunded"}
REFUND_EVENTS = {"PROCESSING": "refund.processing", "COMPLETED": "refund.completed", "FAILED": "refund.failed"}
FEE_BPS, CAREGIVER_BPS = 500, 500
HOLD_MS = 48 * HOUR_MS
# Where nothing breaks: bKash is waited for 30 s at an execute, and asked a second later what has become of it.
CAPTURED_WITHIN_MS = 33_800
_COMPLETED = """
SELECT jobs.completed_ms FROM escrow_payments AS paid LEFT JOIN jobs ON jobs.id = paid.job_id WHERE paid.id = ?
"""
_PAYMENTS = """
SELECT id, status, escrow_status, amount_minor, captured_minor, refunded_minor, processing_minor, released_minor,
       expires_ms, release_ms, late, review, attempt_id, entries
FROM escrow_payments
"""
_REFUNDS = "SELECT id, payment_id, kind, amount_minor, status, attempt_id, review FROM escrow_refunds"
_LINES = "SELECT rowid, payment_id, number, account, amount FROM escrow_lines WHERE rowid > ? ORDER BY rowid"
_ATTEMPTS = """
SELECT attempts.payment_id, attempts.escrow_payment_id, attempts.captured, attempts.executes, paid.reference,
       paid.amount_minor
FROM escrow_attempts AS attempts JOIN payment_transactions AS paid ON paid.id = attempts.payment_id
"""
_PAID = "SELECT reference, amount_minor FROM payment_transactions WHERE id = ?"


class EscrowRow(NamedTuple):
    """An escrow payment as it is stored."""

    id: str
    status: str
    escrow: str
    amount: int
    captured: int
    refunded: int
    processing: int
    released: int | None
    expires_ms: int
    release_ms: int | None
    late: int
    review: str | None
    attempt_id: str | None
    entries: int


class RefundRow(NamedTuple):
    """A refund as it is stored."""

    id: str
    payment_id: str
    kind: str
    amount: int
    status: str
    attempt_id: str
    review: str | None


class CareWatcher:
    """Looks at escrow after each commit, and compares it with what it saw before. balances: by payment and account."""

    def __init__(self, town: Town) -> None:
        self._town = town
        self.payments: dict[str, EscrowRow] = {}
        self.refunds: dict[str, RefundRow] = {}
        self.balances: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._last_line = 0

    def look(self, latest_ms: int, new_events: list[tuple[Any, ...]]) -> None:
        """After a commit. new_events: the rows that it has put into the outbox."""
        disk = self._town.disk
        payments = {row[0]: EscrowRow(*row) for row in disk.rows(_PAYMENTS)}
        refunds = {row[0]: RefundRow(*row) for row in disk.rows(_REFUNDS)}
        if payments == self.payments and refunds == self.refunds:
            return
        self._lines()
        wanted: Counter[tuple[str, str]] = Counter()
        for row in payments.values():
            before = self.payments.get(row.id)
            if before != row:
                self._moved(before, row, latest_ms, wanted)
        for refund in refunds.values():
            known = self.refunds.get(refund.id)
            if known != refund:
                self._refund_moved(known, refund, wanted)
        for row in payments.values():
            if self.payments.get(row.id) != row:
                self._books(row, [one for one in refunds.values() if one.payment_id == row.id])
        self._told(wanted, new_events)
        self.payments, self.refunds = payments, refunds

    def _broken(self, law: str, seen: str) -> None:
        self._town.broken(law, seen)

    def _lines(self) -> None:
        """The ledger is only added to; each new entry sums to zero."""
        sums: Counter[tuple[str, int]] = Counter()
        for rowid, payment_id, number, account, amount in self._town.disk.rows(_LINES, self._last_line):
            self._last_line = rowid
            sums[payment_id, number] += amount
            self.balances[payment_id][account] += amount
        for (payment_id, number), total in sums.items():
            if total:
                self._broken("double entry", f"entry {number} of {payment_id[:8]} sums to {total}")

    def _moved(
        self, before: EscrowRow | None, row: EscrowRow, latest_ms: int, wanted: Counter[tuple[str, str]]
    ) -> None:
        name = row.id[:8]
        if before is None:
            if (row.status, row.escrow, row.captured) != ("PENDING", "AWAITING_FUNDS", 0):
                self._broken("states", f"escrow payment {name} began as {row.status}, {row.escrow}")
            return
        if before.status != row.status:
            self._state_moved(before, row, latest_ms, wanted)
        if before.escrow != row.escrow:
            self._escrow_moved(before, row, wanted)
        if before.captured and row.captured != before.captured:
            self._broken("one settlement", f"{row.captured} are captured for {name}, {before.captured} were before")
        if row.captured and not before.captured:
            self._captured(row)
        if row.escrow == "RELEASED" and before.escrow != "RELEASED":
            self._released(row, latest_ms)
        is_due = row.release_ms is not None and row.release_ms <= min(one.now_ms() for one in self._town.clocks)
        if before.processing and not row.processing and row.escrow == "HELD" and is_due:
            self._broken("release", f"the last refund of {name} has ended after its 48 hours, and it is not released")

    def _state_moved(self, before: EscrowRow, row: EscrowRow, latest_ms: int, wanted: Counter[tuple[str, str]]) -> None:
        self._town.meet(f"escrow payment {before.status} to {row.status}")
        if row.status not in STATES[before.status]:
            self._broken("final", f"escrow payment {row.id[:8]} was {before.status} and became {row.status}")
        if event := EVENTS.get(row.status):
            wanted["payment.late" if row.late and row.status == "COMPLETED" else event, row.id] += 1
        if row.status == "FAILED" and before.status == "PROCESSING" and self._has_moved(row):
            self._broken("no money is lost", f"escrow payment {row.id[:8]} failed, and bKash has taken its money")
        if row.status == "EXPIRED" and latest_ms < row.expires_ms:
            self._broken("expiry", f"escrow payment {row.id[:8]} ended {row.expires_ms - latest_ms} ms too early")

    def _escrow_moved(self, before: EscrowRow, row: EscrowRow, wanted: Counter[tuple[str, str]]) -> None:
        name = row.id[:8]
        self._town.meet(f"escrow {before.escrow} to {row.escrow}")
        if row.escrow not in ESCROWS[before.escrow]:
            self._broken("final", f"the escrow of {name} was {before.escrow} and became {row.escrow}")
        if event := ESCROW_EVENTS.get(row.escrow):
            wanted[event, row.id] += 1
        if before.escrow == "VOID" and not row.late:
            self._broken("late", f"escrow payment {name} had ended when it was paid, and does not count as late")

    def _captured(self, row: EscrowRow) -> None:
        """Only what bKash has taken from somebody's wallet, to the unit."""
        rows = self._town.disk.rows(f"{_ATTEMPTS} WHERE attempts.payment_id = ?", row.attempt_id)
        moved = self._town.bkash_moved(rows[0][4]) if rows else 0
        if moved != row.captured or row.captured != row.amount:
            seen = f"{row.captured} of {row.amount} are held for {row.id[:8]}, bKash has taken {moved}"
            self._broken("no money from nowhere", seen)
        if rows and not self._town.troubles and rows[0][3] == 1 and rows[0][4] not in self._town.paid_elsewhere:
            self._prompt(row, rows[0][4])

    def _prompt(self, row: EscrowRow, reference: str) -> None:
        """What was taken at our word is known soon, also where the answer never came."""
        fake = self._town.fake(reference, "bkash")
        shown = None if fake is None else fake.settlement
        if shown is not None and self._town.now_ms() - shown.at_ms > CAPTURED_WITHIN_MS:
            seen = f"the money of {row.id[:8]} was known to be held {self._town.now_ms() - shown.at_ms} ms after it was"
            self._broken("prompt", seen)

    def _has_moved(self, row: EscrowRow) -> bool:
        """Whether our execute has moved the money of its attempt."""
        rows = self._town.disk.rows(f"{_ATTEMPTS} WHERE attempts.payment_id = ?", row.attempt_id)
        return bool(
            rows and rows[0][4] not in self._town.paid_elsewhere and rows[0][3] and self._town.bkash_moved(rows[0][4])
        )

    def _released(self, row: EscrowRow, latest_ms: int) -> None:
        asked = row.id in self._town.releases
        ((completed_ms,),) = self._town.disk.rows(_COMPLETED, row.id)
        if not asked and (completed_ms is None or latest_ms < completed_ms + HOLD_MS):
            self._broken("release", f"the escrow of {row.id[:8]} was released before its time, and nobody asked")
        if row.processing:
            self._broken("release", f"the escrow of {row.id[:8]} was released while {row.processing} were going back")

    def _refund_moved(self, before: RefundRow | None, row: RefundRow, wanted: Counter[tuple[str, str]]) -> None:
        if before is not None and before.status == row.status:
            return
        if before is not None and before.status != "PROCESSING":
            self._broken("final", f"refund {row.id[:12]} was {before.status} and became {row.status}")
        if row.status == "FAILED":
            self._failed(row)
        self._town.meet(f"refund {before.status if before else 'none'} to {row.status}")
        wanted[REFUND_EVENTS[row.status], row.payment_id] += 1

    def _failed(self, row: RefundRow) -> None:
        """A refund fails by bKash's word alone: it refuses those of a wallet, and more than was taken."""
        ((reference, minor),) = self._town.disk.rows(_PAID, row.attempt_id)
        theirs = self._town.world.state(BKASH).payments.get(reference)
        if theirs is None or fate_of(theirs.wallet or "").refund == REFUSED or theirs.refunded + row.amount > minor:
            return
        self._broken("refunds", f"refund {row.id[:12]} has failed, and bKash has not refused it")

    def _books(self, row: EscrowRow, refunds: list[RefundRow]) -> None:
        """What is promised is never more than what was captured; each account holds what the totals say."""
        name, sums, surplus = row.id[:8], Counter[str](), Counter[str]()
        for one in refunds:
            (surplus if one.kind == "surplus" else sums)[one.status] += one.amount
        if row.refunded + row.processing > row.captured:
            self._broken("refunds", f"{row.refunded + row.processing} of {row.captured} are given back of {name}")
        if (sums["COMPLETED"], sums["PROCESSING"]) != (row.refunded, row.processing):
            self._broken(
                "refunds", f"{name}: its refunds say {dict(sums)}, stored are {row.refunded}, {row.processing}"
            )
        held = row.captured - row.refunded - row.processing
        fee, caregiver = _shares(row.released or 0)
        released = row.escrow == "RELEASED"
        twice = self._balance(row.id, "unallocated") * -1 + surplus["PROCESSING"] + surplus["COMPLETED"]
        expected = {
            "gateway_clearing": row.captured - row.refunded + twice - surplus["COMPLETED"],
            "escrow_liability": 0 if released else -held,
            "refund_payable": -row.processing - surplus["PROCESSING"],
            "platform_fee": -fee if released else 0,
            "caregiver_payable": -caregiver if released else 0,
            "agency_payable": fee + caregiver - (row.released or 0) if released else 0,
        }
        for account, amount in expected.items():
            if self._balance(row.id, account) != amount:
                seen = f"{account} of {name} holds {self._balance(row.id, account)}, the totals say {amount}"
                self._broken("books", seen)

    def _balance(self, payment_id: str, account: str) -> int:
        return self.balances[payment_id][account]

    def _told(self, wanted: Counter[tuple[str, str]], new_events: list[tuple[Any, ...]]) -> None:
        bodies = [(event, bytes(body)) for event, body in new_events]
        for (event, payment_id), many in wanted.items():
            mine = f'"paymentId":"{payment_id}"'.encode()
            told = sum(name == event and mine in body for name, body in bodies)
            if told != many:
                self._broken("told once", f"{event} of {payment_id[:8]} happened {many} times, {told} webhooks say so")

    # At rest

    def at_rest(self) -> None:
        """BKash's books are ours; nothing waits."""
        self.look(self._town.now_ms(), [])
        now_ms = self._town.now_ms()
        for row in self.payments.values():
            name = row.id[:8]
            if row.status == "PENDING" and now_ms > row.expires_ms + 10 * MINUTE_MS:
                self._broken("liveness", f"escrow payment {name} is PENDING {now_ms - row.expires_ms} ms after its end")
            if row.status == "PROCESSING" and row.review is None:
                self._broken("liveness", f"escrow payment {name} is PROCESSING, and nobody is asked to look")
            is_due = row.release_ms is not None and row.release_ms < now_ms - HOUR_MS
            if is_due and row.escrow == "HELD" and not row.processing:
                self._broken("liveness", f"the escrow of {name} is HELD after its time")
            ((completed_ms,),) = self._town.disk.rows(_COMPLETED, row.id)
            is_over = completed_ms is not None and completed_ms + HOLD_MS < now_ms - HOUR_MS
            if is_over and row.escrow == "HELD" and not row.processing and row.review is None:
                self._broken("liveness", f"the escrow of {name} is HELD, and its job was done more than 49 hours ago")
        self._same_books()

    def _same_books(self) -> None:
        """Each payment at bKash that has moved money is booked, with what went back of it."""
        booked: Counter[str] = Counter()
        for refund in self.refunds.values():
            if refund.status == "COMPLETED":
                booked[refund.attempt_id] += refund.amount
        waiting, misfits = Counter(one.attempt_id for one in self.refunds.values() if one.status == "PROCESSING"), 0
        for attempt_id, payment_id, captured, _, reference, minor in self._town.disk.rows(_ATTEMPTS):
            moved = self._town.bkash_moved(reference)
            if not captured and moved not in (0, minor):
                misfits += self._misfit(payment_id, moved)
            elif moved != (minor if captured else 0):
                seen = (
                    f"bKash has taken {moved} for an attempt at {payment_id[:8]}, booked are {minor if captured else 0}"
                )
                self._broken("no money is lost", seen)
            row = self._town.world.state(BKASH).payments.get(reference)
            theirs = 0 if row is None else row.refunded
            if theirs != booked[attempt_id] and not waiting[attempt_id]:
                seen = f"bKash has given back {theirs} of {payment_id[:8]}, booked are {booked[attempt_id]}"
                self._broken("books", seen)
        clearing = sum(self.balances[one]["gateway_clearing"] for one in self.balances)
        theirs = self._town.world.ledger.balance(MERCHANT, "BDT")
        if clearing + misfits != theirs and not waiting:
            self._broken("books", f"our clearing of bKash holds {clearing + misfits}, bKash has {theirs} for us")
        for refund in self.refunds.values():
            if refund.status == "PROCESSING" and refund.review is None:
                self._broken("liveness", f"refund {refund.id[:12]} is PROCESSING, and nobody is asked to look")

    def _misfit(self, payment_id: str, moved: int) -> int:
        """What came of another amount than was asked for: nothing of it is booked, and a person is asked to look."""
        if self.payments[payment_id].review is None:
            self._broken("no money is lost", f"{payment_id[:8]} was paid with {moved}, and nobody is asked to look")
        self._town.meet(f"another amount, escrow payment {self.payments[payment_id].status}")
        return moved


def _shares(amount: int) -> tuple[int, int]:
    """Fee and caregiver's share of what is released; the agency has the rest."""
    fee = half_up(amount * FEE_BPS, 10_000)
    return fee, half_up(amount * (FEE_BPS + CAREGIVER_BPS), 10_000) - fee
