"""Rules of refunds from escrow: reserved before they are sent, sent once, never more than came, final when settled."""

from typing import Any

from hypothesis import strategies as st

from bakong_conformance.case import Case
from bakong_conformance.rules import NotCheckedError, Severity, Suite, require
from bakong_conformance.service.escrow_create import NOT_AMOUNTS
from bakong_conformance.service.escrow_subject import AMOUNT, Desk, Payment, desk
from bakong_conformance.service.subject import Service, instant_ms
from bakong_conformance.stand_ins.money import taka

SUITE = Suite("service")
rule = SUITE.rule
CRITICAL = Severity.CRITICAL
DAY_MS = 86_400_000
SILENT_S = (5, 15, 60, 120, 300, 900, 2200)  # an hour, look by look: a service may ask at each


def _escrow(service: Service) -> Desk:
    escrow = desk(service)
    escrow.need("refund")
    escrow.need_role("admin")
    return escrow


def _taken(escrow: Desk, case: Case, payment: Payment, amount: int | None, about: str) -> str:
    answer = escrow.refund(case, payment, amount)
    require(escrow.done("refund", answer), f"{about} was answered {answer.summary}")
    return str(escrow.read("refund", answer, "id"))


def _state_of(escrow: Desk, case: Case, payment: Payment, refund: str) -> str:
    rows = [row for row in escrow.refund_rows(case, payment) if row.id == refund]
    require(len(rows) == 1, f"the refund {refund} is in the list {len(rows)} times")
    return rows[0].state


def _says(escrow: Desk, case: Case, payment: Payment, refunded: int) -> None:
    """The payment and the provider agree on what was paid back."""
    escrow.at_provider(payment, returned=refunded)
    shown = escrow.view(case, payment)
    if "refunded" in shown.raw:
        require(shown.refunded == refunded, f"refunded is {shown.raw['refunded']!r}, expected {taka(refunded)}")


@rule(
    "escrow.refund.whole",
    "A refund without an amount is all that is left",
    forbids="paying the first part back twice",
    source="section 6",
    severity=CRITICAL,
)
def _whole(service: Service, case: Case) -> None:
    """A part, then a refund without an amount: payment and escrow are refunded. By each method."""
    escrow = _escrow(service)
    for method in escrow.methods():
        payment = escrow.capture(case, AMOUNT, method)
        _taken(escrow, case, payment, 5_000_00, "a part")
        service.settle(case)
        _taken(escrow, case, payment, None, "all that is left")
        service.settle(case)
        escrow.is_now(case, payment, "refunded", "refunded", f"a {method} payment that was all paid back")
        _says(escrow, case, payment, AMOUNT)


@rule(
    "escrow.refund.part",
    "A part leaves the rest held",
    forbids="a payment that is gone for a part of it",
    source="sections 4, 5",
)
def _part(service: Service, case: Case) -> None:
    """5,000.00 of 15,000.00, by each method."""
    escrow = _escrow(service)
    for method in escrow.methods():
        payment = escrow.capture(case, AMOUNT, method)
        _taken(escrow, case, payment, 5_000_00, "a part")
        service.settle(case)
        escrow.is_now(case, payment, "completed", "held", "a payment that was paid back in part")
        _says(escrow, case, payment, 5_000_00)


@rule(
    "escrow.refund.first",
    "A refund begins as a promise",
    forbids="COMPLETED before the provider has paid",
    source="section 6",
)
def _first(service: Service, case: Case) -> None:
    """The answer says processing; once settled it is completed."""
    escrow = _escrow(service)
    escrow.need_answer("refund", "state", "id")
    payment = escrow.capture(case)
    answer = escrow.refund(case, payment, 1_00)
    require(escrow.done("refund", answer), f"a refund was answered {answer.summary}")
    state = escrow.name_of(escrow.config.refund_states, escrow.read("refund", answer, "state"))
    require(state == "processing", f"a new refund is {state}, expected processing")
    service.settle(case)
    state = _state_of(escrow, case, payment, str(escrow.read("refund", answer, "id")))
    require(state == "completed", f"a refund that the provider paid is {state}")


