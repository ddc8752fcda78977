"""Bugs just before and just after a boundary of time: a second, or a millisecond, off."""


class Edges:
    """Mixed into the shop."""

    def standing(self, held):
        off = 0
        cancelled = held.get("cancelled")
        for name, seconds in (("second-late", 1), ("second-early", -1), ("ms-late", 0.001)):
            if self.has(f"due-{name}") and not cancelled and self.now_ms < held["ends"] * 1000 + 86_400_000:
                off = seconds
            if self.has(f"grace-{name}") and self.now_ms > held["ends"] * 1000 + 86_400_000:
                off = seconds
            if self.has(f"cancel-{name}") and cancelled:
                off = seconds
        if not off:
            return super().standing(held)
        at, self.now_ms = self.now_ms, round(self.now_ms - off * 1000)
        try:
            return super().standing(held)
        finally:
            self.now_ms = at

    def held(self, user):
        held = self.plans.get(user)
        for name, ms in (("second-late", 1000), ("second-early", -1000), ("day-late", 86_400_000)):
            if self.has(f"downgrade-{name}") and held and held["pending"]:
                if self.now_ms < held["pending_at"] * 1000 + ms:
                    return held
                if ms < 0:
                    held |= {"pending_at": self.now_ms // 1000}
        return super().held(user)

    def user(self, name):
        told = super().user(name)
        held = self.plans.get(name)
        if held and self.has("active-second-short") and self.now_ms >= held["ends"] * 1000 - 1000:
            told["active"] = told["active"] and self.now_ms >= held["ends"] * 1000
        if held and self.has("active-grace-short") and self.standing(held) == "past_due":
            told["active"] = self.now_ms < (held["ends"] + 259_199) * 1000
        in_grace = held and self.standing(held) == "past_due"
        if in_grace and self.has("state-grace-short") and self.now_ms >= (held["ends"] + 259_140) * 1000:
            told["state"] = "expired"
        return told

    def running(self, user):
        held = self.plans.get(user)
        longer = held and self.has("change-second-long") and not held.get("cancelled")
        if longer and self.now_ms < (held["ends"] + 259_200 + 1) * 1000:
            return held
        return super().running(user)

    def may_upgrade(self, held):
        if self.has("upgrade-second-long") and held and 0 <= self.now_ms - held["ends"] * 1000 < 3000:
            return True
        if self.has("upgrade-second-short") and held and self.now_ms >= held["ends"] * 1000 - 1000:
            return False
        return super().may_upgrade(held)

    def age(self):
        if self.has("told-a-minute-late"):
            at, self.now_ms = self.now_ms, self.now_ms - 60_000
            try:
                super().age()
            finally:
                self.now_ms = at
        elif self.has("told-a-second-early"):
            at, self.now_ms = self.now_ms, self.now_ms + 1000
            try:
                super().age()
            finally:
                self.now_ms = at
            for message in self.outbox:
                if message["tries"] == 0:
                    message["due"] = min(message["due"], at)
        else:
            super().age()

    def fresh(self, payment):
        """Whether a quote or bill can still be paid."""
        for name, ms in (("quote-ms-late", 1), ("quote-second-early", -1000)):
            if self.has(name) and payment["kind"] == "upgrade":
                return payment["state"] in ("open", "timeout", "expired") and self.now_ms < payment["expires"] + ms
        for name, ms in (("bill-ms-late", 1), ("bill-second-early", -1000)):
            if self.has(name) and payment["kind"] == "bill":
                return payment["state"] in ("open", "timeout", "expired") and self.now_ms < payment["expires"] + ms
        return super().fresh(payment)

    def tomorrow(self):
        if self.has("quota-minute-early"):
            return super().tomorrow() - 60_000
        if self.has("quota-hour-late"):
            return super().tomorrow() + 3_600_000
        if self.has("quota-24-hours"):
            return self.now_ms + 86_400_000
        if self.has("quota-an-hour"):
            return self.now_ms + 3_600_000
        return super().tomorrow()
