"""A Stripe under test: its URL, its key, and for a fake the control URL of its world. Judges nothing by itself."""

import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import httpx

from bakong_conformance.case import Case
from bakong_conformance.cassettes.playing import NotRecordedError, Player
from bakong_conformance.http import Answer, call, client
from bakong_conformance.rules import CannotRunError, NotCheckedError, PreconditionError, require
from bakong_conformance.service.receiver import Receiver
from bakong_conformance.stripe.recording import Recorder

VERSION = "2026-10-28.endive"
TYPES = ("api_error", "card_error", "idempotency_error", "invalid_request_error")
STATE = "payment_intent_unexpected_state"
RETURN_URL = "https://shop.example/back"
Params = Mapping[str, Any]


@dataclass(slots=True)
class Stripe:
    """base_url: what stands before /v1. control: the URL of the fake's world, or None. trust: whose certificates count.

    transport and receiver: in the place of the network. wall_s: the epoch seconds that webhooks are signed by.
    cassette: answers in the place of a Stripe.
    """

    base_url: str
    key: str
    control: str | None = None
    trust: ssl.SSLContext | None = None
    transport: httpx.BaseTransport | None = None
    cassette: Player | None = None
    receiver: Receiver = field(default_factory=Receiver)
    run: str = ""
    wall_s: Callable[[], int] = lambda: 0
    recorder: Recorder | None = None
    _http: httpx.Client | None = None
    _control: httpx.Client | None = None
    _numbers: Iterator[int] = field(default_factory=lambda: iter(range(1, 10**9)))

    @property
    def http(self) -> httpx.Client:
        self._http = self._http or client(self.base_url, transport=self.cassette or self.transport, trust=self.trust)
        return self._http

    def close(self) -> None:
        for one in (self._http, self._control):
            if one:
                one.close()
        self.receiver.stop()

    def preflight(self) -> None:
        """Raises CannotRunError where nobody answers."""
        if self.cassette:
            return
        try:
            self.http.get("/v1/balance")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise CannotRunError(f"{self.base_url} does not answer: {error}") from None

    # Calls

    def ask(
        self,
        case: Case | None,
        method: str,
        path: str,
        params: Params | None = None,
        *,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One call of /v1. key: an Idempotency-Key. headers: in the place of the usual ones; an empty one is not sent.

        Raises NotCheckedError for what a cassette does not hold.
        """
        sent = {"authorization": f"Bearer {self.key}", "stripe-version": VERSION, **(headers or {})}
        if key is not None:
            sent["idempotency-key"] = key
        pairs = urlencode(list(flat(params or {})))
        raw = None
        if method == "POST":
            sent["content-type"] = "application/x-www-form-urlencoded"
            raw = pairs.encode()
        elif pairs:
            path = f"{path}?{pairs}"
        try:
            shown = {name: value for name, value in sent.items() if value}
            answer = call(case, self.http, method, f"/v1/{path}", headers=shown, raw=raw)
        except NotRecordedError as error:
            raise NotCheckedError(f"the cassette holds no answer to {error}") from None
        if self.recorder:
            self.recorder.keep(method, path, sent.get("authorization", ""), raw, answer)
        require(answer.status < 500, f"{method} /v1/{path} was answered {answer.summary}")
        return answer

    def post(self, case: Case | None, path: str, params: Params | None = None, **how: Any) -> Answer:
        return self.ask(case, "POST", path, params, **how)

    def get(self, case: Case | None, path: str, params: Params | None = None, **how: Any) -> Answer:
        return self.ask(case, "GET", path, params, **how)

    def new_key(self) -> str:
        """An Idempotency-Key, or another text, that was not used before in this run."""
        return f"verify-{self.run}-{next(self._numbers)}"

    # What rules build on. Raises PreconditionError where it does not work.

    def need_state(self) -> None:
        """Before anything is made. Raises NotCheckedError for a recording, and while one is made."""
        if self.cassette or self.recorder:
            raise NotCheckedError("it needs a Stripe that keeps state, not a recording")

    def made(self, case: Case, path: str, params: Params | None = None, **how: Any) -> dict[str, Any]:
        self.need_state()
        return object_of(self.post(case, path, params, **how), path)

    def read(self, case: Case, path: str, params: Params | None = None) -> dict[str, Any]:
        self.need_state()
        return object_of(self.get(case, path, params), path)

    def intent(self, case: Case, **params: Any) -> dict[str, Any]:
        """A PaymentIntent over 20.00 USD for cards."""
        return self.made(case, "payment_intents", intent_params(**params))

    def paid(self, case: Case, card: str = "pm_card_visa", **params: Any) -> dict[str, Any]:
        """A PaymentIntent that was confirmed with a card; whatever status it has got."""
        return self.intent(case, payment_method=card, confirm="true", **params)

    def charge(self, case: Case, intent: Mapping[str, Any]) -> dict[str, Any]:
        """The latest charge, as it is now."""
        now = self.read(case, f"payment_intents/{intent['id']}")
        charge = now.get("latest_charge")
        if not isinstance(charge, str):
            raise PreconditionError(f"a PaymentIntent that was charged has the latest_charge {charge!r}")
        return self.read(case, f"charges/{charge}")

    def session(self, case: Case, **params: Any) -> dict[str, Any]:
        """A Checkout Session over 2 x 10.00 USD."""
        return self.made(case, "checkout/sessions", session_params(**params))

    # The fake's control

    def need_control(self) -> None:
        self.need_state()
        if self.control is None:
            raise NotCheckedError("it needs a fake: give --control, the URL of its world")

    def command(self, case: Case, path: str, body: Any = None) -> Any:
        """A POST to the world's control API. Raises PreconditionError where it is refused."""
        self.need_control()
        if self._control is None:
            self._control = client(self.control or "", transport=self.transport, trust=self.trust)
        answer = call(case, self._control, "POST", path, body=body or {})
        if not 200 <= answer.status < 300:
            raise PreconditionError(f"the fake refused POST {path}: {answer.summary}")
        return answer.body

    def advance(self, case: Case, seconds: float) -> None:
        """Move the world's clock; what falls due is done, and delivered, before it returns."""
        self.command(case, "/clock/advance", {"seconds": seconds})

    @contextmanager
    def endpoint(self, case: Case, *events: str) -> Iterator[dict[str, Any]]:
        """A webhook endpoint of ours for these events; what came before is forgotten."""
        self.need_control()
        url = self.receiver.url or self.receiver.start()
        self.receiver.arrived.clear()
        self.receiver.accept()
        made = self.made(case, "webhook_endpoints", {"url": url, "enabled_events": list(events)})
        try:
            yield made
        finally:
            self.ask(None, "DELETE", f"webhook_endpoints/{made['id']}")
            self.receiver.accept()


def intent_params(**params: Any) -> dict[str, Any]:
    """Of a PaymentIntent over 20.00 USD for cards. None leaves a parameter out."""
    usual = {"amount": 2000, "currency": "usd", "payment_method_types": ["card"]}
    return {name: value for name, value in (usual | params).items() if value is not None}


def session_params(**params: Any) -> dict[str, Any]:
    """Of a Checkout Session over 2 x 10.00 USD. None leaves a parameter out."""
    price = {"currency": "usd", "unit_amount": 1000, "product_data": {"name": "A cup"}}
    usual = {
        "mode": "payment",
        "success_url": "https://shop.example/done?s={CHECKOUT_SESSION_ID}",
        "cancel_url": "https://shop.example/cart",
        "line_items": [{"price_data": price, "quantity": 2}],
    }
    return {name: value for name, value in (usual | params).items() if value is not None}


def flat(params: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """The pairs of a form, with brackets for what is nested.

    >>> list(flat({"metadata": {"order": 7}, "expand": ["customer"]}))
    [('metadata[order]', '7'), ('expand[0]', 'customer')]
    """
    items = params.items() if isinstance(params, Mapping) else enumerate(params)
    for name, value in items:
        place = f"{prefix}[{name}]" if prefix else str(name)
        if isinstance(value, Mapping | list | tuple):
            yield from flat(value, place)
        else:
            yield place, str(value)


def object_of(answer: Answer, about: str) -> dict[str, Any]:
    """The object of a success. Raises PreconditionError."""
    if answer.status != 200 or not isinstance(answer.body, dict):
        raise PreconditionError(f"a right call of {about} was answered {answer.summary}")
    return answer.body


def error_of(answer: Answer) -> dict[str, Any]:
    """What stands under `error`; empty where nothing does."""
    error = answer.get("error")
    return error if isinstance(error, dict) else {}


def refused(
    answer: Answer,
    about: str,
    *,
    status: int = 400,
    code: str | None = None,
    param: str | None = None,
    begins: str = "",
    kind: str = "invalid_request_error",
) -> dict[str, Any]:
    """The error, held to what is named: code and param None are not held to anything."""
    error = error_of(answer)
    require(answer.status == status, f"{about} was answered {answer.summary}, expected {status}")
    require(error.get("type") == kind, f"{about}: error.type is {error.get('type')!r}, expected {kind}")
    require(code is None or error.get("code") == code, f"{about}: error.code is {error.get('code')!r}, expected {code}")
    named = error.get("param")
    require(param in (None, named), f"{about}: error.param is {named!r}, expected {param}")
    message = str(error.get("message"))
    require(message.startswith(begins), f"{about}: the message is {message!r}, expected that it begins {begins!r}")
    return error


def is_now(found: Mapping[str, Any], about: str, **expected: Any) -> None:
    """Whether the fields of an object have these values."""
    for name, value in expected.items():
        require(found.get(name) == value, f"{about}: {name} is {found.get(name)!r}, expected {value!r}")
