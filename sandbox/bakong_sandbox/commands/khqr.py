"""`khqr`: codes on the command line: encode, decode, verify, image, read, explain."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

Code = Annotated[str | None, typer.Argument(help="The code's text; else each line of --file or of standard input.")]
File = Annotated[Path | None, typer.Option("--file", "-f", help="A file to read instead of standard input.")]
Now = Annotated[str | None, typer.Option(help="The present: epoch ms or ISO 8601; by default the system's.")]
Lenient = Annotated[bool, typer.Option("--lenient", help="Forgive what the wild really holds, and say what.")]

commands = typer.Typer(no_args_is_help=True, help="KHQR codes: make, read, judge, draw, scan and explain them.")


def register(app: typer.Typer) -> None:
    app.add_typer(commands, name="khqr")


@commands.command()
def encode(file: File = None, now: Now = None) -> None:
    """Make codes of JSON: an object of fields (or a list of them), answered with qr and md5, a line each."""
    from bakong_sandbox import khqr_tools

    _end(lambda: khqr_tools.encode_all(file, now))


@commands.command()
def decode(code: Code = None, file: File = None, lenient: Lenient = False) -> None:
    """Print what codes say as JSON, a line each; exit code 1 and the problems where one is no KHQR."""
    from bakong_sandbox import khqr_tools
    from khqr import Mode

    mode = Mode.LENIENT if lenient else Mode.STRICT
    _end(lambda: khqr_tools.decode_all(khqr_tools.codes(code, file), mode))


@commands.command()
def verify(code: Code = None, file: File = None, now: Now = None, lenient: Lenient = False) -> None:
    """Judge codes as JSON, a line each: is_valid, and every problem; exit code 1 where one is not valid."""
    from bakong_sandbox import khqr_tools
    from khqr import Mode

    mode = Mode.LENIENT if lenient else Mode.STRICT
    _end(lambda: khqr_tools.verify_all(khqr_tools.codes(code, file), now, mode))


@commands.command()
def image(
    code: Code = None,
    file: File = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="A .png or .svg; else the terminal.")] = None,
    card: Annotated[bool, typer.Option("--card", help="The KHQR card, with name and amount.")] = False,
    width: Annotated[int, typer.Option(help="The card's width in pixels.")] = 600,
    font: Annotated[Path | None, typer.Option(help="A font for the name, where it is Khmer.")] = None,
) -> None:
    """Draw a code."""
    from bakong_sandbox import khqr_tools

    def work() -> bool:
        text = next(khqr_tools.codes(code, file), "")
        khqr_tools.draw(text, out, card=card, width=width, font=font)
        return True

    _end(work)


@commands.command()
def read(pictures: list[Path]) -> None:
    """Print the texts of the codes in pictures, one a line; exit code 1 where a picture holds none."""
    from bakong_sandbox import khqr_tools

    _end(lambda: khqr_tools.read_all(pictures))


@commands.command()
def explain(code: Code = None, file: File = None, now: Now = None, lenient: Lenient = False) -> None:
    """Show the tags of codes with names, values and what is wrong, for a person."""
    from bakong_sandbox import khqr_tools
    from khqr import Mode

    mode = Mode.LENIENT if lenient else Mode.STRICT
    _end(lambda: khqr_tools.explain_all(khqr_tools.codes(code, file), now, mode))


def _end(work: Callable[[], bool]) -> None:
    """Exit code 1 where a code or a picture is bad, 2 where the options are."""
    from bakong_sandbox.errors import SetupError
    from khqr import KHQRError

    try:
        good = work()
    except KHQRError as error:
        typer.echo(f"bakong-sandbox: {error}", err=True)
        raise typer.Exit(1) from None
    except SetupError as error:
        typer.echo(f"bakong-sandbox: {error}", err=True)
        raise typer.Exit(2) from None
    raise typer.Exit(0 if good else 1)
