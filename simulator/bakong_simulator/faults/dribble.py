"""The body comes in pieces, with a wait between them: each read is quick and the whole is slow."""

from bakong_simulator.reply import Reply


def dribble(reply: Reply, _luck: object, *, pieces_: int, every_: int) -> Reply:
    return reply._replace(pieces=pieces_, every_ms=every_)
