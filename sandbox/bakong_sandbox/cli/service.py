"""`service`: the payment service by itself, as it runs in production, and what its operators need."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from bakong_contracts.escaping import terminal_line
from bakong_contracts.webhooks import ProbeType
from bakong_sandbox.cli import access, service_books, service_payments
from bakong_sandbox.cli.program import run_async
from bakong_sandbox.cli.service_store import changed, with_store
from bakong_sandbox.cli.streams import typed
from bakong_sandbox.cli.tables import AsJson, Columns, show
from bakong_sandbox.stack.care_tokens import care_token
from bakong_sandbox.stack.configured import configured
from bakong_sandbox.stack.datadir import load_secrets
from bakong_sandbox.stack.errors import SetupError
from bakong_service import wiring
from bakong_service.adapters.keys import Hasher, draw
from bakong_service.adapters.sealing import Sealer
from bakong_service.adapters.sql import migrate as migrations
from bakong_service.adapters.sql import rotation
from bakong_service.adapters.sql.records_review import LOST_KEY
from bakong_service.adapters.sql.sqlite import SqliteStore
from bakong_service.adapters.system import SystemIds, SystemTimers
from bakong_service.api.shapes import webhook_shown
from bakong_service.api.shapes_admin import webhook_line_shown
from bakong_service.domain.errors import UnavailableError
from bakong_service.domain.escrow_numbers import amount_text
from bakong_service.domain.events import Notification, iso
from bakong_service.domain.keys import ApiKey
from bakong_service.domain.review import SetAside
from bakong_service.domain.tokens import platform_claims
from bakong_service.ports import Records, Store
from bakong_service.provider_factory import ProbeLine, ProviderFactory
from bakong_service.settings import Settings
from bakong_service.usecases import webhooks as on_demand
from bakong_service.usecases.escrow.reconciling import Reconciled, reconcile
from bakong_service.usecases.orders.methods import seed_thai_methods as seed_methods
from bakong_service.usecases.provider_events import replay as replay_event
from bakong_service.usecases.review import take_back
from bakong_service.usecases.seal_audit import reseal as reseal_audit

if TYPE_CHECKING:  # PostgreSQL is an extra
    from bakong_service.adapters.sql.postgres import PostgresStore

SHOWN = 100
KEYS: Columns = {
    "id": "id",
    "made": "createdAt",
    "state": lambda row: f"revoked {row['revokedAt']}" if row["revokedAt"] else "good",
    "label": "label",
}
WEBHOOKS: Columns = {
    "id": "webhookId",
    "made": "createdAt",
    "event": "event",
    "state": "state",
    "tries": "tries",
    "last": lambda row: row["lastError"] or row["lastStatus"],
}
T = TypeVar("T")
service = typer.Typer(no_args_is_help=True, help="The payment service: run it, and look after it.")
keys = typer.Typer(no_args_is_help=True, help="API keys: several may be good at once.")
webhooks = typer.Typer(no_args_is_help=True, help="Webhooks to the main backend: seen, sent again, tried.")
inbox = typer.Typer(no_args_is_help=True, help="Webhooks of providers that name no payment of ours.")
commands = typer.Typer()
seed = typer.Typer(no_args_is_help=True, help="Rows to begin with.")
service.add_typer(keys, name="keys")
service.add_typer(seed, name="seed")
service.add_typer(webhooks, name="webhooks")
service.add_typer(inbox, name="webhooks-inbox")
service.add_typer(service_books.commands)
service.add_typer(service_payments.commands)
service.add_typer(access.users, name="users")
service.add_typer(access.clients, name="clients")
service.add_typer(access.tokens, name="tokens")
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
    from bakong_sandbox.stack import service as production  # noqa: PLC0415  the other commands start without the API

    run_async(production.serve_api(host, port, works=not no_worker, as_json=as_json))


@service.command("worker")
def worker() -> None:
    """Poll payments and deliver webhooks, without an API, until Ctrl-C. As many as you like on one database."""
    from bakong_sandbox.stack import service as production  # noqa: PLC0415  the other commands start without the API

    run_async(production.work())


@service.command("migrate")
def migrate(
    to: Annotated[str, typer.Option(help="A revision, or head.")] = "head",
    down: Annotated[str, typer.Option(metavar="REVISION", help="Go back to it; base undoes everything.")] = "",
    show: Annotated[bool, typer.Option("--show", help="Only print the database's revision.")] = False,
) -> None:
    """Bring the database to a revision."""

    async def work() -> str:
        store = _connected(configured().settings)
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
    from bakong_service import health_checks  # noqa: PLC0415  the other commands start without the API

    settings, providers = configured()
    print(f"settings: good, mode {settings.mode}, limit {settings.rate_limit_per_minute}/min")
    print(wiring.proxies_line(settings.trusted_proxies))
    print(wiring.tokens_line(settings))
    store = _connected(settings)
    try:
        revision = await store.migrate(migrations.revision)
        print(f"database: answers, stands at {revision or 'nothing'} of {migrations.HEAD}")
        admission = wiring.open_admission(settings, None)
        if revision == migrations.HEAD:
            await wiring.check_keys(settings, store)
        print(f"redis: {(await health_checks.redis_check(admission)()).message}")
        await admission.close()
        counting = store if revision == migrations.HEAD else None
        lines = await wiring.probe_issuer(settings)
        lines += [line for one in providers for line in await _probed(settings, one, counting, spends=asks)]
    except UnavailableError as error:
        raise SetupError(f"the service would not start: database: {wiring.explained(error)}") from None
    finally:
        await store.close()
    for line in lines:
        print(terminal_line(line))
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
    unopened: list[str] = []

    async def work(settings: Settings, store: "SqliteStore | PostgresStore") -> int:
        seal = Sealer(settings.encryption_keys)
        batches = rotation.batches(seal, lambda kind, row_id, error: unopened.append(f"{kind} of {row_id}: {error}"))
        sealed = sum([await store.migrate(batch) for batch in batches])
        await store.write(lambda records: reseal_audit(records, wiring.audit_seals(settings)))
        return sealed

    sealed = with_store(work)
    if not unopened:
        print(f"{sealed} columns were sealed with the present key; none needs an old one")
        return
    print(f"{sealed} columns were sealed with the present key; {len(unopened)} do not open, and stay as they are:")
    for line in unopened[:SHOWN]:
        print(line)
    raise typer.Exit(1)


@service.command("review")
def review(
    retry: Annotated[
        bool, typer.Option("--retry", help="Read each again now, and take back what can be read.")
    ] = False,
    give_up_key: Annotated[
        str, typer.Option(metavar="ID", help="This key is lost: let the service start without what it sealed.")
    ] = "",
    as_json: AsJson = None,
) -> None:
    """List the rows that cannot be read, and are set aside until they can be: kind, id, since when, why.

    A worker reads them again at its start and every ten minutes.
    """

    async def work(settings: Settings, store: "SqliteStore | PostgresStore") -> list[dict[str, Any]]:
        at_ms = SystemTimers().now_ms()
        if give_up_key:
            await store.write(lambda records: records.set_aside(LOST_KEY, give_up_key, "given up", at_ms))
        return [row async for row in _set_aside(store, settings.grace_ms, retry=retry)]

    show(with_store(work), as_json)


async def _set_aside(store: Store, grace_ms: int, *, retry: bool) -> AsyncIterator[dict[str, Any]]:
    """Each row, and whether it was taken back."""
    after: SetAside | None = None
    while batch := await store.read(partial(_listed, after)):
        after = batch[-1]
        for row in batch:
            taken = retry and await store.write(partial(take_back, row, SystemTimers().now_ms(), grace_ms))
            state = "can be read again, and is taken back" if taken else row.why
            yield {"kind": row.kind, "id": row.row_id, "since": iso(row.at_ms), "state": state}


def _listed(after: SetAside | None, records: Records) -> list[SetAside]:
    return records.listed(after, SHOWN)


@service.command("test-token")
def issue_test_token(
    user: Annotated[str, typer.Option(help="The platform's id of who asks.")],
    role: Annotated[str, typer.Option(help="GUARDIAN, CAREGIVER, AGENCY_ADMIN, PLATFORM_ADMIN or SUPER_ADMIN.")],
    agency: Annotated[
        str | None, typer.Option(metavar="ID", help="Of an AGENCY_ADMIN: whose payments he sees.")
    ] = None,
    data_dir: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Of a sandbox that runs with --providers: its secret signs, for ten years, and no setting is read.",
        ),
    ] = None,
) -> None:
    """Issue a signed token for one of the care platform's people and print it. For the sandbox: there are no users.

    In production the platform signs its own, with JWT_SECRET, or has an issuer.
    """
    if data_dir is not None:
        print(_signed_by(data_dir, typed(user), role, agency))
        return

    async def work(settings: Settings, store: "SqliteStore | PostgresStore") -> str:
        if settings.mode == "production":
            raise SetupError("SERVICE_MODE: read production; test tokens are the sandbox's alone")
        timers = SystemTimers()
        tokens = wiring.open_tokens(settings, store, timers)
        parties = wiring.open_parties(settings)
        try:
            claims = platform_claims(typed(user), role, agency, parties, timers.now_ms(), SystemIds().new_id())
        except ValueError as error:
            raise SetupError(f"--role: {error}") from None
        return await tokens.sign(claims)

    print(with_store(work))


def _signed_by(folder: Path, user: str, role: str, agency: str | None) -> str:
    """A token as a platform signs it by itself. Raises SetupError."""
    try:
        return care_token(load_secrets(folder).jwt_secret, user, role, SystemTimers().now_ms(), agency)
    except ValueError as error:
        raise SetupError(str(error)) from None


@service.command("reconcile")
def reconcile_books() -> None:
    """Ask the providers about every payment of a job and its refunds, and print what differs from our books.

    Exit code 1 where something differs. Money that was not known of is entered.
    """
    from bakong_sandbox.stack.starting import started  # noqa: PLC0415  the other commands start without the API
    from bakong_service import app as service_app  # noqa: PLC0415  the other commands start without the API

    async def work() -> Reconciled:
        given = configured()
        async with started(service_app.run(given.settings, given.providers, works=False)) as running:
            return await reconcile(running.core)

    done = run_async(work())
    for one in done.differences:
        line = f"{one.payment_id or 'the ledger'}  {one.what}: ours {one.ours}, the provider's {one.theirs}"
        print(terminal_line(line))
    held = ", ".join(f"{method} {amount_text(minor)} BDT" for method, minor in sorted(done.clearing.items()))
    print(
        terminal_line(
            f"{done.payments} payments, {len(done.differences)} differences; with the providers: {held or 'nothing'}"
        )
    )
    if done.differences:
        raise typer.Exit(1)


@seed.command("thai-methods")
def seed_thai_methods() -> None:
    """Make the Thai payment methods that are not there yet: PromptPay, and Omise's ways to pay."""

    async def work(settings: Settings, store: "SqliteStore | PostgresStore") -> list[str]:
        made = await changed(settings, store, seed_methods)
        return [f"{method.provider}  {method.id}  {method.name}" for method in made]

    for line in with_store(work) or ["they are all there"]:
        print(terminal_line(line))


