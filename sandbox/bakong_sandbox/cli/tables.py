"""Answers for people and machines: a table in a terminal, JSON where a program reads; --table and --json choose."""

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from bakong_contracts.escaping import json_text, terminal_line

AsJson = Annotated[
    bool | None,
    typer.Option("--json/--table", help="JSON, or a table; by default a table in a terminal, and JSON elsewhere."),
]
Cell = str | Callable[[Mapping[str, Any]], Any]  # the key of the value, or what makes it
Columns = Mapping[str, Cell]


def show(document: Any, as_json: bool | None = None, columns: Columns | None = None) -> None:  # noqa: FBT001  the option
    """Print an answer: a list of objects by columns, one object as names and values. None prints nothing."""
    if as_json or (as_json is None and not sys.stdout.isatty()):
        print(json_text(document, indent=2))
    elif isinstance(document, Mapping):
        print_lines(lines_of(document))
    elif document is not None:
        print_lines(table(document, columns or {}))


def print_lines(lines: Iterable[str]) -> None:
    for line in lines:
        print(line)


def table(rows: Sequence[Mapping[str, Any]], columns: Columns) -> list[str]:
    """A head and a line for each row; numbers to the right. All keys of the first row where no columns are named."""
    chosen = columns or {str(name): str(name) for name in (rows[0] if rows else ())}
    if not rows:
        return ["none"]
    cells = [[_value(row, cell) for cell in chosen.values()] for row in rows]
    texts = [list(chosen), *([text_of(value) for value in line] for line in cells)]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    right = [
        all(isinstance(value, int | float) or value is None for value in column) for column in zip(*cells, strict=True)
    ]
    return [aligned(line, widths, right) for line in texts]


def aligned(texts: Sequence[str], widths: Sequence[int], right: Sequence[bool] = ()) -> str:
    """The texts of one line in columns of these widths."""
    padded = zip(texts, widths, right or [False] * len(texts), strict=True)
    return "  ".join(text.rjust(width) if is_right else text.ljust(width) for text, width, is_right in padded).rstrip()


def lines_of(document: Mapping[str, Any]) -> list[str]:
    """Names and values, a line each; what is within an object has its name before it."""
    flat = list(_flat(document))
    width = max((len(name) for name, _ in flat), default=0)
    return [f"{terminal_line(name):{width}}  {text_of(value)}".rstrip() for name, value in flat]


def text_of(value: Any) -> str:
    """A value in a cell: nothing is a hyphen, lists are joined by commas."""
    if value is None or value in ("", []):
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(text_of, value))
    if isinstance(value, Mapping):
        return ", ".join(f"{terminal_line(name)} {text_of(part)}" for name, part in value.items())
    return terminal_line(value)


def moment(at_ms: int) -> str:
    """Epoch milliseconds as a time of UTC.

    >>> moment(1_770_768_000_123)
    '2026-02-11 00:00:00.123'
    """
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S.") + f"{at_ms % 1000:03}"


def _value(row: Mapping[str, Any], cell: Cell) -> Any:
    return row.get(cell) if isinstance(cell, str) else cell(row)


def _flat(document: Mapping[str, Any], above: str = "") -> Iterable[tuple[str, Any]]:
    for name, value in document.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value
