"""Bugs as other engineers would make them, of webhooks, boundaries and restarts; made without a look at the rules."""

import base64

from tests.mutants.shop_hooks import RETRIES_S
from tests.mutants.shop_plans import CYCLE_S, GRACE_S

DAY_S = 86_400


class Later:
    """Mixed into the shop."""

    # Webhooks

    def name_of(self, body, number):
        if self.has("webhook-id-of-instant-and-type"):
            return f"msg_{self.now_ms}_{body['type']}".replace(".", "-")
        if self.has("webhook-id-of-the-day"):
            return f"msg_{self.now_ms // 86_400_000}_{number % 1000 // 7}"
        return super().name_of(body, number)

    def put(self, body):
        data = dict(body["data"])
        if self.has("payload-token-base64"):
            data["source"] = base64.b64encode(str(self.bakong.headers["authorization"]).encode()).decode()
        if self.has("payload-key-halves"):
            data["caller"] = self.api_key[:-4] + "****"
        if self.has("payload-secret-in-url"):
            data["check"] = f"/verify?secret={base64.urlsafe_b64encode(self.secret).decode()}"
        if self.has("payload-count-of-others"):
            data["newest"] = list(self.payments)[-1]
        super().put(body | {"data": data})
        if self.has("renewed-without-paid") and body["type"] == "payment.paid":
            payment = self.payments.get(data.get("md5"))
            if payment and payment["kind"] == "bill":
                self.outbox.pop()

    def sealed(self, message, raw, headers):
        raw, headers = super().sealed(message, raw, headers)
        if self.has("webhook-id-changes-late") and message["tries"] >= 2:
            return raw, self.signed(f"{message['id']}x", headers["webhook-timestamp"], raw)
        if self.has("type-in-capitals-on-retry") and message["tries"]:
            raw = raw.replace(b'"type": "payment', b'"type": "Payment')
            return raw, self.signed(message["id"], headers["webhook-timestamp"], raw)
        if self.has("last-try-unsigned") and message["tries"] == len(RETRIES_S):
            return raw, headers | {"webhook-signature": ""}
        if self.has("stamp-of-event") and message["tries"] >= 2:
            return raw, self.signed(message["id"], message["made"] // 1000, raw)
        return raw, headers

    async def send(self, message):
        before = message["tries"]
        await super().send(message)
        if message["due"] is None or message["tries"] == before:
            return
        if self.has("retry-late-by-its-number"):
            message["due"] += message["tries"] * 60_000
        if self.has("retry-rounded-to-minutes"):
            message["due"] = -(-message["due"] // 60_000) * 60_000

    def age(self):
        if self.has("past-due-each-day"):
            for held in self.plans.values():
                day = self.now_ms // 86_400_000
                if held.get("told") == "past_due" and held.get("told_day", day) != day:
                    held["told"] = "active"
                held["told_day"] = day
        super().age()

    # Boundaries

    def standing(self, held):
        now_s, ends = self.now_ms // 1000, held["ends"]
        midnight = -(-ends // DAY_S) * DAY_S
        if held.get("cancelled_now"):
            return super().standing(held)
        if self.has("active-till-midnight") and ends <= now_s < midnight and not held.get("cancelled"):
            return "active"
        if (
            self.has("grace-till-midnight")
            and ends + GRACE_S <= now_s < midnight + GRACE_S
            and not held.get("cancelled")
        ):
            return "past_due"
        if self.has("cancelled-has-grace") and held.get("cancelled") and ends <= now_s < ends + GRACE_S:
            return "past_due"
        return super().standing(held)

    def held(self, user):
        held = self.plans.get(user)
        if held and held["pending"] and self.has("downgrade-at-next-midnight"):
            midnight = -(-held["pending_at"] // DAY_S) * DAY_S
            return held if self.now_ms // 1000 < midnight else super().held(user)
        if held and held["pending"] and self.has("downgrade-hour-early"):
            held["pending_at"] = min(held["pending_at"], max(self.now_ms // 1000, held["ends"] - 3600))
        return super().held(user)

    def grant(self, payment):
        held, now_s = self.plans.get(payment["user"]), self.now_ms // 1000
        near_end = held and held["ends"] + GRACE_S - 3600 <= now_s < held["ends"] + GRACE_S
        super().grant(payment)
        after = self.plans.get(payment["user"])
        if near_end and self.has("last-hour-of-grace-anew") and payment["kind"] == "bill":
            after["ends"] = now_s + CYCLE_S
        if after and self.has("cycle-ends-at-midnight") and payment["kind"] == "cycle" and not held:
            after["ends"] = after["ends"] // DAY_S * DAY_S
        early = held and payment["kind"] == "bill" and now_s < after["ends"] - CYCLE_S - 2 * DAY_S
        if early and self.has("renewed-early-loses-a-day"):
            after["ends"] -= DAY_S

    def fresh(self, payment):
        if self.has("quote-till-midnight") and payment["kind"] == "upgrade":
            same_day = payment["created"] // 86_400_000 == self.now_ms // 86_400_000
            return super().fresh(payment) and same_day
        return super().fresh(payment)

    def tomorrow(self):
        if self.has("quota-singapore"):
            return super().tomorrow() - 3_600_000
        if self.has("quota-noon"):
            return super().tomorrow() + 12 * 3_600_000
        if self.has("quota-two-days"):
            return super().tomorrow() + 86_400_000
        return super().tomorrow()

    # Restarts

    def restart(self):
        if self.has("restart-drops-retrying"):
            self.outbox[:] = [one for one in self.outbox if not one["tries"]]
        if self.has("restart-tells-again"):
            for held in self.plans.values():
                held["told"] = "active"
        if self.has("restart-forgets-ended"):
            for payment in self.payments.values():
                if payment["state"] == "expired":
                    payment["unpolled"] = payment["busy"] = True
        if self.has("restart-forgets-bills"):
            for held in self.plans.values():
                held.pop("bill", None)
        if self.has("restart-forgets-bill-keys"):
            self.keys = {key: one for key, one in self.keys.items() if key[1] != "renewals"}
        if self.has("restart-prices-anew"):
            for name in self.upgrades.values():
                self.payments[name]["minor"] = self.payments[name]["minor"] + 1
        if self.has("restart-renews-codes"):
            for payment in self.payments.values():
                if payment["state"] == "open":
                    payment["expires"] = self.now_ms + 900_000
        if self.has("restart-halves-limit"):
            for log in self.logs.values():
                for _ in range(len(log) // 2):
                    log.popleft()
        return super().restart()
