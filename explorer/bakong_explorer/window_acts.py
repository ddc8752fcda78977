"""What customers do while something is under way: in the windows between a question, its answer, and what is stored."""

import asyncio
from typing import Any

from bakong_explorer import care_acts, order_acts
from bakong_explorer.acts import PRICES, learn, pay_code
from bakong_explorer.aimed_acts import CODE_S, SOON_S
from bakong_explorer.chance import Chance
from bakong_explorer.conditions import Next
from bakong_explorer.faults import shut
from bakong_explorer.loop import passes
from bakong_explorer.rest import PAID_WITHIN_MS
from bakong_explorer.story import HOUR_MS
from bakong_explorer.town import Town
from bakong_schemes.bkash.fake import pages
from bakong_schemes.bkash.fake.scheme import BKASH
from bakong_schemes.bkash.fake.wallets import NAMED

HOLD_S = 48 * HOUR_MS // 1000
FIRST_QUESTION_S = 2.0  # where calls are plenty, a code is asked about at this age for the first time
LAST_QUESTION_S = CODE_S - 20  # where calls are scarce, a code is asked about at this age for sure
ASKED_AGAIN_S = 3.5  # bKash is asked a second after it fell silent
BACK_WITHIN_S = 1_300  # the longest that a provider is left alone, twice
REFUSED_AMOUNTS = (0.1, 0.49, 999_999.99)  # Stripe takes no such payment
_STATUS = "SELECT status FROM payment_transactions WHERE id = ?"


async def _buys(town: Town, who: str, at: int) -> dict[str, Any] | None:
    body = {"userId": who, "planType": "PREMIUM", "amount": PRICES["PREMIUM", "USD"], "currency": "USD"}
    answer = await town.ask(at, "POST", "/api/payments/create", body)
    learn(town, answer.data)
    return answer.data if isinstance(answer.data, dict) else None


async def _is_paid_within(town: Town, shown: dict[str, Any], within_s: float) -> bool:
    for _ in range(int(within_s / 10)):
        await passes(10)
        if town.disk.rows(_STATUS, shown["transactionId"]) == [("PAID",)]:
            return True
    return False


async def after_an_outage(town: Town, chance: Chance) -> None:
    """Bakong was away for minutes, and is back; then it hiccups once, and who buys then is served as promptly as ever.

    Nothing is said where something else breaks meanwhile, or calls or requests are limited.
    """
    at = chance.below(8)
    await _buys(town, "user-early", at)
    town.strike("bakong", chance.pick(("down", "hangs", "error")))
    await passes(chance.pick((150, 600, 1_500)))
    town.conditions.calls.pop("bakong", None)
    shown = await _buys(town, "user-back", at)
    if shown is None:
        return
    pay_code(town, shown)
    if not await _is_paid_within(town, shown, BACK_WITHIN_S):
        return
    await passes(chance.pick((0, 40)))
    town.strike("bakong", chance.pick(("down", "error")))
    troubles, is_well = town.troubles, town.is_quiet_since(town.troubles)
    last = await _buys(town, "user-late", at)
    await passes(6)
    town.conditions.calls.pop("bakong", None)
    await passes(20)
    limited = town.story.profile.get("daily_calls") or town.story.profile.get("rate_limit")
    if last is None or limited or not is_well:
        return
    pay_code(town, last)
    is_paid = await _is_paid_within(town, last, PAID_WITHIN_MS / 1000)
    if not is_paid and town.is_quiet_since(troubles):
        town.broken("prompt", f"a payment is not known {PAID_WITHIN_MS} ms after it was, for an outage that was over")


async def rush(town: Town, chance: Chance) -> None:
    """Several buy while the first of their codes are asked about; what is answered then cannot be written at once."""
    at = chance.below(8)

    async def buys(number: int) -> None:
        await passes(number * step_s)
        await _buys(town, f"user-{number + 1}", at)

    town.befall(Next("bakong", "check_transaction", "unwritten"))
    await _buys(town, "user-1", at)
    await passes(FIRST_QUESTION_S - chance.pick((0, 0.05, 0.2)))
    step_s = chance.pick((0.01, 0.05, 0.2))
    await asyncio.gather(*(buys(number) for number in range(chance.between(3, 6))))


