"""The go-live check from start to verdict: target, keys, backend, runner, attacks, books, report. Decides nothing."""

import asyncio
import json
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.live import Live
from rich.text import Text

import bakong_loadtests
from bakong_contracts.addresses import host_and_port
from bakong_contracts.escaping import terminal_line
from bakong_loadtests.accounting import Books, until
from bakong_loadtests.baseline import compare
from bakong_loadtests.clock import wall_ns
from bakong_loadtests.errors import LoadError
from bakong_loadtests.limits.attacking import Scope, Seen, attack_all
from bakong_loadtests.limits.attacking import Target as Aim
from bakong_loadtests.limits.attacks import attacks
from bakong_loadtests.limits.frozen import FrozenStep, check_frozen
from bakong_loadtests.plan import LoadPlan
from bakong_loadtests.profiles import Profile
from bakong_loadtests.reconciliation import Reconciliation, Stored, reconcile
from bakong_loadtests.recording import Records, records_of
from bakong_loadtests.report import write
from bakong_loadtests.verdict import MINUTE_NS, Evidence, verdict
from bakong_sandbox.devkit.load.backend import Backend
from bakong_sandbox.devkit.load.database import stored
from bakong_sandbox.devkit.load.progress import shown
from bakong_sandbox.devkit.load.target import Target, TargetOptions, cpu_s, find_target, memory_mb
from bakong_sandbox.stack.launcher import Program
from bakong_sandbox.stack.scripts import LIBRARY
from bakong_sandbox.stack.serving import free_port, listen, serve

OWN_SCENARIOS = Path(bakong_loadtests.__file__).parent
COUNT_EVERY_S = 2.0
PROBE = "/api/payments/status/" + "0" * 32


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadRun:
    """What is to be run. workers 0: one process; expected > 0: workers that are started by hand, elsewhere."""

    profile: Profile
    target: TargetOptions
    out: Path
    seed: int = 1
    workers: int = 0
    expected: int = 0
    bind_host: str = "127.0.0.1"
    bind_port: int = 0
    callback_host: str = "127.0.0.1"
    facts: Mapping[str, str] = field(default_factory=dict)
    baseline: Mapping[str, Any] | None = None
    console: Console = field(default_factory=lambda: Console(stderr=True))


async def run_check(load_run: LoadRun) -> dict[str, Any]:
    """The report, also written to the folder. Raises LoadError, SetupError.

    SIGINT and SIGTERM end the load early, with what there is; before and after it they cancel this, so that whatever
    was started is ended.
    """
    ending = _Ending()
    async with (
        ending.by_signals(),
        find_target(load_run.target, load_run.profile.keys, kill=load_run.profile.kill) as target,
        _backend(load_run) as (backend, callback),
    ):
        plan = _plan(load_run, target, callback)
        return await _Check(load_run, target, plan, backend, ending).run()


def _plan(load_run: LoadRun, target: Target, callback: str) -> LoadPlan:
    special = target.special_keys
    return LoadPlan(
        profile=load_run.profile,
        urls=target.urls,
        keys=target.keys,
        hammer_key=special[0] if special else "",
        bakong_url=target.bakong_url,
        world=target.world,
        callback=callback,
        limit=target.limit,
        run=f"{wall_ns() // 1_000_000:x}",
        seed=load_run.seed,
    )


class _Ending:
    """What SIGINT and SIGTERM do at the moment: `stop` once, where there is one; else cancel the run."""

    stop: Callable[[], None] | None = None

    @asynccontextmanager
    async def by_signals(self) -> AsyncIterator[None]:
        loop, running = asyncio.get_running_loop(), asyncio.current_task()
        assert running is not None  # noqa: S101  a coroutine that runs has a task

        def end() -> None:
            stop, self.stop = self.stop, None
            (stop or running.cancel)()

        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, end)
        try:
            yield
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)


