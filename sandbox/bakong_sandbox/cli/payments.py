"""`pay`, `payments`, `accounts`: the money of a world of a running sandbox."""

from typing import Annotated
from urllib.parse import quote

import typer

from bakong_sandbox.cli.authorities import Ca
from bakong_sandbox.cli.simulator import AT, DEFAULT, InWorld, Url, ask_world, given
from bakong_sandbox.cli.streams import typed
from bakong_sandbox.cli.tables import AsJson, Columns, show
from bakong_sandbox.stack.errors import SetupError

commands = typer.Typer()
payments = typer.Typer(no_args_is_help=True, help="The payments of a world.")
accounts = typer.Typer(no_args_is_help=True, help="The accounts of a world, and what they hold.")
commands.add_typer(payments, name="payments")
commands.add_typer(accounts, name="accounts")
PAYMENTS: Columns = {
    "scheme": "scheme",
    "reference": "reference",
    "status": "status",
    "amount": "amount",
    "currency": "currency",
    "paid": lambda row: f"{row['times_paid']}x" if row["times_paid"] != 1 else "once",
    "scenario": "scenario",
}
ACCOUNTS: Columns = {
    "account": "account_id",
    "name": "name",
    "balances": lambda row: [f"{amount} {currency}" for currency, amount in row["balances"].items() if float(amount)],
}


@commands.command()
def pay(
    code: Annotated[str, typer.Argument(metavar="QR|MD5", help="The code's text, or the md5 of one that is known.")],
    amount: Annotated[str | None, typer.Option(help="Instead of what the code says.")] = None,
    currency: Annotated[str | None, typer.Option(help="Instead of the code's.")] = None,
    from_account: Annotated[str | None, typer.Option("--from", help="The payer's account.")] = None,
    description: Annotated[str | None, typer.Option(help="What the payer writes.")] = None,
    failed: Annotated[bool, typer.Option("--failed", help="Let the payment fail.")] = False,
    in_world: InWorld = DEFAULT,
    url: Url = AT,
    ca: Ca = None,
    as_json: AsJson = None,
) -> None:
    """A wallet pays a code; prints the payment."""
    named = {"md5" if len(code) == 32 else "qr": code}
    outcome = "failed" if failed else None
    fields = given(**named, amount=amount, currency=currency, from_account=from_account, outcome=outcome)
    fields |= given(description=description)
    show(ask_world(url, ca, in_world, "POST", "/payments", fields), as_json)


def register(
    code: Annotated[str, typer.Argument(metavar="QR", help="The code's text.")],
    scenario: Annotated[str | None, typer.Option(help="The script that its payment follows.")] = None,
    in_world: InWorld = DEFAULT,
    url: Url = AT,
    ca: Ca = None,
    as_json: AsJson = None,
) -> None:
    """Let Bakong know a code, as a deep link does; prints its payment."""
    show(ask_world(url, ca, in_world, "POST", "/qr", given(qr=code, scenario=scenario)), as_json)


@payments.command("list")
def list_payments(
    scheme: Annotated[str | None, typer.Option(help="Only this scheme's.")] = None,
    status: Annotated[str | None, typer.Option(help="Only these, such as paid or unpaid.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="The last so many.")] = None,
    in_world: InWorld = DEFAULT,
    url: Url = AT,
    ca: Ca = None,
    as_json: AsJson = None,
) -> None:
    """List the payments, oldest first, that fit all that is named."""
    query = given(scheme=scheme, status=status, limit=limit)
    show(ask_world(url, ca, in_world, "GET", "/payments", **query), as_json, PAYMENTS)


@payments.command("show")
def show_payment(
    reference: Annotated[str, typer.Argument(help="Of Bakong it is the md5 of the code's text.")],
    scheme: Annotated[str | None, typer.Option(help="Whose; by default Bakong's.")] = None,
    in_world: InWorld = DEFAULT,
    url: Url = AT,
    ca: Ca = None,
    as_json: AsJson = None,
) -> None:
    """Show one payment."""
    below = f"/payments/{quote(typed(reference), safe='')}"
    show(ask_world(url, ca, in_world, "GET", below, **given(scheme=scheme)), as_json)


@accounts.command("list")
def list_accounts(in_world: InWorld = DEFAULT, url: Url = AT, ca: Ca = None, as_json: AsJson = None) -> None:
    """List the accounts with their balances."""
    show(ask_world(url, ca, in_world, "GET", "/accounts"), as_json, ACCOUNTS)


@accounts.command("open")
def open_account(
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="Such as dara@aclb.")],
    balance: Annotated[
        list[str] | None, typer.Option(metavar="CURRENCY=AMOUNT", help="What is put in, such as USD=20; repeatable.")
    ] = None,
    name: Annotated[str, typer.Option(help="Its holder's name.")] = "",
    scheme: Annotated[str | None, typer.Option(help="Whose; by default Bakong's.")] = None,
    in_world: InWorld = DEFAULT,
    url: Url = AT,
    ca: Ca = None,
    as_json: AsJson = None,
) -> None:
    """Open an account, or put money into one that is open."""
    body = given(scheme=scheme, account_id=account, name=name, balances=dict(map(_balance, balance or ())))
    show(ask_world(url, ca, in_world, "POST", "/accounts", body), as_json)


def _balance(text: str) -> tuple[str, str]:
    """Raises SetupError."""
    currency, is_there, amount = text.partition("=")
    if not is_there:
        raise SetupError(f"--balance: read {text!r}, expected CURRENCY=AMOUNT, such as USD=20")
    return currency.strip().upper(), amount.strip()
