"""A service's orders under test: placing, reading, checking out, paying and refunding by the mapping. Judges nothing.

What every rule builds on and does not work is a PreconditionError; what is not mapped, NotCheckedError.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

import jmespath

from bakong_conformance.case import Case
from bakong_conformance.http import Answer
from bakong_conformance.rules import NotCheckedError, PreconditionError, RuleBrokenError
from bakong_conformance.service.operation import Operation, fill, names_in, without_unfilled
from bakong_conformance.service.order_config import Orders
from bakong_conformance.service.subject import Service
from bakong_conformance.service.taxes import Basket, Item, Sums, sums

SERVER_ERROR = 500
_AMOUNT = re.compile(r"[0-9]+\.[0-9]{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Order:
    """An order that the service took."""

    id: str
    basket: Basket
    expected: Sums
    answer: Answer


@dataclass(frozen=True, slots=True)
class Checkout:
    """What the payer is asked for. charge: the provider's id of it, or what stands for it in `pay`; amount as told."""

    order: Order
    charge: str
    payment: str
    amount: Any
    answer: Answer


@dataclass(frozen=True, slots=True)
class Desk:
    """The orders of a service."""

    service: Service
    config: Orders

    # What is mapped

    def need(self, *operations: str) -> None:
        for name in operations:
            if name not in self.config.operations:
                raise NotCheckedError(f"the configuration maps no orders.operations.{name}")

    def need_answer(self, operation: str, *fields: str) -> None:
        self.need(operation)
        for name in fields:
            if name not in self.config.operations[operation].answer:
                raise NotCheckedError(
                    f"the configuration maps no {name!r} in the answer of orders.operations.{operation}"
                )

    def need_state(self, *states: str) -> None:
        for name in states:
            if name not in self.config.states:
                raise NotCheckedError(f"the configuration maps no orders.states.{name}")

    def takes(self, name: str) -> bool:
        """Whether a line of the body has such a field."""
        return name in names_in(self.config.item)

    def need_field(self, *names: str) -> None:
        for name in names:
            if not self.takes(name):
                raise NotCheckedError(f"orders.item has no {{{name}}}")

    def need_buyers(self) -> None:
        self.need_field("withholding_rate")
        if not {"company", "person"} <= set(self.config.buyers):
            raise NotCheckedError("orders.buyers does not say what a company and a person are")

    # Calls

    def operation(self, name: str) -> Operation:
        self.need(name)
        return self.config.operations[name]

    def do(
        self,
        case: Case | None,
        name: str,
        *,
        headers: Mapping[str, str] | None = None,
        key: str | None = None,
        **values: Any,
    ) -> Answer:
        """One operation, whatever comes back but a failure of the service's own."""
        answer = self.service.perform(case, self.operation(name), headers=headers, key=key, **values)
        if answer.status == SERVER_ERROR:
            raise RuleBrokenError(f"{name} answered {answer.summary}")
        return answer

    def done(self, name: str, answer: Answer) -> bool:
        return answer.status in self.operation(name).status

    def read(self, name: str, answer: Answer, field: str) -> Any:
        expression = self.operation(name).answer.get(field)
        return None if expression is None or answer.body is None else jmespath.search(expression, answer.body)

    # Amounts

    def text(self, minor: int) -> str:
        """Minor units as decimal text, such as 10.00."""
        return f"{Decimal(minor).scaleb(-2):f}"

    def amount(self, minor: int) -> Any:
        """Minor units in the form that the service takes."""
        return self.text(minor) if self.config.amounts == "text" else float(self.text(minor))

    def minor(self, told: Any) -> int | None:
        """Minor units of an amount that was told; None for what has another form than the configuration says."""
        if self.config.amounts == "text":
            return int(told.replace(".", "")) if isinstance(told, str) and _AMOUNT.fullmatch(told) else None
        if isinstance(told, bool) or not isinstance(told, int | float):
            return None
        scaled = Decimal(str(told)).scaleb(2)
        return int(scaled) if scaled == scaled.to_integral_value() else None

    # Orders

    def expected(self, basket: Basket) -> Sums:
        return sums(basket, int(Decimal(self.config.withholding_from).scaleb(2)))

    def line(self, item: Item, **more: Any) -> Any:
        """A line of the body. more: {names} of the line in other words than a right order has them."""
        mode: Literal["inclusive", "exclusive"] = "inclusive" if item.inclusive else "exclusive"
        values: dict[str, Any] = {
            "quantity": f"{item.quantity:f}",
            "unit_price": self.amount(item.unit_price),
            "discount": self.amount(item.discount),
            "vat_rate": self.config.exempt if item.vat_rate is None else item.vat_rate,
            "price_mode": self.config.modes.get(mode, mode),
        }
        if item.withholding_rate is not None:
            values["withholding_rate"] = item.withholding_rate
        return without_unfilled(fill(self.config.item, values | more))

    def body(self, basket: Basket, **more: Any) -> dict[str, Any]:
        """The values of an order. more: in the place of some of them."""
        values = {
            "currency": self.config.currency,
            "items": [self.line(item) for item in basket.items],
            "long_contract": basket.long_contract,
            "user": self.service.new_user(),
        }
        kind = "company" if basket.company else "person"
        if kind in self.config.buyers:
            values["buyer"] = self.config.buyers[kind]
        return values | more

    def place(self, case: Case, basket: Basket, *, key: str | None = None, **more: Any) -> Order:
        """An order that the service takes. Raises PreconditionError."""
        answer = self.do(case, "create", key=key, **self.body(basket, **more))
        return self.placed(answer, basket)

    def placed(self, answer: Answer, basket: Basket) -> Order:
        if not self.done("create", answer):
            raise PreconditionError(f"a right order was answered {answer.summary}")
        order_id = self.read("create", answer, "id")
        if not isinstance(order_id, str | int):
            raise PreconditionError(f"an order was answered without an id: {answer.summary}")
        return Order(str(order_id), basket, self.expected(basket), answer)

    def checkout(self, case: Case, order: Order, *, key: str | None = None) -> Checkout:
        """Raises PreconditionError."""
        answer = self.do(case, "checkout", key=key, order=order.id, currency=self.config.currency)
        if not self.done("checkout", answer):
            raise PreconditionError(f"the checkout of a right order was answered {answer.summary}")
        return self.checked_out(answer, order)

    def checked_out(self, answer: Answer, order: Order) -> Checkout:
        charge, payment, amount = (self.read("checkout", answer, name) for name in ("charge", "payment", "amount"))
        return Checkout(order, str(charge), str(payment), amount, answer)

    def pay(self, case: Case, checkout: Checkout, amount: int | None = None, currency: str | None = None) -> None:
        """The payer pays at the provider: what is payable, unless an amount in minor units says otherwise."""
        minor = checkout.order.expected.payable if amount is None else amount
        text, paid_in = self.text(minor), currency or self.config.currency
        case.note(f"{text} {paid_in} are paid for the charge {checkout.charge}")
        if "pay" in self.config.operations:
            as_asked = amount is None and currency is None
            if not as_asked and not {"amount", "currency"} <= names_in(self.operation("pay").body):
                raise NotCheckedError("orders.operations.pay takes no {amount} and {currency} of another payment")
            qr = self.read("checkout", checkout.answer, "qr")
            about: dict[str, Any] = {"charge": checkout.charge, "payment": checkout.payment, "qr": qr}
            answer = self.do(case, "pay", amount=text, currency=paid_in, **about)
            if not self.done("pay", answer):
                raise PreconditionError(f"the provider refused the payment: {answer.summary}")
        elif self.service.provider is None:
            raise NotCheckedError("the configuration maps no orders.operations.pay, and there is no provider")
        elif not self.service.provider.pay(checkout.charge, text, paid_in):
            raise PreconditionError(f"the checkout told the charge {checkout.charge!r}, which the provider never made")

    def state(self, case: Case, order: Order, name: str = "status") -> str:
        """Our name of the order's state."""
        return self.state_in(name, self.status(case, order, name))

    def state_in(self, name: str, answer: Answer) -> str:
        told = self.read(name, answer, "state")
        for ours, theirs in self.config.states.items():
            if told in theirs:
                return ours
        return f"unknown ({told!r})"

    def status(self, case: Case, order: Order, name: str = "status") -> Answer:
        answer = self.do(case, name, order=order.id)
        if not self.done(name, answer):
            raise PreconditionError(f"{name} of an order was answered {answer.summary}")
        return answer

    def buy(self, case: Case, basket: Basket) -> Checkout:
        """An order that is paid. Raises PreconditionError."""
        checkout = self.checkout(case, self.place(case, basket))
        self.pay(case, checkout)
        self.service.settle(case)
        if (state := self.state(case, checkout.order)) != "paid":
            raise PreconditionError(f"an order that was paid is {state}")
        return checkout


def desk(service: Service) -> Desk:
    """The orders of the service. Raises NotCheckedError where the configuration has none."""
    if service.config.orders is None:
        raise NotCheckedError("the configuration has no 'orders'")
    orders = Desk(service, service.config.orders)
    if "prepare" in orders.config.operations and not service.values.get("prepared"):
        answer = orders.do(None, "prepare")
        if not orders.done("prepare", answer):
            raise PreconditionError(f"orders.operations.prepare was answered {answer.summary}")
        service.values["prepared"] = True
    return orders


def item(price: str, quantity: str = "1", discount: str = "0.00", **more: Any) -> Item:
    """A line from texts.

    >>> item("10.00", "2", withholding_rate="3").money
    2000
    """
    minor = [int(Decimal(text).scaleb(2)) for text in (price, discount)]
    return Item(Decimal(quantity), minor[0], minor[1], **more)


def basket(*items: Item, company: bool = True, long_contract: bool = False) -> Basket:
    return Basket(items, company, long_contract)
