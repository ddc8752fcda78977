"""What users note while they run: every call and payment, as rows that workers can send. Knows no HTTP."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields
from typing import Any, NamedTuple

OK, FAILED, THROTTLED, ABSENT = "ok", "failed", "throttled", "absent"


class CallSeen(NamedTuple):
    """One request.

    scope: the key or address that it counts for; received_ns 0 and status 0: no answer came.
    who: journey, bad_bodies, bad_keys, hammer or wallet (the payer, at the simulator).
    outcome: ok, failed (why says more),
    throttled (a 429 that was obeyed) or absent (the service does not offer it).
    """

    name: str
    who: str
    scope: str
    sent_ns: int
    received_ns: int
    status: int
    outcome: str
    why: str = ""


@dataclass(slots=True, kw_only=True)
class PaymentSeen:
    """One payment, as its customer saw it. Moments are 0 until they come; known_ns: when the service said PAID."""

    md5: str
    transaction_id: str
    user_id: str
    plan: str
    created_ns: int
    paid_ns: int = 0
    known_ns: int = 0
    meant_to_pay: bool = True
    status: str = "PENDING"


@dataclass(slots=True)
class Recorder:
    """The rows of one process since they were last taken."""

    calls: list[CallSeen] = field(default_factory=list)
    payments: list[PaymentSeen] = field(default_factory=list)

    def take(self) -> dict[str, Any]:
        """The rows as lists, and none left."""
        calls, self.calls = self.calls, []
        payments, self.payments = self.payments, []
        return {"calls": [list(call) for call in calls], "payments": [asdict(payment) for payment in payments]}


@dataclass(slots=True)
class Records:
    """The rows of a whole run. clocks: the machines whose moments they are; cpu_s: what the generators used."""

    calls: list[CallSeen] = field(default_factory=list)
    payments: list[PaymentSeen] = field(default_factory=list)
    clocks: set[str] = field(default_factory=set)
    cpu_s: float = 0.0
    processes: int = 0
    began_ns: int = 0
    ended_ns: int = 0

    def add(self, rows: dict[str, Iterable[Any]]) -> None:
        self.calls += [CallSeen(*row) for row in rows["calls"]]
        self.payments += [PaymentSeen(**row) for row in rows["payments"]]

    def plain(self) -> dict[str, Any]:
        """The records as JSON values."""
        mine = {one.name: getattr(self, one.name) for one in fields(self)}
        mine["calls"] = [list(call) for call in self.calls]
        mine["payments"] = [asdict(payment) for payment in self.payments]
        mine["clocks"] = sorted(self.clocks)
        return mine


def records_of(plain: dict[str, Any]) -> Records:
    """The records of their JSON values."""
    kept = {name: value for name, value in plain.items() if name not in ("calls", "payments", "clocks")}
    records = Records(clocks=set(plain["clocks"]), **kept)
    records.add(plain)
    return records
