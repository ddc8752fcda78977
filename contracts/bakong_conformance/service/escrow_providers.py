"""Rules of escrow and its providers: bKash takes money at execute, Nagad at its page, and either may not answer."""

from bakong_conformance.case import Case
from bakong_conformance.rules import NotCheckedError, Severity, Suite, require
from bakong_conformance.service.escrow_create import foreign
from bakong_conformance.service.escrow_subject import AMOUNT, Desk, Payment, desk
from bakong_conformance.service.subject import Service
from bakong_conformance.service.taka_providers import NEAR

SUITE = Suite("service")
rule = SUITE.rule
CRITICAL = Severity.CRITICAL


def _escrow(service: Service, method: str) -> Desk:
    escrow = desk(service)
    escrow.need_method(method)
    return escrow


def _paid(escrow: Desk, case: Case, payment: Payment, about: str) -> None:
    escrow.is_now(case, payment, "completed", "held", about)
    escrow.at_provider(payment, captured=payment.amount, returned=0)


@rule(
    "escrow.bkash.paid",
    "An approved and executed payment is paid and held",
    forbids="losing a payment",
    source="section 4",
    severity=CRITICAL,
)
def _bkash_paid(service: Service, case: Case) -> None:
    """Create, approve, execute; the provider's number of it is shown."""
    escrow = _escrow(service, "bkash")
    payment = escrow.open(case, AMOUNT, "bkash")
    answer = escrow.finish(case, payment)
    require(escrow.done("bkash_execute", answer), f"an execute was answered {answer.summary}")
    _paid(escrow, case, payment, "an executed payment")
    _transaction(escrow, case, payment)


def _transaction(escrow: Desk, case: Case, payment: Payment) -> None:
    """The provider's number, where it is mapped and the provider shows its books."""
    books, view = escrow.books(payment), escrow.view(case, payment)
    if books and "transaction" in view.raw:
        require(
            view.transaction == books.transaction,
            f"the provider's number is {view.transaction!r}, expected {books.transaction!r}",
        )


@rule(
    "escrow.bkash.unapproved",
    "What the customer has not approved is not paid",
    forbids="believing the caller of execute",
    source="section 4",
    severity=CRITICAL,
)
def _unapproved(service: Service, case: Case) -> None:
    """An execute before any approval, and one after the customer closed the page."""
    escrow = _escrow(service, "bkash")
    for about in ("nobody approved", "the customer cancelled"):
        payment = escrow.begin(case, escrow.make(case, AMOUNT, "bkash"))
        if about == "the customer cancelled":
            escrow.providers.cancel(case, "bkash", payment.reference)
        escrow.finish(case, payment)
        view = escrow.view(case, payment)
        require(view.state not in ("completed", "refunded"), f"a payment that {about} is {view.state}")
        require(view.escrow != "held", f"the escrow of a payment that {about} is held")


@rule(
    "escrow.bkash.foreign",
    "Another payment's paymentID does not pay",
    forbids="one wallet's money for two jobs",
    source="section 2",
    severity=CRITICAL,
)
def _bkash_foreign(service: Service, case: Case) -> None:
    """The approved paymentID of another payment is executed for mine."""
    foreign(service, case, "bkash")


@rule(
    "escrow.bkash.refused",
    "A refused execute is a failed payment",
    forbids="goods for a wallet without money",
    source="section 4",
    severity=CRITICAL,
)
def _refused(service: Service, case: Case) -> None:
    """A wallet without money: failed, its escrow void, nothing taken."""
    escrow = _escrow(service, "bkash")
    payment = escrow.open(case, AMOUNT, "bkash", "refused")
    escrow.finish(case, payment)
    escrow.outcome(case)
    escrow.is_now(case, payment, "failed", "void", "a payment that bKash refused")
    escrow.at_provider(payment, captured=0)


@rule(
    "escrow.bkash.twice",
    "Executing again answers the same",
    forbids="a second execute that fails a paid payment",
    source="laws 6, 10",
)
def _twice(service: Service, case: Case) -> None:
    """A doubled callback: the second execute is done as the first was, and changes nothing."""
    escrow = _escrow(service, "bkash")
    payment = escrow.capture(case, AMOUNT, "bkash")
    again = escrow.finish(case, payment)
    require(escrow.done("bkash_execute", again), f"a second execute was answered {again.summary}")
    _paid(escrow, case, payment, "a payment that was executed twice")


