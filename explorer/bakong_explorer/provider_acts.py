"""What a shop of orders does with another provider than Stripe: the same orders, paid as that provider's payers do."""

import asyncio
import json
from contextlib import suppress
from typing import Any

from bakong_explorer.chance import Chance
from bakong_explorer.loop import passes
from bakong_explorer.order_acts import TTL_S
from bakong_explorer.providers import Lived
from bakong_explorer.story import HOUR_MS
from bakong_explorer.town import Town
from bakong_schemes.promptpay.fake.scheme import PROMPTPAY
from bakong_simulator.kernel.ledger import LedgerError
from bakong_simulator.kernel.world import WorldError

SEEN_FOR_MS = 12 * HOUR_MS  # as in rest.py
AROUND_THE_END_S = (-30, -1, -0.001, 0, 0.5, 40, 900)


async def _order(town: Town, chance: Chance, lived: Lived) -> dict[str, Any] | None:
    """An order in the provider's currency."""
    body = {"amount": chance.pick(lived.amounts), "currency": lived.currency, "customerEmail": "payer@shop.example"}
    answer = await town.ask(chance.below(8), "POST", "/api/v1/orders", body)
    if not isinstance(answer.data, dict):
        return None
    town.orders.append(answer.data | {"payments": {}, "provider": lived.name})
    return town.orders[-1]


async def _check_out(town: Town, chance: Chance, known: dict[str, Any], many: int = 1) -> str | None:
    """The provider's name of the payment by which the order is to be paid."""
    body = {"currency": known["currency"], "provider": known["provider"], "successUrl": "https://shop.example/ok"}
    first = chance.below(8)
    asks = (town.ask(first + at, "POST", f"/api/v1/orders/{known['id']}/checkout", body) for at in range(many))
    reference = None
    for answer in await asyncio.gather(*asks):
        if isinstance(answer.data, dict):
            rows = town.disk.rows("SELECT reference FROM payment_transactions WHERE id = ?", answer.data["id"])
            if rows and rows[0][0]:
                reference = known["payments"][answer.data["id"]] = rows[0][0]
    return reference


def _pay(town: Town, chance: Chance, lived: Lived, reference: str) -> None:
    """The payer pays, where it can still be paid; or fails. Money of a day later nobody looks for any more."""
    rows = town.disk.rows("SELECT expires_ms FROM payment_transactions WHERE reference = ?", reference)
    if rows and town.now_ms() >= rows[0][0] + SEEN_FOR_MS:
        return
    state = town.world.state(lived.scheme)
    with town.loop.owned_by(town.loop.world), suppress(WorldError, LedgerError):
        outcome = lived.pay(town.world, state, reference, chance)
        town.tell("payer", lived.name, f"pays {reference[-8:]}: {outcome}")


async def buy(town: Town, chance: Chance) -> None:
    """The usual payer: within minutes, or around the end; some check out several times at once, or pay twice."""
    lived = town.lived
    known = None if lived is None else await _order(town, chance, lived)
    if lived is None or known is None:
        return
    begun_s = town.loop.time()
    reference = await _check_out(town, chance, known, chance.pick((1, 1, 1, 3)))
    if reference is None:
        return
    if chance.happens(0.25):
        await passes(max(0.0, begun_s + TTL_S - town.loop.time() + chance.pick(AROUND_THE_END_S)))
    else:
        await passes(chance.below(400))
    for _ in range(chance.pick((1, 1, 1, 2))):
        _pay(town, chance, lived, reference)


async def buy_amiss(town: Town, chance: Chance) -> None:
    """A payer whose bank or wallet sends another amount than was asked for; some try the right one afterwards."""
    lived = town.lived
    known = None if lived is None else await _order(town, chance, lived)
    reference = None if known is None else await _check_out(town, chance, known)
    if lived is None or reference is None:
        return
    await passes(chance.pick((0, 5, 300, 899.5, 901, 5_000)))
    payment = town.world.payments.get((lived.name, reference))
    order = lived.scheme.unclaimed_order(reference) if payment is None else payment.order
    with town.loop.owned_by(town.loop.world), suppress(WorldError, LedgerError):
        if order is not None:
            town.pay_amiss(chance, lived.scheme, order, lived.others)
    if chance.happens(0.4):
        await passes(chance.pick((0, 3, 60)))
        _pay(town, chance, lived, reference)


async def pay_known(town: Town, chance: Chance) -> None:
    """Some order's payment, whatever has become of it, is paid; or checked out anew first."""
    theirs = [one for one in town.orders if one.get("provider")]
    if town.lived is None or not theirs:
        return
    known = theirs[-1 - min(chance.below(len(theirs)), chance.below(len(theirs)))]
    if chance.happens(0.4):
        await _check_out(town, chance, known, chance.pick((1, 2)))
    if known["payments"]:
        _pay(town, chance, town.lived, chance.pick(list(known["payments"].values())))


async def slip(town: Town, chance: Chance) -> None:
    """A payer of PromptPay sends the slip of his transfer: for his order, or for another one."""
    theirs = [one for one in town.orders if one.get("provider") == PROMPTPAY.name and one["payments"]]
    if not theirs:
        return
    known, other = chance.pick(theirs), chance.pick(theirs)
    state = town.world.state(PROMPTPAY)
    slips = state.slips.by_payment.get(list(known["payments"].values())[-1], ())
    for one in slips:
        reference = list((other if chance.happens(0.2) else known)["payments"].values())[-1]
        body = json.dumps({"slip": one.text, "reference": reference}).encode()
        await town.ask(chance.below(8), "POST", "/api/providers/promptpay/events", body, authorization="")


PROVIDER_ACTS = {"provider_buy": (buy, 8), "provider_pay": (pay_known, 4), "provider_slip": (slip, 1)}
AMISS_ACTS = {"provider_amiss": (buy_amiss, 1)}  # see bakong_explorer.breadth
