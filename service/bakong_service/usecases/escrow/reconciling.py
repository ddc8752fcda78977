"""Our books beside the providers': each attempt and its refunds is asked about, and what differs is named."""

from collections.abc import Sequence
from typing import NamedTuple

from bakong_service.domain.escrow import Attempt, EscrowPayment, EscrowRefund, RefundState
from bakong_service.domain.escrow_book import Account
from bakong_service.domain.escrow_numbers import amount_text
from bakong_service.domain.payments import NoAnswer, Paid, Payment, Refunded
from bakong_service.ports import Records
from bakong_service.usecases.ask_provider import ask
from bakong_service.usecases.core import Core

BATCH = 50


class Difference(NamedTuple):
    """What our books say of a payment, and what its provider says; amounts are texts."""

    payment_id: str
    what: str
    ours: str
    theirs: str


class Reconciled(NamedTuple):
    """payments: how many were looked at. clearing: what our ledger says that each method's provider has of ours.

    total: all accounts of the ledger together, which is 0.
    """

    payments: int
    differences: list[Difference]
    clearing: dict[str, int]
    total: int


class _Looked(NamedTuple):
    payment: EscrowPayment
    attempts: list[tuple[Attempt, Payment]]
    refunds: list[EscrowRefund]


async def reconcile(core: Core) -> Reconciled:
    """Ask about every payment, and take note of what was not known; then say what differs. Costs a call for each."""
    after: tuple[int, str] | None = None
    count, differences = 0, await core.store.read(_unbalanced)
    while True:
        batch = await core.store.read(lambda records, after=after: _batch(records, after))  # type: ignore[misc]
        for one in batch:
            differences += await _compare(core, one)
        count += len(batch)
        if len(batch) < BATCH:
            return Reconciled(count, differences, *await core.store.read(_sums))
        after = (batch[-1].payment.created_ms, batch[-1].payment.id)


def _batch(records: Records, after: tuple[int, str] | None) -> list[_Looked]:
    return [_looked(records, payment) for payment in records.escrow_payments_after(after, BATCH)]


def _looked(records: Records, payment: EscrowPayment) -> _Looked:
    attempts = [
        (attempt, attempted)
        for attempt in records.attempts_of(payment.id)
        if (attempted := records.payment_by_id(attempt.payment_id)) is not None and attempted.reference
    ]
    return _Looked(payment, attempts, records.escrow_refunds_of(payment.id))


async def _compare(core: Core, looked: _Looked) -> list[Difference]:
    differences: list[Difference] = []
    for attempt, attempted in looked.attempts:
        provider = core.providers.get(attempted.provider)
        if provider is None or provider.polling is None:
            differences.append(Difference(looked.payment.id, "provider", attempted.provider, "not configured"))
            continue
        report = await provider.polling.check(attempted.reference)
        if isinstance(report, Paid) and not attempt.captured:
            await ask(core, [attempted])  # news: it is recorded as any other
            attempts = await core.store.read(lambda records: records.attempts_of(looked.payment.id))
            attempt = next(one for one in attempts if one.payment_id == attempted.id)  # noqa: PLW2901
        differences += _captures(looked.payment, attempt, attempted, report)
        if attempt.captured and provider.list_refunds is not None:
            listed = await provider.list_refunds(attempted.reference)
            differences += _refunds(looked, attempt, listed)
        elif attempt.captured and isinstance(report, Refunded):
            differences += _whole(looked, attempt, attempted)
    return differences


def _captures(payment: EscrowPayment, attempt: Attempt, attempted: Payment, report: object) -> list[Difference]:
    ours = amount_text(attempted.money.minor) if attempt.captured else "0.00"
    if isinstance(report, NoAnswer):
        return [Difference(payment.id, "capture", ours, f"no answer: {report.why}")]
    if isinstance(report, Refunded):  # once paid, and given back: the refunds are compared by themselves
        return [] if attempt.captured else [Difference(payment.id, "capture", ours, "refunded")]
    if not isinstance(report, Paid):
        return [Difference(payment.id, "capture", ours, "0.00")] if attempt.captured else []
    theirs = "unknown" if report.money is None else f"{amount_text(report.money.minor)} {report.money.currency}"
    same = attempt.captured and report.money == attempted.money
    return [] if same else [Difference(payment.id, "capture", f"{ours} BDT", theirs)]


def _completed(looked: _Looked, attempt: Attempt) -> dict[str, int]:
    """The amounts of our completed refunds, by the provider's names of them."""
    return {
        one.provider_refund_id or "": one.amount
        for one in looked.refunds
        if one.attempt_id == attempt.payment_id and one.status is RefundState.COMPLETED
    }


def _whole(looked: _Looked, attempt: Attempt, attempted: Payment) -> list[Difference]:
    """A provider that lists no refunds says that all of it went back."""
    ours = sum(_completed(looked, attempt).values())
    theirs = attempted.money.minor
    if ours == theirs:
        return []
    return [Difference(looked.payment.id, "refunds", amount_text(ours), amount_text(theirs))]


def _refunds(looked: _Looked, attempt: Attempt, listed: Sequence[Refunded] | NoAnswer) -> list[Difference]:
    ours = _completed(looked, attempt)
    if isinstance(listed, NoAnswer):
        return [Difference(looked.payment.id, "refunds", amount_text(sum(ours.values())), f"no answer: {listed.why}")]
    theirs = {one.hash[:128]: 0 if one.money is None else one.money.minor for one in listed}
    both = sorted(ours.keys() | theirs.keys())
    return [
        Difference(looked.payment.id, f"refund {key}", _shown(ours.get(key)), _shown(theirs.get(key)))
        for key in both
        if ours.get(key) != theirs.get(key)
    ]


def _shown(amount: int | None) -> str:
    return "nothing" if amount is None else amount_text(amount)


def _sums(records: Records) -> tuple[dict[str, int], int]:
    balances, totals = records.escrow_balances(), dict[str, int]()
    for (account, method, _), total in balances.items():
        if account == Account.GATEWAY.value:
            totals[method] = totals.get(method, 0) + total
    return totals, sum(balances.values())


def _unbalanced(records: Records) -> list[Difference]:
    total = sum(records.escrow_balances().values())
    return [] if total == 0 else [Difference("", "ledger", amount_text(total), "0.00")]
