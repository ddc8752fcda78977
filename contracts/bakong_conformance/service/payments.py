"""Rules of one payment: how it is made, how it is paid, how it ends, and what is not a payment."""

from collections.abc import Sequence
from decimal import Decimal
from functools import partial

from hypothesis import strategies as st

import khqr
from bakong_conformance.case import Case
from bakong_conformance.rules import NotCheckedError, PreconditionError, RuleBrokenError, Suite, require
from bakong_conformance.service.subject import DECIMALS, Payment, Service, instant_ms
from khqr import DecodeError

SUITE = Suite("service")
rule = SUITE.rule
LATE_S = 3 * 3600
CODES = 40  # in each currency: of 80 checksums one at least begins with a zero, but for one run in 170


def currencies(service: Service) -> list[str]:
    return sorted(service.config.plans.basic.prices, reverse=True)


def code_minor(payment: Payment) -> int:
    """Cents that a code in USD asks for. Raises RuleBrokenError."""
    try:
        return int(Decimal(str(khqr.decode(payment.qr).payee.amount)) * 100)
    except DecodeError as error:
        raise RuleBrokenError(f"the code cannot be read: {error}: {payment.qr}") from None


def code_asks(payment: Payment) -> tuple[int, str]:
    """The minor units that a code asks for, and of which currency. Raises RuleBrokenError."""
    try:
        payee = khqr.decode(payment.qr).payee
    except DecodeError as error:
        raise RuleBrokenError(f"the code cannot be read: {error}: {payment.qr}") from None
    currency = khqr.Currency(payee.currency).name
    return int(Decimal(str(payee.amount)).scaleb(DECIMALS[currency])), currency


@rule(
    "create.works",
    "A payment can be made",
    forbids="refusing a right order, or answering it without what a customer needs",
)
def _works(service: Service, case: Case) -> None:
    """An order at the plan's price in each currency: the answer has an id, an md5, a code, and is pending."""
    for currency in currencies(service):
        answer = service.do(case, "create", **service.order(service.new_user(), currency=currency))
        require(service.done("create", answer), f"an order in {currency} was answered {answer.summary}")
        for part in ("md5", "qr"):
            require(isinstance(service.read("create", answer, part), str), f"no {part} in {answer.summary}")
        state = service.read("create", answer, "state")
        require(
            state is None or service.state(state) == "pending", f"a new payment is {state!r}, expected a pending one"
        )


@rule(
    "create.code",
    "The code is a KHQR of the right amount",
    forbids="a code that no wallet reads, or that asks for another amount or currency",
)
def _code(service: Service, case: Case) -> None:
    """The code is read strictly; its amount and currency are the order's."""
    for currency in currencies(service):
        payment = service.create(case, currency=currency)
        try:
            payload = khqr.decode(payment.qr)
        except DecodeError as error:
            raise RuleBrokenError(f"the code cannot be read: {error}: {payment.qr}") from None
        price = service.price_minor(payment.plan, currency)
        minor = service.minor(str(payload.payee.amount), currency)
        require(minor == price, f"the code asks for {payload.payee.amount}, expected {payment.plan.prices[currency]}")
        asked = khqr.Currency(payload.payee.currency).name
        require(asked == currency, f"the code is in {asked}, ordered in {currency}")


@rule(
    "create.codes",
    "Every code can be read, not most of them",
    forbids="a checksum without its leading zeros, which one code in sixteen has",
)
def _codes(service: Service, case: Case) -> None:
    """Many orders in each currency; each code is read strictly."""
    if service.config.time == "real":
        raise NotCheckedError("so many orders are more than a real minute's limit admits")
    for currency in currencies(service):
        service.rest(case)
        for _ in range(CODES):
            payment = service.create(case, currency=currency)
            try:
                khqr.decode(payment.qr)
            except DecodeError as error:
                raise RuleBrokenError(f"a code cannot be read: {error}: {payment.qr}") from None


