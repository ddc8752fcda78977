"""The plans of the small shop: cycles, grace, changes and their price, with bugs that the shop switches on."""

from datetime import UTC, datetime
from decimal import Decimal

CYCLE_S = 2_592_000
GRACE_S = 3 * 86_400


def month_after(second):
    """The same day and time of the next month, or its last day."""
    at = datetime.fromtimestamp(second, UTC)
    year, month = divmod(at.month, 12)
    for day in (at.day, 30, 29, 28):
        try:
            return int(at.replace(year=at.year + year, month=month + 1, day=min(day, at.day)).timestamp())
        except ValueError:
            continue
    return second + CYCLE_S


class Problem(Exception):
    def __init__(self, status, text, headers=()):
        super().__init__(text)
        self.status, self.headers = status, dict(headers)


class Plans:
    """Mixed into the shop. A plan that is held: plan, ends, pending (the plan of the next cycle), cancelled."""

    def grant(self, payment):
        late = self.now_ms >= payment["expires"] + 60_000
        if self.has("never-granted") or (self.has("late-ungranted") and late):
            return
        bill = payment["kind"] == "bill"
        if bill and self.has("bill-late-lost") and self.now_ms >= payment["expires"]:
            return
        user = payment["user"]
        if bill and self.has("bill-after-grace-lost") and self.standing(self.plans[user]) == "expired":
            return
        if self.has("grants-latest-user"):
            user = list(self.payments.values())[-1]["user"]
        if payment["kind"] == "upgrade":
            self.upgrade_paid(user, payment)
            return
        held, now_s = self.held(user), self.now_ms // 1000
        if held:
            held["paid_s"] = now_s
        cycle = 31 * 86_400 if self.has("cycle-31") else CYCLE_S
        if self.has("cycle-month"):
            cycle = month_after(now_s) - now_s
        plan = "BASIC" if self.has("grants-basic") else payment["plan"]
        extends = held and (held["ends"] > now_s or self.standing(held) == "past_due")
        if self.has("grace-restarts") and extends and held["ends"] <= now_s:
            extends = False
        if extends and not self.has("renewal-from-today"):
            if held["ends"] <= now_s:
                held["plan"] = plan
            elif plan != held["plan"]:
                held["pending"] = plan
                if self.has("downgrade-by-renewal"):
                    held["plan"] = plan
            if self.has("renewal-month"):
                cycle = month_after(held["ends"]) - held["ends"]
            held |= {"ends": held["ends"] + cycle, "cancelled": False}
            if self.has("end-fixed-at-order"):
                held["ends"] = payment["until"]
            held["pending_at"] = held.get("pending_at") or held["ends"] - cycle
            self.tell_user("renewed", user)
        else:
            begins = now_s - now_s % 86_400 if self.has("cycle-from-midnight") else now_s
            if self.has("restart-from-old-date") and held:
                begins = now_s - (now_s - held["ends"]) % CYCLE_S
            gone = {"cancelled": held.get("cancelled")} if held and self.has("cancelled-for-ever") else {}
            self.plans[user] = {"plan": plan, "ends": begins + cycle, "pending": None, "pending_at": None, **gone}
            self.plans[user] |= {"begun": begins, "currency": payment["currency"]}
            self.tell_user("activated", user)

    def upgrade_paid(self, user, payment):
        held = self.held(user)
        self.upgrades.pop(user, None)
        if self.has("upgrade-revives") and self.standing(held) == "expired":
            held["ends"] = self.now_ms // 1000 + CYCLE_S
        if self.has("quote-priced-again") and self.price(held) != payment["minor"]:
            return
        if self.now_ms // 1000 >= payment["about"] and not self.has("upgrade-outlives"):
            return
        if self.has("upgrade-late-dropped") and self.now_ms >= payment["expires"]:
            return
        held |= {"plan": payment["plan"], "first": held["plan"]}
        if self.has("upgrade-moves-date"):
            held["ends"] = self.now_ms // 1000 + CYCLE_S
        self.tell_user("upgraded", user)

    def held(self, user):
        """What the user holds, with a pending plan begun where its day has come."""
        held = self.plans.get(user)
        if held and self.has("downgrade-lost-in-grace") and self.now_ms // 1000 >= held["ends"]:
            held |= {"pending": None, "pending_at": None}
        if held and held["pending"] and self.now_ms // 1000 >= held["pending_at"] and not self.has("downgrade-never"):
            if held["pending"] == "BASIC" != held["plan"]:
                self.tell_user("downgraded", user)
            held |= {"plan": held["pending"], "pending": None, "pending_at": None}
        return held

    def standing(self, held):
        now_s, ends = self.now_ms // 1000, held["ends"]
        if held.get("cancelled_now") or (held.get("cancelled") and now_s >= ends and not self.has("cancel-never")):
            return "cancelled"
        if now_s < ends + (86_400 if self.has("due-late") else 0):
            return "active"
        grace = 2 * 86_400 if self.has("grace-2-days") else 10**9 if self.has("grace-endless") else GRACE_S
        return "past_due" if now_s < ends + grace and not self.has("grace-none") else "expired"

    def user(self, name):
        if self.has("users-by-prefix"):
            name = next((one for one in self.plans if one.startswith(name)), name)
        if self.has("users-any-case"):
            name = next((one for one in self.plans if one.lower() == name.lower()), name)
        held = self.held(name)
        if self.has("granted-unpaid") and not held and any(p["user"] == name for p in self.payments.values()):
            return {"active": True, "plan": "BASIC", "ends": (self.now_ms // 1000 + CYCLE_S) * 1000, "state": "active"}
        if held is None:
            return {"active": False, "plan": None, "ends": None, "state": None}
        standing = self.standing(held)
        active = standing == "active" if self.has("past-due-inactive") else standing in ("active", "past_due")
        return {"active": active, "plan": held["plan"], "ends": held["ends"] * 1000, "state": standing}

    def age(self):
        """Tell of what time alone has changed."""
        for user, held in self.plans.items():
            self.held(user)
            standing = self.standing(held)
            if standing != held.get("told", "active"):
                if self.has("cancelled-told-past-due") and standing == "cancelled":
                    self.tell_user("past_due", user)
                self.tell_user(standing, user)
            held["told"] = standing

    def running(self, user):
        held = self.held(user)
        if not held or self.standing(held) not in ("active", "past_due"):
            raise Problem(409, "there is no plan")
        return held

    def cancel(self, body):
        if self.has("cancel-of-nothing") and body.get("user") not in self.plans:
            return {}
        held = self.running(body.get("user"))
        held["cancelled"] = True
        if self.has("cancel-at-once"):
            held["cancelled_now"] = True
        return {}

    def downgrade(self, body):
        held = self.running(body.get("user"))
        if held["plan"] != "FULL" and not self.has("downgrade-of-basic"):
            raise Problem(409, "there is no lower plan")
        if held["pending"] != "BASIC" or self.has("downgrade-moves"):
            held |= {"pending": "BASIC", "pending_at": held["ends"]}
        if self.has("downgrade-at-once"):
            held["plan"] = "BASIC"
        return {"effective": (self.now_ms if self.has("downgrade-tells-now") else held["pending_at"] * 1000)}

    def fresh(self, payment):
        """Whether a quote or bill can still be paid."""
        return payment["state"] in ("open", "timeout") and self.now_ms < payment["expires"]

    def open_bill(self, held):
        """The user's bill that can still be paid, or None."""
        bill = held and self.payments.get(held.get("bill"))
        return bill if bill and self.fresh(bill) else None

    def bill_fits(self, bill, held, plan):
        """Whether an open bill is over what is due now."""
        return bill["minor"] == self.prices[plan][held["currency"]] and bill["due"] == held["ends"]

    async def renew(self, body, key):
        """The bill that is open, where it is still right, or a new one."""
        user = body.get("user")
        kept = self.remembered(key) if key and not self.has("renew-key-ignored") else None
        if kept and not (self.has("renew-key-while-open") and kept[1]["state"] == "paid"):
            known, made = kept
            if known != user:
                raise Problem(422, "the key was used for another bill")
            return {"payment": made}
        if self.has("renew-of-nothing") and user not in self.plans:
            return {"payment": self.make(user, "BASIC", self.prices["BASIC"]["USD"], "USD")}
        held = self.running(user)
        plan = held["pending"] or held["plan"]
        if self.has("renews-old-plan"):
            plan = held["plan"]
        if self.has("renews-first-plan"):
            plan = held.get("first", plan)
        currency = "USD" if self.has("bill-in-dollars") else held["currency"]
        minor = self.prices["FULL" if self.has("renews-full-price") else plan][currency]
        if self.has("bill-forever") and (old := self.payments.get(held.get("bill"))) and old["state"] != "paid":
            return {"payment": old}
        if self.has("bill-of-50-riel"):
            minor = self.prices[plan]["USD"]
        known = self.open_bill(held)
        made = (
            known
            if known and self.bill_fits(known, held, plan) and not (key and self.has("renew-key-ignored"))
            else None
        )
        if made is None:
            made = self.make(user, plan, minor, currency, "bill") | {"due": held["ends"]}
            self.payments[made["id"]] = made
        held["bill"] = made["id"]
        if key:
            self.keys[key] = (user, made)
        return {"payment": made}

    def may_upgrade(self, held):
        return self.standing(held) == "active"

    async def upgrade(self, body):
        user = body.get("user")
        held = self.held(user)
        if held and self.has("upgrade-in-grace") and self.standing(held) == "past_due" and held["plan"] == "BASIC":
            held["plan"] = "FULL"
            return {"amount": 0, "payment": None}
        if not held or not self.may_upgrade(held):
            if self.has("upgrade-of-nothing"):
                return {"amount": 0.5, "payment": None}
            raise Problem(409, "nothing to upgrade")
        if held["plan"] == "FULL" and held["pending"] and self.has("refuses-beside-downgrade"):
            raise Problem(409, "a downgrade waits")
        if held["plan"] == "FULL" and held["pending"] and not self.has("upgrade-keeps-downgrade"):
            held |= {"pending": None, "pending_at": None}
            return {"amount": 0, "payment": None}
        if held["plan"] == "FULL" and not self.has("upgrade-of-full"):
            raise Problem(409, "already the best")
        open_one = self.payments.get(self.upgrades.get(user, ""))
        fresh = open_one and (self.fresh(open_one) or self.has("quote-forever"))
        if fresh and self.has("quote-10-minutes") and self.now_ms > open_one["created"] + 600_000:
            fresh = False
        if open_one and self.has("quote-lingers") and self.now_ms < open_one["expires"] + 30_000:
            fresh = True
        if fresh and not self.has("upgrades-many"):
            return {"amount": open_one["amount"], "payment": open_one}
        minor = self.price(held)
        if self.has("upgrade-racy"):
            await self.meeting()
        if minor == 0 and not self.has("upgrade-code-of-zero"):
            if not self.has("free-upgrade-lost"):
                held["plan"] = "FULL"
            return {"amount": 0, "payment": None}
        if self.has("upgrade-at-once"):
            held["plan"] = "FULL"
        currency = held["currency"]
        if self.has("upgrade-in-dollars"):
            currency, minor = "USD", self.exact(held, self.prices["BASIC"]["USD"], self.prices["FULL"]["USD"])
        if currency == "KHR" and self.has("riel-by-hundreds"):
            minor = -(-minor // 100) * 100
        charged = minor + 1 if self.has("quote-differs") else max(minor, 1)
        payment = self.make(user, "FULL", charged, currency, "upgrade") | {"about": held["ends"]}
        self.payments[payment["id"]] = payment
        self.upgrades[user] = payment["id"]
        told = minor / 100 if currency == "USD" or self.has("riel-as-cents") else minor
        return {"amount": told, "payment": payment}

    def price(self, held):
        currency = "USD" if self.has("riel-from-dollars") else held["currency"]
        old, new = self.prices["BASIC"][currency], self.prices["FULL"][currency]
        if currency != held["currency"]:
            return self.exact(held, old, new) * 40
        return self.exact(held, old, new)

    def exact(self, held, old, new):
        left, total = held["ends"] - self.now_ms // 1000, CYCLE_S
        if self.has("prorate-one-cycle"):
            left = min(left, total)
        if self.has("prorate-from-start"):
            total = held["ends"] - held["begun"]
        if self.has("prorate-from-payment"):
            total = held["ends"] - max(held.get("paid_s", 0), held["ends"] - CYCLE_S)
        if self.has("prorate-of-fixed-prices"):
            old, new = 50, 100
        if self.has("prorate-milliseconds"):
            left, total = held["ends"] * 1000 - self.now_ms, CYCLE_S * 1000
        if self.has("prorate-days"):
            left, total = left // 86_400, 30
        if self.has("prorate-days-up"):
            left, total = -(-left // 86_400), 30
        if self.has("prorate-hours"):
            left, total = left // 3600, 720
        if self.has("prorate-half-even"):
            return int((Decimal(new - old) * left / total).quantize(Decimal(1), "ROUND_HALF_EVEN"))
        if self.has("prorate-float"):
            return round(round((new - old) / 100 * left / total, 2) * 100)
        if self.has("prorate-down"):
            return (new - old) * left // total
        if self.has("prorate-up"):
            return -(-(new - old) * left // total)
        if self.has("prorate-two-roundings"):
            return (2 * new * left + total) // (2 * total) - (2 * old * left + total) // (2 * total)
        if self.has("prorate-ratio-rounded"):
            ratio = (Decimal(left) / total).quantize(Decimal("0.001"), "ROUND_HALF_UP")
            return int((ratio * (new - old)).quantize(Decimal(1), "ROUND_HALF_UP"))
        if self.has("prorate-full-price"):
            return (2 * new * left + total) // (2 * total)
        if self.has("prorate-elapsed"):
            left = total - left
        if self.has("prorate-31-days"):
            total = 31 * 86_400
        if self.has("prorate-float-large") and new - old > 1_500:
            return int((new - old) * (left / total))
        if self.has("prorate-leap-year") and 1_830_000_000 < held["ends"] < 1_840_000_000:
            total += 86_400
        return (2 * (new - old) * left + total) // (2 * total)
