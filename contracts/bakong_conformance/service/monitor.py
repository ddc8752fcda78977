"""Rules of waiting for a payment over HTTP: what a wait tells, and that giving up loses nothing."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from bakong_conformance.case import Case
from bakong_conformance.http import Answer
from bakong_conformance.rules import NotCheckedError, PreconditionError, Suite, require
from bakong_conformance.service.hooks import about
from bakong_conformance.service.subject import Payment, Service

SUITE = Suite("service")
rule = SUITE.rule
STEP_S = 5
WATCHED_S = 300
TIMEOUT_S = 60
# Of real time. The world stands still just before the wait is over, where it was paid for, and just after it: a service
# that has seen the payment, or the end, answers then, however busy the machine is.
BRIEFLY_S, STANDS_STILL_S = 0.1, 20.0
LAST_STEP, OVER = TIMEOUT_S // STEP_S - 1, TIMEOUT_S // STEP_S + 1
ANSWER_S = 120.0  # of real time, for a wait that lasts a minute of the world's


def _monitor(service: Service, case: Case, payment: Payment, *, pay: bool, pay_at: int = 1) -> str:
    """The state that a wait of a minute tells, while time passes in steps, paid after so many."""
    stands_still = (LAST_STEP, OVER) if pay else (OVER,)
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(_wait, service, payment)
        for step in range(service.config.expires_after_s // STEP_S - 6):
            try:
                answer = asked.result(STANDS_STILL_S if step in stands_still else BRIEFLY_S)
                break
            except TimeoutError:
                if pay and step == pay_at:
                    service.pay(case, payment)
                service.wait(None, STEP_S)
        else:
            raise PreconditionError(f"a wait of {TIMEOUT_S} s did not end within the life of the payment")
    case.note(f"monitor {payment.md5} for {TIMEOUT_S} s", answer.summary)
    if not service.done("monitor", answer):
        raise PreconditionError(f"monitor answered {answer.summary}")
    return service.state(service.read("monitor", answer, "state"))


def _wait(service: Service, payment: Payment, every_s: int = STEP_S) -> Answer:
    about: dict[str, Any] = {"md5": payment.md5, "id": payment.id, "user": payment.user}
    asked = {"timeout_ms": TIMEOUT_S * 1000, "interval_ms": every_s * 1000, **about}
    return service.do(None, "monitor", timeout_s=ANSWER_S, **asked)


def _mapped(service: Service) -> None:
    service.need("monitor")
    if service.config.time == "real":
        raise NotCheckedError(f"it takes {TIMEOUT_S} s of real time; map the service's time to check it")


@rule(
    "monitor.paid", "A wait ends when the payment is paid", forbids="a wait that does not see the payment it waits for"
)
def _paid(service: Service, case: Case) -> None:
    """A wait of a minute; the wallet pays in its first seconds."""
    _mapped(service)
    state = _monitor(service, case, service.create(case), pay=True)
    require(state == "paid", f"the payment was paid during the wait, which answered {state}")


@rule(
    "monitor.timeout",
    "A wait that ends unpaid is a timeout, while the code lives",
    forbids="calling a payment expired, failed or still pending when only the patience ended",
)
def _timeout(service: Service, case: Case) -> None:
    """A wait of a minute, and nobody pays: both the wait and the status tell the timeout."""
    _mapped(service)
    service.need_state("timeout")
    payment = service.create(case)
    outcome = _monitor(service, case, payment, pay=False)
    require(outcome == "timeout", f"a wait that ended unpaid answered {outcome}, expected a timeout")
    state, expected = service.status(case, payment), "pending" if service.config.timeout == "wait" else "timeout"
    require(state == expected, f"after a wait that ended unpaid the payment is {state}, expected {expected}")


@rule(
    "monitor.late", "A payment after a timeout is not lost", forbids="dropping money because a wait had ended before it"
)
def _late(service: Service, case: Case) -> None:
    """A wait ends unpaid; then the wallet pays, while the code lives: it is told though nobody asks, and known."""
    _mapped(service)
    service.need_state("timeout")
    payment = service.create(case)
    _monitor(service, case, payment, pay=False)
    service.pay(case, payment)
    hooks = service.config.webhooks
    if hooks and "paid" in hooks.events and service.config.time != "real":
        service.wait(case, WATCHED_S)
        service.create(case)  # a service may bring itself up to date when it is asked for anything
        told = about(service, payment, "paid")
        require(told, f"paid after a timeout, and nobody asks: {WATCHED_S} s later a payment is untold")
    state = service.becomes(case, payment, "paid")
    service.wait(case, service.config.expires_after_s)
    require(service.status(case, payment) == "paid", f"a payment that was paid after a timeout is {state}")
    if "subscription" in service.config.operations:
        require(
            service.subscription(case, payment.user).active, "a payment that was paid after a timeout granted nothing"
        )


@rule(
    "monitor.whole",
    "A wait lasts as long as was asked for",
    forbids="giving up early, on a customer who needs most of the time",
)
def _whole(service: Service, case: Case) -> None:
    """A wait of a minute; the wallet pays after fifty seconds of it, before the last look."""
    _mapped(service)
    state = _monitor(service, case, service.create(case), pay=True, pay_at=LAST_STEP - 1)
    begun_s = TIMEOUT_S - 2 * STEP_S
    require(state == "paid", f"the payment was paid {begun_s} s into a wait of {TIMEOUT_S} s, which answered {state}")


@rule(
    "monitor.known",
    "A wait that ends knows what a status call knows",
    forbids="a time-out for a payment that the service has seen, as the wait looks at its own questions alone",
)
def _known(service: Service, case: Case) -> None:
    """A wait of a minute that looks every 50 s; paid after that look, and seen by a status call before the end."""
    _mapped(service)
    payment, asked_at = service.create(case), 52
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(_wait, service, payment, 50)
        for passed in (10, 40, 2):
            with suppress(TimeoutError):
                asked.result(BRIEFLY_S * 10)
            service.wait(None, passed)
        service.pay(case, payment)
        service.wait(None, STEP_S)
        state = service.status(case, payment)
        for _ in range(service.config.expires_after_s // STEP_S - asked_at):
            service.wait(None, STEP_S)
            with suppress(TimeoutError):
                answer = asked.result(BRIEFLY_S * 10)
                break
        else:
            raise PreconditionError(f"a wait of {TIMEOUT_S} s did not end within the life of the payment")
    case.note(f"monitor {payment.md5} for {TIMEOUT_S} s", answer.summary)
    if state != "paid" or not service.done("monitor", answer):
        raise NotCheckedError(f"during the wait the payment was {state}, and the wait answered {answer.summary}")
    outcome = service.state(service.read("monitor", answer, "state"))
    require(outcome == "paid", f"a status call knew the payment as paid, and the wait that ended then said {outcome}")


@rule(
    "monitor.ended",
    "Waiting for what has ended changes nothing",
    forbids="PAID that a wait takes back, or an expired or failed payment that times out instead",
)
def _ended(service: Service, case: Case) -> None:
    """A wait for a paid payment that Bakong has forgotten, one for an expired payment, and one for a failed one."""
    _mapped(service)
    service.need_state("timeout", "expired")
    unpaid = service.create(case)
    service.wait(case, service.config.expires_after_s + 60)
    paid = service.buy(case)
    service.world.ask(case, "POST", "/reset")
    ended = [(paid, "paid"), (unpaid, "expired")]
    if "failed" in service.config.states:
        failed = service.create(case)
        service.pay(case, failed, outcome="failed")
        ended += [(failed, "failed")] if service.becomes(case, failed, "failed") == "failed" else []
    for payment, expected in ended:
        if (before := service.status(case, payment)) != expected:
            raise PreconditionError(f"a payment is {before} before the wait, expected {expected}")
        outcome = _monitor(service, case, payment, pay=False)
        require(outcome == expected, f"a wait for a payment that is {expected} answered {outcome}")
        state = service.status(case, payment)
        require(state == expected, f"after a wait a payment that was {expected} is {state}")


@rule(
    "monitor.late-expired",
    "A payment after a timeout and the code's end is not lost",
    forbids="dropping late money because a wait had given up before",
)
def _late_expired(service: Service, case: Case) -> None:
    """A wait ends unpaid, and the code dies; then the wallet's payment comes through."""
    _mapped(service)
    service.need_state("timeout")
    payment = service.create(case)
    _monitor(service, case, payment, pay=False)
    service.wait(case, service.config.expires_after_s)
    service.status(case, payment)
    service.pay(case, payment)
    for _ in range(2):
        service.wait(case, 900)
        state = service.status(case, payment)
    require(state == "paid", f"a payment that came after a timeout and the code's end is {state}")


