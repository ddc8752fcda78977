"""The API's errors, as an exception for its handlers and as replies."""

import orjson

from bakong_schemes.paystack import wire
from bakong_simulator.wire.reply import Reply


class ApiError(Exception):
    """A call that is refused with one of wire.ERRORS. status: where it is not the usual one."""

    def __init__(self, code: str, message: str | None = None, *, status: int | None = None) -> None:
        super().__init__(code, message)
        self.reply = refusal(code, message, status=status)


def refusal(code: str, message: str | None = None, *, status: int | None = None) -> Reply:
    """An error of the API; by default with its usual message and status."""
    usual = wire.ERRORS[code]
    body = {
        "status": False,
        "message": message or usual.message,
        "meta": {"nextStep": usual.next_step},
        "type": usual.kind,
        "code": code,
    }
    waits = ((b"x-ratelimit-reset", b"1"),) if code == "too_many_requests" else ()
    return Reply(status or usual.status, orjson.dumps(body), error_code=code, headers=waits)
