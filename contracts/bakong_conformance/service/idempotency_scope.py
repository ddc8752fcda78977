"""Rules of whose an idempotency key is, of which call, how much of it counts, and for how long."""

from bakong_conformance.case import Case
from bakong_conformance.http import Answer
from bakong_conformance.rules import NotCheckedError, PreconditionError, Suite, require
from bakong_conformance.service.keys import another_key
from bakong_conformance.service.subject import Service

SUITE = Suite("service")
rule = SUITE.rule


def _keyed(service: Service) -> None:
    if service.config.idempotency_header is None:
        raise NotCheckedError("the configuration names no idempotency header")


def _made(service: Service, answer: Answer, name: str = "create") -> str:
    """The md5 of what was made. Raises PreconditionError."""
    if not service.done(name, answer):
        raise PreconditionError(f"{name} with an idempotency key was answered {answer.summary}")
    return str(service.read(name, answer, "md5"))


@rule(
    "idempotency.whole",
    "The whole key counts, letter by letter",
    forbids="a key that is cut, trimmed or compared without case, by which another order gets the first one's payment",
)
def _whole(service: Service, case: Case) -> None:
    """One order under keys that differ in case, at their ends, in signs alone: a payment each, and its own again."""
    _keyed(service)
    order = service.order(service.new_user())
    stem = f"{order['user']}-Order-of-the-day"
    digits = "9" + "".join(letter for letter in order["user"] if letter.isdigit())
    keys = [
        stem,
        stem.lower(),
        stem.upper(),
        f"{stem}1",
        f"{stem}2",
        f"{stem}-1",
        f"{stem}.1",
        f"{stem}-{'x' * 60}1",
        f"{stem}-{'x' * 60}2",
        f"1-{stem}-{'y' * 150}",
        f"2-{stem}-{'y' * 150}",
        f"{stem} a",
        f"{stem} b",
        digits,
        f"0{digits}",
    ]
    made: dict[str, str] = {}
    for key in keys:
        answer = service.do(case, "create", key=key, **order)
        if answer.status in service.config.refusals.invalid and (len(key) > 64 or " " in key):
            continue  # a service may take short keys alone, and words alone
        service.need_another(case, answer, order)
        require(service.done("create", answer), f"an order under the key {key!r} was answered {answer.summary}")
        md5 = str(service.read("create", answer, "md5"))
        alike = next((other for other, known in made.items() if known == md5), None)
        require(alike is None, f"the key {key!r} was answered with the payment of {alike!r}")
        made[key] = md5
    for key, md5 in made.items():
        again = service.read("create", service.do(case, "create", key=key, **order), "md5")
        require(again == md5, f"the key {key!r} made the payment {md5} and, {len(made)} keys later, {again}")


@rule(
    "idempotency.odd",
    "A key of any form is taken or refused",
    forbids="a 5xx for a long or strange key; one payment for all who send an empty one",
)
def _odd(service: Service, case: Case) -> None:
    """One order under two keys that differ after 255 letters; keys of 5,000, of Latin letters, and of none at all."""
    _keyed(service)
    stem = f"{service.new_user()}-".ljust(255, "k")
    orders = [service.order(service.new_user()) for _ in range(5)]
    orders.insert(0, orders[0])
    keys = (f"{stem}1", f"{stem}2", "k" * 5_000, "cl\xe9", "", "")
    made: set[str] = set()
    for key, order in zip(keys, orders, strict=True):
        answer = service.do(case, "create", key=key, **order)
        shown = f"{key[:20]!r} of {len(key)} letters"
        require(answer.status < 500, f"an order under the key {shown} was answered {answer.summary}")
        if not service.done("create", answer):
            continue  # refused
        md5 = str(service.read("create", answer, "md5"))
        require(md5 not in made, f"the key {shown} was answered with another key's payment")
        made.add(md5)


@rule(
    "idempotency.each-call",
    "A key belongs to the call that it was sent with",
    forbids="an order's payment for a bill, because both bore one key",
)
def _each_call(service: Service, case: Case) -> None:
    """An order and a bill of one user under one key: a payment each, or a refusal of the second."""
    _keyed(service)
    names = [name for name in ("renew", "upgrade") if name in service.config.operations]
    if not names:
        raise NotCheckedError("the configuration maps one call with a key only")
    for name in names:
        if name == "upgrade" and service.config.plans.full is None:
            continue
        user = service.new_user()
        key = f"call-{user}"
        payment = service.made(
            service.do(case, "create", key=key, **service.order(user)), user, service.config.plans.basic, "USD"
        )
        service.pay(case, payment)
        service.becomes(case, payment, "paid")
        if service.config.time != "real":
            service.wait(case, 3600)
        answer = service.do(case, name, key=key, user=user)
        if not service.done(name, answer):
            expected = service.config.refusals.key_reused
            require(answer.status in expected, f"{name} under an order's key was answered {answer.summary}")
            continue
        md5 = service.read(name, answer, "md5")
        require(md5 is not None, f"{name} under an order's key answered no payment: {answer.summary}")
        require(md5 != payment.md5, f"{name} under an order's key was answered with the order's payment {md5}")


