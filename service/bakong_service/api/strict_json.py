"""JSON as RFC 8259 has it: UTF-8, no NaN, no key twice, bounded depth. Knows no shapes."""

import json
import re
from typing import Any

MAX_DEPTH = 32
_BRACKETS = re.compile(rb'"(?:[^"\\]|\\.)*"?|[\[{]|[\]}]', re.DOTALL)
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


class JsonError(ValueError):
    """What makes the body unreadable as JSON here."""


class NumberText(str):
    """A number as it was written: its own text, so that no digit is lost and no exponent goes unseen."""

    __slots__ = ()


def read(body: bytes, *, exact: bool = False) -> Any:
    """The value of a body that is strict JSON; exact: its numbers are NumberText. Raises JsonError."""
    if body.count(b"[") + body.count(b"{") > MAX_DEPTH and _depth(body) > MAX_DEPTH:
        raise JsonError(f"values may be nested {MAX_DEPTH} deep at most")
    try:
        value = (_exact if exact else _decoder).decode(body.decode("utf-8"))
        if _SURROGATE.search(body):
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeDecodeError as error:
        raise JsonError(f"byte {error.start} is not UTF-8") from None
    except UnicodeEncodeError:
        raise JsonError("a text holds half of a surrogate pair") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise JsonError(f"the body is not valid JSON: {error.msg} at {where}") from None
    except JsonError:
        raise
    except (ValueError, RecursionError):
        raise JsonError("the body holds a number that is too long") from None
    else:
        return value


def _depth(body: bytes) -> int:
    deepest = depth = 0
    for token in _BRACKETS.finditer(body):
        first = token.group()[:1]
        depth += (first in b"[{") - (first in b"]}")
        deepest = max(deepest, depth)
    return deepest


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise JsonError(f"duplicate key {twice[:64]!r}")
    return members


def _constant(word: str) -> Any:
    raise JsonError(f"{word} is not a valid JSON number")


_decoder = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_constant)
_exact = json.JSONDecoder(
    object_pairs_hook=_unique, parse_constant=_constant, parse_float=NumberText, parse_int=NumberText
)
