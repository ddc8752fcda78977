"""A minimal shop of orders with Thai taxes in plain ASGI, right by the rules, with bugs that BUGS switches on.

Its time is set by POST /test/time; it asks its provider when its time is set, and when a webhook says so.
"""

import asyncio
import json
import os
import re
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from fractions import Fraction

import httpx

from tests.mutants.meeting import Meeting
from tests.mutants.thai_hooks import Hooks, Refused
from tests.mutants.thai_sums import Line, half_up, line_money, sums

LIFE_MS, LOOKED_FOR_MS = 900_000, 3_600_000  # how long a payment can be paid, and how long it is looked for afterwards
LARGEST = 9_999_999_999_999_99
PAID = ("paid", "partially_refunded", "refunded")
TAKEN = (201, 200)  # what the provider answers when it has done what was asked
SUMS = ("subtotal", "vat", "total", "withholding", "payable")


class ThaiShop(Hooks):
    def __init__(self, *, provider, keys, form, hook_secrets, retired, bugs=(), now_ms=1_770_768_000_000):
        self.bugs, self.keys, self.now_ms = set(bugs), keys, now_ms
        self.form, self.hook_secrets, self.retired = form, hook_secrets, retired
        self.provider = provider
        self.orders, self.payments, self.known, self.inbox = {}, {}, {}, {}
        self.refunds, self.early, self.charging = [], set(), False
        self.lock, self.meeting = asyncio.Lock(), Meeting()

    def has(self, *bugs):
        return any(bug in self.bugs for bug in bugs)

    # HTTP

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers = {key.decode("latin-1"): value.decode("latin-1") for key, value in scope["headers"]}
        try:
            status, answer = await self.route(scope["method"], scope["path"], headers, body)
        except Refused as refused:
            status, answer = refused.status, {"error": str(refused)}
        except Exception as error:  # noqa: BLE001  a shop that fails says 500
            status, answer = 500, {"error": repr(error)}
        await send(
            {"type": "http.response.start", "status": status, "headers": [(b"content-type", b"application/json")]}
        )
        await send({"type": "http.response.body", "body": json.dumps(answer).encode()})

    async def route(self, method, path, headers, raw):
        if path == "/test/time":
            await self.set_time(json.loads(raw)["now_ms"])
            return 200, {}
        if path == "/ready":
            return 200, {}
        if path == "/hooks":
            if self.charging:  # the provider may be telling of the very charge whose answer is waited for
                return 200, await self.hook(headers, raw)
            async with self.lock:
                return 200, await self.hook(headers, raw)
        owner = self.keys.get(headers.get("authorization", "").removeprefix("Bearer "))
        if owner is None:
            raise Refused(401, "unauthorized")
        parts = path.strip("/").split("/")
        if parts[0] != "orders" or len(parts) > 3:
            raise Refused(404, "no_such_path")
        action = parts[2] if len(parts) == 3 else "read" if len(parts) == 2 else "create"
        if method == "GET" and action in ("read", "status"):
            order = self.order_of(parts[1], owner, action)
            return 200, self.shown(order, read=True) if action == "read" else self.status_of(order)
        if method != "POST" or action not in ("create", "checkout", "refunds"):
            raise Refused(404, "no_such_path")
        body = self.body_of(raw)
        return await self.keyed(
            owner, path, headers.get("idempotency-key"), body, self.work(action, parts, owner, body)
        )

    def work(self, action, parts, owner, body):
        if action == "create":
            return lambda: self.create(owner, body)
        if action == "checkout":
            return lambda: self.checkout(self.order_of(parts[1], owner, "checkout"), body)
        return lambda: self.refund(self.order_of(parts[1], owner, "refund"), body)

    def body_of(self, raw):
        try:
            body = json.loads(raw)
        except (ValueError, RecursionError):
            raise Refused(400, "malformed") from None
        if not isinstance(body, dict):
            raise Refused(422, "malformed")
        return body

    async def keyed(self, owner, path, key, body, work):
        """The work under the lock, and once for a key."""
        racy = self.has("order-key-racy") and path == "/orders"
        racy = (
            racy or (self.has("checkout-racy") and "checkout" in path) or (self.has("refund-racy") and "refund" in path)
        )
        ignored = ("order-key-ignored" if path == "/orders" else "refund-key-ignored",)
        place = (owner, path, key) if key and not self.has(*ignored) else None
        if racy:
            return await self.once(place, body, work, racy=True)
        async with self.lock:
            return await self.once(place, body, work)

    async def once(self, place, body, work, *, racy=False):
        if place in self.known:
            before, answer = self.known[place]
            reused = "order-key-reuse-taken" if place[1] == "/orders" else "refund-key-reuse-taken"
            if before is not None and before != body and not self.has(reused):
                raise Refused(422, "key_reused")
            if isinstance(answer, Refused):
                raise answer
            return answer
        if racy and place:
            await self.meeting()
        try:
            status, answer = await work()
        except Refused as refused:
            if place and self.has("order-key-spent"):
                self.known[place] = (None, refused)
            raise
        if place:
            self.known[place] = (body, (status, answer))
        return status, answer

    # Reading what was ordered

    def decimal(self, value, places):
        """A plain decimal of at most so many places."""
        if isinstance(value, bool) and not self.has("true-is-one"):
            raise Refused(422, "expected a decimal")
        if not isinstance(value, str | int):
            if self.has("odd-values-500"):
                return Decimal(value["value"])
            raise Refused(422, "expected a decimal")
        text = str(int(value)) if isinstance(value, bool) else str(value)
        flags = 0 if self.has("digits-of-any-script") else re.ASCII
        if not re.fullmatch(r"-?\d+(\.\d+)?", text, flags) and not self.has("exponents-taken", "words-500", "nan-500"):
            raise Refused(422, "expected a decimal")
        try:
            number = Decimal(text)
        except InvalidOperation:
            if self.has("words-500"):
                raise
            raise Refused(422, "expected a decimal") from None
        if not number.is_finite() and not self.has("nan-500"):
            raise Refused(422, "expected a number")
        if places is not None and -number.as_tuple().exponent > places:
            raise Refused(422, "too many decimals")
        return number

    def money(self, value, *, negative=False, any_decimals=False):
        number = self.decimal(value, None if any_decimals else 2)
        if number < 0 and not negative:
            raise Refused(422, "below zero")
        return half_up(Fraction(number) * 100)

    def rate(self, value):
        number = self.decimal(value, 4)
        if (number < 0 and not self.has("rate-below-zero")) or (number > 100 and not self.has("rate-above-100")):
            raise Refused(422, "expected a rate of 0 to 100")
        return number

    def line(self, given):
        if not isinstance(given, dict):
            raise Refused(422, "expected a line")
        quantity = self.decimal(given.get("qty"), None if self.has("quantity-four-decimals") else 3)
        if (quantity < 0 and not self.has("quantity-below-zero")) or (not quantity and not self.has("quantity-zero")):
            raise Refused(422, "expected a quantity above zero")
        price = self.money(
            given.get("price"), negative=self.has("price-below-zero"), any_decimals=self.has("price-three-decimals")
        )
        discount = self.money(given.get("less", "0"), negative=self.has("discount-below-zero"))
        vat, held = given.get("vat"), given.get("wht")
        line = Line(
            quantity,
            price,
            discount,
            None if vat == "exempt" else self.rate(vat),
            None if held is None else self.rate(held),
            given.get("mode") == "inclusive",
        )
        right = line_money(line, self.has)
        if right < 0 and not self.has("discount-above-line", "price-below-zero", "quantity-below-zero"):
            raise Refused(422, "the discount is above the line")
        if "total" in given and not self.has("line-claim-unchecked") and self.money(given["total"]) != right:
            raise Refused(422, "total_mismatch")
        return line

    # Orders

    async def create(self, owner, body):
        given, buyer, currency = body.get("lines"), body.get("buyer", "company"), body.get("currency")
        if self.has("currency-any-case") and isinstance(currency, str):
            currency = currency.upper()
        if currency != "THB" and not self.has("currency-any"):
            raise Refused(422, "currency")
        if not isinstance(given, list) and not self.has("lines-500"):
            raise Refused(422, "expected lines")
        most = 199 if self.has("lines-199") else 10_000 if self.has("lines-without-end") else 200
        if not (given or self.has("no-lines-taken")) or len(given) > most:
            raise Refused(422, "expected 1 to 200 lines")
        lines = [self.line(one) for one in given]
        told = sums(lines, buyer == "company", body.get("contract") is True, self.has)
        largest = 10**12 if self.has("largest-lower") else LARGEST
        if told["total"] > largest and not self.has("largest-unchecked"):
            raise Refused(422, "the total is too large")
        if "total" in body:
            self.check_claim(body["total"], told)
        order_id = f"o{len(self.orders) + 1}"
        self.orders[order_id] = order = {"id": order_id, "owner": owner, "state": "open", "told": told, "lines": lines}
        order |= {"company": buyer == "company", "contract": body.get("contract") is True, "currency": currency}
        order |= {"captured": 0, "refunded": 0, "refunds": 0, "reserved": 0}
        return 201, self.shown(order)

    def check_claim(self, claimed, told):
        claimed = self.money(claimed)
        if self.has("claim-trusted"):
            told["total"] = told["payable"] = claimed
        slack = 1 if self.has("claim-within-a-satang") else 0
        if abs(claimed - told["total"]) > slack and not self.has("claim-unchecked"):
            raise Refused(422, "total_mismatch")

    def order_of(self, order_id, owner, action):
        if self.has("unknown-500"):
            return self.orders[order_id]
        order = self.orders.get(order_id)
        if order is None:
            raise Refused(404, "no_such_order")
        if order["owner"] != owner and not self.has(f"foreign-{action}"):
            raise Refused(403 if self.has("foreign-403") else 404, "no_such_order")
        return order

    def text(self, minor):
        if self.has("amounts-as-numbers"):
            return minor / 100
        text = f"{Decimal(minor).scaleb(-2):f}"
        if self.has("amounts-without-zeros"):
            return text.rstrip("0").rstrip(".")
        return f"{minor / 100:.7g}" if self.has("amounts-of-seven-digits") and minor > 10**7 else text

    def shown(self, order, *, read=False):
        told = order["told"]
        if read and self.has("read-without-discounts"):
            lines = [Line(**{**one.__dict__, "discount": 0}) for one in order["lines"]]
            told = sums(lines, order["company"], order["contract"], self.has)
        if read and self.has("read-forgets-the-contract"):
            told = sums(order["lines"], order["company"], False, self.has)
        return {
            "id": order["id"],
            "state": order["state"],
            **{name: self.text(told[name]) for name in SUMS},
            "lines": [{name: self.text(value) for name, value in line.items()} for line in told["lines"]],
            "groups": [group | {name: self.text(group[name]) for name in ("base", "vat")} for group in told["groups"]],
            "withheld": [
                group | {name: self.text(group[name]) for name in ("base", "amount")} for group in told["withheld"]
            ],
        }

    def status_of(self, order):
        return {"state": order["state"]} | {name: self.text(order[name]) for name in ("captured", "refunded")}

    # Payments

    async def checkout(self, order, body):
        if body.get("currency") != order["currency"] and not self.has("checkout-currency-unchecked"):
            raise Refused(422, "currency_mismatch")
        if (order["state"] in PAID and not self.has("checkout-of-paid")) or order["state"] == "review":
            raise Refused(409, "order_not_payable")
        mine = [one for one in self.payments.values() if one["order"] == order["id"]]
        open_now = [one for one in mine if one["state"] == "open" or self.has("dead-offered")]
        if open_now and not self.has("checkout-twice"):
            await self.charge(order, open_now[0])
            return 200, self.payment_shown(open_now[0])
        if self.has("checkout-racy"):
            await self.meeting()
        asked = order["told"]["payable"]
        if self.has("checkout-asks-total"):
            asked = order["told"]["total"]
        if self.has("checkout-asks-subtotal"):
            asked = order["told"]["subtotal"]
        payment_id = f"p{len(self.payments) + 1}"
        self.payments[payment_id] = payment = {"id": payment_id, "order": order["id"], "amount": asked, "state": "open"}
        life = LIFE_MS - (60_000 if self.has("expires-early") else 0)
        payment |= {"expires": self.now_ms + life, "charge": None}
        await self.charge(order, payment)
        return 201, self.payment_shown(payment)

    async def charge(self, order, payment):
        """The provider's charge of a payment: asked for again, under the same reference, until it is known."""
        if payment["charge"] is not None:
            return
        charged = order["told"]["total"] if self.has("charge-differs") else payment["amount"]
        wanted = {
            "amount": f"{Decimal(charged).scaleb(-2):f}",
            "currency": order["currency"],
            "reference": payment["id"],
        }
        self.charging = True
        try:
            answer = await self.provider.post("/charges", json=wanted)
        finally:
            self.charging = False
        if answer.status_code not in TAKEN:
            raise Refused(503, "provider_unavailable")
        payment["charge"] = charge = answer.json()["id"]
        order["state"] = "paid" if self.has("paid-at-checkout") else "awaiting"
        if charge in self.early:
            with suppress(Refused):  # the provider is down: the next turn asks again
                self.apply(payment, await self.ask(payment))

    def payment_shown(self, payment):
        return {name: payment[name] for name in ("id", "charge", "expires")} | {"amount": self.text(payment["amount"])}

    async def ask(self, payment):
        """What the provider says of a payment. Raises Refused where it says nothing."""
        answer = await self.provider.get(f"/charges/{payment['charge']}")
        if answer.status_code != 200:
            if self.has("hook-outage-500"):
                answer.raise_for_status()
            raise Refused(503, "provider_unavailable")
        return answer.json()

    def fits(self, payment, snapshot):
        minor, asked = half_up(Fraction(snapshot["amount"]) * 100), payment["amount"]
        if snapshot["currency"] != "THB" and not self.has("paid-in-any-currency"):
            return False
        if self.has("total-is-enough") and minor == self.orders[payment["order"]]["told"]["total"]:
            return True
        if self.has("amount-at-least"):
            return minor >= asked
        slack = 1 if self.has("amount-within-a-satang") else asked * 20 if self.has("amount-unchecked") else 0
        return abs(minor - asked) <= slack

    def apply(self, payment, snapshot):
        """What the provider says, into the order: the only place where a payment is paid."""
        order = self.orders[payment["order"]]
        if snapshot["state"] != "paid" or payment["state"] in ("paid", "misfit", "final"):
            return
        if not self.fits(payment, snapshot):
            if not self.has("misfit-dropped"):
                payment["state"] = "misfit"
                order["state"] = order["state"] if order["state"] in PAID else "review"
            return
        ends = payment["expires"] - (30_000 if self.has("last-seconds-late") else 0)
        late = payment["state"] == "dead" or ends <= self.now_ms
        if late and self.has("late-lost"):
            return
        payment["state"] = "paid"
        order["captured"] += payment["amount"]
        if order["state"] in PAID:
            if not self.has("paid-twice-silent"):
                order["state"] = "review"
        else:
            order["state"] = "review" if late and not self.has("late-is-paid") else "paid"

    async def set_time(self, now_ms):
        async with self.lock:
            self.now_ms = now_ms
            for payment in list(self.payments.values()):
                with suppress(Refused):  # the provider is down: the next turn asks again
                    await self.tend(payment)
            for refund in self.refunds:
                if refund["state"] == "pending":
                    await self.push(refund)
            if self.has("paid-forgotten"):
                for order in self.orders.values():
                    order["state"] = "expired" if order["state"] == "paid" and self.is_old(order) else order["state"]

    def is_old(self, order):
        return all(one["expires"] < self.now_ms for one in self.payments.values() if one["order"] == order["id"])

    async def tend(self, payment):
        order = self.orders[payment["order"]]
        looked_for = payment["state"] in ("open", "dead") and self.now_ms < payment["expires"] + LOOKED_FOR_MS
        if looked_for and payment["charge"] is not None and not self.has("nobody-looks"):
            self.apply(payment, await self.ask(payment))
        if payment["state"] == "misfit" and self.has("misfit-expires") and payment["expires"] <= self.now_ms:
            order["state"] = "expired"
        if payment["state"] == "open" and payment["expires"] <= self.now_ms and not self.has("never-expires"):
            payment["state"] = "dead"
            order["state"] = "expired" if order["state"] == "awaiting" else order["state"]

    # Refunds

    async def refund(self, order, body):
        paid = [one for one in self.payments.values() if one["order"] == order["id"] and one["state"] == "paid"]
        mine = [one for one in self.payments.values() if one["order"] == order["id"]]
        if not paid and not (mine and self.has("refund-of-unpaid")):
            raise Refused(409, "payment_not_refundable")
        payment = (paid or mine)[0]
        left = payment["amount"] - (0 if self.has("refund-sum-unchecked") else order["reserved"])
        amount = self.refund_amount(body, payment, left)
        if self.has("refund-racy"):
            await self.meeting()
        if (amount > left and not self.has("refund-over")) or (amount >= left and self.has("refund-of-rest-refused")):
            raise Refused(409, "refund_exceeds_balance")
        taken = self.has("refund-of-nothing") if amount == 0 else self.has("refund-below-zero")
        if amount <= 0 and not taken:
            raise Refused(409 if "amount" not in body else 422, "expected an amount above zero")
        order["reserved"] += amount
        order["refunds"] += 1
        wanted = {"amount": f"{Decimal(amount).scaleb(-2):f}", "reference": f"{payment['id']}-{order['refunds']}"}
        self.refunds.append(made := {"payment": payment, "amount": amount, "wanted": wanted, "state": "pending"})
        await self.push(made)
        if made["state"] == "failed":
            raise Refused(409, "refund_refused")
        return 201, {"id": wanted["reference"], "amount": self.text(amount)}

    async def push(self, refund):
        """Send a refund, under its one reference: until it is answered it is neither done nor failed."""
        payment, status = refund["payment"], TAKEN[0]
        order = self.orders[payment["order"]]
        if not self.has("refund-untold"):
            sent = await self.provider.post(f"/charges/{payment['charge']}/refunds", json=refund["wanted"])
            status = sent.status_code
        if status in TAKEN:
            refund["state"] = "completed"
            order["refunded"] += refund["amount"]
            if not self.has("refund-state-kept"):
                order["state"] = "refunded" if order["refunded"] >= payment["amount"] else "partially_refunded"
        elif status < 500:
            refund["state"] = "failed"
            order["reserved"] -= refund["amount"]

    def refund_amount(self, body, payment, left):
        if "amount" not in body:
            return payment["amount"] if self.has("refund-whole-again") else left
        return self.money(
            body["amount"], negative=self.has("refund-below-zero"), any_decimals=self.has("refund-rounded")
        )


def from_environment():
    """The shop as a program, started by `verify service --config tests/mutants/thai_shop.yaml`."""
    return ThaiShop(
        provider=httpx.AsyncClient(base_url=os.environ["PROVIDER_URL"], timeout=60, trust_env=False),
        keys={os.environ["API_KEY"]: "one", os.environ["OTHER_KEY"]: "other"},
        form="header-pair",
        hook_secrets=os.environ["HOOK_SECRETS"].split(),
        retired="",
        bugs=os.environ.get("BUGS", "").split(),
    )
