"""The wallet's page: a code pasted, photographed or scanned; what it says; and what a payer may do with it."""

from typing import Any

from bakong_simulator.console.page import Page
from bakong_simulator.console.payments import card_of
from bakong_simulator.control.codes import explained
from bakong_simulator.kernel.errors import ScanError
from bakong_simulator.kernel.world import World

MAX_CODE = 4096


async def values(page: Page) -> dict[str, Any]:
    """The code that was given, if one was, and the accounts that may pay."""
    world = page.world
    text = page.asked("qr").strip()[:MAX_CODE]
    accounts = [row for row in world.ledger.accounts.values() if world.ledger.holds(row.account_id)]
    return {"qr": text, "said": _said(world, text) if text else None, "accounts": accounts}


def _said(world: World, text: str) -> dict[str, Any]:
    scheme = world.scheme_of(text)
    problem, order = "", None
    try:
        order = scheme.scan(text)
    except ScanError as error:
        problem = str(error)
    payment = world.payments.get((scheme.name, order.reference)) if order else world.payment_by_code(text)
    return {
        "scheme": scheme,
        "order": order,
        "problem": problem,
        "explained": explained(text, world.clock.now_ms()),
        "payment": payment,
        "card": card_of(payment) if payment else None,
        "is_over": bool(order and order.expires_at_ms and order.expires_at_ms <= world.clock.now_ms()),
        "can_return": bool(
            payment and payment.settlement and not payment.settlement.failed and payment.settlement.rest
        ),
        "is_first": scheme is world.scheme(),
    }
