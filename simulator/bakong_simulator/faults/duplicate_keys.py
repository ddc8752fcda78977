"""Keys that stand twice in the answer's object: which one counts differs from parser to parser."""

from bakong_simulator.reply import Reply

_WRONG = b',"responseCode":1,"errorCode":1}'
_SAME = b',"responseCode":0}'


def duplicate_keys(reply: Reply, _luck: object, *, second_: str) -> Reply:
    if not reply.body.endswith(b"}"):
        return reply
    same = b',"responseCode":1}' if reply.error_code else _SAME
    return reply._replace(body=reply.body[:-1] + (same if second_ == "same" else _WRONG))
