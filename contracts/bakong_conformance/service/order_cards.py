"""Rules of card payments: lost answers, early webhooks, holders who leave, holds that end, refunds in doubt, disputes.

The provider is the harness's own, which keeps the ledger that they are judged by.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from hypothesis import strategies as st

from bakong_conformance.case import Case
from bakong_conformance.http import Answer
from bakong_conformance.rules import NotCheckedError, RuleBrokenError, Suite, require
from bakong_conformance.service.inbound_sender import Sender, dumped, sender
from bakong_conformance.service.order_cases import PLAIN
from bakong_conformance.service.order_subject import Checkout, Desk, Order, desk
from bakong_conformance.service.provider import Charge, Provider
from bakong_conformance.service.subject import Service

SUITE = Suite("service")
rule = SUITE.rule
RACERS = 8
LOOKS_S = (5, 60, 300, 900, 1800, 3600)  # a recovery may repeat more and more seldom
ELSEWHERE = 503


@contextmanager
def card_desk(service: Service) -> Iterator[tuple[Desk, Provider]]:
    """The orders, and the harness's provider, which answers rightly again at the end."""
    orders = desk(service)
    orders.need("checkout", "status")
    orders.need_state("paid")
    if service.provider is None or "pay" in orders.config.operations:
        raise NotCheckedError("the provider is not the harness's own")
    try:
        yield orders, service.provider
    finally:
        service.provider.reset()


@contextmanager
def card_hooks(service: Service, *events: str) -> Iterator[tuple[Sender, Provider]]:
    hooks = sender(service)
    hooks.need_event(*events)
    with card_desk(service) as (_, provider):
        yield hooks, provider


def becomes(orders: Desk, case: Case, order: Order, *expected: str) -> str:
    """The order's state, as soon as it is one of these; else the last one seen."""
    state = ""
    for seconds in LOOKS_S:
        orders.service.wait(case, seconds)
        if (state := orders.state(case, order)) in expected:
            break
    return state


def is_paid(orders: Desk, case: Case, order: Order, about: str, *, soon: bool = False) -> None:
    if soon:
        orders.service.settle(case)
    state = orders.state(case, order) if soon else becomes(orders, case, order, "paid")
    require(state == "paid", f"{about}, and the order is {state}, expected paid")


def _captured(orders: Desk, case: Case, order: Order) -> int | None:
    told = orders.read("status", orders.status(case, order), "captured")
    return None if told is None else orders.minor(told)


def paid_back(orders: Desk, charge: Charge) -> int:
    """What the provider has paid back, by its own ledger."""
    return sum(orders.minor(refund["amount"]) or 0 for refund in charge.refunds.values())


def bought_by_card(orders: Desk, provider: Provider, case: Case) -> tuple[Checkout, Charge]:
    orders.need("refund")
    bought = orders.buy(case, PLAIN)
    return bought, provider.charges[bought.charge]


def refund(orders: Desk, case: Case, bought: Checkout, minor: int | None = None, key: str | None = None) -> Answer:
    """A refund, whatever comes back but a 500."""
    values: dict[str, Any] = {"order": bought.order.id, "payment": bought.payment}
    more = {} if minor is None else {"amount": orders.amount(minor)}
    return orders.do(case, "refund", key=key, **values, **more)


@rule("card.lost", "A payment whose webhook is lost is polled for", forbids="money that only a webhook could tell of")
def _lost(service: Service, case: Case) -> None:
    """The payer pays, no webhook comes, the provider is down at the first poll, and up again later."""
    with card_desk(service) as (orders, provider):
        checkout = orders.checkout(case, orders.place(case, PLAIN))
        orders.pay(case, checkout)
        provider.down = True
        service.settle(case)
        before = orders.state(case, checkout.order)
        require(before != "paid", "an order is paid while its provider is silent and nobody has told it")
        provider.down = False
        service.settle(case)
        is_paid(orders, case, checkout.order, "the webhook was lost, and the provider was down for one poll", soon=True)


