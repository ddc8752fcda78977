"""decode and verify: the same reading, once as values and once as a verdict. Knows what lenient mode forgives."""

from khqr import fast_decode
from khqr.errors import DecodeError
from khqr.model import Payload, Timestamp
from khqr.moments import now_ms
from khqr.problems import Mode, Problem, Verdict
from khqr.reading import Reading, place

_VALID = Verdict(is_valid=True)


def decode(text: str, *, mode: Mode = Mode.STRICT) -> Payload:
    """What the code says. Raises DecodeError with everything that is wrong, the first fault's tag, place and number.

    Strict by EMVCo and NBC: the CRC, 00 first and 63 last, no tag twice, known values. Expiry is for `verify` to judge:
    a code that has expired can still be read. With Mode.LENIENT the answer's `forgiven` lists what was let pass.

    >>> payload = decode("00020101021129190015john_smith@devb5204599953031165802KH5910John Smith6010Phnom Penh63046BFA")
    >>> payload.payee.bakong_account_id
    'john_smith@devb'
    """
    if payload := fast_decode.read(text):
        return payload
    careful, problems, forgiven = _read(text, mode)
    if problems or careful is None:
        raise DecodeError(problems)
    return careful.forgiving(forgiven) if forgiven else careful


def verify(text: str, *, now: Timestamp | None = None, mode: Mode = Mode.STRICT) -> Verdict:
    """Whether text is a valid KHQR now, and every problem that it has.

    now: an aware datetime or epoch ms; by default the system's. Expiry counts wherever tag 99 stands, and with
    Mode.LENIENT too; a code is still valid in the millisecond in which it expires.

    >>> verify("00020163042A6A", now=0).problems[0].rule
    'crc-value'
    """
    problems: tuple[Problem, ...] = ()
    forgiven: tuple[Problem, ...] = ()
    expiration: object = fast_decode.expiry(text)
    if expiration is None:
        payload, problems, forgiven = _read(text, mode)
        expiration = payload.payee.expiration_timestamp if payload else None
    if isinstance(expiration, int) and expiration < (at := now_ms(now)):
        message = f"expired at {expiration}, now is {at}"
        problems += (Problem("expired", message, 46, "99.01", place(text, "99.01")),)
    return Verdict(not problems, problems, forgiven) if problems or forgiven else _VALID


def _read(text: object, mode: Mode) -> tuple[Payload | None, tuple[Problem, ...], tuple[Problem, ...]]:
    reading = Reading(_text(text))
    if mode is Mode.STRICT:
        return reading.payload, tuple(reading.problems), ()
    problems = tuple(problem for problem in reading.problems if not problem.is_forgivable)
    return reading.payload, problems, tuple(problem for problem in reading.problems if problem.is_forgivable)


def _text(text: object) -> str:
    if isinstance(text, str):
        return text
    message = f"read {type(text).__name__}, expected the text of a QR as str"
    raise DecodeError((Problem("text", message, 8),))
