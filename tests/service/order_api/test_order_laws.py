"""The laws of orders: whatever webhooks, polls, retries, refunds and crashes come in whatever order, on both databases.

Quick by default; `make orders-campaign` draws many more (ORDER_EXAMPLES).
"""

import asyncio
import contextlib
import os
from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bakong_contracts.service_api import PaymentStatus
from bakong_service.domain.refunds import RefundStatus
from tests.mutants.serving import Loop
from tests.service.order_api.gateways import Gateway, open_order_shop

EXAMPLES = int(os.environ.get("ORDER_EXAMPLES", "4"))
DRAWN = settings(
    max_examples=EXAMPLES, deadline=timedelta(minutes=10), suppress_health_check=list(HealthCheck), derandomize=True
)
AMOUNT = 10_000
NAMES = ("stripe", "paystack")


class Dying(Gateway):
    """A provider at which the service's process dies: what it is asked is done, and nobody hears of it."""

    dies = False

    async def _then(self, answer):
        if self.dies:
            self.dies = False
            self.died.set()
            await asyncio.Event().wait()
        return answer

    async def create(self, checkout):
        return await self._then(await super().create(checkout))

    async def refund(self, reference, money, key):
        return await self._then(await super().refund(reference, money, key))

    async def cancel(self, reference):
        return await self._then(await super().cancel(reference))


