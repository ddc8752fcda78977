"""From YAML to a Scenario; every error names file, line and the nearest key. Must not depend on the simulator."""

import re
from collections.abc import Callable
from dataclasses import replace

from bakong_scenarios.errors import ScenarioError
from bakong_scenarios.language import (
    ALWAYS,
    ANY_ENDPOINT,
    CHECKS,
    ENDPOINT_NAMES,
    EVERY,
    FaultRule,
    Match,
    Polls,
    Scenario,
    State,
    Step,
    Tracking,
    WebhookRule,
)
from bakong_scenarios.nodes import Node, compose
from bakong_scenarios.parameters import conditions_of, parameters_of
from bakong_scenarios.vocabulary import ALTERNATIVES, CONDITIONS, FAULTS, TRACKING
from bakong_scenarios.webhook_faults import read_webhooks

Find = Callable[[str], Scenario]

TOP_KEYS = ["name", "about", "number", "match", "payment", "faults", "webhooks", "rules", "otherwise"]
RULE_KEYS = ["match", "play", "payment", "faults", "webhooks"]
OWN_KEYS = ["payment", "faults", "webhooks"]  # which a rule that plays a named script has none of
MATCH_KEYS = ["account", "bill_number", "amount"]
AMOUNT_KEYS = ["currency", "at_least", "at_most"]
WAITING_KEYS = ["after", "at", "polls", "for"]
SETTLED_KEYS = [*WAITING_KEYS, "amount", "currency", "account", "tracking"]
FAULT_KEYS = ["fault", "on", "poll", *CONDITIONS]
ENDPOINTS = [ANY_ENDPOINT, CHECKS, *ENDPOINT_NAMES]
CHECK_NAMES = tuple(name for name in ENDPOINT_NAMES if name.startswith("check_transaction"))
MAX_STEPS = 100
CURRENCIES = ["KHR", "USD"]
_POLLS = re.compile(r"([1-9][0-9]{0,5})(?:\.\.([1-9][0-9]{0,5})?)?", re.ASCII)
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}", re.ASCII)
_AMOUNT = re.compile(r"[+-]?[0-9]{1,13}(\.[0-9]{1,2})?|[0-9]{1,4}(\.[0-9]{1,2})?%", re.ASCII)
_PLAIN_AMOUNT = re.compile(r"[0-9]{1,13}(\.[0-9]{1,2})?", re.ASCII)
_AT = re.compile(r"expiry\s*(?:([+-])\s*(\S+))?")
_ACCOUNT = re.compile(r"[^@\s]{1,30}@[^@\s]{1,30}")


def _no_library(name: str) -> Scenario:
    raise ScenarioError(f"the scenario {name!r} is looked for in no library here")


def read(text: str, file: str = "scenario", find: Find = _no_library) -> Scenario:
    """The scenario in a YAML text; find resolves the names that its rules play. Raises ScenarioError."""
    top = compose(text, file)
    entries = top.mapping(TOP_KEYS)
    if "name" not in entries:
        raise top.error("the key 'name' is missing")
    if "rules" in entries and "payment" in entries:
        raise entries["rules"].error("'rules' and 'payment' exclude each other: give each rule a payment")
    name = _name(entries["name"])
    faults = _faults(entries.get("faults"))
    webhooks = read_webhooks(entries.get("webhooks"), CONDITIONS)
    rules = entries["rules"].items() if "rules" in entries else ()
    return Scenario(
        name=name,
        about=entries["about"].text() if "about" in entries else "",
        match=_match(entries.get("match")),
        path=_path(entries.get("payment")),
        faults=faults,
        webhooks=webhooks,
        rules=tuple(
            replace(_with_shared(_rule(item, f"{name}/{at}", find), faults, webhooks), text=text)
            for at, item in enumerate(rules, 1)
        ),
        otherwise=_resolve(entries["otherwise"], find) if "otherwise" in entries else None,
        number=_number(entries["number"]) if "number" in entries else None,
        text=text,
    )


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


def _resolve(node: Node, find: Find) -> Scenario:
    try:
        return find(node.text())
    except ScenarioError as error:
        raise node.error(str(error)) from None


def _rule(node: Node, name: str, find: Find) -> Scenario:
    """One rule as a scenario: its own payment and faults, or a named one's."""
    entries = node.mapping(RULE_KEYS)
    match = _match(entries.get("match"))
    if "play" in entries:
        if any(key in entries for key in OWN_KEYS):
            raise entries["play"].error(
                "'play' names a whole scenario: 'payment', 'faults' and 'webhooks' cannot stand beside it"
            )
        played = _resolve(entries["play"], find)
        return Scenario(played.name, played.about, match, played.path, played.faults, played.webhooks)
    return Scenario(
        name=name,
        about="",
        match=match,
        path=_path(entries.get("payment")),
        faults=_faults(entries.get("faults")),
        webhooks=read_webhooks(entries.get("webhooks"), CONDITIONS),
    )


def _with_shared(rule: Scenario, faults: tuple[FaultRule, ...], webhooks: tuple[WebhookRule, ...]) -> Scenario:
    """A rule with the faults of its script, which strike it too."""
    return replace(rule, faults=rule.faults + faults, webhooks=rule.webhooks + webhooks)


def _match(node: Node | None) -> Match:
    if node is None:
        return EVERY
    entries = node.mapping(MATCH_KEYS)
    amount = entries["amount"].mapping(AMOUNT_KEYS) if "amount" in entries else {}
    return Match(
        account=entries["account"].text() if "account" in entries else None,
        bill_number=entries["bill_number"].text() if "bill_number" in entries else None,
        currency=amount["currency"].word(CURRENCIES) if "currency" in amount else None,
        at_least=_bound(amount.get("at_least")),
        at_most=_bound(amount.get("at_most")),
    )


