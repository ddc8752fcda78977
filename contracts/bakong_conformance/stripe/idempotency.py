"""Rules of Idempotency-Key: what is replayed, what is refused, what leaves a key free."""

from functools import partial

from bakong_conformance.case import Case
from bakong_conformance.http import Answer
from bakong_conformance.racing import at_once
from bakong_conformance.rules import Suite, require
from bakong_conformance.stripe.subject import Stripe, error_of, intent_params, object_of, refused

SUITE = Suite("stripe")
rule = SUITE.rule
RACERS = 8
DAY_S = 86_400


def _replayed(answer: Answer) -> bool:
    return str(answer.headers.get("idempotent-replayed")) == "true"


@rule("key.replay", "The same call under a key is one call", forbids="two charges for a retry")
def _replay(stripe: Stripe, case: Case) -> None:
    """Twice, then with the parameters in another order: the same answer, marked as replayed from the second on."""
    stripe.need_state()
    key, params = stripe.new_key(), intent_params()
    first = stripe.post(case, "payment_intents", params, key=key)
    made = object_of(first, "payment_intents")
    require(not _replayed(first), "a first answer says that it was replayed")
    for about, again in (("again", params), ("in another order", dict(reversed(params.items())))):
        answer = stripe.post(case, "payment_intents", again, key=key)
        require(answer.body == made, f"the same call {about} under its key was answered {answer.summary}")
        require(_replayed(answer), f"the same call {about} under its key has no Idempotent-Replayed: true")


@rule("key.other", "A key serves one call only", forbids="an answer to another question")
def _other(stripe: Stripe, case: Case) -> None:
    """Another amount, then another path, under the key: 400 idempotency_error."""
    stripe.need_state()
    key = stripe.new_key()
    stripe.made(case, "payment_intents", intent_params(), key=key)
    begins = "Keys for idempotent requests can only be used "
    calls = {
        "another amount": ("payment_intents", intent_params(amount=2100)),
        "another path": ("customers", intent_params()),
    }
    for about, (path, params) in calls.items():
        answer = stripe.post(case, path, params, key=key)
        error = refused(answer, f"{about} under a key", kind="idempotency_error", begins=begins)
        require("code" not in error, f"{about} under a key: error.code is {error.get('code')!r}, expected none")


@rule("key.declined", "A decline is replayed", forbids="a second try of a card that the caller did not ask for")
def _declined(stripe: Stripe, case: Case) -> None:
    """A confirmation that is declined, twice under a key: the same 402; the card was tried once."""
    intent, key = stripe.intent(case), stripe.new_key()
    path, params = f"payment_intents/{intent['id']}/confirm", {"payment_method": "pm_card_visa_chargeDeclined"}
    first, second = (stripe.post(case, path, params, key=key) for _ in range(2))
    for answer in (first, second):
        refused(answer, "a declined card", status=402, kind="card_error")
    require(_replayed(second), "a decline under its key is not replayed")
    charges = [error_of(answer).get("charge") for answer in (first, second)]
    require(charges[0] == charges[1], f"the same call under a key was charged twice: {charges}")


@rule("key.refused", "What was not begun leaves its key free", forbids="a typing error that burns a key for a day")
def _refused(stripe: Stripe, case: Case) -> None:
    """A call without an amount, then the right one under the same key."""
    stripe.need_state()
    key = stripe.new_key()
    answer = stripe.post(case, "payment_intents", intent_params(amount=None), key=key)
    refused(answer, "a PaymentIntent without an amount", code="parameter_missing")
    answer = stripe.post(case, "payment_intents", intent_params(), key=key)
    require(answer.status == 200, f"a right call under the key of one that was not begun: {answer.summary}")


@rule("key.race", "One object, however often a key is sent at once", forbids="a double submit that pays twice")
def _race(stripe: Stripe, case: Case) -> None:
    """Eight at once: one object; who comes too early gets 409 idempotency_key_in_use."""
    stripe.need_state()
    for _ in range(3):
        key = stripe.new_key()
        answers = at_once([partial(stripe.post, None, "payment_intents", intent_params(), key=key)] * RACERS)
        case.note(f"{RACERS} calls at once under a key", sorted(answer.status for answer in answers))
        made = {answer.get("id") for answer in answers if answer.status == 200}
        require(len(made) == 1, f"{RACERS} calls at once under a key made {sorted(map(str, made))}")
        for answer in answers:
            code = error_of(answer).get("code")
            about = f"a call while the first under its key runs was answered {answer.summary}"
            require(answer.status == 200 or (answer.status == 409 and code == "idempotency_key_in_use"), about)


@rule("key.get", "A read has no key", forbids="a stale answer to a read")
def _get(stripe: Stripe, case: Case) -> None:
    """An intent is read under a key, changed, and read under it again."""
    intent, key = stripe.intent(case), stripe.new_key()
    path = f"payment_intents/{intent['id']}"
    stripe.get(case, path, key=key)
    stripe.made(case, path, {"description": "changed"})
    again = stripe.get(case, path, key=key)
    told = again.get("description")
    require(told == "changed", f"a read under a key that was used tells {told!r}")


@rule("key.day", "A key is kept for a day", forbids="a retry of the evening that pays again")
def _day(stripe: Stripe, case: Case) -> None:
    """The same call 23 h 59 min later: replayed."""
    stripe.need_control()
    key = stripe.new_key()
    made = stripe.made(case, "payment_intents", intent_params(), key=key)
    stripe.advance(case, DAY_S - 60)
    again = stripe.post(case, "payment_intents", intent_params(), key=key)
    require(again.get("id") == made["id"], f"a key was forgotten within the day: {again.summary}")
