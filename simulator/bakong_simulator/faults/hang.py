"""No answer for a long time; then the connection ends without one."""

from bakong_simulator.reply import Reply


def hang(reply: Reply, _luck: object, *, for_: int) -> Reply:
    return reply._replace(delay_ms=reply.delay_ms + for_, silent=True, status=0, body=b"", error_code=None)
