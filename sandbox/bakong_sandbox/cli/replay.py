"""`replay`: a journal played again, in a world of its own."""

from pathlib import Path
from typing import Annotated

import typer

from bakong_sandbox.cli.control import UNREACHABLE, fail, json_of, show
from bakong_sandbox.cli.program import run_async
from bakong_sandbox.stack.schemes import SCHEMES
from bakong_simulator.control import build
from bakong_simulator.journals.replay import replay as play
from bakong_simulator.kernel.errors import BodyError

commands = typer.Typer()


@commands.command()
def replay(
    journal: Annotated[Path, typer.Argument(help="What `journal show --format replay` printed; - for standard input.")],
) -> None:
    """Play a journal again, in a world of its own; exit code 1 where an answer differs by a byte."""
    document = json_of(journal)
    try:
        replayed, _ = run_async(play(document, build, SCHEMES))
    except (BodyError, TypeError) as error:
        fail(f"{str(journal)!r}: {error}", UNREACHABLE)
    show(replayed._asdict())
    raise typer.Exit(1 if replayed.different else 0)
