"""What has to hold within a snapshot, beyond the type of each value: nothing missing, nothing that contradicts.

Each rule is a generator of complaints; a snapshot with any is refused before the world has changed.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from typing import TypeVar

from bakong_contracts.money import EXPONENTS
from bakong_simulator.kernel.clock import MAX_MS
from bakong_simulator.kernel.errors import BodyError
from bakong_simulator.kernel.payments import Order, Payment, Settlement
from bakong_simulator.kernel.player import tracked_step
from bakong_simulator.kernel.snapshot_document import KeptPayment, Snapshot
from bakong_simulator.kernel.world import AnyScheme

MAX_EXPIRY_MS = 2**53 - 1  # of a code, which may be long after the last moment of a world
MAX_NUMBER = 2**63 - 1  # the largest that our JSON has
MAX_COMPLAINTS = 10
Schemes = Mapping[str, AnyScheme]
T = TypeVar("T", bound=Hashable)


def check(kept: Snapshot, payments: list[Payment], schemes: Schemes) -> None:
    """Raises BodyError with what does not fit together. payments: the rows of the snapshot, with their scripts."""
    complaints = [complaint for rule in RULES for complaint in rule(kept, schemes)]
    complaints += [
        f"payment {row.reference}: {complaint}"
        for row, payment in zip(kept.rows, payments, strict=True)
        for complaint in _of_payment(kept, row, payment, schemes)
    ]
    refuse(complaints)


def refuse(complaints: list[str]) -> None:
    """Raises BodyError where there are any."""
    if complaints:
        more = f"; and {len(complaints) - MAX_COMPLAINTS} more" if len(complaints) > MAX_COMPLAINTS else ""
        raise BodyError("; ".join(complaints[:MAX_COMPLAINTS]) + more)


def twice(names: Iterable[T]) -> list[T]:
    """Those that occur more than once."""
    return [name for name, count in Counter(names).items() if count > 1]


def _schemes(kept: Snapshot, schemes: Schemes) -> Iterator[str]:
    known = ", ".join(schemes)
    named = {*kept.schemes, *(row.scheme for row in kept.rows), *(scheme for scheme, _, _ in kept.calls)}
    yield from (f"no scheme is called {name!r}, expected one of {known}" for name in sorted(named - schemes.keys()))


def _accounts(kept: Snapshot, schemes: Schemes) -> Iterator[str]:
    held = [row.account_id for row in kept.accounts]
    issuers = {scheme.issuer for scheme in schemes.values()}
    yield from (f"accounts: {name!r} occurs twice" for name in twice(held))
    for scheme in (schemes[name] for name in kept.schemes if name in schemes):
        opened = (scheme.issuer, *(account.account_id for account in scheme.accounts))
        yield from (f"accounts: {name!r} is missing" for name in opened if name not in held)
    currencies = sorted({currency for row in kept.accounts for currency in row.balances})
    for currency in currencies:
        if currency not in EXPONENTS:
            yield f"accounts: unknown currency {currency!r}"
        if total := sum(row.balances.get(currency, 0) for row in kept.accounts):
            yield f"accounts: the balances in {currency} sum to {total}, expected 0"
        for row in kept.accounts:
            minor = row.balances.get(currency, 0)
            if minor < 0 and row.account_id not in issuers:
                yield f"accounts: {row.account_id!r} holds {minor} {currency}, expected 0 or more"


def _identities(kept: Snapshot, _schemes: Schemes) -> Iterator[str]:
    keys = twice((row.scheme, row.reference) for row in kept.rows)
    yield from (f"payments, unclaimed: {scheme}'s reference {name} occurs twice" for scheme, name in keys)
    for row in kept.unclaimed:
        if row.order or row.settlements or row.pending:
            yield f"unclaimed: {row.reference} has an order, a settlement or a payment pending: that is one of payments"


RULES: list[Callable[[Snapshot, Schemes], Iterator[str]]] = [_schemes, _accounts, _identities]


def _of_payment(kept: Snapshot, row: KeptPayment, payment: Payment, schemes: Schemes) -> Iterator[str]:
    if row.order is not None:
        yield from _of_order("order", row.order, row.reference)
    for settlement in row.settlements:
        yield from _of_settlement(settlement)
    if row.step > len(payment.path):
        yield f"step is {row.step}, and its path has {len(payment.path)}"
    yield from _of_timers(row, payment)
    if row.pending is None:
        return
    yield from _of_order("pending.order", row.pending.order, row.reference)
    if row.pending.order.minor is None:
        yield "pending.order.minor is null, expected what was sent"
    issuers = {scheme.issuer for scheme in schemes.values()}
    if row.pending.from_account not in {account.account_id for account in kept.accounts} - issuers:
        yield f"pending.from_account is {row.pending.from_account!r}, which is not in accounts"
    if 0 not in row.timers:
        yield "a payment is pending, and no timer 0 lets it arrive"


def _of_order(where: str, order: Order, reference: str) -> Iterator[str]:
    if order.reference != reference:
        yield f"{where}.reference is {order.reference}"
    yield from _of_currency(where, order.currency)
    if order.minor is not None and not 0 < order.minor <= MAX_NUMBER:
        yield f"{where}.minor is {order.minor}, expected null or a positive count"
    if order.expires_at_ms is not None and not 0 <= order.expires_at_ms <= MAX_EXPIRY_MS:
        yield f"{where}.expires_at_ms is {order.expires_at_ms}"


def _of_settlement(settlement: Settlement) -> Iterator[str]:
    yield from _of_currency("settlements", settlement.currency)
    for name, most in (("minor", MAX_NUMBER), ("at_ms", MAX_MS), ("returned_minor", settlement.minor)):
        number = getattr(settlement, name)
        if not 0 <= number <= most:
            yield f"settlements: {name} is {number}, expected a count up to {most}"


def _of_currency(where: str, currency: str) -> Iterator[str]:
    if currency not in EXPONENTS:
        yield f"{where}.currency is {currency!r}, expected one of {', '.join(EXPONENTS)}"


def _of_timers(row: KeptPayment, payment: Payment) -> Iterator[str]:
    tracked = tracked_step(payment)
    statuses = len(tracked.tracking) if tracked and row.settlements else 0
    for at in row.timers:
        if at == 0 and payment.current is None and payment.pending is None:
            yield "timer 0 waits for a step, and its path is over"
        elif at > statuses:
            yield f"timer {at} waits for a tracking status, and there are {statuses}"
