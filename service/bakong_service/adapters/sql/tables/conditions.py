"""What is under way, as the conditions of partial indexes, which history does not make larger.

A database uses such an index only for a statement that repeats its condition word for word, not as parameters: so each
condition has a name here, and both use it.
"""

from sqlalchemy import text

OPEN = text("status IN ('PENDING', 'TIMEOUT')")
ENDING = text("status IN ('PENDING', 'TIMEOUT') AND set_aside_ms IS NULL")
OPEN_CHANGE = text("purpose IN ('upgrade', 'renewal') AND status IN ('PENDING', 'TIMEOUT') AND replaced_ms IS NULL")
ENDS_UNANSWERED = text("(purpose = 'escrow' OR (purpose = 'order' AND reference = ''))")
REFERRED = text("reference <> ''")
POLLED = text("next_poll_ms IS NOT NULL")
LEASED = text("next_poll_ms IS NOT NULL AND leased_until_ms IS NOT NULL")
WAITING_RENEWAL = text("purpose = 'renewal' AND status = 'PAID' AND flag = 'overpaid'")
UNPAID_WITH_CODE = text(
    "status IN ('EXPIRED', 'FAILED', 'CANCELLED') AND flag IS NULL AND next_poll_ms IS NULL AND qr <> ''"
)
RUNNING = text("status IN ('ACTIVE', 'PAST_DUE')")
UNDELIVERED = text("next_try_ms IS NOT NULL")
GIVEN_UP = text("next_try_ms IS NULL AND delivered_ms IS NULL AND url IS NOT NULL")
OPEN_SETTLEMENT = text("status = 'OPEN'")
TO_CLOSE = text("close_ms IS NOT NULL")
UNMATCHED_EVENT = text("next_try_ms IS NOT NULL")
DEAD_EVENT = text("state = 'dead'")
HANDLED_EVENT = text("state IN ('done', 'ignored')")
PENDING_REFUND = text("status = 'pending'")
UNPAID_ESCROW = text("sweep_ms IS NOT NULL")
HELD_ESCROW = text("escrow_status = 'HELD' AND processing_minor = 0 AND release_ms IS NOT NULL")
REVIEWED_ESCROW = text("review IS NOT NULL")
ESCROW_REFUND_DUE = text("next_try_ms IS NOT NULL")
ESCROW_REFUND_REVIEWED = text("review IS NOT NULL")
DELIVERED = text("delivered_ms IS NOT NULL")
WITHOUT_URL = text("url IS NULL")
IN_LOG = text("archived_ms IS NULL")
