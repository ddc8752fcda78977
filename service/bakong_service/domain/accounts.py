"""Users, their refresh tokens, and the OAuth2 clients: as they are kept, and the rules for their names."""

import re
import unicodedata
from typing import NamedTuple

from bakong_service.domain.errors import InvalidError
from bakong_service.domain.principals import ROLES, SCOPES

REFRESH_MS = 30 * 86_400_000
MIN_PASSWORD, MAX_PASSWORD = 12, 256
MAX_MERCHANT = 128
_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}", re.ASCII)
_CLIENT_ID = re.compile(r"[A-Za-z0-9_]{1,64}", re.ASCII)


class User(NamedTuple):
    """password: its argon2id hash. disabled_ms None: may log in. merchant: whose orders are seen; None: its own."""

    id: str
    username: str
    password: str
    roles: tuple[str, ...]
    created_ms: int
    disabled_ms: int | None = None
    merchant: str | None = None

    @property
    def name(self) -> str:
        """In audit rows, logs and limits."""
        return f"user {self.username}"


class Family(NamedTuple):
    """A login and all the refresh tokens that came of it. expires_ms: when its last token does."""

    id: str
    user_id: str
    created_ms: int
    expires_ms: int
    revoked_ms: int | None = None


class RefreshToken(NamedTuple):
    """One refresh token, by its digest. used_ms None: it is still good for one use."""

    digest: str
    family_id: str
    issued_ms: int
    expires_ms: int
    used_ms: int | None = None


class Client(NamedTuple):
    """A machine that gets tokens by client credentials. digest: its secret's. disabled_ms None: it is good."""

    id: str
    label: str
    digest: str
    scopes: tuple[str, ...]
    created_ms: int
    disabled_ms: int | None = None
    merchant: str | None = None


def is_username(text: str) -> bool:
    """Whether there can be a user of the name."""
    return _NAME.fullmatch(text) is not None


def is_client_id(text: str) -> bool:
    """Whether there can be a client of the id."""
    return _CLIENT_ID.fullmatch(text) is not None


def checked_username(text: str) -> str:
    """The name as given. Raises InvalidError.

    >>> checked_username("sokha@shop.example")
    'sokha@shop.example'
    """
    if not is_username(text):
        expected = "expected 1 to 64 of a-z, 0-9, '.', '_', '@' and '-', the first a letter or a digit"
        raise InvalidError("username", f"read {text[:64]!r}, {expected}")
    return text


def checked_password(text: str) -> str:
    """The password as it is hashed: NFKC, so that it is the same from every keyboard. Raises InvalidError."""
    password = normal_password(text)
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        read = f"read {len(password)} characters, expected {MIN_PASSWORD} to {MAX_PASSWORD}"
        raise InvalidError("password", read)
    return password


def normal_password(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


def checked_roles(words: list[str]) -> tuple[str, ...]:
    """The roles, each once, in the order of the table. Raises InvalidError."""
    return _known("role", words, tuple(ROLES))


def checked_scopes(words: list[str]) -> tuple[str, ...]:
    """The scopes, each once, in the order of the table. Raises InvalidError.

    >>> checked_scopes(["refunds", "orders", "orders"])
    ('orders', 'refunds')
    """
    return _known("scope", words, SCOPES)


def _known(field: str, words: list[str], table: tuple[str, ...]) -> tuple[str, ...]:
    if not words or (others := [word for word in words if word not in table]):
        read = repr(others[0][:64]) if words else "none"
        raise InvalidError(field, f"read {read}, expected some of {', '.join(table)}")
    return tuple(word for word in table if word in words)


def checked_merchant(merchant: str | None) -> str | None:
    """The label of the API keys of a merchant, or None. Raises InvalidError."""
    if merchant is not None and not (0 < len(merchant) <= MAX_MERCHANT and merchant.isprintable()):
        raise InvalidError("merchant", f"expected 1 to {MAX_MERCHANT} printable characters, the label of its API keys")
    return merchant
