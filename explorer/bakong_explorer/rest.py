"""What must hold once everything works again and has had time: liveness, and books that agree."""

from bakong_explorer.laws import SOLD, PaymentRow, Watcher
from bakong_explorer.process import SECRETS
from bakong_explorer.story import DAY_MS, HOUR_MS, MINUTE_MS
from bakong_explorer.town import PHNOM_PENH_MS, Town

SEEN_FOR_MS = 12 * HOUR_MS  # after its end, so long is money that comes late looked for for sure
SCARCE_FOR_MS = 15_000  # the same, where the day's calls are limited: later money is found where a call has room
FEW_CALLS = 10  # a day: with fewer nobody promises what is found
_PAID_AT = """
SELECT max(at_ms) FROM payment_status_history WHERE payment_id = ? AND to_status = 'PAID' AND from_status != 'PAID'
"""
_EVENTS = """
SELECT id, provider, state, reference, payment_id, received_ms FROM provider_events
WHERE state IN ('dead', 'unmatched') AND provider != 'promptpay'
"""  # a payer may send the slip of another order
LOOKED_FOR_MS = 30 * MINUTE_MS  # so long the payment of a provider's webhook is looked for
PROMPT_MS, PAID_WITHIN_MS = 20_000, 250_000
BOUND_MS = 30 * HOUR_MS  # after the last fault: the longest wait between two tries of a webhook, and some more
WELL_MS = 40 * MINUTE_MS  # after it, what is done within minutes has been done; Stripe ends a session after an hour
CARE_BOUND_MS = 52 * HOUR_MS  # the 48 hours for which the money of a job that is done is held, and some more


def at_rest(town: Town, watcher: Watcher) -> None:
    """Look at everything, once."""
    now_ms = town.now_ms()
    for row in watcher.payments.values():
        if row.purpose in SOLD:
            _settled(town, row, now_ms)
    if watcher.care is not None:
        watcher.care.at_rest()
    if watcher.orders is not None:
        watcher.orders.at_rest()
    for sub in watcher.subscriptions.values():
        due_ms = sub.next_billing_ms if sub.status == "ACTIVE" else sub.next_billing_ms + 3 * 24 * HOUR_MS
        if sub.is_running and due_ms < now_ms - HOUR_MS:
            town.broken("billing", f"subscription {sub.id[:8]} is {sub.status} {now_ms - due_ms} ms after its time")
    _delivered(town)
    if not town.troubles and not town.story.profile.get("daily_calls"):
        _prompt(town, watcher)
    _no_dead_letters(town, watcher)
    _history_is_a_chain(town)
    _budget(town)
    _secrets(town)


def _settled(town: Town, row: PaymentRow, now_ms: int) -> None:
    name = row.id[:8]
    waits = row.status in ("PENDING", "TIMEOUT") and not _waits_for_tomorrow(town, now_ms)
    if waits and row.expires_ms < now_ms - 10 * MINUTE_MS:
        town.broken("liveness", f"payment {name} is {row.status} {now_ms - row.expires_ms} ms after its end")
    fake = town.fake(row.reference)
    shown = None if fake is None else fake.settlement
    if shown is None or shown.failed:
        return
    in_time = shown.at_ms < row.expires_ms + (SCARCE_FOR_MS if town.story.profile.get("daily_calls") else SEEN_FOR_MS)
    in_time = in_time and town.story.profile.get("daily_calls", 0) not in range(1, FEW_CALLS)
    fits = (shown.minor, shown.currency) == (row.amount_minor, row.currency)
    if fits and in_time and row.status != "PAID":
        town.broken("no money is lost", f"payment {name} was paid, and is {row.status}")
    if not fits and in_time and row.flag is None:
        town.broken("no money is lost", f"payment {name} was paid with another amount, and nobody is told")
    if (
        row.status == "PAID"
        and row.paid_ms is not None
        and abs(row.paid_ms - shown.at_ms) > town.backend.tolerance_ms + 1_000
    ):
        town.broken("books", f"payment {name} was paid at {shown.at_ms}, stored is {row.paid_ms}")


