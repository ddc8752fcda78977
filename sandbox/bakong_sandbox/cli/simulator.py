"""`world`, `pay`, `qr`, `clock`, `journal`, `token`, `webhooks`, `snapshot`: a running sandbox, by its control API."""

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from bakong_contracts.escaping import terminal_line
from bakong_sandbox.cli.authorities import Ca
from bakong_sandbox.cli.control import ask, json_of, show, text_of
from bakong_sandbox.cli.durations import duration_s
from bakong_sandbox.cli.streams import typed
from bakong_sandbox.stack.running import DATA_DIR_ENVVAR, USUAL_URL, service_key, usual_url


def _where(given: str) -> str:
    return given or usual_url()


Url = Annotated[
    str,
    typer.Option(
        envvar="BAKONG_SANDBOX_URL",
        help="Where the sandbox answers.",
        metavar="URL",
        callback=_where,
        show_default=f"that of the folder data, else {USUAL_URL}",
    ),
]
InWorld = Annotated[str, typer.Option("--world", "-w", envvar="BAKONG_SANDBOX_WORLD", help="The world's name.")]
AT = ""  # where usual_url says
DEFAULT = "default"

world = typer.Typer(no_args_is_help=True, help="Worlds: isolated Bakongs in one process.")
clock = typer.Typer(no_args_is_help=True, help="A world's time.")
journal = typer.Typer(no_args_is_help=True, help="Inspect and assert on recorded calls.")
webhooks = typer.Typer(no_args_is_help=True, help="What the schemes post: list it, send it again, try a receiver.")
snapshot = typer.Typer(no_args_is_help=True, help="All of a world as a document.")


commands = typer.Typer()
_GROUPS = {"world": world, "clock": clock, "journal": journal, "webhooks": webhooks, "snapshot": snapshot}
for _name, _group in _GROUPS.items():
    commands.add_typer(_group, name=_name)


def _ask(url: str, ca: Path | None, in_world: str, method: str, path: str, body: Any = None, **query: Any) -> Any:
    return ask(
        url, ca, method, f"/sandbox/worlds/{quote(in_world, safe='', errors='surrogateescape')}{path}", body, **query
    )


def _given(**fields: Any) -> dict[str, Any]:
    """The fields that were given; what was typed is UTF-8, whatever the locale."""
    return {
        name: typed(value) if isinstance(value, str) else value for name, value in fields.items() if value is not None
    }


# Worlds


@world.command("list")
def list_worlds(url: Url = AT, ca: Ca = None) -> None:
    """Every world."""
    show(ask(url, ca, "GET", "/sandbox/worlds"))


@world.command("new")
def new_world(
    name: Annotated[str | None, typer.Argument(help="Lowercase letters, digits, hyphens.")] = None,
    seed: Annotated[int | None, typer.Option(help="The same seed gives the same run.")] = None,
    scenario: Annotated[str | None, typer.Option(help="A name of the library.")] = None,
    profile: Annotated[str | None, typer.Option(help="current, doc-1.0.2, sit or prod.")] = None,
    quota: Annotated[int | None, typer.Option(min=0, help="Calls a day for each token.")] = None,
    url: Url = AT,
    ca: Ca = None,
) -> None:
    """Make a world; prints its name, token and base_url."""
    limits = None if quota is None else {"quota": quota}
    body = _given(name=name, seed=seed, scenario=scenario, profile=profile, limits=limits)
    show(ask(url, ca, "POST", "/sandbox/worlds", body))


@world.command("show")
def show_world(in_world: InWorld = DEFAULT, url: Url = AT, ca: Ca = None) -> None:
    """Clock, scenario, limits, counts."""
    show(_ask(url, ca, in_world, "GET", ""))


@world.command("reset")
def reset_world(in_world: InWorld = DEFAULT, url: Url = AT, ca: Ca = None) -> None:
    """As new, with the same seed; tokens stay good."""
    show(_ask(url, ca, in_world, "POST", "/reset"))


@world.command("drop")
def drop_world(name: Annotated[str, typer.Argument()], url: Url = AT, ca: Ca = None) -> None:
    """End a world."""
    _ask(url, ca, name, "DELETE", "")


