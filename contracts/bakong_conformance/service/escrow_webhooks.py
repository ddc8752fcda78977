"""Rules of webhooks about escrow payments: signed, fresh, and never believed without asking the provider."""

import json
from collections.abc import Mapping
from typing import Any

from bakong_conformance.case import Case
from bakong_conformance.http import Answer, call
from bakong_conformance.rules import NotCheckedError, Severity, Suite, require
from bakong_conformance.service.escrow_config import Relay
from bakong_conformance.service.escrow_subject import AMOUNT, Desk, Payment, desk
from bakong_conformance.service.operation import fill
from bakong_conformance.service.subject import Service
from bakong_conformance.stand_ins.money import taka
from bakong_contracts.webhook_guard import FORMS, Guard

SUITE = Suite("service")
rule = SUITE.rule
CRITICAL = Severity.CRITICAL
NOBODYS = "another-secret-of-nobody"
GARBAGE: tuple[bytes, ...] = (b"", b"{", b"[]", b"null", b'"x"', b"{}", b'{"paymentId": {}}', b"\xff\xfe", b"[" * 5000)


def _relay(service: Service) -> tuple[Desk, Relay]:
    escrow = desk(service)
    if escrow.config.webhook is None:
        raise NotCheckedError("the configuration has no escrow.webhook")
    return escrow, escrow.config.webhook


def _body(escrow: Desk, relay: Relay, payment: Payment, status: str = "", **more: Any) -> bytes:
    values = {"payment": payment.id, "transaction": "0ABC1DEF2G", "status": status or relay.success}
    values |= {"amount": taka(payment.amount), "currency": escrow.config.currency} | more
    return json.dumps(fill(relay.body, values), separators=(",", ":")).encode()


def _signed(escrow: Desk, relay: Relay, body: bytes, *, age_s: int = 0, secret: str = "") -> dict[str, str]:
    secret = secret or relay.secrets[0]
    guard = Guard(FORMS[relay.form], [str(fill(secret, escrow.service.values))])
    now_s = escrow.service.world.now_ms() // 1000
    return guard.sign(body, timestamp_s=now_s - age_s, message_id=f"msg_{escrow.service.new_user()}")


def _post(escrow: Desk, relay: Relay, case: Case, body: bytes, headers: Mapping[str, str]) -> Answer:
    answer = call(case, escrow.service.http, "POST", relay.path, headers=headers, raw=body)
    require(answer.status < 500, f"a webhook was answered {answer.summary}")
    return answer


def _send(escrow: Desk, relay: Relay, case: Case, payment: Payment, status: str = "") -> Answer:
    """A right webhook."""
    body = _body(escrow, relay, payment, status)
    return _post(escrow, relay, case, body, _signed(escrow, relay, body))


def _refused(escrow: Desk, relay: Relay, case: Case, payment: Payment, about: str, headers: Mapping[str, str]) -> None:
    answer = _post(escrow, relay, case, _body(escrow, relay, payment), headers)
    require(answer.status in relay.refused, f"{about} was answered {answer.summary}")


def _paid_at_page(service: Service, case: Case) -> tuple[Desk, Relay, Payment]:
    """A payment that the provider has, or would let through, and that the service has not asked about."""
    escrow, relay = _relay(service)
    method = "nagad" if "nagad" in escrow.methods() else escrow.any_method()
    return escrow, relay, escrow.open(case, AMOUNT, method, "no-return" if method == "nagad" else "ok")


