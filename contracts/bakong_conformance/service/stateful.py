"""Stories drawn at random: orders, payments, waits and questions in any order, against a model of the contract."""

from dataclasses import dataclass, field

from hypothesis import strategies as st

from bakong_conformance.case import Case
from bakong_conformance.rules import Suite, require
from bakong_conformance.service.subject import Payment, Service

SUITE = Suite("service")
rule = SUITE.rule


@dataclass(slots=True)
class TrackedPayment:
    """What the story knows of a payment. either: paid rightly after it had failed or fallen short; both ends may be."""

    payment: Payment
    paid_rightly: bool = False
    spoilt: bool = False
    either: bool = False
    states: list[str] = field(default_factory=list)


STEPS = st.one_of(
    st.tuples(st.just("order"), st.integers(0, 1)),
    st.tuples(st.just("pay"), st.integers(0, 3)),
    st.tuples(st.just("pay short"), st.integers(0, 3)),
    st.tuples(st.just("fail"), st.integers(0, 3)),
    st.tuples(st.just("ask"), st.integers(0, 3)),
    st.tuples(st.just("wait"), st.sampled_from((1, 15, 60, 899, 900, 3600))),
)


@rule(
    "story",
    "Whatever happens in whatever order, the states are right",
    forbids="PAID that changes, paid without money, money without PAID",
    examples=8,
)
def _story(service: Service, case: Case) -> None:
    """Up to eight steps drawn; after each the states of all payments are compared with what may be.

    Who may order no more, since a payment of his is open or a plan runs, is followed by somebody new.
    """
    users = [service.new_user(), service.new_user()]
    payments = [TrackedPayment(service.create(case, users[0]))]
    steps = case.draw(st.lists(STEPS, min_size=2, max_size=8), "steps")
    for what, number in steps:
        if service.config.time == "real" and what == "wait":
            continue
        _play(service, case, payments, users, what, number)
    _end(service, case, payments)


def _play(
    service: Service, case: Case, payments: list[TrackedPayment], users: list[str], what: str, number: int
) -> None:
    about = payments[number % len(payments)] if what not in ("order", "wait") else payments[0]
    if what == "order" and len(payments) < 4:
        payments.append(TrackedPayment(service.beside(case, users[number]) or service.create(case)))
    elif what == "wait":
        service.wait(case, number)
    elif what == "ask":
        look(service, case, about)
    elif what == "pay":
        service.pay(case, about.payment)
        about.paid_rightly = about.paid_rightly or not about.spoilt
        about.either = about.either or about.spoilt
    elif what == "pay short":
        service.pay(case, about.payment, amount="0.01")
        about.spoilt = about.spoilt or not about.paid_rightly
    elif what == "fail":
        service.pay(case, about.payment, outcome="failed")
        about.spoilt = about.spoilt or not about.paid_rightly


def look(service: Service, case: Case, about: TrackedPayment) -> str:
    """The state of a payment now. Raises RuleBrokenError where the contract forbids it."""
    state = service.status(case, about.payment)
    before = about.states[-1] if about.states else "pending"
    require(before != "paid" or state == "paid", f"a payment that was paid is {state}")
    require(state != "paid" or about.paid_rightly or about.either, "a payment is paid that nobody has paid rightly")
    require(not state.startswith("unknown"), f"a payment is {state}")
    about.states.append(state)
    return state


def _end(service: Service, case: Case, payments: list[TrackedPayment]) -> None:
    """After a quarter of an hour, money that came rightly has made its payment PAID."""
    for seconds in (service.config.settle_s, 900) if service.config.time != "real" else (service.config.settle_s,):
        service.wait(case, seconds)
        states = [look(service, case, about) for about in payments]
    service.settle(case)
    for about in payments:
        state = look(service, case, about)
        require(state == "paid" or not about.paid_rightly, f"a payment that was paid rightly is {state}")
    del states
