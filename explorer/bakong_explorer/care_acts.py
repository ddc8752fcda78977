"""What the people of a care platform do: jobs are paid by bKash, held, released, and given back."""

import asyncio
import json
from contextlib import suppress
from functools import lru_cache
from typing import Any

from bakong_explorer.chance import Chance
from bakong_explorer.loop import passes
from bakong_explorer.network import Answer
from bakong_explorer.process import EPOCH_MS, JWT_SECRET, WEBHOOK_SECRET
from bakong_explorer.town import Town
from bakong_schemes.bkash import wire as bkash_wire
from bakong_schemes.bkash.fake import pages
from bakong_schemes.bkash.fake.scheme import BKASH
from bakong_schemes.bkash.fake.standing import standing
from bakong_schemes.bkash.fake.wallets import NAMED, account_of
from bakong_service.adapters import jws
from bakong_service.adapters.access_tokens import shared_kid
from bakong_service.domain.escrow_numbers import webhook_signature
from bakong_simulator.kernel.ledger import LedgerError
from bakong_simulator.kernel.world import WorldError

ADMIN = ("admin-1", "PLATFORM_ADMIN")
WALLETS = (("ok", 8), ("ok2", 3), ("poor", 2), ("blocked", 1), ("hangpaid", 3), ("hangunpaid", 2), ("maintenance", 2))
REFUNDED_BADLY = (("refundhang", 3), ("refundrefused", 1))
AMOUNTS = (1, 7, 99, 12_345, 1_500_000)  # poisha: the shares of some are halves
MINUTE_S, HOLD_S = 60, 48 * 3_600


