"""`world`, `pay`, `qr`, `clock`, `journal`, `token`, `snapshot`: a running sandbox, by its control API."""

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from bakong_sandbox.cli.control import ask, json_of, show

Url = Annotated[
    str, typer.Option(envvar="BAKONG_SANDBOX_URL", help="Where the sandbox answers.", metavar="URL", show_default=True)
]
InWorld = Annotated[str, typer.Option("--world", "-w", envvar="BAKONG_SANDBOX_WORLD", help="The world's name.")]
AT = "http://127.0.0.1:8600"
DEFAULT = "default"

world = typer.Typer(no_args_is_help=True, help="Worlds: isolated Bakongs in one process.")
clock = typer.Typer(no_args_is_help=True, help="A world's time.")
journal = typer.Typer(no_args_is_help=True, help="Inspect and assert on recorded calls.")
snapshot = typer.Typer(no_args_is_help=True, help="All of a world as a document.")


commands = typer.Typer()
for _name, _group in (("world", world), ("clock", clock), ("journal", journal), ("snapshot", snapshot)):
    commands.add_typer(_group, name=_name)


def _ask(url: str, in_world: str, method: str, path: str, body: Any = None, **query: Any) -> Any:
    return ask(url, method, f"/sandbox/worlds/{quote(in_world, safe='')}{path}", body, **query)


