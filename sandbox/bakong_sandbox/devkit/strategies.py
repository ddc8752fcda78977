"""Hypothesis strategies for users' own tests: KHQR payloads, payments, scenarios, changes of plan. Knows no test.

>>> from hypothesis import given
>>> @given(payloads(now_ms=1_770_768_000_000))
... def check(payload): assert payload["kind"] in ("individual", "merchant")
>>> check()
"""

from dataclasses import dataclass
from typing import Literal

from hypothesis import strategies as st

from bakong_conformance.khqr.payloads import KHMER, Payload, accounts, payloads, words
from bakong_conformance.service.changes import exact
from bakong_conformance.service.limiting import Burst, admitted_by_rule
from bakong_conformance.service.stateful import STEPS

__all__ = [
    "KHMER",
    "Burst",
    "Payload",
    "PlanChange",
    "WalletPayment",
    "accounts",
    "admitted_by_rule",
    "bursts",
    "khmer_payloads",
    "payloads",
    "plan_changes",
    "scenarios",
    "steps",
    "wallet_payments",
    "words",
]

CYCLE_S = 2_592_000
Kind = Literal["right", "short", "over", "other currency", "other account", "failed"]


@dataclass(frozen=True, slots=True)
class WalletPayment:
    """How a wallet pays a price: what Bakong will report, and whether it is the payment."""

    kind: Kind
    minor: int
    currency: str
    account: str

    @property
    def is_right(self) -> bool:
        return self.kind == "right"


@dataclass(frozen=True, slots=True)
class PlanChange:
    """A change of plan: prices in minor units, seconds left of the cycle, and what it must cost."""

    old_minor: int
    new_minor: int
    remaining_s: int
    total_s: int
    cost_minor: int


def khmer_payloads(now_ms: int) -> st.SearchStrategy[Payload]:
    """KHQR payloads whose name and city are Khmer."""
    return payloads(now_ms, alphabet=KHMER)


@st.composite
def wallet_payments(draw: st.DrawFn, price_minor: int, currency: str, account: str) -> WalletPayment:
    """Every way to pay, and not to pay, a price of at least 2 minor units."""
    kind: Kind = draw(st.sampled_from(("right", "short", "over", "other currency", "other account", "failed")))
    minor = price_minor
    if kind == "short":
        minor = draw(st.integers(1, price_minor - 1))
    elif kind == "over":
        minor = draw(st.integers(price_minor + 1, price_minor * 10))
    if kind == "other currency":
        currency = "KHR" if currency == "USD" else "USD"
    if kind == "other account":
        account = draw(accounts().filter(lambda other: other != account))
    return WalletPayment(kind, minor, currency, account)


@st.composite
def plan_changes(draw: st.DrawFn, total_s: int = CYCLE_S) -> PlanChange:
    """Upgrades at any instant of a cycle, exact halves of a minor unit among them, with their exact cost."""
    old = draw(st.integers(0, 10_000))
    difference = draw(st.integers(1, 10_000))
    halves = [
        (2 * k + 1) * total_s // (2 * difference)
        for k in range(min(difference, 50))
        if (2 * k + 1) * total_s % (2 * difference) == 0
    ]
    remaining = draw(st.integers(0, total_s) | (st.sampled_from(halves) if halves else st.nothing()))
    return PlanChange(old, old + difference, remaining, total_s, exact(difference, remaining, total_s))


def bursts(most: int = 100) -> st.SearchStrategy[list[Burst]]:
    """Bursts of requests around a window's edges; `admitted_by_rule` says how many of each may pass."""
    gaps = st.sampled_from((0, 1, 1_000, 29_999, 30_000, 59_999, 60_000, 60_001)) | st.integers(0, 90_000)
    return st.lists(st.builds(Burst, gaps, st.integers(1, most + 10)), min_size=1, max_size=6)


def steps() -> st.SearchStrategy[list[tuple[str, int]]]:
    """Stories of orders, payments, waits and questions, as the rule service.story plays them."""
    return st.lists(STEPS, min_size=2, max_size=12)


@st.composite
def scenarios(draw: st.DrawFn) -> str:
    """Scenario scripts in YAML: polls that find nothing, an end, and faults of the wire on the way."""
    polls = draw(st.integers(1, 6))
    end = draw(st.sampled_from(("paid", "failed")))
    lines = ["name: drawn", "payment:", f"  - unpaid: {{polls: {polls}}}", f"  - {end}"]
    faults = draw(st.lists(st.tuples(st.integers(1, polls), st.sampled_from((500, 502, 503, 504))), max_size=3))
    if faults:
        lines.append("faults:")
        lines += [
            f"  - {{on: check_transaction_by_md5, poll: {poll}, fault: http, status: {status}}}"
            for poll, status in faults
        ]
    return "\n".join(lines) + "\n"
