"""The clock's page: the world's time and its mode, what falls due, and what has happened since a moment."""

from typing import Any

from bakong_simulator.console.page import Page
from bakong_simulator.console.payments import Happening
from bakong_simulator.kernel.clock import DAY_MS, local_day
from bakong_simulator.kernel.world import World

PHNOM_PENH_MS = 7 * 3_600_000
SHOWN = 200


async def values(page: Page) -> dict[str, Any]:
    """Now, what is next, the codes that expire, and with `since` what happened on the way."""
    world = page.world
    now = world.clock.now_ms()
    since = page.asked("since")
    open_ = [
        (payment.order.expires_at_ms or 0, payment.reference, payment.order)
        for payment in world.payments.values()
        if payment.order and not payment.settlements
    ]
    return {
        "now": now,
        "due": world.clock.due(SHOWN),
        "expiring": sorted((row for row in open_ if row[0] > now), key=lambda row: row[0])[:10],
        "midnight": (local_day(now, PHNOM_PENH_MS) + 1) * DAY_MS - PHNOM_PENH_MS,
        "passed": happened(world, int(since)) if since.isdigit() and len(since) < 16 else None,
    }


def happened(world: World, since_ms: int) -> list[Happening]:
    """What has happened in a world after a moment of its time, in its order."""
    rows = [
        Happening(
            one.at_ms,
            "failed" if one.failed else "paid",
            "A try to pay failed" if one.failed else "Paid",
            f"{payment.scheme} {payment.reference}",
        )
        for payment in world.payments.values()
        for one in payment.settlements
    ]
    rows += [
        Happening(sent.at_ms, "hook", "Webhook", f"{sent.type} → {sent.status or sent.error}")
        for sent in world.outbox.log
    ]
    rows += [Happening(row.at_ms, "bad", "Failed", f"{row.what}: {row.error}") for row in world.journal.failures]
    for payment in world.payments.values():
        expires_ms = payment.order.expires_at_ms if payment.order else None
        if expires_ms is not None and expires_ms <= world.clock.now_ms() and not payment.settlements:
            rows.append(Happening(expires_ms, "expired", "A code expired", f"{payment.scheme} {payment.reference}"))
    return sorted((row for row in rows if row.at_ms > since_ms), key=lambda row: row.at_ms)[:SHOWN]
