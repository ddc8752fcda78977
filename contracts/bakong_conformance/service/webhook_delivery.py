"""Rules of when a main backend is told: whoever asks, however often it refuses, and though nobody asks."""

import contextlib
import json
import threading
from dataclasses import replace

import jmespath

from bakong_conformance.case import Case
from bakong_conformance.control import PLAIN
from bakong_conformance.http import client
from bakong_conformance.rules import CheckError, NotCheckedError, Severity, Suite, require
from bakong_conformance.service.entitlements import race
from bakong_conformance.service.hooks import is_about, mapped, of_user, wait_for
from bakong_conformance.service.purchases import bill, quote
from bakong_conformance.service.subject import Payment, Service, body_of

SUITE = Suite("service")
PATIENCE_S, PATIENCE_TRIES = 60, 15
WATCHED_S = 300
BESIDE = ("garbage", "refuse, as: missing-fields")  # what is wrong with one payment, and no outage for all
BESIDE_S = 1800
LISTS_CLOSED = "http, status: 403, on: check_transaction_by_md5_list"
HELD_S = 25.0  # of real time: who sends one webhook after the other has given up on one by then
rule = SUITE.rule


@rule(
    "webhook.race",
    "A payment is told once, whoever asks at once",
    forbids="two webhooks for one payment when polls race",
)
def _raced(service: Service, case: Case) -> None:
    """Paid while the clock stands; sixteen status calls at once, then the worker."""
    mapped(service)
    payment = service.create(case)
    service.pay(case, payment)
    race(service, case, payment)
    service.becomes(case, payment, "paid")
    service.wait(case, 60 if service.config.time != "real" else 5)
    count = len(wait_for(service, case, payment, "paid"))
    require(count == 1, f"sixteen status calls at once, and the payment was announced {count} times")


@rule(
    "webhook.persistent",
    "A webhook is tried as often as its schedule says",
    forbids="giving up before the schedule ends",
)
def _persistent(service: Service, case: Case) -> None:
    """Every try but the last of the schedule is answered 500, the last one 204."""
    hooks, _ = mapped(service)
    payment, tries = _failing(service, case, len(hooks.retries_s))
    service.pay(case, payment)
    service.becomes(case, payment, "paid")
    for seconds in hooks.retries_s:
        service.wait(case, seconds * 1.3 + 1)
    count, expected = len(wait_for(service, case, payment, "paid", len(hooks.retries_s) + 1)), len(hooks.retries_s) + 1
    require(
        count == expected, f"answered 500 {len(tries)} times, a webhook was sent {count} times, expected {expected}"
    )


def _failing(service: Service, case: Case, times: int) -> tuple[Payment, list[bytes]]:
    """A payment whose webhook for paid will be answered 500 so many times, and the bodies that were."""
    hooks, _ = mapped(service)
    payment, refused = service.create(case), list[bytes]()

    def decide(body: bytes) -> int:
        if not is_about(hooks, body, payment, "paid") or len(refused) >= times:
            return 204
        refused.append(body)
        return 500

    service.receiver.decide = decide
    return payment, refused


@rule(
    "webhook.patient",
    "A webhook that fails waits before it comes again",
    forbids="a main backend that is down, and struck by each webhook every second",
)
def _patient(service: Service, case: Case) -> None:
    """Every try is answered 500 for a minute, which passes second by second."""
    mapped(service)
    if service.config.time == "real":
        raise NotCheckedError("it takes a minute of real time; map the service's time to check it")
    payment, refused = _failing(service, case, 10**6)
    service.pay(case, payment)
    service.becomes(case, payment, "paid")
    for _ in range(PATIENCE_S):
        service.wait(None, 1)
    case.note(f"{PATIENCE_S} s, second by second", f"{len(refused)} tries")
    require(
        len(refused) <= PATIENCE_TRIES, f"a webhook that was refused was sent {len(refused)} times in {PATIENCE_S} s"
    )


