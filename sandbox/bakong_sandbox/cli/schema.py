"""`schema scenario|verify|load`: the JSON Schema of a file that people write, for their editors."""

import json
from typing import Annotated, Literal

import typer

from bakong_sandbox.stack import schemas

commands = typer.Typer()


@commands.command("schema")
def schema(
    of: Annotated[Literal["scenario", "verify", "load"], typer.Argument(help="A script, verify.yaml, a load profile.")],
) -> None:
    """The JSON Schema of a script, of verify.yaml or of a load profile, for editors."""
    print(json.dumps(schemas.schema(of), indent=2, ensure_ascii=False))
