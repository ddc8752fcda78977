"""A first verify.yaml for `verify init`, from the service's OpenAPI document; what it does not tell is a comment."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import yaml

Document = Mapping[str, Any]


class Wanted(NamedTuple):
    """An operation of ours: the methods, and words of its path or operationId that speak for it, strongest first.

    takes: the {name} of its path parameter, where it needs one. answers: what is read from its answer.
    """

    methods: tuple[str, ...]
    words: tuple[str, ...]
    takes: str = ""
    answers: tuple[str, ...] = ()
    needed: bool = False


PAYMENT = ("id", "md5", "qr", "state")
OPERATIONS: Mapping[str, Wanted] = {
    "create": Wanted(
        ("post",),
        ("payments/create", "payment", "checkout", "charge"),
        "",
        (*PAYMENT, "expires", "amount"),
        needed=True,
    ),
    "status": Wanted(
        ("get",), ("payments/status", "payment", "status", "check"), "md5", ("state", "paid_at"), needed=True
    ),
    "subscription": Wanted(("get",), ("subscription",), "user", ("active", "plan", "next_billing", "state")),
    "upgrade": Wanted(("post",), ("upgrade",), "", ("amount", *PAYMENT)),
    "downgrade": Wanted(("post",), ("downgrade",), "", ("effective",)),
    "cancel": Wanted(("post", "delete"), ("subscriptions/cancel", "subscription/cancel", "unsubscribe")),
    "renew": Wanted(("post",), ("renew",), "", PAYMENT),
    "monitor": Wanted(("post",), ("monitor", "poll"), "", ("state",)),
    "history": Wanted(("get",), ("history",), "", ("md5s",)),
    "bulk_check": Wanted(("post",), ("bulk",), "", ("md5s", "states")),
    "health": Wanted(("get",), ("health", "ready"), "", ("state",)),
}
# The words by which a field of theirs is taken for one of ours; compared without case, - and _.
FIELDS: Mapping[str, tuple[str, ...]] = {
    "md5": ("md5", "md5hash", "hash"),
    "md5s": ("md5s", "md5hashes", "hashes"),
    "qr": ("qr", "qrcode", "qrstring", "khqr"),
    "id": ("transactionid", "paymentid", "orderid", "id", "reference"),
    "user": ("userid", "user", "customerid", "customer"),
    "plan": ("plantype", "plan", "planid"),
    "amount": ("amount", "proratedamount", "total", "price"),
    "currency": ("currency",),
    "webhook_url": ("callback", "callbackurl", "webhookurl", "webhook"),
    "timeout_ms": ("timeout",),
    "interval_ms": ("interval",),
    "state": ("status", "state"),
    "states": ("statuses", "states"),
    "expires": ("expiresat", "expires", "expiry", "expiration"),
    "paid_at": ("paidat",),
    "active": ("hassubscription", "active", "isactive"),
    "next_billing": ("nextbillingdate", "nextbilling", "ends", "endsat"),
    "effective": ("effectiveat", "effective"),
}
GIVEN = ("user", "plan", "amount", "currency", "md5", "md5s", "id", "webhook_url", "timeout_ms", "interval_ms")
STATES: Mapping[str, tuple[str, ...]] = {
    "pending": ("pending", "open", "unpaid", "created", "waiting"),
    "paid": ("paid", "success", "succeeded", "completed", "complete"),
    "failed": ("failed", "declined", "error"),
    "expired": ("expired",),
    "timeout": ("timeout", "timedout"),
}
DEPTH = 4  # of objects within objects


def first_config(document: Document | None, *, base_url: str = "", source: str = "") -> str:
    """The YAML, which reads as a configuration; `TODO` is in it wherever a person has to look."""
    document = document or {}
    found = {name: _find(document, name, wanted) for name, wanted in OPERATIONS.items()}
    mapped = {name: _mapped(document, OPERATIONS[name], *one) for name, one in found.items() if one}
    for name, wanted in OPERATIONS.items():
        if wanted.needed and name not in mapped:
            mapped[name] = _example(name, wanted)
    title = str((document.get("info") or {}).get("title") or "TODO the service's name")
    servers = [row.get("url", "") for row in document.get("servers") or () if isinstance(row, Mapping)]
    url = base_url or next((one for one in servers if str(one).startswith("http")), "http://127.0.0.1:3000")
    lines = [
        f"# A first mapping{f', from {source}' if source else ''}: look at each TODO, then",
        "#   bakong-sandbox verify service --config THIS_FILE",
        "# docs/verify-service.md says what each key means.",
        *_yaml({"name": title}),
        "# In place of `running`, `start` (command, environment, ready) starts the service anew for each rule.",
        *_yaml({"running": {"base_url": url, "sandbox": "http://127.0.0.1:8600"}}),
        *_yaml(
            {"time": "real"}, "or endpoint, where set_time tells the service what time it is: no rule has to wait then"
        ),
        *_yaml({"variables": {"api_key": "TODO-your-api-key"}}),
        *_yaml({"headers": _headers(document)}),
        "operations:",
        *(
            f"  {line}"
            for name in OPERATIONS
            if name in mapped
            for line in _operation(name, mapped[name], is_found=bool(found[name]))
        ),
        *(
            f"  # {line}"
            for name, wanted in OPERATIONS.items()
            if name not in mapped
            for line in _yaml({name: _example(name, wanted)})
        ),
        *_yaml({"states": _states(document, found)}, "our words: those of the service"),
        *_yaml({"plans": {"basic": {"name": _plan(document, found), "prices": {"USD": "0.50"}}}}, "TODO what it costs"),
        "# limit: {per_minute: 100, operation: status}",
        "# webhooks: {secret: whsec_TODO, payment: data.md5, retries_s: [5, 300], events: {paid: payment.paid}}",
    ]
    return "\n".join(lines) + "\n"


def _find(document: Document, name: str, wanted: Wanted) -> tuple[str, str, Mapping[str, Any]] | None:
    """The operation that is most likely meant: method, path, and what the document says of it."""
    rated: list[tuple[int, int, str, str, Mapping[str, Any]]] = []
    for path, item in (document.get("paths") or {}).items():
        for method, operation in item.items() if isinstance(item, Mapping) else ():
            if method not in wanted.methods or not isinstance(operation, Mapping):
                continue
            text = f"{path} {operation.get('operationId', '')}".lower()
            rank = next((rank for rank, word in enumerate(wanted.words) if word in text), None)
            parameters = re.findall(r"\{([^}]+)\}", path)
            if rank is None or bool(parameters) is not bool(wanted.takes) or len(parameters) > 1:
                continue
            is_other = any(word in text for word in ("webhook", "refund", "event")) and name in ("create", "status")
            rated.append((rank + 10 * is_other, len(path), method, path, operation))
    return min(rated, key=lambda one: one[:2])[2:] if rated else None


def _mapped(document: Document, wanted: Wanted, method: str, path: str, operation: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {} if method == "get" else {"method": method.upper()}
    made["path"] = re.sub(r"\{([^}]+)\}", lambda name: "{" + (_ours(name[1], GIVEN) or wanted.takes) + "}", path)
    schema = _schema(document, operation.get("requestBody"))
    if body := _body(document, schema):
        made["body"] = body
    good = sorted(int(status) for status in operation.get("responses") or {} if re.fullmatch("2[0-9]{2}", str(status)))
    if good and good != [200]:
        made["status"] = good
    answer = _schema(document, (operation.get("responses") or {}).get(str(good[0])) if good else None)
    fields = list(_fields(document, answer))
    if answers := {name: _path_to(name, fields) for name in wanted.answers if _path_to(name, fields)}:
        made["answer"] = answers
    return made


def _schema(document: Document, holder: Any) -> Mapping[str, Any]:
    """The schema of the JSON in a body or an answer."""
    contents = _resolved(document, holder).get("content") or {}
    content: Any = next((value for kind, value in contents.items() if "json" in kind), {})
    schema = _resolved(document, content.get("schema"))
    if schema.get("properties"):
        return schema
    examples = [row.get("value") for row in (content.get("examples") or {}).values() if isinstance(row, Mapping)]
    return _schema_of(next(iter([content[key] for key in ("example",) if key in content] + examples), None)) or schema


def _schema_of(example: Any) -> Mapping[str, Any]:
    """The properties of an example, where a document has one and no schema."""
    if not isinstance(example, Mapping):
        return {}
    return {"properties": {name: _schema_of(value) or {"type": "string"} for name, value in example.items()}}


def _resolved(document: Document, schema: Any) -> Mapping[str, Any]:
    """What a reference stands for; of alternatives the first that is an object."""
    for _ in range(DEPTH * 2):
        if not isinstance(schema, Mapping):
            return {}
        if isinstance(reference := schema.get("$ref"), str):
            schema = document
            for part in reference.removeprefix("#/").split("/"):
                schema = schema.get(part.replace("~1", "/"), {}) if isinstance(schema, Mapping) else {}
        elif options := schema.get("anyOf") or schema.get("oneOf"):
            schema = next((one for one in options if isinstance(one, Mapping) and one.get("type") != "null"), {})
        else:
            return schema
    return {}


def _body(document: Document, schema: Mapping[str, Any], depth: int = 0) -> dict[str, Any]:
    """What is sent: fields that are ours by their names, and such as are required."""
    needed = schema.get("required") or ()
    made: dict[str, Any] = {}
    for name, value in (schema.get("properties") or {}).items():
        inner = _resolved(document, value)
        if ours := _ours(name, GIVEN):
            made[name] = "{" + ours + "}"
        elif inner.get("properties") and depth < DEPTH and (within := _body(document, inner, depth + 1)):
            made[name] = within
        elif name in needed:
            made[name] = next(iter(inner.get("enum") or inner.get("examples") or ()), "TODO")
    return made


def _fields(
    document: Document, schema: Mapping[str, Any], above: str = "", depth: int = 0
) -> Iterator[tuple[str, str]]:
    """The name and JMESPath of each field, those nearest to the root first."""
    inner = {name: _resolved(document, value) for name, value in (schema.get("properties") or {}).items()}
    yield from ((name, f"{above}{name}") for name in inner)
    for name, value in inner.items() if depth < DEPTH else ():
        yield from _fields(document, value, f"{above}{name}.", depth + 1)


def _path_to(name: str, fields: Sequence[tuple[str, str]]) -> str:
    """Where the answer has what we call by this name; the field's word that is named first goes before."""
    for word in FIELDS[name]:
        for theirs, path in fields:
            if _plain(theirs) == word:
                return path
    return ""


