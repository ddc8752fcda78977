"""When held money is released by itself: 48 hours after the job, once no refund is under way. Pure."""

from bakong_service.domain.escrow_book import EscrowState
from bakong_service.domain.escrow_numbers import HOLD_MS


def release_due_ms(completed_ms: int) -> int:
    return completed_ms + HOLD_MS


def is_due(due_ms: int | None, escrow: EscrowState, processing: int, now_ms: int) -> bool:
    """Whether it is released now; exactly at due_ms it is."""
    return due_ms is not None and now_ms >= due_ms and escrow is EscrowState.HELD and processing == 0
