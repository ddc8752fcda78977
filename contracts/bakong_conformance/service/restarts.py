"""Rules of a service that is started anew: what it has promised is kept. They need the operation `restart`."""

from bakong_conformance.case import Case
from bakong_conformance.rules import NotCheckedError, PreconditionError, Severity, Suite, require
from bakong_conformance.service.budget import spend, tomorrow
from bakong_conformance.service.hooks import about, is_about, mapped, of_user, wait_for
from bakong_conformance.service.keys import another_key, wrong_key
from bakong_conformance.service.limiting import fire, limit_of
from bakong_conformance.service.payments import code_minor
from bakong_conformance.service.subject import Payment, Service

SUITE = Suite("service")
rule = SUITE.rule
LATE_S = 1800  # late money is found by then, also where it is looked for more and more seldom


def _restart(service: Service, case: Case) -> None:
    """End the service and start it again. Raises PreconditionError."""
    service.restart(case)


def _ready(service: Service) -> None:
    service.need("restart")
    if service.config.time == "real":
        raise NotCheckedError("it takes minutes of real time; map the service's time to check it")


@rule(
    "restart.payments",
    "Payments under way survive a restart",
    forbids="a code that is paid and that nobody knows any more, or looks at, or that has ended before its time",
    severity=Severity.CRITICAL,
)
def _payments(service: Service, case: Case) -> None:
    """Two payments are open; one is paid while the service is away; then nobody asks: it is told, and found paid."""
    _ready(service)
    paid, unpaid, other = service.create(case), service.create(case), service.create(case)
    ends_ms = service.world.now_ms() + service.config.expires_after_s * 1000
    service.wait(case, 120)
    service.pay(case, paid)
    _restart(service, case)
    state = service.status(case, unpaid)
    require(state == "pending", f"after a restart an open payment is {state}")
    service.pay(case, other)
    service.wait(case, 300)
    service.create(case)
    if service.config.webhooks and "paid" in service.config.webhooks.events:
        for when, payment in (("before", paid), ("after", other)):
            told = wait_for(service, case, payment, "paid")
            require(told, f"paid {when} a restart, a payment is not announced within 300 s, though nobody asks for it")
    for when, payment in (("before", paid), ("after", other)):
        state = service.status(case, payment)
        require(state == "paid", f"paid {when} a restart, a payment is {state}")
    _dies_and_is_paid(service, case, unpaid, ends_ms)


def _dies_and_is_paid(service: Service, case: Case, payment: Payment, ends_ms: int) -> None:
    """A payment of before a restart ends in its time; after another restart its late money is found."""
    service.wait(case, (ends_ms - service.world.now_ms()) / 1000 + 5)
    if "expired" in service.config.states:
        state = service.status(case, payment)
        require(state == "expired", f"made before a restart and not paid, a payment past its end is {state}")
    _restart(service, case)
    service.pay(case, payment)
    service.wait(case, LATE_S)
    service.create(case)
    if service.config.webhooks and "paid" in service.config.webhooks.events:
        told = wait_for(service, case, payment, "paid")
        require(
            told, f"ended before a restart and paid after it, a payment is untold for {LATE_S} s, though nobody asks"
        )
    for _ in range(2):
        state = service.status(case, payment)
        service.wait(case, 900)
    require(state == "paid", f"ended before a restart and paid after it, a payment is {state}")


@rule(
    "restart.told",
    "A restart tells nothing again",
    forbids="a main backend that hears of an overdue plan once more with each process",
)
def _told(service: Service, case: Case) -> None:
    """A plan is past due, and that was told; the service is started anew, and its day goes on."""
    _ready(service)
    mapped(service, "past_due")
    service.need("subscription")
    user = service.new_user()
    service.buy(case, user)
    end = service.subscription(case, user).next_billing_ms
    service.leap(case, ((end or 0) - service.world.now_ms()) / 1000 + 60)
    if of_user(service, user, "past_due") != 1:
        raise NotCheckedError("that a plan is past due is not told once, which another rule names")
    _restart(service, case)
    service.wait(case, 600)
    count = of_user(service, user, "past_due")
    require(count == 1, f"with a restart after it 'past_due' was announced {count} times")