@rule("create.md5", "The md5 is that of the code", forbids="an md5 by which Bakong would never find the payment")
def _md5(service: Service, case: Case) -> None:
    """The md5 that is told is computed anew over the whole text of the code."""
    payment = service.create(case)
    expected = khqr.md5_of(payment.qr)
    require(payment.md5 == expected, f"the md5 is {payment.md5}, that of the code is {expected}")


@rule(
    "create.expiry",
    "The code dies when the payment does",
    forbids="a code that lives longer, or shorter, than the payment",
)
def _expiry(service: Service, case: Case) -> None:
    """The expiry inside the code is the creation plus the payment's life; what the service tells agrees with it."""
    payment = service.create(case)
    try:
        payload = khqr.decode(payment.qr)
    except DecodeError:
        raise PreconditionError("the code cannot be read") from None
    created, expires = payload.creation_timestamp, int(str(payload.payee.expiration_timestamp))
    life = service.config.expires_after_s * 1000
    require(
        created is not None and expires - created == life,
        f"the code lives for {expires - (created or 0)} ms, expected {life}",
    )
    answered = instant_ms(service.read("create", payment.answer, "expires"))
    require(answered is None or abs(answered - expires) < 1000, f"the service says {answered}, the code {expires}")
    if service.config.time != "real":
        now = service.world.now_ms()
        require(created == now, f"the code was created at {created}, the time is {now}")


@rule("create.unique", "No two payments share a code", forbids="two payments that one transfer would pay")
def _unique(service: Service, case: Case) -> None:
    """Three orders of one user, and one of another, at one instant."""
    user = service.new_user()
    made = [*service.create_many(case, user, 3), service.create(case)]
    require(len({payment.md5 for payment in made}) == 4, f"the md5s are {[payment.md5 for payment in made]}")
    require(len({payment.id for payment in made}) == 4, f"the ids are {[payment.id for payment in made]}")


@rule("create.dynamic", "The code can be paid once", forbids="a static code, which wallets pay again and again")
def _dynamic(service: Service, case: Case) -> None:
    """Tag 01 is 12 in each currency."""
    for currency in currencies(service):
        payment = service.create(case, currency=currency)
        require(payment.qr[6:12] == "010212", f"tag 01 is {payment.qr[6:12]!r}, expected '010212': {payment.qr}")


@rule("create.account", "Every code pays the same account", forbids="a code that pays somebody else")
def _pays_whom(service: Service, case: Case) -> None:
    """The account inside the codes of each plan and currency; where the configuration names one, that one."""
    plans = [plan for plan in (service.config.plans.basic, service.config.plans.full) if plan]
    orders = [(plan, currency) for plan in plans for currency in sorted(plan.prices)]
    made = [service.create(case, plan=plan, currency=currency) for plan, currency in orders]
    try:
        accounts = {khqr.decode(payment.qr).payee.bakong_account_id for payment in made}
    except DecodeError:
        raise PreconditionError("a code cannot be read") from None
    expected = service.config.account
    require(
        accounts == {expected} if expected else len(accounts) == 1,
        f"the codes pay {sorted(accounts)}",
    )


@rule("create.race", "Orders at once are orders apart", forbids="one code for two customers")
def _race(service: Service, case: Case) -> None:
    """Sixteen orders of sixteen users at once: sixteen codes."""
    orders = [service.order(service.new_user()) for _ in range(16)]
    answers = service.at_once([partial(service.do, None, "create", **order) for order in orders])
    made = {service.read("create", answer, "qr") for answer in answers if service.done("create", answer)}
    case.note("16 orders at once", f"{sorted(answer.status for answer in answers)}, {len(made)} codes")
    require(
        not any(answer.status >= 500 for answer in answers), "an order among sixteen at once was answered with a 5xx"
    )
    require(len(made) == 16, f"16 orders at once made {len(made)} codes")


@rule("create.told", "The amount that is told is the order's", forbids="another amount, or other units")
def _told(service: Service, case: Case) -> None:
    """The amount in the answer, in each currency."""
    if "amount" not in service.operation("create").answer:
        raise NotCheckedError("the configuration maps no amount in the answer of create")
    for currency in currencies(service):
        payment = service.create(case, currency=currency)
        amount = service.read("create", payment.answer, "amount")
        price = service.price_minor(payment.plan, currency)
        require(
            service.minor(amount, currency) == price,
            f"it says {amount!r}, the price is {payment.plan.prices[currency]}",
        )


