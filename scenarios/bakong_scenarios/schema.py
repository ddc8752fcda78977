"""The language as a JSON Schema, for editors and other tools, made from the vocabulary."""

from collections.abc import Mapping

from bakong_contracts.json_schemas import Schema, headed
from bakong_scenarios.language import State
from bakong_scenarios.library import ScriptLibrary
from bakong_scenarios.reading import AMOUNT_KEYS, MATCH_KEYS, RULE_KEYS, STRANGERS, TOP_KEYS
from bakong_scenarios.reading_path import MAX_STEPS, keys_of
from bakong_scenarios.vocabulary import WEBHOOK_FAULTS, Parameter, Parameters
from bakong_scenarios.words import SchemeWords

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


def schema(library: ScriptLibrary) -> Schema:
    """The schema of one script (JSON Schema 2020-12): the same for all schemes, and then the words of its own."""
    defs: Schema = {"duration": DURATION, "shift": SHIFT}
    for words in library.words.values():
        defs |= {f"{words.name}-{kind}": of for kind, of in _definitions(library, words).items()}
    top = {key: _TOP.get(key, True) for key in TOP_KEYS} | {"scheme": _scheme(library)}
    rules = [_in_words(words, is_default=words is library.default) for words in library.words.values()]
    return headed("scenario", "scenario", _object(top, required=["name"]) | {"allOf": rules, "$defs": defs})


def _scheme(library: ScriptLibrary) -> Schema:
    return {"enum": list(library.words), "default": library.default.name}


def _in_words(words: SchemeWords, *, is_default: bool) -> Schema:
    """What a script of this scheme may say."""
    named: Schema = {"properties": {"scheme": {"const": words.name}}}
    kinds = ("match", "faults", "webhooks", "rules")
    refs = dict(zip(kinds, kinds, strict=True)) | {"payment": "path", "otherwise": "named"}
    return {
        "if": named if is_default else named | {"required": ["scheme"]},
        "then": {"properties": {key: _ref(words, kind) for key, kind in refs.items()}},
    }


def _definitions(library: ScriptLibrary, words: SchemeWords) -> dict[str, Schema]:
    rule = {
        "match": _ref(words, "match"),
        "play": _ref(words, "named"),
        "payment": _ref(words, "path"),
        "faults": _ref(words, "faults"),
        "webhooks": _ref(words, "webhooks"),
    }
    matched = _MATCH | {"amount": _object({key: _amounts(words)[key] for key in AMOUNT_KEYS})}
    targets: Schema = {"enum": list(words.targets)}
    states: Schema = {"enum": [state.value for state in words.steps]}
    return {
        "match": _object({key: matched[key] for key in MATCH_KEYS}),
        "path": {"type": "array", "items": _ref(words, "step"), "maxItems": MAX_STEPS},
        "step": {"anyOf": [states, *(_step(state, words) for state in words.steps)]},
        "faults": {"type": "array", "items": {"oneOf": [_fault(name, words) for name in words.faults]}},
        "webhooks": {"type": "array", "items": {"oneOf": [_webhook(name, words) for name in WEBHOOK_FAULTS]}},
        "rules": {"type": "array", "items": _object({key: rule[key] for key in RULE_KEYS})},
        "named": {"type": "string", "examples": list(library.names(words.name))},
        "on": {"anyOf": [targets, {"type": "array", "items": targets}]},
        **{f"when-{name}": _condition(of) for name, of in words.conditions.items()},
    }


def _ref(words: SchemeWords, kind: str) -> Schema:
    return {"$ref": f"#/$defs/{words.name}-{kind}"}


def _object(properties: Mapping[str, Schema | bool], required: list[str] | None = None) -> Schema:
    closed: Schema = {"type": "object", "properties": dict(properties), "additionalProperties": False}
    return closed | ({"required": required} if required else {})


def _step(state: State, words: SchemeWords) -> Schema:
    said = _STEP | {"currency": _currency(words), "tracking": _tracking(words)}
    return _object({state.value: _object({key: said[key] for key in keys_of(state)})}, [state.value])


def _tracking(words: SchemeWords) -> Schema:
    after = _object({"after": _KINDS["duration"]})
    timed = _object(dict.fromkeys(words.tracking, after)) | {"maxProperties": 1}
    return {"type": "array", "items": {"anyOf": [{"enum": list(words.tracking)}, timed]} if words.tracking else False}


def _webhook(name: str, words: SchemeWords) -> Schema:
    return _rule({"fault": {"const": name}, "event": _EVENT}, WEBHOOK_FAULTS[name], words)


def _fault(name: str, words: SchemeWords) -> Schema:
    properties: Schema = {"fault": {"const": name}, "poll": _POLL, "on": _ref(words, "on")}
    return _rule(properties, words.faults[name], words)


def _rule(properties: Schema, parameters: Parameters, words: SchemeWords) -> Schema:
    """A rule that strikes under conditions: its own properties, the fault's parameters, the conditions."""
    properties |= {condition: _ref(words, f"when-{condition}") for condition in words.conditions}
    properties |= {key: _parameter(parameter) for key, parameter in parameters.items()}
    return _object(properties, ["fault"])


def _amounts(words: SchemeWords) -> dict[str, Schema]:
    return {"currency": _currency(words), "at_least": AMOUNT, "at_most": AMOUNT}


def _currency(words: SchemeWords) -> Schema:
    return {"enum": list(words.currencies)} if words.currencies else {"type": "string"}


def _condition(parameters: Parameters) -> Schema:
    first = next(iter(parameters.values()))
    return {"anyOf": [_parameter(first), _object({key: _parameter(of) for key, of in parameters.items()})]}


def _parameter(parameter: Parameter) -> Schema:
    shown = {"enum": list(parameter.choices)} if parameter.choices else _KINDS[parameter.kind]
    least = {"minimum": parameter.least} if parameter.kind == "integer" else {}
    most = {} if parameter.most is None else {"maximum": parameter.most}
    default = {} if parameter.default is None or parameter.kind == "duration" else {"default": parameter.default}
    return shown | least | most | default


_POLL: Schema = {"type": ["integer", "string"], "description": "like 2, 1..3 or 4.."}
_GLOB: Schema = {"type": "string", "minLength": 1, "description": "the type of an event, a pattern with *"}
_EVENT: Schema = {"anyOf": [_GLOB, {"type": "array", "items": _GLOB}]}
_TOP: dict[str, Schema] = {
    "name": {"type": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,63}$"},
    "about": {"type": "string"},
    "number": {"type": "integer", "minimum": 1, "maximum": 99},
    "strangers": {"enum": STRANGERS, "default": STRANGERS[0]},
}
_MATCH: dict[str, Schema] = {
    "account": {"type": "string", "description": "a pattern with *"},
    "bill_number": {"type": "string", "description": "a pattern with *"},
}
_STEP: dict[str, Schema] = {
    "after": _KINDS["duration"],
    "at": {"type": "string", "pattern": r"^expiry\s*([+-]\s*\S+)?$", "description": "like expiry-1s"},
    "polls": {"type": "integer", "minimum": 0},
    "for": _KINDS["duration"],
    "amount": {"type": ["string", "number"], "description": "like 2.50, 90%, +0.50 or -0.50"},
    "account": {"type": "string"},
}
