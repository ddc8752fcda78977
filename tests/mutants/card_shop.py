"""A small correct shop that is paid by card, with bugs that it can be given.

`answer` is the whole shop without a network; the object itself is an ASGI app around it. Its provider is the harness's.
"""

import asyncio
import hashlib
import json
import threading
from decimal import Decimal

import httpx

from bakong_contracts.webhook_guard import HEADER_PAIR, Guard, RejectedError

SECRET = "sandbox-secret-of-a-card-shop"
LIFE_MS, LOOKED_FOR_MS = 900_000, 90_000_000
BACK = ("partially_refunded", "refunded")


class Refused(Exception):
    """An answer that refuses."""

    def __init__(self, status, word):
        super().__init__(word)
        self.status = status


class CardShop:
    def __init__(self, provider, bugs=(), now_ms=1_770_768_000_000):
        self.provider, self.bugs, self.now_ms = provider, set(bugs), now_ms
        self.orders, self.payments, self.refunds, self.inbox, self.unmatched = {}, {}, {}, {}, []
        self.lock, self.meeting, self.numbers = threading.RLock(), threading.Barrier(2), iter(range(1, 10**6))

    def has(self, *bugs):
        return any(bug in self.bugs for bug in bugs)

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        status, answer = await asyncio.to_thread(self.answer, scope["method"], scope["path"], headers, body)
        start = {"type": "http.response.start", "status": status, "headers": [(b"content-type", b"application/json")]}
        await send(start)
        await send({"type": "http.response.body", "body": json.dumps(answer).encode()})

    def handle(self, request):
        """For httpx.MockTransport."""
        status, answer = self.answer(request.method, request.url.path, request.headers, request.content)
        return httpx.Response(status, json=answer)

    def answer(self, method, path, headers, raw):
        try:
            return self.route(method, path, headers, raw)
        except Refused as refused:
            return refused.status, {"error": str(refused)}
        except Exception as error:  # noqa: BLE001  a shop that fails says 500
            return 500, {"error": repr(error)}

    def route(self, method, path, headers, raw):
        body = json.loads(raw or b"{}")
        if path == "/test/time":
            self.now_ms = body["now_ms"]
            with self.lock:
                self.tick()
            return 200, {}
        if path == "/hooks":
            return 200, self.hook(headers, raw, body)
        if path == "/orders":
            return self.create(body)
        order = self.orders.get(path.split("/")[2])
        if order is None:
            raise Refused(404, "unknown")
        action = path.split("/")[3]
        if action == "checkout" and not self.has("checkout-racy"):
            with self.lock:
                return self.checkout(order)
        return {
            "checkout": self.checkout,
            "status": self.status,
            "refunds": self.refund,
            "capture": self.capture,
            "cancel": self.cancel,
        }[action](*((order, body) if action == "refunds" else (order,)))

    def ask(self, method, path, body=None):
        """The provider's status and answer. A status of 0 stands for no answer."""
        status, answer = self.provider.answer(method, path, body or {})
        return (0, {}) if status == 503 else (status, answer)

    def meet(self):
        """Two who race are let on together; alone it is waited for a moment."""
        try:
            self.meeting.wait(0.2)
        except threading.BrokenBarrierError:
            self.meeting.reset()

    # Orders and payments

    def create(self, body):
        number = f"o{next(self.numbers)}"
        lines = [Decimal(line["price"]) * Decimal(line["qty"]) for line in body["lines"]]
        minor = int(sum(lines) * 107)  # 7 % of VAT; the prices here leave no fraction
        self.orders[number] = {"id": number, "state": "open", "amount": minor, "captured": 0, "flagged": False}
        return 201, {"id": number, "state": "open"}

    def open_payment(self, order):
        rows = [one for one in self.payments.values() if one["order"] == order["id"] and one["state"] == "open"]
        return rows[-1] if rows else None

    def checkout(self, order):
        if order["state"] in ("paid", "review", "cancelled", *BACK):
            raise Refused(409, "not_payable")
        payment = None if self.has("checkout-anew") else self.open_payment(order)
        if self.has("checkout-racy"):
            self.meet()
        if payment is None or (self.has("unanswered-forgotten") and payment["charge"] is None):
            number = f"p{next(self.numbers)}"
            payment = {"id": number, "order": order["id"], "state": "open", "charge": None, "reported": set()}
            payment |= {"expires": self.now_ms + LIFE_MS, "amount": order["amount"], "money": None}
            if not self.has("row-afterwards"):
                self.payments[number] = payment
        if payment["charge"] is None:
            self.make(order, payment)
        if order["state"] in ("open", "expired"):
            order["state"] = "awaiting"
        self.payments[payment["id"]] = payment
        self.match()
        told = {"id": payment["id"], "charge": payment["charge"], "amount": text(order["amount"])}
        return 201, told

    def make(self, order, payment):
        reference = f"{payment['id']}-{next(self.numbers)}" if self.has("reference-anew") else payment["id"]
        asked = {"amount": text(order["amount"]), "currency": "THB", "reference": reference}
        status, answer = self.ask("POST", "/charges", asked)
        if status != 201:
            if self.has("unanswered-is-paid"):
                order["state"] = "paid"
            if self.has("unanswered-ends"):
                payment["state"] = "failed"
            raise Refused(500 if self.has("unanswered-500") else 504, "provider_timeout")
        payment["charge"] = answer["id"]

    def tick(self):
        """What is due: polls, ends, refunds in doubt, webhooks that nothing was known of."""
        self.match()
        for payment in list(self.payments.values()):
            looked_for = payment["state"] == "open" or (
                payment["state"] == "expired" and not self.has("late-not-looked-for")
            )
            if looked_for and payment["expires"] + LOOKED_FOR_MS > self.now_ms and not self.has("never-polls"):
                self.look(payment)
            hangs = self.has("challenge-never-ends") and "action" in payment["reported"]
            if payment["state"] == "open" and payment["expires"] <= self.now_ms and not hangs:
                self.end(payment)
        for refund in self.refunds.values():
            if refund["state"] == "pending":
                self.push(refund)

    def end(self, payment):
        payment["state"] = "expired"
        order = self.orders[payment["order"]]
        if order["state"] == "awaiting":
            order["state"] = (
                "paid" if self.has("challenge-ends-paid") and "action" in payment["reported"] else "expired"
            )

    def look(self, payment):
        """Ask the provider about a payment."""
        if payment["charge"] is None:
            status, answer = self.ask("POST", "/charges", self.asked(payment))
            payment["charge"] = answer.get("id") if status == 201 else None
            if payment["charge"] is None:
                return
        status, charge = self.ask("GET", f"/charges/{payment['charge']}")
        if status == 200:
            self.apply(payment, charge)
        elif status == 0 and self.has("silent-is-failed"):
            payment["state"], self.orders[payment["order"]]["state"] = "failed", "expired"
        elif status == 0 and self.has("silent-is-paid"):
            self.orders[payment["order"]]["state"] = "paid"

    def cancel(self, order):
        """Take an order back that is not paid: the provider is asked once more."""
        with self.lock:
            payment = self.open_payment(order)
            if payment is not None:
                self.look(payment)
            if order["state"] not in ("open", "awaiting", "expired"):
                raise Refused(409, "not_cancellable")
            order["state"] = "cancelled"
            return 200, {}

    def asked(self, payment):
        return {"amount": text(payment["amount"]), "currency": "THB", "reference": payment["id"]}

    def apply(self, payment, charge):
        """The one rule of what a provider's snapshot does."""
        order = self.orders[payment["order"]]
        state = charge["state"]
        as_money = ("paid", *(["held"] if self.has("held-is-paid") else []), *(["action"] * self.has("action-is-paid")))
        if state not in as_money:
            return
        if payment["state"] == "paid":
            if self.has("counted-each-time"):
                order["captured"] += payment["amount"]
            if self.has("dispute-forgotten"):
                order["state"] = "paid"
            return
        payment["state"] = "paid"
        if (charge["amount"], charge["currency"]) != (text(payment["amount"]), "THB"):
            order |= {"state": "review", "flagged": True}
            return
        if order["captured"]:
            self.double(order, payment)
            return
        order["captured"] += payment["amount"]
        payment["kept"] = True
        order["state"] = "review" if order["flagged"] else "paid"

    def double(self, order, payment):
        """A second payment of an order goes back."""
        if self.has("double-kept"):
            return
        if self.has("double-reviewed"):
            order["state"] = "review"
        amount = payment["amount"] // 2 if self.has("double-half") else payment["amount"]
        targets = [one for one in self.payments.values() if one["order"] == order["id"] and one["state"] == "paid"]
        for one in targets if self.has("double-both") else [payment]:
            self.push(self.new_refund(one, amount))
        if self.has("double-every-look"):
            payment["state"] = "expired"

    # Webhooks

    def hook(self, headers, raw, event):
        try:
            Guard(HEADER_PAIR, [SECRET]).check(headers, raw, now_s=self.now_ms // 1000)
        except RejectedError as error:
            raise Refused(401, error.code) from None
        with self.lock:
            seen = self.inbox.setdefault(event["id"], hashlib.sha256(raw).hexdigest())
            if seen != hashlib.sha256(raw).hexdigest():
                raise Refused(409, "event_reused")
        with self.lock:
            return self.happened(event)

    def payment_of(self, data):
        if self.has("believes-payment-id"):
            return self.payments.get(data["payment"])
        return next((one for one in self.payments.values() if one["charge"] == data["charge"]), None)

    def happened(self, event):
        data, kind = event["data"], event["type"].removeprefix("charge.")
        payment = self.payment_of(data)
        if payment is None:
            if self.has("early-404"):
                raise Refused(404, "unknown")
            if self.has("early-500"):
                raise KeyError(data["charge"])
            if self.has("early-409"):
                raise Refused(409, "unknown")
            self.unmatched.append(event)
            return {}
        if self.has("challenge-refused") and kind == "action":
            raise Refused(422, "unknown_event")
        order = self.orders[payment["order"]]
        payment["reported"].add(kind)
        if kind == "disputed":
            return self.dispute(order)
        if kind in ("action", "failed", "pending"):
            self.not_yet(kind, payment, order)
            return {}
        if self.has("believes-payment-id"):
            self.apply(payment, {"state": "paid", "amount": text(payment["amount"]), "currency": "THB"})
            return {}
        self.look(payment)
        return {}

    def not_yet(self, kind, payment, order):
        if kind == "action" and self.has("action-reopens"):
            order["state"] = "awaiting"
        if kind == "action" and self.has("action-expires"):
            order["state"] = "expired"
        if kind == "action" and self.has("action-reviews"):
            order["state"] = "review"
        if kind == "failed" and self.has("failed-takes-back") and payment["state"] == "paid":
            order["state"] = "expired"
        if kind == "failed" and self.has("failed-ends") and payment["state"] == "open":
            payment["state"], order["state"] = "failed", "expired"
        if kind == "failed" and self.has("failed-reviews") and payment["state"] == "open":
            order["state"] = "review"
        if kind == "pending" and self.has("pending-reopens"):
            order["state"], payment["state"] = "awaiting", "open"

    def dispute(self, order):
        if self.has("dispute-500"):
            raise KeyError("dispute")
        if self.has("dispute-twice-refused") and order["flagged"]:
            raise Refused(409, "duplicate")
        if self.has("dispute-refunds"):
            payment = next(one for one in self.payments.values() if one["order"] == order["id"])
            self.push(self.new_refund(payment, payment["amount"]))
        if not self.has("dispute-ignored"):
            order |= {"state": "review", "flagged": not self.has("dispute-refundable")}
        if self.has("dispute-flags-alone"):
            order["state"] = "paid"
        return {}

    def match(self):
        """Webhooks that came before their payment was known."""
        kept, self.unmatched = self.unmatched, []
        for event in kept:
            self.happened(event)

    # Money that goes back, and money that is held

    def capture(self, order):
        payment = self.open_payment(order)
        if payment is None:
            raise Refused(409, "nothing_held")
        if self.has("capture-here-alone"):
            order |= {"state": "paid", "captured": order["amount"]}
            return 200, {}
        status, charge = self.ask("POST", f"/charges/{payment['charge']}/capture")
        if status != 200:
            if self.has("capture-failed-is-paid"):
                order["state"] = "paid"
                raise Refused(409, "hold_ended")
            if self.has("capture-failed-is-done"):
                return 200, {}
            if self.has("capture-failed-500"):
                raise RuntimeError(charge)
            raise Refused(409, "hold_ended")
        if not self.has("capture-untold"):
            self.apply(payment, charge)
        else:
            payment["state"] = "failed"
        return 200, {}

    def new_refund(self, payment, amount):
        number = f"r{next(self.numbers)}"
        made = {"id": number, "payment": payment["id"], "amount": amount, "state": "pending"}
        self.refunds[number] = made
        return made

    def given_back(self, order):
        """What is refunded, or being refunded, of an order's first payment."""
        counted = ("completed",) if self.has("pending-not-counted") else ("pending", "completed")
        counted += ("failed",) if self.has("refused-counts") else ()
        return sum(
            one["amount"]
            for one in self.refunds.values()
            if one["state"] in counted and self.payments[one["payment"]]["order"] == order["id"] and "order" in one
        )

    def refund(self, order, body):
        with self.lock:
            return self.refund_of(order, body)

    def refund_of(self, order, body):
        if order["flagged"]:
            raise Refused(500 if self.has("disputed-refund-500") else 409, "payment_disputed")
        if not order["captured"]:
            raise Refused(409, "not_refundable")
        left = order["captured"] - self.given_back(order)
        amount = int(Decimal(body["amount"]) * 100) if "amount" in body else left
        if amount <= 0 or amount > left:
            raise Refused(409, "refund_exceeds_balance")
        payment = next(one for one in self.payments.values() if one["order"] == order["id"] and "kept" in one)
        refund = self.new_refund(payment, amount) | {"order": order["id"]}
        self.refunds[refund["id"]] = refund
        self.push(refund)
        if refund["state"] == "failed":
            raise Refused(409, "refund_refused")
        return 201, {"id": refund["id"], "state": refund["state"], "amount": text(amount)}

    def push(self, refund):
        charge = self.payments[refund["payment"]]["charge"]
        reference = f"{refund['id']}-{next(self.numbers)}" if self.has("refund-reference-anew") else refund["id"]
        asked = {"amount": text(refund["amount"]), "reference": reference}
        status, _ = self.ask("POST", f"/charges/{charge}/refunds", asked)
        if status == 201:
            refund["state"] = "completed"
        elif status == 0 and not self.has("refund-unanswered-failed"):
            if self.has("refund-unanswered-forgotten"):
                refund["state"] = "lost"
        else:
            refund["state"] = "completed" if self.has("refused-is-completed") else "failed"
            if self.has("refused-reviews"):
                order = self.orders[self.payments[refund["payment"]]["order"]]
                order |= {"state": "review", "flagged": True}

    def status(self, order):
        back = self.given_back(order)
        done = sum(
            one["amount"]
            for one in self.refunds.values()
            if one.get("order") == order["id"] and (one["state"] == "completed" or self.has("refused-is-shown"))
        )
        state = order["state"]
        if state == "paid" and back and not self.has("told-again-is-paid-for-good"):
            state = "refunded" if back == order["captured"] else "partially_refunded"
        if self.has("status-reads-again"):
            for payment in list(self.payments.values()):
                if payment["order"] == order["id"] and payment["state"] == "paid":
                    order["captured"] += payment["amount"]
                    payment["state"] = "seen"
        told = {"state": state, "captured": text(order["captured"]), "refunded": text(done)}
        return 200, told


def text(minor):
    return f"{Decimal(minor).scaleb(-2):.2f}"
