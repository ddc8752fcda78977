"""Faults of what is sent: a body that is missing, broken, mislabelled or has grown, or a gateway's page."""

from collections.abc import Callable, Mapping

import orjson

from bakong_simulator.wire.connection_faults import Fault, Luck
from bakong_simulator.wire.reply import Reply, cloudfront_page, html_page, nginx_page

BODYLESS = (204, 304)  # RFC 9110: a body would be read as the next answer


def empty(reply: Reply, _luck: Luck, *, as_: str) -> Reply:
    """Nothing: a body of no bytes under the right head, or a connection that is closed without an answer."""
    return reply._replace(silent=True) if as_ == "connection" else reply._replace(body=b"")


def garbage(reply: Reply, luck: Luck, *, as_: str, bytes_: int) -> Reply:
    """Bytes without sense, in the place of the body or of the whole HTTP answer."""
    noise = b""
    while len(noise) < bytes_:
        noise += luck()
    return reply._replace(raw=noise[:bytes_]) if as_ == "connection" else reply._replace(body=noise[:bytes_])


def truncate(reply: Reply, _luck: Luck, *, at_: float, as_: str) -> Reply:
    """The end of the body is missing: hidden by a fitting Content-Length, or a connection that closes early."""
    kept = min(int(len(reply.body) * at_), max(0, len(reply.body) - 1))
    return reply._replace(truncate_at=kept) if as_ == "connection" else reply._replace(body=reply.body[:kept])


def content_type(reply: Reply, _luck: Luck, *, is_: str) -> Reply:
    """The right body under a wrong Content-Type."""
    return reply._replace(content_type=is_.encode("latin-1", "replace").replace(b"\r", b" ").replace(b"\n", b" "))


def unknown_fields(reply: Reply, _luck: Luck, *, count_: int) -> Reply:
    """Fields that no document names, around and within data: what a new version looks like to an old client."""
    try:
        document = orjson.loads(reply.body)
    except orjson.JSONDecodeError:
        return reply
    if not isinstance(document, dict):
        return reply
    extra = {f"sandboxField{number}": {"nested": [number]} for number in range(1, count_ + 1)}
    if isinstance(document.get("data"), dict):
        document["data"] |= extra
    return reply._replace(body=orjson.dumps(document | extra))


Pages = Mapping[str, Callable[[int], Reply]]
PAGES: Pages = {
    "nginx": nginx_page,
    "cloudfront": cloudfront_page,
    "html": html_page,
    "empty": lambda status: Reply(status, b""),
}


def http(pages: Pages) -> Fault:
    """Another answer in the place of the API's: one of these pages under a status."""

    def play(reply: Reply, _luck: Luck, *, status_: int, body_: str, retry_after_: int | None) -> Reply:
        page = pages[body_](status_)
        headers = () if retry_after_ is None else ((b"retry-after", b"%d" % -(-retry_after_ // 1000)),)
        body = b"" if status_ in BODYLESS else page.body
        return page._replace(body=body, delay_ms=reply.delay_ms, headers=headers)

    return Fault(play, reaches_api=False)


FAULTS: dict[str, Fault] = {
    "empty": Fault(empty),
    "garbage": Fault(garbage),
    "truncate": Fault(truncate),
    "content_type": Fault(content_type),
    "unknown_fields": Fault(unknown_fields),
    "http": http(PAGES),
}