class Life:
    """One order, what is done to it, and what has to hold at its end."""

    def __init__(self, shop):
        self.shop = shop
        self.sent = []

    async def begin(self):
        self.order = await self.shop.order(AMOUNT / 100, customerEmail="a@b.example")
        for gateway in self.shop.gateways.values():
            gateway.loses_create = gateway.loses_refund = gateway.loses_cancel = gateway.is_down = gateway.dies = False

    async def payments(self):
        rows = await self.shop.core.store.read(
            lambda records: [records.payment_by_id(one.payment_id) for one in records.order_payments(self.order["id"])]
        )
        return [payment for payment in rows if payment.reference]

    async def sessions(self):
        """Those whose page the payer may have."""
        return [self.shop.gateways[one.provider].sessions[one.reference] for one in await self.payments()]

    async def session(self, pick):
        known = await self.sessions()
        return known[pick % len(known)] if known else None

    def gateway_of(self, session):
        return self.shop.gateways[session.reference.partition("_")[0]]

    async def dying(self, gateway, work):
        """Begin something, and let the process die while the provider is asked."""
        gateway.dies, gateway.died = True, asyncio.Event()
        task = asyncio.ensure_future(work)
        await asyncio.wait(
            {task, died := asyncio.ensure_future(gateway.died.wait())}, return_when=asyncio.FIRST_COMPLETED
        )
        gateway.dies = False
        died.cancel()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    async def checkout(self, pick):
        await self.shop.checkout(self.order, NAMES[pick % 2])

    async def checkout_lost(self, pick):
        gateway = self.shop.gateways[NAMES[pick % 2]]
        gateway.loses_create = True
        await self.shop.checkout(self.order, gateway.name)
        gateway.loses_create = False

    async def checkout_dies(self, pick):
        gateway = self.shop.gateways[NAMES[pick % 2]]
        await self.dying(gateway, self.shop.checkout(self.order, gateway.name))

    async def checkouts_at_once(self, pick):
        await asyncio.gather(*(self.shop.checkout(self.order, NAMES[(pick + one) % 2]) for one in range(3)))

    async def pays(self, pick):
        if session := await self.session(pick):
            self.gateway_of(session).pays(session.reference)

    async def pays_too_little(self, pick):
        if session := await self.session(pick):
            self.gateway_of(session).pays(session.reference, minor=AMOUNT - 1)

    async def webhook(self, pick):
        if session := await self.session(pick):
            gateway = self.gateway_of(session)
            self.sent.append((gateway, *gateway.event("paid", session.reference)))
            assert (await self.shop.tell(*self.sent[-1])).status_code == 200

    async def webhook_again(self, pick):
        if self.sent:
            gateway, headers, body = self.sent[pick % len(self.sent)]
            answer = await self.shop.tell(gateway, headers, body)
            assert answer.status_code in (200, 400), answer.text  # 400: signed too long ago

    async def forged(self, pick):
        if session := await self.session(pick):
            gateway = self.gateway_of(session)
            _, body = gateway.event("paid", session.reference)
            assert (await self.shop.tell(gateway, {}, body)).status_code == 400

    async def seconds(self, pick):
        await self.shop.clock.advance((1 + pick % 40) * 1000)

    async def quarter(self, _pick):
        await self.shop.clock.advance(901_000)

    async def refreshes(self, _pick):
        await asyncio.gather(*(self.shop.standing(self.order, refresh="true") for _ in range(3)))

    async def refund(self, pick):
        if payments := await self.payments():
            body = None if pick % 3 == 0 else {"amount": (1 + pick % 60) * 1.5}
            await self.shop.refund({"id": payments[pick % len(payments)].id}, body)

    async def refunds_at_once(self, pick):
        await asyncio.gather(*(self.refund(pick + one) for one in range(4)))

    async def refund_lost(self, pick):
        for gateway in self.shop.gateways.values():
            gateway.loses_refund = True
        await self.refund(pick)
        for gateway in self.shop.gateways.values():
            gateway.loses_refund = False

    async def refund_dies(self, pick):
        gateway = self.shop.gateways[NAMES[pick % 2]]
        await self.dying(gateway, self.refund(pick))

    async def refunds_settle(self, pick):
        for gateway in self.shop.gateways.values():
            gateway.settle_refunds("failed" if pick % 4 == 0 else "done")

    async def refund_fails_after_all(self, pick):
        if (session := await self.session(pick)) and session.refunds:
            key = sorted(session.refunds)[pick % len(session.refunds)]
            session.refunds[key][1] = "failed"

    async def refunded_by_the_provider(self, pick):
        session = await self.session(pick)
        if session and session.paid and Gateway.refunded(session) + 700 <= AMOUNT:
            session.refunds[f"own_{len(session.refunds)}"] = [700, "done"]

    async def dispute(self, pick):
        session = await self.session(pick)
        if session and session.paid and session.dispute in ("", "open"):
            session.dispute = ("open", "won", "lost")[pick % 3] if session.dispute else "open"

    async def cancels(self, _pick):
        await self.shop.post(f"/orders/{self.order['id']}/cancel")

    async def cancel_dies(self, _pick):
        await self.dying(self.shop.stripe, self.cancels(0))

    async def silence(self, pick):
        gateway = self.shop.gateways[NAMES[pick % 2]]
        gateway.is_down = not gateway.is_down

    async def end(self):
        """Everybody answers again; all that is on its way arrives."""
        for gateway in self.shop.gateways.values():
            gateway.is_down = False
        for _ in range(3):
            await self.shop.clock.advance(700_000)
            for session in await self.sessions():
                gateway = self.gateway_of(session)
                assert (await self.shop.told(gateway, "paid", session.reference)).status_code == 200
            for gateway in self.shop.gateways.values():
                gateway.settle_refunds()
        await self.shop.clock.advance(700_000)

    async def check(self):
        shop, order_id = self.shop, self.order["id"]
        order, payments, refunds = await shop.core.store.read(
            lambda records: (
                records.order_by_id(order_id),
                [records.payment_by_id(one.payment_id) for one in records.order_payments(order_id)],
                records.refunds_of(order_id),
            )
        )
        kinds = Counter()
        for payment in payments:
            kinds.update(await shop.events(payment.id))
        paid = [one for one in payments if one.status is PaymentStatus.PAID]
        assert (kinds["payment.completed"], kinds["payment.duplicate"]) == (min(len(paid), 1), len(paid[1:]))
        assert len([one for one in paid if one.flag == "duplicate_payment"]) == len(paid[1:])
        for payment in payments:
            await self.check_payment(payment, [one for one in refunds if one.payment_id == payment.id])
        entries = await shop.rows(
            f"SELECT kind, sum(amount_minor) FROM settlement_entries WHERE order_id = '{order_id}' GROUP BY kind"  # noqa: S608
        )
        sums = dict(entries)
        back = sums.get("refund", 0) - sums.get("refund_reversal", 0)
        sessions = [one for one in await self.sessions() if one.paid and one.shown_minor is None]
        assert sums.get("payment", 0) == sum(one.minor for one in sessions)
        assert back == sum(Gateway.refunded(one) for one in sessions)
        assert 0 <= order.refunded_minor <= order.payable.minor
        if any(one.flag == "wrong_amount" for one in payments) and not paid:
            assert order.status.value == "needs_review"
        stuck = await shop.rows("SELECT reference FROM provider_events WHERE state = 'unmatched'")
        assert stuck == []

    async def check_payment(self, payment, refunds):
        kept = sum(one.money.minor for one in refunds if one.status is not RefundStatus.FAILED)
        assert kept <= payment.money.minor
        ((listed,),) = await self.shop.rows(
            f"SELECT status FROM order_transactions WHERE id = '{payment.id}'"  # noqa: S608
        )
        if not payment.reference:
            assert payment.status is not PaymentStatus.PAID
            return
        session = self.shop.gateways[payment.provider].sessions[payment.reference]
        assert Gateway.refunded(session) <= session.minor
        if session.paid and session.shown_minor is None:
            assert (payment.status, listed) == (PaymentStatus.PAID, "completed")
        elif session.paid:
            assert (payment.flag, payment.status is PaymentStatus.PAID) == ("wrong_amount", False)
        else:
            assert payment.status is not PaymentStatus.PAID
        assert {one.status for one in refunds} <= {RefundStatus.COMPLETED, RefundStatus.FAILED}


