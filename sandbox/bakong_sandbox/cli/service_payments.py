"""`service payments` and `service subscriptions`: what the service's database holds, with its history."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from bakong_sandbox.cli.service_store import with_store
from bakong_sandbox.cli.tables import AsJson, Columns, show
from bakong_sandbox.stack.errors import SetupError
from bakong_service.api.cursors import NEWEST
from bakong_service.api.shapes import subscription_shown
from bakong_service.api.shapes_admin import payment_line_shown, payment_story_shown, subscription_story_shown
from bakong_service.domain.errors import NotFoundError
from bakong_service.ports import Store
from bakong_service.settings import Settings
from bakong_service.usecases.overview import payment_story, subscription_story

if TYPE_CHECKING:  # PostgreSQL is an extra
    from bakong_service.adapters.sql.postgres import PostgresStore
    from bakong_service.adapters.sql.sqlite import SqliteStore

T = TypeVar("T")
commands = typer.Typer()
payments = typer.Typer(no_args_is_help=True, help="The payments of every provider, the newest first.")
subscriptions = typer.Typer(no_args_is_help=True, help="The subscriptions, the newest first.")
commands.add_typer(payments, name="payments")
commands.add_typer(subscriptions, name="subscriptions")
Limit = Annotated[int, typer.Option(min=1, max=10_000, help="The newest so many.")]
PAYMENTS: Columns = {
    "id": "id",
    "made": "createdAt",
    "user": "userId",
    "provider": "provider",
    "status": "status",
    "amount": "amount",
    "currency": "currency",
    "paid": "paidAt",
}
SUBSCRIPTIONS: Columns = {
    "id": "id",
    "user": "userId",
    "plan": "planType",
    "status": "status",
    "next bill": "nextBillingDate",
}


def _read(ask: Callable[[Store], Awaitable[T]], where: str) -> T:
    """What the store says. Raises SetupError, which names the list where an id is found."""

    async def work(_settings: Settings, store: "SqliteStore | PostgresStore") -> T:
        try:
            return await ask(store)
        except NotFoundError as error:
            raise SetupError(f"{error}; `service {where} list` shows them") from None

    return with_store(work)


@payments.command("list")
def list_payments(
    limit: Limit = 20,
    user: Annotated[str | None, typer.Option(help="Only this user's.")] = None,
    as_json: AsJson = None,
) -> None:
    """List payments: whose, by which provider, and what has become of them."""
    rows = _read(lambda store: store.read(lambda records: records.payment_lines(NEWEST, limit, user)), "payments")
    show([payment_line_shown(row) for row in rows], as_json, PAYMENTS)


@payments.command("show")
def show_payment(payment_id: Annotated[str, typer.Argument(metavar="ID")], as_json: AsJson = None) -> None:
    """Show a payment with its history, and each transaction that a provider showed for it."""
    show(payment_story_shown(_read(lambda store: payment_story(store, payment_id), "payments")), as_json)


@subscriptions.command("list")
def list_subscriptions(limit: Limit = 20, as_json: AsJson = None) -> None:
    """List subscriptions: whose, of which plan, and until when."""
    rows = _read(lambda store: store.read(lambda records: records.subscription_page(None, limit)), "subscriptions")
    show([subscription_shown(row) for row in rows], as_json, SUBSCRIPTIONS)


@subscriptions.command("show")
def show_subscription(subscription_id: Annotated[str, typer.Argument(metavar="ID")], as_json: AsJson = None) -> None:
    """Show a subscription with its history."""
    story = _read(lambda store: subscription_story(store, subscription_id), "subscriptions")
    document: dict[str, Any] = subscription_story_shown(story)
    show(document, as_json)
