"""`journal show|follow|verify`: the calls of a world of a running sandbox."""

import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer

from bakong_contracts.escaping import json_text, terminal_line
from bakong_sandbox.cli.authorities import Ca
from bakong_sandbox.cli.control import REFUSED, UNREACHABLE, detail_of, fail, headers_of, json_of, tls_of
from bakong_sandbox.cli.simulator import AT, DEFAULT, InWorld, Url, ask_world, given, path_of_world
from bakong_sandbox.cli.tables import AsJson, Columns, aligned, moment, print_lines, show, table, text_of
from bakong_sandbox.devkit.relay import Reader, StreamError, StreamEvent

QUIET_S = 60  # without a word from the stream, which says every 15 s that it is there
FORMS = ("json", "har", "replay")
journal = typer.Typer(no_args_is_help=True, help="Inspect and assert on recorded calls.")
commands = typer.Typer()
commands.add_typer(journal, name="journal")
CALLS: Columns = {
    "number": "number",
    "time": lambda row: moment(row["at_ms"]),
    "scheme": "scheme",
    "method": "method",
    "endpoint": "endpoint",
    "status": "status",
    "code": "error_code",
    "fault": "fault",
    "waited": lambda row: f"{row['delay_ms']} ms" if row["delay_ms"] else None,
    "poll": lambda row: row["poll"] or None,
    "scenario": "scenario",
    "reference": "reference",
}
WIDTHS = (7, 23, 9, 6, 28, 6, 4, 14, 9, 4, 21, 32)  # of a line that is printed before the next one is known
Endpoint = Annotated[str | None, typer.Option(help="Like check_transaction_by_md5.")]
Fault = Annotated[str | None, typer.Option(help="The fault that struck.")]
Scheme = Annotated[str | None, typer.Option(help="Whose API was called.")]
Status = Annotated[int | None, typer.Option(min=100, max=599, help="The HTTP status.")]
Md5 = Annotated[str | None, typer.Option(help="Of the payment's code.")]


@journal.command("show")
def show_journal(
    form: Annotated[
        str, typer.Option("--format", help="json, har, or replay for `bakong-sandbox replay`.", show_default=False)
    ] = "",
    endpoint: Endpoint = None,
    md5: Md5 = None,
    fault: Fault = None,
    scheme: Scheme = None,
    status: Status = None,
    limit: Annotated[int | None, typer.Option(min=1, help="The last so many.")] = None,
    in_world: InWorld = DEFAULT,
    url: Url = AT,
    ca: Ca = None,
    as_json: AsJson = None,
) -> None:
    """The calls, oldest first, that fit all that is named: a line for each, or as JSON with their bodies."""
    query = {"format": form or "json", "endpoint": endpoint, "md5": md5, "fault": fault, "scheme": scheme}
    answer = ask_world(url, ca, in_world, "GET", "/journal", **query, status=status, limit=limit)
    is_table = not form and (as_json is False or (as_json is None and sys.stdout.isatty()))
    if not is_table:
        show(answer, as_json=True)
        return
    missed = {"near miss": "near_miss"} if any(call.get("near_miss") for call in answer["entries"]) else {}
    print_lines(table(answer["entries"], {**CALLS, **missed}))
    print(f"\n{len(answer['entries'])} of {answer['total']} calls; --json has their bodies")
    for failure in answer["failures"]:
        print(terminal_line(f"failed after call {failure['after']}: {failure['what']}: {failure['error']}"))


@journal.command("follow")
def follow_journal(
    begin: Annotated[bool, typer.Option("--all", help="Begin with the calls that are kept.")] = False,
    endpoint: Endpoint = None,
    md5: Md5 = None,
    fault: Fault = None,
    scheme: Scheme = None,
    status: Status = None,
    in_world: InWorld = DEFAULT,
    url: Url = AT,
    ca: Ca = None,
    as_json: AsJson = None,
) -> None:
    """Show the calls as they come, a line for each, until Ctrl-C."""
    is_json = as_json or (as_json is None and not sys.stdout.isatty())
    query = given(endpoint=endpoint, md5=md5, fault=fault, scheme=scheme, status=status)
    query |= {"latest": 10_000} | ({"after": "start"} if begin else {})
    if not is_json:
        print(aligned(list(CALLS), WIDTHS), flush=True)
    with _interrupt_ends():
        for event in _events(url, ca, f"{path_of_world(in_world)}/journal/stream", query):
            for line in _lines(event, is_json=is_json):
                print(line, flush=True)
    fail(f"{url} has ended the stream: the sandbox stopped, or the world is gone", UNREACHABLE)


@journal.command("verify")
def verify_journal(
    expectation: Annotated[Path, typer.Argument(help='A JSON file, or -: {"match": {"status": 200}, "count": 2}.')],
    in_world: InWorld = DEFAULT,
    url: Url = AT,
    ca: Ca = None,
    as_json: AsJson = None,
) -> None:
    """Hold the journal to what is expected; exit code 1, with near misses, where it is not so."""
    verdict = ask_world(url, ca, in_world, "POST", "/journal/verify", json_of(expectation))
    show(verdict, as_json)
    raise typer.Exit(0 if verdict["ok"] else 1)


@contextmanager
def _interrupt_ends() -> Iterator[None]:
    """Ctrl-C ends the program at once, with code 0: an exception may be raised where it is swallowed."""
    before = signal.signal(signal.SIGINT, lambda *_: os._exit(0))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _events(url: str, ca: Path | None, path: str, query: Mapping[str, Any]) -> Iterator[StreamEvent]:
    """The events of a stream until it ends. Ends the program where it is refused, or nobody answers."""
    reader = Reader()
    try:
        with (
            httpx.Client(verify=tls_of(url, ca), timeout=QUIET_S, trust_env=False, headers=headers_of()) as client,
            client.stream("GET", url.rstrip("/") + path, params=query) as answer,
        ):
            if answer.status_code >= 400:
                answer.read()
                fail(detail_of(answer), REFUSED)
            for part in answer.iter_raw():
                yield from reader.feed(part)
    except StreamError as error:
        fail(f"{url} answers, and is no sandbox: {error}", UNREACHABLE)
    except (httpx.ConnectError, httpx.InvalidURL) as error:
        fail(f"no sandbox answers at {url} ({error}): start one with `bakong-sandbox up`, or give --url", UNREACHABLE)
    except httpx.HTTPError:
        return


def _lines(event: StreamEvent, *, is_json: bool) -> Iterator[str]:
    """What is printed of an event: its calls, and what befell the journal."""
    if event.name == "restarted":
        yield json_text({"event": "restarted"}) if is_json else "-- the world is as new, and so is its journal"
    for row in event.data.get("rows", ()) if event.name == "calls" else ():
        yield json_text({"event": "call", **row}) if is_json else _line(row)
    if event.name == "calls" and event.data["skipped"]:
        skipped = event.data["skipped"]
        yield json_text({"event": "skipped", "calls": skipped}) if is_json else f"-- {skipped} calls are not shown"


def _line(row: Mapping[str, Any]) -> str:
    texts = [text_of(row.get(cell) if isinstance(cell, str) else cell(row)) for cell in CALLS.values()]
    return aligned(texts, WIDTHS)
