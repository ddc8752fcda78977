"""The optional blocks of verify.yaml for orders with items and taxes, and for webhooks that a provider sends."""

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from bakong_conformance.service.operation import Operation, Strict, names_in
from bakong_contracts.webhook_guard import FORMS

OPERATIONS = ("prepare", "create", "read", "checkout", "status", "refund", "pay", "capture", "cancel")
STATES = ("open", "awaiting", "paid", "expired", "review", "partially_refunded", "refunded")
LINE = ("quantity", "unit_price", "discount", "vat_rate", "withholding_rate", "price_mode", "line_total")
MIN_PAYMENT_LIFE_S = 120  # a shorter life leaves no time to pay in


class Orders(Strict):
    """Orders with items. item: one line of the body, with the {names} of LINE; buyers: what {buyer} becomes.

    operations.prepare: called once before the first order, for what must be set up, such as a payment method.
    exempt: the {vat_rate} of a line without VAT. late: what an order becomes that is paid after its payment's end.
    doubled: what a second payment of an order becomes. operations.capture: takes what a card holds, by {order};
    operations.cancel: takes an order back that is not paid.
    operations.pay: how the payer pays at the simulated provider; without it the service is to use the harness's own
    provider at {provider_url}. other_headers: those of another tenant.
    """

    operations: dict[str, Operation]
    item: dict[str, Any]
    buyers: dict[Literal["company", "person"], Any] = Field(default_factory=dict)
    modes: dict[Literal["exclusive", "inclusive"], Any] = Field(default_factory=dict)
    states: dict[str, list[str]]
    currency: str = "THB"
    other_currency: str = "USD"
    amounts: Literal["text", "number"] = "text"
    exempt: Any = None
    vat_rates: Annotated[tuple[str, ...], Field(min_length=1)] = ("7", "0")
    withholding_rates: Annotated[tuple[str, ...], Field(min_length=1)] = ("1", "2", "3", "5")
    withholding_from: str = "1000.00"
    most_items: int = 200
    largest: str = "9999999999999.99"
    payment_life_s: Annotated[int, Field(ge=MIN_PAYMENT_LIFE_S)] = 900
    late: Literal["paid", "review"] = "review"
    doubled: Literal["review", "refund"] = "review"
    other_headers: dict[str, str] = Field(default_factory=dict)

    @field_validator("operations")
    @classmethod
    def _known(cls, operations: dict[str, Operation]) -> dict[str, Operation]:
        if unknown := set(operations) - set(OPERATIONS):
            raise ValueError(f"there are no operations {sorted(unknown)}; there are {', '.join(OPERATIONS)}")
        if "create" not in operations:
            raise ValueError("the operation 'create' must be mapped")
        return operations

    @field_validator("item")
    @classmethod
    def _line(cls, item: dict[str, Any]) -> dict[str, Any]:
        if missing := {"quantity", "unit_price"} - names_in(item):
            raise ValueError(f"expected a line that holds {', '.join(f'{{{name}}}' for name in sorted(missing))}")
        return item

    @field_validator("states")
    @classmethod
    def _states(cls, states: dict[str, list[str]]) -> dict[str, list[str]]:
        if unknown := set(states) - set(STATES):
            raise ValueError(f"there are no states {sorted(unknown)}; there are {', '.join(STATES)}")
        return states

    @model_validator(mode="after")
    def _rates(self) -> "Orders":
        for rate in (*self.vat_rates, *self.withholding_rates, self.withholding_from, self.largest):
            if not rate.replace(".", "", 1).isdecimal() or not rate.isascii():
                raise ValueError(f"expected rates and amounts as texts of digits, read {rate!r}")
        return self


class Inbound(Strict):
    """Webhooks of the provider to the service: POST to `path`, in one of the forms of docs/webhook-guard.md.

    secrets: the one in use first, then the one that a rotation replaces; retired: one that counts no more.
    event: the body, with {event_id}, {event}, {state}, {charge}, {payment}, {amount}, {amount_minor}, {currency}.
    confirms: the service asks the provider before it believes an event. at_once: what is accepted has taken effect.
    """

    path: str
    form: str
    secrets: Annotated[list[str], Field(min_length=1)]
    retired: str | None = None
    event: dict[str, Any]
    events: dict[Literal["paid", "failed", "pending", "action", "disputed"], str]
    states: dict[Literal["paid", "failed", "pending", "action", "disputed"], str] = Field(default_factory=dict)
    accepted: tuple[int, ...] = (200, 201, 202, 204)
    refused: tuple[int, ...] = (400, 401, 403)
    confirms: bool = False
    at_once: bool = False

    @field_validator("form")
    @classmethod
    def _form(cls, form: str) -> str:
        if form not in FORMS:
            raise ValueError(f"expected one of {', '.join(FORMS)}")
        return form

    @field_validator("events")
    @classmethod
    def _paid(cls, events: dict[Any, str]) -> dict[Any, str]:
        if "paid" not in events:
            raise ValueError("the event 'paid' must be mapped")
        return events
