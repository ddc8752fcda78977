"""Rules of keys, error bodies, parameters, amounts and headers. Most need no state, and are held by a recording too."""

import base64

from bakong_conformance.case import Case
from bakong_conformance.http import Answer
from bakong_conformance.rules import Suite, require
from bakong_conformance.stripe.subject import (
    TYPES,
    Stripe,
    error_of,
    intent_params,
    is_now,
    refused,
    session_params,
)

SUITE = Suite("stripe")
rule = SUITE.rule
WRONG_KEY = "sk_test_wrong0000000000000001234"
NOBODY = {
    "payment_intents": ("pi_nobody", "payment_intent"),
    "charges": ("ch_nobody", "charge"),
    "refunds": ("re_nobody", "refund"),
    "customers": ("cus_nobody", "customer"),
    "checkout/sessions": ("cs_test_nobody", "checkout.session"),
}
MINIMA = {"usd": 50, "eur": 50, "gbp": 30, "jpy": 50, "hkd": 400, "thb": 1000, "mxn": 1000}
LARGEST = 99_999_999


@rule("auth.none", "Without a key nobody is let in", forbids="a fake that never notices a key that was forgotten")
def _no_key(stripe: Stripe, case: Case) -> None:
    """A read without Authorization: 401, invalid_request_error."""
    answer = stripe.get(case, "balance", headers={"authorization": ""})
    refused(answer, "a call without a key", status=401, begins="You did not provide an API key.")


@rule("auth.wrong", "A wrong key is refused, and not shown", forbids="a secret in an error, a log, a bug report")
def _wrong_key(stripe: Stripe, case: Case) -> None:
    """A key that nobody has: 401; the message shows its ends alone."""
    answer = stripe.get(case, "balance", headers={"authorization": f"Bearer {WRONG_KEY}"})
    refused(answer, "a wrong key", status=401, begins="Invalid API Key provided: ")
    require(WRONG_KEY not in answer.text, "a refusal shows the whole key that was given")


@rule("auth.basic", "A key may come as a user name", forbids="refusing curl -u, as every page of Stripe's shows it")
def _basic(stripe: Stripe, case: Case) -> None:
    """Basic, with an empty password."""
    stripe.need_state()
    given = base64.b64encode(f"{stripe.key}:".encode()).decode()
    answer = stripe.get(case, "balance", headers={"authorization": f"Basic {given}"})
    require(answer.status == 200, f"the key as a user name was answered {answer.summary}")


@rule("error.envelope", "An error has Stripe's form", forbids="errors that an SDK cannot map to its classes")
def _envelope(stripe: Stripe, case: Case) -> None:
    """The refusals of an unknown id and of a missing parameter: one key, a known type, no nulls, a doc_url."""
    for answer in (stripe.get(case, "customers/cus_nobody"), stripe.post(case, "payment_intents", {"currency": "usd"})):
        body = answer.body
        require(isinstance(body, dict) and list(body) == ["error"], f"expected an 'error' alone: {answer.summary}")
        error = error_of(answer)
        require(error.get("type") in TYPES, f"error.type is {error.get('type')!r}")
        require(bool(error.get("message")), f"an error without a message: {answer.summary}")
        nulls = sorted(name for name, value in error.items() if value is None)
        require(not nulls, f"an error has the nulls {nulls}: what is not there is left out")
        url = f"https://stripe.com/docs/error-codes/{str(error.get('code')).replace('_', '-')}"
        require(error.get("doc_url") == url, f"doc_url is {error.get('doc_url')!r}, expected {url}")


@rule("error.path", "An unknown path says so", forbids="an HTML page, or a 200, for a mistyped URL")
def _path(stripe: Stripe, case: Case) -> None:
    """GET /v1/frobnications: 404."""
    answer = stripe.get(case, "frobnications")
    refused(answer, "an unknown path", status=404, begins="Unrecognized request URL (GET: /v1/frobnications).")


@rule("error.unknown", "What is not there is 404 resource_missing", forbids="a 400, a 500 or an empty object for an id")
def _unknown(stripe: Stripe, case: Case) -> None:
    """An id of nobody's of each kind."""
    for path, (nobody, name) in NOBODY.items():
        about = f"GET {path}/{nobody}"
        error = refused(stripe.get(case, f"{path}/{nobody}"), about, status=404, code="resource_missing")
        expected = f"No such {name}: '{nobody}'"
        message, param = error.get("message"), error.get("param")
        require(message == expected, f"{about}: the message is {message!r}, expected {expected!r}")
        expected_params = ("intent", "id") if path == "payment_intents" else ("id",)
        require(param in expected_params, f"{about}: param is {param!r}, expected {expected_params}")


@rule("error.reference", "An unknown id in a body is 400", forbids="a 404 that a client takes for a wrong URL")
def _reference(stripe: Stripe, case: Case) -> None:
    """Refunds of a PaymentIntent and of a charge that are not there, and a customer of a new intent."""
    asked = {
        "payment_intent": ("refunds", {"payment_intent": "pi_nobody"}, "No such payment_intent: 'pi_nobody'"),
        "charge": ("refunds", {"charge": "ch_nobody"}, "No such charge: 'ch_nobody'"),
        "customer": ("payment_intents", intent_params(customer="cus_nobody"), "No such customer: 'cus_nobody'"),
    }
    for param, (path, params, message) in asked.items():
        answer = stripe.post(case, path, params)
        refused(answer, f"an unknown {param} in a body", code="resource_missing", param=param, begins=message)


