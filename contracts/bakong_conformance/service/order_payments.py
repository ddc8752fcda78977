"""Rules of paying an order: what is asked for, checkout twice, amounts that differ, ends, and payments after them."""

from functools import partial

from bakong_conformance.case import Case
from bakong_conformance.rules import NotCheckedError, RuleBrokenError, Suite, require
from bakong_conformance.service.order_cases import PLAIN
from bakong_conformance.service.order_limits import checked
from bakong_conformance.service.order_subject import Checkout, Desk, desk
from bakong_conformance.service.subject import WINDOW_S, Service
from bakong_conformance.service.taxes import Sums

SUITE = Suite("service")
rule = SUITE.rule
RACERS = 8
LATE_S = (60, 1800)
LATE_LOOKS_S = (60, 60, 900, 900, 3600)  # services look for late money more and more seldom


def _orders(service: Service) -> Desk:
    orders = desk(service)
    orders.need("checkout", "status")
    orders.need_state("paid")
    return orders


@rule(
    "order.checkout.amount",
    "The payer is asked for what is payable",
    forbids="asking for the total where tax is withheld, or for the price before VAT",
)
def _asked(service: Service, case: Case) -> None:
    """An order with withholding tax: the amount that the checkout tells, and the provider's charge."""
    orders = _orders(service)
    checkout = orders.checkout(case, checked(orders, case))
    payable = checkout.order.expected.payable
    if "amount" in orders.operation("checkout").answer:
        asked = orders.minor(checkout.amount)
        require(asked == payable, f"the checkout asks for {checkout.amount!r}, payable is {orders.text(payable)}")
    if service.provider and checkout.charge in service.provider.charges:
        charge = service.provider.charges[checkout.charge]
        case.note("the provider's charge", charge.shown())
        require(
            charge.amount == orders.text(payable), f"the charge is over {charge.amount}, not {orders.text(payable)}"
        )
        require(charge.currency == orders.config.currency, f"the charge is in {charge.currency}")


@rule("order.paid", "An order that is paid is paid", forbids="money that nobody notices, and paid before the money")
def _paid(service: Service, case: Case) -> None:
    """Checked out it is not paid; the payer pays, and it is; a day later it still is."""
    orders = _orders(service)
    checkout = orders.checkout(case, checked(orders, case))
    before = orders.state(case, checkout.order)
    require(before not in ("paid", "review"), f"an order that nobody has paid is {before}")
    orders.pay(case, checkout)
    service.settle(case)
    state = orders.state(case, checkout.order)
    require(state == "paid", f"an order that was paid is {state}")
    if service.config.time != "real":
        service.wait(case, 86_400)
        state = orders.state(case, checkout.order)
        require(state == "paid", f"an order that was paid is {state} a day later")


@rule(
    "order.checkout.twice",
    "Checking out again gives the payment that is open",
    forbids="two payments that a payer can both pay",
)
def _twice(service: Service, case: Case) -> None:
    """Twice, one after the other: the same charge."""
    orders = _orders(service)
    orders.need_answer("checkout", "charge")
    first = orders.checkout(case, orders.place(case, PLAIN))
    answer = orders.do(case, "checkout", order=first.order.id, currency=orders.config.currency)
    if orders.done("checkout", answer):
        second = orders.checked_out(answer, first.order)
        require(first.charge == second.charge, f"an order has the charges {first.charge} and {second.charge} open")
    else:
        conflict = service.config.refusals.conflict
        require(answer.status in conflict, f"a second checkout was answered {answer.summary}")


@rule("order.checkout.race", "One open payment, whatever races", forbids="two payments for checkouts that race")
def _race(service: Service, case: Case) -> None:
    """Eight checkouts of an order at once, three times, each in a minute of its own: a shop may limit checkouts."""
    orders = _orders(service)
    orders.need_answer("checkout", "charge")
    for number in range(3 if service.config.time != "real" else 1):
        if number:
            service.wait(case, WINDOW_S)
        order = orders.place(case, PLAIN)
        asked = partial(orders.do, None, "checkout", order=order.id, currency=orders.config.currency)
        answers = service.at_once([asked] * RACERS)
        made = {orders.checked_out(one, order).charge for one in answers if orders.done("checkout", one)}
        case.note(f"{RACERS} checkouts at once", sorted(answer.status for answer in answers))
        require(len(made) == 1, f"{RACERS} checkouts at once made the charges {sorted(made)}")


