"""The right body under a wrong Content-Type."""

from bakong_simulator.reply import Reply


def content_type(reply: Reply, _luck: object, *, is_: str) -> Reply:
    return reply._replace(content_type=is_.encode("latin-1", "replace").replace(b"\r", b" ").replace(b"\n", b" "))
