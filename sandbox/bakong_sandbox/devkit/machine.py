"""A state machine of a payment service for users to subclass: they give the service, Hypothesis plays it.

class Mine(PaymentServiceMachine): define connect(), then TestMine = Mine.TestCase. How: docs/verify-strategies.md.
"""

from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from bakong_conformance.case import Case
from bakong_conformance.service.stateful import TrackedPayment, look
from bakong_conformance.service.subject import Service


class PaymentServiceMachine(RuleBasedStateMachine):
    """Orders, payments and waits in any order. Subclass it and define connect(); add rules of your own beside these."""

    payments: ClassVar[Bundle[TrackedPayment]] = Bundle("payments")

    def connect(self) -> Service:
        """The service under test, such as `bakong_sandbox.devkit.subject.subject` yields it."""
        raise NotImplementedError

    @initialize()
    def begin(self) -> None:
        """A clean start for every story."""
        self.service = self.connect()
        self.case = Case()
        self.tracked: list[TrackedPayment] = []
        self.service.begin(self.case)

    @rule(target=payments)
    def order(self) -> TrackedPayment:
        """A user orders."""
        payment = TrackedPayment(self.service.create(self.case))
        self.tracked.append(payment)
        return payment

    @rule(payment=payments)
    def pay(self, payment: TrackedPayment) -> None:
        """A wallet pays the price."""
        self.service.pay(self.case, payment.payment)
        payment.paid_rightly = payment.paid_rightly or not payment.spoilt
        payment.either = payment.either or payment.spoilt

    @rule(payment=payments)
    def pay_short(self, payment: TrackedPayment) -> None:
        """A wallet pays a minor unit or a cent alone."""
        amount = "0.01" if payment.payment.currency == "USD" else "1"
        self.service.pay(self.case, payment.payment, amount=amount)
        payment.spoilt = payment.spoilt or not payment.paid_rightly

    @rule(seconds=st.sampled_from((1, 15, 60, 900, 3600)))
    def wait(self, seconds: int) -> None:
        """Time passes."""
        self.service.wait(self.case, seconds)

    @invariant()
    def states_are_right(self) -> None:
        """PAID never changes, and nothing is PAID without its money."""
        for payment in getattr(self, "tracked", ()):
            look(self.service, self.case, payment)
