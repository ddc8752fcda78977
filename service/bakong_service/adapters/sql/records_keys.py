"""API keys in their table. Knows keyed hashes, never a key."""

from typing import Any

from sqlalchemy import Row, insert, select, update

from bakong_service.adapters.sql import tables as t
from bakong_service.adapters.sql.rows import Rows
from bakong_service.adapters.sql.stored import checked
from bakong_service.domain.keys import ApiKey


class KeyRows(Rows):
    """See bakong_service.ports.KeyRecords."""

    def api_keys(self) -> list[ApiKey]:
        """All that can be read, also the revoked, oldest first; what cannot be is good for nothing."""
        rows = self._rows(select(t.api_keys).order_by(t.api_keys.c.created_ms))
        return self._readable("api key", rows, _key, "digest")

    def add_api_key(self, digest: str, label: str, at_ms: int) -> None:
        self._run(insert(t.api_keys), {"digest": digest, "label": label, "created_ms": at_ms})

    def revoke_api_key(self, digest: str, at_ms: int) -> bool:
        """False where it is not there, or revoked already."""
        keys = t.api_keys.c
        good = update(t.api_keys).where(keys.digest == digest, keys.revoked_ms.is_(None))
        return bool(self._run(good.values(revoked_ms=at_ms)).rowcount == 1)


def _key(row: Row[Any]) -> ApiKey:
    checked(row, t.api_keys)
    return ApiKey(row.digest, row.label, row.created_ms, row.revoked_ms)
