"""Another answer: a gateway's page, a bare status, or the API's own words for a fault of its own."""

from bakong_contracts.open_api.codes import CANNOT_CONNECT
from bakong_simulator.reply import Reply, cloudfront_page, html_page, nginx_page, refusal

BODYLESS = (204, 304)  # RFC 9110: a body would be read as the next answer


def http(reply: Reply, _luck: object, *, status_: int, body_: str, retry_after_: int | None) -> Reply:
    page = _PAGES[body_](status_)
    headers = () if retry_after_ is None else ((b"retry-after", b"%d" % -(-retry_after_ // 1000)),)
    body = b"" if status_ in BODYLESS else page.body
    return page._replace(body=body, delay_ms=reply.delay_ms, headers=headers)


def _envelope(status: int) -> Reply:
    return refusal(CANNOT_CONNECT)._replace(status=status)


def _empty(status: int) -> Reply:
    return Reply(status, b"")


_PAGES = {
    "nginx": nginx_page,
    "cloudfront": cloudfront_page,
    "html": html_page,
    "envelope": _envelope,
    "empty": _empty,
}
