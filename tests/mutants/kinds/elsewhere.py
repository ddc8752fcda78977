"""Bugs as other engineers would make them, of money, silence, names and keys; made without a look at the rules."""

import unicodedata
from decimal import Decimal
from urllib.parse import unquote

from tests.mutants.shop_plans import CYCLE_S, Problem

DAY_S = 86_400
SAME_NAME = {
    "zero-width": lambda name: name.replace("\u200b", "").replace("\u200d", ""),
    "nfkc": lambda name: unicodedata.normalize("NFKC", name),
    "casefold": str.casefold,
    "plus-cut": lambda name: name.partition("+")[0],
    "without-dots": lambda name: name.replace(".", ""),
    "without-zeros": lambda name: name.lstrip("0"),
    "words": lambda name: " ".join(name.split()),
    "hash-cut": lambda name: name.partition("#")[0],
    "decoded-twice": unquote,
    "bytes-64": lambda name: name.encode()[:64].decode("utf-8", "ignore"),
}


class Elsewhere:
    """Mixed into the shop."""

    def __init__(self, **facts):
        super().__init__(**facts)
        self.used = {}

    # Money

    def exact(self, held, old, new):
        if self.has("priced-from-midnight"):
            at, self.now_ms = self.now_ms, self.now_ms // (DAY_S * 1000) * DAY_S * 1000
            try:
                return super().exact(held, old, new)
            finally:
                self.now_ms = at
        if self.has("priced-from-last-payment"):
            at, self.now_ms = self.now_ms, max(held.get("paid_s", 0), held["ends"] - CYCLE_S) * 1000
            try:
                return super().exact(held, old, new)
            finally:
                self.now_ms = at
        return super().exact(held, old, new)

    def matches(self, payment, data):
        if self.has("riel-hundredth-pays") and payment["currency"] == data["currency"] == "KHR":
            return super().matches(payment, data) or Decimal(str(data["amount"])) * 100 == payment["minor"]
        if not data and (self.has("empty-data-is-paid") or self.has("null-data-is-paid")):
            return True
        if self.has("account-digits-ignored"):
            letters = "".join(letter for letter in data["toAccountId"] if not letter.isdigit())
            return super().matches(payment, data | {"toAccountId": letters})
        return super().matches(payment, data)

    async def renew(self, body, key):
        held = self.plans.get(body.get("user"))
        if held and self.has("bill-riel-old-price") and held["currency"] == "KHR" and held.get("first"):
            return await super().renew(body, key) if held["pending"] else self.old_bill(held, body["user"])
        return await super().renew(body, key)

    def old_bill(self, held, user):
        made = self.make(user, held["plan"], self.prices[held["first"]]["KHR"], "KHR", "bill") | {"due": held["ends"]}
        self.payments[made["id"]] = made
        return {"payment": made}

    # Silence

    async def ask(self, md5):
        answer = await super().ask(md5)
        payment = self.payments.get(md5)
        if answer is None and payment:
            payment["silences"] = payment.get("silences", 0) + 1
            over = self.now_ms >= payment["expires"]
            if self.has("third-silence-expires") and over and payment["silences"] >= 3 and payment["state"] == "open":
                payment["state"] = "expired"
                self.tell("payment.expired", payment)
            if self.has("silence-of-an-hour-lost") and self.now_ms >= payment["expires"] + 3_600_000:
                payment["unpolled"] = True
        elif answer and self.has("ended-when-it-answers"):
            for one in self.payments.values():
                if (
                    one["id"] != md5
                    and one["state"] == "open"
                    and one.get("silences")
                    and one["expires"] <= self.now_ms
                ):
                    one["state"] = "expired"
        return answer

    def complete(self, answer):
        if self.has("empty-data-is-paid") and answer.get("responseCode") == 0 and answer.get("data") == {}:
            return True
        if self.has("null-data-is-paid") and answer.get("responseCode") == 0 and answer.get("data") is None:
            answer["data"] = {}
            return True
        return super().complete(answer)

    def unheard(self, payment):
        """Whether a payment is past its end, and Bakong was silent when it was asked."""
        return self.silent and payment["state"] == "open" and self.now_ms >= payment["expires"]

    def history(self, user, asked, key):
        rows = super().history(user, asked, key)
        if self.has("outage-history-hides"):
            rows["items"] = [one for one in rows["items"] if not self.unheard(one)]
        return rows

    async def bulk_check(self, ids, key):
        answer = await super().bulk_check(ids, key)
        for row in answer["rows"]:
            payment = self.payments.get(row["id"])
            if payment and self.has("outage-bulk-expired") and self.unheard(payment):
                row["state"] = "expired"
            if payment and self.has("outage-bulk-unknown") and self.silent and payment["state"] == "open":
                row["state"] = None
        return answer

    async def monitor(self, body):
        if self.has("monitor-outage-failed") and self.silent and body.get("id") in self.payments:
            await self.check(self.payments[body["id"]])
            if self.silent and self.payments[body["id"]]["state"] == "open":
                return {"state": "failed"}
        return await super().monitor(body)

    def grant(self, payment):
        if self.has("found-after-outage-ungranted") and payment.get("silences") and self.now_ms >= payment["expires"]:
            return
        if self.has("granted-from-creation") and payment["kind"] == "cycle" and payment["user"] not in self.plans:
            super().grant(payment)
            self.plans[payment["user"]]["ends"] = payment["created"] // 1000 + CYCLE_S
            return
        super().grant(payment)

    # Names

    def same(self, operation, name):
        """The user whose name is the same by a bug's eyes."""
        for style, form in SAME_NAME.items():
            if self.has(f"{operation}-{style}") and isinstance(name, str):
                known = [*self.plans, *(one["user"] for one in self.payments.values())]
                return next((one for one in known if form(one) == form(name)), name)
        return name

    def user(self, name):
        return super().user(self.same("reading", name))

    async def create(self, body, key, owner):
        if self.has("key-forgets-paid") and key:
            known = self.keys.get(self.key_of(owner, "orders", key))
            if known and known[1].get("state") == "paid":
                self.keys.pop(self.key_of(owner, "orders", key))
        return await super().create(body | {"user": self.same("create", body.get("user"))}, key, owner)

    def cancel(self, body):
        return super().cancel(body | {"user": self.same("cancel", body.get("user"))})

    async def upgrade(self, body):
        return await super().upgrade(body | {"user": self.same("upgrade", body.get("user"))})

    async def status(self, md5, key):
        if self.has("id-hex-only"):
            md5 = "".join(letter for letter in md5 if letter in "0123456789abcdef")
        return await super().status(md5, key)

    # Keys

    def key_of(self, owner, path, key):
        if key and self.has("key-without-dashes"):
            key = key.replace("-", "")
        if key and self.has("key-as-number") and key.isdecimal():
            key = str(int(key))
        if key and self.has("key-of-the-day"):
            key = f"{key}/{self.now_ms // 86_400_000}"
        if key and self.has("key-first-word"):
            key = key.split()[0] if key.split() else key
        return super().key_of(owner, path, key)

    def remembered(self, key):
        known = super().remembered(key)
        if self.has("key-renewed-by-use") and key in self.keys:
            last = self.used.get(key, self.keys[key][1]["created"])
            self.used[key] = self.now_ms
            return self.keys[key] if self.now_ms < last + 86_400_000 else None
        if known and self.has("key-cache-of-three") and list(self.keys).index(key) < len(self.keys) - 3:
            return None
        if known and self.has("key-dies-with-code") and self.now_ms >= known[1].get("expires", 10**15):
            return None
        return known

    # The limit

    def whose(self, key, path, headers, method):
        if self.has("limit-by-key-prefix"):
            return key[:9]
        if self.has("limit-each-accept"):
            return key, headers.get("accept", "")
        return super().whose(key, path, headers, method)

    def admitted_log(self, log, now):
        if self.has("limit-offset-window"):
            return [at for at in log if (at + 17_000) // 60_000 == (now + 17_000) // 60_000]
        if self.has("limit-more-after-idle"):
            return list(log)[1:] if log and now - log[-1] > 20_000 else None
        return super().admitted_log(log, now)

    def wait_told(self, admitted, now):
        wait = super().wait_told(admitted, now)
        if self.has("retry-after-one-more"):
            return wait + 1
        if self.has("retry-after-at-least-five"):
            return max(wait, 5)
        if self.has("retry-after-text"):
            return f"{wait} s"
        if self.has("retry-after-decimal"):
            return f"{wait}.0"
        if self.has("retry-after-grows"):
            self.refusals = getattr(self, "refusals", 0) + 1
            return wait + self.refusals // 3
        return wait

    def limit_told(self, left, oldest_ms, now):
        if self.has("remaining-counts-down-twice") and left < 50:
            left = max(left * 2 - 50, 0)
        told = super().limit_told(left, oldest_ms, now)
        if self.has("reset-only-at-start") and left < 99:
            told["ratelimit"] = f'"default";r={left};t={60 - now // 1000 % 60}'
        return told

    async def route(self, method, path, *rest):
        if self.has("limit-lets-repeats") and path.startswith("/orders/"):
            self.last_path, before = path, getattr(self, "last_path", "")
            if before == path and any(len(log) >= 100 for log in self.logs.values()):
                for log in self.logs.values():
                    log.popleft()
        try:
            return await super().route(method, path, *rest)
        except Problem as problem:
            if self.has("refused-limit-is-503") and problem.status == 429:
                raise Problem(503, "busy", problem.headers) from None
            raise
