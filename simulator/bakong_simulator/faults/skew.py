"""The times in the answer and the Date in its head are off, as those of a server whose clock is wrong."""

import re

from bakong_simulator.reply import Reply

_TIMES = re.compile(rb'("(?:createdDateMs|acknowledgedDateMs)":)([0-9]{1,15})')


def skew(reply: Reply, _luck: object, *, by_: int) -> Reply:
    body = _TIMES.sub(lambda found: b"%s%d" % (found[1], int(found[2]) + by_), reply.body)
    return reply._replace(body=body, skew_ms=reply.skew_ms + by_)
