"""The parts of a service, each opened from the settings: store, limits, logs, health. Decides nothing."""

import ssl
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from bakong_service.adapters.keys import Hasher, KeyRing
from bakong_service.adapters.logs import LogFiles, Redactor, logger
from bakong_service.adapters.memory_admission import MemoryAdmission
from bakong_service.adapters.metrics import Metrics
from bakong_service.adapters.private_files import private_folder
from bakong_service.adapters.sealing import Sealer
from bakong_service.adapters.sql.failures import reason
from bakong_service.adapters.sql.migrate import upgrade
from bakong_service.adapters.sql.sqlite import SqliteStore
from bakong_service.adapters.system import SystemTimers, ticks_us
from bakong_service.api.guard import AccessRecord
from bakong_service.api.operations import Check, Part
from bakong_service.domain.errors import UnavailableError
from bakong_service.domain.events import iso
from bakong_service.domain.polling import Budget
from bakong_service.ports import Admission, ReportRow, Store, Timers, unreported
from bakong_service.provider_factory import OpenClient, ProviderFactory, Surroundings
from bakong_service.settings import Settings
from bakong_service.usecases.core import Core
from bakong_service.usecases.refresh import budget

if TYPE_CHECKING:  # PostgreSQL is an extra
    from bakong_service.adapters.sql.postgres import PostgresStore

MAIN_BACKEND = "main-backend"
_SECURITY = frozenset({"unauthorized", "blocked", "rate_limited", "headers_too_large", "too_large"})


async def open_store(settings: Settings, report: ReportRow = unreported) -> "SqliteStore | PostgresStore":
    """The store that DATABASE_URL names, brought up to date. Raises UnavailableError."""
    store = connect_store(settings, report)
    try:
        await store.migrate(upgrade)
    except BaseException as error:
        await store.close()
        if isinstance(error, UnavailableError):
            raise UnavailableError(explained(error)) from error
        raise
    return store


def explained(error: UnavailableError) -> str:
    """What an operator is told of a database; callers of the API are not told why it is away."""
    why = reason(error)
    return f"{error}: {why}" if why else str(error)


def connect_store(settings: Settings, report: ReportRow = unreported) -> "SqliteStore | PostgresStore":
    """The store as it stands. Raises UnavailableError where there is no place for it."""
    seal = Sealer(settings.encryption_keys)
    if settings.database_url.startswith("sqlite:"):
        try:
            private_folder(settings.sqlite_path.parent)
        except OSError as error:
            raise UnavailableError(f"the database's folder cannot be made: {error}") from None
        return SqliteStore(settings.sqlite_path, seal, report)
    from bakong_service.adapters.sql.postgres import PostgresStore  # noqa: PLC0415  PostgreSQL is an extra

    return PostgresStore(settings.database_url, seal, report, pooler=settings.database_pooler)


def row_reporter(log: Any) -> ReportRow:
    """A line for each row that was left out: which, and the failure's kind; its text might show what was stored."""

    def report(kind: str, row_id: str, error: BaseException, /) -> None:
        cause = getattr(error, "orig", None) or error
        log.error("row_failed", kind=kind, id=row_id, failure=type(cause).__name__)

    return report


def open_admission(settings: Settings, timers: Timers | None) -> Admission:
    """Limits in Redis where there is one, else in memory: on the sandbox's clock, or on the monotonic one."""
    now_us = ticks_us if timers is None else lambda: timers.now_ms() * 1000
    local = MemoryAdmission(now_us, settings.rate_limit_per_minute)
    if settings.redis is None:
        return local
    from bakong_service.adapters.redis_admission import RedisAdmission, connect  # noqa: PLC0415  Redis is an extra

    client = connect(settings.redis)
    prefix = settings.redis_prefix
    return RedisAdmission(client, settings.rate_limit_per_minute, prefix=prefix, local=local, ticks_us=ticks_us)


def open_keys(settings: Settings, store: Store) -> KeyRing:
    """MAIN_BACKEND_API_KEY is good as long as it is set; it is not stored. The others are in the database."""
    hasher = Hasher(settings.encryption_keys)
    digests = hasher.digests(settings.main_backend_api_key.get_secret_value())
    return KeyRing(store, hasher, dict.fromkeys(digests, MAIN_BACKEND), ticks_us)