@rule(
    "webhook.independent",
    "One webhook that is refused holds up no other",
    forbids="a main backend that hears no more, as it cannot take one webhook; a refused one that is forgotten",
)
def _independent(service: Service, case: Case) -> None:
    """One payment's webhook is always answered 500; those paid with it are told at once, one later in an hour."""
    hooks, _ = mapped(service)
    if service.config.time == "real":
        raise NotCheckedError("it takes an hour of real time; map the service's time to check it")
    before = service.create(case)
    refused, tries = _failing(service, case, 10**6)
    after = service.create(case)
    for payment in (before, refused, after):
        service.pay(case, payment)
    service.becomes(case, refused, "paid")
    if not tries:
        service.wait(case, 3600)  # what was refused in a case before it may hold it up
    if not tries:
        raise NotCheckedError("no webhook arrives, which another rule names")
    service.wait(case, hooks.retries_s[0] * 1.3 + 1 if hooks.retries_s else 1)
    if hooks.retries_s:
        require(len(tries) > 1, "one webhook of three is refused, the others arrive, and it is not tried again")
    for payment in (before, after):
        count = len(wait_for(service, case, payment, "paid"))
        require(count == 1, f"one webhook of three is refused, and another payment was announced {count} times")
    later = service.buy(case)
    for seconds in (60, 3540):
        service.wait(case, seconds)
    count = len(wait_for(service, case, later, "paid"))
    require(count == 1, f"the webhook before it is refused, and a payment was announced {count} times within an hour")


@rule(
    "webhook.hanging.others",
    "A receiver that hangs at one webhook holds up no other",
    forbids="one webhook that is not answered, for which all others wait",
)
def _hanging_others(service: Service, case: Case) -> None:
    """Three are paid at once; one's webhook is kept without an answer, until the other two are told, or 25 s pass."""
    hooks, _ = mapped(service)
    if service.config.time == "real":
        raise NotCheckedError("when it notices a payment is its own; map the service's time to check it")
    first, held, last = (service.create(case) for _ in range(3))
    others = {payment.md5: threading.Event() for payment in (first, last)}
    freed = list[bool]()

    def decide(body: bytes) -> int:
        for payment in (first, last):
            if is_about(hooks, body, payment, "paid"):
                others[payment.md5].set()
        if is_about(hooks, body, held, "paid") and not freed:
            freed.append(all(told.wait(HELD_S) for told in others.values()))
        return 204

    service.receiver.decide = decide
    for payment in (first, held, last):
        service.pay(case, payment)
    service.becomes(case, held, "paid")
    for payment in (first, last):
        service.becomes(case, payment, "paid")
        others[payment.md5].wait(HELD_S)
    service.receiver.accept()
    if not freed:
        raise NotCheckedError("its webhook does not arrive, which another rule names")
    require(all(freed), f"one webhook was not answered, and for {HELD_S:g} s another payment was not told")


@rule(
    "webhook.true",
    "What a webhook tells is so when it arrives",
    forbids="telling of a payment, or a plan, before it is stored",
)
def _true(service: Service, case: Case) -> None:
    """As soon as a payment is told, and before its webhook is answered, its state is asked for, and the plan."""
    hooks, _ = mapped(service)
    payment = service.create(case)
    states: list[str] = []
    active: list[bool] = []
    with client(str(service.http.base_url), timeout_s=3, trust=service.trust) as http:
        reader = replace(service, http=http)

        def decide(body: bytes) -> int:
            event_body = body_of(body.decode("utf-8", "replace"))
            event = None if event_body is None else jmespath.search(hooks.type, event_body)
            with contextlib.suppress(CheckError):  # a service that cannot be asked meanwhile is not judged
                if event == hooks.events["paid"] and payment.md5.encode() in body:
                    states.append(reader.status(case, payment))
                if event == hooks.events.get("activated") and payment.user.encode() in body:
                    active.append(reader.subscription(case, payment.user).active)
            return 204

        service.receiver.decide = decide
        service.pay(case, payment)
        service.becomes(case, payment, "paid")
        wait_for(service, case, payment, "paid")
        service.receiver.accept()
    require(set(states) <= {"paid"}, f"a payment was announced as paid while it was {states}")
    require(all(active), "a plan was announced as active while the user had none")


