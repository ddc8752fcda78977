"""The parts of a service, each opened from the settings: store, limits, logs, keys. Decides nothing."""

import asyncio
import hmac
import os
import ssl
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from bakong_contracts.trust import add_authorities
from bakong_service.adapters.access_tokens import AccessTokens, SharedKeys, StoredKeys
from bakong_service.adapters.instruments import UNTRACED, Instruments, open_instruments
from bakong_service.adapters.issuer import FETCH_S, Issuer, IssuerError
from bakong_service.adapters.keys import Hasher, KeyRing
from bakong_service.adapters.logs import LogFiles, Redactor, logger
from bakong_service.adapters.memory_admission import MemoryAdmission
from bakong_service.adapters.metrics import Metrics
from bakong_service.adapters.passwords import Argon2
from bakong_service.adapters.private_files import private_folder
from bakong_service.adapters.rereading import Reread
from bakong_service.adapters.sealing import Sealer
from bakong_service.adapters.sql.failures import reason
from bakong_service.adapters.sql.migrate import upgrade
from bakong_service.adapters.sql.rotation import missing_keys
from bakong_service.adapters.sql.sqlite import SqliteStore
from bakong_service.adapters.system import SystemTimers, ticks_us
from bakong_service.api.addresses import network_of
from bakong_service.domain.errors import UnavailableError, UnreadableRowError
from bakong_service.domain.events import iso
from bakong_service.domain.tokens import Parties
from bakong_service.ports import Admission, ReportRow, Store, Timers, unreported
from bakong_service.provider_factory import OpenClient, ProbeLine, ProviderFactory, Surroundings
from bakong_service.settings import Settings
from bakong_service.usecases.access import Access, Digests
from bakong_service.usecases.core import Core

if TYPE_CHECKING:  # PostgreSQL is an extra, and the commands start without the API
    from bakong_service.adapters.sql.postgres import PostgresStore
    from bakong_service.api.guard import AccessRecord

MAIN_BACKEND = "main-backend"
MOST_DOUBTS = 100  # peers and reasons that get a line each
_SECURITY = frozenset({"unauthorized", "blocked", "rate_limited", "forbidden", "headers_too_large", "too_large"})


async def open_store(
    settings: Settings, report: ReportRow = unreported, timers: Timers | None = None
) -> "SqliteStore | PostgresStore":
    """The store that DATABASE_URL names, brought up to date. Raises UnavailableError."""
    store = connect_store(settings, report, timers)
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


async def check_keys(settings: Settings, store: "SqliteStore | PostgresStore") -> None:
    """Raises UnavailableError where what is stored was sealed with a key that is not here."""
    seal = Sealer(settings.encryption_keys)
    missing = await store.migrate(lambda connection: missing_keys(connection, seal))
    if missing:
        rows = ", ".join(f"{table} by the key {key_id}" for table, key_id in missing)
        raise UnavailableError(
            f"stored rows do not open ({rows}): put the ENCRYPTION_KEY that sealed them into OLD_ENCRYPTION_KEYS; "
            "where it is lost, `bakong-sandbox service review --give-up-key ID` lets the service start without them"
        )


def connect_store(
    settings: Settings, report: ReportRow = unreported, timers: Timers | None = None
) -> "SqliteStore | PostgresStore":
    """The store as it stands. Raises UnavailableError where there is no place for it."""
    seal, now_ms = Sealer(settings.encryption_keys), (timers or SystemTimers()).now_ms
    deadline_s = settings.database_deadline_s
    if settings.database_url.startswith("sqlite:"):
        try:
            private_folder(settings.sqlite_path.parent)
        except OSError as error:
            raise UnavailableError(f"the database's folder cannot be made: {error}") from None
        return SqliteStore(settings.sqlite_path, seal, report, now_ms, deadline_s=deadline_s)
    from bakong_service.adapters.sql.postgres import PostgresStore  # noqa: PLC0415  PostgreSQL is an extra

    pooler = settings.database_pooler
    return PostgresStore(settings.database_url, seal, report, now_ms, pooler=pooler, deadline_s=deadline_s)


def row_reporter(log: Any) -> ReportRow:
    """A line for each row that was left out: which, and the failure's kind; its text might show what was stored."""

    def report(kind: str, row_id: str, error: BaseException, /) -> None:
        if isinstance(error, UnreadableRowError):
            log.error("row_failed", kind=kind, id=row_id, failure="UnreadableRow", why=error.why)
            return
        cause = getattr(error, "orig", None) or error
        log.error("row_failed", kind=kind, id=row_id, failure=type(cause).__name__)

    return report


def open_admission(
    settings: Settings, timers: Timers | None, on_change: Callable[[str, str], object] = lambda _code, _message: None
) -> Admission:
    """Limits in Redis where there is one, else in memory: on the sandbox's clock, or on the monotonic one.

    on_change: see limiter_recorder.
    """
    now_us = ticks_us if timers is None else lambda: timers.now_ms() * 1000
    local = MemoryAdmission(now_us, settings.rate_limit_per_minute, failures=settings.max_wrong_keys)
    if settings.redis is None:
        return local
    from bakong_service.adapters.redis_admission import RedisAdmission, connect  # noqa: PLC0415  Redis is an extra

    client = connect(settings.redis, settings.redis_timeout_s)
    prefix = settings.redis_prefix
    limit = settings.rate_limit_per_minute
    return RedisAdmission(
        client,
        limit,
        prefix=prefix,
        local=local,
        ticks_us=ticks_us,
        failures=settings.max_wrong_keys,
        on_change=on_change,
    )


