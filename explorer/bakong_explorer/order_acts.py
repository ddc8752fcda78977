"""What a shop of orders does: orders of an amount, paid at Stripe's page, cancelled, given back."""

import asyncio
from contextlib import suppress
from typing import Any

from bakong_explorer.chance import Chance
from bakong_explorer.loop import passes
from bakong_explorer.town import Town
from bakong_schemes.stripe.fake import checkout as stripe_checkout
from bakong_schemes.stripe.fake import disputes, intents, vault
from bakong_schemes.stripe.fake.errors import ApiError
from bakong_schemes.stripe.fake.requests import Params
from bakong_schemes.stripe.fake.scheme import STRIPE
from bakong_schemes.stripe.fake.view import View
from bakong_simulator.kernel.ledger import LedgerError
from bakong_simulator.kernel.world import WorldError

AMOUNTS = (0.5, 1, 12.34, 99.99, 4321)
CARDS = (("pm_card_visa", 8), ("pm_card_chargeDeclined", 3), ("pm_card_visa_chargeDeclinedInsufficientFunds", 1))
TTL_S = 900
REASONS = (("fraudulent", 3), ("product_not_received", 1), ("inquiry", 2))
DISPUTING = ("pm_card_createDispute", "pm_card_createDisputeProductNotReceived", "pm_card_createDisputeInquiry")
ENDS = (("nobody_answers", 3), ("won", 3), ("lost", 2), ("evidence", 2), ("given_in", 2))
UNTIL_DECIDED_S = (0, 0.01, 1, 5, 60, 3_600, 86_400)


def pick_order(town: Town, chance: Chance) -> dict[str, Any] | None:
    """One of the orders that the shop knows: a late one more likely. payments: those at Stripe, by the service's id."""
    if not town.orders:
        return None
    return town.orders[-1 - min(chance.below(len(town.orders)), chance.below(len(town.orders)))]


def pick_payment(town: Town, chance: Chance) -> tuple[str, str] | None:
    """A payment of an order, and its session at Stripe."""
    order = pick_order(town, chance)
    return chance.pick(list(order["payments"].items())) if order and order["payments"] else None


def pick_paid(town: Town, chance: Chance) -> tuple[str, str] | None:
    """As who gives money back picks one: mostly one that was paid."""
    known = [(one.get("provider", "stripe"), pair) for one in town.orders for pair in one["payments"].items()]
    paid = [pair for provider, pair in known if town.books(provider, pair[1])[0]]
    return chance.pick(paid) if paid and chance.happens(0.8) else pick_payment(town, chance)


async def order(town: Town, chance: Chance) -> dict[str, Any] | None:
    """An order; sometimes the same request several times, with one Idempotency-Key."""
    body = {"amount": chance.pick(AMOUNTS), "currency": "USD"}
    if chance.happens(0.2):
        body["expiresInSeconds"] = chance.pick((60, 1_200))
    many = chance.pick((1, 1, 3))
    headers = {"idempotency_key": f'"order-{chance.below(1 << 30)}"'} if many > 1 or chance.happens(0.3) else {}
    heard = await asyncio.gather(*(town.ask(at, "POST", "/api/v1/orders", body, **headers) for at in range(many)))
    made = {answer.data["id"]: answer.data for answer in heard if isinstance(answer.data, dict)}
    if headers and len(made) > 1:
        town.broken("idempotency", f"one key has made {len(made)} orders")
    for one in made.values():
        town.orders.append(one | {"payments": {}})
    return town.orders[-1] if made else None


async def check_out(town: Town, chance: Chance, known: dict[str, Any], many: int = 1) -> str | None:
    """The session at which the order is to be paid."""
    body = {"currency": "USD", "provider": "stripe", "successUrl": "https://shop.example/ok"}
    path = f"/api/v1/orders/{known['id']}/checkout"
    first = chance.below(8)
    asks = (town.ask(first + at, "POST", path, body) for at in range(many))
    session = None
    for answer in await asyncio.gather(*asks):
        if isinstance(answer.data, dict):
            payment_id = answer.data["id"]
            rows = town.disk.rows("SELECT reference FROM payment_transactions WHERE id = ?", payment_id)
            if rows and rows[0][0]:
                session = known["payments"][payment_id] = rows[0][0]
    return session


def pay_session(town: Town, chance: Chance, session_id: str, card: str | None = None) -> None:
    """The payer submits Stripe's page, where it is open."""
    view = View(town.world, town.world.state(STRIPE))
    session = view.get("checkout.session", session_id)
    with town.loop.owned_by(town.loop.world), suppress(ApiError, WorldError, LedgerError):
        if session is not None:
            method = vault.find_method(view, card or chance.weighted(CARDS))
            outcome = stripe_checkout.pay(view, session, method, {"email": "payer@shop.example"})
            town.tell("payer", "stripe", f"pays {session_id[-8:]}: {outcome.problem or session['status']}")


