"""API keys in their table. Knows keyed hashes, never a key."""

from typing import Any

from sqlalchemy import Row, select, update

from bakong_service.adapters.sql import tables as t
from bakong_service.adapters.sql.prepared import prepared
from bakong_service.adapters.sql.rows import Rows
from bakong_service.adapters.sql.stored import checked
from bakong_service.domain.keys import ApiKey

_K = t.api_keys.c

_all = prepared(lambda: select(t.api_keys).order_by(_K.created_ms))
_revoke = prepared(
    lambda digest, at_ms: (
        update(t.api_keys).where(_K.digest == digest, _K.revoked_ms.is_(None)).values(revoked_ms=at_ms)
    )
)


class KeyRows(Rows):
    """See bakong_service.ports.KeyRecords."""

    def api_keys(self) -> list[ApiKey]:
        """All that can be read, also the revoked, oldest first; what cannot be is good for nothing."""
        return self._readable("api key", self._rows(_all()), _key, "digest")

    def add_api_key(self, digest: str, label: str, at_ms: int) -> None:
        self._insert(t.api_keys, {"digest": digest, "label": label, "created_ms": at_ms})

    def revoke_api_key(self, digest: str, at_ms: int) -> bool:
        """False where it is not there, or revoked already."""
        return bool(self._run(_revoke(digest, at_ms)).rowcount == 1)


def _key(row: Row[Any]) -> ApiKey:
    checked(row, t.api_keys)
    return ApiKey(row.digest, row.label, row.created_ms, row.revoked_ms)
