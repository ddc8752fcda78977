"""`khqr`: codes on the command line: encode, decode, verify, image, read, explain."""

import codecs
import json
import queue
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.text import Text

import khqr
from bakong_contracts.escaping import clean, json_text, terminal_line
from bakong_sandbox.cli.khqr_fields import FIELDS, of_options, payee_of
from bakong_sandbox.cli.khqr_fields import moment as _moment
from bakong_sandbox.cli.program import complain
from bakong_sandbox.cli.streams import name_of, read_bytes, read_text, text_of, typed
from bakong_sandbox.stack.errors import SetupError
from khqr import ImageError, KHQRError, Mode
from khqr import image as pictures
from khqr.explaining import Line
from khqr.explaining import explain as explained

Code = Annotated[str | None, typer.Argument(help="The code's text; else each line of --file or of standard input.")]
File = Annotated[Path | None, typer.Option("--file", "-f", help="A file to read instead of standard input.")]
Now = Annotated[str | None, typer.Option(help="The present: epoch ms or ISO 8601; by default the system's.")]
Lenient = Annotated[bool, typer.Option("--lenient", help="Forgive what the wild really holds, and say what.")]

READ_S = 60  # that one picture may take
codes = typer.Typer(no_args_is_help=True, help="KHQR codes: make, read, judge, draw, scan and explain them.")
commands = typer.Typer()
commands.add_typer(codes, name="khqr")


@codes.command()
def encode(
    file: File = None,
    now: Now = None,
    account: Annotated[
        str | None, typer.Option(help="The payee's account, such as sokha@devb; JSON is not read.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="The payee's name.")] = None,
    amount: Annotated[str | None, typer.Option(help="Left out, the payer chooses it.")] = None,
    currency: Annotated[str | None, typer.Option(help="KHR or USD.")] = None,
    expires_in: Annotated[str | None, typer.Option(metavar="DURATION", help="Of a code with an amount.")] = None,
    merchant_id: Annotated[str | None, typer.Option(help="Makes it a merchant's code.")] = None,
    bank: Annotated[str | None, typer.Option(help="The acquiring bank.")] = None,
    more: Annotated[
        list[str] | None, typer.Option("--set", metavar="FIELD=VALUE", help="Any other field; repeatable.")
    ] = None,
    only: Annotated[str | None, typer.Option(metavar="qr|md5", help="Print this alone, without JSON.")] = None,
) -> None:
    """Make codes of options, or of JSON: an object of fields, a list of them or JSON Lines; `khqr fields` has them."""
    if only not in {None, "qr", "md5"}:
        raise SetupError(f"--only is {only!r}, expected qr or md5")
    given = {"account": account, "name": name, "amount": amount, "currency": currency, "merchant_id": merchant_id}
    options = {**given, "expires_in": expires_in, "bank": bank}
    if more or any(value is not None for value in options.values()):
        _end(lambda: _each([of_options(options, more or (), _moment(now))], lambda one: _encoded(one, now), only=only))
    _end(lambda: _encode_all(file, now, only))


@codes.command("fields")
def list_fields() -> None:
    """List the fields of a code, as `khqr encode` takes and `khqr decode` prints them."""
    for field, about in FIELDS.items():
        print(f"{field:34}{about}")


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
    font: Annotated[
        Path | None, typer.Option(help="A font for the name on a PNG card, instead of one that is found.")
    ] = None,
    any_text: Annotated[bool, typer.Option("--any", help="Draw a text that is no KHQR, too.")] = False,
) -> None:
    """Draw a code."""

    def work() -> bool:
        text = next(_codes(code, file), "")
        if text and not any_text:
            _check_is_khqr(text)
        _draw(text, out, card=card, width=width, font=font)
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
        complain(error)
        raise typer.Exit(1) from None
    raise typer.Exit(0 if good else 1)


def _mode(*, lenient: bool) -> Mode:
    return Mode.LENIENT if lenient else Mode.STRICT


def _codes(text: str | None, file: Path | None) -> Iterator[str]:
    """The codes that are asked about: the argument, or the lines of the file or of standard input."""
    if text is not None and text != "-":
        yield typed(text)
        return
    for line in read_text(file).split("\n"):
        if code := line.removesuffix("\r"):
            yield code


def _encode_all(file: Path | None, now: str | None, only: str | None = None) -> bool:
    """One line of JSON for each object of fields in the file or on standard input; whether all became codes."""
    _moment(now)
    read, name = read_bytes(file), name_of(file)
    if lines := _json_lines(read):
        made = lambda line: _encoded(_json(text_of(line, "the line"), "the line"), now)  # noqa: E731
        return _each(lines, made, numbered=True, only=only)
    given = _json(text_of(read, name), name)
    return _each(given if isinstance(given, list) else [given], lambda payee: _encoded(payee, now), only=only)


def _json_lines(read: bytes) -> list[bytes]:
    """The lines of JSON Lines; none where it is one document of JSON.

    A document of several lines begins with its bracket alone, or is valid as a whole.
    """
    lines = read.removeprefix(codecs.BOM_UTF8).split(b"\n")
    first, *rest = [line.strip() for line in lines if line.strip()] or [b""]
    if not rest or first == b"{" or first.startswith(b"["):
        return []
    try:
        json.loads(read)
    except (ValueError, RecursionError):
        return lines
    return []


def _json(text: str, name: str) -> Any:
    """The values of JSON, numbers with a point exactly as they are written. Raises SetupError."""
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise SetupError(f"{name} is not valid JSON: {error}") from None


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"read {name}, expected a number")