@rule(
    "escrow.bkash.race",
    "Executes that race take money once",
    forbids="a race that fails a paid payment",
    source="law 6",
    severity=CRITICAL,
)
def _race(service: Service, case: Case) -> None:
    """Eight executes at once: none may fail what one of them paid."""
    escrow = _escrow(service, "bkash")
    payment = escrow.open(case, AMOUNT, "bkash")
    answers = escrow.at_once(lambda _: escrow.finish(None, payment))
    case.note("eight executes at once", sorted(answer.status for answer in answers))
    escrow.outcome(case)
    wrong = [answer.summary for answer in answers if not escrow.done("bkash_execute", answer) and answer.status != 409]
    require(not wrong, f"an execute that raced was answered {wrong[:1]}")
    _paid(escrow, case, payment, "a payment whose executes raced")


@rule(
    "escrow.bkash.lost-answer",
    "A lost answer says nothing about the money",
    forbids="failing a payment whose money moved",
    source="section 4, law 11",
    severity=CRITICAL,
)
def _lost_answer(service: Service, case: Case) -> None:
    """Execute moves the money and never answers; the payment is not failed, and is paid once bKash was asked."""
    escrow = _escrow(service, "bkash")
    payment = escrow.open(case, AMOUNT, "bkash", "hang")
    escrow.finish(case, payment)
    view = escrow.view(case, payment)
    require(view.state in ("processing", "completed"), f"a payment whose execute has no answer is {view.state}")
    escrow.outcome(case)
    _paid(escrow, case, payment, "a payment whose answer was lost")
    _transaction(escrow, case, payment)


@rule(
    "escrow.bkash.lost-call",
    "A call that moved nothing is made again",
    forbids="waiting for ever for money that nobody asked for",
    source="section 4",
)
def _lost_call(service: Service, case: Case) -> None:
    """The first execute moves nothing and never answers; the next one works."""
    escrow = _escrow(service, "bkash")
    payment = escrow.open(case, AMOUNT, "bkash", "lost")
    escrow.finish(case, payment)
    escrow.outcome(case)
    _paid(escrow, case, payment, "a payment whose first execute was lost")


@rule(
    "escrow.bkash.busy",
    "Maintenance is no refusal",
    forbids="failing a payment for a 503 in the body",
    source="section 4",
)
def _busy(service: Service, case: Case) -> None:
    """The first execute answers 503 in an HTTP 200; the payment is paid later."""
    escrow = _escrow(service, "bkash")
    payment = escrow.open(case, AMOUNT, "bkash", "busy")
    escrow.finish(case, payment)
    escrow.outcome(case)
    if escrow.view(case, payment).state != "completed":
        escrow.finish(case, payment)
        escrow.outcome(case)
    _paid(escrow, case, payment, "a payment whose first execute met maintenance")


@rule(
    "escrow.bkash.processing",
    "An open outcome never expires",
    forbids="EXPIRED over money that has moved",
    source="section 4, law 9",
    severity=CRITICAL,
)
def _processing(service: Service, case: Case) -> None:
    """The answer is lost, bKash is silent past the payment's end, and answers again."""
    escrow = _escrow(service, "bkash")
    escrow.need_frozen()
    payment = escrow.open(case, AMOUNT, "bkash", "hang")
    escrow.finish(case, payment)
    if escrow.view(case, payment).state == "completed":
        raise NotCheckedError("the service asks at once, and knows the outcome before bKash can fall silent")
    with escrow.providers.silent(case):
        for _ in range(4):
            service.wait(case, service.config.settle_s)
        service.wait(case, escrow.config.payment_life_s)
        view = escrow.view(case, payment)
        require(view.state == "processing", f"a payment whose outcome is open is {view.state} after its end")
    escrow.outcome(case)
    _paid(escrow, case, payment, "a payment whose outcome was open past its end")


@rule(
    "escrow.bkash.mismatch",
    "What is reported must fit the payment",
    forbids="half the money for the whole",
    source="section 4",
    severity=CRITICAL,
)
def _bkash_mismatch(service: Service, case: Case) -> None:
    """BKash reports half the amount, a poisha less, a poisha more: nothing is held."""
    escrow = _escrow(service, "bkash")
    for script in _misfits(escrow, "bkash"):
        payment = escrow.open(case, AMOUNT, "bkash", script)
        escrow.finish(case, payment)
        escrow.outcome(case)
        _uncredited(escrow, case, payment)


def _misfits(escrow: Desk, method: str) -> list[str]:
    """The scripts of another amount, as far as the provider plays them; half the amount is asked of each."""
    known = escrow.providers.scripts(method)
    return ["mismatch", *(script for script in NEAR if script in known)]


def _uncredited(escrow: Desk, case: Case, payment: Payment) -> None:
    view = escrow.view(case, payment)
    require(
        view.state not in ("completed", "refunded"), f"a payment of which another amount was reported is {view.state}"
    )
    require(view.escrow != "held", "the escrow of a payment of which another amount was reported is held")