@rule(
    "escrow.hook.signature",
    "What is not rightly signed changes nothing",
    forbids="webhooks that anybody can send",
    source="section 8",
    severity=CRITICAL,
)
def _signature(service: Service, case: Case) -> None:
    """No signature, a wrong one, a cut one, one of another secret, one without its time."""
    escrow, relay, payment = _paid_at_page(service, case)
    right = _signed(escrow, relay, _body(escrow, relay, payment))
    form = FORMS[relay.form]
    sign, time = form.signature_header, form.timestamp_header
    wrong: dict[str, dict[str, str]] = {
        "a webhook without headers": {},
        "a webhook without a signature": {name: value for name, value in right.items() if name != sign},
        "a webhook without a time": {name: value for name, value in right.items() if name != time},
        "a webhook with a cut signature": right | {sign: right[sign][:-2]},
        "a webhook with an empty signature": right | {sign: ""},
        "a webhook of another secret": _signed(escrow, relay, _body(escrow, relay, payment), secret=NOBODYS),
    }
    for about, headers in wrong.items():
        _refused(escrow, relay, case, payment, about, headers)
    view = escrow.view(case, payment)
    require(view.state == "pending", f"a payment is {view.state} by a webhook that was not rightly signed")


@rule(
    "escrow.hook.body",
    "The signature is over the very bytes",
    forbids="another body under a right signature",
    source="section 8",
    severity=CRITICAL,
)
def _bytes(service: Service, case: Case) -> None:
    """The body of another payment under a signature, and a space more."""
    escrow, relay, payment = _paid_at_page(service, case)
    other = escrow.make(case)
    headers = _signed(escrow, relay, _body(escrow, relay, other))
    _refused(escrow, relay, case, payment, "another body under a signature", headers)
    body = _body(escrow, relay, payment)
    answer = _post(escrow, relay, case, body + b" ", _signed(escrow, relay, body))
    require(answer.status in relay.refused, f"a space behind a signed body was answered {answer.summary}")


@rule("escrow.hook.age", "A webhook lives 300 seconds", forbids="recordings that are played again", source="section 8")
def _age(service: Service, case: Case) -> None:
    """300 s old and early are taken, 301 s refused."""
    escrow, relay = _relay(service)
    escrow.need_frozen()
    payment = escrow.make(case)
    for age_s in (300, -300, 301, -301):
        body = _body(escrow, relay, payment, relay.failure)
        answer = _post(escrow, relay, case, body, _signed(escrow, relay, body, age_s=age_s))
        known = relay.accepted if abs(age_s) <= 300 else relay.refused
        require(answer.status in known, f"a webhook of {age_s} s was answered {answer.summary}")


@rule(
    "escrow.hook.secrets",
    "During a rotation both secrets count, a retired one none",
    forbids="a rotation that loses webhooks",
    source="section 8",
)
def _secrets(service: Service, case: Case) -> None:
    """Each secret in use, and the retired one."""
    escrow, relay = _relay(service)
    payment = escrow.make(case)
    body = _body(escrow, relay, payment)
    for secret in relay.secrets:
        answer = _post(escrow, relay, case, body, _signed(escrow, relay, body, secret=secret))
        require(answer.status in relay.accepted, f"a webhook of a secret in use was answered {answer.summary}")
    if relay.retired:
        answer = _post(escrow, relay, case, body, _signed(escrow, relay, body, secret=relay.retired))
        require(answer.status in relay.refused, f"a webhook of a retired secret was answered {answer.summary}")


@rule(
    "escrow.hook.alone",
    "A webhook alone pays nothing",
    forbids="believing SUCCESS without asking",
    source="section 8",
    severity=CRITICAL,
)
def _alone(service: Service, case: Case) -> None:
    """SUCCESS for a payment that nobody paid, of each method."""
    escrow, relay = _relay(service)
    for method in escrow.methods():
        payment = escrow.begin(case, escrow.make(case, AMOUNT, method))
        answer = _send(escrow, relay, case, payment)
        require(answer.status in relay.accepted, f"a webhook was answered {answer.summary}")
        service.settle(case)
        view = escrow.view(case, payment)
        require(view.state not in ("completed", "refunded"), f"a payment that nobody paid is {view.state} by a webhook")
        require(view.escrow != "held", "the escrow of a payment that nobody paid is held by a webhook")


