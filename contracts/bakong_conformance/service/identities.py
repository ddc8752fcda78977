"""Rules of who is meant: users that look alike, ids that are too long, numbers that are none, text that is cut."""

import json
import unicodedata
from collections.abc import Callable
from typing import Any
from urllib.parse import quote
from zlib import crc32

import jmespath

from bakong_conformance.case import Case
from bakong_conformance.http import Answer, call
from bakong_conformance.rules import NotCheckedError, PreconditionError, RuleBrokenError, Severity, Suite, require
from bakong_conformance.service.hooks import is_about
from bakong_conformance.service.operation import fill
from bakong_conformance.service.subject import Payment, Service
from bakong_contracts import webhooks
from bakong_contracts.webhooks import WebhookError
from khqr import DecodeError, decode

SUITE = Suite("service")
rule = SUITE.rule
CHANGES = ("cancel", "downgrade", "renew", "upgrade")
PAIRS = 20  # that are asked for within one minute of the limit, three calls each
NUMBERS = (
    "NaN",
    "Infinity",
    "-Infinity",
    "1e999",
    "-1e999",
    "-0.50",
    "1e-999",
    "true",
    '"NaN"',
    "9" * 400,
    "9" * 5_000,
    "0x1",
    "\u0661",
)
TEXTS = ("ភ្នំពេញ-សួស្តី-អតិថិជន-ទីមួយ", "é" * 30, "a" * 39 + "é" + "b", "😀" * 12)


def about(service: Service, case: Case, name: str, user: str, **how: Any) -> Answer:
    """An operation about a user of any name, which is escaped where it stands in the path."""
    operation = service.operation(name)
    named = quote(user, safe="") if "{user}" in operation.path else user
    return service.do(case, name, user=named, **how)


def _twins(user: str) -> dict[str, str]:
    """Names that a careless comparison takes for this one, by what differs."""
    return {
        "in capitals": user.upper(),
        "in lowercase": user.lower(),
        "cut by a letter": user[:-1],
        "a letter longer": f"{user}0",
        "with a space behind": f"{user} ",
        "with a space before": f" {user}",
        "with a wildcard of SQL": f"{user[:-1]}_",
        "with a wildcard for the rest": f"{user[:-2]}%",
        "with a wildcard of the shell": f"{user[:-2]}*",
        "with a quote": f"{user[:-1]}'{user[-1]}",
        "with a comment of SQL": f"{user}'--",
        "with a tag behind a plus": f"{user}+tag",
        "with a part behind a hash": f"{user}#part",
        "with a dot": f"{user[:-1]}.{user[-1]}",
        "with zeros before": f"00{user}",
        "with a letter that is escaped": f"{user[:-1]}%{ord(user[-1]):02X}",
        "with a letter that is not seen": f"{user[:-1]}\u200b{user[-1]}",
        "with a wide letter": f"{user[:-1]}{chr(ord(user[-1]) + 0xFEE0)}",
    }


def _numbers_alike(service: Service) -> list[tuple[str, str, str]]:
    """A user whose name is a number, and the same number written in other ways."""
    user = f"1{crc32(service.new_user().encode()):010d}"
    spelt = {
        "with a zero before": f"0{user}",
        "with a plus": f"+{user}",
        "with a point": f"{user}.0",
        "with an exponent": f"{user}e0",
        "in powers of ten": f"{user[0]}.{user[1:]}e{len(user) - 1}",
        "in hexadecimal": hex(int(user)),
    }
    return [(user, twin, f"in how a number is written, {how}") for how, twin in spelt.items()]


def _long(service: Service, letters: int, fill: str = "n") -> tuple[str, str]:
    """Two names of so many letters that differ only in the last."""
    stem = f"{service.new_user()}-".ljust(letters - 1, fill)
    return f"{stem}1", f"{stem}2"


def _accents(service: Service) -> tuple[str, str]:
    """One name in the composed and in the decomposed form."""
    user = f"{service.new_user()}-né"
    return unicodedata.normalize("NFC", user), unicodedata.normalize("NFD", user)


