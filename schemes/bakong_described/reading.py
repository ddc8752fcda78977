"""YAML read into a description: every mistake at once, each with its file, line and column.

The shapes are the dataclasses of `description`; this knows dataclasses, mappings, tuples, literals and forms, and no
field by name.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from difflib import get_close_matches
from enum import EnumType
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import yaml

from bakong_described.description import Description, Form
from bakong_scenarios.nodes import MAX_LENGTH

Where = tuple[str | int, ...]
ABSENT = object()


class DescriptionError(ValueError):
    """What is wrong with a description. mistakes: a line each."""

    def __init__(self, *mistakes: str) -> None:
        several = f"{len(mistakes)} mistakes:\n  " if len(mistakes) > 1 else ""
        super().__init__(several + "\n  ".join(mistakes))
        self.mistakes = mistakes


class Mistakes:
    """What is wrong so far, and where each place of the file is."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._marks: dict[Where, yaml.Mark] = {}
        self._rows: list[tuple[tuple[int, int], str]] = []

    def at(self, where: Where, mark: yaml.Mark) -> None:
        """Remember where a place is."""
        self._marks[where] = mark

    def add(self, where: Where, message: str, mark: yaml.Mark | None = None) -> None:
        """A mistake at a place, or at the nearest place around it that the file has."""
        shown = ".".join(map(str, where))
        while mark is None and where not in self._marks and where:
            where = where[:-1]
        mark = mark or self._marks.get(where)
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        self._rows.append(((line, column), f"{self._file}:{line}:{column}: {shown + ': ' if shown else ''}{message}"))

    def raise_any(self) -> None:
        """Raises DescriptionError, with the mistakes in the order of the file."""
        if self._rows:
            raise DescriptionError(*(message for _, message in sorted(self._rows)))