@rule(
    "webhook.changes",
    "A downgrade and a cancellation are told, once each",
    forbids="a main backend that shows the better plan, or any plan, to who has given it up",
)
def _changes(service: Service, case: Case) -> None:
    """A plan is cancelled and ends; another is downgraded, renewed, and changes with the next cycle."""
    hooks = service.config.webhooks
    asked = [
        (name, event)
        for name, event in (("cancel", "cancelled"), ("downgrade", "downgraded"))
        if hooks and event in hooks.events and name in service.config.operations
    ]
    if not asked or service.config.time == "real":
        raise NotCheckedError("the configuration maps no webhook of 'cancelled' or 'downgraded', or has real time")
    for name, event in asked:
        user, full = service.new_user(), service.config.plans.full
        if name == "downgrade" and full is None:
            continue
        service.buy(case, user, full)
        if not service.done(name, answer := service.do(case, name, user=user)):
            raise NotCheckedError(f"{name} answered {answer.summary}")
        if name == "downgrade" and "renew" in service.config.operations:
            bill = service.made(service.do(case, "renew", user=user), user, service.config.plans.basic, "USD", "renew")
            service.pay(case, bill)
            service.becomes(case, bill, "paid")
        service.wait(case, service.cycle_s + 60)
        service.subscription(case, user)
        service.settle(case)
        count = of_user(service, user, event)
        require(count == 1, f"{name}: the event {event!r} was announced {count} times")
        unpaid = of_user(service, user, "past_due")
        require(
            name != "cancel" or unpaid <= 0, f"a plan that ended cancelled was announced {unpaid} times as past due"
        )


@rule(
    "webhook.purchases",
    "A bill and an upgrade that are paid are told as an order is",
    forbids="a main backend that hears of first orders alone",
)
def _purchases(service: Service, case: Case) -> None:
    """A bill, and an upgrade, is paid: the webhook for paid comes, once."""
    mapped(service)
    makers = [(name, make) for name, make in (("renew", bill), ("upgrade", quote)) if name in service.config.operations]
    if not makers or service.config.time == "real":
        raise NotCheckedError("the configuration maps neither renew nor upgrade, or has real time")
    for name, make in makers:
        user = service.new_user()
        service.buy(case, user)
        service.wait(case, service.config.expires_after_s + 60)
        payment = make(service, case, user)
        service.pay(case, payment)
        service.becomes(case, payment, "paid")
        service.wait(case, 60)
        count = len(wait_for(service, case, payment, "paid"))
        require(count == 1, f"{name}: a payment was announced as paid {count} times")


@rule(
    "watched.paid",
    "A payment is noticed though nobody asks for it",
    forbids="a service that looks for money only when it is asked",
)
def _watched(service: Service, case: Case) -> None:
    """A wallet pays; time passes, and only another user's order is made: the webhook has come, the plan is there."""
    _seen_unasked(service)
    payment = service.create(case)
    service.pay(case, payment)
    service.wait(case, WATCHED_S if service.config.time != "real" else service.config.settle_s)
    _is_noticed(service, case, payment, f"nobody asked for a payment, and {WATCHED_S} s later")


def _seen_unasked(service: Service) -> None:
    """Raises NotCheckedError where nothing tells of a payment but its status."""
    by_webhook = service.config.webhooks is not None and "paid" in service.config.webhooks.events
    if not by_webhook and "subscription" not in service.config.operations:
        raise NotCheckedError("the configuration maps neither a webhook of 'paid' nor a subscription")


def _is_noticed(service: Service, case: Case, payment: Payment, when: str) -> None:
    """Its webhook has come, its plan is there. A service may bring itself up to date when it is asked for anything."""
    service.create(case)
    if service.config.webhooks is not None and "paid" in service.config.webhooks.events:
        require(wait_for(service, case, payment, "paid"), f"{when} it is untold")
    if "subscription" in service.config.operations:
        require(service.subscription(case, payment.user).active, f"{when} its user has no plan")


@rule(
    "watched.late",
    "Late money is noticed though nobody asks for it",
    forbids="a service that looks for money after a code's end only when it is asked",
)
def _watched_late(service: Service, case: Case) -> None:
    """A code dies unpaid, and nobody asks for it any more; its money comes a minute later, and is found by itself."""
    _seen_unasked(service)
    if service.config.time == "real":
        raise NotCheckedError("it takes 15 minutes of real time; map the service's time to check it")
    payment = service.create(case)
    service.wait(case, service.config.expires_after_s)
    service.wait(case, 60)
    service.pay(case, payment)
    for seconds in (60, 840):
        service.wait(case, seconds)
    _is_noticed(service, case, payment, "nobody asked for a payment, its money came a minute late, and 900 s later")