@rule(
    "escrow.bkash.late",
    "An approval after the end takes no money",
    forbids="executing an expired payment",
    source="section 4",
    severity=CRITICAL,
)
def _late_approval(service: Service, case: Case) -> None:
    """The customer approves after the end, and execute is called: refused, and bKash took nothing."""
    escrow = _escrow(service, "bkash")
    escrow.need_frozen()
    payment = escrow.begin(case, escrow.make(case, AMOUNT, "bkash"))
    service.wait(case, escrow.config.payment_life_s)
    escrow.approve(case, payment)
    escrow.refused("bkash_execute", escrow.finish(case, payment), "an execute after the end", code="payment_expired")
    escrow.outcome(case)
    escrow.at_provider(payment, captured=0)
    view = escrow.view(case, payment)
    require(view.state in ("expired", "failed"), f"a payment approved after its end is {view.state}")


@rule(
    "escrow.bkash.retry",
    "A cancelled attempt is not the end of the payment",
    forbids="a customer who may not try again",
    source="section 4",
)
def _retry(service: Service, case: Case) -> None:
    """The page is closed; a second attempt is made, and paid."""
    escrow = _escrow(service, "bkash")
    first = escrow.begin(case, escrow.make(case, AMOUNT, "bkash"))
    escrow.providers.cancel(case, "bkash", first.reference)
    second = escrow.begin(case, first)
    if second.reference == first.reference:  # it may only learn of the cancel by asking bKash
        escrow.finish(case, first)
        second = escrow.begin(case, first)
    require(second.reference != first.reference, "the second attempt has the paymentID of the cancelled one")
    escrow.approve(case, second)
    answer = escrow.finish(case, second)
    require(escrow.done("bkash_execute", answer), f"the second attempt was answered {answer.summary}")
    _paid(escrow, case, second, "a payment of a second attempt")


@rule(
    "escrow.nagad.paid",
    "A payment that Nagad confirms is paid and held",
    forbids="losing a payment",
    source="section 4",
    severity=CRITICAL,
)
def _nagad_paid(service: Service, case: Case) -> None:
    """Create, pay at the page, verify."""
    escrow = _escrow(service, "nagad")
    payment = escrow.open(case, AMOUNT, "nagad")
    answer = escrow.finish(case, payment)
    require(escrow.done("nagad_verify", answer), f"a verify was answered {answer.summary}")
    _paid(escrow, case, payment, "a verified payment")
    _transaction(escrow, case, payment)


@rule(
    "escrow.nagad.unpaid",
    "A verify pays nothing",
    forbids="believing the caller of verify",
    source="section 4",
    severity=CRITICAL,
)
def _nagad_unpaid(service: Service, case: Case) -> None:
    """Before the customer came, after a failure at the page, and after the customer closed it."""
    escrow = _escrow(service, "nagad")
    for about in ("nobody paid", "failed at the page", "the customer closed"):
        payment = escrow.begin(case, escrow.make(case, AMOUNT, "nagad"))
        if about == "failed at the page":
            escrow.approve(case, payment, "page-failed")
        if about == "the customer closed":
            escrow.providers.cancel(case, "nagad", payment.reference)
        escrow.finish(case, payment)
        view = escrow.view(case, payment)
        require(view.state not in ("completed", "refunded"), f"a payment that {about} is {view.state}")
        require(view.escrow != "held", f"the escrow of a payment that {about} is held")


@rule(
    "escrow.nagad.early",
    "A verify before the customer paid ends nothing",
    forbids="failing a payment that is still open",
    source="section 4",
)
def _nagad_early(service: Service, case: Case) -> None:
    """Verify while the page is open; then the customer pays, and verify is called again."""
    escrow = _escrow(service, "nagad")
    payment = escrow.begin(case, escrow.make(case, AMOUNT, "nagad"))
    escrow.finish(case, payment)
    view = escrow.view(case, payment)
    require(view.state in ("pending", "processing"), f"a payment that was verified too early is {view.state}")
    escrow.approve(case, payment)
    escrow.finish(case, payment)
    _paid(escrow, case, payment, "a payment that was verified too early first")


@rule(
    "escrow.nagad.foreign",
    "Another payment's reference does not pay",
    forbids="one wallet's money for two jobs",
    source="section 2",
    severity=CRITICAL,
)
def _nagad_foreign(service: Service, case: Case) -> None:
    """The paid reference of another payment is verified for mine."""
    foreign(service, case, "nagad")


@rule(
    "escrow.nagad.twice",
    "Verifying again answers the same",
    forbids="a doubled callback that changes something",
    source="law 10",
)
def _nagad_twice(service: Service, case: Case) -> None:
    """A doubled callback."""
    escrow = _escrow(service, "nagad")
    payment = escrow.capture(case, AMOUNT, "nagad")
    again = escrow.finish(case, payment)
    require(escrow.done("nagad_verify", again), f"a second verify was answered {again.summary}")
    _paid(escrow, case, payment, "a payment that was verified twice")