def limiter_recorder(metrics: Metrics, log: Any) -> Callable[[str, str], None]:
    """A line and a count when the limiter leaves Redis, with the reason; a line when it is back, which has none."""

    def on_change(code: str, message: str) -> None:
        if not code:
            log.warning("limiter_restored", message="Redis counts again, for all processes together")
            return
        metrics.limiter_fell_back(code)
        log.error("limiter_degraded", reason=code, message=message)

    return on_change


def open_keys(settings: Settings, store: Store) -> KeyRing:
    """MAIN_BACKEND_API_KEY is good as long as it is set; it is not stored. The others are in the database."""
    hasher = Hasher(settings.encryption_keys)
    digests = hasher.digests(settings.main_backend_api_key.get_secret_value())
    return KeyRing(store, hasher, dict.fromkeys(digests, MAIN_BACKEND), ticks_us)


def open_reader(settings: Settings) -> Callable[[str], bool]:
    """Whether a key is ADMIN_READ_KEY; without one none is."""
    good = settings.admin_read_key.get_secret_value().encode()

    def is_reader(key: str) -> bool:
        return bool(good) and hmac.compare_digest(key.encode("utf-8", "surrogateescape"), good)

    return is_reader


def open_parties(settings: Settings) -> Parties:
    """Who issues our access tokens, and for whom."""
    return Parties(settings.token_issuer, settings.token_audience, settings.token_leeway_s * 1000)


def open_issuer(
    settings: Settings, opened: AsyncExitStack, timers: Timers, on_change: Callable[[str], object] = id
) -> Issuer | None:
    """The outside issuer of tokens; None where OIDC_ISSUER names none."""
    if not settings.oidc_issuer:
        return None
    parties = Parties(settings.oidc_issuer, settings.oidc_audience, settings.token_leeway_s * 1000)
    open_client = _client_opener(settings, opened)
    client = open_client(settings.oidc_issuer, timeout_ms=FETCH_S * 1000, ca_file=settings.oidc_ca_file)
    in_clear = settings.mode == "sandbox"
    issuer = Issuer(parties, client, timers.now_ms, in_clear=in_clear, on_change=on_change)
    opened.push_async_callback(issuer.close)
    return issuer


def issuer_recorder(log: Any) -> Callable[[str], None]:
    """A line when the outside issuer's keys cannot be fetched, with the reason; and one when they can be again."""

    def on_change(failure: str) -> None:
        if failure:
            log.error("issuer_failed", message=failure, security=True)
        else:
            log.warning("issuer_restored", message="the issuer's keys are fetched again")

    return on_change


def open_tokens(settings: Settings, store: Store, timers: Timers, issuer: Issuer | None = None) -> AccessTokens:
    """What signs and verifies access tokens: JWT_SECRET where it is set, else key pairs of the database."""
    state = Reread(lambda: store.read(lambda records: records.token_state(timers.now_ms())), ticks_us)
    keys = (
        SharedKeys(settings.jwt_secrets)
        if settings.jwt_secrets
        else StoredKeys(store, settings.token_algorithm, timers.now_ms, state)
    )
    return AccessTokens(keys, state, open_parties(settings), timers.now_ms, issuer)


def open_access(settings: Settings, core: Core, tokens: AccessTokens, admission: Admission) -> Access:
    """Logins, and machines' tokens."""
    return Access(
        core=core,
        passwords=Argon2(),
        sign=tokens.sign,
        parties=open_parties(settings),
        digests=secret_digests(settings),
        failed=admission.failed,
    )


def secret_digests(settings: Settings) -> Digests:
    """The keyed hashes of refresh tokens and of clients' secrets."""
    return Hasher(settings.encryption_keys, "token secrets").digests


def tokens_line(settings: Settings) -> str:
    """What check-config tells of access tokens."""
    signed = "HS256 by JWT_SECRET" if settings.jwt_secrets else f"{settings.token_algorithm} by keys of the database"
    return f"tokens: {signed}, issuer {settings.token_issuer}, audience {settings.token_audience}"


async def probe_issuer(settings: Settings) -> list[ProbeLine]:
    """Whether the outside issuer's keys can be fetched from here; nothing where there is none."""
    async with AsyncExitStack() as opened:
        issuer = open_issuer(settings, opened, SystemTimers())
        if issuer is None:
            return []
        try:
            count = await issuer.fetch()
        except IssuerError as error:
            return [ProbeLine("issuer", str(error), good=False)]
        return [ProbeLine("issuer", f"answers, {count} keys can be used", good=count > 0)]


