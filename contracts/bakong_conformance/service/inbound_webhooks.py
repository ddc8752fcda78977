"""Rules of webhooks that a provider sends to the service: what lets one in, and what it may change."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from bakong_conformance.case import Case
from bakong_conformance.http import Answer
from bakong_conformance.rules import NotCheckedError, Suite, require
from bakong_conformance.service.inbound_sender import Headers, Sender, dumped, sender
from bakong_conformance.service.order_cases import PLAIN
from bakong_conformance.service.order_limits import checked
from bakong_conformance.service.order_subject import Checkout
from bakong_conformance.service.subject import Service

SUITE = Suite("service")
rule = SUITE.rule
TOLERANCE_S = 300
HUGE = 2 * 1024 * 1024


def _open(hooks: Sender, case: Case) -> Checkout:
    """An order that is checked out and waits to be paid."""
    return hooks.orders.checkout(case, checked(hooks.orders, case))


def _accepted(hooks: Sender, answer: Answer, about: str) -> None:
    require(answer.status in hooks.config.accepted, f"{about} was answered {answer.summary}")


def _refused(hooks: Sender, answer: Answer, about: str) -> None:
    require(
        answer.status in hooks.config.refused, f"{about} was answered {answer.summary}, expected {hooks.config.refused}"
    )


def _each_refused(
    service: Service, case: Case, changes: Mapping[str, Callable[[Sender, bytes], tuple[bytes, Headers]]]
) -> None:
    """A webhook about a paid charge, wrong in one way at a time, is refused each time, and pays nothing at once."""
    hooks = sender(service)
    checkout = _open(hooks, case)
    event = dumped(hooks.event("paid", checkout))
    for about, change in changes.items():
        body, headers = change(hooks, event)
        _refused(hooks, hooks.post(case, body, headers), about)
    if not hooks.config.confirms:
        state = hooks.state(case, checkout)
        require(state != "paid", f"an order is {state} by webhooks that were refused")


def _signature(hooks: Sender, body: bytes, change: Callable[[str], str]) -> tuple[bytes, Headers]:
    headers = hooks.sign(body)
    name = hooks.form.signature_header
    return body, headers | {name: change(headers[name])}


def _timestamp(hooks: Sender, body: bytes, text: str) -> tuple[bytes, Headers]:
    """Another timestamp than the one that was signed."""
    return body, hooks.sign(body) | {hooks.form.timestamp_header or hooks.form.signature_header: text}


@rule("inbound.paid", "A signed webhook is taken", forbids="a provider that is refused, and sends for days")
def _paid(service: Service, case: Case) -> None:
    """The payer pays, and the provider says so: 2xx, and the order is paid without anybody asking the provider."""
    hooks = sender(service)
    checkout = _open(hooks, case)
    hooks.orders.pay(case, checkout)
    _accepted(hooks, hooks.send(case, "paid", checkout), "a rightly signed webhook")
    state = hooks.state(case, checkout)
    require(state == "paid", f"a webhook told a payment that was made, and the order is {state}")


@rule("inbound.unsigned", "Without a signature nobody gets in", forbids="a webhook that anybody can send")
def _unsigned(service: Service, case: Case) -> None:
    """No header at all, and each of them left out or empty."""
    hooks = sender(service)
    names = [name for name in (hooks.form.id_header, hooks.form.timestamp_header, hooks.form.signature_header) if name]

    def without(name: str) -> Callable[[Sender, bytes], tuple[bytes, Headers]]:
        return lambda at, body: (body, {key: value for key, value in at.sign(body).items() if key != name})

    def empty(name: str) -> Callable[[Sender, bytes], tuple[bytes, Headers]]:
        return lambda at, body: (body, at.sign(body) | {name: ""})

    changes: dict[str, Callable[[Sender, bytes], tuple[bytes, Headers]]] = {
        "a webhook without headers": lambda _at, body: (body, {})
    }
    changes |= {f"a webhook without {name}": without(name) for name in names}
    changes |= {f"a webhook with an empty {name}": empty(name) for name in names}
    _each_refused(service, case, changes)


@rule("inbound.forged", "Another's signature is no signature", forbids="signatures that are not compared, or in part")
def _forged(service: Service, case: Case) -> None:
    """Another secret, an empty one's digest, one digit changed at either end, the signature of another body."""

    def flip(text: str, place: int) -> str:
        return text[:place] + ("0" if text[place] != "0" else "1") + text[place:][1:]

    def inner(text: str) -> int:
        """The first digit of the digest."""
        return text.find(",") + 1

    _each_refused(
        service,
        case,
        {
            "a webhook signed by another secret": lambda at, body: (body, at.sign(body, secret=_another(at))),
            "a signature whose first digit is changed": lambda at, body: _signature(
                at, body, lambda text: flip(text, inner(text))
            ),
            "a signature whose tenth digit is changed": lambda at, body: _signature(
                at, body, lambda text: flip(text, inner(text) + 9)
            ),
            "a signature whose fortieth digit is changed": lambda at, body: _signature(
                at, body, lambda text: flip(text, inner(text) + 39)
            ),
            "the signature of another body": lambda at, body: (body, at.sign(body + b" ")),
        },
    )


