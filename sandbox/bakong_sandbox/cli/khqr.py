"""`khqr`: codes on the command line: encode, decode, verify, image, read, explain."""

import json
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, fields
from datetime import datetime
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

import khqr
from bakong_conformance.reports.text import one_line
from bakong_sandbox.stack.errors import SetupError
from khqr import EncodeError, Individual, KHQRError, Merchant, Mode
from khqr import image as pictures
from khqr.explaining import Line
from khqr.explaining import explain as explained

Code = Annotated[str | None, typer.Argument(help="The code's text; else each line of --file or of standard input.")]
File = Annotated[Path | None, typer.Option("--file", "-f", help="A file to read instead of standard input.")]
Now = Annotated[str | None, typer.Option(help="The present: epoch ms or ISO 8601; by default the system's.")]
Lenient = Annotated[bool, typer.Option("--lenient", help="Forgive what the wild really holds, and say what.")]

NAMES = {field.name for kind in (Individual, Merchant) for field in fields(kind)}
CURRENCIES = {"KHR": 116, "USD": 840, "116": 116, "840": 840}
MERCHANTS_OWN = "merchant_id"
INDIVIDUALS_OWN = "account_information"

codes = typer.Typer(no_args_is_help=True, help="KHQR codes: make, read, judge, draw, scan and explain them.")
commands = typer.Typer()
commands.add_typer(codes, name="khqr")


@codes.command()
def encode(file: File = None, now: Now = None) -> None:
    """Make codes of JSON: an object of fields (or a list of them), answered with qr and md5, a line each."""
    _end(lambda: _encode_all(file, now))


@codes.command()
def decode(code: Code = None, file: File = None, lenient: Lenient = False) -> None:
    """Print what codes say as JSON, a line each; exit code 1 and the problems where one is no KHQR."""
    _end(lambda: _each(_codes(code, file), lambda text: _fields_of(text, _mode(lenient=lenient))))


@codes.command()
def verify(code: Code = None, file: File = None, now: Now = None, lenient: Lenient = False) -> None:
    """Judge codes as JSON, a line each: is_valid, and every problem; exit code 1 where one is not valid."""
    _end(lambda: _verify_all(_codes(code, file), now, _mode(lenient=lenient)))


@codes.command()
def image(
    code: Code = None,
    file: File = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="A .png or .svg; else the terminal.")] = None,
    card: Annotated[bool, typer.Option("--card", help="The KHQR card, with name and amount.")] = False,
    width: Annotated[int, typer.Option(help="The card's width in pixels.")] = 600,
    font: Annotated[Path | None, typer.Option(help="A font for the name, where it is Khmer.")] = None,
) -> None:
    """Draw a code."""

    def work() -> bool:
        _draw(next(_codes(code, file), ""), out, card=card, width=width, font=font)
        return True

    _end(work)


@codes.command()
def read(files: Annotated[list[Path], typer.Argument(metavar="PICTURES...")]) -> None:
    """Print the texts of the codes in pictures, one a line; exit code 1 where a picture holds none."""
    _end(lambda: _read_all(files))


@codes.command()
def explain(code: Code = None, file: File = None, now: Now = None, lenient: Lenient = False) -> None:
    """Show the tags of codes with names, values and what is wrong, for a person."""
    _end(lambda: _explain_all(_codes(code, file), now, _mode(lenient=lenient)))


def _end(work: Callable[[], bool]) -> None:
    """Exit code 1 where a code or a picture is bad."""
    try:
        good = work()
    except KHQRError as error:
        typer.echo(f"bakong-sandbox: {error}", err=True)
        raise typer.Exit(1) from None
    raise typer.Exit(0 if good else 1)


def _mode(*, lenient: bool) -> Mode:
    return Mode.LENIENT if lenient else Mode.STRICT


def _codes(text: str | None, file: Path | None) -> Iterator[str]:
    """The codes that are asked about: the argument, or the lines of the file or of standard input."""
    if text is not None and text != "-":
        yield text
        return
    for line in _content(file).splitlines():
        if line:
            yield line


def _content(file: Path | None) -> str:
    try:
        return file.read_text(encoding="utf-8") if file else sys.stdin.buffer.read().decode()
    except (OSError, UnicodeDecodeError) as error:
        raise SetupError(f"cannot read {file or 'standard input'}: {error}") from None


def _moment(text: str | None) -> datetime | str | None:
    """An ISO 8601 moment with its zone, or epoch milliseconds as they are."""
    if text is None or text.isdigit():
        return text
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise SetupError(f"read {text!r}, expected epoch milliseconds or ISO 8601 with a zone") from None


def _encode_all(file: Path | None, now: str | None) -> bool:
    """One line of JSON for each object of fields in the file or on standard input; whether all became codes."""
    try:
        read = json.loads(_content(file), parse_float=Decimal)
    except ValueError as error:
        raise SetupError(f"{file or 'standard input'} is not valid JSON: {error}") from None
    return _each(
        read if isinstance(read, list) else [read], lambda given: asdict(khqr.encode(_payee(given), now=_moment(now)))
    )


