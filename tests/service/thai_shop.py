"""A shop for tests: a service with riverpay in baht, which can give back, and one payment method by it."""

from contextlib import asynccontextmanager
from types import SimpleNamespace

from bakong_service.domain.money import Money
from bakong_service.domain.payments import NoAnswer, Paid, Refunded
from tests.service.house import open_house
from tests.service.riverpay import ACCOUNT, River

METHOD = {
    "provider": "RIVERPAY",
    "type": "GATEWAY",
    "name": "River",
    "minAmount": "20.00",
    "maxAmount": "150000.00",
    "feePercentage": "1.65",
}
ITEM = {"quantity": "1", "unitPrice": "1000.00", "vatRate": "7"}


class Bank(River):
    """Riverpay that gives money back, once for each key, and makes one payment for each payment id."""

    def __init__(self):
        super().__init__()
        self.made_by = {}
        self.given = {}
        self.refund_answer = None  # instead of what it would say

    async def create(self, checkout):
        self.asked_to_make = [*getattr(self, "asked_to_make", []), checkout]
        if self.made is not None:
            return self.made
        if checkout.payment_id not in self.made_by:
            self.made_by[checkout.payment_id] = await super().create(checkout)
        return self.made_by[checkout.payment_id]

    async def refund(self, reference, money, key):
        self.given.setdefault(key, (reference, money))
        return self.refund_answer or Refunded(f"re_{key[4:]}", money)

    def pays(self, reference, minor, *, currency="THB", hash_=None, done_ms=None):
        self.reports[reference] = Paid(hash_ or f"tx_{reference}", Money(minor, currency), ACCOUNT, done_ms)

    @property
    def given_minor(self):
        """All that it has given back."""
        return sum(money.minor for _, money in self.given.values())


class Shop(SimpleNamespace):
    """What a shop does over HTTP, and what its bank does."""

    async def post(self, path, body=None, **headers):
        return await self.client.post(f"/api/v1{path}", json={} if body is None else body, headers=headers)

    async def get(self, path, **query):
        return await self.client.get(f"/api/v1{path}", params=query)

    async def method(self, **changes):
        answer = await self.post("/payment-methods", METHOD | changes)
        assert answer.status_code == 201, answer.text
        return answer.json()["data"]

    async def order(self, *items, **changes):
        answer = await self.post("/orders", {"items": list(items or [ITEM])} | changes)
        assert answer.status_code == 201, answer.text
        return answer.json()["data"]

    async def checkout(self, order, **changes):
        return await self.post(f"/orders/{order['id']}/checkout", {"currency": order["currency"]} | changes)

    async def standing(self, order, **query):
        return (await self.get(f"/orders/{order['id']}/payment-status", **query)).json()["data"]

    async def paid_order(self, *items, **changes):
        """An order that is paid, and its payment."""
        order = await self.order(*items, **changes)
        payment = (await self.checkout(order)).json()["data"]
        self.bank.pays(payment["providerReference"], minor(order["payable"]))
        assert (await self.standing(order, refresh="true"))["orderStatus"] == "paid"
        return order, payment

    async def settlements(self, **query):
        return (await self.get("/settlements", **query)).json()["data"]

    async def rows(self, statement):
        return await self.core.store.migrate(lambda connection: connection.exec_driver_sql(statement).all())


def minor(text):
    return int(text.replace(".", ""))


def silent(why="timeout"):
    return NoAnswer(why)


@asynccontextmanager
async def open_thai_shop(folder, storage, *, has_method=True, refunds=True, **changes):
    bank = Bank()
    record = {"currencies": frozenset({"THB"})} | ({"refund": bank.refund} if refunds else {})
    url = storage.get("database_url", "")
    async with open_house(folder, database_url=url, providers=[bank.factory(**record)], **changes) as house:
        shop = Shop(bank=bank, **vars(house))
        if has_method:
            await shop.method()
        yield shop