def _given(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


# Worlds


@world.command("list")
def list_worlds(url: Url = AT) -> None:
    """Every world."""
    show(ask(url, "GET", "/sandbox/worlds"))


@world.command("new")
def new_world(
    name: Annotated[str | None, typer.Argument(help="Lowercase letters, digits, hyphens.")] = None,
    seed: Annotated[int | None, typer.Option(help="The same seed gives the same run.")] = None,
    scenario: Annotated[str | None, typer.Option(help="A name of the library.")] = None,
    profile: Annotated[str | None, typer.Option(help="current, doc-1.0.2, sit or prod.")] = None,
    quota: Annotated[int | None, typer.Option(min=0, help="Calls a day for each token.")] = None,
    url: Url = AT,
) -> None:
    """Make a world; prints its name, token and base_url."""
    limits = None if quota is None else {"quota": quota}
    body = _given(name=name, seed=seed, scenario=scenario, profile=profile, limits=limits)
    show(ask(url, "POST", "/sandbox/worlds", body))


@world.command("show")
def show_world(in_world: InWorld = DEFAULT, url: Url = AT) -> None:
    """Clock, scenario, limits, counts."""
    show(_ask(url, in_world, "GET", ""))


@world.command("reset")
def reset_world(in_world: InWorld = DEFAULT, url: Url = AT) -> None:
    """As new, with the same seed; tokens stay good."""
    show(_ask(url, in_world, "POST", "/reset"))


@world.command("drop")
def drop_world(name: Annotated[str, typer.Argument()], url: Url = AT) -> None:
    """End a world."""
    _ask(url, name, "DELETE", "")


# Money


@commands.command()
def pay(
    code: Annotated[str, typer.Argument(metavar="QR|MD5", help="The code's text, or the md5 of one that is known.")],
    amount: Annotated[str | None, typer.Option(help="Instead of what the code says.")] = None,
    currency: Annotated[str | None, typer.Option(help="USD or KHR.")] = None,
    from_account: Annotated[str | None, typer.Option("--from", help="The payer's account.")] = None,
    failed: Annotated[bool, typer.Option("--failed", help="Let the payment fail.")] = False,
    in_world: InWorld = DEFAULT,
    url: Url = AT,
) -> None:
    """A wallet pays a code; prints the payment."""
    named = {"md5" if len(code) == 32 else "qr": code}
    outcome = "failed" if failed else None
    fields = _given(amount=amount, currency=currency, from_account=from_account, outcome=outcome)
    show(_ask(url, in_world, "POST", "/payments", named | fields))


@commands.command()
def qr(
    code: Annotated[str, typer.Argument(metavar="QR", help="The code's text.")],
    scenario: Annotated[str | None, typer.Option(help="The script that its payment follows.")] = None,
    in_world: InWorld = DEFAULT,
    url: Url = AT,
) -> None:
    """Let Bakong know a code, as a deep link does; prints its payment."""
    show(_ask(url, in_world, "POST", "/qr", _given(qr=code, scenario=scenario)))


@commands.command()
def token(
    email: Annotated[str | None, typer.Option(help="Whose; the e-mail is registered by it.")] = None,
    expires_in_s: Annotated[int | None, typer.Option("--expires-in", min=1, help="Seconds; else 90 days.")] = None,
    in_world: InWorld = DEFAULT,
    url: Url = AT,
) -> None:
    """Issue a token and print it."""
    print(_ask(url, in_world, "POST", "/tokens", _given(email=email, expires_in_s=expires_in_s))["token"])


# Time


@clock.command("show")
def show_clock(in_world: InWorld = DEFAULT, url: Url = AT) -> None:
    """Mode and time."""
    show(_ask(url, in_world, "GET", "/clock"))


@clock.command("freeze")
def freeze(
    at: Annotated[str | None, typer.Argument(help="Like 2026-02-11T00:00:00Z; by default now.")] = None,
    in_world: InWorld = DEFAULT,
    url: Url = AT,
) -> None:
    """Let time stand still."""
    show(_ask(url, in_world, "PUT", "/clock", _given(mode="frozen", at=at)))


@clock.command("real")
def real(in_world: InWorld = DEFAULT, url: Url = AT) -> None:
    """Return to real time."""
    show(_ask(url, in_world, "PUT", "/clock", {"mode": "real"}))


@clock.command("scale")
def scale(
    rate: Annotated[float, typer.Argument(help="Speed multiplier.")], in_world: InWorld = DEFAULT, url: Url = AT
) -> None:
    """Let time run faster, or slower."""
    show(_ask(url, in_world, "PUT", "/clock", {"mode": "scaled", "rate": rate}))


@clock.command("advance")
def advance(seconds: Annotated[float, typer.Argument(min=0)], in_world: InWorld = DEFAULT, url: Url = AT) -> None:
    """Move time on; returns when all that fell due has settled."""
    show(_ask(url, in_world, "POST", "/clock/advance", {"seconds": seconds}))


# What happened


@journal.command("show")
def show_journal(
    form: Annotated[str, typer.Option("--format", help="json, har, or replay for `bakong-sandbox replay`.")] = "json",
    endpoint: Annotated[str | None, typer.Option(help="Like check_transaction_by_md5.")] = None,
    md5: Annotated[str | None, typer.Option()] = None,
    fault: Annotated[str | None, typer.Option(help="The fault that struck.")] = None,
    status: Annotated[int | None, typer.Option(help="The HTTP status.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="The last so many.")] = None,
    in_world: InWorld = DEFAULT,
    url: Url = AT,
) -> None:
    """The calls, oldest first, that fit all that is named."""
    query = {"format": form, "endpoint": endpoint, "md5": md5, "fault": fault, "status": status, "limit": limit}
    show(_ask(url, in_world, "GET", "/journal", **query))


@journal.command("verify")
def verify_journal(
    expectation: Annotated[Path, typer.Argument(help='A JSON file, or -: {"match": {"status": 200}, "count": 2}.')],
    in_world: InWorld = DEFAULT,
    url: Url = AT,
) -> None:
    """Hold the journal to what is expected; exit code 1, with near misses, where it is not so."""
    verdict = _ask(url, in_world, "POST", "/journal/verify", json_of(expectation))
    show(verdict)
    raise typer.Exit(0 if verdict["ok"] else 1)


@snapshot.command("take")
def take(in_world: InWorld = DEFAULT, url: Url = AT) -> None:
    """Print all of a world as one document."""
    show(_ask(url, in_world, "GET", "/snapshot"))


@snapshot.command("restore")
def restore(
    document: Annotated[Path, typer.Argument(help="What `snapshot take` printed; - for standard input.")],
    in_world: InWorld = DEFAULT,
    url: Url = AT,
) -> None:
    """Let a world be as a document says."""
    show(_ask(url, in_world, "PUT", "/snapshot", json_of(document)))
