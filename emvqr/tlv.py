"""Data objects: two digits of ID, two of length in characters, the value. It gives no ID a meaning."""

from typing import NamedTuple

from emvqr.errors import EMVError, RepeatedTagError

MAX_VALUE = 99  # two digits of length
MAX_PAYLOAD = 512  # EMVCo MPM 3.2: the payload's length

FIGURES = tuple(f"{number:02d}" for number in range(100))  # a length as it is written

_LENGTHS = {figures: number for number, figures in enumerate(FIGURES)}
_TAGS = {figures: figures for figures in _LENGTHS}


class _Heads(dict[str, tuple[str, int]]):
    """The ID and the length that four digits say, each worked out once: ten thousand at most."""

    def __missing__(self, head: str) -> tuple[str, int]:
        said = self[head] = _TAGS[head[:2]], _LENGTHS[head[2:]]
        return said


_HEADS = _Heads()


class DataObject(NamedTuple):
    """One data object: its ID, its value, and the character where it begins."""

    tag: str
    value: str
    offset: int


def field(tag: str, value: str) -> str:
    """The data object as text; its length counts characters, not bytes (EMVCo MPM 3.2).

    >>> field("59", "John Smith")
    '5910John Smith'
    """
    length = len(value)
    if length > MAX_VALUE:
        raise EMVError(
            f"tag {tag} would be {length} characters long; two digits of length hold at most 99",
            offset=0,
            reason="value_length",
        )
    return f"{tag}{FIGURES[length]}{value}"


def fields(text: str) -> dict[str, str]:
    """The values of text by ID, in order: what parse finds, where no ID occurs twice; the fast way to it.

    Raises EMVError as parse does, and RepeatedTagError.

    >>> fields("0002015802KH")
    {'00': '01', '58': 'KH'}
    """
    values: dict[str, str] = {}
    place, count = 0, 0
    end = len(text)
    try:
        while place < end:
            start = place + 4
            tag, length = _HEADS[text[place:start]]
            place = start + length
            values[tag] = text[start:place]
            count += 1
    except KeyError:
        place = -1
    if place != end or count != len(values):
        raise _repeated(parse(text))
    return values


def _repeated(objects: tuple[DataObject, ...]) -> RepeatedTagError:
    tags = [item.tag for item in objects]
    tag, offset = next((item.tag, item.offset) for at, item in enumerate(objects) if item.tag in tags[:at])
    first = objects[tags.index(tag)].offset
    return RepeatedTagError(f"at character {offset}: tag {tag} stood at {first} already", tag=tag, offset=offset)


def parse(text: str) -> tuple[DataObject, ...]:
    """The data objects of text, in order, each ending where the next begins and the last where text ends.

    Raises EMVError for an ID or a length that is not two digits, and for a value that runs past the end; its `read`
    are the objects before that place.

    >>> parse("0002015802KH")[1]
    DataObject(tag='58', value='KH', offset=6)
    """
    objects: list[DataObject] = []
    offset, end = 0, len(text)
    while offset < end:
        start = offset + 4
        tag, length = _TAGS.get(text[offset : offset + 2]), _LENGTHS.get(text[offset + 2 : start])
        if tag is None or length is None:
            said = f"at character {offset}: read {text[offset:start]!r}, expected two digits of ID, two of length"
            reason = "truncated" if start > end else "tag" if tag is None else "length"
            raise EMVError(said + _counted(text), offset=offset, reason=reason, read=tuple(objects))
        stop = start + length
        if stop > end:
            said = f"at character {offset}: tag {tag} announces {length} characters, {end - start} are left"
            raise EMVError(said + _counted(text), offset=offset, reason="overrun", read=tuple(objects))
        objects.append(DataObject(tag, text[start:stop], offset))
        offset = stop
    return tuple(objects)


def _counted(text: str) -> str:
    """What to put right where the lengths count bytes, as encoders count who measure UTF-8; else nothing."""
    if text.isascii():
        return ""
    octets = text.encode("utf-8", "surrogatepass").decode("latin-1")
    place, end = 0, len(octets)
    while place < end:
        length = _LENGTHS.get(octets[place + 2 : place + 4])
        if length is None or octets[place : place + 2] not in _TAGS:
            return ""
        place += 4 + length
    return "; the lengths count bytes of UTF-8, they have to count characters" if place == end else ""