@lru_cache(64)
def token(who: str, role: str) -> str:
    """A bearer token of the platform's, good for longer than a life."""
    claims = {"sub": who, "role": role, "exp": EPOCH_MS // 1000 + 10**9}
    return jws.sign(claims, JWT_SECRET.encode(), jws.SHARED, shared_kid(JWT_SECRET))


async def ask_as(
    town: Town, pick: int, by: tuple[str, str], method: str, path: str, body: object = None, **headers: str
) -> Answer:
    """A request in somebody's name."""
    return await town.ask(pick, method, path, body, authorization=f"Bearer {token(*by)}", **headers)


def guardian(payment: dict[str, Any]) -> tuple[str, str]:
    return payment["payerId"], "GUARDIAN"


def pick_payment(town: Town, chance: Chance) -> dict[str, Any] | None:
    """One of the platform's payments: a late one more likely."""
    if not town.care:
        return None
    return town.care[-1 - min(chance.below(len(town.care)), chance.below(len(town.care)))]


def pick_paid(town: Town, chance: Chance) -> dict[str, Any] | None:
    """As an admin picks one: mostly one that was paid."""
    paid = [one for one in town.care if any(town.bkash_moved(reference) for reference in one["references"])]
    return chance.pick(paid) if paid and chance.happens(0.8) else pick_payment(town, chance)


def pick_attempt(town: Town, chance: Chance) -> tuple[dict[str, Any], str] | None:
    """A payment with one of bKash's names of it."""
    payment = pick_payment(town, chance)
    if payment is None or not payment["references"]:
        return None
    return payment, chance.pick(payment["references"])


async def put_job(town: Town, chance: Chance, number: int, status: str) -> None:
    body = {
        "packageName": "Night care",
        "guardian": {"id": f"guardian-{number % 3}", "fullName": "Ayesha"},
        "caregiver": {"id": f"caregiver-{number}", "fullName": "Rina"},
        "agency": {"id": f"agency-{number}", "companyName": "Shurjo"},
        "status": status,
    }
    await ask_as(town, chance.below(8), ADMIN, "PUT", f"/api/jobs/job-{number}", body)


async def hire(town: Town, chance: Chance) -> dict[str, Any] | None:
    """A job, and its payment; sometimes asked for several times at once, with one Idempotency-Key or without."""
    known = chance.happens(0.2) and town.jobs > 0
    number = chance.below(town.jobs) if known else town.jobs
    town.jobs = max(town.jobs, number + 1)
    if not known:
        await put_job(town, chance, number, "OPEN")
    minor = chance.pick(AMOUNTS)
    amount = f"{minor // 100}.{minor % 100:02d}"
    body = {"jobId": f"job-{number}", "amount": amount, "method": "BKASH", "currency": "BDT"}
    headers = {"idempotency_key": f'"hire-{chance.below(1 << 30)}"'} if chance.happens(0.5) else {}
    by = (f"guardian-{number % 3}", "GUARDIAN")
    asks = [ask_as(town, at, by, "POST", "/api/payments", body, **headers) for at in range(chance.pick((1, 1, 2)))]
    made = None
    for answer in await asyncio.gather(*asks):
        data = answer.data
        if isinstance(data, dict) and all(one["id"] != data["id"] for one in town.care):
            made = data | {"references": [], "job": number}
            town.care.append(made)
    return made


async def open_attempt(town: Town, chance: Chance, payment: dict[str, Any]) -> str | None:
    """BKash makes a payment: by the shop's own call, or because the payer visits our page. BKash's name of it."""
    if chance.happens(0.3):
        answer = await town.ask(chance.below(8), "GET", f"/pay/{payment['id']}", authorization="")
        led_to = answer.headers.get("location", "")  # of what came to nothing nobody knows bKash's name
        reference = next((id_ for id_ in town.world.state(BKASH).payments if id_ in led_to), None)
    else:
        body = {"paymentId": payment["id"], "amount": payment["amount"], "callbackUrl": "https://care.example/back"}
        answer = await ask_as(town, chance.below(8), guardian(payment), "POST", "/api/payments/bkash/create", body)
        reference = answer.data["paymentID"] if isinstance(answer.data, dict) else None
    if reference and reference not in payment["references"]:
        payment["references"].append(reference)
    return reference


def decide(town: Town, chance: Chance, reference: str, action: str = "confirm") -> None:
    """The payer's word on bKash's page, where it is still asked for."""
    row = town.world.state(BKASH).payments.get(reference)
    wallet = NAMED[chance.weighted(WALLETS + (REFUNDED_BADLY if chance.happens(0.3) else ()))][0]
    with town.loop.owned_by(town.loop.world), suppress(WorldError):
        if row is not None:
            outcome = pages.decide(town.world, town.world.state(BKASH), row, action, wallet)
            town.tell("payer", "bkash", f"{action} {reference[-8:]}: {outcome}")


async def execute(town: Town, chance: Chance, payment: dict[str, Any], reference: str) -> None:
    """The payer comes back: one call or several at once, by the shop's own call or the browser's way."""

    async def once(number: int) -> None:
        await passes(chance.pick((0, 0, 0.01, 5)))
        if chance.happens(0.3):
            query = f"paymentID={reference}&status=success"
            await town.ask(number, "GET", f"/pay/{payment['id']}/return?{query}", authorization="")
        else:
            body = {"paymentId": payment["id"], "paymentID": reference}
            await ask_as(town, number, guardian(payment), "POST", "/api/payments/bkash/execute", body)

    await asyncio.gather(*(once(number) for number in range(chance.pick((1, 1, 2, 3)))))


def pay_elsewhere(town: Town, reference: str) -> None:
    """What the payer has approved is executed by another hand than ours, where it can be still."""
    state = town.world.state(BKASH)
    row, payment = state.payments.get(reference), town.world.payments.get((bkash_wire.NAME, reference))
    if row is None or payment is None or payment.order is None or payment.settlements:
        return
    now = standing(town.world, state, row)
    with town.loop.owned_by(town.loop.world), suppress(WorldError, LedgerError):
        if now.approved and not now.dead:
            town.world.pay(BKASH, payment.order, from_account=account_of(row.wallet or NAMED["ok"][0]))
            town.paid_elsewhere.add(reference)
            town.tell("payer", "bkash", f"pays {reference[-8:]}, and we have not asked for it")


async def executed_elsewhere(town: Town, chance: Chance) -> None:
    if picked := pick_attempt(town, chance):
        pay_elsewhere(town, picked[1])


async def hire_paid_amiss(town: Town, chance: Chance) -> None:
    """What the payer has approved is executed by another hand than ours, with another amount; some execute it, too."""
    payment = await hire(town, chance)
    reference = None if payment is None else await open_attempt(town, chance, payment)
    if payment is None or reference is None:
        return
    decide(town, chance, reference)
    await passes(chance.pick((0, 5, 300, 899, 901)))
    asked = town.world.payments.get((bkash_wire.NAME, reference))
    with town.loop.owned_by(town.loop.world), suppress(WorldError, LedgerError):
        if asked is not None and asked.order is not None:
            town.pay_amiss(chance, BKASH, asked.order)
            town.paid_elsewhere.add(reference)
    if chance.happens(0.5):
        await execute(town, chance, payment, reference)


async def hire_and_pay(town: Town, chance: Chance) -> None:
    """The usual guardian: pays within minutes, now and then at the very end of the fifteen."""
    payment = await hire(town, chance)
    if payment is None:
        return
    begun_s = town.loop.time()
    reference = await open_attempt(town, chance, payment)
    if reference is None:
        return
    decide(town, chance, reference)
    if chance.happens(0.2):
        await passes(max(0.0, begun_s + 15 * MINUTE_S - town.loop.time() - chance.pick((0, 0.001, 1, 30, -1))))
    else:
        await passes(chance.below(5 * MINUTE_S))
    await execute(town, chance, payment, reference)


async def hire_only(town: Town, chance: Chance) -> None:
    await hire(town, chance)


async def attempt(town: Town, chance: Chance) -> None:
    """Another attempt at a payment, whatever became of the one before; approved, or cancelled at the page."""
    if payment := pick_payment(town, chance):
        reference = await open_attempt(town, chance, payment)
        if reference is not None:
            decide(town, chance, reference, chance.pick(("confirm", "confirm", "cancel")))


async def execute_known(town: Town, chance: Chance) -> None:
    if picked := pick_attempt(town, chance):
        await execute(town, chance, *picked)


async def pay_two_attempts(town: Town, chance: Chance) -> None:
    """A payer with two tabs: both attempts are approved and executed, the first perhaps by another hand than ours."""
    payment = pick_payment(town, chance) if chance.happens(0.3) else await hire(town, chance)
    references = []
    for _ in range(2):
        if payment is not None and (reference := await open_attempt(town, chance, payment)):
            decide(town, chance, reference)
            references.append(reference)
    if payment is None:
        return
    if len(references) > 1 and chance.happens(0.4):
        await asyncio.gather(execute(town, chance, payment, references.pop()))
        await passes(chance.pick((0, 1, 130)))
        pay_elsewhere(town, references.pop())
    await asyncio.gather(*(execute(town, chance, payment, one) for one in references))


async def give_up(town: Town, chance: Chance) -> None:
    """The payer cancels on bKash's page, and his browser says so; or it lies."""
    if picked := pick_attempt(town, chance):
        payment, reference = picked
        if chance.happens(0.7):
            decide(town, chance, reference, "cancel")
        query = f"paymentID={reference}&status={chance.pick(('cancel', 'failure'))}"
        await town.ask(chance.below(8), "GET", f"/pay/{payment['id']}/return?{query}", authorization="")


async def refund(town: Town, chance: Chance) -> None:
    """An admin gives back a part or all of it: once, or several at once."""
    payment = pick_paid(town, chance)
    if payment is None:
        return
    minor = round(payment["amount"] * 100)
    part = chance.pick((None, None, max(1, minor // 3), max(1, minor // 2), 1, minor))
    body = {"reason": "asked for"} | ({} if part is None else {"amount": f"{part // 100}.{part % 100:02d}"})
    headers = {"idempotency_key": f'"refund-{chance.below(1 << 30)}"'} if chance.happens(0.5) else {}
    path = f"/api/payments/{payment['id']}/refund"
    many = chance.pick((1, 1, 2, 3))
    heard = await asyncio.gather(*(ask_as(town, at, ADMIN, "POST", path, body, **headers) for at in range(many)))
    names = {answer.data["refundId"] for answer in heard if isinstance(answer.data, dict)}
    if headers and len(names) > 1:
        town.broken("idempotency", f"one key has made {len(names)} refunds")


async def release(town: Town, chance: Chance) -> None:
    """An admin releases what is held: once, or several at once; or somebody who may not."""
    payment = pick_paid(town, chance)
    if payment is None:
        return
    path = f"/api/payments/{payment['id']}/release-escrow"
    if chance.happens(0.2):
        answer = await ask_as(town, chance.below(8), guardian(payment), "POST", path)
        if answer.status == 200:
            town.broken("roles", f"a guardian has released {payment['id'][:8]}")
        return
    town.releases.add(payment["id"])
    await asyncio.gather(*(ask_as(town, at, ADMIN, "POST", path) for at in range(chance.pick((1, 1, 2)))))


async def refund_and_release(town: Town, chance: Chance) -> None:
    """One admin gives back a part while another releases."""
    payment = pick_paid(town, chance)
    if payment is None:
        return
    town.releases.add(payment["id"])
    path, part = f"/api/payments/{payment['id']}", {"reason": "asked for", "amount": "0.01"}

    async def let_go() -> None:
        await passes(chance.pick((0, 0.01, 0.3, 2)))
        await ask_as(town, 1, ADMIN, "POST", f"{path}/release-escrow")

    await asyncio.gather(ask_as(town, 0, ADMIN, "POST", f"{path}/refund", part), let_go())


async def finish_job(town: Town, chance: Chance) -> None:
    """The job is done: 48 hours later what is held is released. Some are opened again."""
    if payment := pick_paid(town, chance):
        await put_job(town, chance, payment["job"], "COMPLETED")
        if chance.happens(0.2):
            await passes(chance.pick((60, HOLD_S - 1, HOLD_S)))
            await put_job(town, chance, payment["job"], chance.pick(("IN_PROGRESS", "COMPLETED")))


async def look(town: Town, chance: Chance) -> None:
    """Somebody looks: the payment, its refunds, the list, what has to be reviewed, the provider's books."""
    if payment := pick_payment(town, chance):
        for path in (f"/api/payments/{payment['id']}", f"/api/payments/{payment['id']}/refunds"):
            answer = await ask_as(town, chance.below(8), guardian(payment), "GET", path)
            if answer.status == 404:
                town.broken("nothing is lost", f"payment {payment['id'][:8]} was made, and is not known any more")
        path = chance.pick(("/api/payments?limit=5", "/api/escrow/review", "/api/escrow/reconciliation"))
        await ask_as(town, chance.below(8), ADMIN, "GET", path)


async def relay(town: Town, chance: Chance) -> None:
    """The platform's own webhook, true or not, once or several times; or one that nobody signed."""
    payment = pick_payment(town, chance)
    if payment is None:
        return
    status, forged = chance.pick(("SUCCESS", "FAILED")), chance.happens(0.2)
    transaction = f"TRX{chance.below(3)}"
    for at in range(chance.pick((1, 2))):
        answer = await say(town, at, payment, transaction, status, "whsec_another" if forged else WEBHOOK_SECRET)
        if forged and answer.status == 200:
            town.broken("signatures", "a webhook of the platform that nobody signed was taken")


async def say(
    town: Town,
    at: int,
    payment: dict[str, Any],
    transaction: str,
    status: str = "SUCCESS",
    secret: str = WEBHOOK_SECRET,
) -> Answer:
    """The platform's own webhook about a payment."""
    told = {"paymentId": payment["id"], "transactionId": transaction, "status": status}
    body = json.dumps(told | {"amount": "1.00", "currency": "BDT"}).encode()
    stamp = str(town.now_ms() // 1000)
    headers = {"x_webhook_timestamp": stamp, "x_webhook_signature": webhook_signature(secret, stamp, body)}
    return await town.ask(at, "POST", "/api/payments/webhook", body, authorization="", **headers)


CARE_ACTS = {
    "hire": (hire_only, 2),
    "hire_and_pay": (hire_and_pay, 8),
    "attempt": (attempt, 4),
    "execute": (execute_known, 5),
    "pay_two_attempts": (pay_two_attempts, 3),
    "executed_elsewhere": (executed_elsewhere, 3),
    "give_up": (give_up, 2),
    "refund": (refund, 7),
    "release": (release, 4),
    "refund_and_release": (refund_and_release, 3),
    "finish_job": (finish_job, 6),
    "care_look": (look, 2),
    "relay": (relay, 2),
}
AMISS_ACTS = {"hire_paid_amiss": (hire_paid_amiss, 1)}  # see bakong_explorer.breadth
