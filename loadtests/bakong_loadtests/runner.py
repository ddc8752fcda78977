"""One process of Locust: alone, master or worker. Run as `python -m bakong_loadtests.runner`.

Locust patches what it finds at import.

Alone and as master it reads the plan's JSON from a file, prints a line of JSON a second, and writes the records when
the run ends, also after SIGINT or SIGTERM. A worker asks its master for the plan, and sends its notes with its reports.
"""

import argparse
import json
import logging
import resource
import signal
import sys
from collections import Counter, deque
from pathlib import Path
from typing import Any

import gevent
from locust import User
from locust.env import Environment

from bakong_contracts.trust import ssl_context
from bakong_loadtests import users
from bakong_loadtests.clock import clock_name, monotonic_ns
from bakong_loadtests.plan import LoadPlan
from bakong_loadtests.recording import FAILED, Records
from bakong_loadtests.shapes import SHAPES

WORKERS_MAX_WAIT_S = 60
STOP_TIMEOUT_S = 20
SECOND_NS = 1_000_000_000


class Run:
    """A run's environment and what has been noted so far."""

    def __init__(self, plan: LoadPlan) -> None:
        self.plan = plan
        self.records = Records(began_ns=monotonic_ns())
        self.stopping = False
        shape = plan.profile.shape
        self.environment = Environment(
            user_classes=_user_classes(plan),
            shape_class=SHAPES[shape.kind](shape.users, shape.seconds),
            stop_timeout=STOP_TIMEOUT_S,
            reset_stats=False,
            host=plan.urls[0],
        )

    def take(self, rows: dict[str, Any]) -> None:
        self.records.add(rows)
        self.records.clocks.add(rows["clock"])

    def close(self, out: Path, cpu_s: float, processes: int) -> None:
        self.records.ended_ns = monotonic_ns()
        self.records.cpu_s += cpu_s
        self.records.processes = processes
        out.write_text(json.dumps(self.records.plain()), encoding="utf-8")


def alone(plan: LoadPlan, out: Path, ca: Path | None) -> None:
    """The whole run in this process."""
    users.begin(plan, ssl_context(ca))
    run = Run(plan)
    runner = run.environment.create_local_runner()

    def collect() -> None:
        run.take({**users.WORKER[0].recorder.take(), "clock": clock_name()})

    _stop_on_signals(run)
    runner.start_shape()
    _watch(run, collect)
    runner.quit()
    collect()
    run.close(out, _cpu_s(), 1)


def master(plan: LoadPlan, out: Path, host: str, port: int, workers: int) -> None:
    """The head of a run over several processes; begins when all workers have their plan."""
    run = Run(plan)
    cpu: dict[str, float] = {}
    runner = run.environment.create_master_runner(host, port)
    dealt: list[str] = []
    ready: list[str] = []

    def deal(msg: Any, **_: Any) -> None:
        dealt.append(msg.node_id)
        part = {**plan.plain(), "worker": len(dealt) - 1, "workers": workers}
        runner.send_message("plan", part, client_id=msg.node_id)

    def collect(client_id: str, data: dict[str, Any]) -> None:
        if "noted" in data:
            run.take(data["noted"])
            cpu[client_id] = data["noted"]["cpu_s"]

    runner.register_message("plan_wanted", lambda environment, msg, **_: deal(msg))  # noqa: ARG005
    runner.register_message("plan_taken", lambda environment, msg, **_: ready.append(msg.node_id))  # noqa: ARG005
    run.environment.events.worker_report.add_listener(collect)  # type: ignore[no-untyped-call]
    _stop_on_signals(run)
    deadline_ns = monotonic_ns() + WORKERS_MAX_WAIT_S * SECOND_NS
    while len(ready) < workers and not run.stopping:
        if monotonic_ns() > deadline_ns:
            sys.exit(f"{len(ready)} of {workers} workers came in {WORKERS_MAX_WAIT_S} s")
        gevent.sleep(0.1)
    run.records.began_ns = monotonic_ns()
    runner.start_shape()
    _watch(run, lambda: None)
    runner.quit()
    run.close(out, _cpu_s() + sum(cpu.values()), 1 + workers)


