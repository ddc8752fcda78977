"""decodeNonKhqr: any EMVCo code as nested tags, the way the SDK nests them. Knows no country."""

import re
from collections.abc import Iterator
from typing import Any

from khqr.sdk.answers import Answer, success
from khqr.sdk.cutting import cut
from khqr.sdk.javascript import parse_int
from khqr.utf16 import text_of, units

_DIGITS = re.compile(r"[0-9]+", re.ASCII)
TEMPLATES = frozenset([*map(str, range(26, 52)), *map(str, range(80, 100)), "62", "64"])

Tree = dict[str, Any]


def decode_non_khqr(qr: str) -> Answer:
    """What BakongKHQR.decodeNonKhqr(qr) answers: the tags up to the first malformed one, keys in JavaScript's order.

    >>> decode_non_khqr("00020126100006abcdef5802KH")["data"]
    {'26': {'00': 'abcdef'}, '58': 'KH', '00': '01'}
    """
    tree: Tree = {}
    for tag, value in _tags(units(qr)):
        tree[tag] = value
    return success({tag: _shown(_nested(tag, tree[tag])) for tag in sorted(tree, key=_place)})


def _tags(text: str) -> Iterator[tuple[str, str]]:
    place = 0
    while place < len(text):
        tag, value, rest = cut(text, place)
        if not _DIGITS.fullmatch(tag) or parse_int(text[place + 2 : place + 4]) != len(value):
            return
        yield tag, value
        place = rest


def _nested(tag: str, value: str) -> str | Tree:
    """The sub-tags of a template, or its text. One third level serves all sub-tags of 62: the SDK's own defect."""
    if tag not in TEMPLATES or len(value) < 6:
        return value
    second: Tree = {}
    third: Tree = {}
    for sub, inner in _tags(value):
        if tag == "62" and "50" <= sub <= "99":
            third.update(_tags(inner))
        second[sub] = third or inner
    return second or value


def _shown(value: str | Tree) -> str | Tree:
    if isinstance(value, str):
        return text_of(value)
    return {tag: _shown(value[tag]) for tag in sorted(value, key=_place)}


def _place(tag: str) -> tuple[bool, int]:
    """JavaScript's order of keys: whole numbers ascending, then the others as they came."""
    whole = tag == "0" or not tag.startswith("0")
    return (False, int(tag)) if whole else (True, 0)
