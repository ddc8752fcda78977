"""Rules of a Bakong that answers other things than payments: broken connections, refusals under HTTP 200."""

from contracts.suites.case import Case
from contracts.suites.rules import NotCheckedError, Suite
from contracts.suites.service.payments import must
from contracts.suites.service.subject import Payment, Service

SUITE = Suite("service")
rule = SUITE.rule
BROKEN = ("reset, at: before_head", "reset, at: after_head", "empty, as: connection", "empty, as: body", "truncate")
REFUSALS = ("missing-fields", "static-qr", "cannot-connect", "unauthorized-200", "unauthorized")
DAY_S = 86_400


def _pending_during(service: Service, case: Case, payment: Payment, fault: str) -> bool:
    """Whether the sandbox knows the fault. Raises RuleBrokenError where the payment is not pending during it."""
    try:
        service.world.trouble(case, fault, 20)
    except NotCheckedError:
        return False
    service.wait(case, 19)
    state = service.status(case, payment)
    must(state == "pending", f"Bakong answers with {fault}, and the payment is {state}")
    service.wait(case, 1)
    return True


def _paid_in_the_end(service: Service, case: Case, payment: Payment) -> None:
    service.pay(case, payment)
    service.wait(case, 300)
    service.status(case, payment)
    service.settle(case)
    state = service.status(case, payment)
    must(state == "paid", f"Bakong is back for 5 minutes, and a paid payment is {state}")


@rule(
    "outage.connection",
    "A connection that breaks delays a payment, and no more",
    forbids="failing, or answering 5xx, when Bakong hangs up",
)
def _connection(service: Service, case: Case) -> None:
    """Resets before and within an answer, half an answer, none: pending meanwhile, paid afterwards."""
    payment = service.create(case)
    if not [fault for fault in BROKEN if _pending_during(service, case, payment, fault)]:
        raise NotCheckedError("this sandbox breaks no connections")
    _paid_in_the_end(service, case, payment)


@rule(
    "outage.refusals",
    "A refusal of Bakong's is not a failed payment",
    forbids="failing a payment because Bakong refuses the question, or the day's calls are spent",
)
def _refusals(service: Service, case: Case) -> None:
    """Refusals under HTTP 200 with other codes than that of a failed payment; the spent quota last, and a day more."""
    payment = service.create(case)
    if not [what for what in REFUSALS if _pending_during(service, case, payment, f"refuse, as: {what}")]:
        raise NotCheckedError("this sandbox plays no refusals")
    _paid_in_the_end(service, case, payment)
    if service.config.time != "real":
        _pending_during(service, case, service.create(case), "refuse, as: daily-quota")
        service.wait(case, DAY_S)
