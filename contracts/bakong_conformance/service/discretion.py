"""What tells a secret, so much of it, plain or decoded, that the rest can be guessed; and that no answer does."""

import base64
import re
from collections.abc import Iterator
from typing import Any

from bakong_conformance.case import Case
from bakong_conformance.http import Answer
from bakong_conformance.rules import NotCheckedError, Severity, Suite, require
from bakong_conformance.service.keys import wrong_key
from bakong_conformance.service.subject import Payment, Service
from bakong_contracts import webhooks
from bakong_contracts.webhooks import WebhookError

SUITE = Suite("service")
rule = SUITE.rule
LEAST, PIECE = 8, 16  # letters: what is shorter is no secret; who reads so many in a row has it
NAMES = ("api_key", "token", "webhook_secret", "second_key")
ASKED = ("status", "subscription", "history", "health")  # operations that change nothing


def secrets_of(service: Service) -> dict[str, str]:
    """The secrets that a service was started with, by what they are called in a message."""
    known = {name: str(service.values.get(name) or "") for name in NAMES}
    return {**known, "the bytes of the webhook secret": _bytes_of(known["webhook_secret"])}


def leaks(text: str, secret: str) -> bool:
    """Whether so much of the secret is in the text, plain, in Base64 or in hex, that nobody has to guess the rest."""
    size = min(PIECE, len(secret))
    pieces = {secret[at : at + size] for at in range(len(secret) - size + 1)} if size >= LEAST else set()
    return any(piece in form for form in _forms(text) for piece in pieces)


def _bytes_of(secret: str) -> str:
    """The bytes of a secret, each as the letter of its number."""
    try:
        return webhooks.secret_bytes(secret).decode("latin-1")
    except WebhookError:
        return ""


def _forms(text: str) -> Iterator[str]:
    """The text, and what its words are when they are decoded."""
    yield text
    for word in re.findall(r"[A-Za-z0-9+/_-]{12,}", text):
        whole = word.replace("-", "+").replace("_", "/")
        yield base64.b64decode(whole[: len(whole) // 4 * 4]).decode("latin-1")
        if re.fullmatch(r"(?:[0-9a-fA-F]{2})+", word):
            yield bytes.fromhex(word).decode("latin-1")


@rule(
    "answers.discreet",
    "No answer holds a secret",
    forbids="keys, tokens and secrets in answers, also to who may not ask",
    severity=Severity.CRITICAL,
)
def _discreet(service: Service, case: Case) -> None:
    """A payment is made, looked at, paid; wrong ids, bodies, keys: no part of a key, token or secret in any answer."""
    payment = service.create(case)
    answers = {"create": payment.answer, **_looked(service, case, payment)}
    service.pay(case, payment)
    service.becomes(case, payment, "paid")
    answers |= {f"{name}, once it is paid": answer for name, answer in _looked(service, case, payment).items()}
    answers["status of an unknown id"] = service.do(case, "status", md5="0" * 32, id="none", user="u")
    misfit = service.order(payment.user, payment.plan, "USD") | {"amount": "none"}
    answers["create with a text as amount"] = service.do(case, "create", **misfit)
    try:
        refused = service.do(case, "status", headers=wrong_key(service), **_named(payment))
        answers["status with a wrong key"] = refused
    except NotCheckedError:
        pass
    for what, answer in answers.items():
        text = "\n".join([answer.text, *answer.headers.values()])
        for name, secret in secrets_of(service).items():
            require(not leaks(text, secret), f"the answer to {what} holds {name}, or much of it: {answer.summary}")


def _looked(service: Service, case: Case, payment: Payment) -> dict[str, Answer]:
    return {name: service.do(case, name, **_named(payment)) for name in ASKED if name in service.config.operations}


def _named(payment: Payment) -> dict[str, Any]:
    return {"md5": payment.md5, "id": payment.id, "user": payment.user}
