"""The door for who comes from another machine without the token: a code that is good once opens it for one browser."""

import hmac
from collections.abc import Callable, Iterable

COOKIE = "sandbox_door"
PATH = "/console/-/enter"
MAX_WRONG = 10  # codes that were guessed; then nobody enters any more


class Door:
    """codes: each opens it once. draw: a secret for a browser that has come in."""

    def __init__(self, codes: Iterable[str], draw: Callable[[], str]) -> None:
        self._codes = list(codes)
        self._draw = draw
        self._inside: list[str] = []
        self._wrong = 0

    def enter(self, code: str) -> str | None:
        """The secret of a browser that has brought a code; None for a code that is none, or is used up."""
        if self._wrong >= MAX_WRONG:
            return None
        for known in self._codes:
            if hmac.compare_digest(known.encode(), code.strip().encode()):
                self._codes.remove(known)
                self._inside.append(self._draw())
                return self._inside[-1]
        self._wrong += 1
        return None

    def knows(self, cookies: Iterable[str]) -> bool:
        """Whether Cookie headers bring the secret of a browser that has come in."""
        given = [pair.strip().partition("=") for header in cookies for pair in header.split(";")]
        values = [value.encode() for name, _, value in given if name == COOKIE]
        return any(hmac.compare_digest(value, one.encode()) for value in values for one in self._inside)
