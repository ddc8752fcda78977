"""Rules of what a webhook is: its id, the times of its tries, who can read it, and a receiver that hangs."""

import threading
from concurrent.futures import ThreadPoolExecutor

from bakong_conformance.case import Case
from bakong_conformance.rules import CheckError, NotCheckedError, RuleBrokenError, Severity, Suite, require
from bakong_conformance.service.discretion import leaks, secrets_of
from bakong_conformance.service.hooks import about, is_about, mapped
from bakong_conformance.service.receiver import Delivery
from bakong_conformance.service.subject import Payment, Service, body_of
from bakong_contracts import webhooks
from bakong_contracts.webhooks import WebhookError

SUITE = Suite("service")
rule = SUITE.rule
JITTER = 0.3
MORE_DAYS = 3
HANG_S = 20.0  # of real time at most: a receiver that is never let go ends all the same


def _time(service: Service) -> None:
    if service.config.time == "real":
        raise NotCheckedError("it takes hours of real time; map the service's time to check it")


def _events(service: Service) -> list[tuple[str, bytes]]:
    """Id and body of every webhook that arrived, each once."""
    pairs = ((one.headers.get("webhook-id", ""), one.body) for one in list(service.receiver.arrived))
    return list(dict.fromkeys(pairs))


@rule(
    "webhook.ids-apart",
    "Two events never share an id, and one event keeps its own",
    forbids="an id made of the payment, the user, the type or the second: receivers drop what comes second",
)
def _ids_apart(service: Service, case: Case) -> None:
    """Two users order and pay at one instant; one of them twice; a code dies, and is paid late: all ids differ."""
    mapped(service)
    _time(service)
    first, second = service.create(case), service.create(case)
    again = service.beside(case, first.user) or service.create(case)  # ordered before the plan runs
    for payment in (first, second):
        service.pay(case, payment)
    service.settle(case)
    for payment in (first, second):
        service.status(case, payment)
    service.pay(case, again)
    service.becomes(case, again, "paid")
    late = service.create(case)
    service.wait(case, service.config.expires_after_s + 5)
    service.status(case, late)
    service.pay(case, late)
    service.wait(case, 900)
    service.status(case, late)
    service.settle(case)
    events = _events(service)
    ids = [message_id for message_id, _ in events]
    case.note("events that arrived", [f"{one}: {body_of(body.decode())}" for one, body in events])
    require(len(events) >= 3, f"of four payments {len(events)} events arrived")
    twice = sorted({one for one in ids if ids.count(one) > 1})
    require(not twice, f"{len(events)} events arrived; these ids stand for several of them: {twice}")


@rule(
    "webhook.schedule",
    "Tries come when the schedule says, and end",
    forbids="tries that come at once, far too late, in another order, or for ever",
)
def _schedule(service: Service, case: Case) -> None:
    """Every try is answered 500; before each wait of retries_s is over none comes, and one comes when it is."""
    hooks, _ = mapped(service)
    _time(service)
    payment = _refused_for_ever(service, case)
    for number, seconds in enumerate(hooks.retries_s, 1):
        early = seconds * (1 - JITTER) - service.config.settle_s - 1
        if early > 0:
            service.wait(case, early)
            _tries_are(service, case, payment, number, f"{early:g} s after try {number}, of {seconds} s")
        service.wait(case, seconds * (1 + JITTER) + 1 - max(early, 0))
        _tries_are(service, case, payment, number + 1, f"{seconds * (1 + JITTER) + 1:g} s after try {number}")
    if hooks.retries_end:
        for _ in range(MORE_DAYS):
            service.wait(case, 86_400)
        last = len(hooks.retries_s) + 1
        _tries_are(service, case, payment, last, f"{MORE_DAYS} days after the last try")


def _refused_for_ever(service: Service, case: Case) -> Payment:
    """A paid payment whose webhook for paid is always answered 500."""
    hooks, _ = mapped(service)
    payment = service.create(case)
    service.receiver.decide = lambda body: 500 if is_about(hooks, body, payment) else 204
    service.pay(case, payment)
    service.becomes(case, payment, "paid")
    return payment


def _tries_are(service: Service, case: Case, payment: Payment, expected: int, when: str) -> None:
    count = len(about(service, payment, "paid"))
    case.note(when, f"{count} tries")
    require(
        count == expected, f"a webhook that is always answered 500 was sent {count} times, expected {expected}: {when}"
    )


@rule(
    "webhook.every-try-signed",
    "Every try of every event is signed",
    forbids="a signature on the first try alone, or on the event that everybody looks at",
    severity=Severity.CRITICAL,
)
def _every_try(service: Service, case: Case) -> None:
    """Paid, expired, failed and what changes of a plan, each answered 500 once, one always: all is signed rightly."""
    hooks, _ = mapped(service)
    _time(service)
    secret = hooks.secret.replace("{webhook_secret}", str(service.values.get("webhook_secret", "")))
    seen: set[bytes] = set()
    problems: list[str] = []
    deliveries: list[Delivery] = []

    def decide(body: bytes) -> int:
        again = body in seen and always.md5.encode() not in body
        seen.add(body)
        return 204 if again else 500

    always = service.create(case)
    service.receiver.decide = decide
    service.pay(case, always)
    paid, failed = service.create(case), service.create(case)
    service.create(case)
    begun_s = service.world.now_ms() // 1000
    service.pay(case, paid)
    service.pay(case, failed, outcome="failed")
    later = [seconds * (1 + JITTER) + 1 for seconds in hooks.retries_s[2:]]
    for seconds in (service.config.settle_s, 10, service.config.expires_after_s, 10, 400, *later):
        service.wait(case, seconds)
        now_s = service.world.now_ms() // 1000
        for delivery in service.receiver.arrived[len(deliveries) :]:
            deliveries.append(delivery)
            stamp = delivery.headers.get("webhook-timestamp", "")
            at_s = int(stamp) if stamp.isdigit() and begun_s - 5 <= int(stamp) <= now_s + 5 else now_s
            try:
                webhooks.verify([secret], delivery.headers, delivery.body, now_s=at_s)
            except WebhookError as error:
                problems.append(f"{error}: {delivery.body.decode('utf-8', 'replace')[:200]}")
        for payment in (paid, failed):
            service.status(case, payment)
    case.note(f"{len(deliveries)} webhooks arrived", f"{len(problems)} of them not rightly signed")
    if problems:
        raise RuleBrokenError(f"{len(problems)} of {len(deliveries)} webhooks are not rightly signed; {problems[0]}")


