"""The callbacks of a described API: their bodies, signatures, retries, and where they go."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import orjson

from bakong_described import signing
from bakong_described.description import Callback, Description, milliseconds
from bakong_described.templates import fill, hole_of, text
from bakong_simulator.kernel.payments import Payment
from bakong_simulator.kernel.webhooks import (
    Endpoint,
    Message,
    OutboxError,
    Sign,
    Signed,
    Unsigned,
    Webhooks,
    another_key,
    check_url,
    signature_of_another_body,
    success,
)
from bakong_simulator.kernel.world import World

TEST_EVENT = "evt_test"


class Callbacks:
    """How one world's callbacks are written and signed. values: its credentials and constants."""

    def __init__(self, description: Description, values: Mapping[str, Any]) -> None:
        assert description.callback is not None  # noqa: S101  its caller's
        self._is = description
        self._callback: Callback = description.callback
        self._values = values

    def webhooks(self) -> Webhooks:
        callback = self._callback
        return Webhooks(
            self._is.name,
            self._sign,
            tuple(milliseconds(wait) // 1000 for wait in callback.retries),
            accepts=(lambda status: status in callback.statuses) if callback.statuses else success,
            wrong_signature=_by_another_key if self._is.sealing else signature_of_another_body,
            accepts_answer=self._accepts if callback.accepted else None,
            test_event=self._test_event,
        )

    def body(self, values: Mapping[str, Any]) -> bytes:
        """The body of a callback about these values."""
        filled = fill(self._callback.json, values)
        if self._callback.sends == "form":
            return urlencode({name: "" if value is None else value for name, value in filled.items()}).encode()
        return orjson.dumps(filled)

    def post(self, world: World, message: Message, payment: Payment, url: str) -> None:
        """To the registered endpoints; and to the payment's own address, where the shop has named one."""
        world.outbox.publish(self._is.name, message, payment=payment.reference, script=payment.scenario)
        if not url:
            return
        try:
            check_url(url)
        except OutboxError as error:
            world.journal.fail(world.clock.now_ms(), f"callback {message.id}", error)
            return
        endpoint = Endpoint(self._is.name, url, text(self._callback.secret, self._values))
        world.outbox.post(message, endpoint, payment.reference, payment.scenario)

    def _sign(self, unsigned: Unsigned) -> Signed:
        callback, message = self._callback, unsigned.message
        values: dict[str, Any] = {
            **self._values,
            "body": unsigned.body.decode("utf-8", signing.RAW),
            "now": unsigned.wall_ms,
            "secret": unsigned.secrets[0],
            "event.id": message.id,
            "event.type": message.type,
            "attempt": str(unsigned.attempt),
        }
        kind = "application/x-www-form-urlencoded" if callback.sends == "form" else "application/json"
        headers = {"content-type": kind}
        shown = {name: template for name, template in callback.headers.items() if "<signature" not in template}
        for name, template in shown.items():
            headers[name] = text(template, values)
            values[f"header.{name}"] = headers[name]
            if hole := hole_of(template):
                values[hole.name] = headers[name]
        if callback.signature:
            values["signature"] = signing.sign(callback.signature, values)
            headers |= {
                name: text(template, values) for name, template in callback.headers.items() if name not in shown
            }
        if self._is.sealing and callback.sealed:
            return Signed(headers, signing.seal(self._is.sealing, unsigned.secrets[0], unsigned.body))
        return Signed(headers)

    def _accepts(self, answer: bytes) -> bool:
        """Whether the receiver's answer holds what the description wants of it."""
        try:
            read = orjson.loads(answer)
        except orjson.JSONDecodeError:
            return False
        return isinstance(read, dict) and all(
            name in read and read[name] == value for name, value in self._callback.accepted.items()
        )

    def _test_event(self, kind: str | None) -> Message:
        kind = kind or next(iter(self._callback.events.values()))
        values = {**self._values, "reference": "test", "event.id": TEST_EVENT, "event.type": kind}
        return Message(TEST_EVENT, kind, self.body(values))


def _by_another_key(sign: Sign, unsigned: Unsigned) -> Signed:
    """A wrong signature where it stands in the body."""
    return sign(unsigned._replace(secrets=tuple(map(another_key, unsigned.secrets))))