OURS: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read(path: Path, loader: Any = yaml.SafeLoader) -> Description:
    """The description in a file. Raises DescriptionError.

    By PyYAML's own parser: the one of libyaml ends the whole process where a text nests too deeply. loader: OURS, which
    is five times as fast, for files that are part of this project.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DescriptionError(f"{path}: {getattr(error, 'strerror', None) or error}") from None
    return parse(text, str(path), loader)


def parse(text: str, file: str, loader: Any = yaml.SafeLoader) -> Description:
    """The description in a text. Raises DescriptionError."""
    from bakong_described.checking import check  # noqa: PLC0415  which adds to these mistakes

    if len(text) > MAX_LENGTH:
        raise DescriptionError(f"{file}:1:1: longer than {MAX_LENGTH} characters")
    try:
        tokens = yaml.scan(text, Loader=loader) if "*" in text else ()
        aliases = [token.start_mark for token in tokens if isinstance(token, yaml.AliasToken)]
        root = None if aliases else yaml.compose(text, Loader=loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f":{mark.line + 1}:{mark.column + 1}" if mark else ":1:1"
        raise DescriptionError(f"{file}{place}: not valid YAML: {error.problem}") from None
    except (yaml.YAMLError, RecursionError) as error:
        raise DescriptionError(f"{file}:1:1: not valid YAML: {str(error) or 'nested too deeply'}") from None
    mistakes = Mistakes(file)
    for mark in aliases:
        mistakes.add((), "an alias: write out what it stands for", mark)
    if root is None and not aliases:
        mistakes.add((), "empty, expected a description")
    description = None if root is None else _Reader(mistakes).value(root, Description, ())
    mistakes.raise_any()
    assert isinstance(description, Description)  # noqa: S101  what has no mistake
    check(description, mistakes.add)
    mistakes.raise_any()
    return description


class _Reader:
    """Nodes into values of a type; what does not fit is added to the mistakes, and is ABSENT."""

    def __init__(self, mistakes: Mistakes) -> None:
        self._mistakes = mistakes

    def value(self, node: yaml.Node, kind: Any, where: Where) -> Any:  # noqa: PLR0911  one for each kind of type
        self._mistakes.at(where, node.start_mark)
        origin, form = get_origin(kind), None
        if origin is Annotated:
            kind, form = get_args(kind)
            origin = get_origin(kind)
        if origin in (Union, UnionType):
            return self._optional(node, kind, where)
        if is_dataclass(kind):
            return self._record(node, kind, where)
        if origin is Literal:
            return self._choice(node, get_args(kind), where)
        if isinstance(kind, EnumType):
            word = self._choice(node, [str(member.value) for member in list[Any](kind)], where)
            return word if word is ABSENT else kind(word)
        if origin is tuple:
            return self._list(node, get_args(kind)[0], where)
        if origin is not None and issubclass(origin, Mapping):
            key_kind, value_kind = get_args(kind)
            return self._mapping(node, key_kind, value_kind, where)
        if kind is Any:
            return self._json(node, where)
        return self._scalar(node, kind, form, where)

    def _optional(self, node: yaml.Node, kind: Any, where: Where) -> Any:
        if node.tag == "tag:yaml.org,2002:null":
            return None
        return self.value(node, next(arg for arg in get_args(kind) if arg is not NoneType), where)

    def _record(self, node: yaml.Node, kind: Any, where: Where) -> Any:
        hints = get_type_hints(kind, include_extras=True)
        known = {item.name.rstrip("_"): item for item in fields(kind)}
        given: dict[str, Any] = {}
        for name, key, value in self._pairs(node, where):
            if name not in known:
                self._mistakes.add((*where, name), f"unknown key{_nearest(name, known)}", key.start_mark)
                continue
            given[known[name].name] = self.value(value, hints[known[name].name], (*where, name))
        if not isinstance(node, yaml.MappingNode):
            return ABSENT
        for name, item in known.items():
            if item.name not in given and item.default is MISSING and item.default_factory is MISSING:
                self._mistakes.add((*where, name), "missing", node.start_mark)
                given[item.name] = ABSENT
        return ABSENT if ABSENT in given.values() else kind(**given)

    def _mapping(self, node: yaml.Node, key_kind: Any, value_kind: Any, where: Where) -> Any:
        made = {}
        for name, key, value in self._pairs(node, where):
            read_key = self.value(key, key_kind, (*where, name))
            made[read_key] = self.value(value, value_kind, (*where, name))
        return made

    def _pairs(self, node: yaml.Node, where: Where) -> Iterator[tuple[str, yaml.Node, yaml.Node]]:
        if not isinstance(node, yaml.MappingNode):
            self._mistakes.add(where, f"expected keys and values, read {_shown(node)}", node.start_mark)
            return
        seen: set[str] = set()
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else _shown(key)
            if not isinstance(key, yaml.ScalarNode) or key.tag == "tag:yaml.org,2002:merge":
                self._mistakes.add((*where, name), "expected a plain key", key.start_mark)
            elif name in seen:
                self._mistakes.add((*where, name), "duplicate key", key.start_mark)
            else:
                seen.add(name)
                yield name, key, value

    def _list(self, node: yaml.Node, kind: Any, where: Where) -> Any:
        if isinstance(node, yaml.ScalarNode):  # one is a list of one
            return (self.value(node, kind, where),)
        if not isinstance(node, yaml.SequenceNode):
            self._mistakes.add(where, f"expected a list, read {_shown(node)}")
            return ABSENT
        return tuple(self.value(item, kind, (*where, at)) for at, item in enumerate(node.value))

    def _choice(self, node: yaml.Node, choices: Sequence[str], where: Where) -> Any:
        if isinstance(node, yaml.ScalarNode) and node.value in choices:
            return node.value
        read = node.value if isinstance(node, yaml.ScalarNode) else ""
        self._mistakes.add(where, f"read {_shown(node)}{_nearest(read, choices)}")
        return ABSENT

    def _scalar(self, node: yaml.Node, kind: Any, form: Form | None, where: Where) -> Any:
        expected = {str: "a text", int: "a whole number", bool: "true or false"}[kind]
        if isinstance(node, yaml.ScalarNode) and (reader := _SCALARS[kind](node)) is not None:
            if form is None or re.fullmatch(form.pattern, str(reader), re.ASCII):
                return reader
            expected = f"one like {form.example!r}"
        self._mistakes.add(where, f"expected {expected}, read {_shown(node)}")
        return ABSENT

    def _json(self, node: yaml.Node, where: Where) -> Any:
        """A template of JSON, with the places of its parts."""
        self._mistakes.at(where, node.start_mark)
        if isinstance(node, yaml.MappingNode):
            return {name: self._json(value, (*where, name)) for name, _, value in self._pairs(node, where)}
        if isinstance(node, yaml.SequenceNode):
            return [self._json(item, (*where, at)) for at, item in enumerate(node.value)]
        return self._json_scalar(node, where)

    def _json_scalar(self, node: yaml.Node, where: Where) -> Any:
        try:
            value = yaml.SafeLoader("").construct_object(node)
        except (yaml.YAMLError, ValueError):
            value = object()
        if isinstance(value, (str, int, float, bool, NoneType)):
            return value
        self._mistakes.add(where, f"expected JSON, read {_shown(node)}; put it in quotation marks")
        return None


def _text(node: yaml.ScalarNode) -> str | None:
    return str(node.value) if node.tag != "tag:yaml.org,2002:null" else None


def _integer(node: yaml.ScalarNode) -> int | None:
    return int(node.value) if re.fullmatch(r"[0-9]{1,9}", node.value, re.ASCII) else None


def _boolean(node: yaml.ScalarNode) -> bool | None:
    return {"true": True, "false": False}.get(node.value)


_SCALARS: dict[Any, Callable[[yaml.ScalarNode], Any]] = {str: _text, int: _integer, bool: _boolean}


def _nearest(word: str, known: Sequence[str] | Mapping[str, Any]) -> str:
    close = get_close_matches(word, list(known), n=1, cutoff=0.5)
    return (f"; did you mean {close[0]!r}?" if close else "") + f" (known: {', '.join(known)})"


def _shown(node: yaml.Node) -> str:
    if isinstance(node, yaml.ScalarNode):
        text = repr(node.value)
        return text if len(text) <= 60 else f"{text[:60]}…"
    return "a list" if isinstance(node, yaml.SequenceNode) else "keys and values"
