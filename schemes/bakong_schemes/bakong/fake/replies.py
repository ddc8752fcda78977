"""The Open API's envelopes as replies."""

import orjson

from bakong_schemes.bakong.wire import Envelope, ErrorCode, failure
from bakong_schemes.bakong.wire.codes import MISSING_FIELDS
from bakong_simulator.wire.reply import Reply


def answer(envelope: Envelope) -> Reply:
    return Reply(200, orjson.dumps(envelope))


def refusal(code: ErrorCode) -> Reply:
    """The envelope of an error code, with its HTTP status."""
    return Reply(code.status, orjson.dumps(failure(code)), error_code=code.number)


def scenario_error(message: str) -> Reply:
    """What a script that is wrong, or that fits nothing, is answered with: the envelope, and what to put right."""
    envelope = failure(MISSING_FIELDS) | {"responseMessage": f"bakong-sandbox: {message}"}
    return Reply(400, orjson.dumps(envelope), error_code=MISSING_FIELDS.number)
