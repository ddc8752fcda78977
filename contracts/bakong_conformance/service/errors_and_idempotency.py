"""Rules of what is wrong or repeated: bodies, lists, idempotency. Nothing fails, and errors have their form."""

import json
from collections.abc import Iterator
from functools import partial
from typing import Any

import jmespath
from hypothesis import strategies as st

from bakong_conformance.case import Case
from bakong_conformance.http import Answer, call
from bakong_conformance.rules import NotCheckedError, PreconditionError, Suite, require
from bakong_conformance.service.config import Form
from bakong_conformance.service.limiting import fire
from bakong_conformance.service.operation import fill
from bakong_conformance.service.subject import Service

SUITE = Suite("service")
rule = SUITE.rule
RACERS = 8

HOSTILE = (
    b"",
    b"{",
    b"null",
    b"[]",
    b'"text"',
    b"1",
    b"\xff\xfe",
    b'{"a":NaN}',
    b"[" * 20_000,
    b'{"a":' * 5_000,
    b'{"amount":1e999}',
    b'{"userId":"\\ud800"}',
    b'{"userId":"\\u0000"}',
)


def _raw(service: Service, case: Case, raw: bytes) -> Answer:
    operation = service.operation("create")
    headers = fill(service.config.headers | operation.headers, service.values)
    return call(case, service.http, operation.method, fill(operation.path, service.values), headers=headers, raw=raw)


def _refused(answer: Answer, what: str) -> None:
    require(answer.status < 500, f"{what} was answered {answer.summary}")
    require(answer.status >= 400, f"{what} was taken: {answer.summary}")


@rule(
    "errors.bodies", "A body that cannot be read is refused", forbids="a 500, or a payment, for a body that is no order"
)
def _bodies(service: Service, case: Case) -> None:
    """Cut, deep and mistyped JSON, invalid UTF-8, lone surrogates, nothing at all."""
    for raw in HOSTILE:
        _refused(_raw(service, case, raw), f"the body {raw[:40]!r}")
        case.journal.clear()


@rule(
    "errors.fields",
    "An order with a wrong field is refused",
    forbids="a 500, or a payment, for an order with a wrong value",
    examples=25,
)
def _fields(service: Service, case: Case) -> None:
    """One field of a right order is left out, or gets a value of another kind."""
    operation = service.operation("create")
    order = service.order(service.new_user())
    if not isinstance(operation.body, dict):
        raise NotCheckedError("the body of create is no object")
    names = {
        name: text for name, text in operation.body.items() if text in ("{user}", "{plan}", "{amount}", "{currency}")
    }
    if not names:
        raise NotCheckedError("no field of the body is a value alone")
    name = case.draw(st.sampled_from(sorted(names)), "field")
    wrong: Any = case.draw(
        st.sampled_from((_LEFT_OUT, None, [], {}, True, "", "\x00", "NO-SUCH", -1, 10**30, [["deep"]])), "value"
    )
    if names[name] == "{user}" and wrong == "NO-SUCH":
        return
    body = fill(operation.body, {**service.values, **order})
    body = {key: value for key, value in body.items() if not (isinstance(value, str) and value.startswith("{"))}
    body[name] = wrong
    if wrong == _LEFT_OUT:
        del body[name]
    _refused(_raw(service, case, json.dumps(body).encode()), f"{name} = {wrong!r}")


_LEFT_OUT = "(left out)"


@rule("errors.paths", "An unknown path is not found", forbids="a 2xx or a 5xx for a path that does not exist")
def _paths(service: Service, case: Case) -> None:
    """A path that is nobody's, with the key."""
    headers = fill(service.config.headers, service.values)
    answer = call(case, service.http, "GET", "/api/no/such/path", headers=headers)
    require(400 <= answer.status < 500, f"an unknown path was answered {answer.summary}")


@rule(
    "errors.form",
    "Errors have their form",
    forbids="errors in another form than problem details, or than the team's own",
)
def _form(service: Service, case: Case) -> None:
    """An unknown payment, an unreadable body, a wrong price, no key, one call too many: RFC 9457, or refusals.form."""
    refusals = service.config.refusals
    if not (refusals.problems or refusals.form):
        raise NotCheckedError("the configuration tells no form of errors")
    form = refusals.form or Form(media="application/problem+json", texts=["title"])
    order = service.order(service.new_user())
    for what, answer in (
        ("an unknown payment", service.do(case, "status", md5="0" * 32, id="none", user="nobody")),
        ("an unreadable body", _raw(service, case, b"{")),
        ("a wrong price", service.do(case, "create", **{**order, "amount": 123456})),
        ("a missing key", service.do(case, "status", headers={}, md5="0" * 32, id="none", user="nobody")),
        *_one_too_many(service, case),
    ):
        media = answer.headers.get("content-type", "").partition(";")[0]
        require(media == form.media, f"{what} was answered as {media!r}, expected {form.media!r}: {answer.summary}")
        status = answer.get("status") if refusals.problems else answer.status
        require(status in (None, answer.status), f"{what}: the problem says {status!r}, HTTP {answer.status}")
        for text in form.texts:
            require(isinstance(jmespath.search(text, answer.body), str), f"{what}: no {text} in {answer.summary}")


