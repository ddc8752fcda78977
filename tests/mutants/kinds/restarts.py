"""Bugs of a process that begins anew: what it kept in memory alone."""


class Restarts:
    """Mixed into the shop. What is stored is what the process has; a bug forgets a part of it."""

    def restart(self):
        if self.has("restart-forgets-limit"):
            self.logs.clear()
        if self.has("restart-forgets-outbox"):
            self.outbox.clear()
        if self.has("restart-sends-again"):
            for message in self.outbox:
                message["due"] = message["due"] or self.now_ms
        if self.has("restart-new-webhook-ids"):
            for message in self.outbox:
                message["id"] += "_r"
        if self.has("restart-forgets-tries"):
            for message in self.outbox:
                message["tries"] = 0
        if self.has("restart-forgets-keys"):
            self.keys.clear()
        if self.has("restart-forgets-open"):
            self.payments = {name: one for name, one in self.payments.items() if one["state"] != "open"}
        if self.has("restart-forgets-watching"):
            for payment in self.payments.values():
                payment["unpolled"] = True
        if self.has("restart-forgets-quotes"):
            self.upgrades.clear()
        if self.has("restart-forgets-plans"):
            self.plans.clear()
        if self.has("restart-forgets-downgrades"):
            for held in self.plans.values():
                held |= {"pending": None, "pending_at": None}
        if self.has("restart-forgets-cancellations"):
            for held in self.plans.values():
                held["cancelled"] = False
        if self.has("restart-forgets-blocks"):
            self.wrong.clear()
        if self.has("restart-forgets-quota"):
            self.quiet_until = 0
        if self.has("restart-forgets-made-keys"):
            self.keys_made = {self.api_key}
        if self.has("restart-revives-keys"):
            self.keys_made |= self.revoked
        if self.has("restart-counts-anew"):
            self.count = 0
        if self.has("restart-expires-open"):
            for payment in self.payments.values():
                if payment["state"] == "open":
                    payment["state"] = "expired"
        return {}