@rule("order.checkout.paid", "A paid order is not checked out", forbids="a second payment for what is paid")
def _paid_again(service: Service, case: Case) -> None:
    """An order is paid, then checked out again."""
    orders = _orders(service)
    bought = orders.buy(case, PLAIN)
    answer = orders.do(case, "checkout", order=bought.order.id, currency=orders.config.currency)
    expected = (*service.config.refusals.conflict, *service.config.refusals.invalid)
    require(answer.status in expected, f"the checkout of a paid order was answered {answer.summary}")


def _misfits(sums: Sums) -> dict[str, int]:
    """Amounts that are not what is asked for."""
    misfits = {
        "a satang less": sums.payable - 1,
        "a satang more": sums.payable + 1,
        "half of it": sums.payable // 2,
        "ten times as much": sums.payable * 10,
        "the total, of which tax is to be withheld,": sums.total,
        "the price before VAT": sums.subtotal,
    }
    return {about: amount for about, amount in misfits.items() if amount != sums.payable}


@rule(
    "order.mismatch",
    "Another amount does not pay an order",
    forbids="orders paid by too little, a tolerance, or the total where less is payable",
)
def _mismatch(service: Service, case: Case) -> None:
    """A satang less and more, half, tenfold, the total, the price before VAT."""
    orders = _orders(service)
    for about, amount in _misfits(checked(orders, case).expected).items():
        checkout = orders.checkout(case, checked(orders, case))
        orders.pay(case, checkout, amount)
        service.settle(case)
        state = orders.state(case, checkout.order)
        require(state != "paid", f"{about} was paid ({orders.text(amount)}), and the order is paid")


@rule(
    "order.mismatch.currency",
    "Another currency does not pay an order",
    forbids="baht that are paid by as many of something else",
)
def _currency(service: Service, case: Case) -> None:
    """The right number in another currency."""
    orders = _orders(service)
    checkout = orders.checkout(case, checked(orders, case))
    orders.pay(case, checkout, checkout.order.expected.payable, orders.config.other_currency)
    service.settle(case)
    state = orders.state(case, checkout.order)
    require(state != "paid", f"the amount was paid in {orders.config.other_currency}, and the order is paid")


@rule(
    "order.mismatch.review",
    "Money that does not fit is not dropped",
    forbids="an order that goes on waiting, or expires, while somebody's money is there",
)
def _review(service: Service, case: Case) -> None:
    """A satang too little is paid: the order is for somebody to look at, also when its payment's time is over."""
    orders = _orders(service)
    orders.need_state("review")
    checkout = orders.checkout(case, orders.place(case, PLAIN))
    orders.pay(case, checkout, checkout.order.expected.payable - 1)
    service.settle(case)
    state = orders.state(case, checkout.order)
    require(state == "review", f"a satang too little was paid, and the order is {state}, expected a review")
    service.wait(case, orders.config.payment_life_s + 60)
    state = orders.state(case, checkout.order)
    require(state == "review", f"a satang too little was paid, and later the order is {state}, expected a review")


@rule("order.expires", "A payment ends at its time", forbids="payments that live for ever, or die early")
def _expires(service: Service, case: Case) -> None:
    """Two seconds before the end, and a minute after it."""
    orders = _orders(service)
    orders.need_state("awaiting")
    if service.config.time == "real":
        raise NotCheckedError("it needs a clock that stands still")
    checkout = orders.checkout(case, orders.place(case, PLAIN))
    service.wait(case, orders.config.payment_life_s - 2)
    state = orders.state(case, checkout.order)
    require(state == "awaiting", f"2 s before its payment's end an order is {state}, expected that it is waited for")
    service.wait(case, 62)
    state = orders.state(case, checkout.order)
    require(
        state in ("expired", "open"),
        f"a minute after its payment's end an order is {state}, expected that it has expired, or is open again",
    )


