"""Listeners: endpoints, one for each scheme, whose webhooks go to whoever follows the world's stream.

One that relays gets what would have been posted, and posts it itself. One that does not watches the sandbox post.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from bakong_simulator.kernel.webhooks import Endpoint, Webhooks

if TYPE_CHECKING:
    from bakong_simulator.kernel.world import World

PREFIX = "listener:"


class Listener(NamedTuple):
    """schemes: those whose webhooks it wants, by default all. url: where they are to arrive in the end."""

    name: str
    url: str
    schemes: Sequence[str] = ()
    events: Sequence[str] = ("*",)
    relays: bool = True


def prefix_of(name: str) -> str:
    """What the ids of a listener's endpoints begin with."""
    return f"{PREFIX}{name}:"


def endpoints_of(world: "World", name: str) -> list[Endpoint]:
    return [row for row in world.outbox.endpoints if row.id.startswith(prefix_of(name))]


def names(world: "World") -> list[str]:
    """The listeners that a world has."""
    ids = (row.id.removeprefix(PREFIX) for row in world.outbox.endpoints if row.id.startswith(PREFIX))
    return list(dict.fromkeys(id_.rpartition(":")[0] for id_ in ids))


def put(world: "World", listener: Listener) -> list[Endpoint]:
    """Let a listener be there, as it is said now; its secrets are the same each time. Raises OutboxError."""
    outbox = world.outbox
    schemes = list(listener.schemes or outbox.posting)
    wanted = [_endpoint(world, listener, outbox.webhooks_of(scheme)) for scheme in dict.fromkeys(schemes)]
    kept = {endpoint.id for endpoint in wanted}
    known = {endpoint.id for endpoint in endpoints_of(world, listener.name)}
    for endpoint in wanted:
        if endpoint.id in known:
            outbox.endpoints.change(endpoint)
        else:
            outbox.add_endpoint(endpoint)
    for id_ in known - kept:
        outbox.drop_endpoint(id_)
    return wanted


def drop(world: "World", name: str) -> int:
    """End a listener; how many endpoints it had."""
    ended = endpoints_of(world, name)
    for endpoint in ended:
        world.outbox.drop_endpoint(endpoint.id)
    return len(ended)


def _endpoint(world: "World", listener: Listener, webhooks: Webhooks) -> Endpoint:
    scheme = webhooks.scheme
    id_ = f"{prefix_of(listener.name)}{scheme}"
    known = world.outbox.endpoints.by_id.get(id_)
    blank = Endpoint(scheme, listener.url, "", id_, tuple(listener.events), relayed=listener.relays)
    if known is not None:
        return replace(blank, secret=known.secret, old_secret=known.old_secret, old_until_ms=known.old_until_ms)
    return replace(blank, secret=_secret(world, listener, webhooks))


def _secret(world: "World", listener: Listener, webhooks: Webhooks) -> str:
    """The account's own, where the scheme has one for all its endpoints; else one by the world's seed and the name."""
    scheme = world.schemes.get(webhooks.scheme)
    own = None if scheme is None else scheme.webhook_secret(world, world.state(scheme))
    if own is not None:
        return own

    def draw(stream: str) -> bytes:
        seeded = f"{world.seed}/{listener.name}/{webhooks.scheme}/{stream}"
        return hashlib.blake2b(seeded.encode(), digest_size=32).digest()

    return webhooks.new_secret(draw)
