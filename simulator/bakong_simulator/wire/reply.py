"""An answer as it will go over the wire, and the pages of the servers before an API."""

from typing import NamedTuple

JSON = b"application/json; charset=utf-8"
HTML = b"text/html"


class Reply(NamedTuple):
    """What is sent, and how.

    delay_ms: how long the client waits first. silent: nothing is sent, the connection ends.
    reset: the connection is reset, before the head (silent) or after `truncate_at` bytes of the body.
    truncate_at: so many bytes of the body are sent, and then the connection ends. raw: sent in the place of all HTTP.
    chunks, chunk_interval_ms: the body comes in so many chunks, with so long between them. headers: further ones.
    skew_ms: how far ahead of the world's time the head's Date is.
    """

    status: int
    body: bytes
    content_type: bytes = JSON
    error_code: int | str | None = None
    delay_ms: int = 0
    silent: bool = False
    reset: bool = False
    truncate_at: int | None = None
    raw: bytes | None = None
    chunks: int = 1
    chunk_interval_ms: int = 0
    headers: tuple[tuple[bytes, bytes], ...] = ()
    skew_ms: int = 0


def nginx_page(status: int) -> Reply:
    """The page of a bare nginx. Its exact bytes at NBC are unknown: a guess."""
    title = f"{status} {_REASONS.get(status, 'Error')}"
    page = (
        f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n"
        "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    )
    return Reply(status, page.encode(), HTML)


def cloudfront_page(status: int) -> Reply:
    """The page of Amazon CloudFront that clients outside Cambodia report. Its exact bytes are unknown: a guess."""
    page = (
        '<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01 Transitional//EN" "http://www.w3.org/TR/html4/loose.dtd">\n'
        "<HTML><HEAD><TITLE>ERROR: The request could not be satisfied</TITLE></HEAD><BODY>\n"
        f"<H1>{status} ERROR</H1>\n<H2>The request could not be satisfied.</H2>\n"
        "The Amazon CloudFront distribution is configured to block access from your country.\n"
        "</BODY></HTML>\n"
    )
    return Reply(status, page.encode(), HTML)


def html_page(status: int) -> Reply:
    """A page of a web site, where JSON was expected: what a captive portal or a landing page answers."""
    return Reply(
        status, b"<!doctype html><html><head><title>Welcome</title></head><body><p>Hello.</p></body></html>", HTML
    )


_REASONS = {
    400: "Bad Request",
    401: "Authorization Required",
    403: "Forbidden",
    404: "Not Found",
    405: "Not Allowed",
    413: "Request Entity Too Large",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Temporarily Unavailable",
    504: "Gateway Time-out",
}
