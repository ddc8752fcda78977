"""Reading what a codec under test wrote, forgivingly: as far as the tags can be followed. Judges nothing."""

from typing import NamedTuple


class Part(NamedTuple):
    """One data object as it stands in the text."""

    tag: str
    length: str
    value: str


def parts(text: str) -> tuple[list[Part], str]:
    """The objects from the start, by characters, and what could not be followed."""
    parts_of: list[Part] = []
    while len(text) >= 4 and text[:4].isascii() and text[:4].isdigit():
        size = int(text[2:4])
        if len(text) < 4 + size:
            break
        parts_of.append(Part(text[:2], text[2:4], text[4 : 4 + size]))
        text = text[4 + size :]
    return parts_of, text


def value(text: str, path: str) -> str | None:
    """The value at a path such as "54" or "62.01", or None."""
    for tag in path.split("."):
        inner = next((part.value for part in parts(text)[0] if part.tag == tag), None)
        if inner is None:
            return None
        text = inner
    return text
