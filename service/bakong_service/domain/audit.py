"""Who did what to what: the row of the audit log, and the hash chain that shows whether one was changed or dropped."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from bakong_service.domain.caller import Caller
from bakong_service.domain.events import iso

GENESIS = "0" * 64  # what stands before the first entry


class Link(NamedTuple):
    """An entry of the chain: the hash of its number, of the hash before it, and of what the row says."""

    number: int
    previous: str
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    """One change. before and after hold what changed, as JSON values; None where there was, or is, nothing.

    id: once it is stored. link: once it is in the chain.
    """

    action: str
    resource: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    by: Caller
    at_ms: int
    id: int | None = None
    link: Link | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Which rows are wanted; None is any. Times in epoch ms, the end excluded."""

    actor: str | None = None
    action: str | None = None
    resource: str | None = None
    from_ms: int | None = None
    to_ms: int | None = None


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Rows newest first. next_id: the next page is before it; None at the end.

    A page may be short, or empty, and not the last: so many rows are looked through for each, and no more.
    """

    rows: list[AuditRow]
    next_id: int | None


def shown(row: AuditRow) -> dict[str, Any]:
    """A row as it is exported; "chain" stands there once it is in the chain."""
    facts: dict[str, Any] = {
        "id": row.id,
        "at": iso(row.at_ms),
        "actor": row.by.actor,
        "action": row.action,
        "resource": row.resource,
        "before": row.before,
        "after": row.after,
        "address": row.by.address,
        "userAgent": row.by.user_agent,
        "requestId": row.by.request_id,
    }
    return facts if row.link is None else facts | {"chain": row.link._asdict()}


def digest(facts: Mapping[str, Any]) -> str:
    """SHA-256 of a row as it is shown, without its place in the chain: JSON, keys sorted, no spaces, in UTF-8."""
    said = {name: value for name, value in facts.items() if name != "chain"}
    text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def chained(number: int, previous: str, row_digest: str) -> Link:
    """The entry that follows.

    >>> chained(1, GENESIS, "ab").hash[:8]
    '4a4f0c4b'
    """
    text = f"{number}\n{previous}\n{row_digest}"
    return Link(number, previous, hashlib.sha256(text.encode()).hexdigest())


class ChainEnd(NamedTuple):
    """The last entry, and its seal: each batch's last entry has one, where there is a key."""

    head: Link
    seal: str | None


class ChainEntry(NamedTuple):
    """A place of the chain as it is found. digest: of its row; None: the row was archived. row_id: for messages."""

    link: Link
    row_id: int | None
    digest: str | None
    is_gone: bool = False


class ChainCheck:
    """Reads a chain entry by entry. sparse: an export by a filter, which leaves entries out."""

    def __init__(self, *, sparse: bool = False) -> None:
        self._sparse = sparse
        self._last: Link | None = None
        self.count = 0

    def read(self, entries: Iterable[ChainEntry]) -> Iterator[str]:
        """A sentence for each entry that does not follow from the one before, or whose row says something else."""
        for entry in entries:
            self.count += 1
            yield from self._follows(entry.link)
            yield from _holds(entry)
            self._last = entry.link

    def _follows(self, link: Link) -> Iterator[str]:
        last = self._last
        if last is None:
            if link.number == 1 and link.previous != GENESIS:
                yield "entry 1 does not begin the chain"
        elif link.number != last.number + 1:
            if not self._sparse:
                yield f"after entry {last.number} comes {link.number}: what was between is gone"
        elif link.previous != last.hash:
            yield f"entry {link.number} does not follow from entry {last.number}"


def _holds(entry: ChainEntry) -> Iterator[str]:
    link = entry.link
    if entry.is_gone:
        yield f"entry {link.number}: its audit row {entry.row_id} is gone, and was not archived"
    elif entry.digest is not None and chained(link.number, link.previous, entry.digest).hash != link.hash:
        yield f"entry {link.number}: its audit row {entry.row_id} was changed"


def sealed_text(link: Link) -> str:
    """What a seal is the keyed hash of."""
    return f"{link.number}\n{link.hash}"
