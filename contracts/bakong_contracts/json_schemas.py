"""JSON Schemas of the YAML files that people write, from their models, as editors complete them."""

from collections.abc import Collection, Iterator
from typing import Any

Schema = dict[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def headed(name: str, title: str, schema: Schema) -> Schema:
    """The schema with its dialect, its id and its title before it.

    >>> headed("load", "a load profile", {"type": "object"})["$id"]
    'urn:bakong-sandbox:schema:load'
    """
    head = {"$schema": DIALECT, "$id": f"urn:bakong-sandbox:schema:{name}", "title": f"Bakong sandbox: {title}"}
    return head | {key: value for key, value in schema.items() if key not in head}


def with_keys(mapping: Schema, keys: Collection[str], required: Collection[str] = ()) -> Schema:
    """A mapping with free keys as one of these keys alone, which an editor then offers.

    >>> with_keys({"type": "object", "additionalProperties": {"type": "string"}}, ["paid"])
    {'type': 'object', 'properties': {'paid': {'type': 'string'}}, 'additionalProperties': False}
    """
    value = mapping["additionalProperties"]
    kept = {key: of for key, of in mapping.items() if key not in {"additionalProperties", "propertyNames"}}
    closed = kept | {"properties": dict.fromkeys(keys, value), "additionalProperties": False}
    return closed | ({"required": list(required)} if required else {})


def completed(schema: Schema) -> Schema:
    """A model's schema without titles that repeat a key, and with keys where only their names were known."""
    return {key: _completed(value) for key, value in schema.items()}


def _completed(node: Any) -> Any:
    if isinstance(node, list):
        return [_completed(item) for item in node]
    if not isinstance(node, dict):
        return node
    if "enum" in node.get("propertyNames", {}) and isinstance(node.get("additionalProperties"), (dict, bool)):
        node = with_keys(node, node["propertyNames"]["enum"])
    return dict(_without_titles(node))


def _without_titles(node: Schema) -> Iterator[tuple[str, Any]]:
    for key, value in node.items():
        if key != "title" or not isinstance(value, str):
            yield key, _completed(value)
