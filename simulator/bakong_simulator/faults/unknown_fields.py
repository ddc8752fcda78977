"""Fields that no document names, around and within data: what a new version of the API looks like to an old client."""

import orjson

from bakong_simulator.reply import Reply


def unknown_fields(reply: Reply, _luck: object, *, count_: int) -> Reply:
    try:
        envelope = orjson.loads(reply.body)
    except orjson.JSONDecodeError:
        return reply
    if not isinstance(envelope, dict):
        return reply
    extra = {f"sandboxField{number}": {"nested": [number]} for number in range(1, count_ + 1)}
    if isinstance(envelope.get("data"), dict):
        envelope["data"] |= extra
    return reply._replace(body=orjson.dumps(envelope | extra))