def _payee(given: Any) -> Individual | Merchant:
    """The fields of a JSON object, in snake_case or NBC's camelCase; a merchant where it has a merchant_id."""
    if not isinstance(given, dict):
        raise EncodeError(f"read {given!r}, expected an object of fields", field="payee")
    named = {_snake(name): value for name, value in given.items()}
    for name in named.keys() - NAMES:
        near = get_close_matches(name, NAMES, 1)
        raise EncodeError(f"is no field of a code{f'; did you mean {near[0]}?' if near else ''}", field=name)
    currency = named.get("currency")
    if currency is not None:
        named["currency"] = CURRENCIES.get(str(currency).upper(), currency)
    expiry = named.get("expiration_timestamp")
    if isinstance(expiry, str):
        named["expiration_timestamp"] = _moment(expiry)
    kind, foreign = (Merchant, INDIVIDUALS_OWN) if MERCHANTS_OWN in named else (Individual, MERCHANTS_OWN)
    named.pop(foreign, None)
    for name in ("bakong_account_id", "merchant_name", *(("acquiring_bank",) if kind is Merchant else ())):
        named.setdefault(name, "")
    return kind(**{name: value for name, value in named.items() if value is not None})


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])([A-Z]+)", lambda capitals: "_" + capitals[1].lower(), name)


def _fields_of(text: str, mode: Mode) -> dict[str, Any]:
    payload = khqr.decode(text, mode=mode)
    said = {name: value for name, value in asdict(payload.payee).items() if value is not None}
    extra = {"kind": type(payload.payee).__name__.lower(), "creation_timestamp": payload.creation_timestamp}
    return said | extra | {"forgiven": [asdict(problem) for problem in payload.forgiven]}


def _verify_all(texts: Iterator[str], now: str | None, mode: Mode) -> bool:
    """One line of JSON for each code: valid or not, all problems; whether all are valid."""
    at, all_valid = _moment(now), True
    for text in texts:
        verdict = khqr.verify(text, now=at, mode=mode)
        all_valid = all_valid and verdict.is_valid
        _print(asdict(verdict))
    return all_valid


def _each(given: Any, work: Callable[[Any], dict[str, Any]]) -> bool:
    """What work makes of each as a line of JSON, or what is wrong with it."""
    all_good = True
    for each in given:
        try:
            _print(work(each))
        except KHQRError as error:
            all_good = False
            problems = [asdict(problem) for problem in getattr(error, "problems", ())]
            _print(
                {"error": str(error), "code": error.code, "field": getattr(error, "field", None), "problems": problems}
            )
    return all_good


def _print(answer: dict[str, Any]) -> None:
    print(json.dumps(answer, ensure_ascii=False, default=str))


def _draw(text: str, out: Path | None, *, card: bool, width: int, font: Path | None) -> None:
    """The picture of a code in a file, PNG or SVG by its name; in the terminal where there is no file."""
    if out is None:
        print(pictures.terminal(text), end="")
        return
    makers: dict[tuple[str, bool], Callable[[], str | bytes]] = {
        (".png", False): lambda: pictures.png(text),
        (".svg", False): lambda: pictures.svg(text),
        (".png", True): lambda: pictures.card_png(text, width=width, font=font),
        (".svg", True): lambda: pictures.card_svg(text, width=width),
    }
    make = makers.get((out.suffix.lower(), card))
    if make is None:
        raise SetupError(f"{out} ends in {out.suffix!r}, expected .png or .svg")
    made = make()
    try:
        out.write_bytes(made if isinstance(made, bytes) else made.encode())
    except OSError as error:
        raise SetupError(f"cannot write {out}: {error}") from None


def _read_all(files: list[Path]) -> bool:
    """The texts of the codes in each picture, one a line; whether every picture held one."""
    rows = [(file, pictures.read(file)) for file in files]
    for _, texts in rows:
        for text in texts:
            print(text)
    for file, texts in rows:
        if not texts:
            print(f"{file}: no QR code was found", file=sys.stderr)
    return all(texts for _, texts in rows)


def _explain_all(texts: Iterator[str], now: str | None, mode: Mode) -> bool:
    """The tag tree of each code, for a person; whether all are valid."""
    console = Console(soft_wrap=True, highlight=False)
    at, all_valid = _moment(now), True
    for text in texts:
        said = explained(text, now=at, mode=mode)
        for line in said.lines:
            console.print(_shown(line))
        for problem in said.elsewhere:
            console.print(Text(f"  ✗ {one_line(str(problem))}", "red"))
        forgiven = f", {len(said.verdict.forgiven)} forgiven" if said.verdict.forgiven else ""
        valid = Text("valid" + forgiven, "bold green")
        console.print(valid if said.verdict else Text(f"not valid: {len(said.verdict.problems)} problems", "bold red"))
        all_valid = all_valid and said.verdict.is_valid
    return all_valid


def _shown(line: Line) -> Text:
    shown = Text("  " * line.depth).append(f"{line.path:8}", "cyan").append(f"{line.name:34}", "dim")
    shown.append(one_line(line.value), "bold").append(f"  {one_line(line.meaning)}" if line.meaning else "", "green")
    for problem in line.problems:
        shown.append(f"\n{'  ' * line.depth}        ✗ {one_line(str(problem))}", "red")
    return shown
