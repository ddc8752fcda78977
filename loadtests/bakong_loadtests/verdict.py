"""The verdict: all that a run brought, judged, as one dict of JSON values. Made where all records are: the master."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from bakong_loadtests.limits import check_scopes
from bakong_loadtests.limits.attacking import Seen
from bakong_loadtests.limits.frozen import FrozenStep
from bakong_loadtests.measures import attempts_by_scope, by_name, figures, memory_drift, series, throughput
from bakong_loadtests.plan import LoadPlan
from bakong_loadtests.reconciliation import DOUBLED, LOST, NO_WEBHOOK, UNKNOWN, Reconciliation
from bakong_loadtests.recording import ABSENT, FAILED, Records
from bakong_loadtests.slo import judge

MINUTE_NS = 60 * 1_000_000_000
HOLDS, BROKEN, COULD_NOT_RUN = 0, 1, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a run brought. fresh: nobody used the keys before; upstream_calls None: the simulator was not asked.

    users: at seconds of the run, how many there were and were wanted. provider_calls: how many the provider had had.
    webhook_ns: when the first webhook about a transaction came. run: version, machine, command.
    memory_mb: of the server, at seconds of the run; empty where its processes are not known.
    """

    plan: LoadPlan
    records: Records
    began: str
    fresh: bool = True
    attacks: Sequence[Seen] = ()
    frozen: Sequence[FrozenStep] = ()
    books: Reconciliation | None = None
    webhooks_wanted: bool = True
    upstream_calls: int | None = None
    cores: int = 1
    server_cpu_s: float | None = None
    memory_mb: Sequence[tuple[float, float]] = ()
    notes: Sequence[str] = field(default_factory=tuple)
    interrupted: bool = False
    users: Sequence[tuple[float, int, int]] = ()
    provider_calls: Sequence[tuple[float, int]] = ()
    webhook_ns: Mapping[str, int] = field(default_factory=dict)
    run: Mapping[str, str] = field(default_factory=dict)


def verdict(evidence: Evidence) -> dict[str, Any]:
    """The report. `holds` is the verdict; `exit_code` is the program's.

    A run that was ended before its time never holds: what broke until then is broken, all else is not decided.
    """
    records, plan = evidence.records, evidence.plan
    limits = _limits(evidence)
    measured = {**figures(records), **_figures(evidence, limits)}
    findings = judge(plan.profile.slo, measured)
    books = evidence.books
    broken = not findings or not all(one.holds for one in findings)
    holds = not broken and not evidence.interrupted
    seconds = (records.ended_ns - records.began_ns) / 1e9
    return {
        "holds": holds,
        "exit_code": HOLDS if holds else BROKEN if broken else COULD_NOT_RUN,
        "interrupted": evidence.interrupted,
        "profile": plan.profile.name,
        "about": plan.profile.about,
        "began": evidence.began,
        "seconds": seconds,
        "seed": plan.seed,
        "urls": list(plan.urls),
        "limit": plan.limit,
        "findings": [{**one._asdict(), "holds": one.holds, "message": one.message} for one in findings],
        "figures": {**measured, "throughput": throughput(records)},
        "limits": limits,
        "books": None if books is None else {**asdict(books), "problems": [one._asdict() for one in books.problems]},
        "calls": [asdict(row) for row in by_name(records)],
        "failures": dict(Counter(f"{call.name}: {call.why}" for call in records.calls if call.outcome == FAILED)),
        "series": {**asdict(series(records)), "memory_mb": list(evidence.memory_mb), **_beside(evidence)},
        "run": dict(evidence.run),
        "baseline": None,  # of an earlier run; see baseline.py
        "generator": _generator(evidence, seconds),
        "notes": [*evidence.notes, *_notes(evidence, seconds)],
    }


def _beside(evidence: Evidence) -> dict[str, Any]:
    """The series that the generator's own records do not have."""
    records, first_calls = evidence.records, (evidence.provider_calls or [(0, 0)])[0][1]
    began_ns, came = records.began_ns, evidence.webhook_ns if len(records.clocks) <= 1 else {}
    return {
        "users": list(evidence.users),
        "provider_calls": [(second, calls - first_calls) for second, calls in evidence.provider_calls],
        "webhook_ms": [
            ((one.paid_ns - began_ns) / 1e9, (came[one.transaction_id] - one.paid_ns) / 1e6)
            for one in records.payments
            if one.paid_ns and came.get(one.transaction_id, 0) > one.paid_ns
        ],
    }