def open_redactor(settings: Settings, providers: Iterable[ProviderFactory]) -> Redactor:
    """What leaves secrets and accounts out, of logs and of spans."""
    return Redactor((*settings.secrets, *(secret for factory in providers for secret in factory.secrets)))


def open_tracing(redact: Redactor, log: Any, opened: AsyncExitStack) -> Instruments:
    """What OpenTelemetry's variables ask for; what it complains of is a line of the log. Raises UnavailableError."""
    ended = ExitStack()
    made = open_instruments(os.environ, redact, lambda message: log.warning("tracing_failed", message=message), ended)
    if made.is_on:
        opened.push_async_callback(asyncio.to_thread, ended.close)
    return made


def open_logs(settings: Settings, redact: Redactor) -> tuple[LogFiles, Any]:
    """The log files, and the logger that writes to them. Raises UnavailableError.

    Logs have the wall's time, also where a world has another.
    """
    try:
        files = LogFiles(settings.log_dir, redact)
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
    instruments: Instruments = UNTRACED,
) -> Surroundings:
    """What a provider is made of. store None: nobody counts its calls."""

    async def spend_call(day: int, limit: int, /) -> bool:
        if store is None:
            return True
        return await store.write(lambda records: records.spend_call(factory.name, day, limit))

    return Surroundings(
        now_ms=timers.now_ms,
        open_client=_client_opener(settings, opened, instruments),
        spend_call=spend_call,
        on_call=on_call,
        signed_ms=SystemTimers().now_ms,
    )


def _client_opener(settings: Settings, opened: AsyncExitStack, instruments: Instruments = UNTRACED) -> OpenClient:
    def open_client(base_url: str, *, timeout_ms: int, ca_file: Path | None = None) -> httpx.AsyncClient:
        client = instruments.client_kind(
            base_url=base_url,
            timeout=timeout_ms / 1000,
            trust_env=settings.mode == "production",
            verify=_trusted(base_url, ca_file),
        )
        opened.push_async_callback(client.aclose)
        return client

    return open_client


def _trusted(base_url: str, ca_file: Path | None) -> ssl.SSLContext | bool:
    """Whose certificates count: everybody's (True), one CA's, or nobody's, where the provider is asked without TLS.

    Raises UnavailableError for a file that names no authority.
    """
    if base_url.startswith("http:"):
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # reading everybody's takes 50 ms of a start
    if ca_file is None:
        return True
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        add_authorities(context, ca_file)
    except ValueError as error:
        raise UnavailableError(f"the authorities of {base_url}: {error}") from None
    return context


def audit_seals(settings: Settings) -> list[Callable[[str], str]]:
    """The keyed hash of an entry of the audit log, under the present ENCRYPTION_KEY, then under each old one."""
    hashers = (Hasher([key], "audit seals") for key in settings.encryption_keys)
    return [lambda text, hasher=hasher: hasher.digests(text)[0] for hasher in hashers]  # type: ignore[misc]


def audit_recorder(log: Any) -> Callable[[int, str], None]:
    """A line for each batch that is sealed: where logs are kept elsewhere, they hold the database to it."""

    def on_audit_sealed(number: int, entry: str) -> None:
        log.info("audit_sealed", number=number, hash=entry)

    return on_audit_sealed


def event_recorder(log: Any) -> Callable[[str, str], None]:
    """A line for each event about a payment that is not ours, or not yet."""

    def on_unknown_event(provider: str, reference: str) -> None:
        log.warning("unknown_event", provider=provider, reference=reference[:128])

    return on_unknown_event


def access_recorder(
    metrics: Metrics, log: Any, ids: Callable[[], Mapping[str, str]] = dict
) -> "Callable[[AccessRecord], None]":
    """Records every response in the metrics and in the log, which has the path without its query.

    ids: of the trace that the request belongs to.
    """

    def on_response(record: "AccessRecord") -> None:
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
            **ids(),
            security=record.refusal_code in _SECURITY,
        )

    return on_response


def doubt_recorder(log: Any) -> Callable[[str, str], None]:
    """A line at the first refusal by an address that may be a proxy's, once for each peer and reason."""
    seen = set[tuple[str, str]]()

    def on_doubt(peer: str, why: str) -> None:
        if (peer, why) in seen or len(seen) >= MOST_DOUBTS:
            return
        seen.add((peer, why))
        advice = "where it is your proxy, put its address into TRUSTED_PROXIES and let it set X-Forwarded-For"
        log.warning("proxy_doubted", peer=peer, message=f"{why}; {advice}", security=True)

    return on_doubt


def proxies_line(trusted: Sequence[str]) -> str:
    """What check-config tells of the proxies."""
    if not trusted:
        return (
            "proxies: none trusted, X-Forwarded-For is not read; behind a proxy set TRUSTED_PROXIES to its address, "
            "or all its callers share one address, and one's wrong keys shut out all"
        )
    if everybody := [text for text in trusted if network_of(text).prefixlen == 0]:
        return f"proxies: TRUSTED_PROXIES has {everybody[0]}, so that every caller may choose his own address"
    return f"proxies: X-Forwarded-For is read from {', '.join(trusted)}"
