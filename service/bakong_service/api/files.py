"""Lists as files: CSV (RFC 4180, no cell that a spreadsheet runs) and JSON Lines."""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson
from fastapi import Response

from bakong_contracts.escaping import csv_cell


def as_file(form: str, columns: Iterable[str], rows: list[dict[str, Any]], more: str | None) -> Response:
    """The rows as "csv" or "jsonl"; where more follow, X-Next-Cursor has their place."""
    if form == "csv":
        lines = [",".join(columns), *(",".join(_cell(row, name) for name in columns) for row in rows)]
        response = Response("".join(f"{line}\r\n" for line in lines), media_type="text/csv; charset=utf-8")
    else:
        text = b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows)
        response = Response(text, media_type="application/jsonl")
    if more is not None:
        response.headers["x-next-cursor"] = more
    return response


def _cell(row: Mapping[str, Any], name: str) -> str:
    value = row[name]
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, dict):
        value = orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
    if isinstance(value, str) and value.startswith("-") and _is_amount(value[1:]):
        return value  # an amount below zero is no formula
    return csv_cell("" if value is None else value)


def _is_amount(text: str) -> bool:
    return text.replace(".", "", 1).isdigit()
