"""Rules of card payments that go wrong twice: silence that lasts, old charges, disputes that are told early.

The provider is the harness's own, as in order_cards; its ledger is the judge.
"""

from bakong_conformance.case import Case
from bakong_conformance.http import Answer
from bakong_conformance.rules import NotCheckedError, Suite, require
from bakong_conformance.service.inbound_sender import dumped
from bakong_conformance.service.order_cards import (
    ELSEWHERE,
    LOOKS_S,
    becomes,
    bought_by_card,
    card_desk,
    card_hooks,
    is_paid,
    paid_back,
    refund,
)
from bakong_conformance.service.order_cases import PLAIN
from bakong_conformance.service.order_subject import Checkout, Desk, Order
from bakong_conformance.service.provider import Charge
from bakong_conformance.service.subject import Service

SUITE = Suite("service")
rule = SUITE.rule
PART = 100_00
DOWN_S = (5, 60, 300)  # how long the provider stays silent, look by look


def _tells(orders: Desk, case: Case, order: Order, expected: int, about: str) -> None:
    """The status tells so much as paid back, where it is mapped."""
    if "refunded" in orders.operation("status").answer:
        told = orders.minor(orders.read("status", orders.status(case, order), "refunded"))
        require(told == expected, f"{about}, and {told} are told as paid back, expected {expected}")


@rule(
    "card.refund.silent",
    "A refund is told once the provider has paid it",
    forbids="a refund that is done because it was asked for",
)
def _refund_silent(service: Service, case: Case) -> None:
    """The provider is silent for some looks: nothing is told as paid back; then it pays, once, and that is told."""
    with card_desk(service) as (orders, provider):
        bought, charge = bought_by_card(orders, provider, case)
        provider.down = True
        answer = refund(orders, case, bought, PART)
        _tells(orders, case, bought.order, 0, f"a refund reached nobody ({answer.status})")
        for seconds in DOWN_S:
            service.wait(case, seconds)
            _tells(orders, case, bought.order, 0, "the provider is silent about a refund")
        provider.down = False
        for seconds in LOOKS_S:
            service.wait(case, seconds)
        back = paid_back(orders, charge)
        require(back in (0, PART), f"a refund of {PART} that met silence: the provider paid back {back}")
        require(back or not orders.done("refund", answer), "a refund was taken, and is never sent")
        _tells(orders, case, bought.order, back, f"the provider has paid back {back}")


@rule(
    "card.refund.refused.later",
    "A refund that is refused after a silence has failed",
    forbids="a second try that counts as success whatever is answered",
)
def _refused_later(service: Service, case: Case) -> None:
    """The first call reaches nobody, the next ones are refused: nothing is told as paid back, and all is left."""
    with card_desk(service) as (orders, provider):
        bought, charge = bought_by_card(orders, provider, case)
        provider.down = True
        refund(orders, case, bought, PART)
        provider.down, payable = False, bought.order.expected.payable
        provider.refusing.add("refund")
        for seconds in LOOKS_S:
            service.wait(case, seconds)
        _tells(orders, case, bought.order, 0, "the provider refused a refund at its second try")
        provider.reset()
        answer = refund(orders, case, bought)
        require(orders.done("refund", answer), f"a refund after one that failed late was answered {answer.summary}")
        service.settle(case)
        back = paid_back(orders, charge)
        require(back == payable, f"after a refund that failed late the provider paid back {back} of {payable}")


@rule(
    "card.refund.checkout",
    "What was paid back is not sold again",
    forbids="a new charge for an order whose money went back",
)
def _refund_checkout(service: Service, case: Case) -> None:
    """Refunded in part, and then whole: after each, a checkout makes no charge."""
    with card_desk(service) as (orders, provider):
        bought, _ = bought_by_card(orders, provider, case)
        for amount in (PART, None):
            refund(orders, case, bought, amount)
            service.settle(case)
            before = set(provider.charges)
            answer = orders.do(case, "checkout", order=bought.order.id, currency=orders.config.currency)
            made = sorted(set(provider.charges) - before)
            require(not made, f"the checkout of a refunded order made the charges {made}")
            require(
                400 <= answer.status < ELSEWHERE and answer.status != 500,
                f"the checkout of a refunded order was answered {answer.summary}",
            )


@rule(
    "card.doubled.refund",
    "After a doubled payment the one that stays can be paid back",
    forbids="paying one charge back twice, and the other never",
)
def _doubled_refund(service: Service, case: Case) -> None:
    """Paid twice, one goes back by itself, then the order is refunded: each charge is paid back whole, once."""
    with card_desk(service) as (orders, provider):
        orders.need("refund")
        if orders.config.doubled != "refund":
            raise NotCheckedError("the configuration says that a doubled payment is for somebody to look at")
        for newest_first in (True, False) if orders.config.late == "paid" else (True,):
            first = orders.checkout(case, orders.place(case, PLAIN))
            service.wait(case, orders.config.payment_life_s + 60)
            second = orders.checkout(case, first.order)
            kept, doubled = (second, first) if newest_first else (first, second)
            orders.pay(case, kept)
            service.settle(case)
            orders.pay(case, doubled)
            for seconds in LOOKS_S:
                service.wait(case, seconds)
                orders.state(case, first.order)
            answer = refund(orders, case, kept)
            require(orders.done("refund", answer), f"the refund of an order that was paid twice: {answer.summary}")
            for seconds in LOOKS_S:
                service.wait(case, seconds)
            payable = first.order.expected.payable
            back = [paid_back(orders, provider.charges[one.charge]) for one in (first, second)]
            require(back == [payable] * 2, f"of two charges of {payable}, both to go back, {back} were paid back")