def _pairs(service: Service, case: Case, operation: str) -> list[tuple[str, str, str]]:
    """Users who bought the better plan, or the plan, their twins, and how these differ."""
    plan = service.config.plans.full if operation == "downgrade" else service.config.plans.basic
    user = f"{service.new_user()}-aB"
    pairs = [(user, twin, how) for how, twin in _twins(user).items()]
    accented, apart = _accents(service)
    pairs += [(*_long(service, letters), f"at the end of {letters} letters") for letters in (64, 100)]
    pairs += [
        (*_long(service, 64, "\u1797"), "at the end of 64 letters in Khmer"),
        (accented, apart, "in its unicode form"),
    ]
    pairs += [(accented, accented.replace("é", letter), "in an accent") for letter in ("", "e", "?")]
    pairs += _numbers_alike(service)
    holders = []
    for holder in dict.fromkeys(one for one, _, _ in pairs):
        answer = service.do(case, "create", **service.order(holder, plan))
        if not service.done("create", answer):
            if holder == user:
                raise PreconditionError(f"an order of {user} was answered {answer.summary}")
            continue  # the service takes no such names
        payment = service.made(answer, holder, plan or service.config.plans.basic, "USD")
        service.pay(case, payment)
        holders.append((holder, payment))
    service.settle(case)
    for _, payment in holders:
        service.status(case, payment)
    known = {holder for holder, _ in holders}
    return [pair for pair in pairs if pair[0] in known and pair[1] != pair[0]]


@rule(
    "users.read",
    "What a user has is told of that user alone",
    forbids="a plan for a name that only looks alike: longer, in another case, with a wildcard, in another form",
    severity=Severity.CRITICAL,
)
def _read(service: Service, case: Case) -> None:
    """Users with a plan, and twins by case, length, spaces, wildcards, quotes, unicode form: none of these has one."""
    service.need("subscription")
    for user, twin, how in _pairs(service, case, "subscription"):
        answer = about(service, case, "subscription", twin)
        require(answer.status < 500, f"the plan of {twin!r} was answered {answer.summary}")
        active = service.done("subscription", answer) and service.read("subscription", answer, "active")
        require(not active, f"{user!r} has a plan, and so has {twin!r}, who differs {how}")
    user = service.new_user()
    service.buy(case, user)
    require(service.subscription(case, user).active, f"{user} paid, and has no plan")


@rule(
    "users.order",
    "An order is for the user that is named, and for nobody alike",
    forbids="a plan that goes to another user, because a name is folded, trimmed or cut when it is ordered",
    severity=Severity.CRITICAL,
)
def _order(service: Service, case: Case) -> None:
    """Twins of users with a plan order and pay, where their names are taken: each has a plan then, however spelt."""
    service.need("subscription")
    made = []
    for user, twin, how in _pairs(service, case, "create"):
        answer = service.do(case, "create", **service.order(twin))
        if service.done("create", answer):
            payment = service.made(answer, twin, service.config.plans.basic, "USD")
            service.pay(case, payment)
            made.append((user, payment, how))
    service.settle(case)
    service.rest(case)
    for user, payment, how in made:
        service.status(case, payment)
        answer = about(service, case, "subscription", payment.user)
        active = service.done("subscription", answer) and service.read("subscription", answer, "active")
        require(bool(active), f"{payment.user!r} paid and has no plan; {user!r}, who has one, differs {how}")
        if quote(payment.user, safe="+") == payment.user and "{user}" in service.operation("subscription").path:
            active = service.subscription(case, payment.user).active  # a plus stands for itself in a path
            require(active, f"{payment.user!r} paid and has no plan, where the plus in the path is not escaped")


@rule(
    "users.change",
    "A change is made for the user that is named alone",
    forbids="a cancellation, a bill or a change of plan for whose name only looks alike",
    severity=Severity.CRITICAL,
)
def _change(service: Service, case: Case) -> None:
    """Twins of users with a plan cancel, go down, renew and go up: refused, and nothing of the users changes."""
    service.need("subscription")
    names = [name for name in CHANGES if name in service.config.operations]
    if not names or (service.config.plans.full is None and names == ["downgrade"]):
        raise NotCheckedError("the configuration maps no change of a plan")
    for name in names:
        for number, (user, twin, how) in enumerate(_pairs(service, case, name)):
            if not number % PAIRS:
                service.rest(case)
            before = about(service, case, "subscription", user).body
            answer = about(service, case, name, twin)
            require(answer.status < 500, f"{name} of {twin!r} was answered {answer.summary}")
            require(
                not service.done(name, answer),
                f"{user!r} has a plan, and {name} was done for {twin!r}, who differs {how}: {answer.summary}",
            )
            after = about(service, case, "subscription", user).body
            require(after == before, f"{name} for {twin!r} changed what {user!r} has: {before} is {after}")


def _alike(service: Service) -> list[str]:
    """Names that begin alike, the longest first, that differ by case, and one that is another."""
    user = f"{service.new_user()}-aB"
    return [f"{user}0", user, user[:-1], user.upper(), user.lower(), service.new_user()]