@rule(
    "escrow.nagad.mismatch",
    "What verify reports must fit the payment",
    forbids="half the money for the whole",
    source="section 4",
    severity=CRITICAL,
)
def _nagad_mismatch(service: Service, case: Case) -> None:
    """Nagad reports half the amount, a poisha less, a poisha more: nothing is held."""
    escrow = _escrow(service, "nagad")
    for script in _misfits(escrow, "nagad"):
        payment = escrow.open(case, AMOUNT, "nagad", script)
        escrow.finish(case, payment)
        escrow.outcome(case)
        _uncredited(escrow, case, payment)


@rule(
    "escrow.nagad.no-return",
    "A customer who never comes back has paid",
    forbids="money that waits for a browser",
    source="section 4, law 9",
    severity=CRITICAL,
)
def _no_return(service: Service, case: Case) -> None:
    """The page takes the money, and nobody calls verify: the service asks by itself."""
    escrow = _escrow(service, "nagad")
    payment = escrow.open(case, AMOUNT, "nagad", "no-return")
    service.wait(case, escrow.config.payment_life_s - 60)
    escrow.outcome(case)
    escrow.outcome(case)
    view = escrow.view(case, payment)
    require(view.state in ("completed", "refunded"), f"a payment that was paid without a verify is {view.state}")


@rule(
    "escrow.nagad.late",
    "Late money is never lost",
    forbids="EXPIRED over money that came",
    source="law 9",
    severity=CRITICAL,
)
def _late(service: Service, case: Case) -> None:
    """Nagad pays 20 minutes after the start: the payment is paid, and paid back or kept as the configuration says."""
    escrow = _escrow(service, "nagad")
    payment = escrow.open(case, AMOUNT, "nagad", "late")
    service.wait(case, escrow.config.payment_life_s + service.config.settle_s)
    _late_end(escrow, service, case, payment)


def _late_end(escrow: Desk, service: Service, case: Case, payment: Payment) -> None:
    service.wait(case, 600)
    escrow.finish(case, payment)
    escrow.outcome(case)
    escrow.outcome(case)
    if escrow.config.late == "refund":
        escrow.is_now(case, payment, "refunded", "refunded", "a payment whose money came late")
        escrow.at_provider(payment, captured=AMOUNT, returned=AMOUNT)
    else:
        escrow.is_now(case, payment, "completed", "held", "a payment whose money came late")
        escrow.at_provider(payment, captured=AMOUNT, returned=0)


@rule(
    "escrow.nagad.challenge",
    "The challenge stays between the service and Nagad",
    forbids="a secret in the browser's hands",
    source="section 2",
)
def _challenge(service: Service, case: Case) -> None:
    """What nagad_create answers holds no challenge of Nagad's."""
    escrow = _escrow(service, "nagad")
    if (stand_in := getattr(escrow.providers, "nagad", None)) is None:
        raise NotCheckedError("it needs the suite's own Nagad")
    payment = escrow.begin(case, escrow.make(case, AMOUNT, "nagad"))
    challenge = stand_in.payments[payment.reference].challenge
    require(challenge not in payment.answer.text, f"nagad_create tells Nagad's challenge: {payment.answer.summary}")


@rule(
    "escrow.surplus",
    "A second capture of one payment is paid back",
    forbids="keeping money twice",
    source="law 6, section 4",
    severity=CRITICAL,
)
def _surplus(service: Service, case: Case) -> None:
    """Two Nagad attempts of one payment are both paid: one is held, the other paid back in full."""
    escrow = _escrow(service, "nagad")
    first = escrow.begin(case, escrow.make(case, AMOUNT, "nagad"))
    answer = escrow.start(case, first)
    if not escrow.done("nagad_create", answer):
        escrow.approve(case, first)
        escrow.finish(case, first)
        _paid(escrow, case, first, "a payment whose second attempt was refused")
        return
    second = Payment(first.id, first.job, AMOUNT, "nagad", answer, escrow.read("nagad_create", answer, "reference"))
    if second.reference == first.reference:
        raise NotCheckedError("the service hands out the same attempt again")
    for attempt in (first, second):
        escrow.approve(case, attempt)
        escrow.finish(case, attempt)
    escrow.outcome(case)
    escrow.outcome(case)
    escrow.is_now(case, first, "completed", "held", "a payment that was paid twice")
    back = [sum(books.returned) for attempt in (first, second) if (books := escrow.books(attempt))]
    require(not back or sorted(back) == [0, AMOUNT], f"of two captures {back} poisha were paid back")