class _Check:
    """One run under way."""

    def __init__(self, load_run: LoadRun, target: Target, plan: LoadPlan, backend: Backend, ending: _Ending) -> None:
        self._ending = ending
        self._load_run = load_run
        self._target = target
        self._plan = plan
        self._backend = backend
        self._notes: list[str] = []
        self._logged = -1.0
        self._interrupted = False
        self._memory_mb: list[tuple[float, float]] = []
        self._users: list[tuple[float, int, int]] = []
        self._provider_calls: list[tuple[float, int]] = []

    async def run(self) -> dict[str, Any]:
        began = datetime.fromtimestamp(wall_ns() / 1e9, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        async with httpx.AsyncClient(trust_env=False, timeout=30, verify=self._target.trust) as client:
            books = self._books(client)
            await self._keys_are_known(client)
            frozen = await self._frozen(client)
            await self._scenario(client, self._plan.profile.scenario)
            before, cpu = await self._calls(books), self._server_cpu()
            attacking = asyncio.create_task(self._attacks())
            try:
                records = await self._load(books)
            except BaseException:
                attacking.cancel()
                raise
            after_cpu = self._server_cpu()
            await self._scenario(client, "manual" if self._plan.profile.scenario else "")
            closed = await self._close(books, records)
            after = await self._calls(books)
            evidence = Evidence(
                plan=self._plan,
                records=records,
                began=began,
                fresh=self._target.fresh,
                attacks=await attacking,
                frozen=frozen,
                books=closed,
                webhooks_wanted=bool(self._plan.callback),
                upstream_calls=None if before is None or after is None else after - before,
                cores=os.cpu_count() or 1,
                server_cpu_s=None if cpu is None or after_cpu is None else after_cpu - cpu,
                memory_mb=self._memory_mb,
                notes=self._notes,
                interrupted=self._interrupted,
                users=self._users,
                provider_calls=self._provider_calls,
                webhook_ns=self._backend.paid_ns,
                run=self._load_run.facts,
            )
        report = verdict(evidence)
        if self._load_run.baseline is not None:
            report["baseline"] = compare(self._load_run.baseline, report)
        write(report, self._load_run.out)
        return report

    async def _keys_are_known(self, client: httpx.AsyncClient) -> None:
        """The service knows its keys, also those made a moment ago. Raises LoadError."""
        key = self._target.special_keys[-1] if self._target.special_keys else self._target.keys[0]
        url = self._target.urls[0] + PROBE
        status = 0

        async def known() -> bool:
            nonlocal status
            status = (await client.get(url, headers={"Authorization": f"Bearer {key}"})).status_code
            return status != 401

        await until(known, 10, 0.5)
        if status == 401:
            raise LoadError(f"{url} answers 401: the API key is not good there, or --data-dir is not its folder")

    def _books(self, client: httpx.AsyncClient) -> Books:
        target = self._target
        key = target.special_keys[1] if target.special_keys else target.keys[0]
        return Books(client, url=target.urls[0], key=key, bakong_url=target.bakong_url, world=target.world)

    async def _load(self, books: Books) -> Records:
        """The records of the runner, which is a process of its own. Raises LoadError."""
        with tempfile.TemporaryDirectory(prefix="bakong-load-run-") as folder:
            plan, out = f"{folder}/plan.json", f"{folder}/records.json"
            _write(plan, json.dumps(self._plan.plain()))
            await self._runners(["--plan", plan, "--out", out], books)
            return records_of(_read(out))

    async def _runners(self, files: list[str], books: Books) -> None:
        """One process, or a master and its workers, until the run ends. SIGINT ends it early, with what there is."""
        load_run = self._load_run
        count = load_run.workers or load_run.expected
        trusting = ["--ca", str(load_run.target.ca)] if load_run.target.ca else []
        if not count:
            await self._follow(_runner("alone", *files, *trusting), books)
            return
        port = str(load_run.bind_port or free_port())
        head = _runner("master", *files, "--host", load_run.bind_host, "--port", port, "--workers", str(count))
        if load_run.expected:
            load_run.console.print(f"Waiting for {count} workers: bakong-sandbox load --worker HOST:{port}")
        workers = [_runner("worker", "--port", port, *trusting) for _ in range(load_run.workers)]
        try:
            await self._follow(head, books)
        finally:
            for worker in workers:
                await asyncio.to_thread(worker.stop)

    async def _follow(self, runner: Program, books: Books) -> None:
        def stop() -> None:
            runner.signal(signal.SIGINT)
            self._interrupted = True
            self._notes.append("Ended by hand before its time: the report is of what there was.")

        self._ending.stop = stop
        try:
            await self._lines(runner, books)
            await asyncio.to_thread(runner.wait)
        finally:
            self._ending.stop = None
            await asyncio.to_thread(runner.kill)

    async def _lines(self, runner: Program, books: Books) -> None:
        profile = self._plan.profile
        with Live(console=self._load_run.console, refresh_per_second=4, transient=True) as live:
            while line := await asyncio.to_thread(runner.line):
                so_far = json.loads(line)
                live.update(shown(profile, so_far, len(self._backend.received)))
                self._log(so_far)
                self._weigh(so_far["seconds"])
                self._users.append((so_far["seconds"], so_far["users"], so_far["target"]))
                await self._count_calls(so_far["seconds"], books)
                await self._kill(so_far["payments"])

    def _log(self, so_far: dict[str, Any]) -> None:
        """Where nobody watches a terminal, a line every ten seconds."""
        if not self._load_run.console.is_terminal and so_far["seconds"] // 10 != self._logged:
            self._logged = so_far["seconds"] // 10
            wanted = self._plan.profile.shape.seconds
            left = max(0.0, wanted - so_far["seconds"])
            counts = ", ".join(f"{name} {value}" for name, value in so_far.items() if name not in ("seconds", "why"))
            why = f"; the last failure: {so_far['why']}" if so_far["why"] else ""
            line = f"{so_far['seconds']:.0f} of {wanted} s, {left:.0f} s left: {counts}{why}"
            self._load_run.console.print(Text(terminal_line(line)), soft_wrap=True)

    def _weigh(self, seconds: float) -> None:
        sizes = [memory_mb(pid) for pid in self._target.pids]
        if sizes and None not in sizes:
            self._memory_mb.append((seconds, sum(one for one in sizes if one is not None)))

    async def _count_calls(self, seconds: float, books: Books) -> None:
        """How many calls the provider has had, every few seconds; where it does not say, the plot has a gap."""
        if self._provider_calls and seconds - self._provider_calls[-1][0] < COUNT_EVERY_S:
            return
        with suppress(httpx.HTTPError, LoadError):
            if (calls := await self._calls(books)) is not None:
                self._provider_calls.append((seconds, calls))

    async def _kill(self, payments: int) -> None:
        """The service at a third of the payments, the worker at two thirds; each once, with -9."""
        stack, wanted = self._target.stack, self._plan.profile.payments
        if stack and payments >= wanted / 3 and not stack.kills:
            await stack.kill_api()
            self._notes.append(f"The service was killed (-9) after {payments} payments, and started again.")
        elif stack and payments >= wanted * 2 / 3 and len(stack.kills) == 1:
            await stack.kill_worker()
            self._notes.append(f"The worker was killed (-9) after {payments} payments, and started again.")

    async def _attacks(self) -> list[Seen]:
        """The attacks, beside the load, on keys of their own."""
        if not self._plan.profile.attacks or not self._plan.limit:
            return []
        planned = attacks(self._plan.limit)
        keys = self._target.special_keys[2 : 2 + len(planned)]
        if len(keys) < len(planned):
            self._notes.append(f"The attacks need {len(planned)} unused keys, and there were none: not carried out.")
            return []
        return await attack_all(self._aim(), [_scope(plan.name, key) for plan, key in zip(planned, keys, strict=True)])

    async def _frozen(self, client: httpx.AsyncClient) -> list[FrozenStep]:
        """The white-box check, where the sandbox was started for this run: it stops the clock for everybody."""
        if not self._plan.profile.attacks or not self._target.own or not self._plan.limit:
            return []
        clock = f"{self._target.bakong_url}/sandbox/worlds/{self._target.world}/clock"

        async def advance(ms: int) -> None:
            (await client.post(f"{clock}/advance", json={"seconds": ms / 1000})).raise_for_status()

        (await client.put(clock, json={"mode": "frozen"})).raise_for_status()
        one, other, third = (_scope(str(n), key) for n, key in enumerate(self._target.special_keys[8:11]))
        steps = await check_frozen(self._aim(), (one, other, third), advance)
        (await client.put(clock, json={"mode": "offset"})).raise_for_status()
        return steps

    def _aim(self) -> Aim:
        urls = tuple(url + PROBE for url in self._plan.urls)
        return Aim(urls=urls, limit=self._plan.limit, window_ns=MINUTE_NS, trust=self._target.trust)

    async def _close(self, books: Books, records: Records) -> Reconciliation | None:
        """The books, once all that was paid is known, or the time to settle is up."""
        if not self._plan.bakong_url:
            return None
        md5s = {seen.md5 for seen in records.payments}
        known: dict[str, str] = {}
        ledger: dict[str, int] = {}
        closed: list[Reconciliation] = []

        async def settled() -> bool:
            ledger.update(await books.ledger())
            known.update(await books.statuses({md5 for md5 in md5s if known.get(md5) != "PAID"}))
            webhooks = self._backend.received if self._plan.callback else None
            closed[:] = [reconcile(records.payments, ledger, known, webhooks, await self._stored(records))]
            return closed[0].balances

        with self._load_run.console.status("Closing the books"):
            await until(settled, self._plan.profile.settle_s, 2.0)
        return closed[0]

    async def _stored(self, records: Records) -> Stored | None:
        database, payments = self._target.database, records.payments
        if database is None:
            return None
        return await stored(database, {one.transaction_id for one in payments}, {one.user_id for one in payments})

    async def _calls(self, books: Books) -> int | None:
        return await books.upstream_calls() if self._plan.bakong_url else None

    async def _scenario(self, client: httpx.AsyncClient, name: str) -> None:
        if not name:
            return
        url = f"{self._target.bakong_url}/sandbox/worlds/{self._target.world}/scenario"
        ours = OWN_SCENARIOS / f"{name}.yaml"
        content = _text(ours) if name not in LIBRARY else json.dumps({"name": name})
        answer = await client.put(url, content=content)
        if answer.status_code != 200:
            raise LoadError(f"the scenario {name!r}: {answer.text[:300]}")

    def _server_cpu(self) -> float | None:
        used = [cpu_s(pid) for pid in self._target.pids]
        return sum(one for one in used if one is not None) if used and None not in used else None


@asynccontextmanager
async def _backend(load_run: LoadRun) -> AsyncIterator[tuple[Backend, str]]:
    backend = Backend(refuse_every=7 if load_run.profile.kill else 0)
    named = load_run.callback_host
    everywhere = "::" if ":" in named else "0.0.0.0"  # noqa: S104  a callback from elsewhere
    with listen(0, named if named == "127.0.0.1" else everywhere) as opened:
        authority = host_and_port(named, opened.getsockname()[1])
        async with serve(backend, opened):
            yield backend, f"http://{authority}/webhooks"


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        raise LoadError(f"the scenario {path.stem!r} is neither in the library nor in {path.parent.name}") from None


def _write(path: str, text: str) -> None:
    Path(path).write_text(text, encoding="utf-8")


def _read(path: str) -> Any:
    """The runner's JSON. Raises LoadError."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise LoadError("the load generator ended without its records: see what it said above") from None


def _runner(role: str, *arguments: str) -> Program:
    """A process of Locust."""
    return Program((sys.executable, "-P", "-m", "bakong_loadtests.runner", role, *arguments))


def _scope(name: str, key: str) -> Scope:
    return Scope(name=name, headers={"Authorization": f"Bearer {key}"})
