"""A text read by the rules of EMVCo's core: its tree, and every problem in the order of the checks. Knows no scheme.

Sources: EMV QR Code Specification, merchant-presented mode, 3.2 and 4; docs/emvqr.md says which vector decides what.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from emvqr.crc import crc16
from emvqr.errors import EMVError
from emvqr.problems import Problem, forgiven
from emvqr.tlv import MAX_PAYLOAD, DataObject, parse
from emvqr.tree import INNER_TEMPLATES, TEMPLATES, Node

VERSION: Final = "01"
# What a lenient reader lets pass: both are seen in the wild. A wrong CRC is forgiven only when asked for by name.
FORGIVABLE: Final = frozenset({"payload_format_value", "crc_lower_case"})
_CRC = re.compile(r"[0-9A-Fa-f]{4}", re.ASCII)
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Frame:
    """What holds a code together: its first tag and its values, the tag and the case of its CRC, and its templates.

    templates: paths of the objects that hold others.
    """

    first: str = "00"
    versions: frozenset[str] | None = frozenset({VERSION})
    crc_tag: str = "63"
    is_crc_upper: bool = True
    templates: frozenset[str] = TEMPLATES | {f"62.{tag}" for tag in INNER_TEMPLATES}


EMVCO: Final = Frame()


@dataclass(frozen=True, slots=True)
class Reading:
    """A text, its tree as far as it can be read, and its problems in the order of the checks."""

    text: str
    nodes: tuple[Node, ...]
    problems: tuple[Problem, ...]
    is_whole: bool = True
    by_path: dict[str, Node] = field(default_factory=dict)

    @property
    def faults(self) -> tuple[Problem, ...]:
        """The problems with which the code is not read."""
        return tuple(problem for problem in self.problems if not problem.is_warning)

    @property
    def warnings(self) -> tuple[Problem, ...]:
        return tuple(problem for problem in self.problems if problem.is_warning)

    def forgiving(self, reasons: Iterable[str]) -> "Reading":
        """The same reading with the problems of these reasons as warnings."""
        return Reading(self.text, self.nodes, forgiven(self.problems, frozenset(reasons)), self.is_whole, self.by_path)

    def fields(self) -> list[tuple[str, str]]:
        """Path and value of every object, templates and what they hold, in the order of the text."""
        return [(node.path, node.value) for root in self.nodes for node in root.walk()]


def decode(text: str, *, lenient: bool = False, forgive: Iterable[str] = (), frame: Frame = EMVCO) -> Reading:
    """The tree of a code that keeps the core's rules. Raises EMVError with the first fault's reason and offset.

    lenient forgives what the wild holds (FORGIVABLE); forgive names more, such as "crc_mismatch".

    >>> decode("0002015802TH63040445").fields()[1]
    ('58', 'TH')
    """
    reading = read(text, frame).forgiving({*forgive, *(FORGIVABLE if lenient else ())})
    for fault in reading.faults:
        raise EMVError(fault.message, offset=fault.at, reason=fault.reason)
    return reading


def read(text: str, frame: Frame = EMVCO) -> Reading:
    """Everything that can be read of text, and everything that is wrong with it. Its time is bound by the length.

    >>> read("0002015802TH").problems[0].reason
    'crc_missing'
    """
    if refused := _unreadable(text):
        return Reading(text[:MAX_PAYLOAD], (), (refused,), is_whole=False)
    problems: list[Problem] = []
    broken: EMVError | None = None
    try:
        objects = parse(text)
    except EMVError as error:
        objects, broken = error.read, error
    nodes = _nodes(objects, "", 0, frame.templates, problems)
    by_path: dict[str, Node] = {}
    for root in nodes:
        for node in root.walk():
            by_path.setdefault(node.path, node)
    if broken:
        problems.append(Problem(broken.reason, str(broken), broken.offset))
    else:
        problems += _crc(text, nodes, frame)
        problems += _payload_format(nodes, frame)
    return Reading(text, nodes, tuple(problems), broken is None, by_path)


def _unreadable(text: str) -> Problem | None:
    if not text:
        return Problem("empty", "read an empty text, expected a code", 0)
    if lone := _SURROGATE.search(text):
        return Problem("not_unicode", f"character {lone.start()} is a lone surrogate, which no QR holds", lone.start())
    if len(text) > MAX_PAYLOAD:
        message = f"the text has {len(text)} characters, a code at most {MAX_PAYLOAD}"
        return Problem("too_long", message, MAX_PAYLOAD)
    return None


def _nodes(
    objects: tuple[DataObject, ...], prefix: str, start: int, templates: frozenset[str], problems: list[Problem]
) -> tuple[Node, ...]:
    """The objects with what they hold; empty and duplicate ones are problems, at the second place."""
    first: dict[str, int] = {}
    nodes = []
    for tag, value, within in objects:
        path, offset = prefix + tag, start + within
        if not value:
            problems.append(Problem("empty_value", f"at character {offset}: tag {path} is empty", offset, path))
        if tag in first:
            message = f"at character {offset}: duplicate tag {path}, the first is at {first[tag]}"
            problems.append(Problem("duplicate_tag", message, offset, path))
        first.setdefault(tag, offset)
        children: tuple[Node, ...] = ()
        if path in templates and (inner := _objects(value)):
            children = _nodes(inner, f"{path}.", offset + 4, templates, problems)
        nodes.append(Node(path, value, offset, children))
    return tuple(nodes)


def _objects(value: str) -> tuple[DataObject, ...]:
    """What a template holds; nothing where its value is free text, as some schemes' are."""
    try:
        return parse(value)
    except EMVError:
        return ()


def _crc(text: str, nodes: tuple[Node, ...], frame: Frame) -> list[Problem]:
    tag = frame.crc_tag
    node = next((node for node in nodes if node.tag == tag), None)
    if node is None:
        return [Problem("crc_missing", f"tag {tag} (CRC) is missing", len(text), tag)]
    if node is not nodes[-1]:
        message = f"tag {tag} (CRC) at character {node.offset} is not the last"
        return [Problem("crc_not_last", message, node.offset, tag)]
    if not _CRC.fullmatch(node.value):
        message = f"the CRC is {node.value!r}, expected four hex digits"
        return [Problem("crc_mismatch", message, node.offset, tag)]
    expected = crc16(text[: node.offset + 4])
    if node.value.upper() != expected:
        message = f"the CRC is {node.value}, the text's own is {expected}: a character was changed or lost"
        return [Problem("crc_mismatch", message, node.offset, tag)]
    written = expected if frame.is_crc_upper else expected.lower()
    if node.value == written:
        return []
    reason = "crc_lower_case" if frame.is_crc_upper else "crc_upper_case"
    message = f"the CRC is written {node.value}, expected {written}"
    return [Problem(reason, message, node.offset, tag, is_warning=True)]


def _payload_format(nodes: tuple[Node, ...], frame: Frame) -> list[Problem]:
    node = next((node for node in nodes if node.tag == frame.first), None)
    if node is None:
        return [Problem("payload_format_missing", f"tag {frame.first} (payload format) is missing", 0, frame.first)]
    problems = []
    if node is not nodes[0]:
        message = f"tag {frame.first} (payload format) at character {node.offset} is not the first"
        problems.append(Problem("payload_format_not_first", message, node.offset, node.path))
    if frame.versions and node.value not in frame.versions:
        message = f"tag {node.path} (payload format) is {node.value!r}, expected {' or '.join(sorted(frame.versions))}"
        problems.append(Problem("payload_format_value", message, node.offset, node.path))
    return problems