async def beside_the_last_question(town: Town, chance: Chance) -> None:
    """Others buy at the very ms at which a code is asked about for the last time, at all replicas."""
    begun_s = town.loop.time()
    shown = await _buys(town, "user-1", 0)
    if shown is None:
        return
    await passes(max(0.0, begun_s + LAST_QUESTION_S - town.loop.time() + chance.pick((-0.04, -0.02, 0, 0.01))))
    for number in range(chance.between(2, 6)):
        await asyncio.gather(*(_buys(town, f"user-{number}-{at}", at) for at in range(chance.pick((1, 2)))))
        await passes(chance.pick((0, 0.003, 0.01)))


async def edges_of_a_minute(town: Town, chance: Chance) -> None:
    """As many requests as a minute takes, and more just before and after its end."""
    many = 2 + town.story.profile.get("rate_limit", 0)
    at = chance.below(8)
    for wait_s in (0.0, chance.pick((58.5, 59.0, 59.4)), chance.pick((0.3, 0.55)), chance.pick((0.5, 1.0, 2.0))):
        await passes(wait_s)
        asked = (town.ask(at, "GET", "/api/payments/history?userId=user-1") for _ in range(many))
        await asyncio.gather(*asked)


async def _approved(town: Town, chance: Chance, wallet: str) -> tuple[dict[str, Any], str] | None:
    """A new payment of the platform's with an attempt that this wallet has approved."""
    payment = await care_acts.hire(town, chance)
    reference = None if payment is None else await care_acts.open_attempt(town, chance, payment)
    if payment is None or reference is None:
        return None
    row = town.world.state(BKASH).payments.get(reference)
    if row is not None:
        with town.loop.owned_by(town.loop.world):
            pages.decide(town.world, town.world.state(BKASH), row, "confirm", NAMED[wallet][0])
    return payment, reference


async def _executes(town: Town, at: int, payment: dict[str, Any], reference: str) -> None:
    body = {"paymentId": payment["id"], "paymentID": reference}
    await care_acts.ask_as(town, at, care_acts.guardian(payment), "POST", "/api/payments/bkash/execute", body)


async def _gives_back(town: Town, at: int, payment: dict[str, Any], amount: str | None = None) -> None:
    body = {"reason": "asked for"} | ({} if amount is None else {"amount": amount})
    await care_acts.ask_as(town, at, care_acts.ADMIN, "POST", f"/api/payments/{payment['id']}/refund", body)


async def silent_execute(town: Town, chance: Chance) -> None:
    """One call to execute is not answered, nor the question after it; the payer is told so, and nobody asks again.

    The worker does, a second later. Nothing is said where anything else breaks meanwhile.
    """
    approved = await _approved(town, chance, chance.pick(("ok", "ok2", "hangpaid")))
    if approved is None:
        return
    await passes(chance.pick(SOON_S))
    asked = Next("bkash", "payment/status", chance.pick(("down", "error")))
    town.befall(Next("bkash", "/execute", "lost", then=(asked,)))
    if chance.happens(0.8):
        town.loop.spawn(town.loop.world, shut(town, 60))
    troubles = town.troubles
    await _executes(town, chance.below(8), *approved)
    await passes(ASKED_AGAIN_S)
    rows = town.disk.rows("SELECT status FROM escrow_payments WHERE id = ?", approved[0]["id"])
    if town.is_quiet_since(troubles) and town.bkash_moved(approved[1]) and rows == [("PROCESSING",)]:
        town.broken("prompt", f"bKash has not been asked {ASKED_AGAIN_S} s after it fell silent at an execute")


async def many_refunds(town: Town, chance: Chance) -> None:
    """Several payments are given back at once, by wallets whose refunds hang: more than one worker does in a minute."""
    paid = []
    for _ in range(chance.between(3, 6)):
        approved = await _approved(town, chance, chance.pick(("refundhang", "refundhang", "ok")))
        if approved is not None:
            await _executes(town, chance.below(8), *approved)
            paid.append(approved[0])
    for number, payment in enumerate(paid):
        await passes(chance.pick((0, 0, 0.01, 1, 5)))
        await _gives_back(town, number, payment)
    await passes(chance.pick((5, 25)))
    await town.ask(chance.below(8), "GET", "/api/payments/history?userId=user-1")


