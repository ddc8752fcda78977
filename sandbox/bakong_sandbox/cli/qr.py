"""`qr`: codes on the command line: one that Bakong is to know, and codes of any scheme explained."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text
from typer.core import TyperGroup

from bakong_contracts.escaping import json_text, terminal_line
from bakong_sandbox.cli.payments import register
from bakong_sandbox.cli.streams import read_text, typed
from bakong_sandbox.stack.codes import Explanation, Line, explain
from bakong_sandbox.stack.errors import SetupError
from emvqr import Problem
from khqr import KHQRError
from khqr import image as pictures

REGISTER = "register"


class CodeOrCommand(TyperGroup):
    """`qr CODE` is `qr register CODE`: what it was before there was anything else to do with a code."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in (*self.commands, "--help"):
            args = [REGISTER, *args]
        return super().parse_args(ctx, args)


qr = typer.Typer(cls=CodeOrCommand, no_args_is_help=True, help="Let Bakong know a code, or explain one of any scheme.")
qr.command(REGISTER)(register)
commands = typer.Typer()
commands.add_typer(qr, name="qr")


@qr.command("explain")
def explain_codes(
    code: Annotated[str | None, typer.Argument(help="The code's text; else each line of standard input.")] = None,
    picture: Annotated[
        list[Path] | None, typer.Option("--picture", "-p", help="A picture to read, repeatable.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON for each code.")] = False,
    lenient: Annotated[
        bool, typer.Option("--lenient", help="Forgive what the wild really holds, and say what.")
    ] = False,
    now: Annotated[str | None, typer.Option(help="The present: epoch ms or ISO 8601; by default the system's.")] = None,
) -> None:
    """Say which scheme a code is of, what stands in it, and every problem; exit code 1 where one is not valid."""
    console = Console(soft_wrap=True, highlight=False)
    at, all_valid, count = _moment(now), True, 0
    for text in _texts(code, picture or []):
        explanation = explain(text, lenient=lenient, now=at)
        if as_json:
            print(json_text(explanation.as_json()))
        else:
            _show(explanation, console)
        all_valid, count = all_valid and explanation.is_valid, count + 1
    raise typer.Exit(0 if all_valid and count else 1)


def _texts(code: str | None, files: list[Path]) -> Iterator[str]:
    """The argument, the codes in the pictures, else the lines of standard input. A bill's barcode holds CR itself."""
    if code is not None and code != "-":
        yield typed(code)
    for file in files:
        try:
            texts = pictures.read(file)
        except KHQRError as error:
            typer.echo(f"bakong-sandbox: {error}", err=True)
            raise typer.Exit(1) from None
        if not texts:
            typer.echo(f"{file}: no QR code was found", err=True)
            raise typer.Exit(1)
        yield from texts
    if code == "-" or (code is None and not files):
        yield from filter(None, (line.removesuffix("\r") for line in read_text(None).split("\n")))


def _moment(text: str | None) -> datetime | str | None:
    """An ISO 8601 moment with its zone, or epoch milliseconds as they are."""
    if text is None or text.isdigit():
        return text
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise SetupError(f"read {text!r}, expected epoch milliseconds or ISO 8601 with a zone") from None


def _show(explanation: Explanation, console: Console) -> None:
    if not explanation.judgements:
        console.print(Text("no scheme that is known: no template has a known identifier", "bold"))
    for one in explanation.judgements:
        kind = f", {str(one.says['kind']).replace('_', ' ')}" if "kind" in one.says else ""
        console.print(Text(one.title + kind, "bold"))
    problems = [problem for one in explanation.judgements for problem in one.problems] or list(explanation.problems)
    if not all(one.problems for one in explanation.judgements):
        problems += explanation.problems
    problems = list(dict.fromkeys(problems))
    shown: set[Problem] = set()
    for line in explanation.lines:
        own = [problem for problem in problems if (problem.path, problem.at) == (line.path, line.at)]
        shown.update(own)
        console.print(_shown(line))
        for problem in own:
            console.print(_marked(problem, line.path.count(".")))
    for problem in problems:
        if problem not in shown:
            console.print(_marked(problem, 0))
    _conclude(explanation, console)


def _conclude(explanation: Explanation, console: Console) -> None:
    for one in explanation.judgements:
        faults = [problem for problem in one.problems if not problem.is_warning]
        name = f" as {one.scheme}" if len(explanation.judgements) > 1 else ""
        if one.is_valid:
            console.print(Text(f"valid{name}", "bold green"))
        else:
            console.print(Text(f"not valid{name}: {len(faults)} problems", "bold red"))
    if not explanation.judgements:
        faults = [problem for problem in explanation.problems if not problem.is_warning]
        words = f"not valid: {len(faults)} problems" if faults else "valid by EMVCo's rules"
        console.print(Text(words, "bold red" if faults else "bold green"))


def _shown(line: Line) -> Text:
    shown = Text("  " * line.path.count(".")).append(f"{line.path:9} ", "cyan").append(f"{line.name:32}", "dim")
    return shown.append(terminal_line(line.value), "bold").append(f"  {line.meaning}" if line.meaning else "", "green")


def _marked(problem: Problem, depth: int) -> Text:
    mark, colour = ("!", "yellow") if problem.is_warning else ("✗", "red")
    return Text(f"{'  ' * depth}        {mark} {problem.reason}: {terminal_line(str(problem))}", colour)