# Money


@commands.command()
def pay(
    code: Annotated[str, typer.Argument(metavar="QR|MD5", help="The code's text, or the md5 of one that is known.")],
    amount: Annotated[str | None, typer.Option(help="Instead of what the code says.")] = None,
    currency: Annotated[str | None, typer.Option(help="Instead of the code's.")] = None,
    from_account: Annotated[str | None, typer.Option("--from", help="The payer's account.")] = None,
    failed: Annotated[bool, typer.Option("--failed", help="Let the payment fail.")] = False,
    in_world: InWorld = DEFAULT,
    url: Url = AT,
    ca: Ca = None,
) -> None:
    """A wallet pays a code; prints the payment."""
    named = {"md5" if len(code) == 32 else "qr": code}
    outcome = "failed" if failed else None
    fields = _given(**named, amount=amount, currency=currency, from_account=from_account, outcome=outcome)
    show(_ask(url, ca, in_world, "POST", "/payments", fields))


def register(
    code: Annotated[str, typer.Argument(metavar="QR", help="The code's text.")],
    scenario: Annotated[str | None, typer.Option(help="The script that its payment follows.")] = None,
    in_world: InWorld = DEFAULT,
    url: Url = AT,
    ca: Ca = None,
) -> None:
    """Let Bakong know a code, as a deep link does; prints its payment."""
    show(_ask(url, ca, in_world, "POST", "/qr", _given(qr=code, scenario=scenario)))


@commands.command()
def token(
    email: Annotated[str | None, typer.Option(help="Whose; the e-mail is registered by it.")] = None,
    expires_in: Annotated[str | None, typer.Option(metavar="DURATION", help="Like 15m; else 90 days.")] = None,
    of_service: Annotated[
        bool, typer.Option("--service", help="Print an API key of the sandbox's payment service instead.")
    ] = False,
    data_dir: Annotated[Path, typer.Option(envvar=DATA_DIR_ENVVAR, help="Its folder, for --service.")] = Path("data"),
    in_world: InWorld = DEFAULT,
    url: Url = AT,
    ca: Ca = None,
) -> None:
    """Issue a token and print it."""
    if of_service:
        print(terminal_line(service_key(data_dir)))
        return
    expires_in_s = None if expires_in is None else max(1, int(duration_s(expires_in)))
    issued = _ask(url, ca, in_world, "POST", "/tokens", _given(email=email, expires_in_s=expires_in_s))
    print(terminal_line(issued["token"]))


# Time


@clock.command("show")
def show_clock(in_world: InWorld = DEFAULT, url: Url = AT, ca: Ca = None) -> None:
    """Mode and time."""
    show(_ask(url, ca, in_world, "GET", "/clock"))


@clock.command("freeze")
def freeze(
    at: Annotated[str | None, typer.Argument(help="Like 2026-02-11T00:00:00Z; by default now.")] = None,
    in_world: InWorld = DEFAULT,
    url: Url = AT,
    ca: Ca = None,
) -> None:
    """Let time stand still."""
    show(_ask(url, ca, in_world, "PUT", "/clock", _given(mode="frozen", at=at)))


@clock.command("real")
def real(in_world: InWorld = DEFAULT, url: Url = AT, ca: Ca = None) -> None:
    """Return to real time."""
    show(_ask(url, ca, in_world, "PUT", "/clock", {"mode": "real"}))


@clock.command("scale")
def scale(
    rate: Annotated[float, typer.Argument(help="Speed multiplier.")],
    in_world: InWorld = DEFAULT,
    url: Url = AT,
    ca: Ca = None,
) -> None:
    """Let time run faster, or slower."""
    show(_ask(url, ca, in_world, "PUT", "/clock", {"mode": "scaled", "rate": rate}))


