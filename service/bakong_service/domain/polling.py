"""When a provider is asked about what: intervals, candidates, plans. Pure: the time is an argument."""

from dataclasses import dataclass

from bakong_contracts.service_api import Priority
from bakong_service.domain.payments import Payment, Purpose

HOUR_MS = 3_600_000

# At its own pace: the first wait, and which part of its age a payment waits from then on.
WAIT: dict[Priority, tuple[int, int]] = {
    Priority.HIGH: (1_000, 8),
    Priority.NORMAL: (2_000, 4),
    Priority.LOW: (5_000, 2),
}
LATE_POLL_MS = 10 * 60_000  # the first wait after the payment's end, for money that comes late
GIVE_UP_MS = 24 * HOUR_MS
UNANSWERED_MS = 5 * 60_000  # the longest wait for the word that ends a payment, once its provider may be asked
DISPUTED_MS = 24 * HOUR_MS  # how often a payment is asked about whose dispute is open: its end may be told by no event
DISPUTED_FOR_MS = 400 * 24 * HOUR_MS  # and for how long after it was made
ORDER_UNANSWERED_MS = 7 * 24 * HOUR_MS  # so long after its end an order's payment waits for that word


def next_poll_ms(payment: Payment, at_ms: int) -> int | None:
    """When to ask again: the older, the later; at its end for sure; None to give up."""
    if payment.is_live(at_ms):
        first_ms, part = WAIT[payment.priority]
        return min(at_ms + max(first_ms, (at_ms - payment.created_ms) // part), payment.expires_ms)
    over_ms = at_ms - payment.expires_ms
    return at_ms + max(LATE_POLL_MS, over_ms // 2) if over_ms < GIVE_UP_MS else None


def unanswered_poll_ms(payment: Payment, at_ms: int) -> int:
    """When to ask again one that is over, and waits for the provider's word of it."""
    return at_ms + min((at_ms - payment.expires_ms) // 4, UNANSWERED_MS)


def dispute_poll_ms(payment: Payment, at_ms: int) -> int | None:
    """When to ask again about one whose dispute is open; None to give up."""
    return at_ms + DISPUTED_MS if at_ms < payment.created_ms + DISPUTED_FOR_MS else None


def ends_unanswered(payment: Payment, at_ms: int) -> bool:
    """Whether one that is over ends without its provider's word.

    A job's does: what was executed has no end before its outcome is known. So does what the provider has not made.
    """
    if payment.purpose.sells_plan:
        return False
    if payment.purpose is Purpose.ESCROW or not payment.reference:
        return True
    return at_ms >= payment.expires_ms + ORDER_UNANSWERED_MS


@dataclass(frozen=True, slots=True)
class Spent:
    """What is gone of a day's calls. stopped: the provider itself has said that none is left."""

    calls: int
    stopped: bool


@dataclass(frozen=True, slots=True)
class Budget:
    """What /api/health and /metrics say of a day's calls. daily None: no limit."""

    daily: int | None
    spent: int
    stopped: bool
    resets_ms: int

    @property
    def remaining(self) -> int | None:
        if self.stopped:
            return 0
        return None if self.daily is None else max(0, self.daily - self.spent)


@dataclass(frozen=True, slots=True)
class PollCandidate:
    """A payment as a plan sees it. is_open: nobody has been told its end."""

    id: str
    created_ms: int
    expires_ms: int
    asked_ms: int | None
    priority: Priority
    is_open: bool

    def asked_age_s(self) -> int:
        """How old it was when it was asked about last; -1 for never."""
        return -1 if self.asked_ms is None else (self.asked_ms - self.created_ms) // 1000


@dataclass(frozen=True, slots=True)
class PollPlan:
    """Whom to ask about now, and when to plan again, None for not before a payment is made.

    ask None: whatever is due by its own interval. pause_ms: the next plan is not made sooner, and later while there are
    no answers. end_ms: the next end of a payment, where the plan knows it.
    """

    ask: tuple[str, ...] | None
    next_ms: int | None
    pause_ms: int = 0
    end_ms: int | None = None
