"""A YAML node with its file and line, and the readings that a script needs."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

import yaml

from bakong_contracts.yaml_words import plain
from bakong_scenarios.errors import ScenarioError, nearest

MAX_LENGTH = 64 * 1024
DURATION = r"[0-9]{1,12}(?:\.[0-9]{1,6})?\s*(?:ms|s|m|h|d)?"
_DURATION = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,6})?)\s*(ms|s|m|h|d)?", re.ASCII)
_UNIT_MS = {"ms": 1, "s": 1000, None: 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_LONGEST_MS = 10 * 366 * 86_400_000


class Node:
    """One node of a script. Every reading raises ScenarioError with file and line for what is not of its kind."""

    def __init__(self, node: yaml.Node, file: str) -> None:
        self.node = node
        self.file = file

    @property
    def line(self) -> int:
        return int(self.node.start_mark.line) + 1

    def error(self, message: str, *, is_about_order: bool = False) -> ScenarioError:
        mark = self.node.start_mark
        return ScenarioError(
            message,
            file=self.file,
            line=mark.line + 1,
            column=mark.column + 1,
            node=self.node,
            is_about_order=is_about_order,
        )

    def text(self) -> str:
        if not isinstance(self.node, yaml.ScalarNode):
            raise self.error(f"expected a text, read {self._shown()}")
        return str(self.node.value)

    def with_text(self, part: str) -> "Node":
        """A part of this node's text, at the same place."""
        return Node(yaml.ScalarNode("", part, self.node.start_mark, self.node.end_mark), self.file)

    def is_text(self) -> bool:
        return isinstance(self.node, yaml.ScalarNode)

    def is_list(self) -> bool:
        return isinstance(self.node, yaml.SequenceNode)

    def items(self) -> Iterator["Node"]:
        if not isinstance(self.node, yaml.SequenceNode):
            raise self.error(f"expected a list, read {self._shown()}")
        return (Node(item, self.file) for item in self.node.value)

    def mapping(self, known: Sequence[str], scheme: str = "") -> dict[str, "Node"]:
        """The entries by key; an unknown key, or a duplicate, is an error. scheme: whose words the keys are."""
        entries: dict[str, Node] = {}
        for key_node, value_node in self._pairs():
            key = Node(key_node, self.file)
            name = key.text()
            if name not in known:
                raise key.error(f"unknown key {name!r}{nearest(name, known, scheme)}")
            if name in entries:
                raise key.error(f"duplicate key {name!r}")
            entries[name] = Node(value_node, self.file)
        return entries

    def entry(self, name: str) -> "Node | None":
        """The value of a key, whatever other keys there are."""
        return next((Node(value, self.file) for key, value in self._pairs() if key.value == name), None)

    def only_key(self) -> str | None:
        pairs = list(self._pairs())
        return Node(pairs[0][0], self.file).text() if len(pairs) == 1 else None

    def word(self, known: Sequence[str], scheme: str = "", what: str = "value") -> str:
        """One of the known words. scheme: whose words they are."""
        value = self.text()
        if value not in known:
            raise self.error(f"unknown {what} {value!r}{nearest(value, known, scheme)}")
        return value

    def duration_ms(self) -> int:
        match = _DURATION.fullmatch(self.text())
        if not match:
            raise self.error(f"expected a duration like 500ms, 2s, 15m or 24h, read {self.text()!r}")
        duration = round(float(match[1]) * _UNIT_MS[match[2]])
        if duration > _LONGEST_MS:
            raise self.error(f"expected a duration of at most ten years, read {self.text()!r}")
        return duration

    def shift_ms(self) -> int:
        """A duration with a sign."""
        text = self.text()
        return self.with_text(text.lstrip("+-")).duration_ms() * (-1 if text.startswith("-") else 1)

    def integer(self) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", self.text(), re.ASCII):
            raise self.error(f"expected a whole number, read {self.text()!r}")
        return int(self.text())

    def fraction(self) -> float:
        try:
            value = float(self.text())
        except ValueError:
            value = -1
        if not 0 <= value <= 1:
            raise self.error(f"expected a number from 0 to 1, read {self.text()!r}")
        return value

    def _pairs(self) -> list[tuple[yaml.Node, yaml.Node]]:
        if not isinstance(self.node, yaml.MappingNode):
            raise self.error(f"expected keys and values, read {self._shown()}")
        return list(self.node.value)

    def _shown(self) -> str:
        if isinstance(self.node, yaml.ScalarNode):
            return repr(self.node.value)
        return "a list" if isinstance(self.node, yaml.SequenceNode) else "keys and values"


FAST: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def compose(text: str, file: str, loader: Any = yaml.SafeLoader) -> Node:
    """The root of a YAML text. Raises ScenarioError for what is not valid YAML, empty, or too long.

    By PyYAML's own parser: the one of libyaml ends the whole process where a text nests too deeply. loader: FAST for
    texts of our own.
    """
    if len(text) > MAX_LENGTH:
        raise ScenarioError(f"is longer than {MAX_LENGTH} characters", file=file)
    try:
        root = yaml.compose(text, Loader=loader)
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or (str(error) or "nested too deeply").splitlines()[0]
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 1)
        raise ScenarioError(f"not valid YAML: {plain(problem)}", file=file, line=line, column=column) from None
    if root is None:
        raise ScenarioError("is empty, expected at least a name", file=file)
    return Node(root, file)
