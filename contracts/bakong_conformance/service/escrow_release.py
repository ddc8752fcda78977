"""Rules of what is held: shares that add up, one release, 48 hours after the job, never beside a refund."""

from typing import Any

from hypothesis import strategies as st

from bakong_conformance.case import Case
from bakong_conformance.http import Answer
from bakong_conformance.rules import NotCheckedError, Severity, Suite, require
from bakong_conformance.service.escrow_subject import AMOUNT, Desk, Payment, desk
from bakong_conformance.service.shares import Shares
from bakong_conformance.service.subject import Service
from bakong_conformance.stand_ins.money import taka

SUITE = Suite("service")
rule = SUITE.rule
CRITICAL = Severity.CRITICAL
AMOUNTS = (1, 9, 10, 30, 1_00, 33_33, 99_99, 123_45, 1_000_10, 15_000_00, 99_999_99)


def _escrow(service: Service) -> Desk:
    escrow = desk(service)
    escrow.need("release")
    escrow.need_role("admin")
    return escrow


def _released(escrow: Desk, case: Case, payment: Payment, remaining: int) -> Shares:
    """A release, held to the exact shares of what remains."""
    answer = escrow.release(case, payment)
    require(escrow.done("release", answer), f"a release was answered {answer.summary}")
    return _right_shares(escrow, answer, remaining)


def _right_shares(escrow: Desk, answer: Answer, remaining: int) -> Shares:
    escrow.need_answer("release", "fee", "agency", "caregiver")
    parts, expected = escrow.released_shares("release", answer), escrow.expected(remaining)
    total = sum(parts)
    require(total == remaining, f"the shares of {taka(remaining)} are {taka(total)} together: {parts}")
    require(parts == expected, f"the shares of {taka(remaining)} are {parts}, expected {expected}")
    return parts


@rule("escrow.release.works", "What is held can be released once", forbids="money that nobody gets", source="section 5")
def _works(service: Service, case: Case) -> None:
    """A release: the escrow is released, the payment stays paid, the provider pays nothing back."""
    escrow = _escrow(service)
    payment = escrow.capture(case)
    answer = escrow.release(case, payment)
    require(escrow.done("release", answer), f"a release was answered {answer.summary}")
    escrow.is_now(case, payment, "completed", "released", "a payment that was released")
    escrow.at_provider(payment, captured=AMOUNT, returned=0)


@rule(
    "escrow.release.shares",
    "The shares are exact, and all of the money",
    forbids="a poisha that is lost or made in rounding",
    source="law 3",
    severity=CRITICAL,
)
def _shares(service: Service, case: Case) -> None:
    """Eleven amounts near the edges of rounding, from 0.01 to 99,999.99."""
    escrow = _escrow(service)
    for amount in AMOUNTS:
        _released(escrow, case, escrow.capture(case, amount), amount)