@rule("create.price", "Only the plan's price is taken", forbids="an order at another price than the plan's", examples=8)
def _price(service: Service, case: Case) -> None:
    """Orders a little and a lot off the price, and none, negative and as text."""
    order = service.order(service.new_user())
    price = order["amount"]
    off = case.draw(
        st.one_of(st.sampled_from((0, -price, "0.5x", None)), st.integers(-49, 500)), "amount, or cents off"
    )
    wrong = round(price + off / 100, 2) if isinstance(off, int) and off else off
    if wrong == price:
        return
    answer = service.do(case, "create", **{**order, "amount": wrong})
    require(
        not service.done("create", answer), f"an order at {wrong!r} was taken, the price is {price}: {answer.summary}"
    )
    require(answer.status < 500, f"an order at {wrong!r} was answered {answer.summary}")


@rule("status.unknown", "An unknown payment is not found", forbids="inventing a payment, or failing at an unknown one")
def _unknown(service: Service, case: Case) -> None:
    """The status of an md5 that nobody has, and of a payment's that lacks its end."""
    answer = service.do(case, "status", md5="0" * 32, id="00000000-0000-0000-0000-000000000000", user="nobody")
    expected = service.config.refusals.unknown
    require(answer.status in expected, f"an unknown payment was answered {answer.summary}, expected one of {expected}")
    payment = service.create(case)
    other_id = f"{payment.id}x" if payment.id.isdigit() else payment.id[:-1]  # a number less a digit is another one
    answer = service.do(case, "status", md5=payment.md5[:-1], id=other_id, user=payment.user)
    require(400 <= answer.status < 500, f"the md5 of a payment, cut by a letter, was answered {answer.summary}")


@rule("paid", "A payment that is paid becomes paid", forbids="not noticing that a customer has paid", examples=3)
def _paid(service: Service, case: Case) -> None:
    """A wallet pays at an instant within the code's life; the service is asked after its time to notice."""
    currency = case.draw(st.sampled_from(currencies(service)), "currency")
    payment = service.create(case, currency=currency)
    service.wait(case, case.draw(st.integers(0, 800), "seconds until paid") if service.config.time != "real" else 1)
    service.pay(case, payment)
    state = service.becomes(case, payment, "paid")
    require(state == "paid", f"a payment that was paid is {state}")


@rule(
    "paid.fresh",
    "An answer from before the payment is not given after it",
    forbids="a cache that tells of an open payment, or of no plan, when the money has come",
)
def _fresh(service: Service, case: Case) -> None:
    """State and plan are asked for three times, the last as the wallet pays; again once there was time to notice."""
    payment = service.create(case)
    reads = "subscription" in service.config.operations
    for _ in range(3):
        service.wait(case, 5)
        service.status(case, payment)
        if reads:
            service.subscription(case, payment.user)
    service.pay(case, payment)
    state = service.becomes(case, payment, "paid")
    require(state == "paid", f"asked for before it was paid and after, a paid payment is {state}")
    if reads:
        active = service.subscription(case, payment.user).active
        require(active, "asked for before the payment and after, a user who has paid has no plan")


@rule(
    "paid.words",
    "A payment is known by its code, not by the words beside it",
    forbids='taking "Success" alone for a success: NBC\'s own document says it in other words',
)
def _words(service: Service, case: Case) -> None:
    """Bakong says what NBC's document of 1.0.2 says, for a payment alone, and for three at once: they are paid."""
    with service.world.profile(case, "doc-1.0.2"):
        for count in (1, 3):
            payments = [service.create(case) for _ in range(count)]
            for payment in payments:
                service.pay(case, payment)
            for payment in payments:
                state = service.becomes(case, payment, "paid")
                require(state == "paid", f"Bakong says that a payment succeeded, in other words, and it is {state}")


