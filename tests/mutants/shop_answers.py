"""What the shop makes of Bakong's answers: a payment's state, and whose money it is; with the bugs of both."""

from decimal import Decimal

import httpx

NEEDED = ("amount", "currency", "toAccountId")
MERCHANT = "sandbox_merchant@sand"


class Answers:
    """The part of the shop that asks Bakong. See `shop`."""

    async def check(self, payment):
        """Ask Bakong, and record what it says."""
        final = {"paid"} if not self.has("paid-not-final", "paid-expires") else set()
        if self.has("late-dropped"):
            final |= {"expired", "failed"}
        if self.has("failed-final"):
            final |= {"failed"}
        if payment["state"] in final or payment.get("busy"):
            if self.has("paid-asked-on"):
                await self.ask(payment["id"])
            return
        if self.has("late-an-hour") and self.now_ms > payment["expires"] + 3_600_000:
            return
        if self.has("timeout-late-lost") and payment.get("waited") and payment["state"] == "expired":
            return
        ends = payment["expires"] + (1000 if self.has("expiry-late") else -1000 if self.has("expiry-early") else 0)
        over = self.now_ms > ends if self.has("expiry-off-by-one") else self.now_ms >= ends
        if self.has("expired-before-asking") and over and payment["state"] == "open":
            payment["state"] = "expired"
            self.tell("payment.expired", payment)
            return
        answer = await self.ask(payment["id"])
        if self.has("timeout-final") and payment["state"] == "timeout":
            return
        if self.has("paid-expires") and payment["state"] == "paid" and over:
            payment["state"] = "expired"
            return
        if answer is None:
            self.unread = True
            spent = self.has("spent-expires") and self.now_ms < self.quiet_until
            if (spent or self.has("expired-in-outage")) and over:
                payment |= {"state": "expired", "busy": True}
            if self.has("outage-fails"):
                payment["state"] = "failed"
            if self.has("outage-500"):
                raise RuntimeError("Bakong is down")
            return
        code, data = answer.get("errorCode"), answer.get("data")
        if code is None and isinstance(data, dict) and self.matches(payment, self.granted(payment) | data):
            await self.settle(payment)
        elif self.has("codes-fail") and code not in (None, 1) and payment["state"] == "open":
            payment["state"] = "failed"
        elif code not in (None, 1, 3) and not self.has("refusal-expires"):
            self.silent = True
        elif code == 3 and payment["state"] in ("open", "timeout"):
            payment["state"] = (
                "paid" if self.has("failed-is-paid") else "open" if self.has("failed-ignored") else "failed"
            )
            if payment["state"] == "failed":
                self.tell("payment.failed", payment)
        elif self.has("expired-told-again") and over and payment["state"] == "expired":
            self.tell("payment.expired", payment)
        elif self.has("paid-not-final") and payment["state"] == "paid":
            payment["state"] = "open"
        elif self.has("failed-expires") and over and payment["state"] == "failed":
            payment["state"] = "expired"
        elif over and payment["state"] in ("open", "timeout") and not self.has("expiry-never"):
            payment["state"] = "expired"
            if not self.has("expired-untold"):
                self.tell("payment.expired", payment)

    def granted(self, payment):
        """What is taken for granted where an answer does not say it: nothing, but by a bug."""
        amount = Decimal(payment["minor"]) / (100 if payment["currency"] == "USD" else 1)
        right = {"amount": amount, "currency": payment["currency"], "toAccountId": MERCHANT}
        return {name: value for name, value in right.items() if self.has(f"unsaid-{name}-fits")}

    def matches(self, payment, data):
        unit = Decimal(100) if data["currency"] == "USD" else Decimal(1)
        minor = Decimal(str(data["amount"])) * unit
        if self.has("amount-at-least"):
            amount = minor >= payment["minor"]
        elif self.has("amount-tolerance"):
            amount = abs(minor - payment["minor"]) <= 1
        else:
            amount = minor == payment["minor"] or self.has("amount-unchecked")
        currency = data["currency"] == payment["currency"] or self.has("currency-unchecked")
        if self.has("currency-unchecked"):
            amount = Decimal(str(data["amount"])) * (100 if payment["currency"] == "USD" else 1) == payment["minor"]
        if self.has("currency-by-number") and not currency:
            amount = currency = minor == payment["minor"]
        if self.has("currency-converted") and not currency:
            riel = (minor * 40, payment["minor"]) if data["currency"] == "USD" else (minor, payment["minor"] * 40)
            amount = currency = riel[0] == riel[1]
        return amount and currency and self.receives(data["toAccountId"])

    def receives(self, account):
        if self.has("account-by-user"):
            return account.partition("@")[0] == MERCHANT.partition("@")[0]
        if self.has("account-by-bank"):
            return account.partition("@")[2] == MERCHANT.partition("@")[2]
        if self.has("account-any-case"):
            return account.lower() == MERCHANT
        if self.has("account-by-prefix"):
            return account.startswith(MERCHANT)
        return account == MERCHANT or self.has("account-unchecked")

    async def ask(self, md5):
        if self.now_ms < self.quiet_until:
            self.silent = True
            return None
        try:
            response = await self.ask_bakong(md5)
            if (
                self.has("garbage-is-paid")
                and response.status_code == 200
                and not response.content.startswith(b'{"responseCode":1')
            ):
                payment = self.payments[md5]
                currency = payment["currency"]
                amount = payment["minor"] / (100 if currency == "USD" else 1)
                return {"errorCode": None, "data": {"amount": amount, "currency": currency, "toAccountId": MERCHANT}}
            answer = response.json()
            good = response.status_code == 200 and isinstance(answer, dict) and self.complete(answer)
            self.silent = not good
            if good and answer.get("errorCode") == 17 and not self.has("quota-hammered"):
                self.quiet_until = self.tomorrow()
                return None
            return answer if good else None
        except (httpx.HTTPError, ValueError):
            self.silent = True
            if self.has("reset-500"):
                raise
            return None

    async def ask_bakong(self, md5):
        return await self.bakong.post("/v1/check_transaction_by_md5", json={"md5": md5})

    def complete(self, answer):
        """Whether an answer says anything: a refusal with its code, or a payment."""
        if answer.get("responseCode") == 1:
            return type(answer.get("errorCode")) is int
        data = answer.get("data")
        return answer.get("responseCode") == 0 and (
            self.has("garbage-is-paid")
            or (isinstance(data, dict) and all(name in data or self.has(f"unsaid-{name}-fits") for name in NEEDED))
        )

    def tomorrow(self):
        """Midnight in Phnom Penh, when the day's calls begin anew."""
        if self.has("quota-for-ever"):
            return 10**15
        ahead = 0 if self.has("quota-utc") else 7 * 3_600_000
        return ((self.now_ms + ahead) // 86_400_000 + 1) * 86_400_000 - ahead

    async def settle(self, payment):
        if payment["state"] == "paid":
            return
        if self.has("double-grant-race"):
            await self.meeting()
        if self.has("webhook-before-commit"):
            payment["busy"] = True
            self.tell("payment.paid", payment)
            await self.deliver()
        before = self.plans.get(payment["user"], {}).get("ends")
        again = self.has("told-twice-race")
        if not again:
            payment |= {"state": "paid", "paid_at": payment["created"] if self.has("paid-at-creation") else self.now_ms}
        if self.has("lost-grant-race", "told-twice-race"):
            await self.meeting()
        if not (again and payment["state"] == "paid"):
            payment |= {"state": "paid", "paid_at": payment.get("paid_at", self.now_ms)}
            self.grant(payment)
        if self.has("lost-grant-race") and payment["kind"] == "cycle":
            self.plans[payment["user"]]["ends"] = (before or self.now_ms // 1000) + 2_592_000
        if payment.pop("busy", None):
            return
        self.tell("payment.paid", payment)
        if self.has("told-twice"):
            self.tell("payment.paid", payment)
