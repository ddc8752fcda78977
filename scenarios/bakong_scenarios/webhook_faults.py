"""Reading `webhooks:`, the rules of a script that say which webhooks go wrong, and how."""

from bakong_scenarios.language import WebhookRule
from bakong_scenarios.nodes import Node
from bakong_scenarios.parameters import conditions_of, parameters_of
from bakong_scenarios.vocabulary import WEBHOOK_FAULTS
from bakong_scenarios.words import SchemeWords

RULE_KEYS = ["fault", "event"]  # and conditions, and the fault's own parameters


def read_webhooks(node: Node | None, words: SchemeWords) -> tuple[WebhookRule, ...]:
    """The rules in their order. Raises ScenarioError."""
    return tuple(_rule(item, words) for item in node.items()) if node else ()


def _rule(node: Node, words: SchemeWords) -> WebhookRule:
    anything = {name for parameters in WEBHOOK_FAULTS.values() for name in parameters}
    entries = node.mapping([*RULE_KEYS, *words.conditions, *sorted(anything)])
    if "fault" not in entries:
        raise node.error(f"the key 'fault' is missing (known: {', '.join(WEBHOOK_FAULTS)})")
    fault = entries["fault"].word(list(WEBHOOK_FAULTS), words.name)
    entries = node.mapping([*RULE_KEYS, *words.conditions, *WEBHOOK_FAULTS[fault]])
    return WebhookRule(
        fault=fault,
        events=_events(entries["event"]) if "event" in entries else ("*",),
        conditions=conditions_of(entries, words),
        parameters=parameters_of(entries, WEBHOOK_FAULTS[fault], words),
    )


def _events(node: Node) -> tuple[str, ...]:
    """The globs of event types, one or a list."""
    globs = tuple(item.text() for item in (node.items() if node.is_list() else (node,)))
    if not all(globs):
        raise node.error("expected the type of an event, like charge.complete or charge.*, read ''")
    return globs
