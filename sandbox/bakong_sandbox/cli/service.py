"""`service`: the payment service by itself, as it runs in production, and what its operators need."""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from bakong_sandbox.cli.program import run_async
from bakong_sandbox.stack import service as production
from bakong_sandbox.stack.errors import SetupError
from bakong_service import wiring
from bakong_service.adapters.keys import Hasher, draw
from bakong_service.adapters.sealing import Sealer
from bakong_service.adapters.sql import migrate as migrations
from bakong_service.adapters.sql import rotation
from bakong_service.adapters.sql.sqlite import SqliteStore
from bakong_service.adapters.system import SystemTimers
from bakong_service.domain.errors import UnavailableError
from bakong_service.domain.events import iso
from bakong_service.domain.keys import ApiKey
from bakong_service.ports import Store
from bakong_service.provider_factory import ProbeLine, ProviderFactory
from bakong_service.settings import Settings

if TYPE_CHECKING:  # PostgreSQL is an extra
    from bakong_service.adapters.sql.postgres import PostgresStore

T = TypeVar("T")
service = typer.Typer(no_args_is_help=True, help="The payment service: run it, and look after it.")
keys = typer.Typer(no_args_is_help=True, help="API keys: several may be good at once.")
webhooks = typer.Typer(no_args_is_help=True, help="Undelivered webhooks.")
commands = typer.Typer()
service.add_typer(keys, name="keys")
service.add_typer(webhooks, name="webhooks")
commands.add_typer(service, name="service")


@service.command("run")
def run(
    host: Annotated[
        str, typer.Option(help="The address to listen on; 0.0.0.0 inside a container, :: for IPv6 too.")
    ] = "127.0.0.1",
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="By default PORT, which is 3002.")] = None,
    no_worker: Annotated[bool, typer.Option("--no-worker", help="The API alone; a worker runs elsewhere.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON when it answers.")] = False,
) -> None:
    """Serve the API, with a worker, until Ctrl-C. Settings are read from the environment."""
    run_async(production.serve_api(host, port, works=not no_worker, as_json=as_json))


@service.command("worker")
def worker() -> None:
    """Poll payments and deliver webhooks, without an API, until Ctrl-C. As many as you like on one database."""
    run_async(production.work())


@service.command("migrate")
def migrate(
    to: Annotated[str, typer.Option(help="A revision, or head.")] = "head",
    down: Annotated[str, typer.Option(metavar="REVISION", help="Go back to it; base undoes everything.")] = "",
    show: Annotated[bool, typer.Option("--show", help="Only print the database's revision.")] = False,
) -> None:
    """Bring the database to a revision."""

    async def work() -> str:
        store = _connected(production.configured().settings)
        try:
            if down:
                await store.migrate(lambda connection: migrations.downgrade(connection, down))
            elif not show:
                await store.migrate(lambda connection: migrations.upgrade(connection, to))
            return await store.migrate(migrations.revision) or "nothing"
        except UnavailableError as error:
            raise SetupError(f"DATABASE_URL: {wiring.explained(error)}") from None
        finally:
            await store.close()

    print(f"the database stands at {run_async(work())}; this program's newest is {migrations.HEAD}")


@service.command("check-config")
def check_config(
    no_token_check: Annotated[
        bool, typer.Option("--no-token-check", help="Spend none of the day's calls: do not ask Bakong about the token.")
    ] = False,
) -> None:
    """Check the settings, and whether the database, Redis and Bakong answer. Exit code 2: it would not start.

    Exit code 1: it would start, but Bakong is not reached from here, or refuses the token.
    """
    raise typer.Exit(run_async(_check(asks=not no_token_check)))


async def _check(*, asks: bool) -> int:
    """Print a line for each part. 0: all is well; 1: the service would start, but could not ask Bakong."""
    settings, providers = production.configured()
    print(f"settings: good, mode {settings.mode}, limit {settings.rate_limit_per_minute}/min")
    store = _connected(settings)
    try:
        revision = await store.migrate(migrations.revision)
        print(f"database: answers, stands at {revision or 'nothing'} of {migrations.HEAD}")
        admission = wiring.open_admission(settings, None)
        print(f"redis: {(await wiring.redis_check(admission)()).message}")
        await admission.close()
        counting = store if revision == migrations.HEAD else None
        lines = [line for one in providers for line in await _probed(settings, one, counting, spends=asks)]
    except UnavailableError as error:
        raise SetupError(f"the service would not start: database: {wiring.explained(error)}") from None
    finally:
        await store.close()
    for line in lines:
        print(line)
    return 0 if all(line.good for line in lines) else 1


def _connected(settings: Settings) -> "SqliteStore | PostgresStore":
    """The store as it stands. Raises SetupError."""
    try:
        return wiring.connect_store(settings)
    except UnavailableError as error:
        raise SetupError(f"DATABASE_URL: {error}") from None


