"""The shapes of the SDK's answers. Knows NBC's numbers, not why they are given."""

from typing import Any

from khqr.codes import MESSAGES

Answer = dict[str, Any]


class Refusal(Exception):  # noqa: N818  it never leaves the package
    """A check of the SDK said no: NBC's number, or None and the JavaScript error that it amounts to."""

    def __init__(self, code: int | None, message: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message or MESSAGES[code or 0]


def success(answer: Any) -> Answer:
    return {"status": {"code": 0, "errorCode": None, "message": None}, "data": answer}


def failure(code: int | None, message: str) -> Answer:
    return {"status": {"code": 1, "errorCode": code, "message": message}, "data": None}