@rule(
    "escrow.refund.over",
    "A refund of more than came is refused",
    forbids="paying back more than came in",
    source="law 1",
    severity=CRITICAL,
)
def _over(service: Service, case: Case) -> None:
    """A poisha too much, alone and after a part; then exactly the rest, then one more."""
    escrow = _escrow(service)
    payment = escrow.capture(case)
    code = "refund_exceeds_available"
    escrow.refused("refund", escrow.refund(case, payment, AMOUNT + 1), "a poisha too much", code=code, by="invalid")
    _taken(escrow, case, payment, 9_999_99, "a part")
    service.settle(case)
    rest = AMOUNT - 9_999_99
    escrow.refused(
        "refund", escrow.refund(case, payment, rest + 1), "a poisha more than is left", code=code, by="invalid"
    )
    _taken(escrow, case, payment, rest, "exactly the rest")
    service.settle(case)
    answer = escrow.refund(case, payment, 1)
    escrow.refused("refund", answer, "a refund of what is all paid back", by="invalid conflict")
    _says(escrow, case, payment, AMOUNT)


@rule(
    "escrow.refund.reserved",
    "What is promised is not promised again",
    forbids="two promises of the same money",
    source="law 1",
    severity=CRITICAL,
)
def _reserved(service: Service, case: Case) -> None:
    """While the provider is silent: 9,000.00 are promised, 6,000.01 refused, 6,000.00 taken, and then nothing."""
    escrow = _escrow(service)
    payment = escrow.capture(case)
    with escrow.providers.silent(case):
        _taken(escrow, case, payment, 9_000_00, "a part")
        code = "refund_exceeds_available"
        answer = escrow.refund(case, payment, 6_000_01)
        escrow.refused("refund", answer, "a poisha more than is not promised", code=code, by="invalid")
        _taken(escrow, case, payment, 6_000_00, "exactly what is not promised")
        answer = escrow.refund(case, payment, 1)
        escrow.refused("refund", answer, "a refund of what is all promised", by="invalid conflict")
    escrow.outcome(case)
    escrow.outcome(case)
    _says(escrow, case, payment, AMOUNT)


@rule(
    "escrow.refund.race",
    "Refunds that race share what came",
    forbids="two clerks who pay back the same money",
    source="law 1",
    severity=CRITICAL,
)
def _race(service: Service, case: Case) -> None:
    """Eight refunds of two thirds at once: one is taken."""
    escrow = _escrow(service)
    payment = escrow.capture(case)
    answers = escrow.at_once(lambda _: escrow.refund(None, payment, 10_000_00))
    case.note("eight refunds of two thirds at once", sorted(answer.status for answer in answers))
    taken = sum(escrow.done("refund", answer) for answer in answers)
    require(taken == 1, f"{taken} of 8 refunds of two thirds were taken")
    service.settle(case)
    _says(escrow, case, payment, 10_000_00)


@rule(
    "escrow.refund.uncaptured",
    "What was never paid is not refunded",
    forbids="money for a payment that nobody paid",
    source="section 6",
    severity=CRITICAL,
)
def _uncaptured(service: Service, case: Case) -> None:
    """A payment that is open at the provider, with and without an amount."""
    escrow = _escrow(service)
    payment = escrow.begin(case, escrow.make(case))
    for amount in (1_00, None):
        answer = escrow.refund(case, payment, amount)
        escrow.refused("refund", answer, "a refund of an unpaid payment", code="payment_not_refundable")


@rule(
    "escrow.refund.amounts",
    "A refund is a plain amount above zero",
    forbids="refunds of nothing, and parts of a poisha",
    source="section 6",
)
def _amounts(service: Service, case: Case) -> None:
    """0, below zero, three decimals, words, true, lists."""
    escrow = _escrow(service)
    payment = escrow.capture(case)
    for wrong in NOT_AMOUNTS:
        if wrong is not None:
            answer = escrow.refund(case, payment, 0 if wrong == 0 and type(wrong) is int else wrong)
            escrow.refused("refund", answer, f"a refund of {wrong!r}", by="invalid")
    service.settle(case)
    _says(escrow, case, payment, 0)


