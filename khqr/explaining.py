"""A code for people: its tags as lines with names, what their values mean, and what is wrong with each. No colours."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from emvqr import EMVError, Node, tree
from khqr import tags
from khqr.decoding import verify
from khqr.model import Timestamp
from khqr.problems import Mode, Problem, Verdict

_MEANINGS = {
    ("01", tags.STATIC): "static: the payer enters the amount",
    ("01", tags.DYNAMIC): "dynamic: for one payment of this amount",
    ("53", "116"): "KHR",
    ("53", "840"): "USD",
    ("58", tags.COUNTRY_CODE): "Cambodia",
}
_MOMENTS = ("99.00", "99.01")


@dataclass(frozen=True, slots=True)
class Line:
    """One tag: how deep it stands, its path, name, value, what the value means, and what is wrong with it."""

    depth: int
    path: str
    name: str
    value: str
    meaning: str
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """A code's lines, its verdict, and the problems that belong to no line (a tag that is missing, say)."""

    lines: tuple[Line, ...]
    verdict: Verdict
    elsewhere: tuple[Problem, ...]


def explain(text: str, *, now: Timestamp | None = None, mode: Mode = Mode.STRICT) -> Explanation:
    """Everything that can be said of text, valid or not.

    >>> [line.name for line in explain("5802KH5910John Smith", now=0).lines]
    ['country', 'merchant name']
    """
    verdict = verify(text, now=now, mode=mode)
    nodes = tuple(_nodes(text.strip()))
    problems = verdict.problems + verdict.forgiven
    lines = tuple(_line(node, problems) for node in nodes)
    shown = {problem for line in lines for problem in line.problems}
    return Explanation(lines, verdict, tuple(problem for problem in problems if problem not in shown))


def _nodes(text: str) -> Iterator[Node]:
    """The data objects of text, as far as they can be read."""
    try:
        roots = tree(text)
    except EMVError as error:
        roots = tree(text[: error.offset])
    for root in roots:
        yield from root.walk()


def _line(node: Node, problems: tuple[Problem, ...]) -> Line:
    own = tuple(problem for problem in problems if problem.tag == node.path and problem.offset == node.offset)
    value = "" if node.children else node.value
    return Line(node.path.count("."), node.path, tags.NAMES.get(node.path, "not KHQR's"), value, _meaning(node), own)


def _meaning(node: Node) -> str:
    if node.path in _MOMENTS and node.value.isascii() and node.value.isdigit() and len(node.value) == 13:
        return datetime.fromtimestamp(int(node.value) / 1000, UTC).isoformat(timespec="milliseconds")
    return _MEANINGS.get((node.path, node.value), "")