@rule("card.early", "A webhook may come before the checkout is answered", forbids="an event that is dropped as unknown")
def _early(service: Service, case: Case) -> None:
    """The provider tells of the payment while it is still answering the call that made it."""
    with card_hooks(service, "paid") as (hooks, provider):
        order = hooks.orders.place(case, PLAIN)
        answers: list[Answer] = []

        def tell(charge: Charge) -> None:
            early = Checkout(order, charge.id, charge.reference, None, order.answer)
            provider.pay(charge.id, charge.amount, charge.currency)
            body = dumped(hooks.event("paid", early))
            answers.append(hooks.post(case, body, hooks.sign(body)))

        provider.before_answer = tell
        checkout = hooks.orders.checkout(case, order)
        provider.before_answer = None
        for answer in answers:
            require(answer.status in hooks.config.accepted, f"a webhook that came early was answered {answer.summary}")
        is_paid(hooks.orders, case, checkout.order, "the webhook came before the checkout was answered", soon=True)


@rule("card.unanswered", "A checkout without an answer is repeated, not made anew", forbids="two charges for one order")
def _unanswered(service: Service, case: Case) -> None:
    """The provider makes the charge, and its answer is lost; the client tries again; the payer pays."""
    with card_desk(service) as (orders, provider):
        order, before = orders.place(case, PLAIN), set(provider.charges)
        provider.lost.add("charge")
        first = orders.do(case, "checkout", order=order.id, currency=orders.config.currency)
        require(not orders.done("checkout", first) or orders.state(case, order) != "paid", "nobody has paid")
        provider.reset()
        checkout = orders.checkout(case, order)
        made = sorted(set(provider.charges) - before)
        require(len(made) == 1, f"a checkout whose answer was lost, repeated, made the charges {made}")
        require(
            checkout.charge == made[0], f"the checkout tells the charge {checkout.charge}, the provider has {made[0]}"
        )
        orders.pay(case, checkout)
        is_paid(orders, case, order, "the charge was paid", soon=True)


@rule("card.submit", "Who submits twice pays once", forbids="a charge for every click")
def _submit(service: Service, case: Case) -> None:
    """Eight checkouts of an order at once, three times: one charge at the provider."""
    with card_desk(service) as (orders, provider):
        for _ in range(3):
            order, before = orders.place(case, PLAIN), set(provider.charges)
            asked = partial(orders.do, None, "checkout", order=order.id, currency=orders.config.currency)
            statuses = sorted(answer.status for answer in service.at_once([asked] * RACERS))
            case.note(f"{RACERS} checkouts at once", statuses)
            made = sorted(set(provider.charges) - before)
            require(len(made) == 1, f"{RACERS} checkouts at once made the charges {made} at the provider")


@rule("card.abandoned", "Who leaves at 3D Secure has not paid", forbids="a challenge taken for money, or a stuck order")
def _abandoned(service: Service, case: Case) -> None:
    """The provider tells that the holder is asked; nobody answers; the payment ends, and another can be made."""
    with card_hooks(service, "action") as (hooks, provider):
        orders = hooks.orders
        orders.need_state("awaiting")
        hooks.need_frozen()
        checkout = orders.checkout(case, orders.place(case, PLAIN))
        provider.charges[checkout.charge].state = "action"
        answer = hooks.send(case, "action", checkout)
        require(answer.status in hooks.config.accepted, f"a webhook about 3D Secure was answered {answer.summary}")
        state = hooks.state(case, checkout)
        require(state == "awaiting", f"the card's holder is asked, and the order is {state}, expected that it waits")
        service.wait(case, orders.config.payment_life_s + 60)
        state = orders.state(case, checkout.order)
        require(state in ("expired", "open"), f"3D Secure was abandoned, and after its end the order is {state}")


@rule("card.challenged", "A challenge that is told late changes nothing", forbids="a paid order that waits again")
def _challenged(service: Service, case: Case) -> None:
    """The holder answers and it is paid; then the event of the challenge comes."""
    with card_hooks(service, "action", "paid") as (hooks, provider):
        checkout = hooks.orders.checkout(case, hooks.orders.place(case, PLAIN))
        provider.charges[checkout.charge].state = "action"
        hooks.orders.pay(case, checkout)
        for kind in ("paid", "action"):
            answer = hooks.send(case, kind, checkout)
            require(answer.status in hooks.config.accepted, f"an event {kind} was answered {answer.summary}")
        state = hooks.state(case, checkout)
        require(state == "paid", f"a challenge was told after its payment, and the order is {state}")


