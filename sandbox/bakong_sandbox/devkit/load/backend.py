"""A main backend for a load test: takes every webhook, answers 200, and keeps its id."""

from typing import Any

import orjson

from bakong_loadtests.clock import monotonic_ns
from bakong_loadtests.reconciliation import Webhook

PAID = ("paid", "success", "completed")  # the last word of such an event


class Backend:
    """An ASGI app, and what it has taken. refuse_every: one of so many is answered 503 when it first comes."""

    def __init__(self, *, refuse_every: int = 0) -> None:
        self.received: list[Webhook] = []
        self.paid_ns: dict[str, int] = {}  # when the first webhook came that a transaction is paid
        self._refuse_every = refuse_every
        self._seen: set[str] = set()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body = bytearray()
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        webhook = _webhook(headers.get("webhook-id", ""), bytes(body))
        refused = self._refuses(webhook.id)
        if not refused:
            self.received.append(webhook)
            if webhook.event.endswith(PAID):
                self.paid_ns.setdefault(webhook.transaction_id, monotonic_ns())
        status = 503 if refused else 200
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"{}"})

    def _refuses(self, webhook_id: str) -> bool:
        if webhook_id in self._seen:
            return False
        self._seen.add(webhook_id)
        return bool(self._refuse_every) and len(self._seen) % self._refuse_every == 0


def _webhook(webhook_id: str, body: bytes) -> Webhook:
    try:
        read = orjson.loads(body)
        return Webhook(webhook_id, str(read["type"]), str(read["data"].get("transactionId", "")))
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        return Webhook(webhook_id, "unreadable", "")