@rule(
    "webhook.discreet",
    "A webhook holds no secret, and nobody else",
    forbids="keys, tokens and secrets, or other customers, in what passes through proxies and logs",
    severity=Severity.CRITICAL,
)
def _discreet(service: Service, case: Case) -> None:
    """Two users pay; in body and head of each webhook: no part of a key, token or secret, no other user or payment."""
    mapped(service)
    first, second = service.create(case), service.create(case)
    for payment in (first, second):
        service.pay(case, payment)
        service.becomes(case, payment, "paid")
    if service.config.time != "real":
        service.wait(case, service.config.expires_after_s)
    secrets = secrets_of(service)
    for delivery in list(service.receiver.arrived):
        text = delivery.body.decode("utf-8", "replace") + "\n" + "\n".join(delivery.headers.values())
        for name, secret in secrets.items():
            require(not leaks(text, secret), f"a webhook holds {name}, or much of it: {delivery.body[:300]!r}")
        for mine, other in ((first, second), (second, first)):
            if _is_about(delivery, mine):
                strange = [one for one in (other.md5, other.user) if _holds(text, one)]
                require(not strange, f"a webhook about {mine.user} holds {strange}: {delivery.body[:300]!r}")


def _is_about(delivery: Delivery, payment: Payment) -> bool:
    text = delivery.body.decode("utf-8", "replace")
    return _holds(text, payment.md5) or _holds(text, payment.user)


def _holds(text: str, word: str) -> bool:
    """Whether the text has the word, and not only as the beginning of a longer one."""
    return any(not part[:1].isalnum() for part in text.split(word)[1:])


@rule(
    "webhook.hanging",
    "A receiver that hangs holds up nobody's call",
    forbids="a service that answers nothing while a main backend does not answer a webhook",
)
def _hanging(service: Service, case: Case) -> None:
    """A payment is told to a receiver that does not answer; meanwhile a status, an order, and another status."""
    hooks, _ = mapped(service)
    payment = service.create(case)
    begun, go_on = threading.Event(), threading.Event()

    def decide(body: bytes) -> int:
        if not is_about(hooks, body, payment):
            return 204
        begun.set()
        go_on.wait(HANG_S)
        return 0

    service.receiver.decide = decide
    service.pay(case, payment)
    with ThreadPoolExecutor(2) as pool:
        moved = pool.submit(service.settle, case)
        try:
            if not begun.wait(HANG_S):
                raise NotCheckedError("no webhook arrives, which another rule names")
            asked = pool.submit(_calls_meanwhile, service)
            try:
                problem = asked.result(HANG_S / 4)
            except TimeoutError:
                problem = f"had no answer within {HANG_S / 4:g} s"
        finally:
            go_on.set()
            service.receiver.accept()
        moved.result(60)
    case.note("a status, an order and a status while a receiver hangs", problem or "answered")
    require(not problem, f"while a receiver hung, a call {problem}")


def _calls_meanwhile(service: Service) -> str:
    """What was wrong with the answers; nothing where they are good."""
    order = service.order(service.new_user())
    try:
        for name, about_whom in (("create", order), ("status", {"md5": "0" * 32, "id": "none", "user": "nobody"})):
            answer = service.do(None, name, **about_whom)
            if answer.status >= 500:
                return f"of {name} was answered {answer.summary}"
    except CheckError as error:
        return str(error)
    return ""


@rule(
    "webhook.ordered",
    "Events come in the order in which they happened",
    forbids="a plan that is told as renewed before it began, for a main backend that was promised the order",
)
def _ordered(service: Service, case: Case) -> None:
    """Where the configuration says ordered: a payment is paid, then one dies, in one move of the clock."""
    hooks, _ = mapped(service)
    if not hooks.ordered:
        raise NotCheckedError("the configuration does not say webhooks.ordered")
    _time(service)
    users = [service.new_user() for _ in range(4)]
    for user in users:
        service.create(case, user)
        service.wait(case, 1)
    service.receiver.arrived.clear()
    payments = [service.create(case) for _ in range(3)]
    for payment in payments:
        service.pay(case, payment)
        service.status(case, payment)
    service.wait(case, service.config.settle_s)
    expected = [payment.md5 for payment in payments]
    told = [md5 for delivery in service.receiver.arrived for md5 in expected if _is_paid_of(service, delivery, md5)]
    require(told == expected, f"paid in the order {expected}, announced in the order {told}")


def _is_paid_of(service: Service, delivery: Delivery, md5: str) -> bool:
    _hooks, name = mapped(service)
    text = delivery.body.decode("utf-8", "replace")
    return md5 in text and f'"{name}"' in text
