"""Write docs/requests: every call of the OpenAPI documents as .http files, for VS Code, JetBrains and httpYac."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = ROOT / "contracts" / "openapi"
FOLDER = ROOT / "docs" / "requests"
Json = Any

# Each file's variables: where it is, what opens it, and the codes that others name.
FILES: dict[str, dict[str, str]] = {
    "open-api": {"url": "http://127.0.0.1:8600", "token": "what `bakong-sandbox token` prints"},
    "control-api": {"url": "http://127.0.0.1:8600", "qr": "what POST /sandbox/codes answers", "world": "default"},
    "service": {"url": "http://127.0.0.1:3002", "api_key": "what `bakong-sandbox up` prints"},
}
# Bodies of calls whose document has no example, by operation.
BODIES: dict[str, Json] = {
    "make_world": {"scenario": "paid", "clock": {"mode": "real"}},
    "change_world": {"profile": "current"},
    "make_code": {"bakong_account_id": "shop@devb", "merchant_name": "Coffee", "currency": "USD", "amount": "1.50"},
    "show_code": {"qr": "{{qr}}"},
    "pay": {"qr": "{{qr}}"},
    "explain_code": {"text": "{{qr}}"},
    "set_clock": {"mode": "real"},
    "advance_clock": {"seconds": 900},
    "open_account": {"account_id": "sokha@devb", "name": "Sokha", "balances": {"USD": "100.00"}},
    "verify_journal": {"match": {"endpoint": "check_transaction_by_md5"}, "at_least": 1},
    "make_token": {"expires_in_s": 3600},
    "add_endpoint": {"scheme": "omise", "url": "http://127.0.0.1:3000/hooks"},
    "add_fault": {"fault": "lost"},
}
SCRIPT = "name: mine\npayment:\n  - unpaid: {polls: 1}\n  - paid\n"
_SAMPLES: dict[str, Json] = {"string": "text", "integer": 1, "number": 1, "boolean": False, "null": None}


def collection(name: str) -> str:
    """The .http file of a document."""
    document = json.loads((DOCUMENTS / f"{name}.json").read_text(encoding="utf-8"))
    requests = [_request(document, *call) for call in _operations(document)]
    named = dict.fromkeys(re.findall(r"\{\{(\w+)\}\}", "\n".join(requests)))
    known = FILES[name]
    variables = [f"@{key} = {known.get(key, key.replace('_', '-'))}" for key in ("url", *named) if key != "url"]
    head = [f"# {document['info']['title']}. Made by `make requests` from contracts/openapi/{name}.json."]
    return "\n".join([*head, f"@url = {known['url']}", *variables, "", "\n".join(requests)])


def _operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            yield path, method.upper(), operation


def _request(document: Json, path: str, method: str, operation: Json) -> str:
    parameters = [_resolved(document, row) for row in operation.get("parameters", ())]
    asked = [f"{row['name']}={_text(document, row)}" for row in parameters if row["in"] == "query" and row["required"]]
    target = re.sub(r"\{(\w+)\}", r"{{\1}}", path) + ("?" + "&".join(asked) if asked else "")
    lines = [
        f"### {operation.get('summary', path)}",
        f"# @name {operation['operationId']}",
        f"{method} {{{{url}}}}{target}",
    ]
    if security := operation.get("security", document.get("security")):
        lines.append(f"Authorization: Bearer {{{{{'api_key' if 'apiKey' in security[0] else 'token'}}}}}")
    for media, content in operation.get("requestBody", {}).get("content", {}).items():
        kind = "image/png" if media.startswith("image/") else media.replace("*/*", "application/json")
        lines += [f"Content-Type: {kind}", "", _body(document, kind, content, operation["operationId"])]
        break
    return "\n".join([*lines, ""])


def _text(document: Json, parameter: Json) -> str:
    """A query's value: a variable of its name where its kind alone says nothing."""
    sample = _sample(document, parameter["schema"])
    return f"{{{{{parameter['name']}}}}}" if isinstance(sample, str) else json.dumps(sample)


def _body(document: Json, media: str, content: Json, operation: str) -> str:
    if media == "image/png":
        return "< ./picture.png"
    if media == "application/yaml":
        return SCRIPT
    shown = (
        [content["example"]] if "example" in content else [row["value"] for row in content.get("examples", {}).values()]
    )
    if media == "application/x-www-form-urlencoded":
        values = (shown or [_sample(document, content["schema"])])[0]
        return "&".join(f"{key}={value}" for key, value in values.items())
    body = BODIES.get(operation) or (shown or [_sample(document, content.get("schema", {}))])[0]
    return json.dumps(body, indent=2, ensure_ascii=False)


def _sample(document: Json, schema: Json) -> Json:
    """A value that fits a schema: its example or default, the first of its choices, what it requires."""
    schema = _resolved(document, schema)
    if shown := schema.get("examples") or schema.get("enum"):
        return shown[0]
    for key in ("example", "const", "default"):
        if schema.get(key) is not None:
            return schema[key]
    for options in (schema.get("anyOf"), schema.get("oneOf")):
        if options:
            return _sample(document, options[0])
    kind = schema.get("type", "object")
    if kind == "array":
        return [_sample(document, schema["items"])] if schema.get("minItems") else []
    if kind == "object":
        fields = schema.get("properties", {})
        return {key: _sample(document, fields[key]) for key in schema.get("required", ())}
    return _SAMPLES[kind[0] if isinstance(kind, list) else kind]


def _resolved(document: Json, node: Json) -> Json:
    while "$ref" in node:
        found = document
        for key in node["$ref"].removeprefix("#/").split("/"):
            found = found[key]
        node = found
    return node


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name in FILES:
        (FOLDER / f"{name}.http").write_text(collection(name), encoding="utf-8")