def _ours(name: str, among: Sequence[str]) -> str:
    return next((ours for ours in among if _plain(name) in FIELDS[ours]), "")


def _plain(name: str) -> str:
    return re.sub("[-_]", "", name).lower()


def _headers(document: Document) -> dict[str, str]:
    """How the document says that a caller shows its key."""
    schemes = ((document.get("components") or {}).get("securitySchemes") or {}).values()
    for scheme in schemes:
        if scheme.get("type") == "apiKey" and scheme.get("in") == "header":
            return {str(scheme["name"]): "{api_key}"}
    return {"Authorization": "Bearer {api_key}"}


def _enum(document: Document, found: Mapping[str, Any], words: Sequence[str]) -> list[str]:
    """The values that the document allows for a field of `create`'s or `status`'s messages."""
    for operation in (found[one][2] for one in ("create", "status") if found.get(one)):
        for holder in (operation.get("requestBody"), *(operation.get("responses") or {}).values()):
            waiting = [_schema(document, holder)]
            while waiting:
                schema = waiting.pop(0)
                for field, value in (schema.get("properties") or {}).items():
                    inner = _resolved(document, value)
                    if _plain(field) in words and inner.get("enum"):
                        return [str(one) for one in inner["enum"]]
                    waiting += [inner] if len(waiting) < 100 else []
    return []


