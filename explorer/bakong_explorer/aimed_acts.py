"""What customers do that lies close together: payments around their end, two for one purpose, refunds that go badly."""

import asyncio
from typing import Any

from bakong_explorer import care_acts, order_acts
from bakong_explorer.acts import PRICES, learn, order, pay_code, user
from bakong_explorer.chance import Chance
from bakong_explorer.loop import passes
from bakong_explorer.town import Town
from bakong_schemes.bkash.fake import pages
from bakong_schemes.bkash.fake.scheme import BKASH
from bakong_schemes.bkash.fake.wallets import NAMED

CODE_S = 900
AROUND_THE_END_S = (-30, -1, -0.001, 0, 0.001, 0.5, 20, 90, 600, 7_200, 20_000)
SOON_S = (0, 0.01, 0.3, 3, 40)
WALLETS = (("ok", 3), ("refundhang", 3), ("refundrefused", 3), ("hangpaid", 2), ("hangunpaid", 2))
CLOSED_WITHIN_S = 400  # a minute between tries, and a breaker that is open for some more
UNTIL_DAYS = (26, 28.5, 29.5, 30, 31, 32.5)


async def pay_around_the_end(town: Town, chance: Chance) -> None:
    """A code is bought, and paid just before, at, or after its end; perhaps twice."""
    begun_s = town.loop.time()
    answer = await town.ask(chance.below(8), "POST", "/api/payments/create", order(town, chance))
    learn(town, answer.data)
    if not answer.data:
        return
    await passes(max(0.0, begun_s + CODE_S + chance.pick(AROUND_THE_END_S) - town.loop.time()))
    for _ in range(chance.pick((1, 1, 2))):
        pay_code(town, answer.data)


