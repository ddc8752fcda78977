"""How the answers of two Bakongs to the same situation differ, in plain words.

Promised values (codes, messages, statuses, the amount that was paid) are compared as they are, all others by form.
"""

import re
from collections.abc import Iterator
from typing import Any

from bakong_conformance.cassettes.cassette import Answer
from bakong_conformance.cassettes.shapes import FREE, LITERAL, MAYBE_NULL, form, kind

COMPARED_HEADERS = ("content-type", "www-authenticate", "retry-after", "allow")
MANY = 60  # characters of a value that a difference shows


def differences(recorded: Answer, played: Answer, who: str = "the simulator") -> list[str]:
    """One line for each difference; none where the answers are the same."""
    rows = [*_heads(recorded, played), *_bodies(recorded, played)]
    return [f"{where}: recorded {was}, {who}: {is_}" for where, was, is_ in rows]


_Difference = tuple[str, str, str]


def _heads(recorded: Answer, played: Answer) -> Iterator[_Difference]:
    if recorded.status != played.status:
        yield "HTTP status", str(recorded.status), str(played.status)
    for name in COMPARED_HEADERS:
        was, is_ = (_header(answer.headers.get(name)) for answer in (recorded, played))
        if was != is_:
            yield f"header {name}", was, is_


def _header(value: str | None) -> str:
    return "none" if value is None else re.sub(r"\s*;\s*", "; ", value.strip().lower())


def _bodies(recorded: Answer, played: Answer) -> Iterator[_Difference]:
    if recorded.body is not None and played.body is not None:
        yield from _values("", recorded.body, played.body)
        return
    was, is_ = (_page(answer) for answer in (recorded, played))
    if was != is_:
        yield "body", was, is_


def _page(answer: Answer) -> str:
    """What stands in the place of JSON: pages are told apart by who sends them and by their title."""
    if answer.body is not None:
        return "JSON"
    text = answer.text or ""
    title = re.search(r"<title>(.*?)</title>", text, re.IGNORECASE | re.DOTALL)
    if not title:
        return "nothing" if not text.strip() else "a text that is neither JSON nor a page"
    sender = next((name for name in ("nginx", "CloudFront") if name.lower() in text.lower()), "nobody known")
    return f"a page of {sender}, {title[1].strip()!r}"


def _values(where: str, was: Any, is_: Any) -> Iterator[_Difference]:
    if isinstance(was, dict) and isinstance(is_, dict):
        yield from _objects(where, was, is_)
    elif isinstance(was, list) and isinstance(is_, list):
        yield from _arrays(where, was, is_)
    else:
        yield from _leaves(where, was, is_)


def _objects(where: str, was: dict[str, Any], is_: dict[str, Any]) -> Iterator[_Difference]:
    for key in (key for key in was if key not in is_):
        yield _at(where, key), f"has the key ({_shown(was[key])})", "has no such key"
    for key in (key for key in is_ if key not in was):
        yield _at(where, key), "has no such key", f"has the key ({_shown(is_[key])})"
    ours, theirs = [key for key in is_ if key in was], [key for key in was if key in is_]
    if ours != theirs:
        yield f"order of the keys{f' of {where}' if where else ''}", ", ".join(theirs), ", ".join(ours)
    for key in theirs:
        yield from _values(_at(where, key), was[key], is_[key])
    yield from _order_of_times(where, was, is_)


def _order_of_times(where: str, was: dict[str, Any], is_: dict[str, Any]) -> Iterator[_Difference]:
    first, second = (_in_order(body) for body in (was, is_))
    if None not in (first, second) and first != second:
        yield _at(where, "acknowledgedDateMs"), _TIMES[first], _TIMES[second]


_TIMES = {True: "at or after createdDateMs", False: "before createdDateMs", None: ""}


def _in_order(body: dict[str, Any]) -> bool | None:
    created, acknowledged = body.get("createdDateMs"), body.get("acknowledgedDateMs")
    if not isinstance(created, int | float) or not isinstance(acknowledged, int | float):
        return None
    return acknowledged >= created


def _arrays(where: str, was: list[Any], is_: list[Any]) -> Iterator[_Difference]:
    names, ours = [_row_name(row) for row in was], [_row_name(row) for row in is_]
    if names != ours and sorted(names) == sorted(ours) and "" not in names:
        yield f"order of {where}", _order(names, ours), "as asked"
        left = list(is_)
        is_ = [left.pop([_row_name(row) for row in left].index(name)) for name in names]
    elif len(was) != len(is_):
        yield where, f"{len(was)} rows", f"{len(is_)} rows"
    for number, (one, other) in enumerate(zip(was, is_, strict=False)):
        yield from _values(f"{where}[{number}]", one, other)


def _row_name(row: Any) -> str:
    """The md5 or hash that a row is about."""
    return str(row.get("md5") or row.get("hash") or "") if isinstance(row, dict) else ""


def _order(names: list[str], ours: list[str]) -> str:
    """The rows by the number under which they were asked for."""
    left = dict(enumerate(ours, 1))
    places = []
    for name in names:
        place = next(number for number, other in left.items() if other == name)
        del left[place]
        places.append(str(place))
    return "rows " + ", ".join(places)


def _leaves(where: str, was: Any, is_: Any) -> Iterator[_Difference]:
    key = where.rpartition(".")[2]
    if key in MAYBE_NULL and {kind(was), kind(is_)} == {"null", "a text"}:
        return
    if kind(was) != kind(is_):
        yield where, _typed(was), _typed(is_)
    elif key in LITERAL:
        if was != is_:
            yield where, _shown(was), _shown(is_)
    elif key not in FREE and isinstance(was, str | int | float) and not isinstance(was, bool):
        first, second = form(was), form(is_)
        if first != second:
            yield where, f"{_shown(was)}, {first}", f"{_shown(is_)}, {second}"


def _at(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key


def _typed(value: Any) -> str:
    return "null" if value is None else f"{_shown(value)}, {kind(value)}"


def _shown(value: Any) -> str:
    text = repr(value) if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)
    text = "null" if value is None else text
    return text if len(text) <= MANY else f"{text[:MANY]}…"
