"""Rules of webhooks: signed over the bytes that are sent, once for each event, tried again until they arrive."""

from collections.abc import Sequence

import jmespath

from bakong_conformance.case import Case
from bakong_conformance.rules import NotCheckedError, RuleBrokenError, Suite, require
from bakong_conformance.service.config import Webhooks
from bakong_conformance.service.receiver import Delivery
from bakong_conformance.service.subject import Payment, Service, body_of
from bakong_contracts import webhooks
from bakong_contracts.webhooks import WebhookError

SUITE = Suite("service")
rule = SUITE.rule
REFUSED = (400, 401, 403, 404, 409, 422, 502)  # not 410, by which a receiver says that it is gone for good


def mapped(service: Service, event: str = "paid") -> tuple[Webhooks, str]:
    hooks = service.config.webhooks
    if hooks is None or event not in hooks.events:
        raise NotCheckedError(f"the configuration maps no webhook of {event!r}")
    return hooks, hooks.events[event]


def is_about(hooks: Webhooks, body: bytes, payment: Payment, event: str | None = None) -> bool:
    """Whether a webhook is about this payment, by its md5 or its id, which may be a number; and of this event."""
    told = body_of(body.decode("utf-8", "replace"))
    if told is None or str(jmespath.search(hooks.payment, told)) not in (payment.md5, payment.id):
        return False
    return event is None or bool(jmespath.search(hooks.type, told) == hooks.events[event])


def about(service: Service, payment: Payment, event: str) -> list[Delivery]:
    """What arrived of this event about this payment."""
    hooks, _ = mapped(service, event)
    return [one for one in list(service.receiver.arrived) if is_about(hooks, one.body, payment, event)]


def _told(case: Case, deliveries: Sequence[Delivery]) -> None:
    for delivery in deliveries:
        heads = {name: value for name, value in delivery.headers.items() if name.startswith("webhook-")}
        case.note(f"a webhook arrived: {heads} {delivery.body.decode('utf-8', 'backslashreplace')}", delivery.answered)


def wait_for(service: Service, case: Case, payment: Payment, event: str, count: int = 1) -> list[Delivery]:
    """The deliveries, once so many came or the patience ended."""
    for _ in range(20):
        deliveries = about(service, payment, event)
        if len(deliveries) >= count or service.config.time != "real":
            break
        service.wait(case, 0.5)
    deliveries = about(service, payment, event)
    _told(case, deliveries)
    return deliveries


@rule("webhook.paid", "A paid payment is told", forbids="leaving the main backend in the dark")
def _paid(service: Service, case: Case) -> None:
    """A payment is paid; a webhook of the type for paid arrives, with its md5 or id."""
    mapped(service)
    payment = service.buy(case)
    deliveries = wait_for(service, case, payment, "paid")
    others = [delivery.body.decode("utf-8", "replace")[:120] for delivery in service.receiver.arrived]
    require(deliveries, f"no webhook tells that {payment.md5} is paid; what arrived is {others}")