DOES = tuple(
    name
    for name in vars(Life)
    if not name.startswith("_")
    and name not in {"begin", "end", "check", "check_payment", "payments", "sessions", "session", "gateway_of", "dying"}
)
STEPS = st.lists(st.tuples(st.sampled_from(DOES), st.integers(0, 1_000)), min_size=6, max_size=24)
# The usual life, so that what follows meets an order that was paid.
PAID = st.lists(st.sampled_from([("checkout", 0), ("pays", 0), ("webhook", 0), ("seconds", 3)]), max_size=2).map(
    lambda drawn: [("checkout", 0), ("pays", 0), ("webhook", 0), ("seconds", 1), *drawn]
)


@pytest.fixture
def opened(tmp_path, storage):
    """A shop that many lives share, in a thread of its own."""
    loop = Loop()
    context = open_order_shop(tmp_path, storage, stripe=Dying("stripe"), paystack=Dying("paystack"))
    shop = loop.call(context.__aenter__())

    def run(work):
        return asyncio.run_coroutine_threadsafe(work(shop), loop.loop).result(600)

    yield run
    loop.call(context.__aexit__(None, None, None))
    loop.close()


def live(steps):
    async def work(shop):
        life = Life(shop)
        await life.begin()
        for name, pick in steps:
            await getattr(life, name)(pick)
        await life.end()
        await life.check()

    return work


@pytest.mark.timeout(7200)
@DRAWN
@given(steps=STEPS, begun=st.one_of(st.just([]), PAID))
def test_no_interleaving_pays_twice_gives_back_too_much_or_loses_an_event(opened, steps, begun):
    opened(live([*begun, *steps]))


def test_a_refund_of_the_providers_own_is_entered_once_ours_that_died_has_failed(opened):
    paid = [("checkout", 0), ("pays", 0), ("webhook", 0), ("seconds", 1), ("webhook", 0)]
    opened(live([*paid, ("refunded_by_the_provider", 0), ("refund_dies", 0)]))


KINDS = ("payment_intent.created", "succeeded", "charge.refunded", "dispute.created", "expired", "succeeded")
WAITS = st.lists(st.sampled_from([0, 1, 1_000, 3_000]), min_size=len(KINDS), max_size=len(KINDS))


@pytest.mark.timeout(7200)
@DRAWN
@given(order=st.permutations(range(len(KINDS))), waits=WAITS, twice=st.booleans(), name=st.sampled_from(NAMES))
def test_any_order_of_a_payments_webhooks_ends_in_the_same_state(opened, order, waits, twice, name):
    """The provider's own state is final when they come: paid, a part given back by it, disputed."""

    async def work(shop):
        life = Life(shop)
        await life.begin()
        await shop.checkout(life.order, name)
        (session,) = await life.sessions()
        gateway = life.gateway_of(session)
        gateway.pays(session.reference)
        session.refunds["own_1"], session.dispute = [700, "done"], "open"
        events = [gateway.event(kind, session.reference) for kind in KINDS]
        for at, wait_ms in zip(order, waits, strict=True):
            for _ in range(1 + twice):
                assert (await shop.tell(gateway, *events[at])).status_code == 200
            await shop.clock.advance(wait_ms)
        await shop.clock.advance(5_000)
        standing = await shop.standing(life.order)
        payment = standing["payment"]
        assert (standing["orderStatus"], payment["status"], payment["dispute"]) == ("needs_review", "completed", "open")
        assert (payment["refundedAmount"], [one["external"] for one in standing["refunds"]]) == (7.0, [True])
        kinds = Counter(await shop.events(payment["id"]))
        assert kinds == {
            "payment.initiated": 1,
            "payment.processing": 1,
            "webhook.received": len(KINDS),
            "payment.completed": 1,
            "refund.completed": 1,
            "payment.disputed": 1,
        }

    opened(work)
