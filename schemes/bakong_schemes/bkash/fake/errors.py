"""The API's four envelopes of errors, as an exception for its handlers and as replies."""

from functools import lru_cache

import orjson

from bakong_schemes.bkash import wire
from bakong_schemes.bkash.fake.records import Settings
from bakong_simulator.wire.reply import Reply

DEFAULTS = Settings()


class ApiError(Exception):
    """A call that is refused: a code of bKash's, or the name of one of wire.GATEWAY."""

    def __init__(self, code: str, message: str | None = None) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message


@lru_cache(maxsize=1024)
def refusal(code: str, family: str, settings: Settings = DEFAULTS, message: str | None = None) -> Reply:
    """The error in the envelope of the family that was asked; the gateway's is the same for all."""
    if code in wire.GATEWAY:
        status, usual = wire.GATEWAY[code]
        return Reply(status, orjson.dumps({"message": message or usual}), error_code=str(status))
    text = message or wire.CODES[code]
    if family == wire.V2:
        body: dict[str, object] = {
            "internalCode": wire.INTERNAL_CODES.get(code, f"error_{code}"),
            "externalCode": code,
            "errorMessageEn": text.strip(),
            "errorMessageBn": None,
        }
        return Reply(400, orjson.dumps(body), error_code=code)
    status = {"503": settings.maintenance_status, "9999": settings.credentials_status}.get(code, 200)
    names = ("errorCode", "errorMessage") if family == wire.CHECKOUT else ("statusCode", "statusMessage")
    return Reply(status, orjson.dumps(dict(zip(names, (code, text), strict=True))), error_code=code)


def credentials_refused(family: str, settings: Settings) -> Reply:
    """What a grant with wrong credentials is answered with; the checkout family has words of its own."""
    if family == wire.CHECKOUT:
        body = orjson.dumps({"status": "fail", "msg": wire.CODES["9999"].strip()})
        return Reply(settings.credentials_status, body, error_code="9999")
    reply = refusal("9999", family, settings)
    return reply._replace(body=reply.body.replace(b"\\n", b"\n")) if settings.raw_credentials_error else reply
