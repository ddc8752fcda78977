"""The end of the body is missing: hidden by a fitting Content-Length, or seen as a connection that closes early."""

from bakong_simulator.reply import Reply


def truncate(reply: Reply, _luck: object, *, at_: float, as_: str) -> Reply:
    kept = min(int(len(reply.body) * at_), max(0, len(reply.body) - 1))
    return reply._replace(cut=kept) if as_ == "connection" else reply._replace(body=reply.body[:kept])
