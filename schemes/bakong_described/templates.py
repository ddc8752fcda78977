"""Templates: texts and JSON with <names> in them, filled from values or held against what came.

A text that is one name alone keeps the type of its value; within a longer text it is written out. `<amount:minor>`
names a form of `forms`; `<any:Success>` writes Success and takes anything. One template serves both sides of a wire.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from bakong_described.forms import AMOUNTS, CURRENCIES, TIMES, Money, base64_of, digits_of

_NAME = re.compile(r"<([a-z_]+(?:\.[A-Za-z0-9_.-]+)?)(?::([^<>]*))?>")
ANY = "any"
TEXTS = {**CURRENCIES, "base64": base64_of, "digits": digits_of}
Values = Mapping[str, Any]


class MismatchError(ValueError):
    """What came does not fit a template. The message says where, what was read and what was expected."""


class Hole(NamedTuple):
    """A name in a template, and the form it is written in, or ""."""

    name: str
    form: str = ""


def holes(template: Any) -> Iterator[Hole]:
    """Every name in a template."""
    if isinstance(template, str):
        yield from (Hole(name, form) for name, form in _NAME.findall(template))
    elif isinstance(template, Mapping):
        for part in template.values():
            yield from holes(part)
    elif isinstance(template, list):
        for part in template:
            yield from holes(part)


def hole_of(template: Any) -> Hole | None:
    """The name that a template is, alone."""
    if isinstance(template, str) and (match := _NAME.fullmatch(template)):
        return Hole(match[1], match[2] or "")
    return None


def fill(template: Any, values: Values) -> Any:
    """The template as JSON values, every name filled. A name without a value is null, or nothing within a text."""
    if isinstance(template, Mapping):
        return {name: fill(part, values) for name, part in template.items()}
    if isinstance(template, list):
        return [fill(part, values) for part in template]
    if not isinstance(template, str):
        return template
    if hole := hole_of(template):
        return _written(hole, values)
    return text(template, values)


def text(template: str, values: Values) -> str:
    """The template as text."""

    def one(match: re.Match[str]) -> str:
        value = _written(Hole(match[1], match[2] or ""), values)
        return "" if value is None else str(value)

    return _NAME.sub(one, template)


def _written(hole: Hole, values: Values) -> Any:
    if hole.name == ANY:
        return hole.form
    value = values.get(hole.name)
    if isinstance(value, Money):
        return AMOUNTS[hole.form or "decimal"].write(value)
    forms: Mapping[str, Any] = TIMES if isinstance(value, int) else TEXTS if isinstance(value, str) else {}
    return forms[hole.form](value) if hole.form in forms else value


def match(template: Any, read: Any, where: str = "") -> dict[Hole, Any]:
    """What stands at each name. Raises MismatchError where it is something else; more than the template is allowed."""
    if isinstance(template, Mapping):
        return _match_object(template, read, where)
    if isinstance(template, list):
        if not isinstance(read, list) or len(read) != len(template):
            raise MismatchError(f"{where or 'answer'}: read {_short(read)}, expected a list of {len(template)}")
        pairs = zip(template, read, strict=True)
        return {hole: value for at, pair in enumerate(pairs) for hole, value in match(*pair, f"{where}.{at}").items()}
    if hole := hole_of(template):
        return {} if hole.name == ANY else {hole: read}
    if isinstance(template, str) and _NAME.search(template):
        return _match_text(template, read, where)
    if read != template or isinstance(read, bool) is not isinstance(template, bool):
        raise MismatchError(f"{where or 'answer'}: read {_short(read)}, expected {template!r}")
    return {}


def _match_object(template: Mapping[str, Any], read: Any, where: str) -> dict[Hole, Any]:
    if not isinstance(read, Mapping):
        raise MismatchError(f"{where or 'answer'}: read {_short(read)}, expected an object")
    values: dict[Hole, Any] = {}
    for name, part in template.items():
        place = f"{where}.{name}" if where else name
        if name not in read:
            raise MismatchError(f"{place}: missing")
        values |= match(part, read[name], place)
    return values


def _match_text(template: str, read: Any, where: str) -> dict[Hole, Any]:
    found = pattern(template).fullmatch(read) if isinstance(read, str) else None
    if found is None:
        raise MismatchError(f"{where or 'text'}: read {_short(read)}, expected one like {template!r}")
    return dict(zip((hole for hole in holes(template) if hole.name != ANY), found.groups(), strict=True))


def pattern(template: str, inner: str = ".*?") -> re.Pattern[str]:
    """A regular expression for a text template: a group for each name but <any>."""
    parts, end = [], 0
    for found in _NAME.finditer(template):
        parts += [re.escape(template[end : found.start()]), inner if found[1] == ANY else f"({inner})"]
        end = found.end()
    return re.compile("".join([*parts, re.escape(template[end:])]), re.DOTALL)


def _short(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 80 else f"{shown[:80]}…"