async def order_and_pay(town: Town, chance: Chance) -> None:
    """The usual payer: minutes later, now and then at the very end of the quarter of an hour."""
    known = await order(town, chance)
    if known is None:
        return
    begun_s = town.loop.time()
    session = await check_out(town, chance, known)
    if session is None:
        return
    if chance.happens(0.3):
        await passes(max(0.0, begun_s + TTL_S - town.loop.time() + chance.pick((-30, -1, -0.001, 0, 0.5, 40, 900))))
    else:
        await passes(chance.below(400))
    pay_session(town, chance, session, None if chance.happens(0.2) else "pm_card_visa")


async def pay_old_and_new(town: Town, chance: Chance) -> None:
    """Around the end of the first session the order is checked out anew, and the payer pays in both tabs."""
    known = await order(town, chance)
    begun_s = town.loop.time()
    old = None if known is None else await check_out(town, chance, known)
    if known is None or old is None:
        return
    await passes(max(0.0, begun_s + TTL_S - town.loop.time() + chance.pick((-0.5, 0, 0.1, 1, 5, 60))))

    async def pay_old() -> None:
        await passes(chance.pick((0, 0.01, 0.1, 0.8, 3)))
        pay_session(town, chance, old, "pm_card_visa")

    async def pay_new() -> None:
        new = await check_out(town, chance, known)
        if new is not None:
            pay_session(town, chance, new, "pm_card_visa")

    await asyncio.gather(pay_old(), pay_new())


async def order_only(town: Town, chance: Chance) -> None:
    await order(town, chance)


async def checkout_again(town: Town, chance: Chance) -> None:
    """The order is to be paid: asked for once, or several times at once."""
    if known := pick_order(town, chance):
        await check_out(town, chance, known, chance.pick((1, 2, 3)))


async def pay_known(town: Town, chance: Chance) -> None:
    """A session is paid, however old, whatever has become of its order."""
    if picked := pick_payment(town, chance):
        pay_session(town, chance, picked[1])


async def pay_and_cancel(town: Town, chance: Chance) -> None:
    """The order is taken back while its payer pays."""
    known = pick_order(town, chance)
    if known is None:
        return
    for session in list(known["payments"].values())[-1:]:
        pay_session(town, chance, session, "pm_card_visa")
    await passes(chance.pick((0, 0, 0.01, 3)))
    await town.ask(chance.below(8), "POST", f"/api/v1/orders/{known['id']}/cancel", {})


async def cancel(town: Town, chance: Chance) -> None:
    if known := pick_order(town, chance):
        await town.ask(chance.below(8), "POST", f"/api/v1/orders/{known['id']}/cancel", {})


async def refund(town: Town, chance: Chance) -> None:
    """All or a part goes back: once, or several times at once."""
    picked = pick_paid(town, chance)
    if picked is None:
        return
    body = chance.pick(({}, {}, {"amount": 0.5}, {"amount": 6.17}))
    headers = {"idempotency_key": f'"back-{chance.below(1 << 30)}"'} if chance.happens(0.5) else {}
    path = f"/api/v1/payments/{picked[0]}/refund"
    many = chance.pick((1, 1, 2, 3))
    heard = await asyncio.gather(*(town.ask(at, "POST", path, body, **headers) for at in range(many)))
    names = {answer.data["id"] for answer in heard if isinstance(answer.data, dict)}
    if headers and len(names) > 1:
        town.broken("idempotency", f"one key has made {len(names)} refunds")


async def refund_at_stripe(town: Town, chance: Chance) -> None:
    """Somebody gives money back on Stripe's dashboard, without us."""
    picked = pick_paid(town, chance)
    if picked is not None:
        give_back_at_stripe(town, chance, picked[1])