@rule(
    "restart.plans",
    "Plans, and what was asked for, survive a restart",
    forbids="a plan that is gone, a cancellation or a downgrade that is forgotten, two quotes",
    severity=Severity.CRITICAL,
)
def _plans(service: Service, case: Case) -> None:
    """A plan, one that was cancelled, one that was downgraded, and a quote: each is as it was after a restart."""
    _ready(service)
    service.need("subscription")
    config = service.config
    user, leaver, payer = (service.new_user() for _ in range(3))
    for one in (user, leaver, payer):
        service.buy(case, one)
    end = service.subscription(case, leaver).next_billing_ms
    if "cancel" in config.operations:
        service.do(case, "cancel", user=leaver)
    lower = service.new_user()
    if config.plans.full and {"downgrade", "renew"} <= set(config.operations):
        service.buy(case, lower, config.plans.full)
        service.do(case, "downgrade", user=lower)
    service.wait(case, 86_400)
    billed = service.do(case, "renew", user=payer) if "renew" in config.operations else None
    first = service.do(case, "upgrade", user=user) if config.plans.full and "upgrade" in config.operations else None
    before = service.subscription(case, user)
    _restart(service, case)
    require(
        service.subscription(case, user) == before,
        f"before a restart {before}, after {service.subscription(case, user)}",
    )
    if first is not None:
        quoted, again = (service.read("upgrade", one, "md5") for one in (first, service.do(case, "upgrade", user=user)))
        require(quoted == again, f"after a restart a second quote, {again}, is open beside {quoted}")
    if billed is not None:
        bill, again = (service.read("renew", one, "md5") for one in (billed, service.do(case, "renew", user=payer)))
        require(bill == again, f"after a restart a second bill, {again}, is open beside {bill}")
    if config.plans.full and {"downgrade", "renew"} <= set(config.operations):
        from_bill = service.made(service.do(case, "renew", user=lower), lower, config.plans.basic, "USD", "renew")
        cents, price = code_minor(from_bill), service.price_minor(config.plans.basic, "USD")
        require(cents == price, f"downgraded before a restart, the bill after it is over {cents} cents, not {price}")
    if first is not None and config.plans.full:
        quote = service.made(first, user, config.plans.full, "USD", "upgrade")
        service.pay(case, quote)
        state = service.becomes(case, quote, "paid")
        require(state == "paid", f"quoted before a restart and paid after it, an upgrade is {state}")
    if "cancel" in config.operations and end is not None:
        service.wait(case, (end - service.world.now_ms()) / 1000 + 60)
        require(not service.subscription(case, leaver).active, "cancelled before a restart, a plan outlived its cycle")


@rule(
    "restart.outbox",
    "Webhooks that wait survive a restart, under their ids",
    forbids="an event that is lost with the process, or told again under another id, or told twice",
    severity=Severity.CRITICAL,
)
def _outbox(service: Service, case: Case) -> None:
    """A webhook is answered 500, another arrives, and the service is started anew: the first alone comes again."""
    hooks, _ = mapped(service)
    _ready(service)
    arrived = service.buy(case)
    wait_for(service, case, arrived, "paid")
    payment = service.create(case)
    service.receiver.decide = lambda body: 500 if is_about(hooks, body, payment) else 204
    service.pay(case, payment)
    service.becomes(case, payment, "paid")
    tries = len(about(service, payment, "paid"))
    if not tries:
        raise NotCheckedError("no webhook arrives, which another rule names")
    _restart(service, case)
    service.receiver.accept()
    for seconds in hooks.retries_s[:2]:
        service.wait(case, seconds * 1.3 + 1)
    deliveries = about(service, payment, "paid")
    require(len(deliveries) > tries, "a webhook that waited for its next try did not come after a restart")
    ids = {one.headers.get("webhook-id") for one in deliveries}
    require(len(ids) == 1, f"the tries before and after a restart have the ids {sorted(map(str, ids))}")
    service.wait(case, 60)
    count = len(about(service, arrived, "paid"))
    require(count == 1, f"a webhook that had arrived before a restart was sent {count} times")


@rule(
    "restart.tries",
    "The schedule of a webhook goes on after a restart",
    forbids="a webhook that begins its tries anew with each process, and never ends",
)
def _tries(service: Service, case: Case) -> None:
    """Answered 500 for all of its schedule, with a restart in the middle: no more tries than the schedule has."""
    hooks, _ = mapped(service)
    _ready(service)
    if not hooks.retries_end:
        raise NotCheckedError("the configuration does not say webhooks.retries_end")
    payment = service.create(case)
    service.receiver.decide = lambda body: 500 if is_about(hooks, body, payment) else 204
    service.pay(case, payment)
    service.becomes(case, payment, "paid")
    for number, seconds in enumerate(hooks.retries_s):
        if number == len(hooks.retries_s) - 1:
            _restart(service, case)
        service.wait(case, seconds * 1.3 + 1)
    for _ in range(3):
        service.wait(case, 86_400)
    count, expected = len(about(service, payment, "paid")), len(hooks.retries_s) + 1
    require(count == expected, f"with a restart among its tries a webhook was sent {count} times, expected {expected}")


@rule(
    "restart.limit",
    "The limit survives a restart",
    forbids="a hundred calls more for who makes the service restart",
)
def _limit(service: Service, case: Case) -> None:
    """The limit is spent; the service is started anew; one more call is refused."""
    _ready(service)
    limit = limit_of(service)
    fire(service, limit, limit.per_minute)
    if fire(service, limit, 1)[0].status != 429:
        raise NotCheckedError("the limit does not hold at all, which another rule names")
    _restart(service, case)
    answer = fire(service, limit, 1)[0]
    require(answer.status == 429, f"after a restart a call past the limit was answered {answer.summary}")


