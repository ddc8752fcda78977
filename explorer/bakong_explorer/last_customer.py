"""Who comes when all has been well for long, one to each replica: a short glitch, and they are served as promptly."""

from bakong_explorer.acts import PRICES, pay_code
from bakong_explorer.loop import passes
from bakong_explorer.rest import PAID_WITHIN_MS, PROMPT_MS
from bakong_explorer.town import Town

_LATE = "SELECT 1 FROM webhook_notifications WHERE delivered_ms IS NULL AND url IS NOT NULL AND created_ms < ?"
WHO, GLITCH_S, PAYS_AFTER_S = "user-last", 6.0, 20.0


async def last_customers(town: Town) -> None:
    """What went wrong long ago has no say any more in how long a payment takes to be known, and no worker has stopped.

    Not where a day's calls or a minute's requests are limited: there others may have taken what he needs.
    """
    if town.story.profile.get("daily_calls") or town.story.profile.get("rate_limit") or not town.alive():
        return
    town.conditions.calls["bakong"] = "down"
    answers = [await town.ask(at, "POST", "/api/payments/create", _body(at)) for at in range(len(town.alive()))]
    await passes(GLITCH_S)
    town.conditions.heal()
    await passes(PAYS_AFTER_S)
    for answer in answers:
        if not answer.data:
            town.broken("prompt", f"a customer was answered with {answer.status} when all had been well for long")
            return
        pay_code(town, answer.data)
    await passes(PAID_WITHIN_MS / 1000)
    rows = town.disk.rows("SELECT user_id, status FROM payment_transactions WHERE user_id LIKE ?", f"{WHO}-%")
    if sorted(rows) != [(_body(at)["userId"], "PAID") for at in range(len(answers))]:
        seen = f"a payment is not known to be paid {PAID_WITHIN_MS} ms after it was, when all had been well for long"
        town.broken("prompt", seen)
    if town.disk.rows(_LATE, town.now_ms() - PROMPT_MS):
        town.broken("prompt", "a webhook has not arrived, when all had been well for long")


def _body(at: int) -> dict[str, object]:
    price = PRICES["PREMIUM", "USD"]
    return {"userId": f"{WHO}-{at}", "planType": "PREMIUM", "amount": price, "currency": "USD"}
