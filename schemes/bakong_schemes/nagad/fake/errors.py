"""The API's errors, as an exception for its handlers and as replies; and the page of the firewall before it."""

import orjson

from bakong_schemes.nagad import wire
from bakong_simulator.wire.reply import HTML, Reply

JSON = b"application/json"


class ApiError(Exception):
    """A call that is refused, with one of wire.REASONS. message: what was wrong, in our words."""

    def __init__(self, reason: str, message: str = "") -> None:
        super().__init__(reason, message)
        self.reason, self.message = reason, message


def refusal(reason: str, message: str = "", *, status: int = wire.ERROR_STATUS, is_opaque: bool = False) -> Reply:
    """An error of the API: the shape is known, the words of reason are a guess."""
    body = {"reason": "Error" if is_opaque else reason, "message": wire.CALL_CENTRE}
    if message:
        body["devMessage"] = message
    return Reply(status, orjson.dumps(body), JSON, error_code=reason)


def request_rejected(support_id: str) -> Reply:
    """What an address that is not registered is shown: a firewall's page in the place of JSON. A guess."""
    page = (
        "<html><head><title>Request Rejected</title></head><body>The requested URL was rejected. "
        f"Please consult with your administrator.<br><br>Your support ID is: {support_id}<br><br>"
        "<a href='javascript:history.back();'>[Go Back]</a></body></html>"
    )
    return Reply(403, page.encode(), HTML, error_code="request-rejected")
