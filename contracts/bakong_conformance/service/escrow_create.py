"""Rules of payments into escrow as they are made: numbers, amounts, who may, one for a job, fifteen minutes."""

import re
from typing import Any

from bakong_conformance.case import Case
from bakong_conformance.rules import NotCheckedError, Severity, Suite, require
from bakong_conformance.service.escrow_subject import AMOUNT, Payment, desk
from bakong_conformance.service.subject import Service, instant_ms

SUITE = Suite("service")
rule = SUITE.rule
CRITICAL, MINOR = Severity.CRITICAL, Severity.MINOR
NOT_AMOUNTS: tuple[Any, ...] = (
    0,
    -1,
    -0.01,
    0.001,
    100.005,
    1e300,
    "",
    "ten",
    "1e3",
    "-5.00",
    "5.001",
    True,
    [],
    {},
    None,
)


@rule("escrow.create.works", "A payment for a job can be made", forbids="refusing a right payment", source="section 2")
def _works(service: Service, case: Case) -> None:
    """By each method that is mapped: pending, with its amount and currency."""
    escrow = desk(service)
    for method in escrow.methods() or [escrow.any_method()]:
        payment = escrow.make(case, AMOUNT, method)
        view = escrow.view_in(payment.answer, "create")
        require(view.state == "pending", f"a new payment is {view.state}, expected pending")
        for field, expected in (("amount", AMOUNT), ("currency", escrow.config.currency)):
            if field in escrow.config.operations["create"].answer:
                shown = escrow.read("create", payment.answer, field)
                value = escrow.minor(shown) if field == "amount" else shown
                require(value == expected, f"{field} is {shown!r}: {payment.answer.summary}")
        escrow.is_now(case, payment, "pending", about="a new payment")


@rule(
    "escrow.create.numbers",
    "Numbers have their form, and no two are the same",
    forbids="a number that bookkeeping meets twice, or cannot read",
    source="section 3",
)
def _numbers(service: Service, case: Case) -> None:
    """Four payments within the same millisecond of the world's time."""
    escrow = desk(service)
    if not escrow.config.numbers:
        raise NotCheckedError("the configuration has no escrow.numbers")
    made = [escrow.make(case) for _ in range(4)]
    for name, pattern in escrow.config.numbers.items():
        escrow.need_answer("create", name)
        values = [escrow.read("create", payment.answer, name) for payment in made]
        for value in values:
            require(isinstance(value, str) and re.fullmatch(pattern, value), f"{name} is {value!r}, expected {pattern}")
        require(len(set(values)) == len(values), f"{name} is not unique: {values}")


@rule(
    "escrow.create.amounts",
    "An amount is a plain number above zero",
    forbids="rounding, exponents and nothing at all",
    source="section 1",
)
def _amounts(service: Service, case: Case) -> None:
    """0, below zero, three decimals, words, true, lists, null."""
    escrow = desk(service)
    for wrong in NOT_AMOUNTS:
        job = escrow.new_job(case)
        answer = escrow.do(case, "create", **escrow.asked(job) | {"amount": wrong})
        escrow.refused("create", answer, f"an amount of {wrong!r}", by="invalid")


@rule("escrow.create.currency", "Another currency is refused", forbids="taking dollars for taka", source="section 1")
def _currency(service: Service, case: Case) -> None:
    """USD, and the currency in lowercase."""
    escrow = desk(service)
    for currency in escrow.config.other_currencies:
        answer = escrow.do(case, "create", **escrow.asked(escrow.new_job(case)), currency=currency)
        escrow.refused("create", answer, f"a payment in {currency}", code="currency_not_supported", by="invalid")


@rule(
    "escrow.create.method",
    "A method without a provider is refused",
    forbids="payments that nobody can pay",
    source="section 1",
)
def _method(service: Service, case: Case) -> None:
    """CARD, BANK_TRANSFER and a word that nobody knows."""
    escrow = desk(service)
    for method in escrow.config.other_methods:
        answer = escrow.do(case, "create", **escrow.asked(escrow.new_job(case)) | {"method": method})
        escrow.refused("create", answer, f"a payment by {method}", code="method_not_supported", by="invalid")