async def _probed(
    settings: Settings, factory: ProviderFactory, counting: Store | None, *, spends: bool
) -> list[ProbeLine]:
    """What a provider says. counting: where a call is counted that is one of the day's."""
    if factory.probe is None:
        return []
    async with AsyncExitStack() as opened:
        given = wiring.surroundings(settings, factory, opened, SystemTimers(), counting)
        return await factory.probe(given, spends=spends)


@service.command("rotate")
def rotate() -> None:
    """Seal every sealed column again with the present ENCRYPTION_KEY. The old keys stand in OLD_ENCRYPTION_KEYS."""

    async def work(settings: Settings, store: "SqliteStore | PostgresStore") -> int:
        return sum([await store.migrate(batch) for batch in rotation.batches(Sealer(settings.encryption_keys))])

    print(f"{_with_store(work)} columns were sealed with the present key; none needs an old one")


@keys.command("make")
def make_key(label: Annotated[str, typer.Option(help="Whose key it is.")] = "main backend") -> None:
    """Make an API key and print it, once: only its keyed hash is kept."""

    async def work(settings: Settings, store: "SqliteStore | PostgresStore") -> str:
        key, at_ms = draw(), SystemTimers().now_ms()
        digest = Hasher(settings.encryption_keys[:1]).digests(key)[0]
        await store.write(lambda records: records.add_api_key(digest, label[:64], at_ms))
        return key

    print(_with_store(work))


@keys.command("list")
def list_keys() -> None:
    """List the keys by the beginning of their hash."""

    async def work(_settings: Settings, store: "SqliteStore | PostgresStore") -> list[ApiKey]:
        return list(await store.read(lambda records: records.api_keys()))

    for line in [_key_line(key) for key in _with_store(work)] or ["no keys but MAIN_BACKEND_API_KEY"]:
        print(line)


def _key_line(key: ApiKey) -> str:
    state = "good" if key.revoked_ms is None else f"revoked {iso(key.revoked_ms)}"
    return f"{key.id}  made {iso(key.created_ms)}  {state}  {key.label}"


@keys.command("revoke")
def revoke_key(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="As `keys list` has it, or the key.")],
) -> None:
    """Revoke a key; within a second no replica takes it any more."""

    async def work(settings: Settings, store: "SqliteStore | PostgresStore") -> str:
        keys = await store.read(lambda records: records.api_keys())
        digests = Hasher(settings.encryption_keys).digests(key_id)
        named = [key for key in keys if key.digest in digests or (key_id and key.digest.startswith(key_id))]
        if len(named) != 1:
            raise SetupError(f"{len(named)} keys begin with {key_id!r}; `service keys list` shows them")
        at_ms = SystemTimers().now_ms()
        is_new = await store.write(lambda records: records.revoke_api_key(named[0].digest, at_ms))
        return f"{named[0].id} is revoked" if is_new else f"{named[0].id} was revoked before"

    print(_with_store(work))


@webhooks.command("list")
def list_webhooks(limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50) -> None:
    """List what was given up, newest first."""

    async def work(_settings: Settings, store: "SqliteStore | PostgresStore") -> list[str]:
        return [
            f"{row.id}  {iso(row.created_ms)}  {row.event.value}  {row.attempts} tries, {row.last_error}"
            for row in await store.read(lambda records: records.given_up(limit))
        ]

    for line in _with_store(work) or ["every webhook was delivered, or is still tried"]:
        print(line)


@webhooks.command("replay")
def replay_webhooks(
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="webhook-ids, or `all` that were given up.")],
) -> None:
    """Let a worker deliver once more, at once, with the same webhook-id."""

    async def work(_settings: Settings, store: "SqliteStore | PostgresStore") -> int:
        named = ids
        if ids == ["all"]:
            named = [row.id for row in await store.read(lambda records: records.given_up(10_000))]
        at_ms = SystemTimers().now_ms()
        missing = await store.write(lambda records: [one for one in named if not records.replay(one, at_ms)])
        if missing:
            raise SetupError(f"no webhook has the id {missing[0]!r}")
        return len(named)

    print(f"{_with_store(work)} are due again")


def _with_store(work: Callable[[Settings, "SqliteStore | PostgresStore"], Awaitable[T]]) -> T:
    """What the work returns, with the environment's settings and their store, brought up to date. Raises SetupError."""

    async def opened() -> T:
        settings = production.configured().settings
        try:
            store = await wiring.open_store(settings)
            try:
                return await work(settings, store)
            finally:
                await store.close()
        except UnavailableError as error:
            raise SetupError(f"DATABASE_URL: {error}") from None

    return run_async(opened())
