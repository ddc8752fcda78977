"""How long what is over is kept, and when the oldest of it falls due. Pure."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import NamedTuple

from bakong_service.domain.tracing import KEPT_MS

DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How many ms each kind is kept after its end; None keeps it for ever."""

    answers: int | None = 0  # after an answer's own end
    webhooks: int | None = None  # after delivery; where there is no URL, after it was made
    codes: int | None = None  # of payments that ended unpaid, after their end
    audit: int | None = None
    events: int | None = None  # of providers, that are done with
    traces: int | None = KEPT_MS

    @classmethod
    def of_days(cls, *, webhooks: int, codes: int, audit: int) -> "Retention":
        """From days, where 0 keeps for ever.

        >>> Retention.of_days(webhooks=0, codes=1, audit=2)
        Retention(answers=0, webhooks=None, codes=86400000, audit=172800000, events=None, traces=604800000)
        """
        kept = webhooks * DAY_MS or None
        return cls(webhooks=kept, codes=codes * DAY_MS or None, audit=audit * DAY_MS or None, events=kept)

    def due_ms(self, oldest: "Oldest") -> int | None:
        """When the first of what is stored falls due; None where nothing ever does.

        >>> Retention(webhooks=10).due_ms(Oldest(answers=None, webhooks=5, codes=1, audit=1))
        15
        """
        kept: Sequence[int | None] = astuple(self)
        pairs = zip(oldest, kept, strict=True)
        return min((end_ms + ms for end_ms, ms in pairs if end_ms is not None and ms is not None), default=None)


class Oldest(NamedTuple):
    """When the oldest of each kind came to its end; None where there is none."""

    answers: int | None
    webhooks: int | None
    codes: int | None
    audit: int | None
    events: int | None = None
    traces: int | None = None
