"""Who comes when all has been well for long: one short glitch of the provider, and he is served as promptly as ever."""

from bakong_explorer.acts import PRICES, pay_code
from bakong_explorer.loop import passes
from bakong_explorer.rest import PAID_WITHIN_MS
from bakong_explorer.town import Town

WHO, GLITCH_S, PAYS_AFTER_S = "user-last", 6.0, 20.0


async def last_customer(town: Town) -> None:
    """What went wrong long ago has no say any more in how long a payment takes to be known.

    Not where a day's calls or a minute's requests are limited: there others may have taken what he needs.
    """
    if town.story.profile.get("daily_calls") or town.story.profile.get("rate_limit") or not town.alive():
        return
    body = {"userId": WHO, "planType": "PREMIUM", "amount": PRICES["PREMIUM", "USD"], "currency": "USD"}
    town.conditions.calls["bakong"] = "down"
    answer = await town.ask(0, "POST", "/api/payments/create", body)
    await passes(GLITCH_S)
    town.conditions.heal()
    await passes(PAYS_AFTER_S)
    if not answer.data:
        town.broken("prompt", f"a customer was answered with {answer.status} when all had been well for long")
        return
    pay_code(town, answer.data)
    await passes(PAID_WITHIN_MS / 1000)
    rows = town.disk.rows("SELECT status FROM payment_transactions WHERE user_id = ?", WHO)
    if rows != [("PAID",)]:
        seen = f"a payment is not known to be paid {PAID_WITHIN_MS} ms after it was, when all had been well for long"
        town.broken("prompt", seen)
