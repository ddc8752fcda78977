"""Bugs of a Bakong that cannot be asked: what is shown meanwhile, how often it is asked, what is left afterwards."""

import httpx

from tests.mutants.shop_plans import Problem

NOT_FOUND = {"responseCode": 1, "errorCode": 1, "data": None}


def kind_of(response):
    """The kind of an answer that is none; None for a good one."""
    if response is None:
        return "connection"
    if response.status_code != 200:
        return str(response.status_code)
    try:
        answer = response.json()
    except ValueError:
        text = response.text.strip()
        return "empty" if not text else "html" if text.startswith("<") else "cut"
    if answer is None:
        return "null"
    if isinstance(answer, list):
        return "list"
    if answer.get("responseCode") == 0 and not answer.get("data"):
        return "no-data"
    return None if answer.get("responseCode") in (0, 1) else "odd"


class Outages:
    """Mixed into the shop."""

    broken_worker = False
    failures = 0
    storming = False

    async def ask_bakong(self, md5):
        """The response, or an httpx.HTTPError."""
        if self.has("breaker-for-ever") and self.failures >= 5:
            raise httpx.ConnectError("the breaker is open")
        try:
            response = await super().ask_bakong(md5)
        except httpx.HTTPError:
            response = None
        kind = kind_of(response)
        self.failures = self.failures + 1 if kind else 0
        if kind and not self.storming:
            await self.storm(md5, response)
        if kind:
            self.suffer(kind, md5)
        if response is None:
            raise httpx.ConnectError("no answer")
        return response

    async def storm(self, md5, response):
        many = 30 if self.has("storm-of-retries") else 8 if self.has("storm-of-eight") else 0
        if self.has("slow-down-hammered") and response is not None and response.status_code == 429:
            many = 8
        self.storming = True
        try:
            for _ in range(many):
                await self.ask(md5)
            if self.has("storm-of-all"):
                for payment in list(self.payments):
                    for _ in range(5):
                        await self.ask(payment)
        finally:
            self.storming = False

    def suffer(self, kind, md5):
        """What a bug makes of an answer that is none."""
        payment = self.payments.get(md5)
        if self.has(f"worker-dies-of-{kind}") or (self.has("worker-dies-of-cut") and kind in ("cut", "odd")):
            self.broken_worker = True
        if payment is None:
            return
        over = self.now_ms >= payment["expires"]
        if self.has(f"{kind}-expires") and over and payment["state"] == "open":
            payment["state"] = "expired"
        is_alone = kind in ("empty", "list", "null", "no-data") and not any(
            one["state"] == "open" for one in self.payments.values() if one is not payment
        )
        if self.has("nonsense-of-one-expires") and is_alone and over and payment["state"] == "open":
            payment["state"] = "expired"
        if self.has(f"{kind}-fails") and payment["state"] == "open":
            payment["state"] = "failed"
        if self.has("outage-told-expired") and over and not payment.get("misled"):
            payment["misled"] = True
            self.tell("payment.expired", payment)
        if self.has("outage-told-failed") and over and not payment.get("misled"):
            payment["misled"] = True
            self.tell("payment.failed", payment)
        if self.has("polled-no-more"):
            payment["unpolled"] = True
        if self.has("end-forgotten") and over:
            payment["unpolled"] = True
        if self.has(f"{kind}-is-500"):
            raise Problem(500, kind)
        if self.has("outage-is-404") and over:
            payment["hidden"] = True

    async def status(self, md5, key):
        status, answer = await super().status(md5, key)
        if self.has("outage-is-404") and answer.get("hidden") and answer["state"] == "open":
            raise Problem(404, "gone")
        unheard = self.silent and answer["state"] == "open"
        if unheard and self.has("outage-shown-expired") and self.now_ms >= answer["expires"]:
            return status, answer | {"state": "expired"}
        if unheard and self.has("outage-shown-failed"):
            return status, answer | {"state": "failed"}
        return status, answer

    async def work_on(self, payment):
        if self.broken_worker or payment.get("unpolled"):
            return
        await super().work_on(payment)