@rule(
    "users.beside",
    "What one user has open is nobody else's",
    forbids="a quote or a bill that is shown to somebody else, or keeps somebody else from one",
    severity=Severity.CRITICAL,
)
def _beside(service: Service, case: Case) -> None:
    """Users with names alike buy at one instant; one after the other is billed, and quoted, each by a code apart."""
    service.need("subscription")
    names = [name for name in ("renew", "upgrade") if name in service.config.operations]
    if not names or service.config.time == "real":
        raise NotCheckedError("the configuration maps neither renew nor upgrade, or has real time")
    holders = []
    for holder in _alike(service):
        answer = service.do(case, "create", **service.order(holder))
        if service.done("create", answer):
            service.pay(case, service.made(answer, holder, service.config.plans.basic, "USD"))
            holders.append(holder)
    service.leap(case, service.cycle_s // 2)
    for name in names:
        for order in (holders, holders[::-1]):
            _apart(service, case, name, order)
            service.wait(case, service.config.expires_after_s + 60)


def _apart(service: Service, case: Case, name: str, holders: list[str]) -> None:
    """Each is answered, by another code than those before. Raises PreconditionError where the first one is refused."""
    seen: dict[str, str] = {}
    for holder in holders:
        answer = about(service, case, name, holder)
        if not seen and not service.done(name, answer):
            raise PreconditionError(f"{name} of {holder!r} was answered {answer.summary}")
        require(
            service.done(name, answer), f"{name} of {holder!r}, after those of {[*seen.values()]}: {answer.summary}"
        )
        md5 = service.made(answer, holder, service.config.plans.basic, "USD", name).md5
        require(md5 not in seen, f"{name} of {holder!r} was answered with the code of {seen.get(md5)!r}")
        seen[md5] = holder


@rule(
    "users.history",
    "A history is of the user that is named alone",
    forbids="somebody's payments for whose name only looks alike",
    severity=Severity.CRITICAL,
)
def _history(service: Service, case: Case) -> None:
    """Twins of users with payments ask for their history: it is empty, or not found."""
    service.need("history")
    for user, twin, how in _pairs(service, case, "history"):
        answer = about(service, case, "history", twin)
        require(answer.status < 500, f"the history of {twin!r} was answered {answer.summary}")
        md5s = service.read("history", answer, "md5s") if service.done("history", answer) else []
        require(not md5s, f"the payments of {user!r} are in the history of {twin!r}, who differs {how}")


@rule(
    "status.ids",
    "A payment is found by its whole id, and no other",
    forbids="a payment for an id that is longer, spaced or a pattern; a failure at an id that is very long or large",
)
def _ids(service: Service, case: Case) -> None:
    """The id of a payment longer, spaced, with wildcards; very long and strange ids, and numbers no column holds."""
    payment = service.create(case)
    strange: dict[str, Callable[[str], str]] = {
        "longer": lambda text: f"{text}x" if text.isdigit() else f"{text}0",
        "with a letter that no id has": lambda text: f"{text}x",
        "doubled": lambda text: f"{text}-{text}" if text.isdigit() else text + text,
        "with a space": lambda text: f"{text}%20",
        "with a wildcard": lambda text: f"{text[:-2]}%25",
        "with a star": lambda text: f"{text[:-2]}*",
        "of 300 letters": lambda _text: "a" * 300,
        "of 3000 letters": lambda _text: "0" * 3000,
        "with a quote": lambda text: f"{text}%27%20OR%20%271%27=%271",
        "in Khmer": lambda _text: quote("ភ្នំពេញ"),
        "of a NUL": lambda text: f"{text}%00",
        "past 32 bits": lambda _text: "4294967296",
        "past 64 bits": lambda _text: "18446744073709551616",
        "of 40 digits": lambda _text: "9" * 40,
        "below zero": lambda _text: "-1",
        "in powers of ten": lambda _text: "1e400",
    }
    for how, change in strange.items():
        about_it: dict[str, Any] = {"md5": change(payment.md5), "id": change(payment.id), "user": payment.user}
        answer = service.do(case, "status", **about_it)
        require(answer.status < 500, f"an id {how} was answered {answer.summary}")
        require(not service.done("status", answer), f"an id {how} found a payment: {answer.summary}")
    _bulk_ids(service, case, payment)


def _bulk_ids(service: Service, case: Case, payment: Payment) -> None:
    if "bulk_check" not in service.config.operations or "states" not in service.operation("bulk_check").answer:
        return
    for strange in (payment.md5[:-1], f"{payment.md5[:-2]}%", "a" * 300, "ភ្នំពេញ"):
        answer = service.do(case, "bulk_check", md5s=[strange])
        require(answer.status < 500, f"a bulk check of {strange!r} was answered {answer.summary}")
        states = service.read("bulk_check", answer, "states") if service.done("bulk_check", answer) else []
        known = [state for state in states or [] if service.state(state) in service.config.states]
        require(not known, f"a bulk check of {strange!r} found a payment that is {known}")


@rule(
    "errors.numbers",
    "A number that is none is no price",
    forbids="an order over NaN, infinity, a truth value or minus the price; a 5xx for a number with 5,000 digits",
)
def _numbers(service: Service, case: Case) -> None:
    """A right order whose amount is NaN, Infinity, 1e999, true, minus the price, of 5,000 digits, or an Arabic one."""
    operation = service.operation("create")
    if not isinstance(operation.body, dict) or "{amount}" not in operation.body.values():
        raise NotCheckedError("no field of the body of create is the amount alone")
    for text in NUMBERS:
        answer = _order_over(service, case, text)
        shown = text if len(text) < 40 else f"{len(text)} digits"
        require(answer.status < 500, f"an order over {shown} was answered {answer.summary}")
        require(not service.done("create", answer), f"an order over {shown} was taken: {answer.summary}")


def _order_over(service: Service, case: Case, text: str) -> Answer:
    """A right order but for the amount, which is these letters of JSON."""
    operation, marked = service.operation("create"), "the-amount-itself"
    order = {**service.values, **service.order(service.new_user()), "amount": marked}
    body = {name: value for name, value in fill(operation.body, order).items() if not _unfilled(value)}
    raw = json.dumps(body).replace(json.dumps(marked), text).encode()
    headers = dict(fill(service.config.headers | operation.headers, service.values))
    return call(case, service.http, operation.method, fill(operation.path, service.values), headers=headers, raw=raw)


def _unfilled(value: object) -> bool:
    return isinstance(value, str) and value.startswith("{") and value.endswith("}")


@rule(
    "texts.whole",
    "Text is never cut inside a character, nor changed",
    forbids="a name that ends in a broken letter, in the code, in an answer or in a webhook; Khmer that becomes ????",
)
def _texts(service: Service, case: Case) -> None:
    """Orders of users with long names in Khmer, accents and emoji: the code is read, and who is told is who ordered."""
    taken = 0
    for number, text in enumerate(TEXTS):
        user = f"{service.new_user()}-{number}-{text}"
        for name in (user[:120], user[:60], user[:30]):
            answer = service.do(case, "create", **service.order(name))
            require(answer.status < 500, f"an order of {name!r} was answered {answer.summary}")
            if service.done("create", answer):
                taken += 1
                _whole(service, case, service.made(answer, name, service.config.plans.basic, "USD"))
                break
    if not taken:
        raise NotCheckedError("the service takes no names but plain ones")


def _whole(service: Service, case: Case, payment: Payment) -> None:
    try:
        decode(payment.qr)
    except DecodeError as error:
        raise RuleBrokenError(f"the code for {payment.user!r} cannot be read: {error}: {payment.qr!r}") from None
    require(not _broken(payment.qr), f"the code for {payment.user!r} holds a broken letter: {payment.qr!r}")
    require("??" not in payment.qr, f"the code for {payment.user!r} has lost its letters: {payment.qr!r}")
    service.pay(case, payment)
    service.settle(case)
    status = service.do(case, "status", md5=payment.md5, id=payment.id, user=quote(payment.user, safe=""))
    for name, answer in (("create", payment.answer), ("status", status)):
        require(not _broken(answer.text), f"{name} for {payment.user!r} answered a broken letter: {answer.summary}")
        told = service.read(name, answer, "user")
        require(told in (None, payment.user), f"{payment.user!r} ordered, {name} answers {told!r}")
    hooks = service.config.webhooks
    for delivery in list(service.receiver.arrived):
        text = delivery.body.decode("utf-8", "surrogateescape")
        if hooks is not None and is_about(hooks, delivery.body, payment):
            require(not _broken(text), f"a webhook holds a broken letter: {text}")
            told = _user_in(service, text)
            require(told in (None, payment.user), f"{payment.user!r} paid, the webhook says {told!r}")
            secret = hooks.secret.replace("{webhook_secret}", str(service.values.get("webhook_secret", "")))
            try:
                webhooks.verify([secret], delivery.headers, delivery.body, now_s=service.world.now_ms() // 1000)
            except WebhookError as error:
                raise RuleBrokenError(f"the webhook for {payment.user!r}: {error}: {text}") from None


def _user_in(service: Service, text: str) -> Any:
    try:
        return jmespath.search(service.config.webhooks.user, json.loads(text)) if service.config.webhooks else None
    except ValueError:
        return None


def _broken(text: str) -> bool:
    return "\ufffd" in text or any("\ud800" <= letter <= "\udfff" for letter in text)