async def pay_about_the_price(town: Town, chance: Chance) -> None:
    """A new code is paid with a little less or more than its price, or with twice as much."""
    body = order(town, chance)
    answer = await town.ask(chance.below(8), "POST", "/api/payments/create", body)
    learn(town, answer.data)
    if answer.data:
        await passes(chance.pick(SOON_S))
        price = round(body["amount"] * (100 if body["currency"] == "USD" else 1))
        pay_code(town, answer.data, minor=chance.pick((price - 1, price + 1, 2 * price, price // 2)))


async def two_codes(town: Town, chance: Chance) -> None:
    """The same change is asked for again once its first code has ended, or is about to; then both are paid."""
    word, who = chance.pick(("upgrade", "renew")), user(town, chance)
    begun_s, codes = town.loop.time(), list[dict[str, Any]]()
    for wait_s in (0.0, CODE_S + chance.pick((-5, 5, 45, 300))):
        await passes(max(0.0, begun_s + wait_s - town.loop.time()))
        answer = await town.ask(chance.below(8), "POST", f"/api/subscriptions/{word}", {"userId": who})
        shown = answer.data.get("payment") if isinstance(answer.data, dict) else None
        learn(town, shown)
        codes += [shown] if shown and shown.get("qrCode") else []
    if chance.happens(0.5):
        codes.reverse()
    for shown in codes:
        await passes(chance.pick(SOON_S))
        pay_code(town, shown)


async def _paid(town: Town, chance: Chance, path: str, body: dict[str, Any]) -> None:
    """What is asked for is paid soon, where it costs anything."""
    answer = await town.ask(chance.below(8), "POST", path, body)
    shown = answer.data.get("payment", answer.data) if isinstance(answer.data, dict) else None
    if shown and shown.get("qrCode"):
        learn(town, shown)
        await passes(chance.pick(SOON_S))
        pay_code(town, shown)
        await passes(chance.pick((40, 400)))


async def a_subscription(town: Town, chance: Chance) -> None:
    """Somebody has a plan, changes it a few times, and the end of what was paid comes near, or passes."""
    who = user(town, chance)
    plan = chance.pick(("PREMIUM", "FAMILY_PREMIUM"))
    body = {"userId": who, "planType": plan, "amount": PRICES[plan, "USD"], "currency": "USD"}
    await _paid(town, chance, "/api/payments/create", body)
    for _ in range(chance.between(1, 4)):
        word = chance.pick(("upgrade", "downgrade", "cancel", "renew"))
        await _paid(town, chance, f"/api/subscriptions/{word}", {"userId": who})
    if chance.happens(0.5):
        await passes(chance.pick(UNTIL_DAYS) * 86_400)
        await town.ask(chance.below(8), "GET", f"/api/subscriptions/status/{who}")
        word = chance.pick(("upgrade", "renew", "cancel"))
        await _paid(town, chance, f"/api/subscriptions/{word}", {"userId": who})


async def many_codes(town: Town, chance: Chance) -> None:
    """More codes at once than a day's calls may ask for; few are paid."""
    for number in range(chance.between(4, 10)):
        body = order(town, chance, f"user-{number + 1}")
        answer = await town.ask(chance.below(8), "POST", "/api/payments/create", body)
        learn(town, answer.data)
        await passes(chance.pick(SOON_S))


async def _approved(town: Town, chance: Chance) -> tuple[dict[str, Any], str] | None:
    """A new payment of the platform's with an attempt that a wallet of any fate has approved."""
    payment = await care_acts.hire(town, chance)
    reference = None if payment is None else await care_acts.open_attempt(town, chance, payment)
    if payment is None or reference is None:
        return None
    row = town.world.state(BKASH).payments.get(reference)
    if row is not None:
        with town.loop.owned_by(town.loop.world):
            pages.decide(town.world, town.world.state(BKASH), row, "confirm", NAMED[chance.weighted(WALLETS)][0])
    return payment, reference


async def hire_and_refund(town: Town, chance: Chance) -> None:
    """A payment by any wallet, given back soon: whole or in parts, some at once; the job may be done meanwhile."""
    approved = await _approved(town, chance)
    if approved is None:
        return
    payment, reference = approved
    await care_acts.execute(town, chance, payment, reference)
    await passes(chance.pick((*SOON_S, 200)))
    if chance.happens(0.5):
        await care_acts.put_job(town, chance, payment["job"], "COMPLETED")
        await passes(chance.pick((0, 40, 47.9 * 3_600, 48 * 3_600 - 20)))
    for _ in range(chance.pick((1, 2, 3))):
        await care_acts.refund(town, chance)
        await passes(chance.pick((*SOON_S, 90)))


async def execute_around_the_end(town: Town, chance: Chance) -> None:
    """What was approved is executed around the end of the payment: by us, or by another hand."""
    begun_s = town.loop.time()
    approved = await _approved(town, chance)
    if approved is None:
        return
    payment, reference = approved
    await passes(max(0.0, begun_s + CODE_S + chance.pick(AROUND_THE_END_S[:9]) - town.loop.time()))
    if chance.happens(0.5):
        care_acts.pay_elsewhere(town, reference)
        await passes(chance.pick(SOON_S))
    await care_acts.execute(town, chance, payment, reference)


async def order_and_refund(town: Town, chance: Chance) -> None:
    """An order that is paid is given back soon: whole or in parts, several at once, by us and on the dashboard."""
    known = await order_acts.order(town, chance)
    session = None if known is None else await order_acts.check_out(town, chance, known)
    if known is None or session is None:
        return
    await passes(chance.pick(SOON_S))
    order_acts.pay_session(town, chance, session, "pm_card_visa")
    await passes(chance.pick((3, 40, 200)))
    backs = [chance.pick((order_acts.refund, order_acts.refund, order_acts.refund_at_stripe)) for _ in range(2)]
    if chance.happens(0.4):
        await asyncio.gather(*(back(town, chance) for back in backs))
        return
    for back in backs:
        await back(town, chance)
        await passes(chance.pick(SOON_S))


async def order_around_its_end(town: Town, chance: Chance) -> None:
    """A session is left, and paid about when it is closed: while it ends, is cancelled, or is replaced."""
    begun_s = town.loop.time()
    known = await order_acts.order(town, chance)
    session = None if known is None else await order_acts.check_out(town, chance, known, chance.pick((1, 2)))
    if known is None or session is None:
        return
    if chance.happens(0.5):
        await passes(max(0.0, begun_s + CODE_S + chance.pick(AROUND_THE_END_S[:8]) - town.loop.time()))

    async def closes() -> None:
        if chance.happens(0.6):
            await town.ask(chance.below(8), "POST", f"/api/v1/orders/{known['id']}/cancel", {})
        else:
            await order_acts.check_out(town, chance, known)

    async def pays() -> None:
        await passes(chance.pick((0, 0, 0.01, 0.1, 0.8, 3)))
        order_acts.pay_session(town, chance, session, "pm_card_visa")

    await asyncio.gather(closes(), pays())
    if chance.happens(0.3):
        await order_acts.checkout_again(town, chance)


async def two_sessions(town: Town, chance: Chance) -> None:
    """Stripe is away as a session ends, and cannot be asked to close it; a new one is made; the payer pays both."""
    begun_s = town.loop.time()
    known = await order_acts.order(town, chance)
    old = None if known is None else await order_acts.check_out(town, chance, known)
    if known is None or old is None:
        return
    if chance.happens(0.8):
        await passes(max(0.0, begun_s + CODE_S - chance.pick((1, 8)) - town.loop.time()))
        town.strike("stripe", chance.pick(("down", "hangs", "lost", "error")))
        await passes(chance.pick((9, 20, 70)))
        town.conditions.calls.pop("stripe", None)
    new = await order_acts.check_out(town, chance, known)
    sessions = [one for one in (old, new) if one is not None]
    if chance.happens(0.5):
        sessions.reverse()
    for session in sessions:
        await passes(chance.pick((0, 0.01, 3)))
        order_acts.pay_session(town, chance, session, "pm_card_visa")


async def cancel_while_away(town: Town, chance: Chance) -> None:
    """An order is cancelled while Stripe is away; minutes after it is back, nobody can pay there any more.

    Nothing is said where something else breaks meanwhile.
    """
    known = await order_acts.order(town, chance)
    session = None if known is None else await order_acts.check_out(town, chance, known)
    if known is None or session is None:
        return
    await passes(chance.pick((0.3, 3, 40)))
    town.strike("stripe", chance.pick(("down", "hangs", "lost", "error")))
    await town.ask(chance.below(8), "POST", f"/api/v1/orders/{known['id']}/cancel", {})
    await passes(chance.pick((1, 20, 70)))
    town.conditions.calls.pop("stripe", None)
    troubles, is_well = town.troubles, town.is_quiet_since(town.troubles)
    await passes(CLOSED_WITHIN_S)
    ended = town.disk.rows("SELECT 1 FROM payment_transactions WHERE reference = ? AND status = 'CANCELLED'", session)
    if is_well and town.is_quiet_since(troubles) and ended and town.stripe_takes(session):
        town.broken("closing", f"{session[-8:]} can be paid at Stripe {CLOSED_WITHIN_S} s after it could be closed")


AIMED_ACTS = {
    "pay_around_the_end": (pay_around_the_end, 4),
    "pay_about_the_price": (pay_about_the_price, 2),
    "two_codes": (two_codes, 3),
    "a_subscription": (a_subscription, 5),
    "many_codes": (many_codes, 1),
    "hire_and_refund": (hire_and_refund, 6),
    "execute_around_the_end": (execute_around_the_end, 5),
    "order_and_refund": (order_and_refund, 5),
    "order_around_its_end": (order_around_its_end, 5),
    "two_sessions": (two_sessions, 5),
    "cancel_while_away": (cancel_while_away, 3),
}
