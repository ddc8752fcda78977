"""Which schemes a code is of: by the GUIDs in its templates, compared without case, never by a tag's number."""

from collections.abc import Iterator, Sequence

from emvqr.identifiers import ALL, Identifier
from emvqr.tree import Node

# EMVCo MPM 4.1: merchant accounts and unreserved templates. 62 and 64 hold data of any scheme.
GLOBAL = frozenset(map(str, (*range(26, 52), *range(80, 100))))


def detect(nodes: Sequence[Node]) -> tuple[str, ...]:
    """The names of the schemes, in the order of their first templates; none where no GUID is known."""
    country = country_of(nodes)
    return tuple(dict.fromkeys(known.scheme for guid, _ in guids(nodes) for known in ALL if known.owns(guid, country)))


def templates(nodes: Sequence[Node], identifier: Identifier) -> tuple[Node, ...]:
    """The templates of one scheme, in the order of the text."""
    country = country_of(nodes)
    return tuple(node for guid, node in guids(nodes) if identifier.owns(guid, country))


def guids(nodes: Sequence[Node]) -> Iterator[tuple[str, Node]]:
    """Each template that names its owner, with the name."""
    for node in nodes:
        if node.tag in GLOBAL:
            yield from ((child.value, node) for child in node.children if child.tag == "00")


def country_of(nodes: Sequence[Node]) -> str:
    return next((node.value for node in nodes if node.path == "58"), "")