@rule(
    "escrow.refund.role",
    "Only who may refund, refunds",
    forbids="a guardian or a caregiver that takes money back",
    source="law 13",
    severity=CRITICAL,
)
def _role(service: Service, case: Case) -> None:
    """Every other role tries; then each that may does."""
    escrow = _escrow(service)
    payment = escrow.capture(case)
    for role in escrow.config.roles:
        answer = escrow.refund(case, payment, 1_00, role)
        if role in escrow.config.may_refund:
            require(escrow.done("refund", answer), f"a refund by {role} was answered {answer.summary}")
        else:
            escrow.refused("refund", answer, f"a refund by {role}", by="forbidden unknown")
    service.settle(case)
    _says(escrow, case, payment, 1_00 * len(set(escrow.config.may_refund) & set(escrow.config.roles)))


@rule(
    "escrow.refund.failed",
    "A failed refund is as if it had not been",
    forbids="money that is reserved for ever",
    source="law 5",
    severity=CRITICAL,
)
def _failed(service: Service, case: Case) -> None:
    """The provider refuses by a code: failed, the payment and its escrow as before, and all of it refundable again."""
    escrow = _escrow(service)
    for method in escrow.methods_with("refund-refused"):
        payment = escrow.capture(case, AMOUNT, method, "refund-refused")
        before = escrow.view(case, payment)
        refund = _taken(escrow, case, payment, None, "a full refund")
        escrow.outcome(case)
        state = _state_of(escrow, case, payment, refund)
        require(state == "failed", f"a refund that {method} refused is {state}")
        after = escrow.view(case, payment)
        kept = ("state", "escrow", "refunded", "fee", "net")
        for name in kept:
            was, now = getattr(before, name), getattr(after, name)
            require(was == now, f"after a refund that failed {name} is {now!r}, and was {was!r}")
        _taken(escrow, case, payment, AMOUNT, "the same refund anew")
        _says(escrow, case, payment, 0)


@rule(
    "escrow.refund.lost-answer",
    "A refund without an answer is paid once",
    forbids="paying back twice for a time-out",
    source="section 6, law 11",
    severity=CRITICAL,
)
def _lost_answer(service: Service, case: Case) -> None:
    """The provider pays back and never answers: the refund is completed once it was asked about, by each method."""
    escrow = _escrow(service)
    for method in escrow.methods_with("refund-hang"):
        payment = escrow.capture(case, AMOUNT, method, "refund-hang")
        refund = _taken(escrow, case, payment, 5_000_00, "a part")
        escrow.outcome(case)
        escrow.outcome(case)
        _says(escrow, case, payment, 5_000_00)
        state = _state_of(escrow, case, payment, refund)
        require(state == "completed", f"a refund that {method} paid without an answer is {state}")


@rule(
    "escrow.refund.lost-second",
    "Of two refunds the lost one is recognised",
    forbids="taking the first refund for the second",
    source="section 6",
    severity=CRITICAL,
)
def _lost_second(service: Service, case: Case) -> None:
    """A refund that hangs, and after it an equal one: the provider pays both, each once."""
    escrow = _escrow(service)
    for method in escrow.methods_with("refund-hang"):
        payment = escrow.capture(case, AMOUNT, method, "refund-hang")
        for about in ("the first", "an equal second"):
            _taken(escrow, case, payment, 5_000_00, about)
            escrow.outcome(case)
        escrow.outcome(case)
        _says(escrow, case, payment, 10_000_00)
        states = [row.state for row in escrow.refund_rows(case, payment)]
        require(states == ["completed"] * 2, f"two equal refunds are {states}")


@rule(
    "escrow.refund.lost-call",
    "A refund that never left is neither lost nor doubled",
    forbids="COMPLETED without money",
    source="section 6, law 11",
    severity=CRITICAL,
)
def _lost_call(service: Service, case: Case) -> None:
    """The first call moves nothing and never answers: what the refund says is what the provider paid."""
    escrow = _escrow(service)
    for method in escrow.methods_with("refund-lost"):
        payment = escrow.capture(case, AMOUNT, method, "refund-lost")
        refund = _taken(escrow, case, payment, 5_000_00, "a part")
        for _ in range(3):
            escrow.outcome(case)
        state = _state_of(escrow, case, payment, refund)
        _says(escrow, case, payment, 5_000_00 if state == "completed" else 0)


