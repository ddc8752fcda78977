"""What customers and the main backend do. Each act draws all that it needs from its own number."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from bakong_explorer.chance import Chance
from bakong_explorer.loop import passes
from bakong_explorer.network import Answer
from bakong_explorer.town import Town
from bakong_schemes.bakong.fake.scheme import BAKONG
from bakong_simulator.kernel.ledger import LedgerError
from bakong_simulator.kernel.world import WorldError

Act = Callable[[Town, Chance], Awaitable[None]]
PRICES = {
    ("PREMIUM", "USD"): 0.5,
    ("FAMILY_PREMIUM", "USD"): 1.0,
    ("PREMIUM", "KHR"): 2000,
    ("FAMILY_PREMIUM", "KHR"): 4000,
}


def user(town: Town, chance: Chance) -> str:
    return f"user-{chance.below(max(1, town.story.profile.get('users', 2))) + 1}"


def order(town: Town, chance: Chance, who: str | None = None) -> dict[str, Any]:
    """A body that buys a plan."""
    plan = "FAMILY_PREMIUM" if chance.happens(0.3) else "PREMIUM"
    currency = "KHR" if chance.happens(0.2) else "USD"
    return {
        "userId": who or user(town, chance),
        "planType": plan,
        "amount": PRICES[plan, currency],
        "currency": currency,
    }


def learn(town: Town, shown: Any) -> None:
    """The customer keeps the code that the answer shows."""
    if (
        isinstance(shown, dict)
        and shown.get("qrCode")
        and all(one["md5Hash"] != shown["md5Hash"] for one in town.known)
    ):
        town.known.append(shown)


def pick_known(town: Town, chance: Chance) -> dict[str, Any] | None:
    """One of the payments that customers know: a late one more likely."""
    if not town.known:
        return None
    back = min(chance.below(len(town.known)), chance.below(len(town.known)))
    return town.known[-1 - back]


async def buy(town: Town, chance: Chance) -> None:
    answer = await town.ask(chance.below(8), "POST", "/api/payments/create", order(town, chance))
    learn(town, answer.data)


async def buy_and_pay(town: Town, chance: Chance) -> None:
    """The usual customer: pays within a few minutes."""
    answer = await town.ask(chance.below(8), "POST", "/api/payments/create", order(town, chance))
    learn(town, answer.data)
    if answer.data:
        await passes(chance.below(600))
        pay_code(town, answer.data)


async def buy_with_key(town: Town, chance: Chance) -> None:
    """The same request several times, at once or after one another, as clients do that heard no answer."""
    key, body = f'"key-{chance.below(1 << 30)}"', order(town, chance)
    heard: list[Answer] = []

    async def once(number: int) -> None:
        await passes(chance.pick((0, 0, 0.05, 2, 40)))
        heard.append(await town.ask(number, "POST", "/api/payments/create", body, idempotency_key=key))

    await asyncio.gather(*(once(number) for number in range(chance.between(2, 4))))
    bodies = {answer.body for answer in heard if answer.status == 200}
    if len(bodies) > 1:
        town.broken("idempotency", f"one key was answered with {len(bodies)} different bodies")
    for answer in heard:
        if answer.status not in (0, 200, 409, 429, 503):
            town.broken("idempotency", f"a repeated request was answered with {answer.status}: {answer.body[:200]!r}")
        learn(town, answer.data)
    if bodies and chance.happens(0.5):
        other = body | {"userId": body["userId"] + "x"}
        answer = await town.ask(chance.below(8), "POST", "/api/payments/create", other, idempotency_key=key)
        if answer.status == 200:
            town.broken("idempotency", "the key of one request was good for another one")


def pay_code(town: Town, shown: dict[str, Any], minor: int | None = None, currency: str | None = None) -> None:
    """A wallet pays a code, where it has the money for it."""
    with town.loop.owned_by(town.loop.world), suppress(WorldError, LedgerError):
        town.world.pay(BAKONG, BAKONG.scan(shown["qrCode"]), shown["qrCode"], minor=minor, currency=currency)
        town.tell("customer", "bakong", f"pays {shown['md5Hash'][:8]} {'' if minor is None else minor}")


async def pay(town: Town, chance: Chance) -> None:
    if shown := pick_known(town, chance):
        pay_code(town, shown)


async def pay_twice(town: Town, chance: Chance) -> None:
    if shown := pick_known(town, chance):
        pay_code(town, shown)
        await passes(chance.pick((0, 1, 60)))
        pay_code(town, shown)


async def pay_other_amount(town: Town, chance: Chance) -> None:
    if shown := pick_known(town, chance):
        pay_code(town, shown, minor=chance.pick((1, 49, 51, 99)))


async def pay_and_look(town: Town, chance: Chance) -> None:
    """A customer pays and asks at once, while the worker does."""
    if shown := pick_known(town, chance):
        pay_code(town, shown)
        await asyncio.gather(*(look_at(town, number, shown) for number in range(chance.between(1, 3))))


async def look(town: Town, chance: Chance) -> None:
    if shown := pick_known(town, chance):
        await look_at(town, chance.below(8), shown)


async def look_at(town: Town, pick: int, shown: dict[str, Any]) -> None:
    answer = await town.ask(pick, "GET", f"/api/payments/status/{shown['md5Hash']}")
    if answer.status == 404:
        town.broken("nothing is lost", f"payment {shown['md5Hash']} was made, and is not known any more")


async def monitor(town: Town, chance: Chance) -> None:
    if shown := pick_known(town, chance):
        options = {"timeout": chance.pick((1_000, 20_000, 120_000)), "interval": 1_000, "priority": "high"}
        await town.ask(
            chance.below(8),
            "POST",
            "/api/payments/monitor",
            {"transactionId": shown["transactionId"], "options": options},
        )


async def check_bulk(town: Town, chance: Chance) -> None:
    if town.known:
        hashes = [shown["md5Hash"] for shown in town.known[-20:]]
        await town.ask(chance.below(8), "POST", "/api/payments/bulk-check", {"md5Hashes": hashes})


async def history(town: Town, chance: Chance) -> None:
    who = user(town, chance)
    await town.ask(chance.below(8), "GET", f"/api/payments/history?userId={who}")
    await town.ask(chance.below(8), "GET", f"/api/subscriptions/status/{who}")


async def change(town: Town, chance: Chance, word: str) -> None:
    """One change of a subscription, or several of the same at once."""
    who = user(town, chance)

    async def once(number: int) -> None:
        await passes(chance.pick((0, 0, 0.01)))
        answer = await town.ask(number, "POST", f"/api/subscriptions/{word}", {"userId": who})
        if isinstance(answer.data, dict):
            learn(town, answer.data.get("payment"))

    await asyncio.gather(*(once(number) for number in range(chance.pick((1, 1, 2, 4)))))


async def upgrade(town: Town, chance: Chance) -> None:
    await change(town, chance, "upgrade")


async def upgrade_and_pay(town: Town, chance: Chance) -> None:
    who = user(town, chance)
    answer = await town.ask(chance.below(8), "POST", "/api/subscriptions/upgrade", {"userId": who})
    if isinstance(answer.data, dict) and answer.data.get("payment"):
        learn(town, answer.data["payment"])
        await passes(chance.below(120))
        pay_code(town, answer.data["payment"])


async def downgrade(town: Town, chance: Chance) -> None:
    await change(town, chance, "downgrade")


async def cancel(town: Town, chance: Chance) -> None:
    await change(town, chance, "cancel")


async def renew(town: Town, chance: Chance) -> None:
    await change(town, chance, "renew")


async def renew_and_pay(town: Town, chance: Chance) -> None:
    who = user(town, chance)
    answer = await town.ask(chance.below(8), "POST", "/api/subscriptions/renew", {"userId": who})
    if isinstance(answer.data, dict) and answer.data.get("payment"):
        learn(town, answer.data["payment"])
        await passes(chance.below(300))
        pay_code(town, answer.data["payment"])


async def burst(town: Town, chance: Chance) -> None:
    """Many requests at once, and again about a minute later."""
    many = chance.between(3, 14)
    for wait_s in (0.0, chance.pick((0.0, 30.0, 59.999, 60.0, 60.001))):
        await passes(wait_s)
        asked = (town.ask(number, "GET", "/api/payments/history?userId=user-1") for number in range(many))
        await asyncio.gather(*asked)


ACTS: dict[str, tuple[Act, int]] = {
    "buy": (buy, 5),
    "buy_and_pay": (buy_and_pay, 6),
    "buy_with_key": (buy_with_key, 3),
    "pay": (pay, 8),
    "pay_twice": (pay_twice, 2),
    "pay_other_amount": (pay_other_amount, 4),
    "pay_and_look": (pay_and_look, 4),
    "look": (look, 3),
    "monitor": (monitor, 2),
    "check_bulk": (check_bulk, 1),
    "history": (history, 1),
    "upgrade": (upgrade, 3),
    "upgrade_and_pay": (upgrade_and_pay, 4),
    "downgrade": (downgrade, 2),
    "cancel": (cancel, 2),
    "renew": (renew, 2),
    "renew_and_pay": (renew_and_pay, 4),
    "burst": (burst, 1),
}