@rule("card.declined.paid", "A declined card is followed by another", forbids="an order that ends by its first decline")
def _declined(service: Service, case: Case) -> None:
    """A decline is told, or only seen by a poll; the same charge is paid by another card, and no webhook tells it."""
    with card_hooks(service, "failed") as (hooks, provider):
        for told in (True, False):
            checkout = hooks.orders.checkout(case, hooks.orders.place(case, PLAIN))
            provider.charges[checkout.charge].state = "failed"
            if told:
                hooks.send(case, "failed", checkout)
            else:
                service.settle(case)
            state = hooks.state(case, checkout)
            require(state not in ("paid", "review"), f"a card was declined, and the order is {state}")
            hooks.orders.pay(case, checkout)
            is_paid(hooks.orders, case, checkout.order, "a second card paid", soon=True)


@rule("card.capture", "What is held is captured before it is paid", forbids="a hold taken for money")
def _capture(service: Service, case: Case) -> None:
    """The card holds the amount: not paid; captured: paid, and captured once at the provider."""
    with card_desk(service) as (orders, provider):
        orders.need("capture")
        checkout = orders.checkout(case, orders.place(case, PLAIN))
        charge = provider.charges[checkout.charge]
        charge.state = "held"
        service.settle(case)
        state = orders.state(case, checkout.order)
        require(state != "paid", "a card holds the amount, and the order is paid before it is captured")
        answer = orders.do(case, "capture", order=checkout.order.id)
        require(orders.done("capture", answer), f"the capture of a hold was answered {answer.summary}")
        require(
            charge.state == "paid",
            f"a capture was answered {answer.status}; at the provider the charge is {charge.state}",
        )
        is_paid(orders, case, checkout.order, "the hold was captured", soon=True)


@rule(
    "card.capture.end", "A hold that has ended is not captured", forbids="goods that leave for money that never comes"
)
def _capture_end(service: Service, case: Case) -> None:
    """The provider has let the hold go; the capture is refused, and the order is not paid."""
    with card_desk(service) as (orders, provider):
        orders.need("capture")
        checkout = orders.checkout(case, orders.place(case, PLAIN))
        charge = provider.charges[checkout.charge]
        charge.state = "held"
        service.settle(case)
        charge.state = "expired"
        answer = orders.do(case, "capture", order=checkout.order.id)
        require(not orders.done("capture", answer), f"a hold that has ended was captured: {answer.summary}")
        require(answer.status < ELSEWHERE, f"the capture of a hold that has ended was answered {answer.summary}")
        service.settle(case)
        state = orders.state(case, checkout.order)
        require(state != "paid", "a hold has ended, and after its capture the order is paid")


@rule("card.doubled", "A second payment of an order goes back, once", forbids="an order that is paid twice, and kept")
def _doubled(service: Service, case: Case) -> None:
    """A payment ends, a second is made and paid, then the first is paid too: one of them goes back whole, one stays."""
    with card_desk(service) as (orders, provider):
        if orders.config.doubled != "refund":
            raise NotCheckedError("the configuration says that a doubled payment is for somebody to look at")
        first = orders.checkout(case, orders.place(case, PLAIN))
        service.wait(case, orders.config.payment_life_s + 60)
        second = orders.checkout(case, first.order)
        orders.pay(case, second)
        service.settle(case)
        orders.pay(case, first)
        charges = [provider.charges[one.charge] for one in (first, second)]
        payable = first.order.expected.payable
        for seconds in LOOKS_S:
            service.wait(case, seconds)
            orders.state(case, first.order)
        returned = sorted(paid_back(orders, charge) for charge in charges)
        require(returned == [0, payable], f"an order of {payable} was paid twice; the provider paid back {returned}")
        state = orders.state(case, first.order)
        require(state == "paid", f"a doubled payment went back, and the order is {state}")


