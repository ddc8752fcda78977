"""The language as a JSON Schema, for editors and other tools, made from the vocabulary."""

from typing import Any

from bakong_scenarios.language import ANY_ENDPOINT, CHECKS, ENDPOINT_NAMES, State
from bakong_scenarios.library import names
from bakong_scenarios.reading import (
    AMOUNT_KEYS,
    CURRENCIES,
    MATCH_KEYS,
    MAX_STEPS,
    RULE_KEYS,
    SETTLED_KEYS,
    TOP_KEYS,
    WAITING_KEYS,
)
from bakong_scenarios.vocabulary import CONDITIONS, FAULTS, TRACKING, WEBHOOK_FAULTS, Parameter, Parameters

Schema = dict[str, Any]

DURATION: Schema = {
    "description": "like 500ms, 2s, 15m, 24h, 90d; a bare number is seconds",
    "anyOf": [{"type": "number", "minimum": 0}, {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?\s*(ms|s|m|h|d)?$"}],
}
SHIFT: Schema = {
    "description": "a duration with a sign, like -5m",
    "anyOf": [{"type": "number"}, {"type": "string", "pattern": r"^[+-]*[0-9]+(\.[0-9]+)?\s*(ms|s|m|h|d)?$"}],
}
AMOUNT: Schema = {"type": ["string", "number"]}
_KINDS: dict[str, Schema] = {
    "duration": {"$ref": "#/$defs/duration"},
    "shift": {"$ref": "#/$defs/shift"},
    "integer": {"type": "integer"},
    "fraction": {"type": "number", "minimum": 0, "maximum": 1},
    "text": {"type": "string"},
}


def schema() -> Schema:
    """The schema of one script (JSON Schema 2020-12)."""
    properties = {key: _TOP[key] for key in TOP_KEYS}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Bakong sandbox: scenario",
        **_object(properties, required=["name"]),
        "$defs": {
            "duration": DURATION,
            "shift": SHIFT,
            "match": _object({key: _MATCH[key] for key in MATCH_KEYS}),
            "path": {"type": "array", "items": {"$ref": "#/$defs/step"}, "maxItems": MAX_STEPS},
            "step": {"anyOf": [{"enum": [state.value for state in State]}, *map(_step, State)]},
            "faults": {"type": "array", "items": {"oneOf": [_fault(*item) for item in FAULTS.items()]}},
            "webhooks": {"type": "array", "items": {"oneOf": [_webhook(*item) for item in WEBHOOK_FAULTS.items()]}},
            "rule": _object({key: _TOP[key] if key != "play" else _NAMED for key in RULE_KEYS}),
        },
    }


def _object(properties: dict[str, Schema], required: list[str] | None = None) -> Schema:
    closed: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return closed | ({"required": required} if required else {})


def _step(state: State) -> Schema:
    keys = {State.UNPAID: ["polls", "for"], State.HIDDEN: WAITING_KEYS}.get(state, SETTLED_KEYS)
    return _object({state.value: _object({key: _STEP[key] for key in keys})}, [state.value])


def _fault(name: str, parameters: Parameters) -> Schema:
    return _rule({"fault": {"const": name}, "on": _ON, "poll": _POLL}, parameters)


def _webhook(name: str, parameters: Parameters) -> Schema:
    return _rule({"fault": {"const": name}, "event": _EVENT}, parameters)


def _rule(properties: dict[str, Schema], parameters: Parameters) -> Schema:
    properties |= {condition: _condition(of) for condition, of in CONDITIONS.items()}
    properties |= {key: _parameter(parameter) for key, parameter in parameters.items()}
    return _object(properties, ["fault"])


def _condition(parameters: Parameters) -> Schema:
    first = next(iter(parameters.values()))
    return {"anyOf": [_parameter(first), _object({key: _parameter(of) for key, of in parameters.items()})]}


def _parameter(parameter: Parameter) -> Schema:
    shown = {"enum": list(parameter.choices)} if parameter.choices else _KINDS[parameter.kind]
    least = {"minimum": parameter.least} if parameter.kind == "integer" else {}
    most = {} if parameter.most is None else {"maximum": parameter.most}
    default = {} if parameter.default is None or parameter.kind == "duration" else {"default": parameter.default}
    return shown | least | most | default


_NAMED: Schema = {"type": "string", "examples": list(names())}
_ENDPOINT: Schema = {"enum": [ANY_ENDPOINT, CHECKS, *ENDPOINT_NAMES]}
_ON: Schema = {"anyOf": [_ENDPOINT, {"type": "array", "items": _ENDPOINT}]}
_POLL: Schema = {"type": ["integer", "string"], "description": "like 2, 1..3 or 4.."}
_GLOB: Schema = {"type": "string", "minLength": 1, "description": "the type of an event, a pattern with *"}
_EVENT: Schema = {"anyOf": [_GLOB, {"type": "array", "items": _GLOB}]}
_TOP: dict[str, Schema] = {
    "name": {"type": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,63}$"},
    "about": {"type": "string"},
    "number": {"type": "integer", "minimum": 1, "maximum": 99},
    "match": {"$ref": "#/$defs/match"},
    "payment": {"$ref": "#/$defs/path"},
    "faults": {"$ref": "#/$defs/faults"},
    "webhooks": {"$ref": "#/$defs/webhooks"},
    "rules": {"type": "array", "items": {"$ref": "#/$defs/rule"}},
    "otherwise": _NAMED,
}
_AMOUNTS = {"currency": {"enum": CURRENCIES}, "at_least": AMOUNT, "at_most": AMOUNT}
_MATCH: dict[str, Schema] = {
    "account": {"type": "string", "description": "a pattern with *"},
    "bill_number": {"type": "string", "description": "a pattern with *"},
    "amount": _object({key: _AMOUNTS[key] for key in AMOUNT_KEYS}),
}
_TRACKED = _object({status: _object({"after": _KINDS["duration"]}) for status in TRACKING})
_STEP: dict[str, Schema] = {
    "after": _KINDS["duration"],
    "at": {"type": "string", "pattern": r"^expiry\s*([+-]\s*\S+)?$", "description": "like expiry-1s"},
    "polls": {"type": "integer", "minimum": 0},
    "for": _KINDS["duration"],
    "amount": {"type": ["string", "number"], "description": "like 2.50, 90%, +0.50 or -0.50"},
    "currency": {"enum": CURRENCIES},
    "account": {"type": "string"},
    "tracking": {"type": "array", "items": {"anyOf": [{"enum": list(TRACKING)}, _TRACKED | {"maxProperties": 1}]}},
}
