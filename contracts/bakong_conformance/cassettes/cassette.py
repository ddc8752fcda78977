"""The form of a cassette: one YAML document of exchanges, readable and diffable."""

import json
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bakong_contracts.patterns import message

# given: the recording's own. cut: without its last letter. query: in the URL, as ?token=. other: none of these.
Token = Literal["given", "none", "cut", "query", "other"]


GIVEN: Token = "given"
QUERY: Token = "query"


class CassetteError(ValueError):
    """A file that is no cassette, or one that must not be written. The message says where and why."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Content(_Strict):
    """A body: JSON objects and arrays as they are, keys in their order; everything else as text."""

    def raw(self) -> bytes:
        """The body as bytes, JSON without spaces."""
        body, text = getattr(self, "body", None), getattr(self, "text", None)
        return (text or "").encode() if body is None else _json(body)


class Request(_Content):
    """What was asked. endpoint: the path below /v1/."""

    endpoint: str
    method: str = "POST"
    token: Token = GIVEN
    body: dict[str, Any] | list[Any] | None = None
    text: str | None = None


class Answer(_Content):
    """What came back. headers: those that a client acts on, names in lowercase."""

    status: int
    latency_ms: int = 0
    headers: dict[str, str] = Field(default_factory=dict)
    body: dict[str, Any] | list[Any] | None = None
    text: str | None = None


class Exchange(_Strict):
    """One call. name: its own within the cassette. silence: what happened where no answer came."""

    name: str
    request: Request
    answer: Answer | None = None
    silence: str | None = None


class Cassette(_Strict):
    """What one recording kept. host: NBC's host name, or "elsewhere". left_out: what was not asked, and why."""

    cassette: Literal[1] = 1
    host: str
    recorded: str
    budget: int
    spent: int
    left_out: list[str] = Field(default_factory=list)
    exchanges: list[Exchange]


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def content_of(raw: bytes) -> dict[str, Any]:
    """The fields body or text for these bytes: body where writing it anew loses nothing but spaces, else text."""
    text = raw.decode("utf-8", "backslashreplace")
    try:
        value = json.loads(text, object_pairs_hook=_unique, parse_constant=_refused)
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return {"text": text}
    return {"body": value} if isinstance(value, dict | list) else {"text": text}


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("duplicate key")
    return fields


def _refused(constant: str) -> None:
    raise ValueError(f"{constant} is not valid JSON")


def write(cassette: Cassette) -> str:
    """The document."""
    shown = cassette.model_dump(exclude_defaults=True) | {"cassette": cassette.cassette}
    ordered = {name: shown[name] for name in Cassette.model_fields if name in shown}
    return yaml.dump(ordered, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10_000)


class _Dumper(yaml.SafeDumper):
    """Lines of a page stand on lines of their own; the same object twice is written twice."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002  yaml's own signature
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002
        return super().increase_indent(flow, False)  # noqa: FBT003  yaml's own signature


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    style = "|" if "\n" in text and "\r" not in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def read(path: Path) -> Cassette:
    """The cassette in a file. Raises CassetteError."""
    try:
        return Cassette.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise CassetteError(f"{path}: cannot be read: {error.strerror or error}") from None
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise CassetteError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the document"
        raise CassetteError(f"{path}: {where}: {message(first)}") from None