@keys.command("make")
def make_key(label: Annotated[str, typer.Option(help="Whose key it is.")] = "main backend") -> None:
    """Make an API key and print it, once: only its keyed hash is kept."""

    async def work(settings: Settings, store: "SqliteStore | PostgresStore") -> str:
        key, at_ms = draw(), SystemTimers().now_ms()
        digest = Hasher(settings.encryption_keys[:1]).digests(key)[0]
        await store.write(lambda records: records.add_api_key(digest, typed(label)[:64], at_ms))
        return key

    print(with_store(work))


@keys.command("list")
def list_keys(as_json: AsJson = None) -> None:
    """List the keys by the beginning of their hash; none but MAIN_BACKEND_API_KEY where the list is empty."""

    async def work(_settings: Settings, store: "SqliteStore | PostgresStore") -> list[ApiKey]:
        return list(await store.read(lambda records: records.api_keys()))

    show([_key_shown(key) for key in with_store(work)], as_json, KEYS)


def _key_shown(key: ApiKey) -> dict[str, Any]:
    revoked = None if key.revoked_ms is None else iso(key.revoked_ms)
    return {"id": key.id, "createdAt": iso(key.created_ms), "revokedAt": revoked, "label": key.label}


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

    print(with_store(work))


@webhooks.command("list")
def list_webhooks(
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    every: Annotated[bool, typer.Option("--all", help="Also those that were delivered, or are still tried.")] = False,
    as_json: AsJson = None,
) -> None:
    """List what was given up, newest first."""

    async def work(_settings: Settings, store: "SqliteStore | PostgresStore") -> list[dict[str, Any]]:
        def read(records: Records) -> list[Notification]:
            return list(records.notification_page(None, limit) if every else records.given_up(limit))

        return [webhook_line_shown(row) for row in await store.read(read)]

    show(with_store(work), as_json, WEBHOOKS)


