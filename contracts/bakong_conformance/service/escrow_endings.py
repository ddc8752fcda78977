"""Rules of escrow after something went otherwise: refused refunds, second attempts, late money, keys of two people."""

from bakong_conformance.case import Case
from bakong_conformance.rules import NotCheckedError, Severity, Suite, require
from bakong_conformance.service.escrow_release import automatic, clearing_of
from bakong_conformance.service.escrow_subject import AMOUNT, Desk, Payment, desk
from bakong_conformance.service.subject import Service

SUITE = Suite("service")
rule = SUITE.rule
CRITICAL = Severity.CRITICAL
PART = 5_000_00
TOKENS_AN_HOUR = 2  # bKash's own limit


def _escrow(service: Service) -> Desk:
    escrow = desk(service)
    escrow.need("refund")
    escrow.need_role("admin")
    return escrow


def _attempts(escrow: Desk, case: Case, method: str) -> tuple[Payment, Payment]:
    """Two of one payment, both open at the provider. Raises NotCheckedError where the service allows one alone."""
    escrow.need_method(method)
    first = escrow.begin(case, escrow.make(case, AMOUNT, method))
    answer = escrow.start(case, first)
    name = f"{method}_create"
    reference = escrow.read(name, answer, "reference") if escrow.done(name, answer) else None
    if not isinstance(reference, str) or reference == first.reference:
        raise NotCheckedError("the service keeps one attempt open at a time")
    return first, Payment(first.id, first.job, AMOUNT, method, answer, reference)


def _surplus(escrow: Desk, case: Case) -> tuple[Payment, Payment]:
    """Two attempts that are both paid, and what becomes of it."""
    attempts = _attempts(escrow, case, "nagad")
    for attempt in attempts:
        escrow.approve(case, attempt)
        escrow.finish(case, attempt)
    for _ in range(2):
        escrow.outcome(case)
    return attempts


@rule(
    "escrow.auto.refund-failed",
    "A refund that failed keeps no release back",
    forbids="money that nobody gets because a refund was refused once",
    source="laws 5, 8",
    severity=CRITICAL,
)
def _auto_failed(service: Service, case: Case) -> None:
    """The provider refuses a refund; 48 hours after the job it is released all the same, as a whole."""
    escrow = automatic(service)
    escrow.need("refund")
    for method in escrow.methods_with("refund-refused"):
        payment = escrow.capture(case, AMOUNT, method, "refund-refused")
        escrow.complete_job(case, payment)
        escrow.refunded(case, payment, PART)
        escrow.outcome(case)
        service.wait(case, escrow.config.release_after_s + service.config.settle_s)
        escrow.is_now(case, payment, "completed", "released", f"a {method} payment whose refund was refused")


@rule(
    "escrow.refund.failed-limit",
    "Refunds that failed do not use up the provider's number",
    forbids="money that can not be paid back any more after refusals",
    source="law 5",
)
def _failed_limit(service: Service, case: Case) -> None:
    """As many refunds as bKash takes are refused; one more is still taken."""
    escrow = _escrow(service)
    escrow.need_method("bkash")
    if "bkash" not in escrow.methods_with("refund-refused"):
        raise NotCheckedError("no bKash here refuses a refund")
    payment = escrow.capture(case, AMOUNT, "bkash", "refund-refused")
    for number in range(escrow.config.most_refunds + 1):
        answer = escrow.refund(case, payment, 1_00)
        about = f"a refund after {number} that bKash refused"
        require(escrow.done("refund", answer), f"{about} was answered {answer.summary}")
        escrow.outcome(case)
    escrow.at_provider(payment, returned=0)


@rule(
    "escrow.refund.equal",
    "A refund that reached nobody is not taken for an equal one before it",
    forbids="COMPLETED for the money of another refund",
    source="section 6, law 11",
    severity=CRITICAL,
)
def _equal(service: Service, case: Case) -> None:
    """A refund is paid; an equal one is asked for while the provider is silent: what is told is what was paid."""
    escrow = _escrow(service)
    escrow.need_answer("refunds", "ids", "states", "amounts")
    for method in escrow.methods():
        payment = escrow.capture(case, AMOUNT, method)
        escrow.refunded(case, payment, PART)
        escrow.outcome(case)
        with escrow.providers.silent(case):
            escrow.refunded(case, payment, PART)
            escrow.outcome(case)
        for _ in range(3):
            escrow.outcome(case)
        rows = escrow.refund_rows(case, payment)
        done = sum(row.minor or 0 for row in rows if row.state == "completed")
        escrow.at_provider(payment, returned=done)


