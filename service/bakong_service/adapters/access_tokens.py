"""Access tokens: signed with our present key, verified with ours or an outside issuer's. Knows the store, not requests.

What the database has of tokens (keys, and whose tokens are refused) is held in memory and read again every half second,
as API keys are, so that a request costs no read.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from bakong_service.adapters import jws
from bakong_service.adapters.issuer import Issuer
from bakong_service.adapters.rereading import Reread
from bakong_service.adapters.sealing import derive
from bakong_service.domain.errors import UnavailableError
from bakong_service.domain.principals import Principal
from bakong_service.domain.tokens import Parties, SigningKey, TokenFault, TokenState, own_principal
from bakong_service.ports import Store

FRESH_US = 500_000
MOST_SIGNATURES = 4_096
NOT_A_TOKEN = TokenFault("it is no signed token")
UNKNOWN_KEY = TokenFault("no key of ours signed it")
REFUSED = TokenFault("it was revoked", "stale")


class Key(NamedTuple):
    """A key that verifies, and signs where it is the present one."""

    kid: str
    algorithm: str
    public: Any
    private: Any


class SharedKeys:
    """The small mode: JWT_SECRET signs, with HS256; the old secrets still verify."""

    is_shared = True

    def __init__(self, secrets: Sequence[str]) -> None:
        self._keys = [Key(shared_kid(secret), jws.SHARED, secret.encode(), secret.encode()) for secret in secrets]

    async def current(self) -> Key:
        return self._keys[0]

    async def candidates(self, kid: str, _state: TokenState) -> list[Key]:
        """The key of that name; all of them for a token that names none, as one that a shop signs by itself."""
        return [key for key in self._keys if kid in ("", key.kid)]

    def published(self, _state: TokenState) -> list[dict[str, Any]]:
        """None: a shared secret has no public half."""
        return []


class StoredKeys:
    """Key pairs of the database, sealed there; the first is drawn when it is needed."""

    is_shared = False

    def __init__(self, store: Store, algorithm: str, now_ms: Callable[[], int], state: Reread[TokenState]) -> None:
        self._store, self._algorithm, self._now_ms, self._state = store, algorithm, now_ms, state
        self._made: dict[str, Key] = {}

    async def current(self) -> Key:
        """The newest that is not retired. Raises UnavailableError."""
        signing = _signing(await self._state.no_older_than(FRESH_US))
        if not signing:
            await self._draw_first()
            signing = _signing(await self._state.no_older_than(FRESH_US))
        if not signing:
            raise UnavailableError("the key that signs tokens cannot be read")
        return self._key(signing[-1])

    async def candidates(self, kid: str, state: TokenState) -> list[Key]:
        if kid and not any(key.kid == kid for key in state.keys):  # it may have been drawn a moment ago
            state = await self._state.later_than(self._state.begun)
        at_ms = self._now_ms()
        return [self._key(key) for key in state.keys if key.kid == kid and key.verifies(at_ms)]

    def published(self, state: TokenState) -> list[dict[str, Any]]:
        """The public halves of all that verify, newest first."""
        at_ms = self._now_ms()
        good = [key for key in reversed(state.keys) if key.verifies(at_ms)]
        return [
            jws.public_half(json.loads(key.private)) | {"kid": key.kid, "alg": key.algorithm, "use": "sig"}
            for key in good
        ]

    async def _draw_first(self) -> None:
        new = draw_signing_key(self._algorithm, self._now_ms())

        def add(records: Any) -> None:
            if not records.count_signing_keys():
                records.add_signing_key(new)

        await self._store.write(add)
        self._state.forget()

    def _key(self, stored: SigningKey) -> Key:
        key = self._made.get(stored.kid)
        if key is None:
            jwk = json.loads(stored.private)
            public, private = (jws.key_of(one, stored.algorithm) for one in (jws.public_half(jwk), jwk))
            key = self._made[stored.kid] = Key(stored.kid, stored.algorithm, public, private)
        return key


def _signing(state: TokenState) -> list[SigningKey]:
    return [key for key in state.keys if key.retired_ms is None]


def draw_signing_key(algorithm: str, now_ms: int) -> SigningKey:
    """A new key pair, named by its thumbprint."""
    private = jws.draw_key(algorithm)
    return SigningKey(jws.thumbprint(json.loads(private)), algorithm, private, now_ms)


def shared_kid(secret: str) -> str:
    return derive(secret, "token key id", 6).hex()


class _Signatures:
    """Which signatures were good, so that a token in use is verified once; what it says is checked each time."""

    def __init__(self) -> None:
        self._good: dict[bytes, None] = {}  # digests, the oldest first

    def is_good(self, token: jws.Read, key: Key) -> bool:
        digest = hashlib.sha256(f"{key.kid}\0{token.text}".encode()).digest()
        if digest in self._good:
            return True
        if not jws.is_signed(token, key.public, key.algorithm):
            return False
        if len(self._good) >= MOST_SIGNATURES:
            del self._good[next(iter(self._good))]
        self._good[digest] = None
        return True


class AccessTokens:
    """Signs, verifies, publishes. issuer None: only our own tokens are taken."""

    def __init__(
        self,
        keys: SharedKeys | StoredKeys,
        state: Reread[TokenState],
        parties: Parties,
        now_ms: Callable[[], int],
        issuer: Issuer | None = None,
    ) -> None:
        self._keys, self._state, self._parties, self._now_ms, self._issuer = keys, state, parties, now_ms, issuer
        self._signatures = _Signatures()

    async def sign(self, claims: Mapping[str, Any]) -> str:
        """See bakong_service.ports.Sign."""
        key = await self._keys.current()
        return jws.sign(claims, key.private, key.algorithm, key.kid)

    async def verify(self, text: str) -> Principal | TokenFault:
        """Who a bearer token speaks for, or why it is not taken. Never raises."""
        token = jws.read(text)
        if token is None:
            return NOT_A_TOKEN
        if self._issuer is not None and token.claims.get("iss") == self._issuer.parties.issuer:
            return await self._issuer.verify(token)
        try:
            return await self._own(token)
        except UnavailableError as error:
            return TokenFault(str(error), "unavailable")

    async def published(self) -> list[dict[str, Any]]:
        """The key set (RFC 7517) of who wants to verify our tokens. Raises UnavailableError."""
        return self._keys.published(await self._state.no_older_than(FRESH_US))

    async def _own(self, token: jws.Read) -> Principal | TokenFault:
        state = await self._state.no_older_than(FRESH_US)
        keys = await self._keys.candidates(token.kid, state)
        if not any(self._signatures.is_good(token, key) for key in keys):
            return UNKNOWN_KEY
        shared = self._keys.is_shared
        principal = own_principal(token.claims, self._parties, self._now_ms(), shared=shared)
        if isinstance(principal, Principal) and not state.revoked.isdisjoint(_names(token.claims)):
            return REFUSED
        return principal


def _names(claims: Mapping[str, Any]) -> set[str]:
    """By what a token may have been revoked."""
    return {claims[name] for name in ("sub", "sid") if isinstance(claims.get(name), str)}