def _waits_for_tomorrow(town: Town, now_ms: int) -> bool:
    """Whether so few calls a day are allowed that nobody promises anything, and today's are spent."""
    limit = town.story.profile.get("daily_calls", 0)
    return limit in range(1, FEW_CALLS) and town.calls_by_day[(now_ms + PHNOM_PENH_MS) // DAY_MS] >= limit


def _delivered(town: Town) -> None:
    taken = {one.id for one in town.backend.deliveries if one.taken}
    rows = town.disk.rows("SELECT id, event, attempts, delivered_ms, next_try_ms, url FROM webhook_notifications")
    for name, event, attempts, delivered_ms, next_try_ms, url in rows:
        if url is None:
            continue
        if delivered_ms is None:
            town.broken(
                "told at least once", f"{event} {name[:12]} is not delivered after {attempts} tries, {next_try_ms}"
            )
        elif name not in taken:
            town.broken("told at least once", f"{event} {name[:12]} counts as delivered, and never arrived")
    stored = {row[0] for row in rows}
    for one in town.backend.deliveries:
        if one.id not in stored:
            town.broken("told once", f"webhook {one.id[:12]} arrived, and is not in the outbox")
            return


def _prompt(town: Town, watcher: Watcher) -> None:
    """Where nothing ever breaks, nobody waits for what is told, nor for what was paid."""
    for name, created_ms, delivered_ms in town.disk.rows(
        "SELECT id, created_ms, delivered_ms FROM webhook_notifications"
    ):
        if delivered_ms is not None and delivered_ms - created_ms > PROMPT_MS:
            town.broken("prompt", f"webhook {name[:12]} arrived {delivered_ms - created_ms} ms after its event")
    for row in watcher.payments.values():
        fake = town.fake(row.reference) if row.purpose in SOLD else None
        shown = None if fake is None else fake.settlement
        if shown is None or row.status != "PAID" or shown.at_ms >= row.expires_ms:
            continue
        ((at_ms,),) = town.disk.rows(_PAID_AT, row.id)
        if at_ms - shown.at_ms > PAID_WITHIN_MS:
            town.broken("prompt", f"payment {row.id[:8]} was known to be paid {at_ms - shown.at_ms} ms after it was")


def _no_dead_letters(town: Town, watcher: Watcher) -> None:
    """No webhook of a provider was given up that is about a payment which was known soon after it came."""
    for name, provider, state, reference, payment_id, received_ms in town.disk.rows(_EVENTS):
        for known in (reference, payment_id):
            named_ms = watcher.named.get((provider, known)) if known else None
            if named_ms is not None and named_ms < received_ms + LOOKED_FOR_MS:
                town.broken("no webhook is lost", f"{name[:12]} of {provider} about {known[:12]} is {state}")


def _history_is_a_chain(town: Town) -> None:
    last: dict[str, str] = {}
    for payment_id, old, new in town.disk.rows(
        "SELECT payment_id, from_status, to_status FROM payment_status_history ORDER BY id"
    ):
        if last.get(payment_id) != old:
            town.broken("history", f"payment {payment_id[:8]} went from {old} to {new}, it was {last.get(payment_id)}")
        last[payment_id] = new
    for payment_id, status in town.disk.rows("SELECT id, status FROM payment_transactions"):
        if last.get(payment_id) != status:
            town.broken("history", f"payment {payment_id[:8]} is {status}, its history says {last.get(payment_id)}")


def _budget(town: Town) -> None:
    """The day's calls, as the fake has counted those that arrived."""
    limit = town.story.profile.get("daily_calls", 0)
    for day, calls in town.calls_by_day.items():
        if limit and calls > limit:
            town.broken("budget", f"{calls} calls arrived on day {day}, {limit} are allowed")


def _secrets(town: Town) -> None:
    secrets = [secret.encode() for secret in (*SECRETS, *town.secrets)]
    said = [*town.backend.bodies.values(), *town.heard]
    for body in said:
        if any(secret in body for secret in secrets):
            town.broken("secrets", "an answer or a webhook shows a secret")
            return
