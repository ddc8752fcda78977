"""From YAML to a Scenario; every error names file, line and the nearest word. Must not depend on the simulator."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

from bakong_scenarios.errors import ScenarioError
from bakong_scenarios.language import EVERY, FaultRule, Match, Scenario, WebhookRule
from bakong_scenarios.nodes import Node, compose
from bakong_scenarios.reading_faults import faults_of
from bakong_scenarios.reading_path import path_of
from bakong_scenarios.webhook_faults import read_webhooks
from bakong_scenarios.words import SchemeWords

TOP_KEYS = ["name", "about", "number", "scheme", "match", "payment", "faults", "webhooks", "rules"]
TOP_KEYS += ["otherwise", "strangers"]
STRANGERS = ["wait", "follow"]
RULE_KEYS = ["match", "play", "payment", "faults", "webhooks"]
OWN_KEYS = ["payment", "faults", "webhooks"]  # which a rule that plays a named script has none of
MATCH_KEYS = ["account", "bill_number", "amount"]
AMOUNT_KEYS = ["currency", "at_least", "at_most"]
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}", re.ASCII)
_PLAIN_AMOUNT = re.compile(r"[0-9]{1,13}(\.[0-9]{1,2})?", re.ASCII)


class Known(NamedTuple):
    """What a script may refer to.

    default: the words of a script that names no scheme. schemes: the words of those that it may name.
    find: the script of a name, in the words of a scheme.
    """

    default: SchemeWords
    schemes: Mapping[str, SchemeWords]
    find: Callable[[str, str], Scenario]


class _Context(NamedTuple):
    """The words of the script that is read, and what finds the scripts that it plays."""

    words: SchemeWords
    find: Callable[[str, str], Scenario]


def read(text: str, file: str, known: Known) -> Scenario:
    """The scenario in a YAML text. Raises ScenarioError."""
    return read_node(compose(text, file), text, known)


def read_node(top: Node, text: str, known: Known) -> Scenario:
    """The scenario in the tree of a text. Raises ScenarioError."""
    entries = top.mapping(TOP_KEYS)
    if "name" not in entries:
        raise top.error("the key 'name' is missing")
    if "rules" in entries and "payment" in entries:
        raise entries["rules"].error("'rules' and 'payment' exclude each other: give each rule a payment")
    words = _words(entries["scheme"], known.schemes) if "scheme" in entries else known.default
    context = _Context(words, known.find)
    name = _name(entries["name"])
    faults = faults_of(entries.get("faults"), words)
    webhooks = read_webhooks(entries.get("webhooks"), words)
    rules = list(entries["rules"].items()) if "rules" in entries else []
    _check_reached(rules, words)
    return Scenario(
        name=name,
        about=entries["about"].text() if "about" in entries else "",
        match=_match(entries.get("match"), words),
        path=path_of(entries.get("payment"), words),
        faults=faults,
        webhooks=webhooks,
        rules=tuple(
            replace(_with_shared(_rule(item, f"{name}/{at}", context), faults, webhooks), text=text)
            for at, item in enumerate(rules, 1)
        ),
        otherwise=_resolve(entries["otherwise"], context) if "otherwise" in entries else None,
        number=_number(entries["number"]) if "number" in entries else None,
        scheme=words.name,
        strangers=entries["strangers"].word(STRANGERS) if "strangers" in entries else STRANGERS[0],
        text=text,
    )


def _check_reached(rules: list[Node], words: SchemeWords) -> None:
    """Whether each rule may be the first that matches a payment. Raises ScenarioError."""
    before: dict[Match, int] = {}
    for rule in rules:
        match = _match(rule.mapping(RULE_KEYS).get("match"), words)
        earlier = before.get(EVERY, before.get(match))
        if earlier is not None:
            raise rule.error(f"this rule is never reached: that of line {earlier} matches all its payments before it")
        before[match] = rule.line


def _words(node: Node, schemes: Mapping[str, SchemeWords]) -> SchemeWords:
    return schemes[node.word(list(schemes), what="scheme")]


def _name(node: Node) -> str:
    name = node.text()
    if not _NAME.fullmatch(name):
        raise node.error(f"expected a name of lowercase letters, digits and hyphens, read {name!r}")
    return name


def _number(node: Node) -> int:
    number = node.integer()
    if not 1 <= number <= 99:
        raise node.error(f"expected a number from 1 to 99, read {number}")
    return number


def _resolve(node: Node, context: _Context) -> Scenario:
    try:
        return context.find(node.text(), context.words.name)
    except ScenarioError as error:
        raise node.error(str(error)) from None


def _rule(node: Node, name: str, context: _Context) -> Scenario:
    """One rule as a scenario: its own payment and faults, or a named one's."""
    words = context.words
    entries = node.mapping(RULE_KEYS)
    match = _match(entries.get("match"), words)
    if "play" in entries:
        if any(key in entries for key in OWN_KEYS):
            raise entries["play"].error(
                "'play' names a whole scenario: 'payment', 'faults' and 'webhooks' cannot stand beside it"
            )
        return replace(_resolve(entries["play"], context), match=match, number=None, scheme=words.name)
    return Scenario(
        name=name,
        about="",
        match=match,
        path=path_of(entries.get("payment"), words),
        faults=faults_of(entries.get("faults"), words),
        webhooks=read_webhooks(entries.get("webhooks"), words),
        scheme=words.name,
    )


def _with_shared(rule: Scenario, faults: tuple[FaultRule, ...], webhooks: tuple[WebhookRule, ...]) -> Scenario:
    """A rule with the faults of its script, which strike it too."""
    return replace(rule, faults=rule.faults + faults, webhooks=rule.webhooks + webhooks)


def _match(node: Node | None, words: SchemeWords) -> Match:
    if node is None:
        return EVERY
    entries = node.mapping(MATCH_KEYS)
    amount = entries["amount"].mapping(AMOUNT_KEYS) if "amount" in entries else {}
    least, most = _bound(amount.get("at_least")), _bound(amount.get("at_most"))
    if least is not None and most is not None and Decimal(least) > Decimal(most):
        raise amount["at_most"].error(f"no amount is at least {least} and at most {most}")
    return Match(
        account=entries["account"].text() if "account" in entries else None,
        bill_number=entries["bill_number"].text() if "bill_number" in entries else None,
        currency=amount["currency"].word(words.currencies, words.name) if "currency" in amount else None,
        at_least=least,
        at_most=most,
    )


def _bound(node: Node | None) -> str | None:
    if node is None:
        return None
    if not _PLAIN_AMOUNT.fullmatch(node.text()):
        raise node.error(f"expected an amount like 50 or 2.50, read {node.text()!r}")
    return node.text()
