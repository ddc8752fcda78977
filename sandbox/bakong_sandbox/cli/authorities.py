"""`--ca`: authorities that a command trusts beside the public ones, such as the sandbox's own."""

from pathlib import Path
from typing import Annotated

import typer

from bakong_contracts.trust import checked
from bakong_sandbox.stack.errors import SetupError


def ca_file(parameter: typer.CallbackParam, value: Path | None) -> Path | None:
    """The file that an option names. Raises SetupError where it holds no authority."""
    try:
        return checked(value)
    except ValueError as error:
        raise SetupError(f"{parameter.opts[0]}: {error}") from None


Ca = Annotated[
    Path | None,
    typer.Option(
        "--ca",
        metavar="FILE",
        envvar="BAKONG_SANDBOX_CA",
        callback=ca_file,
        help="PEM: authorities to trust beside the public ones and those of SSL_CERT_FILE.",
    ),
]