@rule(
    "escrow.surplus.refund",
    "After a second capture went back the first can be paid back",
    forbids="paying one transaction back twice, and the other never",
    source="law 6, section 4",
    severity=CRITICAL,
)
def _surplus_refund(service: Service, case: Case) -> None:
    """Two captures, one goes back by itself; then what is held is refunded: each is paid back once, whole."""
    escrow = _escrow(service)
    attempts = _surplus(escrow, case)
    escrow.must("refund", escrow.refund(case, attempts[0]), "a refund of what is held after a second capture")
    for _ in range(2):
        escrow.outcome(case)
    back = [sum(books.returned) for attempt in attempts if (books := escrow.books(attempt))]
    require(not back or back == [AMOUNT] * 2, f"of two captures, both to go back, {back} poisha were paid back")
    escrow.is_now(case, attempts[0], "refunded", "refunded", "a payment that was paid twice, and all paid back,")


@rule(
    "escrow.books.surplus",
    "What went back of a second capture is in the books",
    forbids="clearing that holds money which was paid back",
    source="laws 2, 11",
    severity=CRITICAL,
)
def _books_surplus(service: Service, case: Case) -> None:
    """Two captures, one goes back: clearing grew by one."""
    escrow = _escrow(service)
    escrow.need_answer("books", "total", "clearing")
    before = clearing_of(escrow, case)
    first, _ = _surplus(escrow, case)
    escrow.is_now(case, first, "completed", "held", "a payment that was paid twice")
    after = clearing_of(escrow, case)
    if before is not None and after is not None:
        grown = after - before
        require(grown == AMOUNT, f"two captures, of which one went back: clearing grew by {grown}, expected {AMOUNT}")


@rule(
    "escrow.attempts.first",
    "The page before the last may be paid, too",
    forbids="looking after the newest attempt alone",
    source="law 9",
    severity=CRITICAL,
)
def _first_page(service: Service, case: Case) -> None:
    """Two attempts of one payment; the first is paid: at Nagad nobody comes back, at bKash the answer is lost."""
    escrow = desk(service)
    for method in escrow.methods():
        first, _ = _attempts(escrow, case, method)
        script = "no-return" if method == "nagad" else "hang"
        if script not in escrow.providers.scripts(method):
            continue
        escrow.approve(case, first, script)
        if method == "bkash" and not escrow.done("bkash_execute", escrow.finish(case, first)):
            escrow.at_provider(first, captured=0)  # an attempt that was replaced may be refused: nothing was taken
            continue
        for _ in range(2):
            escrow.outcome(case)
        escrow.is_now(case, first, "completed", "held", f"a payment whose first of two {method} pages was paid")
        escrow.at_provider(first, captured=AMOUNT, returned=0)


@rule(
    "escrow.attempts.second",
    "Two approved attempts are one payment",
    forbids="executing both, and keeping what the second took",
    source="law 6",
    severity=CRITICAL,
)
def _second(service: Service, case: Case) -> None:
    """Both bKash pages of a payment are approved and executed: the second takes nothing, or all of it goes back."""
    escrow = desk(service)
    first, second = _attempts(escrow, case, "bkash")
    for attempt in (first, second):
        escrow.approve(case, attempt)
    answers = [escrow.finish(case, attempt) for attempt in (first, second)]
    require(
        any(escrow.done("bkash_execute", answer) for answer in answers), f"no attempt was taken: {answers[0].summary}"
    )
    for _ in range(2):
        escrow.outcome(case)
    escrow.is_now(case, first, "completed", "held", "a payment with two approved attempts")
    kept = [books.captured - sum(books.returned) for attempt in (first, second) if (books := escrow.books(attempt))]
    require(not kept or sorted(kept) == [0, AMOUNT], f"of two approved attempts {kept} poisha were kept")