@rule(
    "watched.beside",
    "A payment that cannot be asked about holds up no other",
    forbids="a worker that ends its round at the first answer it cannot read, so that nobody behind it is granted",
    severity=Severity.CRITICAL,
)
def _watched_beside(service: Service, case: Case) -> None:
    """Bakong answers two payments wrongly for half an hour; one made between them is paid, and is found by itself.

    Lists are refused, as in production: one wrong answer to a list would be about all of them.
    """
    _seen_unasked(service)
    if service.config.time == "real":
        raise NotCheckedError("it takes 15 minutes of real time; map the service's time to check it")
    for fault in service.world.known(case, BESIDE):
        service.world.play(case, PLAIN)
        made = []
        for is_spoilt in (True, False, True):
            faults = (LISTS_CLOSED, f"{fault}, on: check_transaction_by_md5") if is_spoilt else (LISTS_CLOSED,)
            service.world.trouble(case, faults[-1:], after_s=0, each_s=BESIDE_S, throughout=faults[:-1])
            made.append(payment := service.create(case))
            service.world.show(case, payment.qr)
            service.world.play(case, PLAIN)
        service.wait(case, service.config.settle_s)
        service.pay(case, made[1])
        for _ in range(BESIDE_S // 2 // 60):
            service.wait(case, 60)
        why = f"Bakong answers other payments with {fault!r}, a payment was made, nobody asked"
        _is_noticed(service, case, made[1], f"{why}, and {BESIDE_S // 2} s later")


@rule(
    "watched.expired",
    "An end is noticed though nobody asks for it",
    forbids="a payment that expires only when somebody asks for it",
)
def _watched_end(service: Service, case: Case) -> None:
    """Nobody pays, and nobody asks; a minute after the end of its life the webhook has come."""
    mapped(service, "expired")
    payment = service.create(case)
    service.wait(case, service.config.expires_after_s + 60)
    service.create(case)
    service.settle(case)
    require(wait_for(service, case, payment, "expired"), "nobody asked for a payment, and its end is not announced")


@rule(
    "webhook.address",
    "A webhook goes to the whole address that was given",
    forbids="a callback whose query is left out, by which a main backend knows what it is about",
)
def _address(service: Service, case: Case) -> None:
    """An order names a callback with a query; its webhook comes there, with all of it."""
    mapped(service)
    if "{webhook_url}" not in json.dumps(service.operation("create").body):
        raise NotCheckedError("the configuration gives an order no {webhook_url}")
    query = "?of=order&again=a%2Fb"
    order = service.order(user := service.new_user())
    answer = service.do(case, "create", webhook_url=f"{service.values['webhook_url']}{query}", **order)
    if answer.status in service.config.refusals.invalid:
        raise NotCheckedError(f"the service takes no callback with a query: {answer.summary}")
    payment = service.made(answer, user, service.config.plans.basic, "USD")
    service.pay(case, payment)
    service.becomes(case, payment, "paid")
    paths = [one.path for one in wait_for(service, case, payment, "paid")]
    require(paths, f"with the callback {query!r} a payment was not told")
    require(paths[0].endswith(query), f"the callback ends with {query!r}, the webhook came to {paths[0]!r}")


@rule("webhook.json", "A webhook is JSON, and says so", forbids="a body that frameworks do not read, by its type")
def _json(service: Service, case: Case) -> None:
    """The content type of a webhook, and that its id holds no point, which is what parts the signed text."""
    mapped(service)
    payment = service.buy(case)
    for delivery in wait_for(service, case, payment, "paid"):
        media = delivery.headers.get("content-type", "").partition(";")[0].strip().lower()
        require(media.endswith("json"), f"a webhook was sent as {media!r}, expected 'application/json'")
        named = delivery.headers.get("webhook-id", "")
        require(
            "." not in named, f"the webhook-id {named!r} holds a point, by which what is signed can be read two ways"
        )