@webhooks.command("show")
def show_webhook(
    webhook_id: Annotated[str, typer.Argument(metavar="ID", help="Its webhook-id.")], as_json: AsJson = None
) -> None:
    """One webhook with its body and every try. It is signed when it leaves, anew each time."""

    async def work(_settings: Settings, store: "SqliteStore | PostgresStore") -> dict[str, Any]:
        notification = await store.read(lambda records: records.notification(webhook_id))
        if notification is None:
            raise SetupError(f"no webhook has the id {webhook_id!r}; `service webhooks list --all` shows them")
        attempts = await store.read(lambda records: records.attempts(webhook_id))
        body = notification.body.decode("utf-8", "backslashreplace")
        return {**webhook_shown(notification, attempts), "body": body}

    show(with_store(work), as_json)


@webhooks.command("resend")
@webhooks.command("replay", hidden=True)
def replay_webhooks(
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="webhook-ids, or `all` that were given up.")],
) -> None:
    """Let a worker deliver once more, at once, with the same webhook-id: any webhook, also one that was delivered."""

    async def work(settings: Settings, store: "SqliteStore | PostgresStore") -> int:
        named = ids
        if ids == ["all"]:
            rows = await store.read(lambda records: records.given_up(10_000))
            named = [row.id for row in rows if not isinstance(row.event, ProbeType)]
        await changed(settings, store, lambda unit: [on_demand.resend(unit, one) for one in named])
        return len(named)

    print(f"{with_store(work)} are due again")


