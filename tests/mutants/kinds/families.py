"""Bugs of the limiter: the families of wrong windows, and what is told beside a refusal."""

import math

from tests.mutants.shop_plans import Problem


class Families:
    """Mixed into the shop. Each family is a function of the log of one caller: whether one more is admitted."""

    def whose(self, key, path, headers, method):
        if self.has("limit-each-method"):
            return key, method
        if self.has("limit-each-id"):
            return key, path
        if self.has("limit-each-agent"):
            return key, headers.get("user-agent", "")
        return super().whose(key, path, headers, method)

    def admitted_log(self, log, now):
        """What counts against the limit, oldest first, where a bug counts otherwise; None where it does not."""
        state = self.windows.setdefault(id(log), {"begun": -(10**15), "last": -(10**15), "count": 0, "tat": 0.0})
        if self.has("limit-from-first"):
            if now >= state["begun"] + 60_000:
                state |= {"begun": now, "count": 0}
            return [state["begun"]] * state["count"]
        if self.has("limit-from-last", "limit-from-last-try"):
            if now >= state["last"] + 60_000:
                state["count"] = 0
            return [state["last"]] * state["count"]
        for name, size in (("limit-tens", 10_000), ("limit-seconds", 1_000), ("limit-thirds", 20_000)):
            if self.has(name):
                return [at for at in log if at // size > (now - 60_000) // size]
        if self.has("limit-halves"):
            return [now - now % 30_000] * 50 + [at for at in log if at // 30_000 == now // 30_000]
        if self.has("limit-five-minutes"):
            return [at for at in log if at > now - 300_000][400:]
        if self.has("limit-gcra", "limit-leaky"):
            burst = 100 if self.has("limit-gcra") else 50
            waiting = max(state["tat"], now) - now
            room = burst * 600 - waiting
            return [now] * (100 if room < 600 else 0)
        if self.has("limit-refused-resets") and state["count"] == -1:
            state["count"] = 0
            log.clear()
            return []
        return None

    def note_admitted(self, log, now):
        state = self.windows.get(id(log))
        if state:
            state |= {"count": state["count"] + 1, "last": now, "tat": max(state["tat"], now) + 600}

    def note_refused(self, log, now):
        state = self.windows.get(id(log))
        if state and self.has("limit-refused-resets"):
            state["count"] = -1
        if state and self.has("limit-from-last-try"):
            state["last"] = now

    def wait_told(self, admitted, now):
        """Seconds until one more is admitted, as it is told."""
        exact_ms = admitted[0] + 60_000 - now
        if self.has("retry-after-1"):
            return 1
        if self.has("retry-after-rounded"):
            return round(exact_ms / 1000)
        if self.has("retry-after-from-last"):
            return math.ceil((admitted[-1] + 60_000 - now) / 1000)
        if self.has("retry-after-clock-minute"):
            return math.ceil((60_000 - now % 60_000) / 1000)
        if self.has("retry-after-plus-one"):
            return exact_ms // 1000 + 1
        if self.has("retry-after-remembered"):
            self.told_wait = getattr(self, "told_wait", math.ceil(exact_ms / 1000))
            return self.told_wait
        if self.has("retry-after-zero"):
            return exact_ms // 1000 if exact_ms < 1000 else math.ceil(exact_ms / 1000)
        if self.has("retry-after-negative"):
            return -math.ceil(exact_ms / 1000)
        if self.has("retry-after-half"):
            return math.ceil(exact_ms / 2000)
        return super().wait_told(admitted, now)

    def limit_told(self, left, oldest_ms, now):
        """The RateLimit fields of an answer."""
        if self.has("remaining-one-more"):
            left = min(left + 1, 99)
        if self.has("remaining-by-tens") and left % 10:
            left = left - left % 10
        if self.has("remaining-never-back"):
            self.lowest = min(left, getattr(self, "lowest", left))
            left = self.lowest
        told = super().limit_told(left, oldest_ms, now)
        if self.has("reset-is-60"):
            told["ratelimit"] = f'"default";r={left};t=60'
        if self.has("reset-in-ms"):
            told["ratelimit"] = f'"default";r={left};t={oldest_ms + 60_000 - now}'
        if self.has("reset-is-an-instant"):
            told["ratelimit"] = f'"default";r={left};t={(oldest_ms + 60_000) // 1000}'
        if self.has("policy-says-60"):
            told["ratelimit-policy"] = '"default";q=60;w=60'
        if self.has("policy-says-an-hour"):
            told["ratelimit-policy"] = '"default";q=100;w=3600'
        return told

    async def route(self, method, path, *rest):
        try:
            return await super().route(method, path, *rest)
        except Problem as problem:
            if self.has("limit-errors-free") and problem.status == 404:
                for log in self.logs.values():
                    log.pop()
            raise