@rule(
    "paid.asks-no-more",
    "Of a paid payment Bakong is not asked again",
    forbids="spending the day's hundred calls on what is known",
)
def _asks_no_more(service: Service, case: Case) -> None:
    """A payment is paid; while the clock stands its state is asked for ten times: Bakong hears of one at most."""
    if service.config.time == "real":
        raise NotCheckedError("it needs a clock that stands still")
    payment = service.buy(case)
    service.status(case, payment)
    before = service.world.calls()
    for _ in range(10):
        service.status(case, payment)
    asked = service.world.calls() - before
    require(asked <= 1, f"of a payment that is paid Bakong was asked {asked} times more")


@rule(
    "paid.when",
    "The time of the payment is told, and stays",
    forbids="a payment that was paid before it was, or later, or whenever it is asked for",
)
def _when(service: Service, case: Case) -> None:
    """Paid 100 s after the order, and asked for after the service's time to notice, and again an hour later."""
    if "paid_at" not in service.operation("status").answer or service.config.time == "real":
        raise NotCheckedError("the configuration maps no paid_at in the answer of status, or has real time")
    payment = service.create(case)
    service.wait(case, 100)
    before = service.world.now_ms()
    service.pay(case, payment)
    service.becomes(case, payment, "paid")
    answer = service.do(case, "status", md5=payment.md5, id=payment.id, user=payment.user)
    paid_at, after = instant_ms(service.read("status", answer, "paid_at")), service.world.now_ms()
    require(
        paid_at is not None and before - 1000 < paid_at <= after,
        f"paid between {before} and {after}, it says {paid_at}",
    )
    service.wait(case, 3600)
    answer = service.do(case, "status", md5=payment.md5, id=payment.id, user=payment.user)
    again = instant_ms(service.read("status", answer, "paid_at"))
    require(again == paid_at, f"the payment was paid at {paid_at}, and an hour later at {again}")


@rule("unpaid", "A payment that nobody pays is not paid", forbids="calling a payment paid that is not")
def _unpaid(service: Service, case: Case) -> None:
    """Nobody pays; asked at once, after a while, and of two payments of one user of which the other is paid."""
    user = service.new_user()
    payment = service.create(case, user)
    other = service.beside(case, user) or service.create(case)
    require(service.status(case, payment) == "pending", "a new payment is not pending")
    service.pay(case, other)
    service.settle(case)
    state = service.status(case, payment)
    require(state == "pending", f"a payment that nobody has paid is {state}; another one of the user was paid")


@rule("expired", "An unpaid payment expires, at its time", forbids="an expiry that is early, late or never")
def _expired(service: Service, case: Case) -> None:
    """A millisecond before the end of its life it is pending, at the end expired."""
    service.need_state("expired")
    payment = service.create(case)
    service.wait(case, service.config.expires_after_s - 0.001)
    state = service.status(case, payment)
    require(state == "pending", f"a millisecond before its end the payment is {state}, expected pending")
    service.wait(case, 0.001)
    state = service.status(case, payment)
    require(state == "expired", f"at its end the payment is {state}, expected expired")


@rule(
    "failed",
    "A failed payment is failed",
    forbids="calling a failed payment paid, or waiting for it as if nothing were known",
)
def _failed(service: Service, case: Case) -> None:
    """The bank refuses the wallet's payment: Bakong answers code 3."""
    payment = service.create(case)
    service.pay(case, payment, outcome="failed")
    state = service.becomes(case, payment, "failed")
    require(state != "paid", "a failed payment is called paid")
    service.need_state("failed")
    require(state == "failed", f"a failed payment is {state}")


@rule(
    "failed.stays",
    "Failed stays failed at the code's end",
    forbids="a failed payment that expires: one end is told, and then another",
)
def _failed_stays(service: Service, case: Case) -> None:
    """The bank refuses the payment; then the code ends. Again, and Bakong answers "not found" from then on."""
    service.need_state("failed", "expired")
    for forgotten in (False, True):
        payment = service.create(case)
        service.pay(case, payment, outcome="failed")
        if service.becomes(case, payment, "failed") != "failed":
            raise NotCheckedError("a failed payment is not failed, which another rule names")
        if forgotten:
            service.world.ask(case, "POST", "/reset")
        service.wait(case, service.config.expires_after_s + 60)
        state = service.status(case, payment)
        then = ", of which Bakong knows nothing any more," if forgotten else ""
        require(state == "failed", f"a failed payment{then} is {state} after the code's end")


