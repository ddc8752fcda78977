"""Faults that know the Open API's envelope: its refusals, its times, its keys; and all faults that it plays."""

import re
from collections.abc import Callable
from typing import Any

import orjson

from bakong_schemes.bakong.fake.replies import refusal
from bakong_schemes.bakong.wire import codes
from bakong_simulator.wire import body_faults, connection_faults
from bakong_simulator.wire.connection_faults import Fault, Luck
from bakong_simulator.wire.reply import Reply

Envelope = dict[str, Any]

REFUSALS = {
    "unauthorized": codes.UNAUTHORIZED,
    "unauthorized-200": codes.UNAUTHORIZED._replace(status=200),
    "token-invalid": codes.TOKEN_INVALID,
    "daily-quota": codes.DAILY_QUOTA,
    "not-found": codes.NOT_FOUND,
    "failed": codes.FAILED,
    "static-qr": codes.STATIC_QR,
    "missing-fields": codes.MISSING_FIELDS,
    "cannot-connect": codes.CANNOT_CONNECT,
    "deeplink-provider": codes.DEEPLINK_PROVIDER,
    "email-server-down": codes.EMAIL_SERVER_DOWN,
    "not-registered": codes.NOT_REGISTERED,
    "account-not-found": codes.ACCOUNT_NOT_FOUND,
    "account-invalid": codes.ACCOUNT_INVALID,
}
_TIMES = re.compile(rb'("(?:createdDateMs|acknowledgedDateMs)":)([0-9]{1,15})')
_SECOND_KEYS = b',"responseCode":1,"errorCode":1}'


def refuse(reply: Reply, _luck: Luck, *, as_: str) -> Reply:
    """The API's own words for one of its errors, whatever the call deserved."""
    return refusal(REFUSALS[as_])._replace(delay_ms=reply.delay_ms)


def skew(reply: Reply, _luck: Luck, *, by_: int) -> Reply:
    """The times in the answer and the Date in its head are off, as those of a server whose clock is wrong."""
    body = _TIMES.sub(lambda time: b"%s%d" % (time[1], int(time[2]) + by_), reply.body)
    return reply._replace(body=body, skew_ms=reply.skew_ms + by_)


def duplicate_keys(reply: Reply, _luck: Luck, *, second_: str) -> Reply:
    """Keys that occur twice in the answer's object: which one counts differs from parser to parser."""
    if not reply.body.endswith(b"}"):
        return reply
    same = b',"responseCode":1}' if reply.error_code else b',"responseCode":0}'
    return reply._replace(body=reply.body[:-1] + (same if second_ == "same" else _SECOND_KEYS))


def row_status(reply: Reply, _luck: Luck, *, is_: str) -> Reply:
    """A list that is answered, each of whose rows says that the service behind it failed. The message is a guess."""
    try:
        envelope = orjson.loads(reply.body)
    except orjson.JSONDecodeError:
        return reply
    rows = envelope.get("data") if isinstance(envelope, dict) else None
    if not isinstance(rows, list):
        return reply
    failed = {"status": is_, "message": "Service unavailable. Please try again later.", "data": None}
    return reply._replace(
        body=orjson.dumps({**envelope, "data": [row | failed if isinstance(row, dict) else row for row in rows]})
    )


def wrong_schema(reply: Reply, _luck: Luck, *, as_: str) -> Reply:
    """Valid JSON that breaks what was agreed: other types, other places, nothing where something was."""
    try:
        envelope = orjson.loads(reply.body)
    except orjson.JSONDecodeError:
        return reply
    return reply._replace(body=orjson.dumps(_BROKEN[as_](envelope))) if isinstance(envelope, dict) else reply


def _amount_as_text(envelope: Envelope) -> Envelope:
    data = envelope.get("data")
    if isinstance(data, dict) and "amount" in data:
        return {**envelope, "data": {**data, "amount": str(data["amount"])}}
    return envelope


def _codes_as_text(envelope: Envelope) -> Envelope:
    return envelope | {name: str(envelope.get(name) or 0) for name in ("responseCode", "errorCode")}


def _unsaid(name: str) -> Callable[[Envelope], object]:
    """Every transaction without this field, in a list too."""

    def without(value: object) -> object:
        if isinstance(value, dict):
            return {key: without(part) for key, part in value.items() if key != name}
        return [without(part) for part in value] if isinstance(value, list) else value

    return lambda envelope: {**envelope, "data": without(envelope.get("data"))}


_SUCCESS: Envelope = {"responseCode": 0, "errorCode": None}
_BROKEN: dict[str, Callable[[Envelope], object]] = {
    "amount_as_text": _amount_as_text,
    "data_as_list": lambda envelope: {**envelope, "data": [envelope.get("data")]},
    "data_missing": lambda envelope: {key: value for key, value in envelope.items() if key != "data"},
    "codes_as_text": _codes_as_text,
    "nulls": dict.fromkeys,
    "not_an_object": lambda envelope: [envelope],
    "success_empty": lambda envelope: {**envelope, **_SUCCESS, "data": {}},
    "success_null": lambda envelope: {**envelope, **_SUCCESS, "data": None},
    "success_missing": lambda envelope: {key: value for key, value in (envelope | _SUCCESS).items() if key != "data"},
    "amount_unsaid": _unsaid("amount"),
    "currency_unsaid": _unsaid("currency"),
    "account_unsaid": _unsaid("toAccountId"),
}


def _envelope_page(status: int) -> Reply:
    return refusal(codes.CANNOT_CONNECT)._replace(status=status)


FAULTS: dict[str, Fault] = (
    connection_faults.FAULTS
    | body_faults.FAULTS
    | {
        "http": body_faults.http({**body_faults.PAGES, "envelope": _envelope_page}),
        "refuse": Fault(refuse, reaches_api=False),
        "skew": Fault(skew),
        "duplicate_keys": Fault(duplicate_keys),
        "wrong_schema": Fault(wrong_schema),
        "row_status": Fault(row_status),
    }
)
