"""The faults that its scripts can name: those of every scheme, its refusals, and how a browser comes back."""

from bakong_schemes.nagad import wire
from bakong_schemes.nagad.fake import pages
from bakong_schemes.nagad.fake.errors import refusal, request_rejected
from bakong_simulator.wire import body_faults, connection_faults
from bakong_simulator.wire.connection_faults import Fault, Luck
from bakong_simulator.wire.reply import Reply

SUPPORT_ID = "9000000000000000001"


def _refuse(reply: Reply, _luck: Luck, *, as_: str) -> Reply:
    return refusal(wire.REFUSALS[as_])._replace(delay_ms=reply.delay_ms)


def _callback(reply: Reply, _luck: Luck, *, as_: str) -> Reply:
    """Of a browser that is sent back; whatever else is answered stays. `success` is the page's own doing."""
    url = next((value.decode() for name, value in reply.headers if name == b"location"), None)
    if url is None or as_ == "success":
        return reply
    return (pages.twice(url) if as_ == "twice" else pages.stays())._replace(delay_ms=reply.delay_ms)


def _error_page(status: int) -> Reply:
    return refusal("ServerError")._replace(status=status)


def _rejected_page(status: int) -> Reply:
    return request_rejected(SUPPORT_ID)._replace(status=status)


FAULTS: dict[str, Fault] = (
    connection_faults.FAULTS
    | body_faults.FAULTS
    | {
        "http": body_faults.http({**body_faults.PAGES, "error": _error_page, "request-rejected": _rejected_page}),
        "refuse": Fault(_refuse, reaches_api=False),
        "callback": Fault(_callback),
    }
)
