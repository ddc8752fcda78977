"""Reading `webhooks:`, the rules of a script that say which webhooks go wrong, and how."""

from collections.abc import Mapping

from bakong_scenarios.language import WebhookRule
from bakong_scenarios.nodes import Node
from bakong_scenarios.parameters import conditions_of, parameters_of
from bakong_scenarios.vocabulary import WEBHOOK_FAULTS, Parameters

RULE_KEYS = ["fault", "event"]  # and conditions, and the fault's own parameters


def read_webhooks(node: Node | None, conditions: Mapping[str, Parameters]) -> tuple[WebhookRule, ...]:
    """The rules in their order; conditions: those that the script may name. Raises ScenarioError."""
    return tuple(_rule(item, conditions) for item in node.items()) if node else ()


def _rule(node: Node, conditions: Mapping[str, Parameters]) -> WebhookRule:
    anything = {name for parameters in WEBHOOK_FAULTS.values() for name in parameters}
    entries = node.mapping([*RULE_KEYS, *conditions, *sorted(anything)])
    if "fault" not in entries:
        raise node.error(f"the key 'fault' is missing (known: {', '.join(WEBHOOK_FAULTS)})")
    fault = entries["fault"].word(list(WEBHOOK_FAULTS))
    entries = node.mapping([*RULE_KEYS, *conditions, *WEBHOOK_FAULTS[fault]])
    return WebhookRule(
        fault=fault,
        events=_events(entries["event"]) if "event" in entries else ("*",),
        conditions=conditions_of(entries, conditions),
        parameters=parameters_of(entries, WEBHOOK_FAULTS[fault]),
    )


def _events(node: Node) -> tuple[str, ...]:
    """The globs of event types, one or a list."""
    globs = tuple(item.text() for item in (node.items() if node.is_list() else (node,)))
    if not all(globs):
        raise node.error("expected the type of an event, like charge.complete or charge.*, read ''")
    return globs