def open_logs(settings: Settings, secrets: Iterable[str] = ()) -> tuple[LogFiles, Any]:
    """The log files, and the logger that writes to them. Raises UnavailableError.

    Logs have the wall's time, also where a world has another.
    """
    try:
        files = LogFiles(settings.log_dir, Redactor((*settings.secrets, *secrets)))
    except OSError as error:
        raise UnavailableError(f"the logs cannot be written: {error}") from None
    wall = SystemTimers()
    return files, logger(files, lambda: iso(wall.now_ms()))


def surroundings(
    settings: Settings,
    factory: ProviderFactory,
    opened: AsyncExitStack,
    timers: Timers,
    store: Store | None,
    on_call: Callable[[str, str], object] = lambda _endpoint, _outcome: None,
) -> Surroundings:
    """What a provider is made of. store None: nobody counts its calls."""

    async def spend_call(day: int, limit: int, /) -> bool:
        if store is None:
            return True
        return await store.write(lambda records: records.spend_call(factory.name, day, limit))

    return Surroundings(
        now_ms=timers.now_ms, open_client=_client_opener(settings, opened), spend_call=spend_call, on_call=on_call
    )


def _client_opener(settings: Settings, opened: AsyncExitStack) -> OpenClient:
    def open_client(base_url: str, *, timeout_ms: int, ca_file: Path | None = None) -> httpx.AsyncClient:
        client = httpx.AsyncClient(
            base_url=base_url,
            timeout=timeout_ms / 1000,
            trust_env=settings.mode == "production",
            verify=_trusted(base_url, ca_file),
        )
        opened.push_async_callback(client.aclose)
        return client

    return open_client


def _trusted(base_url: str, ca_file: Path | None) -> ssl.SSLContext | bool:
    """Whose certificates count: everybody's (True), one CA's, or nobody's, where the provider is asked without TLS."""
    if base_url.startswith("http:"):
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # reading everybody's takes 50 ms of a start
    return ca_file is None or ssl.create_default_context(cafile=ca_file)


def event_recorder(log: Any) -> Callable[[str, str], None]:
    """A line for each event about a payment that is not ours, or not yet."""

    def on_unknown_event(provider: str, reference: str) -> None:
        log.warning("unknown_event", provider=provider, reference=reference[:128])

    return on_unknown_event


def access_recorder(metrics: Metrics, log: Any) -> Callable[[AccessRecord], None]:
    """Records every response in the metrics and in the log, which has the path without its query."""

    def on_response(record: AccessRecord) -> None:
        metrics.answered(record.method, record.route, record.status, record.took_us / 1e6, record.refusal_code)
        write = log.error if record.status >= 500 else log.info
        write(
            "request",
            method=record.method,
            path=record.path[:512],
            route=record.route,
            status=record.status,
            ms=record.took_us / 1000,
            request_id=record.caller.request_id,
            address=record.caller.address,
            actor=record.caller.actor,
            user_agent=record.caller.user_agent,
            why=record.refusal_code,
            security=record.refusal_code in _SECURITY,
        )

    return on_response


async def exposition(metrics: Metrics, core: Core) -> bytes:
    """What Prometheus reads; with what is left of each provider's calls of the day, as the database has it now."""
    for name in core.providers:
        try:
            left = await budget(core, name)
        except UnavailableError:
            metrics.calls_unknown(name)
        else:
            if left is not None:
                metrics.calls_remain(name, left.remaining)
    return metrics.render()


def database_check(store: Store) -> Check:
    async def check() -> Part:
        try:
            await store.ping()
        except UnavailableError as error:
            return Part("unhealthy", str(error))
        return Part("healthy", "answers")

    return check


def redis_check(admission: Admission) -> Check:
    async def check() -> Part:
        wrong = await admission.state()
        if wrong is None:
            return Part("healthy", "not configured: limits are kept in memory")
        return Part("degraded", wrong) if wrong else Part("healthy", "answers")

    return check


def provider_check(core: Core, name: str) -> Check:
    """What is left of a provider's calls of the day, and whether it answered when it was asked last."""

    async def check() -> Part:
        try:
            left = await budget(core, name)
        except UnavailableError:
            return Part("degraded", "not known while the database does not answer")
        facts = () if left is None else _facts(left)
        if core.upstream(name).breaker.is_silent:
            return Part("unhealthy", "does not answer; asked again later", facts)
        if left is not None and left.remaining == 0:
            return Part("degraded", "the day's calls are spent", facts)
        return Part("healthy", "is asked", facts)

    return check


def _facts(left: Budget) -> tuple[tuple[str, Any], ...]:
    return ("dailyCalls", left.daily), ("remainingCalls", left.remaining), ("resetsAt", iso(left.resets_ms))
