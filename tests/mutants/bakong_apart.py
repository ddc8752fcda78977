"""More wrong Bakongs: slips of someone who writes the fake anew, from the facts alone, around the simulator's app."""

import html
import json
from datetime import UTC, datetime
from typing import NamedTuple

NOT_FOUND = {
    "responseCode": 1,
    "responseMessage": "Transaction could not be found. Please check and try again.",
    "errorCode": 1,
    "data": None,
}
QUOTA = {
    **NOT_FOUND,
    "responseMessage": "Daily request limit of 100 exceeded. Please try again tomorrow.",
    "errorCode": 17,
}
UNAUTHORIZED = {
    **NOT_FOUND,
    "responseMessage": "Unauthorized, not yet requested for token or code invalid",
    "errorCode": 6,
}
MISSING = {**NOT_FOUND, "responseMessage": "Missing required fields", "errorCode": 5}
LISTS = ("check_transaction_by_md5_list", "check_transaction_by_hash_list")


class Call(NamedTuple):
    """One call: the endpoint's name, the world's part of the path, its headers and the JSON that was asked."""

    endpoint: str
    world: str
    headers: dict
    asked: object

    def is_about(self, name):
        return self.endpoint == f"check_transaction_by_{name}"

    def field(self, name):
        return self.asked.get(name) if isinstance(self.asked, dict) else None


def _transaction(change):
    """A slip in each transaction that is found alone."""

    def slip(call, status, answer, kept):
        if "check_transaction" in call.endpoint and isinstance(answer.get("data"), dict):
            answer["data"] = change(answer["data"], kept)
        return status, answer

    return slip


def _rows(change):
    """A slip in the rows of a list."""

    def slip(call, status, answer, kept):
        if call.endpoint in LISTS and isinstance(answer.get("data"), list):
            answer["data"] = change(answer["data"])
        return status, answer

    return slip


def _code(code, **changes):
    """A slip in the envelope of an error code."""

    def slip(call, status, answer, kept):
        return status, {**answer, **changes} if answer.get("errorCode") == code else answer

    return slip


def _instead(happens, status, answer):
    """Another answer where happens(call, the answer) holds."""

    def slip(call, was, found, kept):
        return (status, dict(answer)) if happens(call, found) else (was, found)

    return slip


def _each(rows, **changes):
    return [{**row, **{key: change(row[key]) for key, change in changes.items() if key in row}} for row in rows]


def _first_data(rows):
    found = next((row["data"] for row in rows if row["data"]), None)
    return [{**row, "data": row["data"] and found} for row in rows]


def _snake(data, kept):
    return {"".join(f"_{x.lower()}" if x.isupper() else x for x in key): value for key, value in data.items()}


def _moving(data, kept):
    kept["polls"] = kept.get("polls", 0) + 1000
    return {
        **data,
        "createdDateMs": data["createdDateMs"] + kept["polls"],
        "acknowledgedDateMs": data["acknowledgedDateMs"] + kept["polls"],
    }


def _iso(data, kept):
    moments = ("createdDateMs", "acknowledgedDateMs")
    return {**data, **{key: datetime.fromtimestamp(data[key] / 1000, UTC).isoformat() for key in moments}}


def _mojibake(data, kept):
    accounts = ("fromAccountId", "toAccountId")
    return {**data, **{key: data[key].encode().decode("latin-1") for key in accounts}}


def _not_at_once(call, status, answer, kept):
    """A renewed token is refused the first time."""
    token = call.headers.get(b"authorization", b"")[7:].decode("latin-1")
    if call.endpoint == "renew_token" and answer.get("data"):
        kept.setdefault("new", set()).add(answer["data"]["token"])
    if token in kept.get("new", ()) and answer.get("errorCode") == 1:
        kept["new"].discard(token)
        return 401, dict(UNAUTHORIZED)
    return status, answer


def _never_reset(call, status, answer, kept):
    """A spent token stays spent on the next day."""
    spent = kept.setdefault("spent", set())
    token = (call.world, call.headers.get(b"authorization"))
    if answer.get("errorCode") == 17:
        spent.add(token)
    return (200, dict(QUOTA)) if token in spent else (status, answer)


def _by_items(call, status, answer, kept):
    """A list of fifty counts for fifty calls."""
    token = (call.world, call.headers.get(b"authorization"))
    counts = kept.setdefault("counts", {})
    counts[token] = counts.get(token, 0) + (len(call.asked) if isinstance(call.asked, list) else 1)
    return (200, dict(QUOTA)) if status == 200 and counts[token] > 100 else (status, answer)


def _partial(call, status, answer, kept):
    if call.endpoint in LISTS and any(row["status"] == "NOT_FOUND" for row in answer.get("data") or ()):
        answer["responseCode"] = 1
    return status, answer


def _none_found(call, status, answer, kept):
    rows = answer.get("data") or ()
    missing = call.endpoint in LISTS and all(row["status"] == "NOT_FOUND" for row in rows)
    return status, dict(NOT_FOUND) if missing and answer.get("errorCode") is None else answer


def _link(change):
    def slip(call, status, answer, kept):
        if call.endpoint == "generate_deeplink_by_qr" and answer.get("data"):
            answer["data"] = change(answer["data"])
        return status, answer

    return slip


def _missing(name):
    """One field of each transaction is null."""
    return _transaction(lambda data, kept: {**data, name: None})


def _renamed(old, new):
    return lambda call, status, answer, kept: (
        status,
        {(new if key == old else key): value for key, value in answer.items()},
    )


