"""API keys: drawn, hashed, looked up. Knows the store, not the requests.

A key is 256 random bits; what is stored is its HMAC under a key derived from ENCRYPTION_KEY, so that a lookup compares
digests and tells nothing of the key. The digests are held in memory and read again every half second, so that a request
costs no read and a revoked key is refused within a second.
"""

import hashlib
import hmac
import secrets  # noqa: TID251  a composition root's helper: new API keys are drawn here
from collections.abc import Callable, Iterable

from bakong_service.adapters.rereading import Reread
from bakong_service.adapters.sealing import derive
from bakong_service.domain.errors import UnavailableError
from bakong_service.ports import Store

FRESH_US = 500_000
WAIT_S = 0.5  # a reading that takes longer goes on by itself
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
        async def read() -> dict[str, str]:
            rows = await store.read(lambda records: records.api_keys())
            return {row.digest: row.label for row in rows if row.revoked_ms is None} | fixed

        self._hasher = hasher
        self._good = Reread(read, ticks_us, first=dict(fixed), wait_s=WAIT_S)

    async def find(self, key: str) -> str | None:
        """The short name of the key, or None where it is not good.

        A key that is not known is looked for in a reading that began after this: one that was made before is found.
        Raises UnavailableError where that is not known: it is none of the last ones, and they cannot be read.
        """
        begun = self._good.begun
        name = self._look_up(key, await self._good.no_older_than(FRESH_US))
        if name is None:
            name = self._look_up(key, await self._good.later_than(begun))
        if name is None and not self._good.is_current:
            raise UnavailableError("the API keys cannot be read at present")
        return name

    def _look_up(self, key: str, good: dict[str, str]) -> str | None:
        """By digest, however many keys are good: its time may tell of digests, and those tell nothing of a key."""
        labels = [(digest, good.get(digest)) for digest in self._hasher.digests(key)]
        return next((f"{label} {digest[:8]}" for digest, label in labels if label is not None), None)
