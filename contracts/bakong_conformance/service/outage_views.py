"""Rules of what an observer sees while Bakong cannot be asked, how often it is asked, and what comes afterwards."""

from collections.abc import Sequence

from bakong_conformance.case import Case
from bakong_conformance.rules import NotCheckedError, Severity, Suite, require
from bakong_conformance.service.hooks import about, wait_for
from bakong_conformance.service.subject import Payment, Service

SUITE = Suite("service")
rule = SUITE.rule
BEFORE_S, AFTER_S = 30, 90  # the trouble begins so long before the code's end, and ends so long after it
PAID_BEFORE_S = 20
FOUND_S = 900
LONG_S, LONG_STEPS = 3 * 3600, 12
CALM_S, CALM_STEP_S = 120, 10
STORMY = ("http, status: 503", "http, status: 429", "reset, at: before_head", "truncate")
MORE_CALLS = 12  # that an outage may cost beyond twice the calm pace: retries, a breaker that tries

CONNECTION = ("reset, at: before_head", "empty, as: connection", "reset, at: after_head")
STATUSES = (
    "http, status: 403, body: cloudfront",
    "http, status: 403, body: nginx",
    "http, status: 401, body: nginx",
    "refuse, as: unauthorized",
    "http, status: 503, body: nginx",
    "http, status: 404, body: nginx",
)
REFUSALS = ("refuse, as: unauthorized-200", "refuse, as: cannot-connect", "refuse, as: missing-fields")
BODIES = (
    "http, status: 200, body: cloudfront",
    "http, status: 200, body: empty",
    "truncate",
    "garbage",
    "wrong_schema, as: not_an_object",
    "wrong_schema, as: nulls",
    "wrong_schema, as: data_missing",
    "wrong_schema, as: success_empty",
    "wrong_schema, as: success_null",
    "wrong_schema, as: data_as_list",
)

# Beside several payments a breaker may hide what becomes of one; and an answer about one is read by other code.
OF_ONE = (CONNECTION[0], *STATUSES, *REFUSALS, *BODIES)


def _time(service: Service) -> None:
    if service.config.time == "real":
        raise NotCheckedError("it takes 15 minutes of real time; map the service's time to check it")


def _trouble_at_the_end(service: Service, case: Case, fault: str) -> Payment:
    """A payment for which Bakong will break around the code's end. Windows count from the first call."""
    life = service.config.expires_after_s
    service.world.trouble(case, [fault], after_s=life - BEFORE_S, each_s=BEFORE_S + AFTER_S)
    payment = service.create(case)
    service.world.show(case, payment.qr)
    service.status(case, payment)
    return payment


def _seen(service: Service, case: Case, faults: Sequence[str]) -> None:
    """Payments made in time while Bakong breaks, each by another fault, at the code's end.

    Until Bakong answers they are neither shown nor told as ended; afterwards, though nobody asks, they are told paid.
    """
    _time(service)
    life, faults = service.config.expires_after_s, service.world.known(case, faults)
    if not faults:
        raise NotCheckedError("this sandbox plays none of these faults")
    payments = [(fault, _trouble_at_the_end(service, case, fault)) for fault in faults]
    service.wait(case, life - PAID_BEFORE_S)
    for _, payment in payments:
        service.pay(case, payment)
    _shown_around_the_end(service, case, payments)
    _found_unasked(service, case, payments)


def _shown_around_the_end(service: Service, case: Case, payments: Sequence[tuple[str, Payment]]) -> None:
    """From PAID_BEFORE_S before the end on: a second before it, at it, a second and a minute after it."""
    for after in (-1, 0, 1, 60):
        service.wait(case, {-1: PAID_BEFORE_S - 1, 0: 1, 1: 1, 60: 59}[after])
        for fault, payment in payments:
            _not_ended(service, case, payment, f"made in time, {after} s from its end, Bakong answers {fault!r}")


def _not_ended(service: Service, case: Case, payment: Payment, when: str) -> None:
    answer = service.do(case, "status", md5=payment.md5, id=payment.id, user=payment.user)
    require(answer.status not in service.config.refusals.unknown, f"a payment is not found: {when}")
    require(answer.status == 503 or answer.status < 500, f"a payment was answered {answer.summary}: {when}")
    by_clock = ("expired",) if service.config.ends == "clock" else ()
    if service.done("status", answer):
        state = service.state(service.read("status", answer, "state"))
        require(state in ("pending", "paid", "timeout", *by_clock), f"a payment is {state}: {when}")
    for event in ("failed", *(() if by_clock else ("expired",))):
        if service.config.webhooks and event in service.config.webhooks.events:
            require(not about(service, payment, event), f"a payment was announced as {event}: {when}")


