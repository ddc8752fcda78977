"""The endpoints that a world's webhooks go to: registered, rolled, deleted."""

from collections.abc import Iterator
from dataclasses import replace

from bakong_simulator.kernel.webhooks import Endpoint, OutboxError, UnknownWebhookError, check_url

MAX_ENDPOINTS = 100


class Endpoints:
    """Endpoints by their id, of every scheme, in the order in which they were registered."""

    def __init__(self) -> None:
        self.by_id: dict[str, Endpoint] = {}
        self._made = 0

    def __iter__(self) -> Iterator[Endpoint]:
        return iter(self.by_id.values())

    def add(self, endpoint: Endpoint) -> Endpoint:
        """Register an endpoint, under an id of ours where it has none. Raises OutboxError."""
        check_url(endpoint.url)
        if len(self.by_id) >= MAX_ENDPOINTS:
            raise OutboxError(f"this world has {MAX_ENDPOINTS} endpoints already: delete one first")
        kept = replace(endpoint, id=endpoint.id or self._free_id())
        if kept.id in self.by_id:
            raise OutboxError(f"an endpoint has the id {kept.id!r} already")
        self.by_id[kept.id] = kept
        return kept

    def get(self, id_: str) -> Endpoint:
        """Raises UnknownWebhookError."""
        try:
            return self.by_id[id_]
        except KeyError:
            raise UnknownWebhookError(f"no endpoint has the id {id_!r}") from None

    def change(self, endpoint: Endpoint) -> Endpoint:
        """Let a registered endpoint be as this one says. Raises OutboxError, UnknownWebhookError."""
        check_url(endpoint.url)
        self.get(endpoint.id)
        self.by_id[endpoint.id] = endpoint
        return endpoint

    def roll(self, id_: str, secret: str, old_until_ms: int) -> Endpoint:
        """Give an endpoint a new secret; the one before signs too until that time. Raises UnknownWebhookError."""
        old = self.get(id_)
        return self.change(replace(old, secret=secret, old_secret=old.secret, old_until_ms=old_until_ms))

    def drop(self, id_: str) -> None:
        """Raises UnknownWebhookError."""
        self.get(id_)
        del self.by_id[id_]

    def taking(self, scheme: str, event_type: str) -> list[Endpoint]:
        """The endpoints that an event of a scheme goes to."""
        return [row for row in self if row.scheme == scheme and row.takes(event_type)]

    def current(self, target: Endpoint) -> Endpoint | None:
        """An event's target as it is now; None where it was deleted or switched off."""
        if not target.id:
            return target
        endpoint = self.by_id.get(target.id)
        return endpoint if endpoint and endpoint.enabled else None

    def _free_id(self) -> str:
        while True:
            self._made += 1
            if (id_ := f"endpoint-{self._made}") not in self.by_id:
                return id_