def _one_too_many(service: Service, case: Case) -> Iterator[tuple[str, Answer]]:
    """What a call past the limit is answered, where there is a limit that holds on a clock that stands still."""
    if service.config.limit is None or service.config.time == "real":
        return
    answers = fire(service, service.config.limit, service.config.limit.per_minute + 1)
    service.rest(case)
    yield from [("a call past the limit", answer) for answer in answers if answer.status == 429][:1]


def _keyed(service: Service) -> None:
    if service.config.idempotency_header is None:
        raise NotCheckedError("the configuration names no idempotency header")


def _id(service: Service, answer: Answer) -> Any:
    if not service.done("create", answer):
        raise PreconditionError(f"an order with an idempotency key was answered {answer.summary}")
    return service.read("create", answer, "md5")


@rule(
    "idempotency.replay",
    "The same key is the same payment",
    forbids="a second payment for one order that was sent twice",
)
def _replay(service: Service, case: Case) -> None:
    """One order twice under one key, with a minute between: the same payment, told in the same words."""
    _keyed(service)
    order = service.order(service.new_user())
    key = f"key-{order['user']}"
    made = service.do(case, "create", key=key, **order)
    first = _id(service, made)
    service.wait(case, 60 if service.config.time != "real" else 1)
    again = service.do(case, "create", key=key, **order)
    second = _id(service, again)
    require(first == second, f"one order under one key made the payments {first} and {second}")
    for part in ("id", "qr", "amount", "expires"):
        before, after = service.read("create", made, part), service.read("create", again, part)
        require(before == after, f"one order under one key was answered as {part} {before!r}, a minute later {after!r}")
    state = service.state(service.read("create", again, "state"))
    require(state == "pending", f"an order that nobody has paid is repeated under its key, and answered as {state}")


@rule(
    "idempotency.reused",
    "A key that is used for another order is refused",
    forbids="answering another order with the first one's payment",
)
def _reused(service: Service, case: Case) -> None:
    """One key, two users; then one user, another currency or plan."""
    _keyed(service)
    order = service.order(service.new_user())
    key = f"key-{order['user']}"
    _id(service, service.do(case, "create", key=key, **order))
    answer = service.do(case, "create", key=key, **service.order(service.new_user()))
    expected = service.config.refusals.key_reused
    require(
        answer.status in expected, f"a key reused for another order was answered {answer.summary}, expected {expected}"
    )
    plans = (service.config.plans.basic, service.config.plans.full)
    kinds = [(plan, currency) for plan in plans if plan for currency in sorted(plan.prices)]
    for kind, currency in kinds:
        other = service.order(order["user"], kind, currency)
        if other != order:
            answer = service.do(case, "create", key=key, **other)
            require(
                answer.status in expected,
                f"a key reused for {kind.name} in {currency} was answered {answer.summary}, expected {expected}",
            )


@rule(
    "idempotency.race",
    "One key makes one payment, whoever races",
    forbids="two payments when one order is sent several times at once",
)
def _race(service: Service, case: Case) -> None:
    """Eight times the same order under one key at once: one payment; the others replay it or are told to wait."""
    _keyed(service)
    order = service.order(service.new_user())
    sent = partial(service.do, None, "create", key=f"key-{order['user']}", **order)
    answers = service.at_once([sent] * RACERS)
    made = {service.read("create", answer, "md5") for answer in answers if service.done("create", answer)}
    case.note(f"{RACERS} orders at once under one key", f"{sorted(answer.status for answer in answers)}, {made}")
    require(not any(answer.status >= 500 for answer in answers), "an order under a key was answered with a 5xx")
    require(len(made) == 1, f"one key made {len(made)} payments")