@rule(
    "escrow.late.anew",
    "Late money of a job that has a new payment is not lost",
    forbids="keeping money that belongs to a payment nobody looks at any more",
    source="law 9",
    severity=CRITICAL,
)
def _late_anew(service: Service, case: Case) -> None:
    """A payment ends, the job is paid anew, then Nagad's money of the first comes: it goes back; the second is held."""
    escrow = desk(service)
    escrow.need_method("nagad")
    if escrow.config.late != "refund":
        raise NotCheckedError("the configuration says that late money is kept")
    first = escrow.open(case, AMOUNT, "nagad", "late")
    service.wait(case, escrow.config.payment_life_s + service.config.settle_s)
    second = escrow.begin(case, escrow.make(case, AMOUNT, "nagad", job=first.job))
    escrow.approve(case, second)
    escrow.must(escrow.end(second), escrow.finish(case, second))
    service.wait(case, 600)
    escrow.finish(case, first)
    for _ in range(2):
        escrow.outcome(case)
    escrow.at_provider(first, captured=AMOUNT, returned=AMOUNT)
    escrow.is_now(case, first, "refunded", about="a payment whose money came after its job was paid anew")
    escrow.is_now(case, second, "completed", "held", "the new payment of the job")


@rule(
    "escrow.bkash.tokens",
    "A token serves for its hour",
    forbids="asking for a token with each call, which bKash blocks",
    source="bKash's rule of two",
)
def _tokens(service: Service, case: Case) -> None:
    """Four payments within a minute: two new tokens at most; one after an hour, when the token has ended."""
    escrow = desk(service)
    escrow.need_method("bkash")
    if (stand_in := getattr(escrow.providers, "bkash", None)) is None:
        raise NotCheckedError("it needs the suite's own bKash")
    before = len(stand_in.tokens)
    for _ in range(4):
        escrow.capture(case, AMOUNT, "bkash")
    made = len(stand_in.tokens) - before
    require(made <= TOKENS_AN_HOUR, f"four payments took {made} tokens of bKash, which gives {TOKENS_AN_HOUR} an hour")
    service.wait(case, 3660)
    escrow.capture(case, AMOUNT, "bkash")


@rule(
    "escrow.key.people",
    "A key belongs to who sends it",
    forbids="a stranger's payment for a key that both happen to use",
    source="laws 10, 13",
    severity=CRITICAL,
)
def _key_people(service: Service, case: Case) -> None:
    """A guardian pays under a key; another one sends the same: never the first one's payment."""
    escrow = desk(service)
    if service.config.idempotency_header is None:
        raise NotCheckedError("the configuration has no idempotency_header")
    escrow.need_role("other_guardian")
    job, key = escrow.new_job(case), f"shared-{service.new_user()}"
    mine = escrow.made(escrow.do(case, "create", key=key, **escrow.asked(job)), job, AMOUNT, escrow.any_method())
    answer = escrow.do(case, "create", role="other_guardian", key=key, **escrow.asked(job))
    told = escrow.read("create", answer, "id") if escrow.done("create", answer) else None
    require(str(told) != mine.id, f"another guardian's key answers with the payment {told}, which is not his")


@rule(
    "escrow.key.payments",
    "A refund that is answered is a refund of that payment",
    forbids="the answer of another payment's refund for a key that was used there",
    source="law 10",
    severity=CRITICAL,
)
def _key_payments(service: Service, case: Case) -> None:
    """Two payments are refunded under one key: the second is refused, or paid back."""
    escrow = _escrow(service)
    if service.config.idempotency_header is None:
        raise NotCheckedError("the configuration has no idempotency_header")
    first, second = escrow.capture(case), escrow.capture(case)
    key = f"refund-{first.id}"
    escrow.must("refund", escrow.refund(case, first, PART, key=key))
    answer = escrow.refund(case, second, PART, key=key)
    escrow.outcome(case)
    taken = escrow.done("refund", answer)
    escrow.at_provider(second, returned=PART if taken else 0)
    refused = service.config.refusals
    known = (*refused.key_reused, *refused.conflict, *refused.invalid)
    require(taken or answer.status in known, f"a refund under another payment's key was answered {answer.summary}")
