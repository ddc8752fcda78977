"""`scenario list|show|check|use|schema`: the library of scripts, and the one that a world plays."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from bakong_contracts.escaping import terminal, terminal_line
from bakong_sandbox.cli.authorities import Ca
from bakong_sandbox.cli.control import REFUSED, ask, fail, text_of
from bakong_sandbox.cli.simulator import AT, DEFAULT, InWorld, Url
from bakong_sandbox.cli.tables import AsJson
from bakong_sandbox.cli.tables import show as show_answer
from bakong_sandbox.stack.scripts import LIBRARY
from bakong_scenarios import ScenarioError
from bakong_scenarios.schema import schema as json_schema

scenario = typer.Typer(no_args_is_help=True, help="Scripts of what a payment scheme does.")
commands = typer.Typer()
commands.add_typer(scenario, name="scenario")
OfScheme = Annotated[str | None, typer.Option("--scheme", metavar="NAME", help="The scheme whose scripts are meant.")]


@scenario.command("list")
def list_scenarios(
    scheme: OfScheme = None,
    as_json: Annotated[bool, typer.Option("--json/--table", help="JSON, or a table; by default a table.")] = False,
) -> None:
    """Every script of the library: number, name, whose it is where not every scheme plays it, what happens."""
    try:
        entries = LIBRARY.entries(scheme)
    except ScenarioError as error:
        fail(str(error), REFUSED)
    if as_json:
        rows = [
            {
                "number": entry.script.number,
                "name": entry.script.name,
                "of": LIBRARY.players(entry),
                "about": entry.script.about,
            }
            for entry in entries
        ]
        show_answer(rows, as_json=True)
        return
    for entry in entries:
        script, of = entry.script, LIBRARY.players(entry)
        about = f"{'' if of == 'all' else f'{of}: '}{script.about}"
        print(terminal_line(f"{script.number or '':>3}  {script.name:<22}  {about}"))


@scenario.command("show")
def show(name: Annotated[str, typer.Argument()], scheme: OfScheme = None) -> None:
    """A script of the library, as it is written."""
    try:
        print(LIBRARY.source(name, scheme), end="")
    except ScenarioError as error:
        fail(str(error), REFUSED)


@scenario.command("check")
def check(
    files: Annotated[list[Path], typer.Argument()],
    as_json: Annotated[bool, typer.Option("--json", help="As JSON: file, name, mistakes.")] = False,
) -> None:
    """Read scripts, and say of each what is wrong and where; exit code 1 where one is."""
    checked = [(path, LIBRARY.mistakes(path)) for path in files]
    if as_json:
        rows = [
            {"file": str(path), "name": None if wrong else LIBRARY.load_file(path).name, "mistakes": list(wrong)}
            for path, wrong in checked
        ]
        show_answer(rows, as_json=True)
    else:
        for path, wrong in checked:
            _print_checked(path, wrong)
    raise typer.Exit(1 if any(wrong for _, wrong in checked) else 0)


def _print_checked(path: Path, mistakes: Sequence[str]) -> None:
    for mistake in mistakes:
        print(terminal(mistake))
    if len(mistakes) > 1:
        print(terminal_line(f"{path}: {len(mistakes)} mistakes"))
    if not mistakes:
        print(terminal_line(f"{path}: {LIBRARY.load_file(path).name}: good"))


@scenario.command("use")
def use(
    name: Annotated[str, typer.Argument(metavar="NAME|FILE", help="Of the library, or a file; - for standard input.")],
    scheme: OfScheme = None,
    in_world: InWorld = DEFAULT,
    url: Url = AT,
    ca: Ca = None,
    as_json: AsJson = None,
) -> None:
    """Let a world play a script, for the payments that begin from now on."""
    is_file = name == "-" or name.endswith((".yaml", ".yml")) or Path(name).is_file()
    body = text_of(Path(name)) if is_file else {"name": name} | ({"scheme": scheme} if scheme else {})
    show_answer(ask(url, ca, "PUT", f"/sandbox/worlds/{in_world}/scenario", body), as_json)


@scenario.command("schema")
def schema() -> None:
    """The JSON Schema of scripts, for editors."""
    print(json.dumps(json_schema(LIBRARY), indent=2))
