"""`replay`: a journal played again, in a world of its own."""

from pathlib import Path
from typing import Annotated

import typer

from bakong_sandbox.cli.control import UNREACHABLE, fail, json_of
from bakong_sandbox.cli.program import run_async
from bakong_sandbox.cli.tables import AsJson, show
from bakong_sandbox.stack.chosen_schemes import chosen
from bakong_simulator.control import build
from bakong_simulator.journals.replay import replay as play
from bakong_simulator.kernel.errors import BodyError

commands = typer.Typer()


@commands.command()
def replay(
    journal: Annotated[Path, typer.Argument(help="What `journal show --format replay` printed; - for standard input.")],
    experimental: Annotated[bool, typer.Option("--experimental", help="It is of a sandbox with the sketches.")] = False,
    scheme_file: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help="The descriptions that the sandbox had; repeatable.")
    ] = None,
    as_json: AsJson = None,
) -> None:
    """Play a journal again, in a world of its own; exit code 1 where an answer differs by a byte."""
    schemes = chosen(experimental=experimental, files=scheme_file or ())
    document = json_of(journal)
    try:
        replayed, _ = run_async(play(document, build, schemes))
    except (BodyError, TypeError) as error:
        fail(f"{str(journal)!r}: {error}", UNREACHABLE)
    show(replayed._asdict(), as_json)
    raise typer.Exit(1 if replayed.different else 0)