def _bound(node: Node | None) -> str | None:
    if node is None:
        return None
    if not _PLAIN_AMOUNT.fullmatch(node.text()):
        raise node.error(f"expected an amount like 50 or 2.50, read {node.text()!r}")
    return node.text()


def _path(node: Node | None) -> tuple[Step, ...]:
    if node is None:
        return ()
    steps: list[Step] = []
    for item in node.items():
        if len(steps) == MAX_STEPS:
            raise item.error(f"expected at most {MAX_STEPS} steps")
        step = _step(item)
        settled = any(before.settles for before in steps)
        if step.state is State.UNPAID and settled:
            raise item.error("a settled payment cannot become unpaid: 'hidden' is one that no check finds")
        if step.state is State.HIDDEN and not settled:
            raise item.error("only a settled payment can be hidden: begin with 'unpaid' or 'paid'")
        steps.append(step)
    return tuple(steps)


def _step(node: Node) -> Step:
    states = [state.value for state in State]
    if node.is_text():
        return Step(State(node.word(states)))
    state = node.only_key()
    if state is None:
        raise node.error(
            f"expected one state with its conditions, like 'paid: {{after: 2s}}' (states: {', '.join(states)})"
        )
    body = node.mapping(states)[state]
    entries = body.mapping(_keys_of(State(state)))
    if "after" in entries and "at" in entries:
        raise body.error("'after' and 'at' exclude each other")
    return Step(
        State(state),
        after_ms=entries["after"].duration_ms() if "after" in entries else 0,
        polls=entries["polls"].integer() if "polls" in entries else None,
        for_ms=entries["for"].duration_ms() if "for" in entries else None,
        expiry_ms=_at(entries["at"]) if "at" in entries else None,
        amount=_amount(entries["amount"]) if "amount" in entries else None,
        currency=entries["currency"].word(CURRENCIES) if "currency" in entries else None,
        account=_account(entries["account"]) if "account" in entries else None,
        tracking=tuple(map(_tracking, entries["tracking"].items())) if "tracking" in entries else (),
    )


def _keys_of(state: State) -> list[str]:
    if state is State.UNPAID:
        return ["polls", "for"]
    return WAITING_KEYS if state is State.HIDDEN else SETTLED_KEYS


def _at(node: Node) -> int:
    """The distance from the code's expiry, in ms."""
    match = _AT.fullmatch(node.text())
    if not match:
        raise node.error(f"expected a time like expiry, expiry-1s or expiry+30s, read {node.text()!r}")
    if match[2] is None:
        return 0
    distance = node.with_text(match[2]).duration_ms()
    return -distance if match[1] == "-" else distance


def _amount(node: Node) -> str:
    if not _AMOUNT.fullmatch(node.text()):
        raise node.error(f"expected an amount like 2.50, 90%, +0.50 or -0.50, read {node.text()!r}")
    return node.text()


def _account(node: Node) -> str:
    if not _ACCOUNT.fullmatch(node.text()) or len(node.text()) > 32:
        raise node.error(f"expected an account like name@bank, read {node.text()!r}")
    return node.text()


def _tracking(node: Node) -> Tracking:
    if node.is_text():
        return Tracking(node.word(list(TRACKING)))
    status = node.only_key()
    if status is None:
        raise node.error("expected one status with its time, like 'ACKNOWLEDGED_BY_FI: {after: 2h}'")
    entries = node.mapping(list(TRACKING))[status].mapping(["after"])
    return Tracking(status, entries["after"].duration_ms() if "after" in entries else 0)


def _faults(node: Node | None) -> tuple[FaultRule, ...]:
    return tuple(_fault(item) for item in node.items()) if node else ()


def _fault(node: Node) -> FaultRule:
    everything = FAULT_KEYS + sorted({name for parameters in FAULTS.values() for name in parameters})
    entries = node.mapping(everything)
    if "fault" not in entries:
        raise node.error(f"the key 'fault' is missing (known: {', '.join(sorted(FAULTS))})")
    fault = entries["fault"].word(sorted(FAULTS))
    entries = node.mapping(FAULT_KEYS + sorted(FAULTS[fault]))
    _check_alternatives(node, fault, entries)
    return FaultRule(
        fault=fault,
        on=_endpoints(entries.get("on")),
        poll=_polls(entries["poll"]) if "poll" in entries else ALWAYS,
        conditions=conditions_of(entries, CONDITIONS),
        parameters=parameters_of(entries, FAULTS[fault]),
    )


def _check_alternatives(node: Node, fault: str, entries: dict[str, Node]) -> None:
    sets = ALTERNATIVES.get(fault)
    if sets is None:
        return
    given = {name for name in entries if any(name in names for names in sets)}
    if given not in [set(names) for names in sets]:
        shown = "; or ".join(" and ".join(repr(name) for name in names) for names in sets)
        raise node.error(f"a {fault} wants {shown}")


def _endpoints(node: Node | None) -> tuple[str, ...]:
    if node is None:
        return (ANY_ENDPOINT,)
    named = [item.word(ENDPOINTS) for item in (node.items() if node.is_list() else (node,))]
    return tuple(name for word in named for name in (CHECK_NAMES if word == CHECKS else (word,)))


def _polls(node: Node) -> Polls:
    match = _POLLS.fullmatch(node.text())
    if not match:
        raise node.error(f"expected a poll like 2, a span like 1..3 or 4.., read {node.text()!r}")
    first = int(match[1])
    if ".." not in node.text():
        return Polls(first, first)
    return Polls(first, int(match[2]) if match[2] else None)