def _encoded(given: Any, now: str | None) -> dict[str, Any]:
    """What a decoded code was made at is when it is made again, unless --now says otherwise."""
    payee, made_at = payee_of(given)
    return asdict(khqr.encode(payee, now=_moment(now) if now is not None else made_at))


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


def _each(
    given: Iterable[Any], work: Callable[[Any], dict[str, Any]], *, numbered: bool = False, only: str | None = None
) -> bool:
    """What work makes of each as a line of JSON, or what is wrong with it; whether all is well.

    numbered: they are lines, of which empty ones are passed over and a bad one is told by its number.
    only: the one key that is printed, without JSON.
    """
    all_good = True
    for number, each in enumerate(given, 1):
        if numbered and not each.strip():
            continue
        try:
            answer = work(each)
            print(answer[only]) if only else _print(answer)
        except (KHQRError, SetupError) as error:
            all_good = False
            _print(({"line": number} if numbered else {}) | _wrong(error))
    return all_good


def _wrong(error: KHQRError | SetupError) -> dict[str, Any]:
    problems = [asdict(problem) for problem in getattr(error, "problems", ())]
    code, field = getattr(error, "code", None), getattr(error, "field", None)
    return {"error": str(error), "code": code, "field": field, "problems": problems}


def _print(answer: dict[str, Any]) -> None:
    print(json_text(answer, default=str))


def _check_is_khqr(text: str) -> None:
    """Raises SetupError for a text that not even the lenient mode reads."""
    try:
        khqr.decode(text, mode=Mode.LENIENT)
    except KHQRError as error:
        raise SetupError(f"{text[:60]!r} is no KHQR, and --any draws it all the same: {error}") from None


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
    name = khqr.decode(text, mode=Mode.LENIENT).payee.merchant_name if card else ""
    if card and out.suffix.lower() == ".png":
        print(terminal_line(f"{out}: the name in {pictures.font_for(name, font)}"))


def _read_all(files: list[Path]) -> bool:
    """The texts of the codes in each picture, one a line; whether every picture held one. Exit code 2: one is none."""
    read = [(file, *_texts_in(file)) for file in files]
    for file, texts, problem in read:
        for text in texts:
            print(_one_line(text))
        if not texts:
            complain(problem or f"{str(file)!r}: no QR code was found")
    if any(problem for *_, problem in read):
        raise typer.Exit(2)
    return all(texts for _, texts, _ in read)


def _one_line(text: str) -> str:
    r"""A code's text in one line: control characters, which no KHQR holds, as Python writes them.

    For a program the rest is as the picture has it, for a terminal without what that would obey.
    """
    plain = "".join(repr(sign)[1:-1] if sign < " " or "\x7f" <= sign <= "\x9f" else sign for sign in text)
    return str(clean(plain)) if sys.stdout.isatty() else plain


def _texts_in(file: Path) -> tuple[list[str], str]:
    """The texts of the codes in a picture, and why it cannot be read."""
    answers: queue.SimpleQueue[tuple[list[str], str]] = queue.SimpleQueue()

    def work() -> None:
        try:
            answers.put((pictures.read(file), ""))
        except ImageError as error:
            answers.put(([], str(error)))

    # A thread, for a decoder of C cannot be interrupted; what does not end is left behind.
    threading.Thread(target=work, daemon=True).start()
    try:
        return answers.get(timeout=READ_S)
    except queue.Empty:
        return [], f"{str(file)!r} was not read within {READ_S} s"


def _explain_all(texts: Iterator[str], now: str | None, mode: Mode) -> bool:
    """The tag tree of each code, for a person; whether all are valid."""
    console = Console(soft_wrap=True, highlight=False)
    at, all_valid = _moment(now), True
    for text in texts:
        said = explained(text, now=at, mode=mode)
        for line in said.lines:
            console.print(_shown(line))
        for problem in said.elsewhere:
            console.print(Text(f"  ✗ {terminal_line(problem)}", "red"))
        forgiven = f", {len(said.verdict.forgiven)} forgiven" if said.verdict.forgiven else ""
        valid = Text("valid" + forgiven, "bold green")
        console.print(valid if said.verdict else Text(f"not valid: {len(said.verdict.problems)} problems", "bold red"))
        all_valid = all_valid and said.verdict.is_valid
    return all_valid


def _shown(line: Line) -> Text:
    shown = Text("  " * line.depth).append(f"{line.path:8}", "cyan").append(f"{line.name:34}", "dim")
    shown.append(terminal_line(line.value), "bold").append(
        f"  {terminal_line(line.meaning)}" if line.meaning else "", "green"
    )
    for problem in line.problems:
        shown.append(f"\n{'  ' * line.depth}        ✗ {terminal_line(problem)}", "red")
    return shown