@rule("card.disputed", "What is disputed is looked at, and not refunded", forbids="paying back what the bank took back")
def _disputed(service: Service, case: Case) -> None:
    """A paid order, a dispute by webhook: for review, a refund is refused, and nothing is paid back."""
    with card_hooks(service, "paid", "disputed") as (hooks, provider):
        hooks.orders.need_state("review")
        bought, charge = bought_by_card(hooks.orders, provider, case)
        for _ in range(2):
            answer = hooks.send(case, "disputed", bought)
            require(answer.status in hooks.config.accepted, f"a dispute was answered {answer.summary}")
        state = hooks.state(case, bought)
        require(state == "review", f"a payment is disputed, and the order is {state}, expected a review")
        answer = refund(hooks.orders, case, bought)
        require(
            not hooks.orders.done("refund", answer), f"the refund of a disputed payment was taken: {answer.summary}"
        )
        require(400 <= answer.status < ELSEWHERE, f"the refund of a disputed payment was answered {answer.summary}")
        require(not paid_back(hooks.orders, charge), "a disputed payment was paid back")
        hooks.send(case, "paid", bought)
        state = hooks.state(case, bought)
        require(state == "review", f"after a dispute its payment was told again, and the order is {state}")


@rule("card.refund.unanswered", "A refund without an answer is repeated, not made anew", forbids="paying back twice")
def _refund_unanswered(service: Service, case: Case) -> None:
    """The provider pays back, and its answer is lost; the service recovers: once at the provider, and told."""
    with card_desk(service) as (orders, provider):
        bought, charge = bought_by_card(orders, provider, case)
        provider.lost.add("refund")
        answer = refund(orders, case, bought, 100_00)
        provider.reset()
        case.note("the answer of a refund was lost", answer.status)
        for seconds in LOOKS_S:
            service.wait(case, seconds)
        returned = paid_back(orders, charge)
        require(returned == 100_00, f"a refund of 10000 whose answer was lost: the provider paid back {returned}")
        rest = bought.order.expected.payable - 100_00
        over = refund(orders, case, bought, rest + 1)
        require(not orders.done("refund", over), f"a refund above what is left was taken: {over.summary}")
        if "refunded" in orders.operation("status").answer:
            told = orders.minor(orders.read("status", orders.status(case, bought.order), "refunded"))
            require(told == 100_00, f"a refund whose answer was lost is told as {told}, expected 10000")


@rule("card.refund.again", "Who asks again for a refund in doubt gets that one", forbids="a refund for every click")
def _refund_again(service: Service, case: Case) -> None:
    """The answer of a whole refund is lost, and the clerk asks again at once: never more than was captured."""
    with card_desk(service) as (orders, provider):
        bought, charge = bought_by_card(orders, provider, case)
        payable = bought.order.expected.payable
        for lost in (True, False):
            provider.lost = {"refund"} if lost else set()
            refund(orders, case, bought, payable)
        for seconds in LOOKS_S:
            service.wait(case, seconds)
        returned = paid_back(orders, charge)
        require(returned == payable, f"a refund of {payable} was asked for twice: the provider paid back {returned}")


@rule("card.refund.refused", "A refund that is refused frees its part", forbids="money that can never be paid back")
def _refund_refused(service: Service, case: Case) -> None:
    """The provider refuses; nothing is told as paid back; later the whole is refunded."""
    with card_desk(service) as (orders, provider):
        bought, charge = bought_by_card(orders, provider, case)
        provider.refusing.add("refund")
        refund(orders, case, bought, 100_00)
        service.settle(case)
        if "refunded" in orders.operation("status").answer:
            told = orders.minor(orders.read("status", orders.status(case, bought.order), "refunded"))
            require(told == 0, f"a refund that the provider refused is told as {told} paid back")
        provider.reset()
        answer = refund(orders, case, bought)
        require(orders.done("refund", answer), f"a refund after one that was refused was answered {answer.summary}")
        service.settle(case)
        returned, payable = paid_back(orders, charge), bought.order.expected.payable
        require(returned == payable, f"after a refund that was refused the provider paid back {returned} of {payable}")


