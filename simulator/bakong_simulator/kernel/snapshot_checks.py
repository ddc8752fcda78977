"""What has to hold within a snapshot, beyond the type of each value: nothing missing, nothing that contradicts.

Each rule is a generator of complaints; a snapshot with any is refused before the world has changed.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from bakong_simulator.kernel.errors import BodyError
from bakong_simulator.kernel.ledger import CURRENCIES, ISSUER
from bakong_simulator.kernel.payments import Order, Payment, Receipt
from bakong_simulator.kernel.player import tracked_step
from bakong_simulator.kernel.snapshot_document import KeptPayment, Snapshot
from bakong_simulator.kernel.world import MERCHANT, WALLET

MAX_NUMBER = 2**63 - 1  # the largest that our JSON has
MAX_COMPLAINTS = 10


def check(kept: Snapshot, payments: list[Payment]) -> None:
    """Raises BodyError with what does not fit together. payments: the rows of the snapshot, with their scripts."""
    complaints = [complaint for rule in RULES for complaint in rule(kept)]
    complaints += [
        f"payment {row.md5}: {complaint}"
        for row, payment in zip(kept.rows, payments, strict=True)
        for complaint in _of_payment(kept, row, payment)
    ]
    if complaints:
        more = f"; and {len(complaints) - MAX_COMPLAINTS} more" if len(complaints) > MAX_COMPLAINTS else ""
        raise BodyError("; ".join(complaints[:MAX_COMPLAINTS]) + more)


def _accounts(kept: Snapshot) -> Iterator[str]:
    held = [row.account_id for row in kept.accounts]
    yield from (f"accounts: {name!r} occurs twice" for name in _twice(held))
    yield from (f"accounts: {name!r} is missing" for name in (ISSUER, WALLET, MERCHANT) if name not in held)
    for currency in CURRENCIES:
        if total := sum(getattr(row, currency) for row in kept.accounts):
            yield f"accounts: the balances in {currency} sum to {total}, expected 0"
        for row in kept.accounts:
            if getattr(row, currency) < 0 and row.account_id != ISSUER:
                yield f"accounts: {row.account_id!r} holds {getattr(row, currency)} {currency}, expected 0 or more"


def _tokens(kept: Snapshot) -> Iterator[str]:
    yield from (f"tokens: {token!r} occurs twice" for token in _twice(row.token for row in kept.tokens))
    emails = sorted({row.email for row in kept.tokens} - kept.registrations.keys())
    yield from (f"tokens: {email!r} has one and is not in registrations" for email in emails)


def _limits(kept: Snapshot) -> Iterator[str]:
    for name in ("quota", "calls_per_minute"):
        limit = getattr(kept.limits, name)
        if limit is not None and not 0 <= limit <= MAX_NUMBER:
            yield f"limits.{name} is {limit}, expected null or a count"
    yield from (f"outbox: at_ms is {mail.at_ms}" for mail in kept.outbox if not 0 <= mail.at_ms <= MAX_NUMBER)


def _identities(kept: Snapshot) -> Iterator[str]:
    yield from (f"payments, strangers: the md5 {md5} occurs twice" for md5 in _twice(row.md5 for row in kept.rows))
    hashes = (receipt.hash for row in kept.rows for receipt in row.receipts)
    yield from (f"receipts: the hash {hash_} occurs twice" for hash_ in _twice(hashes))
    for row in kept.strangers:
        if row.order or row.receipts or row.pending:
            yield f"strangers: {row.md5} has an order, a receipt or a payment pending: that is one of payments"


RULES: list[Callable[[Snapshot], Iterator[str]]] = [_accounts, _tokens, _limits, _identities]


def _of_payment(kept: Snapshot, row: KeptPayment, payment: Payment) -> Iterator[str]:
    if row.order is not None:
        yield from _of_order("order", row.order, row.md5)
    for receipt in row.receipts:
        yield from _of_receipt(receipt)
    if row.step > len(payment.path):
        yield f"step is {row.step}, and its path has {len(payment.path)}"
    yield from _of_timers(row, payment)
    if row.pending is None:
        return
    yield from _of_order("pending.order", row.pending.order, row.md5)
    if row.pending.order.minor is None:
        yield "pending.order.minor is null, expected what was sent"
    if row.pending.from_account not in {account.account_id for account in kept.accounts} - {ISSUER}:
        yield f"pending.from_account is {row.pending.from_account!r}, which is not in accounts"
    if 0 not in row.timers:
        yield "a payment is pending, and no timer 0 lets it arrive"


def _of_order(where: str, order: Order, md5: str) -> Iterator[str]:
    if order.md5 != md5:
        yield f"{where}.md5 is {order.md5}"
    if order.currency not in CURRENCIES:
        yield f"{where}.currency is {order.currency!r}, expected one of {', '.join(CURRENCIES)}"
    if order.minor is not None and not 0 < order.minor <= MAX_NUMBER:
        yield f"{where}.minor is {order.minor}, expected null or a positive count"
    if order.expires_at_ms is not None and not 0 <= order.expires_at_ms <= MAX_NUMBER:
        yield f"{where}.expires_at_ms is {order.expires_at_ms}"


def _of_receipt(receipt: Receipt) -> Iterator[str]:
    if receipt.currency not in CURRENCIES:
        yield f"receipts: currency is {receipt.currency!r}, expected one of {', '.join(CURRENCIES)}"
    for name in ("minor", "created_ms", "acknowledged_ms"):
        number = getattr(receipt, name)
        if not 0 <= number <= MAX_NUMBER:
            yield f"receipts: {name} is {number}, expected a count"


def _of_timers(row: KeptPayment, payment: Payment) -> Iterator[str]:
    tracked = tracked_step(payment)
    statuses = len(tracked.tracking) if tracked and row.receipts else 0
    for at in row.timers:
        if at == 0 and payment.current is None and payment.pending is None:
            yield "timer 0 waits for a step, and its path is over"
        elif at > statuses:
            yield f"timer {at} waits for a tracking status, and there are {statuses}"


def _twice(names: Iterable[str]) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]
