"""The webhooks of the small shop: Standard Webhooks from an outbox, with bugs that the shop switches on."""

import base64
import hashlib
import hmac
import json

import httpx

RETRIES_S = (5, 300, 1800)
PATIENCE_S = 5  # of real time, for a receiver's answer


class Hooks:
    """Mixed into the shop."""

    def tell(self, kind, payment):
        """An event of a payment into the outbox."""
        late = self.now_ms >= payment["expires"] and kind == "payment.paid"
        if self.has("paid-untold") and kind == "payment.paid":
            return
        if (self.has("late-untold") and late) or (self.has("failed-untold") and kind == "payment.failed"):
            return
        data = {"md5": payment["id"], "user": self.user_told(payment["user"])}
        self.put({"type": kind, "data": data | ({"number": payment["number"]} if self.has("integer-ids") else {})})

    def tell_user(self, kind, user):
        """An event of a subscription into the outbox."""
        if self.has(f"{kind}-untold"):
            return
        if self.has("events-misnamed"):
            kind = "changed"
        self.put({"type": f"subscription.{kind}", "data": {"user": self.user_told(user)}})

    def put(self, body):
        self.count += 1
        number = 1 if self.has("webhook-same-id") else self.count
        number = f"{number}.{self.now_ms}" if self.has("webhook-id-dotted") else number
        self.outbox.append(
            {"id": self.name_of(body, number), "body": body, "due": self.now_ms, "made": self.now_ms, "tries": 0}
        )

    def name_of(self, _body, number):
        """The webhook-id of an event."""
        return f"msg_{number}"

    def wait_of(self, tries):
        """Seconds until the next try, after so many; None for no more."""
        return RETRIES_S[tries - 1] if tries <= (2 if self.has("gives-up-early") else len(RETRIES_S)) else None

    def in_turn(self, due):
        """The messages that are due, in the order in which they are sent."""
        if not self.has("plan-told-first"):
            return due
        told = [one["body"]["data"] for one in due]
        paid_by = {data["user"]: data["md5"] for data in told if "md5" in data}
        for data in told:  # what began it stands in the events of a plan
            data.setdefault("md5", paid_by.get(data["user"], ""))
        return sorted(due, key=lambda one: one["body"]["type"].startswith("payment."))

    def sealed(self, message, raw, headers):
        """Body and headers of a try."""
        return raw, headers

    def signed(self, message_id, stamp, raw):
        """The headers of Standard Webhooks."""
        digest = hmac.new(self.secret, f"{message_id}.{stamp}.".encode() + raw, hashlib.sha256).digest()
        text = base64.b64encode(digest).decode()
        return {"webhook-id": message_id, "webhook-timestamp": str(stamp), "webhook-signature": f"v1,{text}"}

    async def deliver(self):
        async with self.lock:
            if self.has("webhook-blocks"):
                for message in [one for one in self.outbox if one["due"] is not None]:
                    if message["due"] <= self.now_ms:
                        await self.send(message)
                    if message["due"] is not None:
                        break
                return
            due = [one for one in self.outbox if one["due"] is not None and one["due"] <= self.now_ms]
            for message in self.in_turn(due):
                if message["due"] is None:
                    continue
                await self.send(message)
                if self.has("refused-forgotten-beside") and any(one["due"] is None for one in due):
                    message["due"] = None
                if message["due"] is not None and self.has("turn-ends-at-a-refusal"):
                    break
            if due and not self.has("restart-sends-again"):  # what was told is looked at no more
                self.outbox[:] = [one for one in self.outbox if one["due"] is not None]

    async def send(self, message):
        raw = json.dumps(message["body"]).encode()
        signed = raw
        if self.has("signs-reserialised"):
            signed = json.dumps(message["body"], separators=(",", ":")).encode()
        at_s = self.now_ms // 1000
        stamp = self.now_ms if self.has("stamp-in-ms") else at_s + (25_200 if self.has("stamp-local") else 0)
        message_id = message["id"]
        if self.has("webhook-new-id"):
            message_id += f"_{message['tries']}"
        if self.has("stamp-first-try"):
            stamp = message.setdefault("first", stamp)
        if self.has("stamp-early"):
            stamp -= 240
        digest_of = f"{message_id}.{stamp}.".encode() + signed
        if self.has("signs-body-alone"):
            digest_of = signed
        if self.has("signs-without-id"):
            digest_of = f"{stamp}.".encode() + signed
        key = base64.b64encode(self.secret) if self.has("signs-with-text") else self.secret
        digest = hmac.new(key, digest_of, hashlib.sha256).digest()
        text = digest.hex() if self.has("signs-in-hex") else base64.b64encode(digest).decode()
        headers = {"webhook-id": message_id, "webhook-timestamp": str(stamp), "webhook-signature": f"v1,{text}"}
        if self.has("headers-renamed"):
            headers = {f"x-{name}": value for name, value in headers.items()}
        if self.has("unsigned"):
            del headers["webhook-signature"]
        raw, headers = self.sealed(message, raw, headers)
        message["tries"] += 1
        try:
            response = await self.hooks.post(
                self.webhook_url,
                timeout=60 if self.has("hang-holds-webhooks") else PATIENCE_S,
                content=raw,
                headers={
                    "content-type": "text/plain" if self.has("webhook-as-text") else "application/json",
                    **headers,
                },
            )
            good = 200 <= response.status_code < (400 if self.has("redirect-is-success", "redirects-followed") else 300)
            if self.has("refusal-is-success"):
                good = good or 400 <= response.status_code < 500
            if self.has("only-200"):
                good = response.status_code in (200, 204)
        except httpx.HTTPError as error:
            if isinstance(error, httpx.ReadTimeout) and self.has("hang-ends-webhooks"):
                for behind in self.outbox:
                    behind["due"] = None
            good = self.has("silence-is-success")
        if self.has("webhook-not-retried"):
            good = True
        tries = message["tries"]
        if self.has("webhook-again") and tries == 1:
            good = False
        wait_s = self.wait_of(tries)
        message["due"] = None if good or wait_s is None else self.now_ms + round(wait_s * 1000)
        if self.has("webhook-hammers") and not good:
            message["due"] = self.now_ms