@clock.command("advance", context_settings={"ignore_unknown_options": True})
def advance(
    duration: Annotated[str, typer.Argument(metavar="DURATION", help="Seconds, or like 15m, 1h30m, 2d.")],
    in_world: InWorld = DEFAULT,
    url: Url = AT,
    ca: Ca = None,
) -> None:
    """Move time on; returns when all that fell due has settled."""
    show(_ask(url, ca, in_world, "POST", "/clock/advance", {"seconds": duration_s(duration)}))


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
    ca: Ca = None,
) -> None:
    """The calls, oldest first, that fit all that is named."""
    query = {"format": form, "endpoint": endpoint, "md5": md5, "fault": fault, "status": status, "limit": limit}
    show(_ask(url, ca, in_world, "GET", "/journal", **query))


@journal.command("verify")
def verify_journal(
    expectation: Annotated[Path, typer.Argument(help='A JSON file, or -: {"match": {"status": 200}, "count": 2}.')],
    in_world: InWorld = DEFAULT,
    url: Url = AT,
    ca: Ca = None,
) -> None:
    """Hold the journal to what is expected; exit code 1, with near misses, where it is not so."""
    verdict = _ask(url, ca, in_world, "POST", "/journal/verify", json_of(expectation))
    show(verdict)
    raise typer.Exit(0 if verdict["ok"] else 1)


# Webhooks


@webhooks.command("list")
def list_webhooks(
    scheme: Annotated[str | None, typer.Option(help="The scheme that posts them.")] = None,
    payment: Annotated[str | None, typer.Option(help="The reference of the payment that they are about.")] = None,
    state: Annotated[str | None, typer.Option(help="pending, delivered or given_up.")] = None,
    kind: Annotated[str | None, typer.Option("--type", help="The type of the event.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="The last so many.")] = None,
    in_world: InWorld = DEFAULT,
    url: Url = AT,
    ca: Ca = None,
) -> None:
    """The webhooks, oldest first, that fit all that is named, with every attempt."""
    query = _given(scheme=scheme, payment=payment, state=state, type=kind, limit=limit)
    show(_ask(url, ca, in_world, "GET", "/webhooks", **query))


@webhooks.command("show")
def show_webhook(
    number: Annotated[int, typer.Argument(min=1, help="As `webhooks list` has it.")],
    in_world: InWorld = DEFAULT,
    url: Url = AT,
    ca: Ca = None,
) -> None:
    """One webhook, with its body."""
    show(_ask(url, ca, in_world, "GET", f"/webhooks/{number}"))


@webhooks.command("resend")
def resend_webhook(
    number: Annotated[int, typer.Argument(min=1, help="As `webhooks list` has it.")],
    in_world: InWorld = DEFAULT,
    url: Url = AT,
    ca: Ca = None,
) -> None:
    """Send a webhook once more, now and without faults, also one that was delivered; prints it with the new attempt."""
    show(_ask(url, ca, in_world, "POST", f"/webhooks/{number}/resend"))


@webhooks.command("test")
def send_test(
    scheme: Annotated[str, typer.Argument(help="Whose endpoints are to receive it.")],
    kind: Annotated[str | None, typer.Option("--type", help="Its type; by default the scheme's usual one.")] = None,
    body: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Instead of the scheme's own event; - for standard input.")
    ] = None,
    in_world: InWorld = DEFAULT,
    url: Url = AT,
    ca: Ca = None,
) -> None:
    """Post a test event to a scheme's endpoints, signed as the scheme signs; prints what came of it."""
    fields = _given(scheme=scheme, type=kind, body=None if body is None else text_of(body))
    show(_ask(url, ca, in_world, "POST", "/webhooks/test", fields))


@snapshot.command("take")
def take(in_world: InWorld = DEFAULT, url: Url = AT, ca: Ca = None) -> None:
    """Print all of a world as one document."""
    show(_ask(url, ca, in_world, "GET", "/snapshot"))


@snapshot.command("restore")
def restore(
    document: Annotated[Path, typer.Argument(help="What `snapshot take` printed; - for standard input.")],
    in_world: InWorld = DEFAULT,
    url: Url = AT,
    ca: Ca = None,
) -> None:
    """Let a world be as a document says."""
    show(_ask(url, ca, in_world, "PUT", "/snapshot", json_of(document)))