@rule(
    "failed.paid-after-all",
    "Money that comes after a failed try is not lost",
    forbids="a customer whose second try is paid for and dropped",
)
def _paid_after_all(service: Service, case: Case) -> None:
    """The bank refuses the first try; a minute later the wallet pays the same code."""
    payment = service.create(case)
    service.pay(case, payment, outcome="failed")
    service.becomes(case, payment, "failed")
    service.wait(case, 60 if service.config.time != "real" else 1)
    service.pay(case, payment)
    state = service.becomes(case, payment, "paid")
    if service.config.time != "real" and state != "paid":
        service.wait(case, 900)
        state = service.status(case, payment)
    require(state == "paid", f"a first try failed, a second one paid, and the payment is {state}")


@rule("paid.outlives-expiry", "Paid stays paid after the code's end", forbids="PAID becoming EXPIRED")
def _outlives_expiry(service: Service, case: Case) -> None:
    """A paid payment is asked for at the code's end and a day later."""
    payment = service.buy(case)
    for seconds in (service.config.expires_after_s, 86_400):
        service.wait(case, seconds)
        state = service.status(case, payment)
        require(state == "paid", f"a paid payment is {state} {seconds} s later")


@rule(
    "paid.outlives-bakong",
    "Paid stays paid when Bakong says otherwise",
    forbids="PAID becoming anything else by a later answer of Bakong's",
)
def _outlives_bakong(service: Service, case: Case) -> None:
    """After the payment Bakong forgets it (not found), then calls it failed."""
    payment = service.buy(case)
    service.world.ask(case, "POST", "/reset")
    service.settle(case)
    state = service.status(case, payment)
    require(state == "paid", f"Bakong has forgotten the payment, and it is {state}")
    service.world.pay(case, payment.qr, outcome="failed")
    service.settle(case)
    state = service.status(case, payment)
    require(state == "paid", f"Bakong calls the payment failed, and it is {state}")


def _no_payment(service: Service, case: Case, payment: Payment, what: str) -> None:
    """The payment is not paid, now and after a while, and nothing was granted."""
    _no_payments(service, case, [(payment, what)])


def _no_payments(service: Service, case: Case, made: Sequence[tuple[Payment, str]]) -> None:
    """The same of several, each with what was paid instead."""
    for _ in range(2):
        service.settle(case)
        for payment, what in made:
            state = service.status(case, payment)
            require(state != "paid", f"{what}, and the payment is paid")
    for payment, what in made if "subscription" in service.config.operations else ():
        require(not service.subscription(case, payment.user).active, f"{what}, and the plan is granted")


@rule(
    "mismatch.amount",
    "Another amount is not the payment",
    forbids="taking less, or more, than the price for the price",
    examples=6,
)
def _amount(service: Service, case: Case) -> None:
    """A wallet pays from a hundredth of the price to ten times the price, but never the price."""
    currency = case.draw(st.sampled_from(currencies(service)), "currency")
    payment = service.create(case, currency=currency)
    price = service.price_minor(payment.plan, currency)
    minor = case.draw(st.integers(1, price * 10).filter(lambda number: number != price), "minor units paid")
    text = f"{minor // 100}.{minor % 100:02d}" if currency == "USD" else str(minor)
    service.pay(case, payment, amount=text)
    _no_payment(service, case, payment, f"{text} {currency} were paid for {payment.plan.prices[currency]}")


