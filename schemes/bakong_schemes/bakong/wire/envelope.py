"""The four keys around every answer, in the order seen live."""

from typing import Any, TypedDict

from bakong_schemes.bakong.wire.codes import ErrorCode


class Envelope(TypedDict):
    """responseCode is 0 or 1; errorCode is null on success."""

    responseCode: int
    responseMessage: str
    errorCode: int | None
    data: Any


def success(message: str, data: object = None) -> Envelope:
    return {"responseCode": 0, "responseMessage": message, "errorCode": None, "data": data}


def failure(code: ErrorCode) -> Envelope:
    return {"responseCode": 1, "responseMessage": code.message, "errorCode": code.number, "data": None}