def _is_whole_float(call, answer):
    amount = call.field("amount")
    return call.is_about("short_hash") and isinstance(amount, float) and amount == int(amount)


def _is_over(limit):
    return lambda call, answer: any(
        len(value) > limit
        for value in (call.asked.values() if isinstance(call.asked, dict) else ())
        if isinstance(value, str)
    )


def _asks(value):
    return lambda call, answer: (
        "check_transaction" in call.endpoint and isinstance(call.asked, dict) and value in call.asked.values()
    )


def _description(change):
    """A slip in what the payer wrote."""
    return _transaction(
        lambda data, kept: data | ({"description": change(data["description"])} if data["description"] else {})
    )


NUMBERS = {"KHR": "116", "USD": "840"}
FAILURE = (500, {"error": "Internal Server Error"})
SLIPS = {
    "acknowledged-null": _missing("acknowledgedDateMs"),
    "from-null": _missing("fromAccountId"),
    "reference-null": _missing("externalRef"),
    "hash-of-32": _transaction(lambda data, kept: {**data, "hash": data["hash"][:32]}),
    "hash-0x": _transaction(lambda data, kept: {**data, "hash": "0x" + data["hash"]}),
    "keys-snake": _transaction(_snake),
    "amount-cut": _transaction(lambda data, kept: {**data, "amount": int(data["amount"] * 100) / 100}),
    "riel-in-hundredths": _transaction(
        lambda data, kept: {**data, "amount": data["amount"] / (100 if data["currency"] == "KHR" else 1)}
    ),
    "currency-number": _transaction(lambda data, kept: {**data, "currency": NUMBERS.get(data["currency"])}),
    "currency-lower": _transaction(lambda data, kept: {**data, "currency": data["currency"].lower()}),
    "account-no-bank": _transaction(lambda data, kept: {**data, "toAccountId": data["toAccountId"].partition("@")[0]}),
    "times-iso": _transaction(_iso),
    "times-move": _transaction(_moving),
    "khmer-mojibake": _transaction(_mojibake),
    "description-cut": _description(lambda text: text.encode()[:100].decode(errors="replace")),
    "description-cut-clean": _description(lambda text: text[:50]),
    "description-lost": _description(lambda text: None),
    "description-html": _description(html.escape),
    "description-escaped": _description(lambda text: json.dumps(text)[1:-1]),
    "description-unescaped": _description(lambda text: text.replace("\\u1780", "ក")),
    "description-no-emoji": _description(lambda text: "".join(letter for letter in text if ord(letter) < 0x10000)),
    "tracking-pending": _transaction(lambda data, kept: {**data, "trackingStatus": "PENDING"}),
    "list-cut-20": _rows(lambda rows: rows[:20]),
    "list-data-null": _rows(lambda rows: [{**row, "data": None} for row in rows]),
    "list-status-lower": _rows(lambda rows: _each(rows, status=str.lower)),
    "list-upper": _rows(lambda rows: _each(rows, md5=str.upper, hash=str.upper)),
    "list-first-data": _rows(_first_data),
    "list-partial-fails": _partial,
    "list-none-found": _none_found,
    "short-hash-whole": _instead(_is_whole_float, 200, NOT_FOUND),
    "renewed-later": _not_at_once,
    "quota-for-ever": _never_reset,
    "quota-by-items": _by_items,
    "quota-response-0": _code(17, responseCode=0),
    "failed-data": _code(3, data={}),
    "not-found-object": _code(1, data={}),
    "not-found-list": _code(1, data=[]),
    "message-renamed": _renamed("responseMessage", "message"),
    "agent-needed": _instead(lambda call, answer: b"user-agent" not in call.headers, 403, MISSING),
    "accept-needed": _instead(lambda call, answer: call.headers.get(b"accept") != b"application/json", 406, MISSING),
    "empty-unknown": _instead(_asks(""), 200, NOT_FOUND),
    "null-unknown": _instead(_asks(None), 200, NOT_FOUND),
    "long-500": _instead(_is_over(64), *FAILURE),
    "deeplink-key": _link(lambda data: {"url": data["shortLink"]}),
    "deeplink-http": _link(lambda data: {"shortLink": data["shortLink"].replace("https", "http")}),
    "deeplink-bare": _link(lambda data: data["shortLink"]),
    "path-200": lambda call, status, answer, kept: (200 if status == 404 else status, answer),
}


def wrap(app, bugs):
    """app with the slips of these names."""
    slips, kept = [SLIPS[bug] for bug in bugs], {}

    async def wrapped(scope, receive, send):
        if not slips or scope["type"] != "http" or "/v1/" not in scope["path"]:
            await app(scope, receive, send)
            return
        raw, sent = b"", []
        while True:
            message = await receive()
            raw += message.get("body", b"")
            if not message.get("more_body"):
                break

        async def replay():
            return {"type": "http.request", "body": raw, "more_body": False}

        async def keep(message):
            sent.append(message)

        await app(scope, replay, keep)
        body = b"".join(message.get("body", b"") for message in sent[1:])
        world, _, endpoint = scope["path"].partition("/v1/")
        call = Call(endpoint, world, dict(scope["headers"]), _json(raw))
        status, answer = sent[0]["status"], _json(body)
        if isinstance(answer, dict):
            for slip in slips:
                status, answer = slip(call, status, answer, kept)
            body = json.dumps(answer).encode()
        headers = [(b"content-type", b"application/json; charset=utf-8"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return wrapped


def _json(raw):
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None