@rule(
    "order.last-second",
    "A payment in the last seconds counts",
    forbids="money that came in time and is called late",
)
def _last(service: Service, case: Case) -> None:
    """Paid so long before the end that the service still notices in time; asked when the end is over."""
    orders = _orders(service)
    checkout = orders.checkout(case, orders.place(case, PLAIN))
    left_s = service.config.settle_s + 5
    service.wait(case, orders.config.payment_life_s - left_s)
    orders.pay(case, checkout)
    service.settle(case)
    service.wait(case, 60)
    state = orders.state(case, checkout.order)
    require(state == "paid", f"an order that was paid {left_s:g} s before its payment's end is {state}")


@rule("order.late", "Money that comes late is not lost", forbids="an order that stays expired while it is paid")
def _late(service: Service, case: Case) -> None:
    """Paid a minute, and half an hour after the end: paid, or looked at, as the configuration says; never expired."""
    orders = _orders(service)
    if orders.config.late == "review":
        orders.need_state("review")
    for late_s in LATE_S:
        _paid_late(orders, service, case, late_s)


def _paid_late(orders: Desk, service: Service, case: Case, late_s: int) -> None:
    checkout = orders.checkout(case, orders.place(case, PLAIN))
    service.wait(case, orders.config.payment_life_s + late_s)
    before = orders.state(case, checkout.order)
    require(before != "paid", "an order that nobody has paid is paid after its payment's end")
    orders.pay(case, checkout)
    for seconds in LATE_LOOKS_S:
        service.wait(case, seconds)
        if (state := orders.state(case, checkout.order)) == orders.config.late:
            break
    require(
        state == orders.config.late, f"an order that was paid {late_s} s late is {state}, expected {orders.config.late}"
    )


@rule(
    "order.checkout.anew",
    "After its payment's end an order is checked out anew, or refused",
    forbids="a dead payment that is offered again",
)
def _anew(service: Service, case: Case) -> None:
    """Checked out again a minute after the end: another charge, or a refusal."""
    orders = _orders(service)
    orders.need_answer("checkout", "charge")
    first = orders.checkout(case, orders.place(case, PLAIN))
    service.wait(case, orders.config.payment_life_s + 60)
    answer = orders.do(case, "checkout", order=first.order.id, currency=orders.config.currency)
    if orders.done("checkout", answer):
        again = orders.checked_out(answer, first.order).charge
        require(again != first.charge, f"the charge {again} was offered again after its end")
    else:
        require(400 <= answer.status < 500, f"a checkout after the payment's end was answered {answer.summary}")


@rule(
    "order.paid-twice",
    "An order that is paid twice tells it",
    forbids="a second payment that vanishes in an order that is simply paid",
)
def _both(service: Service, case: Case) -> None:
    """The first payment ends, a second one is made and paid, then the first is paid too: review, told, or a refund."""
    orders = _orders(service)
    orders.need_state("review")
    orders.need_answer("checkout", "charge")
    first = orders.checkout(case, orders.place(case, PLAIN))
    service.wait(case, orders.config.payment_life_s + 60)
    answer = orders.do(case, "checkout", order=first.order.id, currency=orders.config.currency)
    if not orders.done("checkout", answer):
        raise NotCheckedError(f"an order whose payment has ended is not checked out again: {answer.status}")
    second = orders.checked_out(answer, first.order)
    orders.pay(case, second)
    service.settle(case)
    orders.pay(case, first)
    state = ""
    for seconds in LATE_LOOKS_S:
        service.wait(case, seconds)
        status = orders.status(case, first.order)
        state = orders.state_in("status", status)
        if state == "review" or orders.read("status", status, "doubled") or _is_returned(service, first, second):
            return
    raise RuleBrokenError(f"an order was paid twice; it is {state}, not told as doubled, and neither payment went back")


def _is_returned(service: Service, *checkouts: Checkout) -> bool:
    """Whether the harness's provider was asked to pay one of them back."""
    charges = service.provider.charges if service.provider else {}
    return any(charges[one.charge].refunds for one in checkouts if one.charge in charges)