async def refund_around_the_release(town: Town, chance: Chance) -> None:
    """A part goes back just before the money is to be released, and it takes a while to be heard of."""
    approved = await _approved(town, chance, chance.pick(("refundhang", "ok", "refundrefused")))
    if approved is None:
        return
    payment = approved[0]
    await _executes(town, chance.below(8), *approved)
    await care_acts.put_job(town, chance, payment["job"], "COMPLETED")
    await passes(HOLD_S - chance.pick((1, 5, 20)))
    if chance.happens(0.6):
        town.befall(Next("bkash", "refund/payment/", chance.pick(("hangs", "lost", "down", "error"))))
    await _gives_back(town, chance.below(8), payment, "0.01")
    await passes(chance.pick((40, 200)))


async def asked_while_executed(town: Town, chance: Chance) -> None:
    """Around the end, the platform's webhook has bKash asked, which is slow to say; meanwhile the payer executes."""
    begun_s = town.loop.time()
    approved = await _approved(town, chance, chance.pick(("ok", "hangpaid", "hangpaid", "hangunpaid")))
    if approved is None:
        return
    payment, reference = approved
    await passes(max(0.0, begun_s + CODE_S - chance.pick((3, 10, 25)) - town.loop.time()))
    town.befall(Next("bkash", "payment/status", chance.pick(("hangs", "hangs", "lost"))))
    asking = town.loop.spawn(town.loop.world, care_acts.say(town, chance.below(8), payment, f"TRX{reference[-6:]}"))
    await passes(chance.pick((0.9, 1.5, 2.5)))
    await _executes(town, chance.below(8), payment, reference)
    await asking


async def paid_as_it_is_closed(town: Town, chance: Chance) -> None:
    """A session has ended here; Stripe cannot be asked to close it at once; it is paid, and no event comes."""
    begun_s = town.loop.time()
    known = await order_acts.order(town, chance)
    session = None if known is None else await order_acts.check_out(town, chance, known)
    if known is None or session is None:
        return
    is_cancelled = chance.happens(0.3)
    await passes(chance.pick(SOON_S) if is_cancelled else max(0.0, begun_s + CODE_S - 5 - town.loop.time()))
    town.befall(Next("stripe", "/expire", chance.pick(("down", "error", "hangs"))))
    if is_cancelled:
        await town.ask(chance.below(8), "POST", f"/api/v1/orders/{known['id']}/cancel", {})
    else:
        await passes(5 + chance.pick((0.5, 3, 20)))
    if chance.happens(0.8):
        town.loop.spawn(town.loop.world, shut(town, 200))
    order_acts.pay_session(town, chance, session, "pm_card_visa")
    await passes(chance.pick((1, 80)))


async def refused_and_cancelled(town: Town, chance: Chance) -> None:
    """An order that its provider takes no payment of is checked out, at some replicas at once; another cancels it."""
    answer = await town.ask(0, "POST", "/api/v1/orders", {"amount": chance.pick(REFUSED_AMOUNTS), "currency": "USD"})
    if not isinstance(answer.data, dict):
        return
    known, first = answer.data | {"payments": {}}, chance.below(8)
    town.orders.append(known)

    async def cancels() -> None:
        await passes(chance.pick((0, 0.01, 0.05, 0.3)))
        await town.ask(first + 1, "POST", f"/api/v1/orders/{known['id']}/cancel", {})

    async def checks_out() -> None:
        await order_acts.check_out(town, Chance(first, "first"), known, chance.pick((1, 2)))

    await asyncio.gather(checks_out(), cancels())


WINDOW_ACTS = {
    "after_an_outage": (after_an_outage, 2),
    "rush": (rush, 2),
    "beside_the_last_question": (beside_the_last_question, 1),
    "edges_of_a_minute": (edges_of_a_minute, 1),
    "silent_execute": (silent_execute, 3),
    "many_refunds": (many_refunds, 2),
    "refund_around_the_release": (refund_around_the_release, 3),
    "asked_while_executed": (asked_while_executed, 3),
    "paid_as_it_is_closed": (paid_as_it_is_closed, 4),
    "refused_and_cancelled": (refused_and_cancelled, 2),
}
