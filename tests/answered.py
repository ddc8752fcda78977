"""Every answer of the service to a test fits the schema that contracts/openapi gives it, and has nothing besides.

A client with HOOKS checks each. What the document has no schema for (files, streams, refusals) is left to other tests.
"""

import json
import re
from functools import cache
from pathlib import Path

import jsonschema_rs

DOCUMENT = Path(__file__).parents[1] / "contracts" / "openapi" / "service.json"


def closed(value):
    """The schema, with objects that may have no members but those that are named."""
    if isinstance(value, list):
        return [closed(one) for one in value]
    if not isinstance(value, dict):
        return value
    made = {key: closed(inner) for key, inner in value.items() if key != "example"}
    if isinstance(made.get("properties"), dict) and made.get("type") == "object":
        made.setdefault("additionalProperties", False)
    return made


@cache
def _document():
    return json.loads(DOCUMENT.read_text())


@cache
def _paths():
    """Patterns of the paths with their operations: those without parameters first, as they are found by the routes."""
    paths = sorted(_document()["paths"].items(), key=lambda path: path[0].count("{"))
    return [(re.compile(re.sub(r"\\\{[^/]*?\\\}", "[^/]+", re.escape(path))), made) for path, made in paths]


@cache
def _components():
    return {"schemas": closed(_document()["components"]["schemas"])}


@cache
def _validator(method, at, status):
    """What holds an answer to its schema; None where the document has none."""
    operation = _paths()[at][1].get(method, {})
    content = operation.get("responses", {}).get(str(status), {}).get("content", {}).get("application/json")
    if content is None or "schema" not in content:
        return None
    return jsonschema_rs.validator_for(closed(content["schema"]) | {"components": _components()})


def complaints(method, path, status, body):
    """Where a body differs from what the document says of it."""
    at = next((at for at, (pattern, _) in enumerate(_paths()) if pattern.fullmatch(path)), None)
    validator = None if at is None else _validator(method.lower(), at, status)
    if validator is None:
        return []
    return [
        f"{method} {path} {status}: {row.instance_path}: {row.message[:300]}" for row in validator.iter_errors(body)
    ]


async def held(response):
    if response.headers.get("content-type") == "application/json" and response.is_success:
        await response.aread()
        wrong = complaints(response.request.method, response.url.path, response.status_code, response.json())
        assert not wrong, wrong


HOOKS = {"response": [held]}
