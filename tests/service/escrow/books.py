"""The fourteen laws, as checks of what is stored and of what the scripted providers have: see docs/escrow.md."""

from collections import Counter, defaultdict

from bakong_service.domain.escrow import RefundKind, RefundState
from bakong_service.domain.escrow_book import EscrowState, PaymentState, split
from bakong_service.usecases.escrow.reconciling import reconcile

FINAL = (EscrowState.RELEASED, EscrowState.REFUNDED)
GRACE_MS = 61_000


class Laws:
    """Checks after each step; it remembers what may only grow."""

    def __init__(self, *, clawback=False):
        self.clawback = clawback
        self.ledgers, self.escrows = {}, {}

    async def check(self, care):
        """Laws 1 to 8: true at every moment."""
        for payment, postings, refunds in await care.core.store.read(everything):
            self._entries(payment, postings)
            self._promises(payment, refunds)
            assert balances_of(postings) == expected(payment, postings, refunds), f"laws 2 to 5, of {payment.id}"
            self._states(payment)
        for gateway in (care.bkash, care.nagad):
            assert all(account.moves <= 1 for account in gateway.accounts.values()), "law 6: an execute moved twice"

    def _entries(self, payment, postings):
        sums, facts = defaultdict(int), set()
        for one in postings:
            sums[one.number] += one.amount
            facts.add((one.fact, one.subject))
        assert not any(sums.values()), "law 2: an entry does not sum to zero"
        assert sorted(sums) == list(range(1, payment.entries + 1)), "law 2: an entry is missing"
        before = self.ledgers.get(payment.id, [])
        assert postings[: len(before)] == before, "law 2: the ledger is not only added to"
        self.ledgers[payment.id] = postings
        allocated = [one for one in postings if one.account == "escrow_liability" and one.fact == "captured"]
        assert len(allocated) <= 1, "law 6: two captures are allocated"
        assert sum(1 for fact, _ in facts if fact == "released") <= 1, "law 6: two releases"

    def _promises(self, payment, refunds):
        book = payment.book
        assert 0 <= book.refunded + book.processing <= book.captured, "law 1"
        own = [one for one in refunds if one.kind is not RefundKind.SURPLUS]
        sums = Counter()
        for one in own:
            sums[one.status] += one.amount
        assert sums[RefundState.COMPLETED] == book.refunded, "law 1: completed"
        assert sums[RefundState.PROCESSING] == book.processing, "law 1: processing"

    def _states(self, payment):
        book = payment.book
        if not self.clawback:
            liability = book.available if book.escrow is EscrowState.HELD else 0
            is_held = book.escrow is EscrowState.HELD
            assert is_held == bool(book.captured and (liability or book.processing)), "law 7: HELD"
            assert not (book.escrow is EscrowState.RELEASED and book.processing), "law 8"
        before = self.escrows.get(payment.id)
        if before in FINAL:
            assert book.escrow is before, "law 7: a final state was left"
        if before is EscrowState.VOID and book.escrow is not EscrowState.VOID:
            assert payment.late, "law 7: VOID was left, and not by late money"
        self.escrows[payment.id] = book.escrow

    async def check_settled(self, care):
        """Laws 8, 9, 11, 12 and 14: once no fault is left, and all that is due is done."""
        await self.check(care)
        rows = await care.core.store.read(everything)
        now_ms = care.clock.now_ms()
        for payment, _, refunds in rows:
            assert all(one.status is not RefundState.PROCESSING for one in refunds), "a refund never settles"
            is_due = payment.release_ms is not None and payment.release_ms <= now_ms
            assert not (is_due and payment.book.escrow is EscrowState.HELD), "laws 8 and 12: a due release is missing"
            is_over = payment.state is PaymentState.PENDING and now_ms >= payment.expires_ms + GRACE_MS
            assert not is_over, "law 12: an expired payment is open"
        await self._same_books(care, rows)
        await self._pages(care, rows)

    async def _same_books(self, care, rows):
        done = await reconcile(care.core)
        assert done.differences == [], "law 11"
        assert await care.core.store.read(everything) == rows, "laws 9 and 11: the reconciler had news"
        for method, gateway in (("BKASH", care.bkash), ("NAGAD", care.nagad)):
            if gateway.balance is not None:  # else whoever has the provider's books compares
                assert done.clearing.get(method, 0) == gateway.balance, f"laws 9 and 11: {method}'s clearing"

    async def _pages(self, care, rows):
        seen, page, limit = [], 1, 2
        while True:
            answer = await care.call("GET", f"/api/payments?page={page}&limit={limit}", by=("a", "PLATFORM_ADMIN"))
            body = answer.json()
            assert body["meta"]["totalPages"] == -(-len(rows) // limit), "law 14"
            if not body["data"]:
                break
            seen += [one["id"] for one in body["data"]]
            page += 1
        assert (sorted(seen), len(set(seen))) == (sorted(one.id for one, _, _ in rows), len(rows)), "law 14"


def everything(records):
    return [
        (payment, records.postings_of(payment.id), records.escrow_refunds_of(payment.id))
        for payment in records.escrow_payments_after(None, 1_000)
    ]


def balances_of(postings):
    sums = Counter()
    for one in postings:
        sums[one.account.value] += one.amount
    return {account: amount for account, amount in sums.items() if amount}


def expected(payment, postings, refunds):
    """What the accounts hold by the totals alone: no refund's size, order or failure shows."""
    book = payment.book
    parts = split(book.available, book.rates)
    is_released = book.escrow is EscrowState.RELEASED
    surplus = Counter()
    for one in refunds:
        if one.kind is RefundKind.SURPLUS:
            surplus[one.status] += one.amount
    twice = sum(surplus.values())
    sums = {
        "gateway_clearing": book.captured - book.refunded + twice - surplus[RefundState.COMPLETED],
        "refund_payable": -book.processing - surplus[RefundState.PROCESSING],
        "unallocated": -surplus[RefundState.FAILED],
        "escrow_liability": -book.available if book.captured and not is_released else 0,
        "platform_fee": -parts.fee if is_released else 0,
        "agency_payable": -parts.agency if is_released else 0,
        "caregiver_payable": -parts.caregiver if is_released else 0,
    }
    if is_released and not book.processing:
        exact = (book.available * 500, book.available * 9000, book.available * 500)
        given = (parts.fee, parts.agency, parts.caregiver)
        assert sum(given) == book.captured - book.refunded, "law 3"
        assert all(abs(10_000 * share - want) <= 10_000 for share, want in zip(given, exact, strict=True)), "law 3"
    return {account: amount for account, amount in sums.items() if amount}