@rule(
    "escrow.create.role",
    "Only who ordered the job pays for it",
    forbids="a role that may not, and changes something",
    source="law 13",
    severity=CRITICAL,
)
def _role(service: Service, case: Case) -> None:
    """Caregiver, agency and another guardian try; then the guardian does."""
    escrow = desk(service)
    others = [role for role in ("caregiver", "agency", "other_guardian") if role in escrow.config.roles]
    if not others:
        raise NotCheckedError("the configuration has no other roles than the guardian")
    job = escrow.new_job(case)
    for role in others:
        answer = escrow.do(case, "create", role=role, **escrow.asked(job))
        escrow.refused("create", answer, f"a payment by {role}", by="forbidden unknown")
    escrow.make(case, job=job)


@rule(
    "escrow.create.one", "A job has one payment at a time", forbids="two payments open for one job", source="section 2"
)
def _one(service: Service, case: Case) -> None:
    """A second while the first is open, and while it is paid."""
    escrow = desk(service)
    first = escrow.make(case)
    for about in ("open", "paid"):
        answer = escrow.do(case, "create", **escrow.asked(first.job))
        escrow.refused("create", answer, f"a second payment for a job whose first is {about}", code="job_has_payment")
        if about == "open":
            opened = escrow.begin(case, first)
            escrow.approve(case, opened)
            escrow.must(escrow.end(opened), escrow.finish(case, opened))


@rule(
    "escrow.create.again",
    "After an expired payment a job may be paid anew",
    forbids="a job that can never be paid",
    source="section 2",
)
def _again(service: Service, case: Case) -> None:
    """A payment expires; another is made, and paid."""
    escrow = desk(service)
    first = escrow.make(case)
    service.wait(case, escrow.config.payment_life_s + service.config.settle_s)
    answer = escrow.do(case, "create", **escrow.asked(first.job))
    require(escrow.done("create", answer), f"a new payment after an expired one was answered {answer.summary}")


@rule(
    "escrow.create.key",
    "The same request under the same key is one payment",
    forbids="two payments for a repeated call",
    source="law 10",
)
def _key(service: Service, case: Case) -> None:
    """A request is sent twice under a key, then another amount under it."""
    escrow = desk(service)
    if service.config.idempotency_header is None:
        raise NotCheckedError("the configuration has no idempotency_header")
    job, key = escrow.new_job(case), f"pay-{service.new_user()}"
    first = escrow.do(case, "create", key=key, **escrow.asked(job))
    made = escrow.made(first, job, AMOUNT, escrow.any_method())
    again = escrow.do(case, "create", key=key, **escrow.asked(job))
    require(escrow.done("create", again), f"the same request again was answered {again.summary}")
    require(
        str(escrow.read("create", again, "id")) == made.id, "the same request under the same key made a second payment"
    )
    other = escrow.do(case, "create", key=key, **escrow.asked(job, AMOUNT + 1))
    known = service.config.refusals.key_reused
    require(other.status in known, f"another amount under the same key was answered {other.summary}")


@rule(
    "escrow.create.unheld",
    "Nothing is held before money came",
    forbids="an escrow that is HELD by a mere order",
    source="section 5",
    severity=CRITICAL,
)
def _unheld(service: Service, case: Case) -> None:
    """A new payment, and one that is open at the provider; neither may be released."""
    escrow = desk(service)
    escrow.need_escrow_states("held")
    payment = escrow.make(case)
    for about in ("new", "open at the provider"):
        view = escrow.view(case, payment)
        require(view.escrow != "held", f"the escrow of a payment that is {about} is held")
        payment = escrow.begin(case, payment)


