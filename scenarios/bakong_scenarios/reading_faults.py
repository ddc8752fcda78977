"""Reading faults and their conditions, in the words of a scheme."""

import re

from bakong_scenarios.language import ALWAYS, ANY_ENDPOINT, FaultRule, Polls
from bakong_scenarios.nodes import Node
from bakong_scenarios.parameters import conditions_of, parameters_of
from bakong_scenarios.vocabulary import ALTERNATIVES, CONDITIONS
from bakong_scenarios.words import SchemeWords

FAULT_KEYS = ["fault", "on", "poll", *CONDITIONS]
_POLLS = re.compile(r"([1-9][0-9]{0,5})(?:\.\.([1-9][0-9]{0,5})?)?", re.ASCII)


def faults_of(node: Node | None, words: SchemeWords) -> tuple[FaultRule, ...]:
    """The faults of a list. Raises ScenarioError."""
    return tuple(_fault(item, words) for item in node.items()) if node else ()


def _fault(node: Node, words: SchemeWords) -> FaultRule:
    named = node.entry("fault")
    if named is None:
        raise node.error(f"the key 'fault' is missing (known: {', '.join(sorted(words.faults))})")
    on, poll = _endpoints(node.entry("on"), words), node.entry("poll")
    polls = ALWAYS if poll is None else _polls(poll)
    fault = named.word(sorted(words.faults), words.name)
    entries = node.mapping(FAULT_KEYS + sorted(words.faults[fault]))
    _check_alternatives(node, fault, entries)
    conditions, parameters = conditions_of(entries, words), parameters_of(entries, words.faults[fault], words)
    _check_order(fault, entries, parameters)
    return FaultRule(fault=fault, on=on, poll=polls, conditions=conditions, parameters=parameters)


def _check_alternatives(node: Node, fault: str, entries: dict[str, Node]) -> None:
    sets = ALTERNATIVES.get(fault)
    if sets is None:
        return
    given = {name for name in entries if any(name in names for names in sets)}
    if given not in [set(names) for names in sets]:
        shown = "; or ".join(" and ".join(repr(name) for name in names) for names in sets)
        raise node.error(f"a {fault} wants {shown}")


def _check_order(fault: str, entries: dict[str, Node], given: dict[str, object]) -> None:
    """A span has its lower end first. Raises ScenarioError."""
    for low, *highs in ALTERNATIVES.get(fault, ()):
        begin, ends = given[low], [(name, given[name]) for name in highs]
        for name, end in ends:
            if isinstance(begin, int) and isinstance(end, int) and end < begin:
                texts = entries[low].text(), entries[name].text()
                raise entries[name].error(f"{name} is less than {low}: {texts[1]} after {texts[0]}")


def _endpoints(node: Node | None, words: SchemeWords) -> tuple[str, ...]:
    if node is None:
        return (ANY_ENDPOINT,)
    named = [item.word(list(words.targets), words.name) for item in (node.items() if node.is_list() else (node,))]
    return tuple(endpoint for word in named for endpoint in words.targets[word])


def _polls(node: Node) -> Polls:
    match = _POLLS.fullmatch(node.text())
    if not match:
        raise node.error(f"expected a poll like 2, a span like 1..3 or 4.., read {node.text()!r}")
    first = int(match[1])
    if ".." not in node.text():
        return Polls(first, first)
    last = int(match[2]) if match[2] else None
    if last is not None and last < first:
        raise node.error(f"no poll is from {first} to {last}: did you mean {last}..{first}?")
    return Polls(first, last)
