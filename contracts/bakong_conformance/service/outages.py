"""Rules of a Bakong that answers other things than payments: broken connections, refusals under HTTP 200."""

from collections.abc import Sequence

from bakong_conformance.case import Case
from bakong_conformance.rules import NotCheckedError, Severity, Suite, require
from bakong_conformance.service.hooks import about
from bakong_conformance.service.subject import Payment, Service

SUITE = Suite("service")
rule = SUITE.rule
BROKEN = ("reset, at: before_head", "reset, at: after_head", "empty, as: connection", "empty, as: body", "truncate")
REFUSALS = ("missing-fields", "static-qr", "cannot-connect", "unauthorized-200", "unauthorized")
NONSENSE = (
    "http, status: 200, body: cloudfront",
    "wrong_schema, as: data_missing",
    "wrong_schema, as: success_empty",
    "wrong_schema, as: success_null",
    "wrong_schema, as: success_missing",
    "garbage",
)
UNSAID = ("wrong_schema, as: amount_unsaid", "wrong_schema, as: currency_unsaid", "wrong_schema, as: account_unsaid")
ENVELOPES = ("http, status: 429, body: envelope", "http, status: 503, body: envelope")
DAY_S = 86_400
SHOWN_S, EACH_S, SILENT_S = 5, 20, 300


def _shown(service: Service, case: Case, faults: Sequence[str], *, after_s: int, each_s: int) -> Payment:
    """A payment for which Bakong will break so long after now. It is asked for: windows count from the first call.

    The trouble is announced before the payment is made: what Bakong has been shown keeps the script it began with.
    """
    service.world.trouble(case, faults, after_s=after_s, each_s=each_s)
    payment = service.create(case)
    service.status(case, payment)
    return payment


def _payment_in(service: Service, case: Case, faults: Sequence[str]) -> Payment:
    """A payment for which Bakong breaks, by each fault in turn. Raises RuleBrokenError where it is not pending."""
    payment = _shown(service, case, faults, after_s=SHOWN_S, each_s=EACH_S)
    service.wait(case, SHOWN_S)
    for fault in faults:
        service.wait(case, EACH_S - 1)
        state = service.status(case, payment)
        require(state == "pending", f"Bakong answers with {fault}, and the payment is {state}")
        service.wait(case, 1)
    return payment


def _known(service: Service, case: Case, faults: Sequence[str], otherwise: str) -> list[str]:
    if not (known := service.world.known(case, faults)):
        raise NotCheckedError(otherwise)
    return known


def _paid_in_the_end(service: Service, case: Case, payment: Payment) -> None:
    service.pay(case, payment)
    service.wait(case, 300)
    service.status(case, payment)
    service.settle(case)
    state = service.status(case, payment)
    require(state == "paid", f"Bakong is back for 5 minutes, and a paid payment is {state}")


@rule(
    "late.asked-first",
    "Bakong is asked before a payment expires",
    forbids="expiring by the clock what a wallet has paid in the last second",
)
def _asked_first(service: Service, case: Case) -> None:
    """Paid a second before the end; at the end it may be open still, never expired or told so, and then it is paid."""
    payment = service.create(case)
    service.wait(case, service.config.expires_after_s - 1)
    service.pay(case, payment)
    service.wait(case, 1)
    for seconds in (0, service.config.settle_s):
        service.wait(case, seconds)
        state = service.status(case, payment)
        require(state != "expired", f"a payment that was made in time is {state}, {seconds:g} s after the code's end")
    require(state == "paid", f"a payment that was made in time is {state}")
    if service.config.webhooks and "expired" in service.config.webhooks.events:
        require(not about(service, payment, "expired"), "a payment that was made in time was announced as expired")


@rule(
    "late.unseen",
    "A payment in time counts, however late it is asked for",
    forbids="dropping a payment that Bakong had booked while it could not be asked",
)
def _unseen(service: Service, case: Case) -> None:
    """Paid a second before the end while Bakong breaks; Bakong answers again only after the end."""
    life = service.config.expires_after_s
    payment = _shown(service, case, ["http, status: 500"], after_s=life - 2, each_s=62)
    service.wait(case, life - 1)
    service.pay(case, payment)
    service.wait(case, 60)
    service.wait(case, 900)
    service.status(case, payment)
    service.settle(case)
    state = service.status(case, payment)
    require(state == "paid", f"a payment that was made in time is {state}")


@rule(
    "outage",
    "A Bakong that breaks delays a payment, and no more",
    forbids="failing, expiring early or answering 5xx while Bakong is down",
)
def _outage(service: Service, case: Case) -> None:
    """500, 503 and 429 for a while, as text and as JSON, then answers as before: pending meanwhile, paid afterwards."""
    faults = [f"http, status: {status}" for status in (500, 503, 429)]
    _paid_in_the_end(service, case, _payment_in(service, case, [*faults, *service.world.known(case, ENVELOPES)]))


