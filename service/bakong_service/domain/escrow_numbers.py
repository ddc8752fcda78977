"""Escrow's numbers and times: amounts, references, windows of days, schedules. Pure; the time is an argument.

Money is int poisha (1 BDT = 100); days are those of Asia/Dhaka, which has been UTC+6 without a break since 2010.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta, timezone

from bakong_service.domain.events import iso

CURRENCY = "BDT"
PAYABLE_MS = 900_000
HOLD_MS = 48 * 3_600_000
REFUND_EXPECTED_MS = 3 * 86_400_000
REFUND_REVIEW_MS = 7 * 86_400_000
UNANSWERED_REVIEW_MS = 86_400_000
SIGNATURE_TOLERANCE_S = 300
QUERIES_MS = (1_000, 2_000, 4_000, 8_000, 16_000, 30_000)  # after a provider fell silent; then every EVERY_MS
EVERY_MS = 60_000
REFUND_OFTEN_MS, REFUND_SELDOM_MS = 3_600_000, 600_000  # of a refund: so long as above, and then how often
REVIEWED_EVERY_MS = 3_600_000  # once a person has been asked to decide
MAX_MINOR = 10**13 - 1
DHAKA = timezone(timedelta(hours=6), "Asia/Dhaka")

_AMOUNT = re.compile(r"(0|[1-9][0-9]{0,10})(?:\.([0-9]{1,2}))?", re.ASCII)
TRANSACTION_ID = re.compile(r"TXN-[0-9]{13}", re.ASCII)
INVOICE_NUMBER = re.compile(r"INV-[0-9]{13}-[A-Z0-9]{6}", re.ASCII)
_STAMP = re.compile(r"[1-9][0-9]{0,15}", re.ASCII)


def parse_amount(text: str) -> int | None:
    """The poisha of an amount by its own text; None for a text that is none.

    >>> parse_amount("15000.00"), parse_amount("0.1"), parse_amount("1e3"), parse_amount("1.005"), parse_amount("0")
    (1500000, 10, None, None, None)
    """
    match = _AMOUNT.fullmatch(text)
    if match is None:
        return None
    minor = int(match[1]) * 100 + int((match[2] or "0").ljust(2, "0"))
    return minor or None


def amount_text(minor: int) -> str:
    """Exactly two decimals, as bKash's and Nagad's blocks have them.

    >>> amount_text(1500000), amount_text(-5)
    ('15000.00', '-0.05')
    """
    whole, part = divmod(abs(minor), 100)
    return f"{'-' if minor < 0 else ''}{whole}.{part:02d}"


def short_iso(at_ms: int) -> str:
    """UTC with Z; milliseconds only where they are not zero.

    >>> short_iso(1767225600000), short_iso(1767225600001)
    ('2026-01-01T00:00:00Z', '2026-01-01T00:00:00.001Z')
    """
    return iso(at_ms).replace(".000Z", "Z")


def transaction_id(at_ms: int) -> str:
    return f"TXN-{at_ms:013d}"


def invoice_number(at_ms: int, letters: str) -> str:
    return f"INV-{at_ms:013d}-{letters}"


def attempt_number(invoice: str, attempt: int, *, dashes: bool) -> str:
    """What a provider calls an attempt: the invoice number, with the attempt's from the second on.

    >>> attempt_number("INV-1702302000000-ABC123", 2, dashes=True)
    'INV-1702302000000-ABC123-2'
    >>> attempt_number("INV-1702302000000-ABC123", 2, dashes=False)
    'INV1702302000000ABC1232'
    """
    made = invoice if attempt == 1 else f"{invoice}-{attempt}"
    return made if dashes else made.replace("-", "")


def is_payable(expires_ms: int, now_ms: int) -> bool:
    return now_ms < expires_ms


def next_query_ms(since_ms: int, now_ms: int) -> int:
    """When a provider that fell silent is asked next: 1, 2, 4, 8, 16 and 30 s after that, then every 60 s.

    >>> [next_query_ms(0, now) for now in (0, 1_000, 30_000, 90_000)]
    [1000, 2000, 90000, 150000]
    """
    for offset in QUERIES_MS:
        if since_ms + offset > now_ms:
            return since_ms + offset
    last = since_ms + QUERIES_MS[-1]
    return last + ((now_ms - last) // EVERY_MS + 1) * EVERY_MS


def next_refund_ms(since_ms: int, now_ms: int) -> int:
    """When a refund of which nobody knows is asked about next: as a payment for an hour, then every ten minutes.

    >>> [next_refund_ms(0, now) for now in (0, 90_000, 3_600_000, 86_400_000)]
    [1000, 150000, 4200000, 87000000]
    """
    if now_ms - since_ms < REFUND_OFTEN_MS:
        return next_query_ms(since_ms, now_ms)
    return now_ms + REFUND_SELDOM_MS


def parse_day(text: str, *, is_end: bool) -> int | None:
    """The instant in epoch ms at which a window begins, or ends without it; None for a text that is no date.

    A day is whole in Dhaka; a full instant, with its offset, is taken as it is.

    >>> parse_day("2025-12-11", is_end=False), parse_day("2025-12-11", is_end=True)
    (1765389600000, 1765476000000)
    """
    try:
        if len(text) == 10:
            day = date.fromisoformat(text) + timedelta(days=1 if is_end else 0)
            return _ms(datetime(day.year, day.month, day.day, tzinfo=DHAKA))
        at = datetime.fromisoformat(text)
        return None if at.tzinfo is None else _ms(at) + (1 if is_end else 0)
    except (ValueError, OverflowError):
        return None


def _ms(at: datetime) -> int:
    since = at.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return since.days * 86_400_000 + since.seconds * 1000 + since.microseconds // 1000


def page_meta(page: int, limit: int, total: int) -> dict[str, int]:
    """What is said of a page, counted from 1.

    >>> page_meta(1, 20, 45)
    {'page': 1, 'limit': 20, 'total': 45, 'totalPages': 3}
    """
    return {"page": page, "limit": limit, "total": total, "totalPages": -(-total // limit)}


def page_offset(page: int, limit: int) -> int:
    return (page - 1) * limit


def webhook_signature(secret: str, stamp: str, body: bytes) -> str:
    """Lower hex HMAC-SHA256 over the timestamp, a point and the raw body."""
    return hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def is_signed(secrets: Iterable[str], stamp: str, signature: str, body: bytes, *, now_s: int) -> bool:
    """Whether one of the secrets signed the body, at most 300 s from now; all are compared, in constant time."""
    if not _STAMP.fullmatch(stamp) or not signature.isascii():
        return False
    fits = [hmac.compare_digest(webhook_signature(secret, stamp, body), signature) for secret in secrets]
    return any(fits) and abs(now_s - int(stamp)) <= SIGNATURE_TOLERANCE_S
