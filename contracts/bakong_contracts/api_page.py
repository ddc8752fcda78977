"""An OpenAPI document as one page that needs nothing from elsewhere: no script, its style within it."""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from bakong_contracts.escaping import clean

METHODS = ("get", "post", "put", "patch", "delete")
MAX_DEPTH = 4
Document = Mapping[str, Any]


class Line(NamedTuple):
    """One field of a body: how deep it stands, its name, what it is, and whether it has to be there."""

    depth: int
    name: str
    kind: str
    about: str
    is_needed: bool


class Operation(NamedTuple):
    """One call. parameters, body: what it takes. answers: by status, what comes back."""

    method: str
    path: str
    title: str
    about: str
    parameters: tuple[Line, ...]
    body: tuple[Line, ...]
    answers: tuple[tuple[str, str, tuple[Line, ...]], ...]


def page(document: Document, address: str) -> tuple[str, dict[str, str]]:
    """The page of a document, and its headers. address: where the document itself is."""
    style = _style()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; frame-ancestors 'none'"
    text = _template().render(
        title=document["info"]["title"],
        about=document["info"].get("description", ""),
        version=document["info"]["version"],
        style=style,
        address=address,
        groups=_groups(document),
    )
    return text, {"content-security-policy": policy, "x-content-type-options": "nosniff"}


def _template() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415  loaded when a page is opened

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        finalize=clean,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("api_page.html")


@cache
def _style() -> str:
    return (Path(__file__).parent / "api_page.css").read_text(encoding="utf-8")


def _groups(document: Document) -> dict[str, list[Operation]]:
    """The operations by the first segments of their paths that tell them apart."""
    groups: dict[str, list[Operation]] = {}
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                groups.setdefault(_group(path), []).append(_operation(document, path, method, item[method]))
    return groups


def _group(path: str) -> str:
    names = [name for name in path.split("/") if name and not name.startswith("{")]
    return "/".join(names[:3]) or "/"


def _operation(document: Document, path: str, method: str, item: Document) -> Operation:
    parameters = tuple(
        Line(
            0,
            f"{row['name']} ({row['in']})",
            _kind(document, row.get("schema", {})),
            row.get("description", ""),
            bool(row.get("required")),
        )
        for row in item.get("parameters", ())
    )
    answers = tuple(
        (status, answer.get("description", ""), _content(document, answer))
        for status, answer in item.get("responses", {}).items()
        if status.startswith("2")
    )
    refused = ", ".join(status for status in item.get("responses", {}) if not status.startswith("2"))
    if refused:
        answers += ((refused, "Problem details (RFC 9457).", ()),)
    body = _content(document, item.get("requestBody", {}))
    return Operation(
        method.upper(), path, item.get("summary", ""), item.get("description", ""), parameters, body, answers
    )


def _content(document: Document, holder: Document) -> tuple[Line, ...]:
    for media_type, content in holder.get("content", {}).items():
        if lines := tuple(_lines(document, content.get("schema", {}), 0)):
            return lines
        return (Line(0, media_type, _kind(document, content.get("schema", {})), "", is_needed=False),)
    return ()


def _lines(document: Document, schema: Document, depth: int) -> Iterator[Line]:
    """The fields of an object, those of its objects below them."""
    schema = _resolved(document, schema)
    if schema.get("type") == "array":
        schema = _resolved(document, schema.get("items", {}))
    for option in schema.get("anyOf", ()):
        if _resolved(document, option).get("properties") and not schema.get("properties"):
            schema = _resolved(document, option)
    if depth > MAX_DEPTH:
        return
    for name, field in schema.get("properties", {}).items():
        about = field.get("description", "")
        yield Line(depth, name, _kind(document, field), about, name in schema.get("required", ()))
        yield from _lines(document, field, depth + 1)


def _resolved(document: Document, schema: Document) -> Document:
    while "$ref" in schema:
        found: Any = document
        for name in schema["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        schema = found
    return schema


def _kind(document: Document, schema: Document) -> str:
    """What a value is, in few words."""
    schema = _resolved(document, schema)
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if "const" in schema:
        return str(schema["const"])
    if options := schema.get("anyOf") or schema.get("oneOf"):
        return " | ".join(dict.fromkeys(_kind(document, option) for option in options))
    if schema.get("type") == "array":
        return f"list of {_kind(document, schema.get('items', {}))}"
    return str(schema.get("type", "any"))
