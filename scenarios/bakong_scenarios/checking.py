"""Every mistake in a script, not the first alone: what is wrong is taken out of the tree, and the rest read again."""

from collections.abc import Iterator
from typing import NamedTuple

import yaml

from bakong_scenarios.errors import ScenarioError
from bakong_scenarios.language import Scenario
from bakong_scenarios.nodes import compose
from bakong_scenarios.reading import Known, read_node

MAX_MISTAKES = 50
PLACEHOLDER = "unnamed"
_FILE = ""


class Mistake(NamedTuple):
    """One mistake, and the line and column that it begins at, from 1; line 0 where it is in none."""

    line: int
    column: int
    message: str


class CheckedScript(NamedTuple):
    """mistakes: by line. script: what the rest says; None where nothing of it can be read."""

    mistakes: tuple[Mistake, ...]
    script: Scenario | None


def check(text: str, known: Known) -> CheckedScript:
    """All that is wrong with a text, at most MAX_MISTAKES."""
    mistakes: list[Mistake] = []
    shortened: set[int] = set()  # what lacks a part since: what it lacks is no mistake
    try:
        top = compose(text, _FILE)
    except ScenarioError as error:
        return CheckedScript((_mistake(error),), None)
    script = None
    for _ in range(4 * MAX_MISTAKES):
        try:
            script = read_node(top, text, known)
            break
        except ScenarioError as error:
            parent = _parent(top.node, error.node)
            follows = id(error.node) in shortened or (error.is_about_order and id(parent) in shortened)
            if not follows:
                mistakes.append(_mistake(error))
            if len(mistakes) == MAX_MISTAKES or not _take_out(top.node, parent, error.node):
                break
            shortened.add(id(parent))
    return CheckedScript(tuple(sorted(mistakes)), script)


def _mistake(error: ScenarioError) -> Mistake:
    return Mistake(error.line, error.column, error.message)


def shown(mistake: Mistake, file: str, text: str) -> str:
    """The mistake with its place, and the line of the source with a mark under it."""
    if not mistake.line:
        return f"{file}: {mistake.message}"
    lines = text.splitlines()
    source = lines[mistake.line - 1].expandtabs(1) if mistake.line <= len(lines) else ""
    place = f"{file}:{mistake.line}:{mistake.column}"
    return f"{place}: {mistake.message}\n  {source}\n  {' ' * (mistake.column - 1)}^"


def _take_out(top: yaml.Node, parent: yaml.Node | None, node: object) -> bool:
    """Take a part out of the tree; false where nothing can be read then."""
    if node is top and isinstance(top, yaml.MappingNode):
        return _name(top)
    if isinstance(parent, yaml.SequenceNode):
        parent.value = [item for item in parent.value if item is not node]
    elif isinstance(parent, yaml.MappingNode):
        parent.value = [pair for pair in parent.value if node not in pair]
    else:
        return False
    return True


def _name(top: yaml.MappingNode) -> bool:
    """Give a script that has no name one; false where it has one already, and so something else is wrong."""
    if any(key.value == "name" for key, _ in top.value):
        return False
    made = [
        yaml.ScalarNode("tag:yaml.org,2002:str", word, top.start_mark, top.end_mark) for word in ("name", PLACEHOLDER)
    ]
    top.value = [(made[0], made[1]), *top.value]
    return True


def _parent(top: yaml.Node, node: object) -> yaml.Node | None:
    return next((one for one in _walk(top) if any(child is node for child in _children(one))), None)


def _walk(node: yaml.Node) -> Iterator[yaml.Node]:
    todo = [node]
    while todo:
        yield (one := todo.pop())
        todo += _children(one)


def _children(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [child for pair in node.value for child in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []
