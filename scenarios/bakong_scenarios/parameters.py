"""Reading the parameters of a fault and the conditions under which it strikes, as the vocabulary specifies them."""

from collections.abc import Callable, Mapping

from bakong_scenarios.nodes import Node
from bakong_scenarios.vocabulary import Parameter, Parameters
from bakong_scenarios.words import SchemeWords

_NONE = Parameter("text")
_READERS: dict[str, Callable[[Node], int | float | str]] = {
    "duration": Node.duration_ms,
    "shift": Node.shift_ms,
    "integer": Node.integer,
    "fraction": Node.fraction,
    "text": Node.text,
}


def conditions_of(entries: Mapping[str, Node], words: SchemeWords) -> dict[str, Mapping[str, object]]:
    """The conditions among the entries of a rule, each with its parameters."""
    return {
        name: _condition(entries[name], specified, words)
        for name, specified in words.conditions.items()
        if name in entries
    }


def parameters_of(entries: Mapping[str, Node], specified: Parameters, words: SchemeWords) -> dict[str, object]:
    """A fault's parameters, those that are left out at their defaults."""
    return {
        name: _parameter(entries[name], parameter, words) if name in entries else parameter.default
        for name, parameter in specified.items()
    }


def _condition(node: Node, specified: Parameters, words: SchemeWords) -> dict[str, object]:
    if node.is_text():
        first, *rest = specified
        given = _parameter(node, specified[first], words)
        return {first: given} | {name: specified[name].default for name in rest}
    entries = node.mapping(list(specified))
    given = parameters_of(entries, specified, words)
    begin, end = given.get("from"), given.get("to")
    if (
        specified.get("to", _NONE).kind == "duration"
        and isinstance(begin, int)
        and isinstance(end, int)
        and end <= begin
    ):
        raise entries["to"].error(f"ends before it begins: from {_text(entries, 'from')} to {entries['to'].text()}")
    return given


def _text(entries: Mapping[str, Node], name: str) -> str:
    return entries[name].text() if name in entries else "0s"


def _parameter(node: Node, parameter: Parameter, words: SchemeWords) -> object:
    if parameter.choices:
        return node.word(parameter.choices, words.name)
    value = _READERS[parameter.kind](node)
    if isinstance(value, int) and parameter.kind != "shift" and value < parameter.least:
        raise node.error(f"expected at least {parameter.least}, read {node.text()!r}")
    if isinstance(value, int) and parameter.most is not None and value > parameter.most:
        raise node.error(f"expected at most {parameter.most}, read {node.text()!r}")
    return value