def _found_unasked(service: Service, case: Case, payments: Sequence[tuple[str, Payment]]) -> None:
    """Bakong answers again; first the webhooks, then the states."""
    service.wait(case, AFTER_S)
    service.wait(case, FOUND_S)
    service.create(case)  # a service may bring itself up to date when it is asked for anything
    if service.config.webhooks and "paid" in service.config.webhooks.events:
        for fault, payment in payments:
            told = wait_for(service, case, payment, "paid")
            require(told, f"paid while Bakong answered {fault!r}; it is back for {FOUND_S} s, and nobody was told")
    for fault, payment in payments:
        state = service.status(case, payment)
        require(state == "paid", f"paid while Bakong answered {fault!r}; it is back for {FOUND_S} s, it is {state}")


@rule(
    "outage.end.connection",
    "A payment in time has not ended while no connection lasts",
    forbids="expired, failed or gone, because nobody could be asked at the end",
    severity=Severity.CRITICAL,
)
def _end_connection(service: Service, case: Case) -> None:
    """Paid 20 s before the end; around it connections break. Looked at around the end; then found, unasked."""
    _seen(service, case, CONNECTION)


@rule(
    "outage.end.statuses",
    "A payment in time has not ended while Bakong refuses to talk",
    forbids="expired, failed or gone, because of a 401, a 403, a 404 or a 503 at the end",
    severity=Severity.CRITICAL,
)
def _end_statuses(service: Service, case: Case) -> None:
    """Paid 20 s before the end; around it Bakong answers other statuses. Looked at around it; then found, unasked."""
    _seen(service, case, STATUSES)


@rule(
    "outage.end.refusals",
    "A payment in time has not ended while Bakong refuses the question",
    forbids='taking any code for "not found", or for "failed", at the end',
    severity=Severity.CRITICAL,
)
def _end_refusals(service: Service, case: Case) -> None:
    """Paid 20 s before the end; around it Bakong answers codes 5, 6 and 9. Looked at around it; then found, unasked."""
    _seen(service, case, REFUSALS)


@rule(
    "outage.end.bodies",
    "A payment in time has not ended while Bakong talks nonsense",
    forbids='taking HTML, an empty body, a list, null, or success without data for "not found" at the end',
    severity=Severity.CRITICAL,
)
def _end_bodies(service: Service, case: Case) -> None:
    """Paid 20 s before the end; around it Bakong answers other bodies. Looked at around it; then found, unasked."""
    _seen(service, case, BODIES)


@rule(
    "outage.end.alone",
    "The only payment that waits has not ended while Bakong cannot be asked",
    forbids='taking a refusal, an empty body, null or no data for "not found", where one payment is asked about',
    severity=Severity.CRITICAL,
)
def _end_alone(service: Service, case: Case) -> None:
    """One payment after the other, each paid 20 s before its end, with no other beside it that waits."""
    _time(service)
    faults = service.world.known(case, OF_ONE)
    if not faults:
        raise NotCheckedError("this sandbox plays none of these faults")
    for fault in faults:
        payment = _trouble_at_the_end(service, case, fault)
        service.wait(case, service.config.expires_after_s - PAID_BEFORE_S)
        service.pay(case, payment)
        _shown_around_the_end(service, case, [(fault, payment)])
        service.wait(case, AFTER_S)
        service.becomes(case, payment, "paid")


@rule(
    "outage.told",
    "Nothing is told of what Bakong was not asked",
    forbids="an expiry that is announced by the clock, while the money is there",
    severity=Severity.CRITICAL,
)
def _told(service: Service, case: Case) -> None:
    """Paid in time; Bakong is silent from before the end until after it, and nobody asks for a status."""
    _time(service)
    if service.config.ends == "clock":
        raise NotCheckedError("the configuration says that payments end by the clock, also where nobody can be asked")
    payment = _trouble_at_the_end(service, case, "reset, at: before_head")
    service.wait(case, service.config.expires_after_s - PAID_BEFORE_S)
    service.pay(case, payment)
    service.wait(case, PAID_BEFORE_S + 60)
    for event in ("expired", "failed"):
        if service.config.webhooks and event in service.config.webhooks.events:
            told = wait_for(service, case, payment, event, 0)
            require(not told, f"Bakong could not be asked, and a payment that was made in time was announced {event}")


@rule(
    "outage.long",
    "An outage of hours loses nothing that was paid in time",
    forbids="a payment that is looked for no more, or found and not granted, because its end was hours ago",
    severity=Severity.CRITICAL,
)
def _long(service: Service, case: Case) -> None:
    """Paid 20 s before the end; Bakong is gone from before it until three hours after. Then it is found, unasked."""
    _time(service)
    life = service.config.expires_after_s
    service.world.trouble(case, ["reset, at: before_head"], after_s=life - BEFORE_S, each_s=BEFORE_S + LONG_S)
    payment = service.create(case)
    service.world.show(case, payment.qr)
    service.status(case, payment)
    service.wait(case, life - PAID_BEFORE_S)
    service.pay(case, payment)
    service.wait(case, PAID_BEFORE_S + 60)
    for _ in range(LONG_STEPS):
        service.leap(case, (LONG_S - 120) / LONG_STEPS)
        _not_ended(service, case, payment, "made in time, and Bakong cannot be reached for hours around its end")
    _not_ended(service, case, payment, f"made in time, Bakong cannot be reached for {LONG_S} s after its end")
    _found_unasked(service, case, [("reset, at: before_head", payment)])
    if "subscription" in service.config.operations:
        active = service.subscription(case, payment.user).active
        require(active, "paid in time, found after an outage of hours, and the plan is not granted")