@rule("card.refund.told", "A payment that is told again takes no refund back", forbids="a refunded order that is paid")
def _refund_told(service: Service, case: Case) -> None:
    """Refunded in part, then its payment is told again."""
    with card_hooks(service, "paid") as (hooks, provider):
        hooks.orders.need_state("partially_refunded")
        bought, charge = bought_by_card(hooks.orders, provider, case)
        refund(hooks.orders, case, bought, 100_00)
        service.settle(case)
        for _ in range(2):
            hooks.send(case, "paid", bought)
        state = hooks.state(case, bought)
        require(state == "partially_refunded", f"a refunded payment was told again, and the order is {state}")
        require(paid_back(hooks.orders, charge) == 100_00, "a payment that was told again was paid back again")


@rule("card.foreign", "A charge pays its own order", forbids="a cheap order's charge that pays a dear one")
def _foreign(service: Service, case: Case) -> None:
    """An event that names one order's payment and another's charge, which is paid."""
    with card_hooks(service, "paid") as (hooks, provider):
        paid, other = (hooks.orders.checkout(case, hooks.orders.place(case, PLAIN)) for _ in range(2))
        provider.pay(paid.charge, provider.charges[paid.charge].amount, provider.charges[paid.charge].currency)
        body = dumped(hooks.event("paid", other, charge=paid.charge))
        answer = hooks.post(case, body, hooks.sign(body))
        require(answer.status < ELSEWHERE, f"an event of two orders was answered {answer.summary}")
        state = hooks.state(case, other)
        require(state != "paid", "an order is paid by the charge of another")


@rule("card.storm", "Webhooks and polls that race are one payment", forbids="a payment that is counted by each of them")
def _storm(service: Service, case: Case) -> None:
    """Eight events with ids of their own and eight reads at once: no failure, paid, captured once."""
    with card_hooks(service, "paid") as (hooks, _):
        checkout = hooks.orders.checkout(case, hooks.orders.place(case, PLAIN))
        hooks.orders.pay(case, checkout)
        bodies = [dumped(hooks.event("paid", checkout)) for _ in range(RACERS)]
        quiet = Case()
        told = [partial(hooks.post, quiet, body, hooks.sign(body)) for body in bodies]
        reads = [partial(hooks.orders.do, None, "status", order=checkout.order.id)] * RACERS
        statuses = sorted(answer.status for answer in service.at_once([*told, *reads]))
        case.note("webhooks and reads at once", statuses)
        failed = [status for status in statuses if status >= 500 and status != ELSEWHERE]
        require(not failed, f"webhooks and reads at once were answered {failed}")
        is_paid(hooks.orders, case, checkout.order, "eight webhooks told it", soon=True)
        captured, payable = _captured(hooks.orders, case, checkout.order), checkout.order.expected.payable
        require(captured in (None, payable), f"eight webhooks told a payment of {payable}, and {captured} are captured")


@rule(
    "card.permutation",
    "Any order of a payment's events ends the same",
    forbids="an order that depends on which webhook came last",
    examples=12,
)
def _permutation(service: Service, case: Case) -> None:
    """The events of a payment with a decline and a challenge, in any order, some of them more than once."""
    with card_hooks(service, "paid") as (hooks, _):
        kinds = [kind for kind in ("action", "failed", "pending", "paid") if kind in hooks.config.events]
        told = case.draw(st.lists(st.sampled_from(kinds), max_size=4), "events before and after")
        place = case.draw(st.integers(0, len(told)), "where the payment is told")
        checkout = hooks.orders.checkout(case, hooks.orders.place(case, PLAIN))
        hooks.orders.pay(case, checkout)
        for kind in [*told[:place], "paid", *told[place:]]:
            answer = hooks.send(case, kind, checkout)
            if answer.status not in hooks.config.accepted:
                raise RuleBrokenError(f"an event {kind} of a payment was answered {answer.summary}")
        state = hooks.state(case, checkout)
        require(state == "paid", f"a payment was told among {told}, and the order is {state}")
        captured, payable = _captured(hooks.orders, case, checkout.order), checkout.order.expected.payable
        require(captured in (None, payable), f"a payment of {payable} was told among {told}: {captured} are captured")