def _another(hooks: Sender) -> str:
    """A secret of the same form that the service does not know."""
    secret = hooks.secrets[0]
    letters = [place for place, letter in enumerate(secret) if letter.isalnum() and place > len("whsec_")]
    middle = letters[len(letters) // 2]
    return secret[:middle] + ("A" if secret[middle] != "A" else "B") + secret[middle + 1 :]


@rule(
    "inbound.length",
    "A signature of another length is refused",
    forbids="a comparison that throws, or compares as far as the shorter goes",
)
def _length(service: Service, case: Case) -> None:
    """Cut by one, by half, to one digit; one longer; twice; no hex at all; a very long one."""
    changes: dict[str, Callable[[str], str]] = {
        "a signature that is a digit short": lambda text: text[:-1],
        "the first half of a signature": lambda text: text[: len(text) // 2],
        "the first ten characters of a signature": lambda text: text[:10],
        "a signature and a digit": lambda text: text + "0",
        "a signature twice": lambda text: text + text,
        "words for a signature": lambda _text: "not-a-signature",
        "64 letters that are no hex": lambda _text: "z" * 64,
        "a signature of 4000 digits": lambda _text: "0" * 4000,
        "a signature that is no ASCII": lambda text: text[:-1] + "\u00e9",
    }
    _each_refused(
        service,
        case,
        {
            about: lambda at, body, change=change: _signature(at, body, change)  # type: ignore[misc]
            for about, change in changes.items()
        },
    )


@rule(
    "inbound.expired",
    "A webhook older than 300 s, or as far ahead, is refused",
    forbids="replays of a recorded webhook, and clocks that are wrong by hours",
)
def _expired(service: Service, case: Case) -> None:
    """301 s and an hour old, 301 s and an hour ahead; rightly signed."""
    hooks = sender(service)
    checkout = _open(hooks, case)
    hooks.orders.pay(case, checkout)
    late_s = TOLERANCE_S + (1 if service.config.time != "real" else 10)
    for age_s in (late_s, 3600, -late_s, -3600):
        answer = hooks.send(case, "paid", checkout, age_s=age_s)
        _refused(hooks, answer, f"a webhook that was signed {age_s} s ago")


@rule("inbound.edge", "A webhook of exactly 300 s is taken", forbids="a limit that is a second off, at either end")
def _edge(service: Service, case: Case) -> None:
    """300 s and 299 s old, and as far ahead."""
    hooks = sender(service)
    hooks.need_frozen()
    for age_s in (TOLERANCE_S, TOLERANCE_S - 1, -TOLERANCE_S, 1 - TOLERANCE_S):
        checkout = _open(hooks, case)
        hooks.orders.pay(case, checkout)
        service.wait(case, -service.world.now_ms() % 1000 / 1000)
        answer = hooks.send(case, "paid", checkout, age_s=age_s)
        _accepted(hooks, answer, f"a webhook that was signed exactly {age_s} s ago")


@rule(
    "inbound.timestamp",
    "A timestamp is epoch seconds, and is signed",
    forbids="a recorded webhook with a new time on it, and a 500 for a word",
)
def _stamps(service: Service, case: Case) -> None:
    """Another time than the signed one; words, a sign, spaces, a fraction, other scripts' digits, milliseconds."""

    def moved(at: Sender, body: bytes) -> tuple[bytes, Headers]:
        return _timestamp(at, body, str(at.now_s() - 1))

    changes: dict[str, Callable[[Sender, bytes], tuple[bytes, Headers]]] = {
        "a signature under a time that was changed by a second": moved
    }
    for text in ("now", "NaN", "-1", "1e9", "9" * 30, "0x10", "2026-02-11T00:00:00Z", "1" * 5000):
        changes[f"the timestamp {text[:30]!r}"] = lambda at, body, text=text: _timestamp(at, body, text)  # type: ignore[misc]
    changes["a time in milliseconds"] = lambda at, body: _timestamp(at, body, str(at.now_s() * 1000))
    _each_refused(service, case, changes)


@rule(
    "inbound.stranger",
    "Who cannot sign learns nothing of the time",
    forbids="an answer that tells an old webhook from a fresh one before the signature is checked",
)
def _stranger(service: Service, case: Case) -> None:
    """A wrong signature with a fresh and with an old time: the same answer."""
    hooks = sender(service)
    body = dumped(hooks.event("paid", _open(hooks, case)))
    answers = [
        hooks.post(case, body, hooks.sign(body, secret=_another(hooks), age_s=age_s)) for age_s in (0, 3600, -3600)
    ]
    seen = {(answer.status, _code(answer)) for answer in answers}
    require(len(seen) == 1, f"a wrong signature is answered otherwise when its time is old: {sorted(seen)}")


def _code(answer: Answer) -> str:
    """What names the refusal in an answer, as text; what differs in every answer is left out."""
    told = answer.body if isinstance(answer.body, dict) else {}
    named = {name: told[name] for name in ("code", "error", "type", "title", "status", "message") if name in told}
    return json.dumps(named, sort_keys=True)


@rule(
    "inbound.raw",
    "The signature is over the bytes that came",
    forbids="a signature that is checked over JSON which was parsed and written again",
)
def _raw(service: Service, case: Case) -> None:
    """Bodies with spaces, line ends, escapes, a number as 1.50, keys in another order: signed as they are, taken."""
    hooks = sender(service)
    for about, write in _WRITINGS.items():
        checkout = _open(hooks, case)
        hooks.orders.pay(case, checkout)
        body = write({**hooks.event("paid", checkout), "note": "ชำระเงิน / 1"})
        _accepted(hooks, hooks.post(case, body, hooks.sign(body)), f"a body with {about}, signed as it is,")


_WRITINGS: Mapping[str, Callable[[Any], bytes]] = {
    "spaces and line ends": lambda event: json.dumps(event, indent=2).encode(),
    "a line end behind it": lambda event: json.dumps(event).encode() + b"\n",
    "letters of another script, unescaped": lambda event: json.dumps(event, ensure_ascii=False).encode(),
    "escaped slashes": lambda event: json.dumps(event).replace("/", "\\/").encode(),
    "a number as 1.50": lambda event: json.dumps(event)[:-1].encode() + b',"rate":1.50}',
    "its keys turned round": lambda event: json.dumps(dict(reversed(event.items()))).encode(),
}


@rule(
    "inbound.rewritten",
    "Another body under the signature is refused",
    forbids="a signature over a normal form of the body, or over some of its fields",
)
def _rewritten(service: Service, case: Case) -> None:
    """The same JSON with other spaces; another amount; a field more; cut; a byte behind it."""

    def other(change: Callable[[bytes], bytes]) -> Callable[[Sender, bytes], tuple[bytes, Headers]]:
        return lambda at, body: (change(body), at.sign(body))

    _each_refused(
        service,
        case,
        {
            "the same JSON with other spaces": other(lambda body: json.dumps(json.loads(body), indent=1).encode()),
            "the same JSON with a space behind it": other(lambda body: body + b" "),
            "a body with a field more": other(lambda body: body[:-1] + b',"more":1}'),
            "a body that was cut": other(lambda body: body[:-1]),
            "no body": other(lambda _body: b""),
        },
    )


@rule(
    "inbound.twice",
    "The same webhook twice changes nothing the second time",
    forbids="two payments, or an error, for a provider that sends again",
)
def _twice(service: Service, case: Case) -> None:
    """The same bytes and headers three times: 2xx each time; the order is paid once."""
    hooks = sender(service)
    checkout = _open(hooks, case)
    hooks.orders.pay(case, checkout)
    body = dumped(hooks.event("paid", checkout))
    headers = hooks.sign(body)
    captured = []
    for number in range(3):
        _accepted(hooks, hooks.post(case, body, headers), f"a webhook, sent for the {number + 1}. time,")
        require(hooks.state(case, checkout) == "paid", "a webhook of a paid order, and the order is not paid")
        captured.append(_captured(hooks, case, checkout))
    expected = checkout.order.expected.payable
    require(
        set(captured) in ({None}, {expected}),
        f"after one, two and three webhooks of a payment, captured is {captured} satang, expected {expected} each time",
    )


def _captured(hooks: Sender, case: Case, checkout: Checkout) -> int | None:
    answer = hooks.orders.status(case, checkout.order)
    told = hooks.orders.read("status", answer, "captured")
    return None if told is None else hooks.orders.minor(told)


@rule(
    "inbound.resent",
    "Two events of one payment are one payment",
    forbids="counting a payment for each event that tells of it",
)
def _resent(service: Service, case: Case) -> None:
    """Two events with ids of their own, about the same charge."""
    hooks = sender(service)
    checkout = _open(hooks, case)
    hooks.orders.pay(case, checkout)
    for _ in range(2):
        _accepted(hooks, hooks.send(case, "paid", checkout), "a webhook about a payment")
    state, captured = hooks.state(case, checkout), _captured(hooks, case, checkout)
    require(state == "paid", f"two events told of one payment, and the order is {state}")
    expected = checkout.order.expected.payable
    require(captured in (None, expected), f"two events told of one payment, and {captured} satang are captured")


@rule(
    "inbound.same-id",
    "An event's id with another body is not that event",
    forbids="an id that, once known, lets another payment in, or out",
)
def _same_id(service: Service, case: Case) -> None:
    """An event pays one order; its id again, about another order: refused, and that order waits on."""
    hooks = sender(service)
    first, second = _open(hooks, case), _open(hooks, case)
    hooks.orders.pay(case, first)
    event_id = hooks.new_id()
    answers = []
    for checkout in (first, second):
        body = dumped(hooks.event("paid", checkout, event_id=event_id))
        answers.append(hooks.post(case, body, hooks.sign(body, message_id=event_id)))
    _accepted(hooks, answers[0], "a webhook")
    require(400 <= answers[1].status < 500, f"its id with another body was answered {answers[1].summary}")
    state = hooks.state(case, second)
    require(state != "paid", f"the id of another order's event was used again, and an order is {state}")


@rule(
    "inbound.order",
    "Events out of order leave a paid order paid",
    forbids="an old event that takes a payment back",
)
def _order(service: Service, case: Case) -> None:
    """Paid; then the events that should have come before it: pending, failed."""
    hooks = sender(service)
    late = [kind for kind in ("pending", "failed") if kind in hooks.config.events]
    if not late:
        raise NotCheckedError("the configuration maps neither inbound.events.pending nor .failed")
    checkout = _open(hooks, case)
    hooks.orders.pay(case, checkout)
    for kind in ("paid", *late):
        _accepted(hooks, hooks.send(case, kind, checkout), f"the event {kind!r}")
        state = hooks.state(case, checkout)
        require(state == "paid", f"the event {kind!r} came after the payment, and the order is {state}")


@rule(
    "inbound.declined",
    "A failed attempt does not end what can still be paid",
    forbids="an order whose payer tried twice, and whose money is dropped",
)
def _declined(service: Service, case: Case) -> None:
    """The event of a failed attempt, then the payer pays, and the event of it."""
    hooks = sender(service)
    hooks.need_event("failed")
    checkout = _open(hooks, case)
    _accepted(hooks, hooks.send(case, "failed", checkout), "the event 'failed'")
    hooks.orders.pay(case, checkout)
    _accepted(hooks, hooks.send(case, "paid", checkout), "the event 'paid'")
    state = hooks.state(case, checkout)
    require(state == "paid", f"a payment came after a failed attempt, and the order is {state}")


@rule(
    "inbound.alone",
    "A webhook alone does not pay",
    forbids="an order that whoever has the secret pays without money",
)
def _alone(service: Service, case: Case) -> None:
    """A rightly signed webhook of a charge that the provider, when asked, calls unpaid."""
    hooks = sender(service)
    if not hooks.config.confirms:
        raise NotCheckedError("the configuration does not say inbound.confirms")
    checkout = _open(hooks, case)
    answer = hooks.send(case, "paid", checkout)
    require(answer.status < 500, f"a webhook of an unpaid charge was answered {answer.summary}")
    state = hooks.state(case, checkout)
    require(state not in ("paid", "review"), f"the provider calls the charge unpaid, and the order is {state}")
    hooks.orders.pay(case, checkout)
    _accepted(hooks, hooks.send(case, "paid", checkout), "a webhook of the payment")
    state = hooks.state(case, checkout)
    require(state == "paid", f"the payment came after a webhook that was too early, and the order is {state}")


@rule(
    "inbound.amount",
    "The amount counts, whatever the webhook says",
    forbids="an order that a payment of another amount pays",
)
def _amount(service: Service, case: Case) -> None:
    """A satang too little is paid; the webhook tells that amount, and (where it is confirmed) the right one."""
    hooks = sender(service)
    for told in ("what was paid", "what was asked for"):
        checkout = _open(hooks, case)
        payable = checkout.order.expected.payable
        hooks.orders.pay(case, checkout, payable - 1)
        minor = payable - 1 if told == "what was paid" else payable
        if minor == payable and not hooks.config.confirms:
            continue
        body = dumped(hooks.event("paid", checkout, amount=hooks.orders.amount(minor), amount_minor=minor))
        answer = hooks.post(case, body, hooks.sign(body))
        require(answer.status < 500, f"a webhook of another amount was answered {answer.summary}")
        state = hooks.state(case, checkout)
        require(state != "paid", f"a satang too little was paid, the webhook says {told}, and the order is paid")


@rule("inbound.late", "A webhook that comes late is not lost", forbids="money that came after the end, and is dropped")
def _late(service: Service, case: Case) -> None:
    """Paid and told a minute after the payment's end."""
    hooks = sender(service)
    hooks.need_frozen()
    checkout = _open(hooks, case)
    service.wait(case, hooks.orders.config.payment_life_s + 60)
    hooks.orders.pay(case, checkout)
    _accepted(hooks, hooks.send(case, "paid", checkout), "a late webhook")
    expected, state = hooks.orders.config.late, hooks.state(case, checkout)
    require(state == expected, f"a payment was told after its end, and the order is {state}, expected {expected}")


def _signed_nonsense(hooks: Sender, checkout: Checkout) -> dict[str, bytes]:
    event = hooks.event("paid", checkout)
    nobody = Checkout(checkout.order, "ch_nobody", "none", None, checkout.answer)
    return {
        "an empty body": b"",
        "half a body": dumped(event)[:-9],
        "null": b"null",
        "a list": b"[]",
        "a number": b"1",
        "a text": b'"paid"',
        "an empty object": b"{}",
        "invalid UTF-8": b'{"id": "\xff\xfe"}',
        "a lone surrogate": dumped({**event, "note": "x"}).replace(b'"x"', b'"\\ud800"'),
        "twenty thousand brackets": b"[" * 20_000,
        "a number without end": dumped(event)[:-1] + b',"n":' + b"9" * 5000 + b"}",
        "an event of a kind that nobody knows": dumped({**event, **_other_kind(hooks, event)}),
        "an event about a charge that nobody knows": dumped(hooks.event("paid", nobody)),
        "an event about null": dumped(hooks.event("paid", checkout, charge=None, payment=None, order=None)),
        "an event about an object": dumped(hooks.event("paid", checkout, charge={}, payment={}, order=[])),
        "an event over an amount in words": dumped(hooks.event("paid", checkout, amount="much", amount_minor="much")),
        "each field null": dumped(dict.fromkeys(event)),
        "each field a list": dumped({name: [] for name in event}),
    }


def _other_kind(hooks: Sender, event: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that name the event's kind, with a kind that nobody knows."""
    return {name: "no.such.event" for name, value in event.items() if value == hooks.config.events["paid"]}


@rule(
    "inbound.nonsense",
    "Signed nonsense is no failure",
    forbids="a 500 for what cannot be read, which a provider sends again for days",
)
def _nonsense(service: Service, case: Case) -> None:
    """Rightly signed: nothing, half a body, null, deep JSON, invalid UTF-8, unknown kinds, charges and values."""
    hooks = sender(service)
    checkout = _open(hooks, case)
    for about, body in _signed_nonsense(hooks, checkout).items():
        answer = hooks.post(case, body, hooks.sign(body))
        require(answer.status < 500, f"{about}, rightly signed, was answered {answer.summary}")
        case.journal.clear()
    state = hooks.state(case, checkout)
    require(state != "paid" or not hooks.config.confirms, f"an order is {state} by webhooks that make no sense")


@rule(
    "inbound.unknown",
    "An event of a kind that is not known is taken and ignored",
    forbids="a provider that turns an endpoint off because new kinds of events are refused",
)
def _unknown(service: Service, case: Case) -> None:
    """A rightly signed event of another kind about an open order: 2xx, and nothing changes."""
    hooks = sender(service)
    checkout = _open(hooks, case)
    event = hooks.event("paid", checkout, event="no.such.event")
    if event == hooks.event("paid", checkout):
        raise NotCheckedError("inbound.event has no {event}")
    before = hooks.orders.state(case, checkout.order)
    body = dumped(event)
    _accepted(hooks, hooks.post(case, body, hooks.sign(body)), "an event of a kind that nobody knows")
    state = hooks.state(case, checkout)
    require(state == before, f"an event of a kind that nobody knows made an order {state}")


@rule("inbound.huge", "A huge body is no failure", forbids="a 500, and reading on without end what nobody signed")
def _huge(service: Service, case: Case) -> None:
    """2 MiB without a signature are refused, also by closing the connection; signed, anything but a failure."""
    hooks = sender(service)
    checkout = _open(hooks, case)
    padded = dumped({**hooks.event("paid", checkout), "padding": "x" * HUGE})
    status = hooks.post_large(case, padded, {})
    require(status is None or 400 <= status < 500, f"2 MiB without a signature were answered {status}")
    status = hooks.post_large(case, padded, hooks.sign(padded))
    require(status is None or status < 500, f"2 MiB, rightly signed, were answered {status}")
    hooks.orders.pay(case, checkout)
    _accepted(hooks, hooks.send(case, "paid", checkout), "a right webhook after two huge ones")


@rule(
    "inbound.rotation",
    "During a rotation both secrets count",
    forbids="webhooks that are lost while a secret is changed",
)
def _rotation(service: Service, case: Case) -> None:
    """A webhook signed by each of the secrets."""
    hooks = sender(service)
    if len(hooks.secrets) < 2:
        raise NotCheckedError("the configuration has one secret in inbound.secrets")
    for number, secret in enumerate(hooks.secrets, 1):
        checkout = _open(hooks, case)
        hooks.orders.pay(case, checkout)
        answer = hooks.send(case, "paid", checkout, secret=secret)
        _accepted(hooks, answer, f"a webhook signed by the {number}. secret")


@rule("inbound.retired", "A retired secret counts no more", forbids="a leaked secret that opens the door for ever")
def _retired(service: Service, case: Case) -> None:
    """A webhook signed by the secret that was taken out of use."""
    hooks = sender(service)
    if hooks.config.retired is None:
        raise NotCheckedError("the configuration has no inbound.retired")
    retired = hooks.secret(hooks.config.retired)
    answer = hooks.send(case, "paid", _open(hooks, case), secret=retired)
    _refused(hooks, answer, "a webhook signed by a retired secret")


@rule(
    "inbound.several",
    "One right signature of several is enough",
    forbids="looking at the first signature alone, when the provider changes its secret",
)
def _several(service: Service, case: Case) -> None:
    """A wrong signature before the right one, and behind it; two wrong ones are refused."""
    hooks = sender(service)
    separator, name = hooks.form.separator, hooks.form.signature_header
    if separator is None:
        raise NotCheckedError(f"the form {hooks.form.name} has one signature")
    for right_at in (0, 1, None):
        checkout = _open(hooks, case)
        hooks.orders.pay(case, checkout)
        event_id = hooks.new_id()
        body = dumped(hooks.event("paid", checkout, event_id=event_id))
        right = hooks.sign(body, message_id=event_id)
        wrong = hooks.sign(body, secret=_another(hooks), message_id=event_id)[name]
        signatures = [right[name] if place == right_at else wrong for place in range(2)]
        answer = hooks.post(case, body, right | {name: separator.join(signatures)})
        if right_at is None:
            _refused(hooks, answer, "a webhook with two wrong signatures")
        else:
            _accepted(hooks, answer, f"a webhook whose {right_at + 1}. signature of two is right")


@rule(
    "inbound.outage",
    "A webhook while the provider is silent is no failure, and is not lost",
    forbids="a 500 to the provider that cannot be asked, and an event that is done with before it had an effect",
)
def _outage(service: Service, case: Case) -> None:
    """The harness's provider answers 503 while the webhook comes; then it is back, and the webhook comes again."""
    hooks = sender(service)
    if service.provider is None or "pay" in hooks.orders.config.operations or not hooks.config.confirms:
        raise NotCheckedError("the service confirms nothing with the harness's own provider")
    checkout = hooks.orders.checkout(case, hooks.orders.place(case, PLAIN))
    hooks.orders.pay(case, checkout)
    body = dumped(hooks.event("paid", checkout))
    service.provider.down = True
    try:
        answer = hooks.post(case, body, hooks.sign(body))
        require(answer.status != 500, f"a webhook while the provider is silent was answered {answer.summary}")
        state = hooks.orders.state(case, checkout.order)
        require(state != "paid", f"the provider could not be asked, and the order is {state}")
    finally:
        service.provider.down = False
    _accepted(hooks, hooks.post(case, body, hooks.sign(body)), "the webhook, sent again,")
    state = hooks.state(case, checkout)
    require(state == "paid", f"the provider is back, the webhook came again, and the order is {state}")
