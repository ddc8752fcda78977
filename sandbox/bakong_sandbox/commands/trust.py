"""`trust`: what to set so that unmodified clients meet the sandbox at NBC's own addresses."""

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    app.command()(trust)


def trust(
    data_dir: Annotated[Path, typer.Option(help="The folder of `up`; the authority is made there if need be.")] = Path(
        "data"
    ),
    address: Annotated[str, typer.Option(help="Where the sandbox answers, for the hosts file.")] = "127.0.0.1",
) -> None:
    """Print what to set for Python, Node, PHP, Java, Go, curl, Docker and hosts files."""
    import sys

    from bakong_sandbox.datadir import open_folder
    from bakong_sandbox.errors import SetupError
    from bakong_sandbox.tls import authority
    from bakong_sandbox.trust import instructions

    try:
        print(instructions(authority(open_folder(data_dir)).ca_file, address=address), end="")
    except SetupError as error:
        print(f"bakong-sandbox: {error}", file=sys.stderr)
        raise typer.Exit(2) from None
