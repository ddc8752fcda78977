"""A provider's webhook as it is kept: never its body, only what it is about and what has become of it."""

from dataclasses import dataclass
from enum import StrEnum

# After how long one that names no payment of ours is looked at again; after the last it is a dead letter.
AGAIN_MS = (1_000, 5_000, 30_000, 300_000, 1_800_000)


class InboxState(StrEnum):
    """unmatched -> done | dead; done: its provider is asked. ignored: it is about no payment. dead may be replayed."""

    UNMATCHED = "unmatched"
    DONE = "done"
    IGNORED = "ignored"
    DEAD = "dead"


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxEvent:
    """One event of one provider. key: its id there, or what stands for it; digest: of the body that it came with.

    deliveries: how often it came. tries: how often its payment was looked for. next_try_ms: None for no more.
    """

    id: str
    provider: str
    key: str
    kind: str
    reference: str
    payment_id: str
    digest: str
    state: InboxState
    received_ms: int
    deliveries: int = 1
    tries: int = 0
    next_try_ms: int | None = None