@rule(
    "escrow.create.fee",
    "The fee and the net amount are told from the start",
    forbids="a fee that is only known afterwards",
    source="section 5",
)
def _fee(service: Service, case: Case) -> None:
    """33.33, whose parts must be rounded."""
    escrow = desk(service)
    escrow.need_answer("get", "fee", "net")
    payment = escrow.make(case, 33_33)
    view, expected = escrow.view(case, payment), escrow.expected(33_33)
    require(view.fee == expected.fee, f"the fee of 33.33 is {view.raw['fee']!r}, expected {expected.fee} poisha")
    require(view.net == expected.net, f"the net amount of 33.33 is {view.raw['net']!r}, expected {expected.net} poisha")


@rule(
    "escrow.expiry.told",
    "A payment says when it ends",
    forbids="another end than fifteen minutes after its making",
    source="section 4",
)
def _told(service: Service, case: Case) -> None:
    """Expires less created."""
    escrow = desk(service)
    escrow.need_answer("create", "expires", "created")
    payment = escrow.make(case)
    ends, begins = (instant_ms(escrow.read("create", payment.answer, name)) for name in ("expires", "created"))
    require(ends is not None and begins is not None, f"expires or created is no instant: {payment.answer.summary}")
    life = (ends or 0) - (begins or 0)
    require(
        life == escrow.config.payment_life_s * 1000,
        f"a payment lives {life} ms, expected {escrow.config.payment_life_s} s",
    )


@rule(
    "escrow.expiry.edge",
    "A payment is payable to its last millisecond, and not at its end",
    forbids="an end that is early or late",
    source="law 12",
)
def _edge(service: Service, case: Case) -> None:
    """1 ms before the end the provider's payment is made; at the end it is refused."""
    escrow = desk(service)
    escrow.need_frozen()
    early, late = escrow.make(case), escrow.make(case)
    service.wait(case, escrow.config.payment_life_s - 0.001)
    answer = escrow.start(case, early)
    require(
        escrow.done(f"{early.method}_create", answer), f"a millisecond before the end it was answered {answer.summary}"
    )
    service.wait(case, 0.001)
    answer = escrow.start(case, late)
    escrow.refused(f"{late.method}_create", answer, "a payment at its end", code="payment_expired")


@rule(
    "escrow.expiry.written", "What nobody paid expires", forbids="payments that stay open for ever", source="section 4"
)
def _written(service: Service, case: Case) -> None:
    """Without any call after its end; its escrow is void."""
    escrow = desk(service)
    payment = escrow.begin(case, escrow.make(case))
    service.wait(case, escrow.config.payment_life_s + service.config.settle_s)
    view = escrow.view(case, payment)
    require(view.state in ("expired", "failed"), f"a payment that nobody paid is {view.state} after its end")
    escrow.is_now(case, payment, view.state, "void", "a payment that nobody paid")


@rule(
    "escrow.amount",
    "The provider is asked for the payment's amount alone",
    forbids="paying less than was agreed",
    source="section 2",
    severity=CRITICAL,
)
def _amount(service: Service, case: Case) -> None:
    """The call that opens the provider's payment names a poisha less."""
    escrow = desk(service)
    for method in escrow.methods():
        payment = escrow.make(case, AMOUNT, method)
        answer = escrow.start(case, payment, amount=escrow.amount(AMOUNT - 1))
        escrow.refused(
            f"{method}_create", answer, "a poisha less than the payment", code="amount_mismatch", by="invalid"
        )


def foreign(service: Service, case: Case, method: str) -> None:
    """A paid reference of one payment is named for another, which stays unpaid."""
    escrow = desk(service)
    escrow.need_method(method)
    mine = escrow.begin(case, escrow.make(case, AMOUNT, method))
    other = escrow.open(case, AMOUNT, method)
    mixed = Payment(mine.id, mine.job, AMOUNT, method, mine.answer, other.reference)
    escrow.refused(escrow.end(mixed), escrow.finish(case, mixed), "another payment's reference", by="unknown")
    escrow.is_now(case, mine, "pending", about="a payment for which another's reference was named")
    escrow.at_provider(mine, captured=0)