@rule(
    "escrow.refund.silent",
    "A refund stays on its way while the provider is silent",
    forbids="giving up money that may have moved",
    source="section 6",
)
def _silent(service: Service, case: Case) -> None:
    """An hour of silence after the money moved: still on its way; then completed, once."""
    escrow = _escrow(service)
    escrow.need_frozen()
    payment = escrow.capture(case, AMOUNT, "", "refund-hang")
    refund = _taken(escrow, case, payment, 5_000_00, "a part")
    with escrow.providers.silent(case):
        for seconds in SILENT_S:
            service.wait(case, seconds)
        state = _state_of(escrow, case, payment, refund)
        require(state in ("processing", "completed"), f"a refund whose outcome is open is {state}")
    escrow.outcome(case)
    escrow.outcome(case)
    state = _state_of(escrow, case, payment, refund)
    require(state == "completed", f"a refund that the provider paid is {state}")
    _says(escrow, case, payment, 5_000_00)


@rule(
    "escrow.refund.key",
    "The same refund under the same key is one refund",
    forbids="paying back twice for a repeated call",
    source="law 10",
    severity=CRITICAL,
)
def _key(service: Service, case: Case) -> None:
    """A refund is sent twice under a key, then another amount under it."""
    escrow = _escrow(service)
    if service.config.idempotency_header is None:
        raise NotCheckedError("the configuration has no idempotency_header")
    payment = escrow.capture(case)
    key = f"refund-{payment.id}"
    answers = [escrow.refund(case, payment, 1_000_00, key=key) for _ in range(2)]
    for answer in answers:
        require(escrow.done("refund", answer), f"a refund under a key was answered {answer.summary}")
    other = escrow.refund(case, payment, 2_000_00, key=key)
    known = service.config.refusals.key_reused
    require(other.status in known, f"another amount under the key of a refund was answered {other.summary}")
    service.settle(case)
    _says(escrow, case, payment, 1_000_00)


@rule(
    "escrow.refund.released",
    "Released money is not paid back behind its owners",
    forbids="a refund of money that others have",
    source="section 6",
    severity=CRITICAL,
)
def _released(service: Service, case: Case) -> None:
    """Release, then a refund: refused, or taken where the configuration says clawback."""
    escrow = _escrow(service)
    escrow.need("release")
    payment = escrow.capture(case)
    escrow.must("release", escrow.release(case, payment))
    answer = escrow.refund(case, payment, 1_000_00)
    if escrow.config.after_release == "refuse":
        escrow.refused("refund", answer, "a refund after the release", code="escrow_released")
        service.settle(case)
        _says(escrow, case, payment, 0)
    else:
        require(escrow.done("refund", answer), f"a refund after the release was answered {answer.summary}")


@rule(
    "escrow.refund.limit",
    "No more refunds than bKash takes",
    forbids="promising what the provider will refuse",
    source="section 6",
)
def _limit(service: Service, case: Case) -> None:
    """As many refunds as the provider takes, and one more."""
    escrow = _escrow(service)
    escrow.need_method("bkash")
    payment = escrow.capture(case, AMOUNT, "bkash")
    for number in range(escrow.config.most_refunds):
        _taken(escrow, case, payment, 1_00, f"refund {number + 1}")
        service.settle(case)
    answer = escrow.refund(case, payment, 1_00)
    escrow.refused("refund", answer, "one refund too many", code="refund_limit_reached", by="invalid conflict")


