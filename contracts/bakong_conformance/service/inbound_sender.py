"""A provider that sends webhooks to the service under test, signed rightly or wrongly. Judges nothing."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from bakong_conformance.case import Case
from bakong_conformance.http import Answer, call
from bakong_conformance.rules import NotCheckedError
from bakong_conformance.service.operation import fill
from bakong_conformance.service.order_config import Inbound
from bakong_conformance.service.order_subject import Checkout, Desk, desk
from bakong_conformance.service.subject import Service
from bakong_contracts.webhook_guard import FORMS, Form, Guard

Headers = dict[str, str]
Change = Callable[[Headers], Headers]


@dataclass(frozen=True, slots=True)
class Sender:
    """The provider of the configuration's `inbound`."""

    orders: Desk
    config: Inbound

    @property
    def service(self) -> Service:
        return self.orders.service

    @property
    def form(self) -> Form:
        return FORMS[self.config.form]

    def secret(self, text: str) -> str:
        return str(fill(text, self.service.values))

    @property
    def secrets(self) -> list[str]:
        return [self.secret(text) for text in self.config.secrets]

    def now_s(self) -> int:
        return self.service.world.now_ms() // 1000

    def need_event(self, *events: str) -> None:
        for name in events:
            if name not in self.config.events:
                raise NotCheckedError(f"the configuration maps no inbound.events.{name}")

    def need_frozen(self) -> None:
        if self.service.config.time == "real":
            raise NotCheckedError("it needs a clock that stands still")

    def event(self, kind: str, checkout: Checkout, **more: Any) -> dict[str, Any]:
        """The body of an event about a payment. more: {names} in other words."""
        payable = checkout.order.expected.payable
        values: dict[str, Any] = {
            "event_id": self.new_id(),
            "event": self.config.events[kind],  # type: ignore[index]  # mypy widens the three words to str
            "state": self.config.states.get(kind, kind),  # type: ignore[call-overload]
            "charge": checkout.charge,
            "payment": checkout.payment,
            "order": checkout.order.id,
            "amount": self.orders.amount(payable),
            "amount_minor": payable,
            "currency": self.orders.config.currency,
        }
        filled: dict[str, Any] = fill(self.config.event, values | more)
        return filled

    def new_id(self) -> str:
        return f"evt_{self.service.new_user()}"

    def sign(self, body: bytes, *, age_s: int = 0, secret: str | None = None, message_id: str = "") -> Headers:
        """The headers of a webhook that was signed so many seconds ago."""
        guard = Guard(self.form, [self.secrets[0] if secret is None else secret])
        return guard.sign(body, timestamp_s=self.now_s() - age_s, message_id=message_id or self.new_id())

    def post(self, case: Case, body: bytes, headers: Mapping[str, str]) -> Answer:
        """What comes back, whatever it is."""
        path = fill(self.config.path, self.service.values)
        return call(case, self.service.http, "POST", path, headers=headers, raw=body)

    def post_large(self, case: Case, body: bytes, headers: Mapping[str, str]) -> int | None:
        """The status of a body that a server need not read to its end; None where it closed the connection."""
        path = fill(self.config.path, self.service.values)
        sent = {"content-type": "application/json", **headers}
        try:
            status = self.service.http.post(path, content=body, headers=sent).status_code
        except httpx.HTTPError as error:
            case.note(f"POST {path} with {len(body)} bytes", type(error).__name__)
            return None
        case.note(f"POST {path} with {len(body)} bytes", status)
        return status

    def send(self, case: Case, kind: str, checkout: Checkout, *, age_s: int = 0, secret: str | None = None) -> Answer:
        """A right webhook."""
        event = self.event(kind, checkout)
        body = dumped(event)
        return self.post(case, body, self.sign(body, age_s=age_s, secret=secret))

    def state(self, case: Case, checkout: Checkout) -> str:
        """The order's state, at once where the configuration says that events take effect at once."""
        if not self.config.at_once:
            self.service.settle(case)
        return self.orders.state(case, checkout.order)


def dumped(event: Any) -> bytes:
    return json.dumps(event, separators=(",", ":")).encode()


def sender(service: Service) -> Sender:
    """Raises NotCheckedError where the configuration has no `inbound`, or no orders to send events about."""
    if service.config.inbound is None:
        raise NotCheckedError("the configuration has no 'inbound'")
    orders = desk(service)
    orders.need("checkout", "status")
    return Sender(orders, service.config.inbound)
