"""API keys: drawn, hashed, looked up. Knows the store, not the requests.

A key is 256 random bits; what is stored is its HMAC under a key derived from ENCRYPTION_KEY, so that a lookup compares
digests and tells nothing of the key. The digests are held in memory and read again every half second, so that a request
costs no read and a revoked key is refused within a second.
"""

import asyncio
import hashlib
import hmac
import secrets  # noqa: TID251  a composition root's helper: new API keys are drawn here
from collections.abc import Callable, Iterable
from contextvars import Context

from bakong_service.adapters.sealing import derive
from bakong_service.domain.errors import UnavailableError
from bakong_service.ports import Store

FRESH_US = 500_000
WAIT_S = 0.5  # a reading that takes longer goes on by itself
NEW_US = 50_000  # a key that is not known is looked for again, at most so often
PREFIX = "bk_"


def draw() -> str:
    """A new API key of 256 random bits."""
    return PREFIX + secrets.token_urlsafe(32)


class Hasher:
    """The digests of a key: under the present ENCRYPTION_KEY first, then under the old ones."""

    def __init__(self, encryption_keys: Iterable[str], purpose: str = "api keys") -> None:
        self._peppers = tuple(hmac.new(derive(key, purpose), digestmod=hashlib.sha256) for key in encryption_keys)

    def digests(self, key: str) -> tuple[str, ...]:
        raw = key.encode("utf-8", "surrogateescape")
        return tuple(_digest(pepper, raw) for pepper in self._peppers)


def _digest(pepper: hmac.HMAC, raw: bytes) -> str:
    """By a copy: hmac.digest gives up the interpreter's lock, which costs far more than the hash under load."""
    started = pepper.copy()
    started.update(raw)
    return started.hexdigest()


class KeyRing:
    """The keys that are good now. fixed: digests that are good while the process runs, with their labels."""

    def __init__(self, store: Store, hasher: Hasher, fixed: dict[str, str], ticks_us: Callable[[], int]) -> None:
        self._store = store
        self._hasher = hasher
        self._fixed = fixed
        self._good = dict(fixed)
        self._ticks_us = ticks_us
        self._read_us: int | None = None
        self._reading: asyncio.Task[None] | None = None
        self._is_read = False

    async def find(self, key: str) -> str | None:
        """The short name of the key, or None where it is not good.

        Raises UnavailableError where that is not known: it is none of the last ones, and they cannot be read.
        """
        await self._no_older_than(FRESH_US)
        name = self._look_up(key)
        if name is None:  # it may have been made a moment ago
            await self._no_older_than(NEW_US)
            name = self._look_up(key)
        if name is None and not self._is_read:
            raise UnavailableError("the API keys cannot be read at present")
        return name

    async def _no_older_than(self, age_us: int) -> None:
        """Read the digests again where they are older; all who wait meanwhile wait for the same reading."""
        if self._read_us is not None and self._ticks_us() - self._read_us <= age_us:
            return
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read(), context=Context())
        await asyncio.wait({self._reading}, timeout=WAIT_S)
        if self._reading.done():
            self._reading.result()
        else:
            self._is_read = False

    def _look_up(self, key: str) -> str | None:
        """By digest, however many keys are good: its time may tell of digests, and those tell nothing of a key."""
        labels = [(digest, self._good.get(digest)) for digest in self._hasher.digests(key)]
        return next((f"{label} {digest[:8]}" for digest, label in labels if label is not None), None)

    async def _read(self) -> None:
        """Read the digests; where the database is down, the last ones stand, and the request will meet it itself."""
        begun_us = self._ticks_us()
        try:
            rows = await self._store.read(lambda records: records.api_keys())
        except UnavailableError:
            self._is_read = False
            return
        finally:
            self._read_us = begun_us
        self._is_read = True
        self._good = {row.digest: row.label for row in rows if row.revoked_ms is None} | self._fixed