@rule(
    "monitor.outage",
    "A wait in an outage ends as a wait, not as a failure",
    forbids="calling a payment failed or expired because Bakong could not be asked while it was waited for",
)
def _outage(service: Service, case: Case) -> None:
    """A wait of a minute in which Bakong cannot be reached."""
    _mapped(service)
    service.world.trouble(case, ["reset, at: before_head"], after_s=0, each_s=service.config.expires_after_s)
    payment = service.create(case)
    service.world.show(case, payment.qr)
    service.status(case, payment)
    state = _monitor(service, case, payment, pay=False)
    require(state in ("pending", "timeout"), f"Bakong could not be reached during a wait, which answered {state}")


@rule(
    "monitor.told",
    "A timeout is told, once",
    forbids="a main backend that never hears that a wait has ended",
)
def _told(service: Service, case: Case) -> None:
    """A wait of a minute ends unpaid; its webhook arrives."""
    _mapped(service)
    service.need_state("timeout")
    payment = service.create(case)
    about(service, payment, "timeout")
    if (outcome := _monitor(service, case, payment, pay=False)) != "timeout":
        raise NotCheckedError(f"the wait answered {outcome}, which another rule names")
    service.settle(case)
    count = len(about(service, payment, "timeout"))
    require(count == 1, f"a wait that ended unpaid was announced {count} times")