@rule(
    "mismatch.unsaid",
    "What is not said does not fit",
    forbids="a payment without an amount, a currency or a receiver that is taken for the one that was asked for",
    severity=Severity.CRITICAL,
)
def _unsaid(service: Service, case: Case) -> None:
    """Bakong reports a success that leaves out the amount, the currency or the receiver: it is not paid by that."""
    faults = _known(service, case, UNSAID, "this sandbox leaves nothing out")
    for fault in faults:
        service.world.trouble(case, [fault], after_s=0, each_s=SILENT_S)
        payment = service.create(case)
        service.world.show(case, payment.qr)
        service.pay(case, payment)
        for _ in range(2):
            service.settle(case)
            state = service.status(case, payment)
            require(state != "paid", f"Bakong answers with {fault}, and the payment is paid")
        if "subscription" in service.config.operations:
            active = service.subscription(case, payment.user).active
            require(not active, f"Bakong answers with {fault}, and the plan is granted")


@rule(
    "garbage",
    "A Bakong that talks nonsense is not believed",
    forbids="calling a payment paid, or failing, on an answer that is none",
)
def _garbage(service: Service, case: Case) -> None:
    """HTML with HTTP 200, answers of the wrong shape, success that says nothing: pending meanwhile, paid afterwards."""
    faults = _known(service, case, NONSENSE, "this sandbox talks no nonsense")
    _paid_in_the_end(service, case, _payment_in(service, case, faults))


@rule(
    "outage.connection",
    "A connection that breaks delays a payment, and no more",
    forbids="failing, or answering 5xx, when Bakong hangs up",
)
def _connection(service: Service, case: Case) -> None:
    """Resets before and within an answer, half an answer, none: pending meanwhile, paid afterwards."""
    faults = _known(service, case, BROKEN, "this sandbox breaks no connections")
    _paid_in_the_end(service, case, _payment_in(service, case, faults))


@rule(
    "outage.refusals",
    "A refusal of Bakong's is not a failed payment",
    forbids="failing a payment because Bakong refuses the question, or the day's calls are spent",
)
def _refusals(service: Service, case: Case) -> None:
    """Refusals under HTTP 200 with other codes than that of a failed payment; the spent quota last, and a day more."""
    faults = _known(service, case, [f"refuse, as: {what}" for what in REFUSALS], "this sandbox plays no refusals")
    _paid_in_the_end(service, case, _payment_in(service, case, faults))
    if service.config.time != "real" and not service.config.obeys_quota:  # where it does, the rules of the quota look
        _payment_in(service, case, ["refuse, as: daily-quota"])
        service.wait(case, DAY_S)


@rule(
    "health.honest",
    "Health says that Bakong does not answer, and that it does again",
    forbids="calling itself well while nothing can be paid",
)
def _honest(service: Service, case: Case) -> None:
    """Well at first, anything else after five minutes without Bakong, well again a quarter of an hour later."""
    service.need("health")
    if service.config.time == "real" or "state" not in service.operation("health").answer:
        raise NotCheckedError("the configuration maps no state in the answer of health, or has real time")
    well = service.read("health", service.do(case, "health"), "state")
    payment = _shown(service, case, ["http, status: 503"], after_s=SHOWN_S, each_s=SILENT_S)
    service.wait(case, SHOWN_S)
    for _ in range(SILENT_S // EACH_S - 1):
        service.wait(case, EACH_S)
        service.status(case, payment)
    ill = service.read("health", service.do(case, "health"), "state")
    require(ill != well, f"Bakong has not answered for five minutes, and health says {ill!r}")
    another = service.create(case)
    for _ in range(2):
        service.wait(case, 440)
        service.status(case, another)
    again = service.read("health", service.do(case, "health"), "state")
    require(again == well, f"Bakong answers again for ten minutes, and health says {again!r}, before it was {well!r}")


@rule(
    "outage.closed-lists",
    "Where lists are refused, payments are found one by one",
    forbids="a service that finds no money where Bakong answers a list of md5s with 403, as its production does",
)
def _closed_lists(service: Service, case: Case) -> None:
    """Three payments are open and paid; single checks are answered, lists with 403; nobody asks: each is found."""
    service.need("subscription")
    if service.config.time == "real":
        raise NotCheckedError("it takes minutes of real time; map the service's time to check it")
    service.world.trouble(case, ["http, status: 403, on: check_transaction_by_md5_list"], after_s=0, each_s=3600)
    payments = [service.create(case) for _ in range(3)]
    for payment in payments:
        service.pay(case, payment)
    for _ in range(5):
        service.wait(case, 60)
    for payment in payments:
        active = service.subscription(case, payment.user).active
        require(active, "Bakong refuses lists, and of three payments one has granted nothing after five minutes")
