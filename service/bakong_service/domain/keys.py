"""An API key as it is kept: never the key, only its digest."""

from typing import NamedTuple


class ApiKey(NamedTuple):
    """revoked_ms None: it is good."""

    digest: str
    label: str
    created_ms: int
    revoked_ms: int | None

    @property
    def id(self) -> str:
        """Enough of the digest to name it by."""
        return self.digest[:12]