@rule("mismatch.near", "A cent too little or too much is not the payment", forbids="a tolerance around the price")
def _near(service: Service, case: Case) -> None:
    """In each currency one minor unit less, and one more; and by the way a hundredth, and a hundred times as much."""
    made = []
    for currency in currencies(service):
        price = service.price_minor(service.config.plans.basic, currency)
        for minor in dict.fromkeys((price - 1, price + 1, max(1, price // 100), price * 100)):
            payment = service.create(case, currency=currency)
            text = f"{minor // 100}.{minor % 100:02d}" if currency == "USD" else str(minor)
            service.pay(case, payment, amount=text)
            made.append((payment, f"{text} {currency} were paid for {payment.plan.prices[currency]}"))
    _no_payments(service, case, made)


@rule(
    "mismatch.currency",
    "Another currency is not the payment",
    forbids="taking 0.50 riel, 2000 dollars' worth of numbers, or the same worth by some rate, for the price",
)
def _currency(service: Service, case: Case) -> None:
    """Bakong reports the other currency: the price's number, as many minor units, and what it is worth."""
    for currency in currencies(service):
        for amount, other in _elsewhere(service, currency):
            service.world.play(
                case, f"name: other-currency\npayment:\n  - paid: {{amount: '{amount}', currency: {other}}}\n"
            )
            payment = service.create(case, currency=currency)
            service.pay(case, payment)
            price = payment.plan.prices[currency]
            _no_payment(service, case, payment, f"{amount} {other} were paid for {price} {currency}")


def _elsewhere(service: Service, currency: str) -> list[tuple[str, str]]:
    """Amounts in the other currency that a careless comparison takes for the price of the basic plan."""
    prices, other = service.config.plans.basic.prices, "USD" if currency == "KHR" else "KHR"
    minor = service.price_minor(service.config.plans.basic, currency)
    as_many = f"{minor // 100}.{minor % 100:02d}" if other == "USD" else str(minor)
    number = prices[currency] if other == "USD" else str(max(1, minor // 100))
    return [(amount, other) for amount in dict.fromkeys((number, as_many, prices.get(other, as_many)))]


@rule(
    "mismatch.account",
    "Money to another account is not the payment",
    forbids="taking a transfer to somebody else for the payment",
)
def _account(service: Service, case: Case) -> None:
    """Bakong reports the right amount, received by somebody else, and by accounts that look like the right one."""
    whose, _, bank = _account_of(service.create(case)).partition("@")
    alike = (f"{whose}@devb", f"somebody_else@{bank}", f"{whose}@{bank}k", f"{whose.upper()}@{bank}")
    letters = (f"{whose}2@{bank}", f"{whose.replace('_', '')}x@{bank}", f"{whose[:-1]}@{bank}")
    made = []
    for account in ("somebody_else@devb", *alike, *letters):
        service.world.play(case, f"name: other-account\npayment:\n  - paid: {{account: {account}}}\n")
        payment = service.create(case)
        service.pay(case, payment)
        made.append((payment, f"{account} was paid instead of {whose}@{bank}"))
    _no_payments(service, case, made)


def _account_of(payment: Payment) -> str:
    """The account that a code pays. Raises PreconditionError."""
    try:
        return str(khqr.decode(payment.qr).payee.bakong_account_id)
    except DecodeError:
        raise PreconditionError("a code cannot be read") from None


@rule("late", "A late payment is not lost", forbids="dropping money that came after the code had expired")
def _late(service: Service, case: Case) -> None:
    """The payment expires, and is seen to; then the wallet's payment comes through. It must become paid."""
    payment = service.create(case)
    service.wait(case, service.config.expires_after_s + 5)
    service.status(case, payment)
    service.pay(case, payment)
    service.wait(case, 900)
    service.status(case, payment)
    service.settle(case)
    state = service.status(case, payment)
    require(state == "paid", f"a payment that came 5 s late is {state} after 15 minutes")


@rule(
    "late.hours",
    "A payment that comes hours late is not lost",
    forbids="a service that stops looking for money an hour after the code has died",
)
def _hours(service: Service, case: Case) -> None:
    """The payment expires; three hours later the money comes."""
    payment = service.create(case)
    service.wait(case, service.config.expires_after_s + 5)
    service.status(case, payment)
    service.wait(case, LATE_S)
    service.pay(case, payment)
    for seconds in (service.config.settle_s, LATE_S):
        service.wait(case, seconds)
        state = service.status(case, payment)
    require(state == "paid", f"a payment that came {LATE_S // 3600} hours late is {state} as long after it")
