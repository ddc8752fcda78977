"""`service users`, `service clients`, `service tokens`: who may get access tokens, and the keys that sign them."""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from bakong_contracts.escaping import terminal_line
from bakong_sandbox.cli.service_store import changed, with_store
from bakong_sandbox.cli.streams import typed
from bakong_sandbox.cli.tables import AsJson, show
from bakong_sandbox.stack.errors import SetupError
from bakong_service import wiring
from bakong_service.adapters.access_tokens import draw_signing_key
from bakong_service.adapters.passwords import Argon2
from bakong_service.adapters.system import SystemTimers
from bakong_service.domain.accounts import MAX_PASSWORD, Client, User
from bakong_service.domain.errors import InvalidError
from bakong_service.domain.events import iso
from bakong_service.settings import Settings
from bakong_service.usecases import access
from bakong_service.usecases.unit_of_work import UnitOfWork

if TYPE_CHECKING:  # PostgreSQL is an extra
    from bakong_service.adapters.sql.postgres import PostgresStore
    from bakong_service.adapters.sql.sqlite import SqliteStore

T = TypeVar("T")
users = typer.Typer(no_args_is_help=True, help="People who log in with a password.")
clients = typer.Typer(no_args_is_help=True, help="Machines that get tokens by OAuth2 client credentials.")
tokens = typer.Typer(no_args_is_help=True, help="The keys that sign access tokens.")
Name = Annotated[str, typer.Argument(metavar="NAME")]
Merchant = Annotated[str | None, typer.Option(metavar="LABEL", help="Whose orders: the label of its API keys.")]
ClientId = Annotated[str, typer.Argument(metavar="ID", help="As `clients list` has it.")]


def _password() -> str:
    """The first line of standard input, without a prompt: it stands in no history and no list of processes."""
    line = sys.stdin.readline(MAX_PASSWORD + 2)
    return line.removesuffix("\n").removesuffix("\r")


def _change(work: Callable[[UnitOfWork], T]) -> T:
    async def run(settings: Settings, store: "SqliteStore | PostgresStore") -> T:
        return await changed(settings, store, work)

    return with_store(run)


def _with_hash(work: Callable[[UnitOfWork, str], T]) -> T:
    """What the change returns, given the hash of the password on standard input. Raises SetupError."""
    password = _password()

    async def run(settings: Settings, store: "SqliteStore | PostgresStore") -> T:
        try:
            hashed = await access.hashed(Argon2(), password)
        except InvalidError as error:
            raise SetupError(str(error)) from None
        return await changed(settings, store, lambda unit: work(unit, hashed))

    return with_store(run)


@users.command("add")
def add_user(
    name: Name,
    role: Annotated[list[str], typer.Option(help="admin, merchant or viewer; may come more than once.")],
    merchant: Merchant = None,
) -> None:
    """Add a user; the password is the first line of standard input."""
    user = _with_hash(lambda unit, hashed: access.add_user(unit, typed(name), hashed, role, merchant))
    print(terminal_line(f"{user.username} is a user, id {user.id}"))


@users.command("list")
def list_users(as_json: AsJson = None) -> None:
    """List the users with their roles."""

    async def work(_settings: Settings, store: "SqliteStore | PostgresStore") -> list[dict[str, Any]]:
        return [
            {"username": user.username, "id": user.id, "roles": list(user.roles)} | _state(user)
            for user in await store.read(lambda records: records.users())
        ]

    show(with_store(work), as_json)


def _state(account: User | Client) -> dict[str, Any]:
    disabled = None if account.disabled_ms is None else iso(account.disabled_ms)
    return {"createdAt": iso(account.created_ms), "disabledAt": disabled}


@users.command("disable")
def disable_user(name: Name) -> None:
    """Let a user log in no more; within a second no replica takes an access token of his."""
    _change(lambda unit: access.disable_user(unit, typed(name)))
    print(terminal_line(f"{name} is disabled"))


@users.command("enable")
def enable_user(name: Name) -> None:
    """Let a disabled user log in again."""
    _change(lambda unit: access.disable_user(unit, typed(name), undo=True))
    print(terminal_line(f"{name} may log in"))


@users.command("password")
def change_password(name: Name) -> None:
    """Set a user's password to the first line of standard input, and end his logins."""
    _with_hash(lambda unit, hashed: access.change_password(unit, typed(name), hashed))
    print(terminal_line(f"{name} has a new password, and every login of before has ended"))


@clients.command("add")
def add_client(
    label: Annotated[str, typer.Option(help="Whose client it is.")],
    scope: Annotated[list[str], typer.Option(help="orders, refunds, methods or admin; may come more than once.")],
    merchant: Merchant = None,
) -> None:
    """Add a client and print its id and its secret, once: only the secret's keyed hash is kept."""

    async def work(settings: Settings, store: "SqliteStore | PostgresStore") -> tuple[Client, str]:
        digests, name = wiring.secret_digests(settings), typed(label)[:64]
        return await changed(settings, store, lambda unit: access.add_client(unit, name, scope, digests, merchant))

    client, secret = with_store(work)
    print(f"{client.id} {secret}")


@clients.command("list")
def list_clients(as_json: AsJson = None) -> None:
    """List the clients with their scopes."""

    async def work(_settings: Settings, store: "SqliteStore | PostgresStore") -> list[dict[str, Any]]:
        return [
            {"id": client.id, "label": client.label, "scopes": list(client.scopes)} | _state(client)
            for client in await store.read(lambda records: records.clients())
        ]

    show(with_store(work), as_json)


@clients.command("disable")
def disable_client(client_id: ClientId) -> None:
    """Let a client get no more tokens; within a second no replica takes one of its."""
    _change(lambda unit: access.disable_client(unit, typed(client_id)))
    print(terminal_line(f"{client_id} is disabled"))


@tokens.command("rotate")
def rotate_tokens(
    at_once: Annotated[
        bool, typer.Option("--at-once", help="The old keys are known to others: refuse what they signed, now.")
    ] = False,
) -> None:
    """Sign access tokens with a new key from now on; the old ones verify until the last of their tokens has expired."""

    async def work(settings: Settings, store: "SqliteStore | PostgresStore") -> str:
        if settings.jwt_secrets:
            raise SetupError("JWT_SECRET signs the tokens: put a new one there, and the old one into OLD_JWT_SECRETS")
        new = draw_signing_key(settings.token_algorithm, SystemTimers().now_ms())

        def rotate(unit: UnitOfWork) -> None:
            if at_once:
                unit.records.forget_signing_keys()
            unit.records.retire_signing_keys(unit.at_ms)
            unit.records.add_signing_key(new)
            unit.audit("tokens.rotate", f"key/{new.kid}", None, {"atOnce": at_once})

        await changed(settings, store, rotate)
        return new.kid

    print(f"{with_store(work)} signs from now on")
