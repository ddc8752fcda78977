"""The connection is reset (TCP RST), before the head of the answer or in the middle of its body."""

from bakong_simulator.reply import Reply


def reset(reply: Reply, _luck: object, *, at_: str) -> Reply:
    if at_ == "before_head":
        return reply._replace(reset=True, silent=True)
    return reply._replace(reset=True, cut=len(reply.body) // 2)
