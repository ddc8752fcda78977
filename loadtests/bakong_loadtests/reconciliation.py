"""Every payment accounted for: the ledger, the service, its database and the webhooks, held against each other. Pure.

created = paid + failed + expired + timeout + pending; paid in the ledger = PAID in the service = one payment.paid each.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from bakong_loadtests.recording import PaymentSeen

STATUSES = ("PAID", "PENDING", "FAILED", "TIMEOUT", "EXPIRED")
LOST, DOUBLED, NO_WEBHOOK, UNKNOWN = "lost", "doubled", "untold", "unknown"


class Webhook(NamedTuple):
    """One webhook that came, also when it came again. transaction_id: empty where the event is not a payment's."""

    id: str
    event: str
    transaction_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What the service's database says, where it can be read: by transaction id, grants by user."""

    statuses: Mapping[str, str] = field(default_factory=dict)
    times_paid: Mapping[str, int] = field(default_factory=dict)
    notices: Mapping[str, int] = field(default_factory=dict)
    subscriptions: Mapping[str, int] = field(default_factory=dict)


class Discrepancy(NamedTuple):
    """One payment that does not add up. kind: lost, doubled, untold (no webhook) or unknown (no row)."""

    kind: str
    md5: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """The books of a run."""

    created: int
    by_status: dict[str, int]
    paid_in_ledger: int
    webhooks: int
    webhook_ids: int
    problems: tuple[Discrepancy, ...]
    database: bool

    def count(self, *kinds: str) -> int:
        return sum(problem.kind in kinds for problem in self.problems)

    @property
    def balances(self) -> bool:
        return not self.problems and self.created == sum(self.by_status.values())


def reconcile(
    seen: Iterable[PaymentSeen],
    ledger: Mapping[str, int],
    service: Mapping[str, str],
    webhooks: Iterable[Webhook] | None,
    stored: Stored | None = None,
) -> Reconciliation:
    """The books.

    ledger: how often each md5 was paid; service: each md5's status; webhooks None: none were asked for.
    """
    payments = {one.md5: one for one in seen}
    received = list(webhooks or ())
    webhook_ids: dict[str, set[str]] = defaultdict(set)
    for webhook in received:
        if webhook.event == "payment.paid":
            webhook_ids[webhook.transaction_id].add(webhook.id)
    problems = [
        problem
        for md5, one in payments.items()
        for problem in (
            *_money(md5, ledger.get(md5, 0), service.get(md5, "")),
            *(_announced(md5, service.get(md5, ""), webhook_ids[one.transaction_id]) if webhooks is not None else ()),
            *(_stored(md5, one, service.get(md5, ""), stored) if stored else ()),
        )
    ]
    counts = Counter(service.get(md5, "unknown") for md5 in payments)
    return Reconciliation(
        created=len(payments),
        by_status={status: counts[status] for status in STATUSES},
        paid_in_ledger=sum(ledger.get(md5, 0) > 0 for md5 in payments),
        webhooks=len(received),
        webhook_ids=len({webhook.id for webhook in received}),
        problems=tuple(problems),
        database=stored is not None,
    )


def _money(md5: str, times_paid: int, status: str) -> list[Discrepancy]:
    if not status:
        return [Discrepancy(UNKNOWN, md5, "the service answered for it once, and knows it no more")]
    if times_paid and status != "PAID":
        return [Discrepancy(LOST, md5, f"paid in the ledger, {status} in the service")]
    if not times_paid and status == "PAID":
        return [Discrepancy(DOUBLED, md5, "PAID in the service, and no money in the ledger")]
    return []


def _announced(md5: str, status: str, ids: set[str]) -> list[Discrepancy]:
    if status == "PAID" and not ids:
        return [Discrepancy(NO_WEBHOOK, md5, "PAID, and no payment.paid came")]
    if len(ids) > 1:
        return [Discrepancy(DOUBLED, md5, f"payment.paid came under {len(ids)} ids: {', '.join(sorted(ids))}")]
    return []


def _stored(md5: str, one: PaymentSeen, status: str, stored: Stored) -> list[Discrepancy]:
    """What the tables say against what the API said. One grant is one PAID in the history and one notice."""
    rows = []
    in_database = stored.statuses.get(one.transaction_id, "")
    if in_database != status:
        rows.append(Discrepancy(UNKNOWN, md5, f"{status} by the API, {in_database or 'no row'} in the database"))
    for what, counts in (("became PAID", stored.times_paid), ("has payment.paid notices", stored.notices)):
        if (times := counts.get(one.transaction_id, 0)) > 1:
            rows.append(Discrepancy(DOUBLED, md5, f"{what} {times} times in the database"))
    if (times := stored.subscriptions.get(one.user_id, 0)) > 1:
        rows.append(Discrepancy(DOUBLED, md5, f"{one.user_id} has {times} subscriptions for one order"))
    return rows
