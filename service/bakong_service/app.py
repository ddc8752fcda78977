"""The composition root of the service: settings in, a running service out. The one place that knows every part."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from bakong_service import exposition, health_checks, wiring
from bakong_service.adapters.access_tokens import AccessTokens
from bakong_service.adapters.deadline import OneDeadline
from bakong_service.adapters.instruments import Instruments
from bakong_service.adapters.metrics import CONTENT_TYPE, Metrics
from bakong_service.adapters.system import SystemTimers, ticks_us
from bakong_service.adapters.webhook_http import HttpPost
from bakong_service.api import operations, routes
from bakong_service.api.addresses import Proxies
from bakong_service.api.fast_path import FastPath
from bakong_service.api.guard import Guard, Rules
from bakong_service.api.routes_auth import AccessPorts
from bakong_service.api.tiers import Tiers
from bakong_service.built import build_core
from bakong_service.ports import Admission, Timers
from bakong_service.provider_factory import ProviderFactory
from bakong_service.settings import Settings
from bakong_service.usecases.core import Core, check_providers
from bakong_service.usecases.worker import Worker

BEAT_MS = 1_000


@dataclass(frozen=True, slots=True)
class Service:
    """A service that runs: its ASGI app, its core, its worker, its log, and what Prometheus reads."""

    app: Any
    core: Core
    worker: Worker
    log: Any
    metrics: Callable[[], Awaitable[bytes]]


@asynccontextmanager
async def run(
    settings: Settings,
    providers: Sequence[ProviderFactory],
    *,
    timers: Timers | None = None,
    works: bool = True,
    instruments: Instruments | None = None,
) -> AsyncIterator[Service]:
    """A service with its providers, while the context lasts; at its end the worker finishes what it has begun.

    Raises ProviderError for a provider that the core cannot work with.
    timers: the sandbox's clock; by default the system's. works: with a worker in this process. instruments: what makes
    spans; by default what OpenTelemetry's variables ask for.
    """
    async with AsyncExitStack() as opened:
        redact = wiring.open_redactor(settings, providers)
        files, log = wiring.open_logs(settings, redact)
        opened.callback(files.close)
        instruments = instruments or wiring.open_tracing(redact, log, opened)
        report = wiring.row_reporter(log)
        clock = timers or SystemTimers()
        store = await wiring.open_store(settings, report, clock)
        opened.push_async_callback(store.close)
        await wiring.check_keys(settings, store)
        metrics = Metrics()
        admission = wiring.open_admission(settings, timers, wiring.limiter_recorder(metrics, log))
        opened.push_async_callback(admission.close)
        metrics.counts("log_lines_dropped", "Lines that nobody took in time.", lambda: files.dropped)
        about = "1 while each process limits by itself, because Redis does not let them together; else 0."
        metrics.counts("limiter_degraded", about, lambda: admission.is_degraded)
        made = {
            factory.name: instruments.provider(
                factory.make(
                    wiring.surroundings(
                        settings, factory, opened, clock, store, metrics.calls_to(factory.name), instruments
                    )
                )
            )
            for factory in providers
        }
        check_providers(made)
        post = HttpPost(
            private_allowed=settings.private_callbacks,
            on_attempt=metrics.tried_webhook,
            ca_file=settings.webhook_ca_file,
        )
        opened.push_async_callback(post.close)
        core = build_core(settings, store, clock, made, post)
        core.count, core.tracing = metrics.count, instruments
        core.report, core.on_unknown_event = report, wiring.event_recorder(log)
        core.on_audit_sealed = wiring.audit_recorder(log)
        worker = Worker(core)
        if works:
            store.on_set_aside = worker.expect_review
            await worker.start()
            opened.push_async_callback(worker.stop)
            if timers is None:
                opened.callback(_beat(worker, core.timers, metrics).cancel)
        log.info("started", mode=settings.mode, works=works, port=settings.port)
        issuer = wiring.open_issuer(settings, opened, clock, wiring.issuer_recorder(log))
        tokens = wiring.open_tokens(settings, store, clock, issuer)
        read = partial(exposition.exposed, metrics, core, exposition.disks(settings))
        app = _guarded(settings, core, admission, metrics, log, tokens, instruments)
        yield Service(instruments.app(app), core, worker, log, read)
        log.info("stopping")


def _beat(worker: Worker, timers: Timers, metrics: Metrics) -> asyncio.Task[None]:
    """Let the worker look every second: what other processes sell wakes nobody here."""

    async def beat() -> None:
        while True:
            passed = asyncio.Event()
            timers.call_at(timers.now_ms() + BEAT_MS, passed.set)
            await passed.wait()
            worker.wake()
            metrics.beat(timers.now_ms() / 1000)

    return asyncio.create_task(beat())


def _guarded(
    settings: Settings,
    core: Core,
    admission: Admission,
    metrics: Metrics,
    log: Any,
    tokens: AccessTokens,
    instruments: Instruments,
) -> Any:
    """The API behind its guard, each request with one deadline for the database."""
    docs = settings.mode == "sandbox"
    app = routes.build(core, docs=docs)
    app.state.errors_url = settings.errors_base_url
    app.state.admission = admission
    app.state.access = AccessPorts(wiring.open_access(settings, core, tokens, admission), tokens.published)
    checks: dict[str, operations.Check] = {
        "database": health_checks.database_check(core.store),
        "redis": health_checks.redis_check(admission),
        **{name: health_checks.provider_check(core, name) for name in core.providers},
    }
    asked = operations.router(
        checks,
        now_ms=core.timers.now_ms,
        metrics=partial(exposition.exposed, metrics, core, exposition.disks(settings)),
        media_type=CONTENT_TYPE,
    )
    app.router.routes.extend(asked.routes)
    rules = Rules(
        find=wiring.open_keys(settings, core.store).find,
        is_reader=wiring.open_reader(settings),
        verify=tokens.verify,
        admission=admission,
        limit=settings.rate_limit_per_minute,
        new_id=core.ids.new_id,
        ticks_us=ticks_us,
        on_response=wiring.access_recorder(metrics, log, instruments.ids),
        on_doubt=wiring.doubt_recorder(log),
        proxies=Proxies(settings.trusted_proxies),
        docs=docs,
        tiers=Tiers(settings.rate_limit_per_second, settings.rate_limit_per_hour),
        now_ms=core.timers.now_ms,
        errors_url=settings.errors_base_url,
    )
    return OneDeadline(Guard(FastPath(app, routes.BUSIEST), rules), settings.database_deadline_s)