@inbox.command("list")
def list_inbox(limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50, as_json: AsJson = None) -> None:
    """List the dead letters, newest first."""

    async def work(_settings: Settings, store: "SqliteStore | PostgresStore") -> list[dict[str, Any]]:
        return [
            {
                "id": row.id,
                "receivedAt": iso(row.received_ms),
                "provider": row.provider,
                "kind": row.kind,
                "names": row.payment_id or row.reference,
            }
            for row in await store.read(lambda records: records.dead_events(limit))
        ]

    show(with_store(work), as_json)


@inbox.command("replay")
def replay_inbox(
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="Ids of the list.")],
) -> None:
    """Look for the payment of a provider's webhook once more, and have it asked about."""

    async def work(settings: Settings, store: "SqliteStore | PostgresStore") -> list[str]:
        rows = await changed(settings, store, lambda unit: [replay_event(unit, one) for one in ids])
        return [f"{row.id}: {row.state.value}" for row in rows]

    for line in with_store(work):
        print(line)


@webhooks.command("test")
def send_test(
    url: Annotated[str | None, typer.Argument(metavar="URL", help="By default MAIN_BACKEND_WEBHOOK_URL.")] = None,
) -> None:
    """Let a worker send the event webhook.test, once, and print its webhook-id."""

    async def work(settings: Settings, store: "SqliteStore | PostgresStore") -> str:
        made, _ = await changed(settings, store, lambda unit: on_demand.send_test(unit, url))
        return made.id

    print(with_store(work))
