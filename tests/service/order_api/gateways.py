"""Two scripted providers for tests: one pushes events with ids and closes sessions, one has no ids and refunds later.

Each keeps a ledger of its own, which a test compares with what the service has stored.
"""

import hashlib
import hmac
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace

from bakong_service.domain.errors import ExpiredEventError, ForgedEventError
from bakong_service.domain.handoff import Redirect
from bakong_service.domain.money import Money
from bakong_service.domain.payments import NoAnswer, NotFound, Paid, Refunded
from bakong_service.ports import Created, Event, Polling, Provider
from bakong_service.provider_factory import ProviderFactory
from bakong_service.usecases.own_pace import OwnPace
from tests.conftest import NOW_MS
from tests.service.house import open_house

ACCOUNT = "acct_orders"
SECRETS = {"stripe": b"sandbox_stripe_like_secret", "paystack": b"sandbox_paystack_like_secret"}
TOLERANCE_S = 300


@dataclass
class Session:
    """A payment at the provider. paid: its transaction; shown_minor: what it says was paid, where that differs."""

    reference: str
    payment_id: str
    minor: int
    currency: str
    is_open: bool = True
    paid: str = ""
    done_ms: int | None = None
    shown_minor: int | None = None
    declined: str = ""
    dispute: str = ""
    refunds: dict = field(default_factory=dict)  # by our key: [minor, state]