def give_back_at_stripe(town: Town, chance: Chance, session_id: str) -> None:
    """All or a half of what was paid for a session, where its bank has not taken it back."""
    fake = town.fake(session_id, "stripe")
    if fake is None:
        return
    for at, settlement in enumerate(fake.settlements):
        if not settlement.failed and settlement.rest > 0:
            part = chance.pick((None, max(1, settlement.rest // 2)))
            with town.loop.owned_by(town.loop.world), suppress(WorldError, LedgerError):
                if not _is_taken_back(town, session_id):
                    town.world.send_back(fake, at, part)
                    town.tell("shop", "stripe", f"gives back {part or settlement.rest} of {fake.reference[-8:]}")


def _is_taken_back(town: Town, session_id: str) -> bool:
    """Whether Stripe refuses to give anything back: of an inquiry it does not."""
    view = View(town.world, town.world.state(STRIPE))
    charge_id = _charge_of(view, session_id)
    disputed = [view.the("dispute", one) for one in view.state.charged[charge_id].disputes] if charge_id else []
    return any(not one["is_charge_refundable"] and one["status"] != "won" for one in disputed)


def _charge_of(view: View, session_id: str) -> str | None:
    """What a session was paid by."""
    session = view.get("checkout.session", session_id)
    intent = None if session is None else view.get("payment_intent", session["payment_intent"])
    return None if intent is None or intent["status"] != "succeeded" else intent["latest_charge"]


async def _decided(town: Town, chance: Chance, charge_id: str) -> None:
    """What comes of a charge's dispute, some time later; where nobody answers it is lost after a week, by itself."""
    view = View(town.world, town.world.state(STRIPE))
    end = chance.weighted(ENDS)
    text = chance.pick((disputes.WINNING, disputes.LOSING))
    await passes(chance.pick(UNTIL_DECIDED_S))
    with town.loop.owned_by(town.loop.world), suppress(ApiError):
        for one in [view.the("dispute", id_) for id_ in view.state.charged[charge_id].disputes]:
            is_open = one["status"] in disputes.OPEN
            if end == "evidence" and is_open:
                disputes.update(view, one, Params({"evidence": {"uncategorized_text": text}}))
            elif end == "given_in" and is_open:
                disputes.close(view, one)
            elif end in ("won", "lost") and one["status"] == "needs_response":
                (disputes.win if end == "won" else disputes.lose)(view, one)
            town.tell("bank", "stripe", f"the dispute of {charge_id[-8:]} is {one['status']}")


async def dispute(town: Town, chance: Chance) -> None:
    """The payer's bank takes back what was paid, perhaps while a part is given back; later it decides."""
    picked = pick_paid(town, chance)
    view = View(town.world, town.world.state(STRIPE))
    charge_id = None if picked is None else _charge_of(view, picked[1])
    if picked is None or charge_id is None or view.state.charged[charge_id].disputes:
        return
    back = asyncio.ensure_future(_gives_back(town, chance.below(8), picked[0])) if chance.happens(0.3) else None
    await passes(chance.pick((0, 0, 0.01, 0.2)))
    reason = chance.weighted(REASONS)
    with town.loop.owned_by(town.loop.world), suppress(ApiError):
        disputes.open_(view, charge_id, reason)
        town.tell("bank", "stripe", f"disputes {charge_id[-8:]}: {reason}")
    await _decided(town, chance, charge_id)
    if back is not None:
        await back


async def _gives_back(town: Town, at: int, payment_id: str) -> None:
    await town.ask(at, "POST", f"/api/v1/payments/{payment_id}/refund", {"amount": 0.5})


async def order_and_dispute(town: Town, chance: Chance) -> None:
    """An order paid by a card whose bank disputes it a second later; the shop gives something back meanwhile."""
    known = await order(town, chance)
    session = None if known is None else await check_out(town, chance, known)
    if known is None or session is None:
        return
    await passes(chance.pick((0, 5, 300, 880, 899.5)))
    pay_session(town, chance, session, chance.pick(DISPUTING))
    await passes(chance.pick((0.5, 1, 1.5, 4, 40)))
    if chance.happens(0.5):
        await _gives_back(town, chance.below(8), next(iter(known["payments"])))
    charge_id = _charge_of(View(town.world, town.world.state(STRIPE)), session)
    if charge_id is not None:
        if chance.happens(0.3):
            give_back_at_stripe(town, chance, session)
        await _decided(town, chance, charge_id)


async def order_paid_amiss(town: Town, chance: Chance) -> None:
    """What comes for a session is another amount than was asked for."""
    known = await order(town, chance)
    session_id = None if known is None else await check_out(town, chance, known)
    if session_id is None:
        return
    await passes(chance.pick((0, 5, 300, 899.5, 901)))
    view = View(town.world, town.world.state(STRIPE))
    session = view.get("checkout.session", session_id)
    if session is None or session["status"] != "open":
        return
    with town.loop.owned_by(town.loop.world), suppress(ApiError, WorldError, LedgerError):
        payment = intents.payment_of(view, stripe_checkout.start(view, session)["id"])
        if payment.order is not None:
            town.pay_amiss(chance, STRIPE, payment.order)


async def look(town: Town, chance: Chance) -> None:
    """The shop looks: what became of an order, and at its lists."""
    if known := pick_order(town, chance):
        path = f"/api/v1/orders/{known['id']}"
        asks = (town.ask(at, "GET", f"{path}/payment-status?refresh=true") for at in range(chance.pick((1, 1, 3))))
        for answer in await asyncio.gather(*asks):
            if answer.status == 404:
                town.broken("nothing is lost", f"order {known['id'][:8]} was made, and is not known any more")
        await town.ask(chance.below(8), "GET", chance.pick((path, "/api/v1/orders?limit=3", "/api/v1/transactions")))


ORDER_ACTS = {
    "order": (order_only, 2),
    "order_and_pay": (order_and_pay, 8),
    "checkout": (checkout_again, 5),
    "pay_session": (pay_known, 6),
    "order_cancel": (cancel, 2),
    "pay_and_cancel": (pay_and_cancel, 2),
    "order_refund": (refund, 6),
    "refund_at_stripe": (refund_at_stripe, 2),
    "order_look": (look, 3),
    "pay_old_and_new": (pay_old_and_new, 3),
}
# What some lives have beside these: see bakong_explorer.breadth.
AMISS_ACTS = {
    "dispute": (dispute, 1),
    "order_and_dispute": (order_and_dispute, 1),
    "order_paid_amiss": (order_paid_amiss, 1),
}
