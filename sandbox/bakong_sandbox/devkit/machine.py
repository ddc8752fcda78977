"""A state machine of a payment service for users to subclass: they give the service, Hypothesis plays it.

class Mine(PaymentServiceMachine): define connect(), then TestMine = Mine.TestCase. How: docs/verify-strategies.md.
"""

from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from bakong_conformance.case import Case
from bakong_conformance.service.stateful import Told, look
from bakong_conformance.service.subject import Service


class PaymentServiceMachine(RuleBasedStateMachine):
    """Orders, payments and waits in any order. Subclass it and define connect(); add rules of your own beside these."""

    payments: ClassVar[Bundle[Told]] = Bundle("payments")

    def connect(self) -> Service:
        """The service under test, such as `bakong_sandbox.devkit.subject.subject` yields it."""
        raise NotImplementedError

    @initialize()
    def begin(self) -> None:
        """A clean start for every story."""
        self.service = self.connect()
        self.case = Case()
        self.told: list[Told] = []
        self.service.begin(self.case)

    @rule(target=payments)
    def order(self) -> Told:
        """A user orders."""
        told = Told(self.service.create(self.case))
        self.told.append(told)
        return told

    @rule(told=payments)
    def pay(self, told: Told) -> None:
        """A wallet pays the price."""
        self.service.pay(self.case, told.payment)
        told.paid_rightly = told.paid_rightly or not told.spoilt
        told.either = told.either or told.spoilt

    @rule(told=payments)
    def pay_short(self, told: Told) -> None:
        """A wallet pays a minor unit or a cent alone."""
        amount = "0.01" if told.payment.currency == "USD" else "1"
        self.service.pay(self.case, told.payment, amount=amount)
        told.spoilt = told.spoilt or not told.paid_rightly

    @rule(seconds=st.sampled_from((1, 15, 60, 900, 3600)))
    def wait(self, seconds: int) -> None:
        """Time passes."""
        self.service.wait(self.case, seconds)

    @invariant()
    def states_are_right(self) -> None:
        """PAID never changes, and nothing is PAID without its money."""
        for told in getattr(self, "told", ()):
            look(self.service, self.case, told)