def _figures(evidence: Evidence, limits: list[dict[str, Any]]) -> dict[str, float | None]:
    """What the calls alone do not say."""
    books, calls = evidence.books, evidence.upstream_calls
    payments = len(evidence.records.payments)
    return {
        "payments_lost": float(books.count(LOST, UNKNOWN)) if books else None,
        "payments_doubled": float(books.count(DOUBLED)) if books else None,
        "webhooks_missing": float(books.count(NO_WEBHOOK)) if books and evidence.webhooks_wanted else None,
        "limit_proofs": float(sum(row["over"] + row["early"] + row["broken"] for row in limits)) if limits else None,
        "memory_drift": memory_drift(evidence.memory_mb),
        "upstream_calls": None if calls is None else float(calls),
        "upstream_calls_per_payment": None if calls is None or not payments else calls / payments,
    }


def _limits(evidence: Evidence) -> list[dict[str, Any]]:
    """A row for each attack, each frozen step and each key that was used."""
    rows = [_attack_row(seen) for seen in evidence.attacks] + [_frozen_row(step) for step in evidence.frozen]
    plan = evidence.plan
    if not plan.limit:
        return rows
    one_clock = len(evidence.records.clocks) <= 1
    scopes = {scope: made for scope, made in attempts_by_scope(evidence.records.calls).items() if "key:" in scope}
    verdicts = check_scopes(scopes, limit=plan.limit, window_ns=MINUTE_NS, fresh=evidence.fresh, early=one_clock)
    return rows + [
        {
            "check": "under load",
            "scope": scope,
            "admitted": one.admitted,
            "refused": one.refused,
            "worst": one.worst,
            "over": len(one.over),
            "early": len(one.early),
            "broken": 0,
            "holds": one.holds,
            "message": f"{scope}: {len(one.over)} proofs of over-admission, {len(one.early)} of early refusal",
        }
        for scope, one in verdicts.items()
    ]


def _attack_row(seen: Seen) -> dict[str, Any]:
    one = seen.verdict
    return {
        "check": f"attack: {seen.attack}",
        "scope": seen.scope,
        "admitted": one.admitted,
        "refused": one.refused,
        "worst": one.worst,
        "over": len(one.over),
        "early": len(one.early),
        "broken": len(seen.broken),
        "holds": seen.holds,
        "message": "; ".join((f"{len(one.over)} over, {len(one.early)} early", *seen.broken)),
    }


def _frozen_row(step: FrozenStep) -> dict[str, Any]:
    return {
        "check": f"frozen clock: {step.name}",
        "scope": "a key of its own",
        "admitted": step.admitted,
        "refused": step.asked - step.admitted,
        "worst": step.admitted,
        "over": max(0, step.admitted - step.wanted),
        "early": max(0, step.wanted - step.admitted),
        "broken": 0,
        "holds": step.holds,
        "message": f"admitted {step.admitted} of {step.asked}, expected exactly {step.wanted}",
    }


def _generator(evidence: Evidence, seconds: float) -> dict[str, Any]:
    cpu_s, server = evidence.records.cpu_s, evidence.server_cpu_s
    return {
        "processes": evidence.records.processes,
        "machines": len(evidence.records.clocks),
        "cores": evidence.cores,
        "cpu_s": cpu_s,
        "share_of_one_core": cpu_s / seconds if seconds else 0.0,
        "server_share_of_one_core": None if server is None or not seconds else server / seconds,
    }


def _processes(count: int) -> str:
    return "1 process, which used" if count == 1 else f"{count} processes, which used"


def _notes(evidence: Evidence, seconds: float) -> list[str]:
    """What a reader must know to believe the figures."""
    made = _generator(evidence, seconds)
    notes = [
        f"The load came from {_processes(made['processes'])} {made['share_of_one_core']:.0%} of one core"
        + (f"; the server used {made['server_share_of_one_core']:.0%}" if made["server_share_of_one_core"] else "")
        + f"; this machine has {made['cores']}."
    ]
    if made["share_of_one_core"] > 0.85 * max(1, made["processes"] - (made["processes"] > 1)):
        notes.append("The generator was busy itself: latencies hold its own waiting too. Use more --processes.")
    if made["machines"] > 1:
        notes.append("The load came from several machines, whose clocks do not agree: early refusals were not judged.")
    absent = sorted({call.name for call in evidence.records.calls if call.outcome == ABSENT})
    if absent:
        notes.append(f"The service does not offer: {', '.join(absent)}.")
    if not evidence.plan.limit:
        notes.append("No limit was stated, so none was checked.")
    return notes