@rule(
    "restart.keys",
    "Idempotency keys and API keys survive a restart",
    forbids="a second payment for one order, a key that is dead or alive again, a guesser who is free again",
    severity=Severity.CRITICAL,
)
def _keys(service: Service, case: Case) -> None:
    """An order under a key is repeated after a restart; a made key works on, a revoked one does not."""
    _ready(service)
    config = service.config
    order = service.order(service.new_user())
    key = f"restart-{order['user']}"
    first = service.do(case, "create", key=key, **order) if config.idempotency_header else None
    bill = _paid_bill(service, case, key) if first is not None and "renew" in config.operations else None
    made = another_key(service, case) if "make_key" in config.operations else None
    gone = another_key(service, case) if {"make_key", "revoke_key"} <= set(config.operations) else None
    if gone and not service.done("revoke_key", answer := service.do(case, "revoke_key", revoked=gone[1])):
        raise PreconditionError(f"revoke_key answered {answer.summary}")
    if first is None and made is None:
        raise NotCheckedError("the configuration names no idempotency header, and maps no make_key")
    _restart(service, case)
    if first is not None:
        again = service.do(case, "create", key=key, **order)
        same = service.read("create", again, "md5") == service.read("create", first, "md5")
        require(same, f"an order under one key, repeated after a restart, was answered {again.summary}")
    if bill is not None:
        again = service.do(case, "renew", key=key, user=bill.user)
        same = service.read("renew", again, "md5") == bill.md5
        require(same, f"a bill under one key, paid, and repeated after a restart, was answered {again.summary}")
    unauthorized = (*config.refusals.unauthorized, 403)
    if made:
        answer = service.do(case, "status", headers=made[0], md5="0" * 32, id="none", user="u")
        require(
            answer.status not in unauthorized, f"a key that was made before a restart was answered {answer.summary}"
        )
    if gone:
        answer = service.do(case, "status", headers=gone[0], md5="0" * 32, id="none", user="u")
        require(answer.status in unauthorized, f"a key that was revoked before a restart was answered {answer.summary}")


def _paid_bill(service: Service, case: Case, key: str) -> Payment:
    """A bill that was asked for under a key, and paid."""
    user = service.new_user()
    service.buy(case, user)
    payment = service.made(
        service.do(case, "renew", key=key, user=user), user, service.config.plans.basic, "USD", "renew"
    )
    service.pay(case, payment)
    service.becomes(case, payment, "paid")
    return payment


@rule(
    "restart.unique",
    "After a restart ids and codes are new ones",
    forbids="a counter that begins anew: a code, or a webhook-id, that was given before",
)
def _unique(service: Service, case: Case) -> None:
    """Two payments of one user, at one instant around a restart; then more, each paid: codes and webhook-ids differ."""
    _ready(service)
    told, before = [service.buy(case) for _ in range(4)], [service.create(case) for _ in range(3)]
    _restart(service, case)
    after = [service.beside(case, payment.user) or service.create(case) for payment in before]
    md5s = {payment.md5 for payment in (*told, *before, *after)}
    require(len(md5s) == 10, f"ten payments around a restart have {len(md5s)} codes")
    for payment in (*before, *after):
        service.pay(case, payment)
    service.wait(case, max(60, service.config.settle_s))
    events = {(one.headers.get("webhook-id"), one.body) for one in service.receiver.arrived}
    ids = {message_id for message_id, _ in events}
    require(len(ids) == len(events), f"{len(events)} events around a restart share {len(ids)} ids")


@rule(
    "restart.quota",
    "A spent quota stays spent after a restart",
    forbids="a service that asks on after each restart, on a day whose calls are spent",
)
def _quota(service: Service, case: Case) -> None:
    """The day's calls are spent; in half an hour with three restarts Bakong is asked once at most."""
    _ready(service)
    if not service.config.obeys_quota:
        raise NotCheckedError("the configuration does not say obeys_quota")
    service.world.limit(case, quota=1)
    try:
        spend(service, case)
        payment, before = service.create(case), service.world.calls()
        for _ in range(3):
            _restart(service, case)
            for _ in range(2):
                service.wait(case, 300)
                service.status(case, payment)
        asked = service.world.calls() - before
        require(asked <= 1, f"on a day whose calls were spent Bakong was asked {asked} times, around three restarts")
    finally:
        service.world.limit(case, quota=None)
        tomorrow(service, case)


@rule(
    "restart.blocks",
    "Who was shut out stays shut out after a restart",
    forbids="a guesser who is free again because the service restarted",
)
def _blocks(service: Service, case: Case) -> None:
    """Wrong keys up to the limit; the service is started anew; the right key is refused still."""
    _ready(service)
    blocking = service.config.blocking
    if blocking is None:
        raise NotCheckedError("the configuration maps no blocking")
    service.wait(case, blocking.for_s + 60)
    for _ in range(blocking.tries):
        service.do(case, "status", headers=wrong_key(service), md5="0" * 32, id="none", user="u")
    if service.do(case, "status", md5="0" * 32, id="none", user="u").status not in (403, 429):
        raise NotCheckedError("wrong keys do not block at all, which another rule names")
    _restart(service, case)
    answer = service.do(case, "status", md5="0" * 32, id="none", user="u")
    service.wait(case, blocking.for_s + 60)
    require(answer.status in (403, 429), f"after a restart an address that was shut out was answered {answer.summary}")
