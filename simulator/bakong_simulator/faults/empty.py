"""Nothing: a body of no bytes under the right head, or a connection that is closed without an answer."""

from bakong_simulator.reply import Reply


def empty(reply: Reply, _luck: object, *, as_: str) -> Reply:
    return reply._replace(silent=True) if as_ == "connection" else reply._replace(body=b"")
