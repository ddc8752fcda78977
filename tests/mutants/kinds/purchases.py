"""Bugs of what buys something other than a first order: upgrades, bills, the better plan, riel, late money."""

from decimal import Decimal


class Purchases:
    """Mixed into the shop."""

    def what(self, payment):
        """The words by which a bug names a payment: its kind, plan, currency, and whether it is late."""
        yield payment["kind"]
        if payment["kind"] == "cycle" and payment["plan"] == "FULL":
            yield "full"
        if payment["kind"] == "cycle" and payment["currency"] == "KHR":
            yield "riel"
        if payment["kind"] == "cycle" and self.now_ms >= payment["expires"]:
            yield "late"

    def matches(self, payment, data):
        minor = Decimal(str(data["amount"])) * (100 if data["currency"] == "USD" else 1)
        right = {
            "amount": minor == payment["minor"],
            "currency": data["currency"] == payment["currency"],
            "account": self.receives(data["toAccountId"]),
        }
        for kind in self.what(payment):
            if self.has(f"{kind}-currency-unchecked"):
                number = Decimal(str(data["amount"])) * (100 if payment["currency"] == "USD" else 1)
                right |= {"currency": True, "amount": number == payment["minor"] or minor == payment["minor"]}
            if self.has(f"{kind}-amount-unchecked"):
                right["amount"] = True
            if self.has(f"{kind}-amount-at-least"):
                right["amount"] = minor >= payment["minor"]
            if self.has(f"{kind}-amount-near"):
                right["amount"] = abs(minor - payment["minor"]) <= 1
            if self.has(f"{kind}-amount-of-any-plan"):
                prices = [price[payment["currency"]] for price in self.prices.values()]
                right["amount"] = minor in (payment["minor"], *prices)
            if self.has(f"{kind}-account-unchecked"):
                right["account"] = True
            if self.has(f"{kind}-account-by-bank"):
                right["account"] = data["toAccountId"].endswith("@sand")
            if any(bug.startswith(f"{kind}-") for bug in self.bugs):
                return all(right.values())
        return super().matches(payment, data)

    def grant(self, payment):
        if payment["kind"] == "bill" and self.has("bill-grants-full"):
            payment = payment | {"plan": "FULL"}
            self.plans[payment["user"]]["plan"] = "FULL"
        if payment["kind"] == "upgrade" and self.has("upgrade-pays-a-cycle"):
            self.plans[payment["user"]]["ends"] += 2_592_000
        super().grant(payment)
        if payment["kind"] == "cycle" and self.now_ms >= payment["expires"] and self.has("late-granted-twice"):
            super().grant(payment)
        if payment["kind"] == "bill" and self.has("bill-withdraws-downgrade"):
            self.plans[payment["user"]] |= {"pending": None, "pending_at": None}

    async def upgrade(self, body):
        answer = await super().upgrade(body)
        payment = answer["payment"]
        if payment and self.has("quote-retold"):
            exact = self.price(self.plans[payment["user"]])
            answer = answer | {"amount": exact / 100 if payment["currency"] == "USD" else exact}
        if payment and self.has("quote-told-as-difference"):
            return answer | {"amount": 0.5 if payment["currency"] == "USD" else 2000}
        return answer

    def open_bill(self, held):
        bill = super().open_bill(held)
        if bill is None:
            dead = held and self.payments.get(held.get("bill"))
            if dead and dead["state"] == "expired" and self.has("bill-dead-stands"):
                return dead
            return None
        if self.has("bills-many"):
            return None
        if self.has("bill-10-minutes") and self.now_ms > bill["created"] + 600_000:
            return None
        return bill

    def bill_fits(self, bill, held, plan):
        if self.has("bill-outlives-upgrade") and held["plan"] == "FULL" and not held["pending"]:
            return True
        if self.has("bill-outlives-downgrade") and held["pending"]:
            return True
        return super().bill_fits(bill, held, plan)

    async def renew(self, body, key):
        if self.has("bill-racy"):
            held = self.plans.get(body.get("user"))
            if held and not self.open_bill(held):
                await self.meeting()
                held.pop("bill", None)
        answer = await super().renew(body, key)
        if self.has("bill-retold") and answer["payment"]["created"] < self.now_ms:
            return {"payment": answer["payment"] | {"amount": answer["payment"]["amount"] * 2}}
        if self.has("bill-told-as-full"):
            return {"payment": answer["payment"] | {"amount": 1.0}}
        return answer