@rule(
    "idempotency.each-user",
    "A key that comes again for another user answers nothing of the first one's",
    forbids="one user's bill for another, or a cancellation that is answered and not made: the path alone differs",
)
def _each_user(service: Service, case: Case) -> None:
    """Two users' bills, quotes and cancellations, each two under one key: done for each, or refused for the second."""
    _keyed(service)
    service.need("subscription")
    names = [name for name in ("renew", "upgrade", "cancel") if name in service.config.operations]
    names = [name for name in names if name != "upgrade" or service.config.plans.full]
    if not names or service.config.time == "real":
        raise NotCheckedError("the configuration maps no bill, upgrade or cancellation, or has real time")
    first, second = (service.buy(case).user for _ in range(2))
    service.wait(case, 3600)
    for name in names:
        answers = [service.do(case, name, key=f"users-{first}-{name}", user=user) for user in (first, second)]
        if not all(service.done(name, answer) for answer in answers):
            require(answers[1].status < 500, f"{name} under another user's key was answered {answers[1].summary}")
            continue
        md5s = [service.read(name, answer, "md5") for answer in answers]
        require(md5s[0] is None or md5s[0] != md5s[1], f"{name} of two users under one key had one code, {md5s[0]}")
        if name == "cancel":
            _is_cancelled(service, case, second)


def _is_cancelled(service: Service, case: Case, user: str) -> None:
    end = service.subscription(case, user).next_billing_ms
    if end is None:
        return
    service.leap(case, (end - service.world.now_ms()) / 1000 + 60)
    active = service.subscription(case, user).active
    require(not active, "a cancellation under another user's key was answered as done; the plan outlived its cycle")


@rule(
    "idempotency.ends",
    "A key is forgotten when its time is over",
    forbids="a caller who reuses short keys, and gets the dead code of last week",
)
def _ends(service: Service, case: Case) -> None:
    """Where the configuration says idempotency_ends: the same order, a minute before the time is over, and after it."""
    _keyed(service)
    if not service.config.idempotency_ends or service.config.time == "real":
        raise NotCheckedError("the configuration does not say idempotency_ends, or has real time")
    order = service.order(service.new_user())
    key = f"ends-{order['user']}"
    first = _made(service, service.do(case, "create", key=key, **order))
    service.leap(case, service.config.idempotency_s - 1)
    again = _made(service, service.do(case, "create", key=key, **order))
    require(again == first, f"a second before its end the key was forgotten: {first}, then {again}")
    service.wait(case, 3601)
    later = _made(service, service.do(case, "create", key=key, **order))
    require(later != first, f"an hour after its end the key was answered with the payment {first}")


@rule(
    "idempotency.same-answer",
    "A repeated order is answered as it was",
    forbids="a refusal, because the payment has been paid or has died meanwhile",
)
def _same(service: Service, case: Case) -> None:
    """One order under one key, again when it is paid; another one, again when its code has died: the same payment."""
    _keyed(service)
    for pays in (True, False):
        order = service.order(service.new_user())
        key = f"same-{order['user']}"
        answer = service.do(case, "create", key=key, **order)
        payment = service.made(answer, order["user"], service.config.plans.basic, "USD")
        if pays:
            service.pay(case, payment)
            service.becomes(case, payment, "paid")
        elif service.config.time != "real":
            service.wait(case, service.config.expires_after_s + 60)
            service.status(case, payment)
        again = service.do(case, "create", key=key, **order)
        when = "the payment was paid" if pays else "its code had died"
        require(service.done("create", again), f"repeated after {when}, an order was answered {again.summary}")
        require(service.read("create", again, "md5") == payment.md5, f"repeated after {when}, an order made another")


@rule(
    "idempotency.revoked",
    "A new caller inherits no keys of one that was revoked",
    forbids="one caller's payment for the next one, who got its place",
)
def _revoked(service: Service, case: Case) -> None:
    """Where keys are tenants: one orders under a key and is revoked; a new one sends the same order under that key."""
    _keyed(service)
    if not service.config.tenants:
        raise NotCheckedError("the configuration does not say that keys are tenants")
    service.need("make_key", "revoke_key")
    order = service.order(service.new_user())
    made = []
    for _ in range(2):
        headers, own = another_key(service, case)
        answer = service.do(case, "create", headers=headers, key=f"next-{order['user']}", **order)
        service.need_another(case, answer, order, headers=headers)
        made.append(_made(service, answer))
        if not service.done("revoke_key", revoked := service.do(case, "revoke_key", revoked=own)):
            raise PreconditionError(f"revoke_key answered {revoked.summary}")
    require(made[0] != made[1], f"a new caller was answered with the payment {made[0]} of one that was revoked")