@rule(
    "card.older",
    "An event of an older charge is about that charge",
    forbids="asking about the newest payment of the order instead",
)
def _older(service: Service, case: Case) -> None:
    """A payment ends, a second is made; the first is paid, and its webhook comes: the order is not open."""
    with card_hooks(service, "paid") as (hooks, _):
        orders = hooks.orders
        hooks.need_frozen()
        first = orders.checkout(case, orders.place(case, PLAIN))
        service.wait(case, orders.config.payment_life_s + 60)
        second = orders.checkout(case, first.order)
        if second.charge == first.charge:
            raise NotCheckedError("the service hands out the same charge again")
        orders.pay(case, first)
        hooks.send(case, "paid", first)
        state = hooks.state(case, first)
        require(
            state in ("paid", "review"),
            f"an older charge was paid and told, and the order is {state}",
        )


@rule(
    "card.disputed.first",
    "A dispute counts whenever it is told",
    forbids="a dispute that is dropped because its payment is not known of yet",
)
def _disputed_first(service: Service, case: Case) -> None:
    """The dispute is told before the payment, or before the checkout was answered: for review, and not refunded."""
    with card_hooks(service, "paid", "disputed") as (hooks, provider):
        orders = hooks.orders
        orders.need_state("review")
        for early in (False, True):
            order = orders.place(case, PLAIN)

            def tell(charge: Charge, order: Order = order) -> None:
                checkout = Checkout(order, charge.id, charge.reference, None, order.answer)
                provider.pay(charge.id, charge.amount, charge.currency)
                for kind in ("disputed", "paid"):
                    body = dumped(hooks.event(kind, checkout))
                    told: Answer = hooks.post(case, body, hooks.sign(body))
                    require(told.status in hooks.config.accepted, f"an event {kind} was answered {told.summary}")

            if early:
                provider.before_answer = tell
            checkout = orders.checkout(case, order)
            provider.before_answer = None
            if not early:
                tell(provider.charges[checkout.charge])
            state = becomes(orders, case, order, "review")
            about = "before its checkout was answered" if early else "before its payment"
            require(state == "review", f"a dispute was told {about}, and the order is {state}")
            if "refund" in orders.config.operations:
                answer = refund(orders, case, checkout)
                require(not orders.done("refund", answer), f"a disputed payment was refunded: {answer.summary}")


@rule(
    "card.disputed.refunded",
    "A dispute of what was refunded in part is looked at",
    forbids="paying back the rest of what the bank takes back",
)
def _disputed_refunded(service: Service, case: Case) -> None:
    """A part is paid back, then the payment is disputed: the rest is not paid back."""
    with card_hooks(service, "paid", "disputed") as (hooks, provider):
        hooks.orders.need_state("review")
        bought, charge = bought_by_card(hooks.orders, provider, case)
        refund(hooks.orders, case, bought, PART)
        service.settle(case)
        hooks.send(case, "disputed", bought)
        state = hooks.state(case, bought)
        require(state == "review", f"what was refunded in part is disputed, and the order is {state}")
        answer = refund(hooks.orders, case, bought)
        require(not hooks.orders.done("refund", answer), f"the rest of a disputed payment: {answer.summary}")
        back = paid_back(hooks.orders, charge)
        require(back == PART, f"a disputed payment was paid back {back}, expected {PART}")


@rule(
    "card.capture.silent",
    "A capture without an answer is no payment",
    forbids="goods that leave for a capture that reached nobody",
)
def _capture_silent(service: Service, case: Case) -> None:
    """The provider is silent at the capture: not paid; it answers again: captured, and paid once."""
    with card_desk(service) as (orders, provider):
        orders.need("capture")
        checkout = orders.checkout(case, orders.place(case, PLAIN))
        charge = provider.charges[checkout.charge]
        charge.state = "held"
        service.settle(case)
        provider.down = True
        orders.do(case, "capture", order=checkout.order.id)
        state = orders.state(case, checkout.order)
        require(state != "paid", "a capture reached nobody, and the order is paid")
        provider.down = False
        service.settle(case)
        if charge.state != "paid":
            answer = orders.do(case, "capture", order=checkout.order.id)
            require(orders.done("capture", answer), f"a capture after a silent one was answered {answer.summary}")
        is_paid(orders, case, checkout.order, "the hold was captured at the second try")


@rule(
    "card.cancelled",
    "Money of a cancelled order is not lost",
    forbids="an order that is cancelled while it is paid, and keeps the money",
)
def _cancelled(service: Service, case: Case) -> None:
    """Cancelled, and paid before or after it: paid, looked at, or paid back; and nothing new is charged."""
    with card_desk(service) as (orders, provider):
        orders.need("cancel")
        for about in ("before its cancel", "after its cancel"):
            checkout = orders.checkout(case, orders.place(case, PLAIN))
            charge, order = provider.charges[checkout.charge], checkout.order
            if about.startswith("before"):
                orders.pay(case, checkout)
            answer = orders.do(case, "cancel", order=order.id)
            require(answer.status < 500, f"a cancel was answered {answer.summary}")
            if about.startswith("after"):
                require(
                    orders.done("cancel", answer), f"the cancel of an order that waits was answered {answer.summary}"
                )
                before = set(provider.charges)
                again = orders.do(case, "checkout", order=order.id, currency=orders.config.currency)
                made = sorted(set(provider.charges) - before)
                require(not made, f"the checkout of a cancelled order ({again.status}) made the charges {made}")
                orders.pay(case, checkout)
            state = becomes(orders, case, order, "paid", "review", "refunded")
            back = paid_back(orders, charge)
            require(
                state in ("paid", "review", "refunded") or back == order.expected.payable,
                f"an order was paid {about}: it is {state}, and {back} were paid back",
            )
