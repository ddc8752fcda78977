"""The API's errors, as an exception for its handlers and as replies."""

import orjson

from bakong_schemes.omise import wire
from bakong_simulator.wire.reply import Reply


class ApiError(Exception):
    """A call that is refused with one of wire.ERRORS."""

    def __init__(self, code: str, message: str | None = None) -> None:
        super().__init__(code, message)
        self.reply = refusal(code, message)


def refusal(code: str, message: str | None = None) -> Reply:
    """An error of the API; by default with its usual message."""
    status, usual = wire.ERRORS[code]
    body = {
        "object": "error",
        "location": wire.ERROR_PAGE + code.replace("_", "-"),
        "code": code,
        "message": message or usual,
    }
    return Reply(status, orjson.dumps(body), error_code=code)


def not_found(kind: str, id_: str) -> ApiError:
    return ApiError("not_found", f"{kind} {id_} was not found")