@rule(
    "escrow.release.drawn",
    "The shares of any amount are exact",
    forbids="a rounding that is right for round amounts",
    source="law 3",
    severity=CRITICAL,
    examples=24,
)
def _drawn(service: Service, case: Case) -> None:
    """Amounts up to 20,000.00; refunds before the release."""
    escrow = _escrow(service)
    escrow.need("refund")
    amount = case.draw(st.integers(3, 2_000_000), "amount in poisha")
    parts = case.draw(st.lists(st.integers(1, max(1, amount // 3)), max_size=2), "refunds in poisha")
    payment = escrow.capture(case, amount)
    for part in parts:
        escrow.refunded(case, payment, part)
        service.settle(case)
    _released(escrow, case, payment, amount - sum(parts))


@rule(
    "escrow.release.total",
    "The shares depend on the total refunded alone",
    forbids="rounding refund by refund",
    source="law 4",
    severity=CRITICAL,
)
def _total(service: Service, case: Case) -> None:
    """33.33 is paid back in one, in three and in ten pieces: the shares are the same."""
    escrow = _escrow(service)
    for pieces in ((33_33,), (11_11, 11_11, 11_11), (1_01,) * 9 + (24_24,)):
        payment = escrow.capture(case, 100_01)
        for piece in pieces:
            escrow.refunded(case, payment, piece)
            service.settle(case)
        _released(escrow, case, payment, 100_01 - 33_33)


@rule(
    "escrow.release.again",
    "A second release is refused",
    forbids="paying the agency twice",
    source="law 6",
    severity=CRITICAL,
)
def _again(service: Service, case: Case) -> None:
    """Release, and release again."""
    escrow = _escrow(service)
    payment = escrow.capture(case)
    escrow.must("release", escrow.release(case, payment))
    escrow.refused("release", escrow.release(case, payment), "a second release", code="already_released")


@rule(
    "escrow.release.race",
    "Releases that race release once",
    forbids="two clerks who pay out the same money",
    source="law 6",
    severity=CRITICAL,
)
def _race(service: Service, case: Case) -> None:
    """Eight releases at once."""
    escrow = _escrow(service)
    payment = escrow.capture(case)
    answers = escrow.at_once(lambda _: escrow.release(None, payment))
    case.note("eight releases at once", sorted(answer.status for answer in answers))
    done = sum(escrow.done("release", answer) for answer in answers)
    require(done == 1, f"{done} of 8 releases were done")


@rule(
    "escrow.release.unheld",
    "What is not held is not released",
    forbids="paying out money that never came",
    source="section 5",
    severity=CRITICAL,
)
def _unheld(service: Service, case: Case) -> None:
    """A new payment, and one that expired."""
    escrow = _escrow(service)
    payment = escrow.make(case)
    escrow.refused("release", escrow.release(case, payment), "a release of a new payment", code="escrow_not_held")
    service.wait(case, escrow.config.payment_life_s + service.config.settle_s)
    escrow.refused("release", escrow.release(case, payment), "a release of an expired payment", code="escrow_not_held")


@rule(
    "escrow.release.role",
    "Only who may release, releases",
    forbids="a guardian or an agency that releases by itself",
    source="law 13",
    severity=CRITICAL,
)
def _role(service: Service, case: Case) -> None:
    """Every other role tries; then the escrow is still held."""
    escrow = _escrow(service)
    payment = escrow.capture(case)
    for role in escrow.config.roles:
        if role not in escrow.config.may_release:
            answer = escrow.release(case, payment, role)
            escrow.refused("release", answer, f"a release by {role}", by="forbidden unknown")
    escrow.is_now(case, payment, "completed", "held", "a payment that others tried to release")


@rule(
    "escrow.release.refund-first",
    "No release while a refund is on its way",
    forbids="releasing money that is being paid back",
    source="law 8",
    severity=CRITICAL,
)
def _refund_first(service: Service, case: Case) -> None:
    """The provider is silent, so a refund stays on its way: a release is refused, and done once it has settled."""
    escrow = _escrow(service)
    escrow.need("refund")
    payment = escrow.capture(case)
    with escrow.providers.silent(case):
        escrow.refunded(case, payment, 5_000_00)
        service.settle(case)
        answer = escrow.release(case, payment)
        escrow.refused("release", answer, "a release beside a refund", code="refund_in_progress")
    escrow.outcome(case)
    _released(escrow, case, payment, 10_000_00)


@rule(
    "escrow.release.all-refunded",
    "What was all paid back is not released",
    forbids="releasing an escrow that is empty",
    source="law 7",
    severity=CRITICAL,
)
def _all_refunded(service: Service, case: Case) -> None:
    """A full refund, then a release."""
    escrow = _escrow(service)
    escrow.need("refund")
    payment = escrow.capture(case)
    escrow.refunded(case, payment)
    service.settle(case)
    escrow.refused("release", escrow.release(case, payment), "a release of what was paid back", code="escrow_not_held")
    escrow.is_now(case, payment, "refunded", "refunded", "a payment that was all paid back")


@rule(
    "escrow.shown.remaining",
    "Fee and net amount are those of what remains",
    forbids="a fee on money that was paid back",
    source="section 5",
)
def _remaining(service: Service, case: Case) -> None:
    """After a refund of 33.34 of 100.01."""
    escrow = _escrow(service)
    escrow.need_answer("get", "fee", "net")
    payment = escrow.capture(case, 100_01)
    escrow.refunded(case, payment, 33_34)
    service.settle(case)
    view, expected = escrow.view(case, payment), escrow.expected(100_01 - 33_34)
    require(view.fee == expected.fee, f"the fee of 66.67 is {view.raw['fee']!r}, expected {expected.fee} poisha")
    require(view.net == expected.net, f"the net amount of 66.67 is {view.raw['net']!r}, expected {expected.net} poisha")


def automatic(service: Service) -> Desk:
    """The escrow of a service whose releases by time can be seen. Raises NotCheckedError."""
    escrow = desk(service)
    escrow.need("complete_job")
    escrow.need_escrow_states("held", "released")
    escrow.need_frozen()
    return escrow


@rule(
    "escrow.auto.edge",
    "48 hours after the job it is released, and not a millisecond before",
    forbids="a timer that is early or late",
    source="law 12",
)
def _edge(service: Service, case: Case) -> None:
    """1 ms before and at 48 h after the job's completion."""
    escrow = automatic(service)
    payment = escrow.capture(case)
    escrow.complete_job(case, payment)
    service.wait(case, escrow.config.release_after_s - 0.001)
    escrow.is_now(case, payment, "completed", "held", "a millisecond before its time a payment")
    service.wait(case, 0.001)
    escrow.is_now(case, payment, "completed", "released", "at its time a payment")


@rule(
    "escrow.auto.unfinished",
    "Without a finished job nothing is released by itself",
    forbids="a timer that starts with the payment",
    source="section 5",
    severity=CRITICAL,
)
def _unfinished(service: Service, case: Case) -> None:
    """Three days without a job's completion."""
    escrow = automatic(service)
    payment = escrow.capture(case)
    service.wait(case, escrow.config.release_after_s + 86_400)
    escrow.is_now(case, payment, "completed", "held", "three days later a payment whose job is not done")


@rule(
    "escrow.auto.refund-first",
    "A due release waits for the refund, and then happens",
    forbids="a release beside a refund, or none at all",
    source="law 8",
    severity=CRITICAL,
)
def _auto_refund(service: Service, case: Case) -> None:
    """A refund is on its way when 48 h are over; it settles later."""
    escrow = automatic(service)
    escrow.need("refund")
    payment = escrow.capture(case)
    escrow.complete_job(case, payment)
    service.wait(case, escrow.config.release_after_s - 60)
    with escrow.providers.silent(case):
        escrow.refunded(case, payment, 5_000_00)
        service.wait(case, 120)
        escrow.is_now(case, payment, "completed", "held", "beside a refund a payment")
    escrow.outcome(case)
    escrow.outcome(case)
    escrow.is_now(case, payment, "completed", "released", "after its refund a payment whose release was due")


@rule(
    "escrow.auto.reopened",
    "A reopened job starts its 48 hours anew",
    forbids="releasing by an old completion",
    source="section 5",
)
def _reopened(service: Service, case: Case) -> None:
    """Completed, reopened after 40 h, completed again: held at 48 h of the first, released at 48 h of the second."""
    escrow = automatic(service)
    escrow.need("reopen_job")
    payment = escrow.capture(case)
    escrow.complete_job(case, payment)
    hours = escrow.config.release_after_s // 48
    service.wait(case, 40 * hours)
    escrow.must("reopen_job", escrow.do(case, "reopen_job", role="admin", job=payment.job))
    service.wait(case, 4 * hours)
    escrow.complete_job(case, payment)
    service.wait(case, 10 * hours)
    escrow.is_now(case, payment, "completed", "held", "at 48 h of its first completion a payment")
    service.wait(case, 38 * hours)
    service.settle(case)
    escrow.is_now(case, payment, "completed", "released", "at 48 h of its second completion a payment")


@rule(
    "escrow.auto.manual",
    "A release by hand is not followed by one of the timer",
    forbids="releasing twice",
    source="laws 6, 7",
    severity=CRITICAL,
)
def _manual(service: Service, case: Case) -> None:
    """Released by hand, then 48 h: what is shown stays as it was."""
    escrow = automatic(service)
    escrow.need("release")
    payment = escrow.capture(case)
    escrow.complete_job(case, payment)
    escrow.must("release", escrow.release(case, payment))
    before = escrow.view(case, payment).raw
    service.wait(case, escrow.config.release_after_s + 3600)
    after = escrow.view(case, payment).raw
    require(after == before, f"a released payment changed by itself: {before} became {after}")


@rule("escrow.final", "Released, refunded and void are final", forbids="a state that is left again", source="law 7")
def _final(service: Service, case: Case) -> None:
    """Execute or verify, release and refund after each of the three."""
    escrow = _escrow(service)
    escrow.need("refund")
    escrow.need_escrow_states("released", "refunded", "void")
    released, refunded, void = escrow.capture(case), escrow.capture(case), escrow.begin(case, escrow.make(case))
    escrow.must("release", escrow.release(case, released))
    escrow.refunded(case, refunded)
    service.wait(case, escrow.config.payment_life_s + service.config.settle_s)
    for payment, state in ((released, "released"), (refunded, "refunded"), (void, "void")):
        escrow.finish(case, payment)
        escrow.release(case, payment)
        if state != "released" or escrow.config.after_release == "refuse":
            escrow.refund(case, payment)
        service.settle(case)
        view = escrow.view(case, payment)
        require(view.escrow == state, f"an escrow that was {state} is {view.escrow}")


@rule(
    "escrow.books",
    "The service's books are the provider's",
    forbids="books that do not add up",
    source="laws 2, 11",
    severity=CRITICAL,
)
def _books(service: Service, case: Case) -> None:
    """Payments, refunds and releases; then all accounts add up to zero, and clearing is what the provider holds."""
    escrow = _escrow(service)
    escrow.need("refund")
    escrow.need_answer("books", "total")
    before = clearing_of(escrow, case)
    payments = [escrow.capture(case, 100_01) for _ in range(3)]
    escrow.refunded(case, payments[0], 33_33)
    escrow.refunded(case, payments[1])
    service.settle(case)
    escrow.must("release", escrow.release(case, payments[0]))
    after = clearing_of(escrow, case)
    if before is not None and after is not None:
        expected = 3 * 100_01 - 33_33 - 100_01
        require(after - before == expected, f"clearing grew by {after - before} poisha, the provider by {expected}")


def clearing_of(escrow: Desk, case: Case) -> int | None:
    """What clearing holds now, once all accounts are known to add up to zero."""
    answer: Answer = escrow.must("books", escrow.do(case, "books", role="admin"))
    total: Any = escrow.read("books", answer, "total")
    if total is None:
        raise NotCheckedError(f"the books tell no total: {answer.summary}")
    require(escrow.minor(total) == 0, f"all accounts together are {total!r}, expected 0")
    return escrow.minor(escrow.read("books", answer, "clearing"))
