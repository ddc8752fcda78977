"""YAML read into a pydantic model: every mistake at once, each with its file, line and column."""

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ValidationError

from bakong_contracts.patterns import in_words, message
from bakong_contracts.yaml_words import plain

M = TypeVar("M", bound=BaseModel)
Place = tuple[int | str, ...]
MAX_SOURCE = 160  # characters of a source line that are shown
MANY = 15  # known keys, of which a list helps nobody


class YamlError(ValueError):
    """What is wrong with a file. mistakes: a line each."""

    def __init__(self, *mistakes: str) -> None:
        several = f"{len(mistakes)} mistakes:\n  " if len(mistakes) > 1 else ""
        super().__init__(several + "\n  ".join(mistakes))
        self.mistakes = mistakes


def read_model(path: Path, model: type[M]) -> M:
    """The model in a file. Raises YamlError."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise YamlError(f"{path}: {getattr(error, 'strerror', None) or error}") from None
    return parse_model(text, str(path), model)


def parse_model(text: str, file: str, model: type[M]) -> M:
    """The model in a text. Raises YamlError."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        mistakes: list[tuple[yaml.Mark | None, str]] = list(_duplicates(root)) if root else []
        values = yaml.SafeLoader("").construct_document(root) if root else None
    except yaml.MarkedYAMLError as error:
        where = _where(error.problem_mark) if error.problem_mark else ""
        raise YamlError(f"{file}{where}: not valid YAML: {plain(error.problem or '')}") from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:  # ValueError: a date that no calendar has
        raise YamlError(f"{file}: not valid YAML: {' '.join(str(error).split()) or 'nested too deeply'}") from None
    checked = None
    try:
        checked = model.model_validate(values)
    except ValidationError as error:
        found = rows(error)
        mistakes += [(_mark(root, mistake["loc"], mistake["type"]), sentence(mistake, model)) for mistake in found]
    if mistakes or checked is None:
        ordered = sorted(mistakes, key=lambda one: (one[0].line, one[0].column) if one[0] else (0, 0))
        raise YamlError(*(f"{file}{_where(mark)}: {said}{_source(text, mark)}" for mark, said in ordered))
    return checked


def rows(error: ValidationError) -> list[Any]:
    return list(error.errors(include_url=False))


def sentence(mistake: Any, model: type[BaseModel]) -> str:
    """One of pydantic's mistakes: the path, what was expected, and what was read."""
    place = tuple(part for part in mistake["loc"] if part != "[key]")
    path = ".".join(map(str, place))
    if mistake["type"] == "extra_forbidden":
        return f"{path}: unknown key{_nearest(str(place[-1]), _fields(model, place[:-1]))}"
    if mistake["type"] == "missing":
        return f"{path}: missing"
    expected = in_words(message(mistake))
    if mistake["type"] in ("model_type", "dict_type"):
        expected = "expected keys and values"
    shown = "" if mistake["type"] == "value_error" else f", read {_short(mistake['input'])}"
    if mistake["type"] == "string_type" and isinstance(mistake["input"], bool):
        shown += ", which is what YAML makes of yes, no, on and off: put the word in quotes"
    return f"{path}: {expected}{shown}" if path else f"{expected}{shown}"


def _duplicates(node: yaml.Node) -> Iterator[tuple[yaml.Mark | None, str]]:
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    yield key.start_mark, f"duplicate key {key.value!r}"
                seen.add(key.value)
            yield from _duplicates(value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _duplicates(item)


def _mark(node: yaml.Node | None, place: Place, kind: str) -> yaml.Mark | None:
    """Where a place begins; that of an unknown key is the key itself, that of a missing one what should hold it."""
    if node is None:
        return None
    mark: yaml.Mark = node.start_mark
    for number, part in enumerate(place):
        is_last = number == len(place) - 1
        if isinstance(node, yaml.MappingNode):
            pair = next(((key, value) for key, value in node.value if key.value == str(part)), None)
            if pair is None:
                break
            in_key = (kind == "extra_forbidden" and is_last) or place[number + 1 :] == ("[key]",)
            node, mark = pair[1], (pair[0] if in_key else pair[1]).start_mark
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            mark = node.start_mark
        else:
            break
    return mark


def _where(mark: yaml.Mark | None) -> str:
    return f":{mark.line + 1}:{mark.column + 1}" if mark else ":1:1"


def _source(text: str, mark: yaml.Mark | None) -> str:
    """The line of a mark, with a caret below the column; nothing for the beginning of the file."""
    if mark is None or (mark.line, mark.column) == (0, 0):
        return ""
    line = text.splitlines()[mark.line] if mark.line < len(text.splitlines()) else ""
    return f"\n    {line[:MAX_SOURCE]}\n    {' ' * mark.column}^" if mark.column < MAX_SOURCE else ""


def _fields(model: type[BaseModel], place: Place) -> list[str]:
    """The fields of the model at a place."""
    for part in place:
        field = model.model_fields.get(str(part))
        if field is None:
            continue  # an item of a list, or a value under a free key
        kinds = (
            field.annotation,
            *get_args(field.annotation),
            *(one for arg in get_args(field.annotation) for one in get_args(arg)),
        )
        model = next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)), model)
    return list(model.model_fields)


def _nearest(word: str, known: Sequence[str]) -> str:
    close = get_close_matches(word, known, n=1, cutoff=0.5)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f" (known: {', '.join(known)})" if len(known) <= MANY else f" ({len(known)} are known)"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}…"
