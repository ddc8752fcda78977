"""`trigger`: an event of a scheme, brought about in a running sandbox with the user's own data."""

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote, urlsplit

import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bakong_contracts.escaping import terminal_line
from bakong_sandbox.cli.authorities import Ca
from bakong_sandbox.cli.control import UNREACHABLE, ask, fail, json_of
from bakong_sandbox.cli.program import complain
from bakong_sandbox.cli.simulator import AT, DEFAULT, InWorld, Url
from bakong_sandbox.cli.streams import typed
from bakong_sandbox.cli.tables import show

HINT = "no endpoint takes it, so nothing was posted: `bakong-sandbox listen --forward-to URL` brings webhooks to a shop"
commands = typer.Typer()


@commands.command()
def trigger(
    event: Annotated[str | None, typer.Argument(metavar="EVENT", help="Like charge.complete; see --list.")] = None,
    scheme: Annotated[str | None, typer.Option(help="Whose event, where several have it.")] = None,
    override: Annotated[
        list[str] | None,
        typer.Option("--override", "-o", metavar="KEY=VALUE", help="Like amount=5000, metadata[order]=7; repeatable."),
    ] = None,
    data: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A JSON object of such values; - for standard input.")
    ] = None,
    times: Annotated[int, typer.Option(min=1, max=100, help="So many objects and events.")] = 1,
    lists: Annotated[bool, typer.Option("--list", help="Show the events, and what of each can be set.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print what the control API answers.")] = False,
    in_world: InWorld = DEFAULT,
    url: Url = AT,
    ca: Ca = None,
) -> None:
    """Bring an event about, with data of your own: the object is made, and its webhook posted."""
    below = f"/sandbox/worlds/{quote(in_world, safe='', errors='surrogateescape')}/webhooks"
    if lists or event is None:
        known = [row for row in ask(url, ca, "GET", f"{below}/events") if scheme in (None, row["scheme"])]
        show(known, as_json=True) if as_json else _list(known)
        raise typer.Exit(0 if lists else UNREACHABLE)
    values = _flat(json_of(data)) if data else {}
    values |= dict(map(_pair, override or ()))
    body = {"event": typed(event), "overrides": values, "times": times, "base_url": _origin(url)}
    answer = ask(url, ca, "POST", f"{below}/trigger", body if scheme is None else {**body, "scheme": typed(scheme)})
    if as_json:
        show(answer, as_json=True)
    else:
        for line in _lines(answer):
            print(terminal_line(line))
    if not answer["webhooks"]:
        complain(HINT)


def _pair(text: str) -> tuple[str, str]:
    key, is_there, value = typed(text).partition("=")
    if not is_there or not key.strip():
        fail(f"--override: read {text!r}, expected KEY=VALUE, like amount=5000", UNREACHABLE)
    return key.strip(), value


def _flat(document: Any, above: str = "") -> dict[str, Any]:
    """The values of nested objects by dotted keys."""
    if not isinstance(document, dict):
        fail("--data: expected a JSON object", UNREACHABLE)
    made: dict[str, Any] = {}
    for name, value in document.items():
        key = f"{above}{name}"
        made |= _flat(value, f"{key}.") if isinstance(value, dict) and value else {key: value}
    return made


def _origin(url: str) -> str:
    """The sandbox's address without the user and password that it may have."""
    try:
        parts = urlsplit(url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    except ValueError:
        return url


def _lines(answer: dict[str, Any]) -> list[str]:
    made = [", ".join(f"{kind} {id_}" for kind, id_ in ids.items()) for ids in answer["objects"]]
    head = [f"{answer['event']} of {answer['scheme']}: {ids}" for ids in made]
    return [*head, *(f"  webhook {row['number']} {row['type']}: {_outcome(row)}" for row in answer["webhooks"])]


def _outcome(row: dict[str, Any]) -> str:
    if not row["attempts"]:
        return f"to {row['url']}, {row['state']}"
    last = row["attempts"][-1]
    if last["status"] is None and last["error"] is None:
        return f"handed to the listener for {row['url']}"
    return f"to {row['url']}, {row['state']}: {last['status'] or last['error']} in {last['took_ms']} ms"


def _list(rows: list[dict[str, Any]]) -> None:
    table = Table(box=box.SIMPLE, pad_edge=False)
    for name in ("scheme", "event", "what happens", "--override"):
        table.add_column(name, overflow="fold")
    for row in rows:
        cells = (row["scheme"], row["event"], row["about"], ", ".join(row["overrides"]))
        table.add_row(*(Text(terminal_line(cell)) for cell in cells))
    Console(highlight=False).print(table)