def worker(host: str, port: int, ca: Path | None) -> None:
    """One worker: its users, classes and keys come with the master's plan; its authorities are this machine's."""
    trust = ssl_context(ca)
    environment = Environment(user_classes=[users.Customer, users.BadBodies, users.BadKeys, users.Hammer, users.Prober])
    environment.stop_timeout = STOP_TIMEOUT_S
    runner = environment.create_worker_runner(host, port)

    def take_up(msg: Any, **_: Any) -> None:
        users.begin(LoadPlan.model_validate(msg.data), trust)
        runner.send_message("plan_taken", {})

    def report(client_id: str, data: dict[str, Any]) -> None:  # noqa: ARG001  Locust's names
        if users.WORKER:
            data["noted"] = {**users.WORKER[0].recorder.take(), "clock": clock_name(), "cpu_s": _cpu_s()}

    runner.register_message("plan", lambda environment, msg, **_: take_up(msg))  # noqa: ARG005
    environment.events.report_to_master.add_listener(report)  # type: ignore[no-untyped-call]
    runner.send_message("plan_wanted", {})
    runner.greenlet.join()


def _user_classes(plan: LoadPlan) -> list[type[User]]:
    """The classes that have users in this plan; those who misbehave are so many, whatever the shape."""
    counts = plan.profile.users
    hammers = counts.hammers if plan.hammer_key else 0
    wanted: tuple[tuple[type[User], int], ...] = (
        (users.BadBodies, counts.bad_bodies),
        (users.BadKeys, counts.bad_keys),
        (users.Hammer, hammers),
        (users.Prober, counts.probes),
    )
    classes: list[type[User]] = [users.Customer]
    for kind, count in wanted:
        kind.fixed_count = count
        classes += [kind] if count else []
    return classes


def _stop_on_signals(run: Run) -> None:
    def stop() -> None:
        run.stopping = True

    for number in (signal.SIGINT, signal.SIGTERM):
        gevent.signal_handler(number, stop)


def _watch(run: Run, collect: Any) -> None:
    """A line a second until the shape has ended, the payments are made, or a signal came."""
    runner = run.environment.runner
    assert runner is not None  # noqa: S101  both callers made it
    recent: deque[int] = deque(maxlen=5)
    while runner.shape_greenlet and not run.stopping and not _all_made(run):
        gevent.sleep(1)
        collect()
        recent.append(len(run.records.calls))
        print(json.dumps(_line(run, runner.user_count, runner.target_user_count, recent)), flush=True)  # noqa: T201  the command reads it


def _all_made(run: Run) -> bool:
    wanted = run.plan.profile.payments
    return bool(wanted) and len(run.records.payments) >= wanted


def _line(run: Run, count: int, target: int, recent: deque[int]) -> dict[str, Any]:
    calls, payments = run.records.calls, run.records.payments
    outcomes = Counter(call.outcome for call in calls if call.who != "hammer")
    return {
        "seconds": round((monotonic_ns() - run.records.began_ns) / SECOND_NS, 1),
        "users": count,
        "target": target,
        "calls": len(calls),
        "per_second": round((recent[-1] - recent[0]) / max(1, len(recent) - 1)),
        "failed": outcomes[FAILED],
        "payments": len(payments),
        "known": sum(seen.known_ns > 0 for seen in payments),
        "why": next((call.why for call in reversed(calls) if call.outcome == FAILED), ""),
    }


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("role", choices=("alone", "master", "worker"))
    parser.add_argument("--plan", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5557)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--ca", type=Path)
    asked = parser.parse_args()
    logging.basicConfig(level=logging.ERROR)
    if asked.role == "worker":
        worker(asked.host, asked.port, asked.ca)
        return
    plan = LoadPlan.model_validate(json.loads(asked.plan.read_text(encoding="utf-8")))
    if asked.role == "alone":
        alone(plan, asked.out, asked.ca)
    else:
        master(plan, asked.out, asked.host, asked.port, asked.workers)


if __name__ == "__main__":
    main()
