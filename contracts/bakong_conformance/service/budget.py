"""Rules of how often a service asks Bakong, whose free tier answers 100 calls a day. Judges no answer of Bakong's."""

from collections.abc import Iterator
from contextlib import contextmanager

from bakong_conformance.case import Case
from bakong_conformance.rules import NotCheckedError, Severity, Suite, require
from bakong_conformance.service.hooks import about
from bakong_conformance.service.subject import Payment, Service

SUITE = Suite("service")
rule = SUITE.rule
DAY_MS, TO_MIDNIGHT_MS = 86_400_000, 17 * 3_600_000  # the day begins at 17:00 UTC, midnight in Phnom Penh
LOOKS, LOOK_S = 12, 300
QUIET = 3  # looks at an open payment in a row, without a call
ENOUGH = 100_000
SLACK = 2  # calls that were under way when the quota was told to be spent


@contextmanager
def _spent(service: Service, case: Case) -> Iterator[Payment]:
    """An unpaid payment whose service has just heard that the day's calls are spent; the quota is lifted afterwards."""
    if not service.config.obeys_quota:
        raise NotCheckedError("the configuration does not say obeys_quota")
    if service.config.time == "real":
        raise NotCheckedError("it takes a day of real time; map the service's time to check it")
    service.world.limit(case, quota=1)
    try:
        service.create(case)  # beside it, so that who asks by lists has one to ask
        payment = service.create(case)
        for _ in range(3):  # the day's one call, and the one that is refused
            service.wait(case, service.config.settle_s)
            service.status(case, payment)
        yield payment
    finally:
        service.world.limit(case, quota=None)
        tomorrow(service, case)


def spend(service: Service, case: Case) -> None:
    """Orders until the service has asked, and asks no more: the day's calls are spent. Raises NotCheckedError."""
    asked = quiet = 0
    for _ in range(20):
        payment = service.create(case)
        before = service.world.calls()  # a deep link is a call, too, and is not refused
        for _ in range(3):
            service.settle(case)
            service.status(case, payment)
        now = service.world.calls() - before
        asked, quiet = asked + now, 0 if now else quiet + 1
        if asked and quiet >= QUIET:
            return
    raise NotCheckedError("the service did not come to rest on a day whose calls were spent, which another rule names")


def tomorrow(service: Service, case: Case) -> None:
    """Wait until a minute after midnight in Phnom Penh."""
    left_ms = DAY_MS - (service.world.now_ms() - TO_MIDNIGHT_MS) % DAY_MS
    service.wait(case, left_ms / 1000 + 60)


@rule(
    "quota.obeyed",
    "When the day's calls are spent, Bakong is left alone",
    forbids="asking on after code 17: each refused call counts too, and tells nothing",
)
def _obeyed(service: Service, case: Case) -> None:
    """A quota of one call is spent; then the payment is asked for every five minutes of an hour."""
    with _spent(service, case) as payment:
        before = service.world.calls()
        for _ in range(LOOKS):
            service.wait(case, LOOK_S)
            service.status(case, payment)
        asked = service.world.calls() - before
        case.note(f"{LOOKS} status calls after the quota was spent", f"{asked} calls to Bakong")
        require(
            asked <= SLACK, f"Bakong had said that the day's calls are spent, and was asked {asked} times in the hour"
        )


@rule(
    "quota.ends",
    "Nothing ends by the clock because the day's calls are spent",
    forbids="expired, or told so, though nobody was asked and the money is there",
    severity=Severity.CRITICAL,
)
def _ends(service: Service, case: Case) -> None:
    """The quota is spent just after midnight, a code is paid, and its life ends: looked at around it, and told.

    And again, where the first call that is refused is the one at the code's end.
    """
    if service.config.ends == "clock":
        raise NotCheckedError("the configuration says that payments end by the clock, also where nobody can be asked")
    if service.config.obeys_quota and service.config.time != "real":
        tomorrow(service, case)
    with _spent(service, case) as payment:
        service.pay(case, payment)
        for seconds in (service.config.expires_after_s, 60):
            service.wait(case, seconds)
            state = service.status(case, payment)
            require(state in ("pending", "paid", "timeout"), f"paid while the day's calls are spent, it is {state}")
        _is_not_told(service, payment)
    if service.config.time != "real":
        _spent_at_the_end(service, case)


def _spent_at_the_end(service: Service, case: Case) -> None:
    """Paid two seconds before the end, when the last call that is answered has been made."""
    tomorrow(service, case)
    service.world.limit(case, quota=ENOUGH)  # calls are counted from now on
    try:
        payment = service.create(case)
        service.wait(case, service.config.expires_after_s - 2)
        service.status(case, payment)
        service.world.limit(case, quota=1)
        service.pay(case, payment)
        for seconds in (2, 1, 60):
            service.wait(case, seconds)
            state = service.status(case, payment)
            require(state in ("pending", "paid", "timeout"), f"paid, and the day's calls ended with it, it is {state}")
        _is_not_told(service, payment)
    finally:
        service.world.limit(case, quota=None)
        tomorrow(service, case)


def _is_not_told(service: Service, payment: Payment) -> None:
    told = [event for event in ("expired", "failed") if _is_told(service, payment, event)]
    require(not told, f"a payment was made while the day's calls are spent, and was announced as {told}")


def _is_told(service: Service, payment: Payment, event: str) -> bool:
    hooks = service.config.webhooks
    return hooks is not None and event in hooks.events and bool(about(service, payment, event))


@rule(
    "quota.resumes",
    "The day after, Bakong is asked again",
    forbids="a service that stays silent, or waits for midnight elsewhere than in Phnom Penh",
)
def _resumes(service: Service, case: Case) -> None:
    """The code is paid while the quota is spent; six minutes after midnight in Phnom Penh the payment is known."""
    with _spent(service, case) as payment:
        service.pay(case, payment)
    for _ in range(5):
        service.wait(case, 60)
        state = service.status(case, payment)
    require(state == "paid", f"a payment was made while the day's calls were spent; in the new day it is {state}")
