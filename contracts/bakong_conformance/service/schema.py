"""The JSON Schema of verify.yaml: the model's, and what its validators ask for beyond it."""

from bakong_conformance.service import config, escrow_config, order_config
from bakong_contracts.json_schemas import Schema, completed, headed, with_keys
from bakong_contracts.webhook_guard import FORMS

# Mappings whose keys are known: the model (None is the whole), the field, its keys, and those that must be there.
_KEYS: tuple[tuple[str | None, str, tuple[str, ...], tuple[str, ...]], ...] = (
    (None, "operations", config.OPERATIONS, ()),
    (None, "states", config.STATES, ()),
    (None, "subscription_states", config.SUBSCRIPTION_STATES, ()),
    ("Orders", "operations", order_config.OPERATIONS, ("create",)),
    ("Orders", "states", order_config.STATES, ()),
    ("Inbound", "events", ("paid", "failed", "pending", "action", "disputed"), ("paid",)),
    ("Escrow", "operations", escrow_config.OPERATIONS, escrow_config.NEEDED),
    ("Escrow", "states", escrow_config.STATES, ("pending", "completed")),
    ("Escrow", "roles", escrow_config.ROLES, ("guardian",)),
    ("Escrow", "codes", escrow_config.REFUSALS, ()),
)
# Without orders and escrow it is about payments of plans, which then have to be mapped.
_PLANS: Schema = {
    "if": {"not": {"anyOf": [{"required": ["orders"]}, {"required": ["escrow"]}]}},
    "then": {
        "required": ["operations", "states", "plans"],
        "properties": {"operations": {"required": ["create", "status"]}, "states": {"required": ["pending", "paid"]}},
    },
}
_REACHED: Schema = {"oneOf": [{"required": ["start"]}, {"required": ["running"]}]}


def schema() -> Schema:
    """The schema of one verify.yaml (JSON Schema 2020-12)."""
    made = completed(config.Config.model_json_schema())
    for model, field, keys, required in _KEYS:
        properties = (made["$defs"][model] if model else made)["properties"]
        mapping = properties[field]
        free = mapping if mapping.get("additionalProperties") else None
        properties[field] = with_keys(free or _opened(mapping), keys, required)
    made["properties"]["standings"] = made["properties"]["subscription_states"] | {"deprecated": True}
    made["$defs"]["Inbound"]["properties"]["form"] = {"enum": list(FORMS)}
    made["required"] = ["name", "time"]
    rules = {"allOf": [_REACHED, _PLANS], "dependentRequired": {"inbound": ["orders"]}}
    return headed("verify", "verify.yaml, the mapping of a payment service", made | rules)


def _opened(mapping: Schema) -> Schema:
    """A mapping that is closed already, with free keys again."""
    return mapping | {"additionalProperties": next(iter(mapping["properties"].values()))}
