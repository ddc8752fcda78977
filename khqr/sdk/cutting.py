"""How the SDK cuts a text into tags: parseInt of two characters for a length. Knows where it would never come back.

The rest of a text is always a suffix of it, so a place in the text stands for it. A cut that does not move is the SDK's
endless loop; here it is `STUCK`.
"""

from collections.abc import Iterator
from typing import NamedTuple

from khqr.sdk.javascript import parse_int

_LENGTHS = {f"{n:02d}": n for n in range(100)}


class Cut(NamedTuple):
    """A tag, its value, and where the rest begins."""

    tag: str
    value: str
    rest: int


def cut(text: str, start: int) -> Cut:
    """cutString(text.slice(start)): a length that is no number cuts nothing, a negative one counts from the end."""
    tag = text[start : start + 2]
    figures = text[start + 2 : start + 4]
    length = _LENGTHS.get(figures)
    if length is None:
        length = parse_int(figures)
    if length is None:
        return Cut(tag, "", start)
    begin, end = start + 4, len(text)
    stop = begin + length
    if stop < start:  # slice() counts a negative place from the end
        stop = max(end + stop - start, start)
    return Cut(tag, text[begin:stop], min(stop, end))


def cuts(text: str) -> Iterator[Cut]:
    """Every cut of text, the last one with rest unmoved where the SDK would loop for ever."""
    start, end = 0, len(text)
    while start < end:
        piece = cut(text, start)
        yield piece
        if piece.rest == start:
            return
        start = piece.rest


class Split(NamedTuple):
    """The (tag, value) pairs that the SDK keeps at the top, 30 renamed 29, and how it went."""

    tags: list[tuple[str, str]]
    merchant_type: str | None
    has_30: bool
    stuck: bool


KNOWN = frozenset(["00", "01", "15", "29", "52", "53", "54", "58", "59", "60", "62", "64", "99", "63"])


def split(text: str) -> Split:
    """The top level: it ends quietly at the first tag that repeats the one before it, but at 30, which it renames."""
    tags: list[tuple[str, str]] = []
    merchant_type: str | None = None
    last, place, has_30 = "", 0, False
    for tag, value, rest in cuts(text):
        if tag == last:
            break
        if tag in ("29", "30"):
            merchant_type = tag
            has_30 = has_30 or tag == "30"
        last = "29" if tag == "30" else tag
        if last in KNOWN:
            tags.append((last, value))
        if rest == place and tag == "30":
            return Split(tags, merchant_type, has_30, stuck=True)
        place = rest
    return Split(tags, merchant_type, has_30, stuck=False)


def template(value: str, names: dict[str, str]) -> tuple[dict[str, str], bool]:
    """The named fields of a template, and whether the SDK would loop for ever in it."""
    fields: dict[str, str] = {}
    place = 0
    for tag, inner, rest in cuts(value):
        if tag in names:
            fields[names[tag]] = inner
        if rest == place:
            return fields, True
        place = rest
    return fields, False
