"""A code as a tree: which IDs are templates by EMVCo, and what they hold. Must not depend on any country or scheme."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Self

from emvqr.errors import EMVError
from emvqr.tlv import DataObject, parse

# EMVCo MPM 4.1 (table 3.1): merchant accounts, additional data, language, unreserved templates.
TEMPLATES = frozenset([*map(str, range(26, 52)), "62", "64", *map(str, range(80, 100))])
# EMVCo MPM 4.8: payment system specific templates inside 62.
INNER_TEMPLATES = frozenset(map(str, range(50, 100)))


@dataclass(frozen=True, slots=True)
class Node:
    """A data object with its path ("62.01"), its place in the whole text, and for a template what stands in it.

    children is empty for a plain value, and for a template whose value is free text, as some schemes' are.
    """

    path: str
    value: str
    offset: int
    children: tuple["Node", ...] = ()

    @property
    def tag(self) -> str:
        return self.path[-2:]

    def walk(self) -> Iterator[Self]:
        """The node and all below it, in the order of the text."""
        yield self
        for child in self.children:
            yield from child.walk()  # type: ignore[misc]  # children are of the same kind


def tree(text: str) -> tuple[Node, ...]:
    """The data objects of text with what the templates among them hold, two levels deep as EMVCo has them.

    Raises EMVError where the outermost level is no sequence of data objects.

    >>> [child.path for child in tree("62090105INV-1")[0].children]
    ['62.01']
    """
    return tuple(_node(item, "", 0, TEMPLATES.__contains__) for item in parse(text))


def _node(item: DataObject, prefix: str, start: int, is_template: Callable[[str], bool]) -> Node:
    path = f"{prefix}{item.tag}"
    offset = start + item.offset
    children: tuple[Node, ...] = ()
    if is_template(item.tag):
        try:
            inner = parse(item.value)
        except EMVError:
            inner = ()
        below = INNER_TEMPLATES.__contains__ if path == "62" else _none
        children = tuple(_node(child, f"{path}.", offset + 4, below) for child in inner)
    return Node(path, item.value, offset, children)


def _none(_tag: str) -> bool:
    return False