@rule(
    "escrow.hook.finds", "A webhook makes the service ask", forbids="a webhook that is only filed", source="section 8"
)
def _finds(service: Service, case: Case) -> None:
    """Nagad has the money and the browser never came back: a webhook, and the payment is paid."""
    escrow, relay = _relay(service)
    escrow.need_method("nagad")
    payment = escrow.open(case, AMOUNT, "nagad", "no-return")
    _send(escrow, relay, case, payment)
    if not relay.at_once:
        service.settle(case)
    escrow.is_now(case, payment, "completed", "held", "a payment about which a webhook came")


@rule(
    "escrow.hook.failed",
    "FAILED changes nothing that is paid",
    forbids="undoing a payment by a late webhook",
    source="section 8",
    severity=CRITICAL,
)
def _failed(service: Service, case: Case) -> None:
    """SUCCESS and FAILED in any order after a payment."""
    escrow, relay = _relay(service)
    payment = escrow.capture(case)
    for status in (relay.failure, relay.success, relay.failure):
        answer = _send(escrow, relay, case, payment, status)
        require(answer.status in relay.accepted, f"a webhook with {status} was answered {answer.summary}")
    service.settle(case)
    escrow.is_now(case, payment, "completed", "held", "a paid payment about which FAILED came")


@rule(
    "escrow.hook.open",
    "FAILED alone ends no open payment",
    forbids="cancelling a payment that the provider still has",
    source="section 8",
)
def _open(service: Service, case: Case) -> None:
    """FAILED for a payment that the customer approved, and that is then finished; by each method."""
    escrow, relay = _relay(service)
    for method in escrow.methods():
        payment = escrow.open(case, AMOUNT, method)
        _send(escrow, relay, case, payment, relay.failure)
        escrow.finish(case, payment)
        escrow.outcome(case)
        escrow.is_now(case, payment, "completed", "held", f"a {method} payment that was paid after FAILED came")


@rule(
    "escrow.hook.repeat",
    "The same webhook again is accepted without effect",
    forbids="a doubled webhook that pays or fails twice",
    source="law 10",
)
def _repeat(service: Service, case: Case) -> None:
    """Three times the same bytes, also once the payment was paid back."""
    escrow, relay = _relay(service)
    escrow.need("refund")
    payment = escrow.capture(case)
    body = _body(escrow, relay, payment)
    for about in ("", "", "after a refund "):
        if about:
            escrow.refunded(case, payment)
            service.settle(case)
        answer = _post(escrow, relay, case, body, _signed(escrow, relay, body))
        require(answer.status in relay.accepted, f"the same webhook {about}was answered {answer.summary}")
    service.settle(case)
    escrow.is_now(case, payment, "refunded", "refunded", "a payment that was paid back before a webhook came again")
    escrow.at_provider(payment, captured=AMOUNT, returned=AMOUNT)


@rule(
    "escrow.hook.unknown",
    "A webhook about nothing is 404",
    forbids="500, or making a payment from a webhook",
    source="section 8",
)
def _unknown(service: Service, case: Case) -> None:
    """A right signature, an unknown payment."""
    escrow, relay = _relay(service)
    mine = escrow.make(case)
    nobody = Payment(f"{mine.id}x", mine.job, AMOUNT, mine.method, mine.answer)
    answer = _send(escrow, relay, case, nobody)
    require(answer.status in relay.unknown, f"a webhook about an unknown payment was answered {answer.summary}")


@rule(
    "escrow.hook.garbage", "Signed nonsense is refused politely", forbids="a 500 for a strange body", source="section 8"
)
def _garbage(service: Service, case: Case) -> None:
    """Empty, cut, wrong JSON, wrong types, no UTF-8, deep nesting; all rightly signed."""
    escrow, relay = _relay(service)
    for body in GARBAGE:
        answer = _post(escrow, relay, case, body, _signed(escrow, relay, body))
        require(400 <= answer.status < 500, f"a signed body {body[:20]!r} was answered {answer.summary}")
