"""What users hold: a model of subscriptions, cycle by cycle, that steps along with the service and is compared."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import permutations
from typing import Any, NamedTuple

CYCLE_MS = 30 * 86_400_000
CYCLE_S = CYCLE_MS // 1000
LOWER, HIGHER = "PREMIUM", "FAMILY_PREMIUM"
PRICES = {"USD": {LOWER: 50, HIGHER: 100}, "KHR": {LOWER: 2_000, HIGHER: 4_000}}
MOST_ORDERS = 4  # so many payments of one user in one commit are tried in every order


def half_up(numerator: int, denominator: int) -> int:
    """The quotient of two whole numbers that are not negative, half away from zero."""
    return (2 * numerator + denominator) // (2 * denominator)


@dataclass(slots=True)
class Held:
    """A subscription as it was paid: the plan of each cycle since its start. wish: the plan of the next bill."""

    start_ms: int
    cycles: list[str]
    wish: str | None = None

    @property
    def end_ms(self) -> int:
        return self.start_ms + len(self.cycles) * CYCLE_MS

    @property
    def next_plan(self) -> str:
        return self.wish or self.cycles[-1]

    def now(self, at_ms: int) -> int:
        """The number of the cycle that runs; of the next one to be paid, where none does."""
        return min(max(0, at_ms - self.start_ms) // CYCLE_MS, len(self.cycles))

    def buy(self, plan: str, at_ms: int) -> None:
        """One cycle more: after those of its plan, where that is the one that runs, else after all others."""
        at = self.now(at_ms)
        if at < len(self.cycles) and self.cycles[at] == plan:
            while at < len(self.cycles) and self.cycles[at] == plan:
                at += 1
            self.cycles.insert(at, plan)
        else:
            self.cycles.append(plan)
        self.wish = None

    def upgrade(self, until_ms: int, at_ms: int) -> None:
        """The better plan from now on, in all that was paid when it was priced."""
        for at in range(self.now(at_ms), min(self.now(until_ms), len(self.cycles))):
            self.cycles[at] = HIGHER
        self.wish = None

    def upgrade_minor(self, currency: str, at_ms: int) -> int:
        """What an upgrade of all that is left costs: the difference of the plans for each second, rounded once."""
        prices, at_s = PRICES[currency], at_ms // 1000
        left_s = sum(
            CYCLE_S - max(0, at_s - self.start_ms // 1000 - number * CYCLE_S)
            for number in range(self.now(at_ms), len(self.cycles))
            if self.cycles[number] == LOWER
        )
        return half_up((prices[HIGHER] - prices[LOWER]) * left_s, CYCLE_S)

    def is_mixed(self, at_ms: int) -> bool:
        """Whether what is left has cycles of both plans."""
        return len(set(self.cycles[self.now(at_ms) :])) > 1

    def differs(self, row: Any, now_ms: int) -> str:
        """What a stored subscription has otherwise, of what is not over yet; "" where nothing."""
        if row.next_billing_ms != self.end_ms:
            return f"is paid until {row.next_billing_ms}, by what was bought until {self.end_ms}"
        for number in range(self.now(now_ms), len(self.cycles)):
            begins_ms = self.start_ms + number * CYCLE_MS
            is_pending = row.pending_at_ms is not None and begins_ms >= row.pending_at_ms
            plan = row.pending_plan if is_pending else row.plan
            if plan != self.cycles[number]:
                return f"has {plan} in cycle {number + 1}, {self.cycles[number]} was bought"
        plan = row.pending_plan or row.plan
        return "" if plan == self.next_plan else f"is billed for {plan} next, expected {self.next_plan}"

    def copy(self) -> "Held":
        return Held(self.start_ms, list(self.cycles), self.wish)


class Bought(NamedTuple):
    """A payment that counts: purpose upgrade, or one that brings a cycle. until_ms: to when an upgrade was priced."""

    purpose: str
    plan: str
    until_ms: int = 0


@dataclass(slots=True)
class Holdings:
    """Every running subscription's model, by its id. deltas: how many events of each kind its last commit asks for."""

    held: dict[str, Held] = field(default_factory=dict)

    def follow(self, row: Any, bought: Sequence[Bought], now_ms: int) -> str:
        """Step along with one running subscription in one commit; what differs then, "" where nothing does."""
        known = self.held.get(row.id)
        if known is None and not bought:
            return "began, and nothing was paid"
        orders = permutations(bought) if len(bought) <= MOST_ORDERS else (tuple(bought),)
        differs = ""
        for order in orders:
            for steps in ((), *([] if bought else _FREE)):
                model = _stepped(known, row, order, steps)
                differs_so = "" if model is None else model.differs(row, now_ms)
                if model is not None and not differs_so:
                    self.held[row.id] = model
                    return ""
                differs = differs or differs_so
        return differs

    def wanted_events(self, before: Any, row: Any, bought: Sequence[Bought]) -> Counter[str]:
        """The webhooks that a subscription's change asks for, at least."""
        wanted: Counter[str] = Counter()
        upgrades = sum(one.purpose == "upgrade" for one in bought)
        if cycles := len(bought) - upgrades - (before is None):
            wanted["renewed"] = cycles
        if before is None:
            wanted["activated"] = 1
        elif before.plan != row.plan and (not cycles or before.pending_plan == row.plan):  # else its renewal says so
            wanted["upgraded" if row.plan == HIGHER else "downgraded"] = 1
        wanted["upgraded"] = max(wanted["upgraded"], upgrades)
        if before is not None and row.status not in {before.status, "ACTIVE"}:
            wanted[row.status.lower()] = 1
        return +wanted


# What a subscription may do without a payment: wish for a plan, wish for none, and be upgraded where that is free.
_FREE = (("wish",), ("no wish",), ("free",))


def _stepped(known: Held | None, row: Any, bought: Sequence[Bought], steps: Sequence[str]) -> Held | None:
    """The model after payments in this order and these free steps; None where they cannot be."""
    at_ms = row.updated_ms
    model = None if known is None else known.copy()
    for one in bought:
        if one.purpose == "upgrade":
            if model is None:
                return None
            model.upgrade(one.until_ms, at_ms)
        elif model is None:
            model = Held(row.start_ms, [one.plan])
        else:
            model.buy(one.plan, at_ms)
    for step in steps:
        if model is None or (step == "free" and model.upgrade_minor(row.currency, at_ms) > 0):
            return None
        if step == "free":
            model.upgrade(model.end_ms, at_ms)
        else:
            model.wish = LOWER if step == "wish" and model.cycles[-1] == HIGHER else None
    return model