@rule(
    "idempotency.refused",
    "A refused order does not spend the key",
    forbids="a customer who can never order, because a first try was refused",
)
def _refused_key(service: Service, case: Case) -> None:
    """An order at a wrong price, refused; then the right one under the same key."""
    _keyed(service)
    order = service.order(service.new_user())
    key = f"key-{order['user']}"
    answer = service.do(case, "create", key=key, **{**order, "amount": 123456})
    if service.done("create", answer):
        raise NotCheckedError("an order at a wrong price was taken, which another rule names")
    answer = service.do(case, "create", key=key, **order)
    require(service.done("create", answer), f"a refused order's key refuses the right order: {answer.summary}")
    require(service.read("create", answer, "md5"), f"after a refused order its key answers {answer.summary}")


APART_S = 7 * 3600  # so that no day of any zone holds both orders and their repetitions


@rule(
    "idempotency.day",
    "A key is remembered for its whole time",
    forbids="a key that is forgotten while a caller may still try again",
)
def _day(service: Service, case: Case) -> None:
    """Two orders, hours apart, each twice under its key, a minute less than the key's time apart."""
    _keyed(service)
    orders = [service.order(service.new_user()) for _ in range(2)]
    firsts, apart_s = [], min(APART_S, service.config.idempotency_s // 4)
    for order in orders:
        firsts.append(_id(service, service.do(case, "create", key=f"key-{order['user']}", **order)))
        service.leap(case, apart_s)
    service.leap(case, service.config.idempotency_s - 60 - len(orders) * apart_s)
    for order, first in zip(orders, firsts, strict=True):
        second = _id(service, service.do(case, "create", key=f"key-{order['user']}", **order))
        require(first == second, f"one order under one key made the payments {first} and, hours later, {second}")
        service.leap(case, apart_s)


@rule(
    "idempotency.bill",
    "One key makes one bill",
    forbids="two bills for one renewal that was asked for twice",
)
def _bill(service: Service, case: Case) -> None:
    """A renewal asked for twice under one key, and once more when it is paid: no second bill."""
    _keyed(service)
    service.need("renew")
    user = service.new_user()
    service.buy(case, user)
    made = []
    for _ in range(2):
        answer = service.do(case, "renew", key=f"bill-{user}", user=user)
        if not service.done("renew", answer):
            raise PreconditionError(f"a renewal with an idempotency key was answered {answer.summary}")
        made.append(service.read("renew", answer, "md5"))
    require(made[0] == made[1], f"one renewal under one key made the bills {made}")
    service.pay(case, service.made(answer, user, service.config.plans.basic, "USD", "renew"))
    service.settle(case)
    if service.done("renew", answer := service.do(case, "renew", key=f"bill-{user}", user=user)):
        again = service.read("renew", answer, "md5")
        require(again in (None, made[0]), f"a renewal that is paid was asked for again under its key: a bill {again}")


@rule(
    "errors.operations",
    "No operation fails on what it is sent",
    forbids="a 5xx, or a change, for a body that nobody has checked",
)
def _operations(service: Service, case: Case) -> None:
    """Each operation that takes a body, with nothing, with other JSON, and with values of other kinds."""
    for name in sorted(set(service.config.operations) - {"create", "set_time", "make_key", "revoke_key", "restart"}):
        operation = service.operation(name)
        if not isinstance(operation.body, dict) or operation.command:
            continue
        headers = fill(service.config.headers | operation.headers, service.values)
        values: tuple[Any, ...] = ({}, [], None, -1)
        kinds = [dict.fromkeys(operation.body, value) for value in values]
        for raw in (b"", b"{", b"[]", b"null", b"{}", *(json.dumps(kind).encode() for kind in kinds)):
            path = fill(operation.path, {**service.values, "user": "nobody", "md5": "0" * 32, "id": "none"})
            answer = call(case, service.http, operation.method, path, headers=headers, raw=raw)
            _refused(answer, f"{name} with {raw[:60]!r}")


@rule("errors.pages", "A page that cannot be is no failure", forbids="a 5xx for a limit or an offset that is none")
def _odd_pages(service: Service, case: Case) -> None:
    """The history with limits and offsets that are none, negative and far too large."""
    service.need("history")
    path = service.operation("history").path
    if not ("{limit}" in path and "{offset}" in path):
        raise NotCheckedError("the path of history holds no {limit} and {offset}")
    for limit, offset in ((0, 0), (-1, 0), (10**6, 0), ("x", 0), ("", 0), (10, -1), (10, "x"), (10, 10**30)):
        answer = service.do(case, "history", user="nobody", limit=limit, offset=offset)
        require(answer.status < 500, f"limit={limit} and offset={offset} were answered {answer.summary}")
        require(
            offset != "x" or answer.status >= 400, f"limit={limit} and offset={offset} were answered {answer.summary}"
        )