def _states(document: Document, found: Mapping[str, Any]) -> dict[str, list[str]]:
    words = _enum(document, found, FIELDS["state"])
    states = {ours: [word for word in words if _plain(word) in theirs] for ours, theirs in STATES.items()}
    known = {ours: theirs for ours, theirs in states.items() if theirs}
    return {"pending": ["TODO"], "paid": ["TODO"]} | known


def _plan(document: Document, found: Mapping[str, Any]) -> str:
    return next(iter(_enum(document, found, FIELDS["plan"])), "TODO")


def _example(name: str, wanted: Wanted) -> dict[str, Any]:
    """An operation that nobody has found, as it may be."""
    made: dict[str, Any] = {} if "get" in wanted.methods else {"method": wanted.methods[0].upper()}
    made["path"] = f"/TODO/{name}" + (f"/{{{wanted.takes}}}" if wanted.takes else "")
    if wanted.needed and name == "create":
        made["body"] = {"user": "{user}", "amount": "{amount}", "currency": "{currency}"}
    return made | ({"answer": {one: one for one in wanted.answers}} if wanted.answers else {})


def _operation(name: str, mapped: Mapping[str, Any], *, is_found: bool) -> list[str]:
    lines = _yaml({name: mapped})
    return lines if is_found else [f"# TODO {name} was not found: this is a guess", *lines]


def _yaml(document: Mapping[str, Any], comment: str = "") -> list[str]:
    ((name, value),) = document.items()
    rest: list[str] = []
    if not isinstance(value, Mapping):
        first = yaml.safe_dump({name: value}, allow_unicode=True, width=110).rstrip("\n")
    else:
        text = yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=110, default_flow_style=None)
        lines = text.rstrip("\n").split("\n")
        is_flow = lines[0].startswith("{")
        first, rest = (f"{name}: {lines[0]}", lines[1:]) if is_flow else (f"{name}:", [f"  {line}" for line in lines])
    return [f"{first}  # {comment}" if comment else first, *rest]
