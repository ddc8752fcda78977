"""An outside issuer of access tokens, found by OpenID Connect Discovery; its keys are held while it is away.

Every fetch is bounded in time and size, follows no redirect, and comes at most once in MIN_REFETCH_MS, whatever tokens
bring; keys that are known verify meanwhile, however old they are.
"""

import asyncio
from collections.abc import Callable
from typing import Any, NamedTuple

import httpx
import orjson

from bakong_service.adapters import jws
from bakong_service.domain.principals import Principal
from bakong_service.domain.tokens import Parties, TokenFault, outside_principal

MAX_BYTES = 256 * 1024
MAX_KEYS = 100
FETCH_S = 5
FRESH_MS = 600_000  # older keys are fetched again, beside the requests
MIN_REFETCH_MS = 30_000
WELL_KNOWN = "/.well-known/openid-configuration"
UNKNOWN_KEY = TokenFault("no key of its issuer signed it")
NO_KEYS = TokenFault("its issuer does not answer, and none of its keys are known", "unavailable")


class IssuerError(Exception):
    """What the issuer did not say, or said in another form."""


class Key(NamedTuple):
    """A key of the issuer."""

    kid: str
    algorithm: str
    public: Any


class Issuer:
    """One issuer. on_change: gets "" when its keys were fetched after a failure, else why they were not."""

    def __init__(
        self,
        parties: Parties,
        client: httpx.AsyncClient,
        now_ms: Callable[[], int],
        *,
        in_clear: bool = False,
        on_change: Callable[[str], object] = id,
    ) -> None:
        self.parties = parties
        self._client, self._now_ms, self._in_clear, self._on_change = client, now_ms, in_clear, on_change
        self._keys: tuple[Key, ...] | None = None
        self._fetched_ms = self._tried_ms = -(2**53)
        self._failure = ""
        self._fetching: asyncio.Task[None] | None = None

    async def verify(self, token: jws.Read) -> Principal | TokenFault:
        """Who a token of the issuer speaks for, or why it is not taken. Never raises."""
        if not self._candidates(token):
            await self._refetched()
        elif self._now_ms() - self._fetched_ms >= FRESH_MS:
            self._begin()
        if self._keys is None:
            return NO_KEYS
        if not any(jws.is_signed(token, key.public, key.algorithm) for key in self._candidates(token)):
            return UNKNOWN_KEY
        return outside_principal(token.claims, self.parties, self._now_ms())

    async def fetch(self) -> int:
        """Fetch its keys, now; how many can be used. Raises IssuerError."""
        keys = await fetch_keys(self._client, self.parties.issuer, in_clear=self._in_clear)
        self._keys, self._fetched_ms = keys, self._now_ms()
        return len(keys)

    def _candidates(self, token: jws.Read) -> list[Key]:
        """By kid; an issuer with a single key may name none."""
        keys = self._keys or ()
        return [key for key in keys if key.kid == token.kid or (not token.kid and len(keys) == 1)]

    async def _refetched(self) -> None:
        """Wait for the keys, where it is time to ask again, or somebody asks already."""
        if self._begin() and self._fetching is not None:
            await asyncio.shield(self._fetching)

    def _begin(self) -> bool:
        """Whether the keys are being fetched."""
        if self._fetching is not None and not self._fetching.done():
            return True
        if 0 <= self._now_ms() - self._tried_ms < MIN_REFETCH_MS:
            return False
        self._tried_ms = self._now_ms()
        self._fetching = asyncio.ensure_future(self._try())
        return True

    async def _try(self) -> None:
        try:
            await self.fetch()
            failure = ""
        except IssuerError as error:
            failure = str(error)
        if failure != self._failure:
            self._failure = failure
            self._on_change(failure)

    async def close(self) -> None:
        """Nothing is fetched any more."""
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.gather(self._fetching, return_exceptions=True)


async def fetch_keys(client: httpx.AsyncClient, issuer: str, *, in_clear: bool) -> tuple[Key, ...]:
    """The keys of the issuer that can verify here. in_clear: also by plain HTTP. Raises IssuerError."""
    found = await _document(client, issuer.rstrip("/") + WELL_KNOWN)
    if found.get("issuer") != issuer:
        raise IssuerError(f"{WELL_KNOWN} names another issuer, expected {issuer}")
    where = found.get("jwks_uri")
    if not isinstance(where, str) or not where.startswith(("https://", "http://") if in_clear else "https://"):
        raise IssuerError(f"{WELL_KNOWN} has no jwks_uri with https")
    rows = (await _document(client, where)).get("keys")
    if not isinstance(rows, list):
        raise IssuerError("its key set has no keys")
    return tuple(key for row in rows[:MAX_KEYS] if (key := _key(row)) is not None)


def _key(row: Any) -> Key | None:
    """A key of the set; None for one that is for something else."""
    if not isinstance(row, dict) or not isinstance(row.get("kid", ""), str):
        return None
    algorithm = jws.algorithm_of(row)
    try:
        public = None if algorithm is None else jws.key_of(jws.public_half(row), algorithm)
    except ValueError:
        return None
    return None if algorithm is None else Key(row.get("kid", ""), algorithm, public)


async def _document(client: httpx.AsyncClient, url: str) -> dict[str, Any]:
    path = url.partition("://")[2].partition("/")[2].partition("?")[0]
    try:
        async with asyncio.timeout(FETCH_S), client.stream("GET", url, follow_redirects=False) as response:
            if response.status_code != 200:
                raise IssuerError(f"/{path} is answered with {response.status_code}, expected 200")
            body = bytearray()
            async for part in response.aiter_bytes():
                body += part
                if len(body) > MAX_BYTES:
                    raise IssuerError(f"/{path} has more than {MAX_BYTES} bytes")
        value = orjson.loads(bytes(body))
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, orjson.JSONDecodeError, ValueError) as error:
        raise IssuerError(f"/{path} cannot be read: {type(error).__name__}") from None
    if not isinstance(value, dict):
        raise IssuerError(f"/{path} is no JSON object")
    return value
