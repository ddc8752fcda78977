"""`scenario list|show|check|use|schema`: the library of scripts, and the one that a world plays."""

from pathlib import Path
from typing import Annotated

import typer

from bakong_sandbox.commands.simulator import AT, DEFAULT, InWorld, Url

scenario = typer.Typer(no_args_is_help=True, help="Scripts of what Bakong does.")


def register(app: typer.Typer) -> None:
    app.add_typer(scenario, name="scenario")


@scenario.command("list")
def list_scenarios() -> None:
    """Every script of the library: number, name, what it tells."""
    from bakong_scenarios import find, names

    for found in sorted(map(find, names()), key=lambda found: found.number or 0):
        print(f"{found.number:>3}  {found.name:<22}  {found.about}")


@scenario.command("show")
def show(name: Annotated[str, typer.Argument()]) -> None:
    """A script of the library, as it is written."""
    from bakong_sandbox.control import REFUSED, fail
    from bakong_scenarios import ScenarioError, find
    from bakong_scenarios.library import LIBRARY

    try:
        print((LIBRARY / f"{find(name).name}.yaml").read_text(encoding="utf-8"), end="")
    except ScenarioError as error:
        fail(str(error), REFUSED)


@scenario.command("check")
def check(files: Annotated[list[Path], typer.Argument()]) -> None:
    """Read scripts, and say of each what is wrong and where; exit code 1 where one is."""
    from bakong_scenarios import ScenarioError, load_file

    wrong = 0
    for path in files:
        try:
            print(f"{path}: {load_file(path).name}: good")
        except ScenarioError as error:
            wrong += 1
            print(error)
    raise typer.Exit(1 if wrong else 0)


@scenario.command("use")
def use(
    name: Annotated[str, typer.Argument(metavar="NAME|FILE", help="Of the library, or a file; - for standard input.")],
    in_world: InWorld = DEFAULT,
    url: Url = AT,
) -> None:
    """Let a world play a script, for the payments that begin from now on."""
    from bakong_sandbox.control import ask, show, text_of

    is_file = name == "-" or name.endswith((".yaml", ".yml")) or Path(name).is_file()
    body = text_of(Path(name)) if is_file else {"name": name}
    show(ask(url, "PUT", f"/sandbox/worlds/{in_world}/scenario", body))


@scenario.command("schema")
def schema() -> None:
    """The JSON Schema of scripts, for editors."""
    import json

    from bakong_scenarios.schema import schema as made

    print(json.dumps(made(), indent=2))
