"""Running a command's coroutine, and turning what has to be put right first into one line and exit code 2."""

import sys
from collections.abc import Coroutine
from typing import Any, TypeVar

import typer

from bakong_sandbox.errors import SetupError

T = TypeVar("T")


def run_async(work: Coroutine[Any, Any, T]) -> T:
    """What the coroutine returns. A SetupError ends the program with one line on stderr and exit code 2."""
    import uvloop

    try:
        return uvloop.run(work)
    except SetupError as error:
        print(f"bakong-sandbox: {error}", file=sys.stderr)
        raise typer.Exit(2) from None
