"""`world`, `clock`, `token`, `webhooks`, `snapshot`: a running sandbox, by its control API."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from bakong_contracts.escaping import terminal_line
from bakong_sandbox.cli.authorities import Ca
from bakong_sandbox.cli.control import ask, json_of, text_of
from bakong_sandbox.cli.durations import duration_s
from bakong_sandbox.cli.streams import typed
from bakong_sandbox.cli.tables import AsJson, Columns, moment, show
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


def _last_answer(webhook: Mapping[str, Any]) -> Any:
    attempts = webhook["attempts"]
    return (attempts[-1]["status"] or attempts[-1]["error"]) if attempts else None


WORLDS: Columns = {
    "world": "world",
    "scenario": "scenario",
    "clock": lambda row: row.get("clock", {}).get("mode"),
    "now": lambda row: row.get("clock", {}).get("now"),
    "payments": "payments",
    "calls": "calls",
    "calls today": "quota_used",
    "error": "error",
}
WEBHOOKS: Columns = {
    "number": "number",
    "created": lambda row: moment(row["created_ms"]),
    "scheme": "scheme",
    "type": "type",
    "state": "state",
    "attempts": lambda row: len(row["attempts"]),
    "last answer": _last_answer,
    "to": "url",
}

world = typer.Typer(no_args_is_help=True, help="Worlds: isolated Bakongs in one process.")
clock = typer.Typer(no_args_is_help=True, help="A world's time.")
webhooks = typer.Typer(no_args_is_help=True, help="What the schemes post: list it, send it again, try a receiver.")
snapshot = typer.Typer(no_args_is_help=True, help="All of a world as a document.")


commands = typer.Typer()
_GROUPS = {"world": world, "clock": clock, "webhooks": webhooks, "snapshot": snapshot}
for _name, _group in _GROUPS.items():
    commands.add_typer(_group, name=_name)


def path_of_world(name: str) -> str:
    return f"/sandbox/worlds/{quote(name, safe='', errors='surrogateescape')}"


def ask_world(url: str, ca: Path | None, in_world: str, method: str, path: str, body: Any = None, **query: Any) -> Any:
    """What a route below a world answers, as `ask` has it."""
    return ask(url, ca, method, path_of_world(in_world) + path, body, **query)


def given(**fields: Any) -> dict[str, Any]:
    """The fields that were given; what was typed is UTF-8, whatever the locale."""
    return {
        name: typed(value) if isinstance(value, str) else value for name, value in fields.items() if value is not None
    }


# Worlds


@world.command("list")
def list_worlds(url: Url = AT, ca: Ca = None, as_json: AsJson = None) -> None:
    """Every world."""
    show(ask(url, ca, "GET", "/sandbox/worlds"), as_json, WORLDS)


@world.command("new")
def new_world(
    name: Annotated[str | None, typer.Argument(help="Lowercase letters, digits, hyphens.")] = None,
    seed: Annotated[int | None, typer.Option(help="The same seed gives the same run.")] = None,
    scenario: Annotated[str | None, typer.Option(help="A name of the library.")] = None,
    profile: Annotated[str | None, typer.Option(help="current, doc-1.0.2, sit or prod.")] = None,
    quota: Annotated[int | None, typer.Option(min=0, help="Calls a day for each token.")] = None,
    url: Url = AT,
    ca: Ca = None,
    as_json: AsJson = None,
) -> None:
    """Make a world; prints its name, token and base_url."""
    limits = None if quota is None else {"quota": quota}
    body = given(name=name, seed=seed, scenario=scenario, profile=profile, limits=limits)
    show(ask(url, ca, "POST", "/sandbox/worlds", body), as_json)


@world.command("show")
def show_world(in_world: InWorld = DEFAULT, url: Url = AT, ca: Ca = None, as_json: AsJson = None) -> None:
    """Clock, scenario, limits, counts."""
    show(ask_world(url, ca, in_world, "GET", ""), as_json)


@world.command("reset")
def reset_world(in_world: InWorld = DEFAULT, url: Url = AT, ca: Ca = None, as_json: AsJson = None) -> None:
    """As new, with the same seed; tokens stay good."""
    show(ask_world(url, ca, in_world, "POST", "/reset"), as_json)


@world.command("drop")
def drop_world(name: Annotated[str, typer.Argument()], url: Url = AT, ca: Ca = None) -> None:
    """End a world."""
    ask_world(url, ca, name, "DELETE", "")


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
    issued = ask_world(url, ca, in_world, "POST", "/tokens", given(email=email, expires_in_s=expires_in_s))
    print(terminal_line(issued["token"]))


# Time


@clock.command("show")
def show_clock(in_world: InWorld = DEFAULT, url: Url = AT, ca: Ca = None, as_json: AsJson = None) -> None:
    """Mode and time."""
    show(ask_world(url, ca, in_world, "GET", "/clock"), as_json)


@clock.command("freeze")
def freeze(
    at: Annotated[str | None, typer.Argument(help="Like 2026-02-11T00:00:00Z; by default now.")] = None,
    in_world: InWorld = DEFAULT,
    url: Url = AT,
    ca: Ca = None,
    as_json: AsJson = None,
) -> None:
    """Let time stand still."""
    show(ask_world(url, ca, in_world, "PUT", "/clock", given(mode="frozen", at=at)), as_json)


@clock.command("real")
def real(in_world: InWorld = DEFAULT, url: Url = AT, ca: Ca = None, as_json: AsJson = None) -> None:
    """Return to real time."""
    show(ask_world(url, ca, in_world, "PUT", "/clock", {"mode": "real"}), as_json)


@clock.command("scale")
def scale(
    rate: Annotated[float, typer.Argument(help="Speed multiplier.")],
    in_world: InWorld = DEFAULT,
    url: Url = AT,
    ca: Ca = None,
    as_json: AsJson = None,
) -> None:
    """Let time run faster, or slower."""
    show(ask_world(url, ca, in_world, "PUT", "/clock", {"mode": "scaled", "rate": rate}), as_json)


@clock.command("advance", context_settings={"ignore_unknown_options": True})
def advance(
    duration: Annotated[str, typer.Argument(metavar="DURATION", help="Seconds, or like 15m, 1h30m, 2d.")],
    in_world: InWorld = DEFAULT,
    url: Url = AT,
    ca: Ca = None,
    as_json: AsJson = None,
) -> None:
    """Move time on; returns when all that fell due has settled."""
    show(ask_world(url, ca, in_world, "POST", "/clock/advance", {"seconds": duration_s(duration)}), as_json)


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
    as_json: AsJson = None,
) -> None:
    """The webhooks, oldest first, that fit all that is named, with every attempt."""
    query = given(scheme=scheme, payment=payment, state=state, type=kind, limit=limit)
    show(ask_world(url, ca, in_world, "GET", "/webhooks", **query), as_json, WEBHOOKS)


@webhooks.command("show")
def show_webhook(
    number: Annotated[int, typer.Argument(min=1, help="As `webhooks list` has it.")],
    in_world: InWorld = DEFAULT,
    url: Url = AT,
    ca: Ca = None,
    as_json: AsJson = None,
) -> None:
    """One webhook, with its body."""
    show(ask_world(url, ca, in_world, "GET", f"/webhooks/{number}"), as_json)


@webhooks.command("resend")
def resend_webhook(
    number: Annotated[int, typer.Argument(min=1, help="As `webhooks list` has it.")],
    in_world: InWorld = DEFAULT,
    url: Url = AT,
    ca: Ca = None,
    as_json: AsJson = None,
) -> None:
    """Send a webhook once more, now and without faults, also one that was delivered; prints it with the new attempt."""
    show(ask_world(url, ca, in_world, "POST", f"/webhooks/{number}/resend"), as_json)


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
    as_json: AsJson = None,
) -> None:
    """Post a test event to a scheme's endpoints, signed as the scheme signs; prints what came of it."""
    fields = given(scheme=scheme, type=kind, body=None if body is None else text_of(body))
    show(ask_world(url, ca, in_world, "POST", "/webhooks/test", fields), as_json, WEBHOOKS)


@snapshot.command("take")
def take(in_world: InWorld = DEFAULT, url: Url = AT, ca: Ca = None) -> None:
    """Print all of a world as one document."""
    show(ask_world(url, ca, in_world, "GET", "/snapshot"))


@snapshot.command("restore")
def restore(
    document: Annotated[Path, typer.Argument(help="What `snapshot take` printed; - for standard input.")],
    in_world: InWorld = DEFAULT,
    url: Url = AT,
    ca: Ca = None,
    as_json: AsJson = None,
) -> None:
    """Let a world be as a document says."""
    show(ask_world(url, ca, in_world, "PUT", "/snapshot", json_of(document)), as_json)
