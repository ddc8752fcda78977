"""Valid JSON that breaks what was agreed: other types, other places, nothing where something was."""

from collections.abc import Callable
from typing import Any

import orjson

from bakong_simulator.reply import Reply

Envelope = dict[str, Any]


def wrong_schema(reply: Reply, _luck: object, *, as_: str) -> Reply:
    try:
        envelope = orjson.loads(reply.body)
    except orjson.JSONDecodeError:
        return reply
    return reply._replace(body=orjson.dumps(_BROKEN[as_](envelope))) if isinstance(envelope, dict) else reply


def _amount_as_text(envelope: Envelope) -> Envelope:
    found = envelope.get("data")
    if isinstance(found, dict) and "amount" in found:
        return {**envelope, "data": {**found, "amount": str(found["amount"])}}
    return envelope


def _data_missing(envelope: Envelope) -> Envelope:
    return {key: value for key, value in envelope.items() if key != "data"}


def _data_as_list(envelope: Envelope) -> Envelope:
    return {**envelope, "data": [envelope.get("data")]}


def _codes_as_text(envelope: Envelope) -> Envelope:
    return {**envelope} | {name: str(envelope.get(name) or 0) for name in ("responseCode", "errorCode")}


def _nulls(envelope: Envelope) -> Envelope:
    return dict.fromkeys(envelope)


def _not_an_object(envelope: Envelope) -> list[Envelope]:
    return [envelope]


_BROKEN: dict[str, Callable[[Envelope], object]] = {
    "amount_as_text": _amount_as_text,
    "data_as_list": _data_as_list,
    "data_missing": _data_missing,
    "codes_as_text": _codes_as_text,
    "nulls": _nulls,
    "not_an_object": _not_an_object,
}
