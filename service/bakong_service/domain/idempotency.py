"""The same request twice: what makes it the same, and what was answered."""

import hashlib
import re
from dataclasses import dataclass

from bakong_contracts.service_api import IDEMPOTENCY_HEADER, IDEMPOTENCY_LIFE_S
from bakong_service.domain.errors import InvalidError, KeyReusedError

_KEY = re.compile(r"[ -~]{1,255}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the first request was answered. scope: caller, method, path and key; fingerprint: what was asked."""

    scope: str
    fingerprint: str
    status: int
    body: bytes
    created_ms: int
    expires_ms: int


@dataclass(frozen=True, slots=True)
class Keyed:
    """One request with an Idempotency-Key."""

    scope: str
    fingerprint: str

    def answered(self, status: int, body: bytes, at_ms: int) -> Answer:
        return Answer(
            scope=self.scope,
            fingerprint=self.fingerprint,
            status=status,
            body=body,
            created_ms=at_ms,
            expires_ms=at_ms + IDEMPOTENCY_LIFE_S * 1000,
        )

    def check(self, answer: Answer) -> Answer:
        """The answer, where it is to this request. Raises KeyReusedError."""
        if answer.fingerprint != self.fingerprint:
            raise KeyReusedError(IDEMPOTENCY_HEADER, "this key came with another body before; use a new key")
        return answer


def keyed(key: str, caller: str, method: str, path: str, body: bytes) -> Keyed:
    """A request under its key, quoted (a structured field) or bare. Raises InvalidError for a key of another form.

    >>> keyed('"a"', "me", "POST", "/x", b"").scope == keyed("a", "me", "POST", "/x", b"").scope
    True
    """
    bare = key[1:-1] if len(key) > 1 and key[0] == key[-1] == '"' else key
    if not _KEY.fullmatch(bare):
        raise InvalidError(IDEMPOTENCY_HEADER, "expected 1 to 255 printable ASCII characters")
    return Keyed(_digest(caller, method, path, bare), _digest(method, path, body.hex()))


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