@rule("error.required", "A missing parameter is named", forbids="defaults for what must be said")
def _required(stripe: Stripe, case: Case) -> None:
    """A PaymentIntent without amount, and without currency."""
    for name in ("amount", "currency"):
        answer = stripe.post(case, "payment_intents", intent_params(**{name: None}))
        about = f"a PaymentIntent without {name}"
        refused(answer, about, code="parameter_missing", param=name, begins="Missing required param: ")


@rule("error.parameter", "An unknown parameter is refused", forbids="typing errors that pass here and fail in life")
def _parameter(stripe: Stripe, case: Case) -> None:
    """A PaymentIntent with `frobnicate`."""
    answer = stripe.post(case, "payment_intents", intent_params(frobnicate="1"))
    begins = "Received unknown parameter: frobnicate"
    refused(answer, "the parameter frobnicate", code="parameter_unknown", param="frobnicate", begins=begins)


@rule("error.nested", "An unknown parameter inside another is refused", forbids="the same, one level further down")
def _nested(stripe: Stripe, case: Case) -> None:
    """A Checkout Session with payment_intent_data[frobnicate]."""
    answer = stripe.post(case, "checkout/sessions", session_params(payment_intent_data={"frobnicate": "1"}))
    begins = "Received unknown parameter: payment_intent_data[frobnicate]"
    refused(answer, "the parameter payment_intent_data[frobnicate]", code="parameter_unknown", begins=begins)


@rule("error.integer", "What is no integer is refused", forbids="a 500, or an amount that is cut to an integer")
def _integer(stripe: Stripe, case: Case) -> None:
    """Letters, and a fraction, as an amount."""
    for text in ("abc", "10.5"):
        answer = stripe.post(case, "payment_intents", intent_params(amount=text))
        about, begins = f"the amount {text}", f"Invalid integer: {text}"
        refused(answer, about, code="parameter_invalid_integer", param="amount", begins=begins)


@rule("amount.minimum", "Each currency has its minimum", forbids="charges that real life refuses, and 0.50 for all")
def _minimum(stripe: Stripe, case: Case) -> None:
    """A minor unit less than the minimum, and the minimum itself."""
    stripe.need_state()
    for currency, least in MINIMA.items():
        answer = stripe.post(case, "payment_intents", intent_params(amount=least - 1, currency=currency))
        about = f"{least - 1} in {currency}"
        refused(answer, about, code="amount_too_small", param="amount", begins="Amount must be ")
        taken = stripe.intent(case, amount=least, currency=currency)
        is_now(taken, f"{least} in {currency}", amount=least, currency=currency)


@rule("amount.riel", "Riel have two decimals", forbids="4000 riel that are charged as 40")
def _riel(stripe: Stripe, case: Case) -> None:
    """400000 is 4000 riel and is taken; 4000, which is 40 riel or a US cent, is not."""
    stripe.need_state()
    is_now(stripe.intent(case, amount=400_000, currency="khr"), "4000 riel", amount=400_000, currency="khr")
    answer = stripe.post(case, "payment_intents", intent_params(amount=4000, currency="khr"))
    refused(answer, "40 riel", code="amount_too_small", param="amount")


@rule("amount.maximum", "An amount has eight digits at most", forbids="amounts that real life refuses")
def _maximum(stripe: Stripe, case: Case) -> None:
    """99999999 is taken, one more is not."""
    stripe.need_state()
    is_now(stripe.intent(case, amount=LARGEST), "the largest amount", amount=LARGEST)
    refused(stripe.post(case, "payment_intents", intent_params(amount=LARGEST + 1)), "nine digits", param="amount")


@rule("amount.currency", "A currency is known", forbids="any three letters as a currency")
def _currency(stripe: Stripe, case: Case) -> None:
    """Xxz."""
    answer = stripe.post(case, "payment_intents", intent_params(currency="xxz"))
    refused(answer, "the currency xxz", param="currency", begins="Invalid currency: xxz.")


def _request_id(answer: Answer) -> str:
    return str(answer.headers.get("request-id") or "")


@rule("headers", "Each answer has an id of its own", forbids="a requestId that an SDK shows as undefined")
def _headers(stripe: Stripe, case: Case) -> None:
    """Request-Id on a success and on a refusal; the version that was asked for; the key of a POST."""
    stripe.need_state()
    key = stripe.new_key()
    answers = [stripe.post(case, "customers", {"name": "A"}, key=key), stripe.get(case, "customers/cus_nobody")]
    ids = [_request_id(answer) for answer in answers]
    require(all(one.startswith("req_") for one in ids), f"the Request-Ids are {ids}")
    require(len(set(ids)) == len(ids), f"two answers have the Request-Id {ids[0]}")
    sent = answers[0].headers.get("idempotency-key")
    require(sent == key, f"the Idempotency-Key is told as {sent!r}, expected {key!r}")
