"""Objectives and whether they hold. Bounds come from YAML; figures from measures and reconciliation."""

from collections.abc import Mapping
from typing import NamedTuple


class Objective(NamedTuple):
    """What is promised. floor: the figure must reach the bound; else it may not exceed it."""

    title: str
    unit: str = ""
    floor: bool = False


OBJECTIVES: dict[str, Objective] = {
    "p50_ms": Objective("Half of the answers within", "ms"),
    "p95_ms": Objective("95 of 100 answers within", "ms"),
    "p99_ms": Objective("99 of 100 answers within", "ms"),
    "error_rate": Objective("Share of requests that failed"),
    "throttled_rate": Objective("Share of well-behaved requests answered 429"),
    "throughput_at_least": Objective("Answers a second", floor=True),
    "payments_at_least": Objective("Payments made", floor=True),
    "payments_lost": Objective("Payments that the ledger has and the service does not grant"),
    "payments_doubled": Objective("Payments granted twice, or granted without money"),
    "webhooks_missing": Objective("Paid payments without their webhook"),
    "paid_to_known_p50_ms": Objective("From paid to known, half within", "ms"),
    "paid_to_known_p95_ms": Objective("From paid to known, 95 of 100 within", "ms"),
    "limit_proofs": Objective("Proofs that the limit was not kept exactly"),
    "upstream_calls": Objective("Calls to Bakong in all"),
    "upstream_calls_per_payment": Objective("Calls to Bakong for each payment"),
    "p99_drift": Objective("p99 of the last third against the first third", "x"),
    "memory_drift": Objective("Memory of the server in the last third against the middle third", "x"),
    "calls_absent": Objective("Kinds of calls that the service does not offer"),
}


class Finding(NamedTuple):
    """One objective, judged. figure None: it could not be measured, so nobody can say that it holds."""

    name: str
    title: str
    unit: str
    bound: float
    figure: float | None
    floor: bool

    @property
    def holds(self) -> bool:
        if self.figure is None:
            return False
        return self.figure >= self.bound if self.floor else self.figure <= self.bound

    @property
    def message(self) -> str:
        """The finding as a sentence."""
        if self.figure is None:
            return f"{self.title}: not measured"
        wanted = "at least" if self.floor else "at most"
        return f"{self.title}: {shown(self.figure)}{self.unit and ' ' + self.unit}, {wanted} {shown(self.bound)} wanted"


def judge(bounds: Mapping[str, float], figures: Mapping[str, float | None]) -> tuple[Finding, ...]:
    """Each objective that was asked for, in the order of the table above."""
    return tuple(
        Finding(name, one.title, one.unit, float(bounds[name]), figures.get(name), one.floor)
        for name, one in OBJECTIVES.items()
        if name in bounds
    )


def shown(figure: float) -> str:
    """A figure for people.

    >>> shown(3.0), shown(0.00125), shown(1234.56)
    ('3', '0.00125', '1234.6')
    """
    return f"{figure:.0f}" if figure == int(figure) else f"{figure:.1f}" if figure >= 10 else f"{figure:.3g}"
