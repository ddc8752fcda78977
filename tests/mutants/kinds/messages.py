"""Bugs of webhooks: ids, the times of tries, a receiver that hangs, and what a payload must not hold."""

import base64
import json

from tests.mutants.shop_hooks import RETRIES_S
from tests.mutants.shop_plans import Problem


class Messages:
    """Mixed into the shop."""

    def name_of(self, body, number):
        """The webhook-id of an event."""
        data = body["data"]
        if self.has("webhook-id-of-payment") and "md5" in data:
            return f"msg_{data['md5']}"
        if self.has("webhook-id-of-user"):
            return f"msg_{data['user']}"
        if self.has("webhook-id-of-type"):
            return f"msg_{body['type']}".replace(".", "-")
        if self.has("webhook-id-of-second"):
            return f"msg_{self.now_ms // 1000}"
        if self.has("webhook-id-of-user-and-type"):
            return f"msg_{data['user']}_{body['type']}".replace(".", "-")
        if self.has("webhook-id-short"):
            return f"msg_{number % 2}"
        return super().name_of(body, number)

    async def status(self, md5, key):
        try:
            code, shown = await super().status(md5, key)
        except Problem as problem:
            if self.has("answer-secret-of-unknown"):
                raise Problem(problem.status, "whsec_" + base64.b64encode(self.secret).decode()) from None
            raise
        if self.has("answer-token") and code == 200:
            shown = {**shown, "bakong": str(self.bakong.headers["authorization"])}
        return code, shown

    def put(self, body):
        data = dict(body["data"])
        if self.has("payload-api-key"):
            data["key"] = self.api_key
        if self.has("payload-token"):
            data["bakong"] = str(self.bakong.headers["authorization"])
        if self.has("payload-secret"):
            data["signed_with"] = "whsec_" + base64.b64encode(self.secret).decode()
        if self.has("payload-secret-bytes"):
            data["signed_with"] = self.secret.hex()
        if self.has("payload-other-users"):
            data["customers"] = sorted({one["user"] for one in self.payments.values()})
        if self.has("payload-other-payments"):
            data["open"] = [one["id"] for one in self.payments.values()]
        if self.has("payload-keys-of-others"):
            data["callers"] = sorted(self.keys_made)
        super().put(body | {"data": data})
        if self.has("paid-told-as-two") and body["type"] == "payment.paid":
            super().put(body | {"data": data | {"again": True}})

    def wait_of(self, tries):
        """Seconds until the next try, after so many; None for no more."""
        if self.has("retry-always-5"):
            return 5 if tries <= len(RETRIES_S) else None
        if self.has("retry-half"):
            return RETRIES_S[tries - 1] / 2 if tries <= len(RETRIES_S) else None
        if self.has("retry-double"):
            return RETRIES_S[tries - 1] * 2 if tries <= len(RETRIES_S) else None
        if self.has("retry-for-ever"):
            return RETRIES_S[min(tries, len(RETRIES_S)) - 1]
        if self.has("retry-once-more"):
            return (*RETRIES_S, 1800)[tries - 1] if tries <= len(RETRIES_S) + 1 else None
        if self.has("retry-backwards"):
            return RETRIES_S[::-1][tries - 1] if tries <= len(RETRIES_S) else None
        if self.has("retry-in-minutes"):
            return RETRIES_S[tries - 1] * 60 if tries <= len(RETRIES_S) else None
        return super().wait_of(tries)

    def in_turn(self, due):
        """The messages that are due, in the order in which they are sent."""
        due = super().in_turn(due)
        if self.has("events-reversed"):
            return due[::-1]
        if self.has("events-by-type"):
            return sorted(due, key=lambda one: one["body"]["type"])
        return due

    def sealed(self, message, raw, headers):
        """Body and headers of a try."""
        raw, headers = super().sealed(message, raw, headers)
        kind = message["body"]["type"]
        if self.has("retry-unsigned") and message["tries"]:
            headers = {name: value for name, value in headers.items() if name != "webhook-signature"}
        if self.has("only-paid-signed") and kind != "payment.paid":
            headers = {name: value for name, value in headers.items() if name != "webhook-signature"}
        if self.has("plans-unsigned") and kind.startswith("subscription."):
            headers = headers | {"webhook-signature": "v1,"}
        if self.has("retry-changes-body") and message["tries"]:
            raw = json.dumps(message["body"] | {"try": message["tries"]}).encode()
            headers = self.signed(message["id"], headers["webhook-timestamp"], raw)
        if self.has("header-api-key"):
            headers = headers | {"authorization": f"Bearer {self.api_key}"}
        if self.has("header-token"):
            headers = headers | {"x-source": str(self.bakong.headers["authorization"])}
        return raw, headers

    async def route(self, method, path, *rest):
        delivers = self.lock.locked() and path not in ("/test/time", "/health")
        if delivers and self.has("hang-is-503"):
            raise Problem(503, "busy")
        if delivers and (
            self.has("hang-blocks-all")
            or (self.has("hang-blocks-reads") and method == "GET")
            or (self.has("hang-blocks-orders") and method == "POST")
        ):
            async with self.lock:
                pass
        return await super().route(method, path, *rest)