@rule(
    "escrow.refund.list", "Every refund is in the list", forbids="a refund that nobody can look up", source="section 2"
)
def _list(service: Service, case: Case) -> None:
    """Three refunds: their ids, states and amounts."""
    escrow = _escrow(service)
    escrow.need_answer("refunds", "ids", "states", "amounts")
    payment = escrow.capture(case)
    amounts = (1_00, 2_50, 10)
    made = {_taken(escrow, case, payment, amount, taka(amount)): amount for amount in amounts}
    service.settle(case)
    rows = escrow.refund_rows(case, payment)
    shown = {row.id: row.minor for row in rows}
    require(len(rows) == len(made) and shown == made, f"the list shows {shown}, expected {made}")
    states = {row.state for row in rows}
    require(states == {"completed"}, f"refunds that the provider paid are {sorted(states)}")


@rule(
    "escrow.refund.expected",
    "A refund says when it should be done",
    forbids="a date that is another than agreed",
    source="section 6",
)
def _expected(service: Service, case: Case) -> None:
    """Expected less initiated."""
    escrow = _escrow(service)
    escrow.need_answer("refund", "expected", "initiated")
    answer = escrow.must("refund", escrow.refund(case, escrow.capture(case), 1_00))
    until, since = (instant_ms(escrow.read("refund", answer, name)) for name in ("expected", "initiated"))
    require(until is not None and since is not None, f"expected or initiated is no instant: {answer.summary}")
    days = ((until or 0) - (since or 0)) / DAY_MS
    require(
        days == escrow.config.refund_days, f"a refund is expected after {days} days, not {escrow.config.refund_days}"
    )


WALLETS = ("ok", "refund-hang", "refund-refused")
PARTS = st.sampled_from((1_00, 5_000_00, 7_000_00, 9_000_00)) | st.integers(1, AMOUNT)
STEPS = st.lists(
    st.tuples(st.sampled_from(("refund", "refund", "refund", "wait", "release")), PARTS), min_size=2, max_size=8
)


@rule(
    "escrow.refund.any-order",
    "In any order, no more goes out than came in",
    forbids="an order of refunds and releases that makes money",
    source="laws 1, 3, 5, 7",
    severity=CRITICAL,
    examples=16,
)
def _any_order(service: Service, case: Case) -> None:
    """Refunds, waits and releases in any order, by wallets whose refunds work, hang or are refused, against a model."""
    escrow = _escrow(service)
    escrow.need("release")
    method = case.draw(st.sampled_from(escrow.methods()), "method")
    known = escrow.providers.scripts(method)
    script = case.draw(st.sampled_from([one for one in WALLETS if one in known]), "wallet")
    steps = case.draw(STEPS, "steps")
    payment = escrow.capture(case, AMOUNT, method, script)
    promised, released = 0, False
    for name, amount in steps:
        if name == "wait":
            escrow.outcome(case)
        elif name == "release":
            done = escrow.done("release", escrow.release(case, payment))
            require(not (done and released), "an escrow was released twice")
            released = released or done
        else:
            answer = escrow.refund(case, payment, amount)
            if escrow.done("refund", answer):
                promised += amount
                require(
                    escrow.config.after_release == "clawback" or not released, "a refund was taken after the release"
                )
    if script == "refund-hang":
        promised += _promised_beyond(escrow, case, payment, AMOUNT - promised)
    for _ in range(2):
        escrow.outcome(case)
    _adds_up(escrow, case, payment, promised=promised, refused=script == "refund-refused")


def _promised_beyond(escrow: Desk, case: Case, payment: Payment, left: int) -> int:
    """What is promised when four refunds are asked for at the end, whose sum is more than is left."""
    amounts = (1, 1, left, left)
    return sum(
        amount for amount in amounts if amount > 0 and escrow.done("refund", escrow.refund(case, payment, amount))
    )


def _adds_up(escrow: Desk, case: Case, payment: Payment, *, promised: int, refused: bool) -> None:
    """What was taken and paid back is what was promised, and the view says so."""
    expected = 0 if refused else promised
    require(refused or promised <= AMOUNT, f"{taka(promised)} of {taka(AMOUNT)} were promised")
    _says(escrow, case, payment, expected)
    view: Any = escrow.view(case, payment)
    state = "refunded" if expected == AMOUNT else "completed"
    require(
        view.state == state, f"a payment of which {taka(expected)} were paid back is {view.state}, expected {state}"
    )
