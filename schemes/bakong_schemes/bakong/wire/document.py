"""The OpenAPI document of /v1, made from the tables. Knows no server.

The Open API's own words for errors come with HTTP 200 as often as with 400 or 401, so the document tells them apart by
responseCode and errorCode.
"""

from typing import Any

from bakong_schemes.bakong.wire import examples
from bakong_schemes.bakong.wire.endpoints import DEEPLINK, ENDPOINTS, MAX_ITEMS, SOURCE_INFO, Endpoint, Field
from bakong_schemes.bakong.wire.transaction import LIST_MESSAGES, TRACKING_STATUSES, TRANSACTION_KEYS

_TEXT = {"type": "string"}
_TEXT_OR_NULL = {"type": ["string", "null"]}
_KINDS: dict[str, dict[str, Any]] = {
    "currency": {"enum": ["KHR", "USD"]},
    "amount": {"type": "number", "exclusiveMinimum": 0},
    "createdDateMs": {"type": "integer"},
    "acknowledgedDateMs": {"type": "integer"},
    "description": _TEXT_OR_NULL,
    "trackingStatus": {"enum": [*TRACKING_STATUSES, None]},
    "receiverBank": _TEXT_OR_NULL,
    "receiverBankAccount": _TEXT_OR_NULL,
    "instructionRef": _TEXT_OR_NULL,
    "externalRef": _TEXT_OR_NULL,
    "hash": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
}


def document() -> dict[str, Any]:
    """The document, of OpenAPI 3.1."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Bakong Open API, as the sandbox plays it",
            "version": "1.0.5",
            "description": "What is guessed about the real one is graded in docs/open-api-coverage.md.",
        },
        "paths": {
            f"/v1/{name}": {"post": _operation(endpoint, name)}
            for endpoint in ENDPOINTS
            for name in (endpoint.name, *endpoint.aliases)
        },
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
            "schemas": {"Transaction": _transaction(), "Refusal": _envelope({"type": "null"}, refused=True)},
        },
    }


def _operation(endpoint: Endpoint, name: str) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "operationId": name,
        "summary": endpoint.about,
        "requestBody": {"required": True, "content": {"application/json": _body(endpoint)}},
        "responses": _responses(endpoint),
        "x-grade": endpoint.grade,
    }
    if endpoint.auth == "bearer":
        shown["security"] = [{"token": []}]
    return shown


def _body(endpoint: Endpoint) -> dict[str, Any]:
    return {"schema": request_schema(endpoint), "example": examples.request(endpoint)}


def _responses(endpoint: Endpoint) -> dict[str, Any]:
    refusal: dict[str, Any] = {"$ref": "#/components/schemas/Refusal"}
    answered: dict[str, Any] = {"oneOf": [_envelope(_data(endpoint), refused=False), refusal]}
    said: dict[str, tuple[str, dict[str, Any]]] = {
        "200": ("What was asked, or a refusal that the API gives with status 200.", answered)
    }
    said |= {"400": ("The body has not the form.", refusal), "413": ("The body is too large.", refusal)}
    if any(code.status == 401 for code in endpoint.failures):
        said["401"] = ("Not let in.", refusal)
    responses: dict[str, Any] = {
        status: _json(text, schema, examples.answers(endpoint, int(status))) for status, (text, schema) in said.items()
    }
    pages = {"403": "The edge's page: from abroad, or the md5 list on production.", "429": "The edge's page."}
    html = {"text/html": {"schema": _TEXT}}
    return responses | {status: {"description": text, "content": html} for status, text in pages.items()}


def _json(text: str, schema: dict[str, Any], shown: dict[str, Any]) -> dict[str, Any]:
    content = {"schema": schema} | ({"examples": shown} if shown else {})
    return {"description": text, "content": {"application/json": content}}


def request_schema(endpoint: Endpoint) -> dict[str, Any]:
    """The JSON schema of a body that is let in."""
    if endpoint.body == "array":
        return {"type": "array", "minItems": 1, "maxItems": MAX_ITEMS, "items": _field(endpoint.fields[0])}
    properties = {field.name: _field(field) for field in endpoint.fields}
    if endpoint is DEEPLINK:
        properties["sourceInfo"] = _source_info()
    required = [field.name for field in endpoint.fields]
    return {"type": "object", "properties": properties, "required": required}


def _source_info() -> dict[str, Any]:
    properties = {field.name: _field(field) for field in SOURCE_INFO}
    return {"type": "object", "properties": properties, "required": list(properties)}


def _field(field: Field) -> dict[str, Any]:
    if field.kind == "number":
        return {"type": "number"}
    if field.choices:
        return {"enum": list(field.choices)}
    return {"type": "string", "minLength": field.min_length, "maxLength": field.max_length}


def _envelope(data: dict[str, Any], *, refused: bool) -> dict[str, Any]:
    return _object(
        {
            "responseCode": {"const": int(refused)},
            "responseMessage": _TEXT,
            "errorCode": {"type": "integer"} if refused else {"type": "null"},
            "data": data,
        }
    )


def _data(endpoint: Endpoint) -> dict[str, Any]:
    transaction = {"$ref": "#/components/schemas/Transaction"}
    if endpoint.body == "array":
        row = {
            endpoint.fields[0].name: _TEXT,
            "status": {"enum": list(LIST_MESSAGES)},
            "message": _TEXT,
            "data": {"oneOf": [transaction, {"type": "null"}]},
        }
        return {"type": "array", "minItems": 1, "maxItems": MAX_ITEMS, "items": _object(row)}
    if endpoint.name.startswith("check_transaction"):
        return transaction
    made = {"verify": "token", "renew_token": "token", "generate_deeplink_by_qr": "shortLink"}.get(endpoint.name)
    return {"type": "null"} if made is None else _object({made: _TEXT})


def _transaction() -> dict[str, Any]:
    return _object({key: _KINDS.get(key, _TEXT) for key in TRANSACTION_KEYS})


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    """An object of exactly these properties."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