@rule(
    "webhook.signed",
    "A webhook is signed over the bytes that are sent",
    forbids="a signature over re-serialised JSON, a wrong id or time, or none",
)
def _signed(service: Service, case: Case) -> None:
    """Standard Webhooks: HMAC-SHA256 over id.timestamp.body, with the secret's bytes, at most 300 s from now."""
    hooks, _ = mapped(service)
    payment = service.buy(case)
    if not (deliveries := wait_for(service, case, payment, "paid")):
        raise NotCheckedError("no webhook arrives, which another rule names")
    from_config = service.values.get("webhook_secret", "")
    secret = hooks.secret.replace("{webhook_secret}", str(from_config))
    for delivery in deliveries:
        try:
            webhooks.verify([secret], delivery.headers, delivery.body, now_s=service.world.now_ms() // 1000)
        except WebhookError as error:
            raise RuleBrokenError(f"{error}; the body was {delivery.body!r}") from None


@rule(
    "webhook.once",
    "What has arrived is not sent again",
    forbids="sending a webhook again after a 2xx, or an event for each poll",
)
def _once(service: Service, case: Case) -> None:
    """Answered with 204; the payment is asked for again and an hour passes."""
    mapped(service)
    payment = service.buy(case)
    wait_for(service, case, payment, "paid")
    for _ in range(3):
        service.status(case, payment)
    service.wait(case, 3600 if service.config.time != "real" else 8)
    count = len(about(service, payment, "paid"))
    require(count <= 1, f"one payment was announced {count} times")


@rule(
    "webhook.retried",
    "A webhook that fails is tried again, under the same id",
    forbids="giving up after one try, or a new webhook-id for each",
)
def _retried(service: Service, case: Case) -> None:
    """The receiver answers 500, then a redirect, then 204: three tries, one id, each with its own time."""
    hooks, _ = mapped(service)
    payment = service.create(case)
    only: list[Delivery] = []
    service.receiver.decide = lambda body: _script(body, payment, hooks, only)
    service.pay(case, payment)
    service.becomes(case, payment, "paid")
    for seconds in hooks.retries_s:
        service.wait(case, seconds * 1.3 + 1)
    deliveries = wait_for(service, case, payment, "paid", 3)
    require(len(deliveries) >= 2, f"a webhook that was answered 500 was sent {len(deliveries)} times")
    require(len(deliveries) >= 3, "a webhook that was answered with a redirect was not sent again to its own address")
    elsewhere = [delivery for delivery in service.receiver.arrived if delivery.path == "/elsewhere"]
    require(not elsewhere, "a webhook followed a redirect to another address")
    ids = {delivery.headers.get("webhook-id") for delivery in deliveries}
    require(len(ids) == 1, f"the tries of one webhook have the ids {sorted(map(str, ids))}")
    times = [delivery.headers.get("webhook-timestamp") for delivery in deliveries]
    require(
        service.config.time == "real" or len(set(times)) == len(times),
        f"the tries carry the times {times}, expected each its own",
    )
    require(
        {delivery.body for delivery in deliveries} == {deliveries[0].body},
        "the tries of one webhook have different bodies",
    )


def _script(body: bytes, payment: Payment, hooks: Webhooks, seen: list[Delivery]) -> int:
    """500, then 307, then 204 for the tries of this payment's webhook; 204 for all others."""
    if not is_about(hooks, body, payment, "paid"):
        return 204
    seen.append(Delivery("", {}, body, 0))
    return (500, 307, 204)[min(len(seen), 3) - 1]


@rule(
    "webhook.ids",
    "Every event has an id of its own",
    forbids="one webhook-id for two events: receivers drop the second",
)
def _ids(service: Service, case: Case) -> None:
    """Two payments; all webhooks that arrive."""
    mapped(service)
    first, second = service.buy(case), service.buy(case)
    wait_for(service, case, first, "paid")
    wait_for(service, case, second, "paid")
    bodies = {(delivery.headers.get("webhook-id"), delivery.body) for delivery in service.receiver.arrived}
    ids = {message_id for message_id, _ in bodies}
    require(None not in ids or not bodies, "a webhook has no webhook-id")
    require(len(ids) == len(bodies), f"{len(bodies)} events share {len(ids)} ids")


@rule(
    "webhook.quiet",
    "What is not a payment is not told as one",
    forbids="telling the main backend of a payment that was not made",
)
def _quiet(service: Service, case: Case) -> None:
    """Half the price is paid, and nothing at all for another payment; time passes beyond both."""
    mapped(service)
    short, unpaid = service.create(case), service.create(case)
    service.pay(case, short, amount="0.25")
    service.wait(case, 60 if service.config.time != "real" else 5)
    for payment in (short, unpaid):
        service.status(case, payment)
    deliveries = [*about(service, short, "paid"), *about(service, unpaid, "paid")]
    _told(case, deliveries)
    require(not deliveries, "a payment that was not made was announced as paid")


@rule(
    "webhook.expired", "An expired payment is told", forbids="leaving the main backend waiting for a payment that died"
)
def _expired(service: Service, case: Case) -> None:
    """Nobody pays; after the end of the payment's life a webhook says so, once, however often it is looked at later."""
    mapped(service, "expired")
    payment = service.create(case)
    service.wait(case, service.config.expires_after_s + 60)
    service.status(case, payment)
    service.settle(case)
    deliveries = wait_for(service, case, payment, "expired")
    require(len(deliveries) == 1, f"an expired payment was announced {len(deliveries)} times")
    count = _looked_at_later(service, case, payment, "expired")
    require(count == 1, f"an expired payment that is looked at later was announced {count} times")


def _looked_at_later(service: Service, case: Case, payment: Payment, event: str) -> int:
    """How often the event was told once the payment was looked at in the hours after, where its time can be moved."""
    for seconds in (300, 3600, 21_600) if service.config.time != "real" else ():
        service.wait(case, seconds)
        service.status(case, payment)
        service.settle(case)
    return len(about(service, payment, event))


@rule(
    "webhook.accepted",
    "Any 2xx is a success",
    forbids="sending a webhook again because it was answered 201 or 202",
)
def _accepted(service: Service, case: Case) -> None:
    """Four payments, told to receivers that answer 200, 201, 202 and 299; an hour passes."""
    mapped(service)
    for status in (200, 201, 202, 299):
        service.receiver.decide = lambda _body, answered=status: answered  # type: ignore[misc]
        payment = service.buy(case)
        wait_for(service, case, payment, "paid")
        service.wait(case, 3600 if service.config.time != "real" else 8)
        count = len(about(service, payment, "paid"))
        require(count <= 1, f"a webhook that was answered {status} was sent {count} times")


@rule(
    "webhook.unanswered",
    "A webhook without an answer is tried again",
    forbids="taking silence for a success",
)
def _unanswered(service: Service, case: Case) -> None:
    """The receiver closes the connection without a word, then answers 204."""
    hooks, _ = mapped(service)
    if service.config.time == "real":
        raise NotCheckedError("it takes minutes of real time; map the service's time to check it")
    payment = service.create(case)
    silent = iter((0,))
    service.receiver.decide = lambda body: next(silent, 204) if is_about(hooks, body, payment, "paid") else 204
    service.pay(case, payment)
    service.becomes(case, payment, "paid")
    for seconds in hooks.retries_s:
        service.wait(case, seconds * 1.3 + 1)
    deliveries = wait_for(service, case, payment, "paid", 2)
    require(
        len(deliveries) == 2, f"a webhook that got no answer, then 204, was sent {len(deliveries)} times, expected 2"
    )


@rule(
    "webhook.refused",
    "A webhook that is refused is tried again, whatever the status",
    forbids="taking a 4xx for an arrival: a main backend whose route is wrong for a minute loses what it was told",
)
def _refused(service: Service, case: Case) -> None:
    """Payments whose webhooks are refused once, each by another status, and then taken: each is sent twice."""
    hooks, _ = mapped(service)
    if service.config.time == "real" or not hooks.retries_s:
        raise NotCheckedError("it takes minutes of real time, or the configuration says no retries_s")
    payments = [(status, service.create(case)) for status in REFUSED]
    seen: set[str] = set()

    def decide(body: bytes) -> int:
        for status, payment in payments:
            if payment.md5 not in seen and is_about(hooks, body, payment, "paid"):
                seen.add(payment.md5)
                return status
        return 204

    service.receiver.decide = decide
    for _, payment in payments:
        service.pay(case, payment)
    service.settle(case)
    for _, payment in payments:
        service.status(case, payment)
    for seconds in hooks.retries_s[:2]:
        service.wait(case, seconds * 1.3 + 1)
    for status, payment in payments:
        count = len(wait_for(service, case, payment, "paid", 2))
        require(count == 2, f"a webhook that was answered {status}, then 204, was sent {count} times, expected 2")


@rule(
    "webhook.stamped",
    "A webhook carries the time of its try",
    forbids="the time of the event or of the first try, by which a late one looks like a replayed one",
)
def _stamped(service: Service, case: Case) -> None:
    """Answered 500 once; the timestamp of each try is the time of that try, to the second."""
    hooks, _ = mapped(service)
    if service.config.time == "real":
        raise NotCheckedError("it takes minutes of real time; map the service's time to check it")
    payment = service.create(case)
    only: list[Delivery] = []
    service.receiver.decide = lambda body: _script(body, payment, hooks, only)
    service.pay(case, payment)
    before = service.world.now_ms() // 1000
    service.becomes(case, payment, "paid")
    windows = [(before, service.world.now_ms() // 1000)]
    for seconds in hooks.retries_s:
        before = service.world.now_ms() // 1000
        service.wait(case, seconds * 1.3 + 1)
        windows.append((before, service.world.now_ms() // 1000))
    for delivery in wait_for(service, case, payment, "paid"):
        timestamp = delivery.headers.get("webhook-timestamp", "")
        right = timestamp.isdigit() and any(start <= int(timestamp) <= end for start, end in windows)
        require(right, f"a try carries the time {timestamp}; the tries were within {windows}")


@rule("webhook.late", "A late payment is told too", forbids="a main backend that never hears of late money")
def _late(service: Service, case: Case) -> None:
    """The code dies, and is told as such; then the wallet's payment comes through."""
    mapped(service)
    payment = service.create(case)
    service.wait(case, service.config.expires_after_s + 5)
    service.status(case, payment)
    service.pay(case, payment)
    service.wait(case, 900)
    service.status(case, payment)
    service.settle(case)
    count = len(wait_for(service, case, payment, "paid"))
    require(count == 1, f"a payment that came late was announced {count} times")


@rule("webhook.failed", "A failed payment is told", forbids="a main backend that waits for what has failed")
def _failed(service: Service, case: Case) -> None:
    """The bank refuses the payment; a webhook says so, once, however often it is looked at later."""
    mapped(service, "failed")
    payment = service.create(case)
    service.pay(case, payment, outcome="failed")
    service.becomes(case, payment, "failed")
    count = len(wait_for(service, case, payment, "failed"))
    require(count == 1, f"a failed payment was announced {count} times")
    count = _looked_at_later(service, case, payment, "failed")
    require(count == 1, f"a failed payment that is looked at later was announced {count} times")


def of_user(service: Service, user: str, event: str) -> int:
    """How many events of this kind arrived about the user; -1 where the configuration maps none."""
    hooks = service.config.webhooks
    if hooks is None or event not in hooks.events:
        return -1
    bodies = [body_of(delivery.body.decode("utf-8", "replace")) for delivery in list(service.receiver.arrived)]
    return sum(
        jmespath.search(hooks.type, body) == hooks.events[event] and jmespath.search(hooks.user, body) == user
        for body in bodies
        if body is not None
    )


@rule(
    "webhook.subscription",
    "The changes of a subscription are told, once each",
    forbids="a main backend that shows a plan which has ended, or misses one that began",
)
def _subscription(service: Service, case: Case) -> None:
    """Bought, upgraded half a cycle on, renewed, and left unpaid until the end: each event that is mapped."""
    hooks, _ = mapped(service, "activated")
    service.need("subscription")
    if service.config.time == "real":
        raise NotCheckedError("it takes a cycle of real time; map the service's time to check it")
    user, expected = service.new_user(), ["activated"]
    service.buy(case, user)
    service.leap(case, service.cycle_s // 2)
    for name, event in (("upgrade", "upgraded"), ("renew", "renewed")):
        if name in service.config.operations and service.config.plans.full:
            answer = service.do(case, name, user=user)
            payment = service.made(answer, user, service.config.plans.full, "USD", name)
            service.pay(case, payment)
            service.becomes(case, payment, "paid")
            expected.append(event)
    next_billing_ms = service.subscription(case, user).next_billing_ms
    if next_billing_ms is not None and service.config.grace_s is not None:
        service.wait(case, (next_billing_ms - service.world.now_ms()) / 1000 + 60)
        service.wait(case, service.config.grace_s + 60)
        expected += ["past_due", "ended"]
    counts = {event: of_user(service, user, event) for event in expected if event in hooks.events}
    case.note(f"the events about {user}", counts)
    require(set(counts.values()) == {1}, f"how often each change was announced: {counts}, expected once each")