class Gateway:
    """Its side. The attributes that a test sets: what is lost on the way, or refused."""

    def __init__(self, name, now_ms=lambda: NOW_MS):
        self.name = name
        self.now_ms = now_ms
        self.sessions = {}
        self.refused = None  # what create answers, where it makes nothing
        self.loses_create = self.loses_refund = self.loses_cancel = False
        self.is_down = False
        self.probes = 0
        self.checkouts, self.calls, self.cancelled = [], [], []
        self.before_create = None  # awaited after the session is made, before its answer
        self.before_cancel = None  # called with the reference
        self.refunds_later = name == "paystack"
        self._events = 0

    def by_payment(self, payment_id):
        return next((one for one in self.sessions.values() if one.payment_id == payment_id), None)

    async def create(self, checkout):
        self.checkouts.append(checkout)
        if self.is_down:
            return NoAnswer("unreachable")
        if self.refused is not None:
            return self.refused
        made = self.by_payment(checkout.payment_id)
        if made is None:
            money = checkout.money
            reference = f"{self.name}_{len(self.sessions) + 1}"
            made = Session(reference, checkout.payment_id, money.minor, money.currency)
            self.sessions[reference] = made
        if self.before_create is not None:
            await self.before_create(made)
        if self.loses_create:
            return NoAnswer("timeout")
        return Created(made.reference, ACCOUNT, Redirect(f"https://pay.{self.name}.test/{made.reference}"))

    async def check(self, reference):
        self.calls.append(reference)
        if self.is_down:
            return NoAnswer("timeout")
        return self.shown(self.sessions[reference])

    def shown(self, one):
        if not one.paid:
            return NotFound(one.declined, "the card was declined" if one.declined else "")
        refunds = tuple(
            Refunded(f"re_{key}", Money(minor, one.currency), key=key, failed=state == "failed")
            for key, (minor, state) in one.refunds.items()
            if state != "pending"
        )
        minor = one.minor if one.shown_minor is None else one.shown_minor
        return Paid(one.paid, Money(minor, one.currency), ACCOUNT, one.done_ms, refunds=refunds, dispute=one.dispute)

    async def probe(self):
        self.probes += 1
        return NoAnswer("unreachable", "no route") if self.is_down else None

    async def cancel(self, reference):
        if self.is_down:
            return NoAnswer("timeout")
        one = self.sessions[reference]
        self.cancelled.append(reference)
        if self.before_cancel is not None:
            self.before_cancel(reference)
        if not one.paid:
            one.is_open = False
        return NoAnswer("timeout") if self.loses_cancel else self.shown(one)

    async def refund(self, reference, money, key):
        if self.is_down:
            return NoAnswer("timeout")
        one = self.sessions[reference]
        if key not in one.refunds:
            if self.refunded(one) + money.minor > one.minor:
                return NoAnswer("refused", "more than was captured")
            one.refunds[key] = [money.minor, "pending" if self.refunds_later else "done"]
        if self.loses_refund:
            return NoAnswer("timeout")
        minor, state = one.refunds[key]
        if state == "pending":
            return NoAnswer("pending")
        return Refunded(f"re_{key}", Money(minor, one.currency), key=key, failed=state == "failed")

    @staticmethod
    def refunded(one):
        """All that it has given back, or will."""
        return sum(minor for minor, state in one.refunds.values() if state != "failed")

    def pays(self, reference, *, minor=None):
        """The payer pays, where the page still lets him; whether it does."""
        one = self.sessions[reference]
        if not one.is_open or one.paid:
            return False
        one.paid, one.shown_minor, one.done_ms = f"tx_{reference}", minor, self.now_ms()
        return True

    def settle_refunds(self, state="done"):
        for one in self.sessions.values():
            for refund in one.refunds.values():
                refund[1] = state if refund[1] == "pending" else refund[1]

    def event(self, kind, reference, *, at_ms=None, named=True):
        """A signed webhook: headers and body. named: it carries our payment id, where this provider's do."""
        self._events += 1
        one = self.sessions.get(reference)
        at_s = (self.now_ms() if at_ms is None else at_ms) // 1000
        if self.name == "stripe":
            shown = {"id": f"evt_{self._events}", "type": kind, "object": {"id": reference}}
            if named and one is not None:
                shown["object"]["paymentId"] = one.payment_id
        else:
            shown = {"event": kind, "data": {"id": self._events, "reference": reference, "status": "success"}}
        body = json.dumps(shown).encode()
        return self.signed(body, at_s), body

    def signed(self, body, at_s):
        secret = SECRETS[self.name]
        if self.name == "stripe":
            digest = hmac.new(secret, f"{at_s}.".encode() + body, hashlib.sha256).hexdigest()
            return {"stripe-signature": f"t={at_s},v1={digest}"}
        return {"x-paystack-signature": hmac.new(secret, body, hashlib.sha512).hexdigest()}

    async def read_event(self, headers, body):
        if self.name == "stripe":
            parts = dict(part.partition("=")[::2] for part in headers.get("stripe-signature", "").split(","))
            stamp = parts.get("t", "")
            expected = self.signed(body, int(stamp) if stamp.isdigit() else 0)["stripe-signature"]
            if not hmac.compare_digest(headers.get("stripe-signature", ""), expected):
                raise ForgedEventError("stripe-signature: expected the HMAC of the body")
            if abs(int(stamp) - self.now_ms() // 1000) > TOLERANCE_S:
                raise ExpiredEventError("stripe-signature: signed too long ago, or too far ahead")
            shown = json.loads(body)
            about = shown["object"]
            return Event(about["id"], shown["id"], shown["type"], about.get("paymentId", ""))
        if not hmac.compare_digest(
            headers.get("x-paystack-signature", ""), self.signed(body, 0)["x-paystack-signature"]
        ):
            raise ForgedEventError("x-paystack-signature: expected the HMAC of the body")
        shown = json.loads(body)
        data = shown["data"]
        return Event(data["reference"], f"{shown['event']}/{data['id']}/{data['status']}", shown["event"])

    def provider(self, **changes):
        record = {
            "name": self.name,
            "currencies": frozenset({"USD", "KHR"}),
            "life_ms": 1_800_000,
            "create": self.create,
            "polling": Polling(check=self.check, pace=OwnPace()),
            "read_event": self.read_event,
            "refund": self.refund,
            "cancel": self.cancel if self.name == "stripe" else None,
            "needs_email": self.name == "paystack",
            "probe": self.probe,
            "minimums": {"USD": 50} if self.name == "stripe" else {},
        }
        return Provider(**record | changes)

    def factory(self, **changes):
        secret = SECRETS[self.name].decode()
        return ProviderFactory(name=self.name, make=lambda _given: self.provider(**changes), secrets=(secret,))


class OrderShop(SimpleNamespace):
    """What a shop does over HTTP, and what its two providers do."""

    async def post(self, path, body=None, **headers):
        return await self.client.post(f"/api/v1{path}", json=body, headers=headers)

    async def get(self, path, **query):
        return await self.client.get(f"/api/v1{path}", params=query)

    async def data(self, path, **query):
        answer = await self.get(path, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    async def order(self, amount=99.99, currency="USD", **changes):
        answer = await self.post("/orders", {"amount": amount, "currency": currency} | changes)
        assert answer.status_code == 201, answer.text
        return answer.json()["data"]

    async def checkout(self, order, provider="stripe", **changes):
        body = {"currency": order["currency"], "provider": provider} | changes
        return await self.post(f"/orders/{order['id']}/checkout", body)

    async def paying(self, order=None, **changes):
        """An order that waits for its payment, and that payment."""
        order = order or await self.order()
        answer = await self.checkout(order, **changes)
        assert answer.status_code == 201, answer.text
        return order, answer.json()["data"]

    async def paid(self, **changes):
        order, payment = await self.paying(**changes)
        self.gateways[payment["provider"]].pays(payment["providerReference"])
        assert (await self.standing(order, refresh="true"))["orderStatus"] == "paid"
        return order, payment

    async def standing(self, order, **query):
        return await self.data(f"/orders/{order['id']}/payment-status", **query)

    async def tell(self, gateway, headers, body, *, path="/api/v1/webhooks/{}"):
        headers = {"authorization": "", "content-type": "application/json"} | headers
        return await self.client.post(path.format(gateway.name), content=body, headers=headers)

    async def told(self, gateway, kind, reference, **changes):
        """The answer to a fresh event."""
        return await self.tell(gateway, *gateway.event(kind, reference, **changes))

    async def rows(self, statement):
        return await self.core.store.migrate(lambda connection: connection.exec_driver_sql(statement).all())

    async def events(self, payment_id):
        """The types of a payment's events, whose sequence has no gap."""
        rows = await self.rows(
            f"SELECT sequence, type FROM order_events WHERE payment_id = '{payment_id}' ORDER BY sequence"  # noqa: S608
        )
        assert [number for number, _ in rows] == list(range(1, len(rows) + 1))
        return [kind for _, kind in rows]

    async def refund(self, payment, body=None, **headers):
        return await self.post(f"/payments/{payment['id']}/refund", body, **headers)


@asynccontextmanager
async def open_order_shop(folder, storage, *, stripe=None, paystack=None, of_stripe=None, **changes):
    """A service with both providers, on a frozen clock."""
    stripe, paystack = stripe or Gateway("stripe"), paystack or Gateway("paystack")
    url = storage.get("database_url", "")
    factories = [stripe.factory(**of_stripe or {}), paystack.factory()]
    async with open_house(folder, database_url=url, providers=factories, **changes) as house:
        stripe.now_ms = paystack.now_ms = house.core.timers.now_ms
        both = {"stripe": stripe, "paystack": paystack}
        yield OrderShop(stripe=stripe, paystack=paystack, gateways=both, **vars(house))


def code(answer):
    return answer.status_code, answer.json()["code"]