@rule(
    "outage.lists",
    "Lists say no more of an outage than a status does",
    forbids="a list that hides a payment, or calls it expired, while Bakong is silent",
)
def _lists(service: Service, case: Case) -> None:
    """Bakong is gone from before a payment's end: its history, and its row of a bulk check."""
    _time(service)
    if not {"history", "bulk_check"} & set(service.config.operations):
        raise NotCheckedError("the configuration maps neither history nor bulk_check")
    payment = _trouble_at_the_end(service, case, "reset, at: before_head")
    service.wait(case, service.config.expires_after_s - PAID_BEFORE_S)
    service.pay(case, payment)
    for when, seconds in (("before its end", PAID_BEFORE_S - 5), ("after its end", 30)):
        service.wait(case, seconds)
        service.status(case, payment)
        _listed(service, case, payment, f"{when}, while Bakong is silent")


def _listed(service: Service, case: Case, payment: Payment, when: str) -> None:
    """The payment is in the lists, and has not ended there."""
    by_clock = ("expired",) if service.config.ends == "clock" else ()
    allowed = ("pending", "paid", "timeout", *by_clock)
    if "history" in service.config.operations:
        answer = service.do(case, "history", user=payment.user)
        md5s = service.read("history", answer, "md5s")
        require(md5s == [payment.md5], f"{when} the history is {md5s}, expected {[payment.md5]}")
    if "bulk_check" in service.config.operations:
        answer = service.do(case, "bulk_check", md5s=[payment.md5])
        states = [service.state(one) for one in service.read("bulk_check", answer, "states") or [None]]
        require(states[0] in allowed, f"{when} a bulk check says {answer.summary}")


@rule(
    "outage.storm",
    "An outage is no storm of calls",
    forbids="asking a Bakong that does not answer, or says slow down, again and again, at a hundred calls a day",
)
def _storm(service: Service, case: Case) -> None:
    """Two minutes with a status call every ten seconds, calm, and then without a Bakong: about as many calls.

    Of all payments, and of the one alone: what is asked about others may be many times as much.
    """
    _time(service)
    for fault in service.world.known(case, STORMY):
        calm = _calls(service, case, service.create(case))
        service.world.trouble(case, [fault], after_s=0, each_s=CALM_S + 60)
        broken = _calls(service, case, service.create(case))
        service.world.play(case, "name: plain")
        case.note(f"{CALM_S} s with a status call every {CALM_STEP_S} s", f"calm {calm}, with {fault!r} {broken} calls")
        for whose, before, after in zip(("", " about one payment"), calm, broken, strict=True):
            asked = f"Bakong was asked {before} times{whose} in {CALM_S} s while it answered"
            require(after <= 2 * before + MORE_CALLS, f"{asked}, {after} times while it did {fault!r}")


def _calls(service: Service, case: Case, payment: Payment) -> tuple[int, int]:
    """Calls to Bakong in two minutes of one open payment, all and those about it; it is paid off afterwards."""
    before = service.world.calls()
    for _ in range(CALM_S // CALM_STEP_S):
        service.wait(case, CALM_STEP_S)
        service.status(case, payment)
    asked = service.world.calls() - before, service.world.calls_about(payment.md5, before)
    service.pay(case, payment)
    return asked


@rule(
    "outage.worker",
    "One bad answer ends no worker",
    forbids="a service that looks no more for anybody's money, because one answer could not be read",
    severity=Severity.CRITICAL,
)
def _worker(service: Service, case: Case) -> None:
    """Bakong answers one payment in all the wrong ways, in turn; another one is paid afterwards, and nobody asks."""
    _time(service)
    faults = service.world.known(case, (*CONNECTION, *STATUSES, *BODIES))
    service.world.trouble(case, faults, after_s=5, each_s=30)
    spoilt = service.create(case)
    service.world.show(case, spoilt.qr)
    service.status(case, spoilt)
    service.wait(case, 5)
    for _ in faults:
        service.wait(case, 15)
        service.status(case, spoilt)
        service.wait(case, 15)
    service.world.play(case, "name: plain")
    good = service.create(case)
    for payment in (good, spoilt):
        service.pay(case, payment)
    service.wait(case, FOUND_S)
    service.create(case)
    for what, payment in (("another payment", good), ("the payment itself", spoilt)):
        if service.config.webhooks and "paid" in service.config.webhooks.events:
            told = wait_for(service, case, payment, "paid")
            require(
                told, f"after bad answers about one payment, {what} was paid, and {FOUND_S} s later nobody was told"
            )
        elif "subscription" in service.config.operations:
            active = service.subscription(case, payment.user).active
            require(
                active, f"after bad answers about one payment, {what} was paid, and {FOUND_S} s later grants nothing"
            )
