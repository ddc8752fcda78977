"""Places in lists, as texts that callers carry back: opaque to them, and never trusted."""

import base64
import binascii
from typing import Annotated

from pydantic import StringConstraints

from bakong_service.domain.errors import InvalidError

Cursor = Annotated[str, StringConstraints(max_length=128, pattern=r"^[A-Za-z0-9_-]+$")]
NEWEST = (10**15, "")  # before it is everything


def write_cursor(number: int, text: str) -> str:
    """A place by a number and a text.

    >>> read_cursor(write_cursor(7, "a"))
    (7, 'a')
    """
    return base64.urlsafe_b64encode(f"{number} {text}".encode()).decode().rstrip("=")


def read_cursor(cursor: str, largest: int = 10**15) -> tuple[int, str]:
    """Raises InvalidError for a text that is no cursor."""
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
    except (binascii.Error, UnicodeDecodeError):
        raise InvalidError("cursor", "expected a nextCursor of this list") from None
    number, _, rest = text.partition(" ")
    if not number.isdigit() or int(number) > largest or not rest.isprintable():
        raise InvalidError("cursor", "expected a nextCursor of this list")
    return int(number), rest
