"""A Nagad-like server under test: its URL, the shop's key and Nagad's, its customer, and for a fake its clock."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import httpx

from bakong_conformance.case import Case
from bakong_conformance.http import Answer, call
from bakong_conformance.rules import CannotRunError, NotCheckedError, PreconditionError, RuleBrokenError, require
from bakong_conformance.stand_ins.money import dhaka
from bakong_conformance.stand_ins.sealing import Seal, SealError, opened, seal

CALLBACK = "https://shop.example/nagad"
HEADERS = {"x-km-api-version": "v-0.2.0", "x-km-ip-v4": "203.0.113.7", "x-km-client-type": "PC_WEB"}


@dataclass(frozen=True, slots=True)
class Order:
    """An order that was initialized, and perhaps completed. answer: of its last step."""

    id: str
    reference: str
    challenge: Any
    amount: str
    answer: Answer
    plain: Mapping[str, Any]


@dataclass(slots=True)
class Nagad:
    """base_url ends in /api/dfs. private_key is the shop's, public_key Nagad's. control: the control URL of its world.

    advance, now_ms: its clock, where it can be moved and read.
    """

    http: httpx.Client
    base_url: str
    merchant: str
    private_key: str
    public_key: str
    now_ms: Callable[[], int]
    control: str = ""
    wallets: Mapping[str, str] = field(default_factory=dict)
    pin: str = ""
    advance: Callable[[float], None] | None = None
    run: str = "1"
    _count: int = 0

    def preflight(self) -> None:
        """Raises CannotRunError where nothing answers."""
        try:
            self.http.get(f"{self.base_url}/verify/payment/nobody")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise CannotRunError(f"{self.base_url} does not answer: {error}") from None

    # Calls

    def seal(self, plain: Mapping[str, Any], *, text: bytes | None = None, to: str = "") -> Seal:
        return seal(plain, to=to or self.public_key, by=self.private_key, text=text)

    def opened(self, answer: Answer, about: str) -> dict[str, Any]:
        """The plaintext of a sealed answer. Raises RuleBrokenError."""
        data, signature = answer.get("sensitiveData"), answer.get("signature")
        require(answer.status == 200, f"{about} was answered {answer.summary}")
        try:
            plain = json.loads(opened(data, signature, mine=self.private_key, theirs=self.public_key))
        except SealError as error:
            raise RuleBrokenError(f"the answer of {about} does not open: {error}: {answer.summary}") from None
        require(isinstance(plain, dict), f"the plaintext of {about} is no object: {plain!r}")
        return dict(plain)

    def post(self, case: Case, path: str, body: Any, headers: Mapping[str, str] | None = None) -> Answer:
        sent = HEADERS if headers is None else headers
        return call(case, self.http, "POST", self.base_url + path, headers=sent, body=body)

    def verify(self, case: Case, reference: str) -> Answer:
        return call(case, self.http, "GET", f"{self.base_url}/verify/payment/{reference}")

    def wait(self, case: Case, seconds: float) -> None:
        """Raises NotCheckedError where its clock cannot be moved."""
        if self.advance is None:
            raise NotCheckedError("it needs a fake whose clock can be moved: give --control")
        case.note(f"{seconds:g} s pass")
        self.advance(seconds)

    # Orders

    def new_order(self) -> str:
        self._count += 1
        return f"V{self.run}N{self._count}"

    def begin_plain(self, order: str, **more: Any) -> dict[str, Any]:
        plain = {"merchantId": self.merchant, "datetime": f"{dhaka(self.now_ms()):%Y%m%d%H%M%S}", "orderId": order}
        return plain | {"challenge": f"c{order}"} | more

    def initialize(self, case: Case, order: str, sealed: Seal, *, merchant: str = "", **how: Any) -> Answer:
        """Whatever comes back. how: headers, signature."""
        signature = how.pop("signature", sealed.signature)
        body = {"dateTime": f"{dhaka(self.now_ms()):%Y%m%d%H%M%S}"}
        body |= {"sensitiveData": sealed.data, "signature": signature}
        return self.post(case, f"/check-out/initialize/{merchant or self.merchant}/{order}", body, **how)

    def begun(self, case: Case, order: str = "") -> Order:
        """An initialized order. Raises PreconditionError."""
        order = order or self.new_order()
        answer = self.initialize(case, order, self.seal(self.begin_plain(order)))
        if answer.status != 200 or answer.get("sensitiveData") is None:
            raise PreconditionError(f"initialize was answered {answer.summary}")
        plain = self.opened(answer, "initialize")
        return Order(order, str(plain.get("paymentReferenceId")), plain.get("challenge"), "", answer, plain)

    def complete(self, case: Case, order: Order, *, slash: str = "/", **more: Any) -> Answer:
        """Whatever comes back. more: other values of the plaintext; signature, callback, info."""
        callback, info = more.pop("callback", CALLBACK), more.pop("info", None)
        signature = more.pop("signature", None)
        plain = {"merchantId": self.merchant, "orderId": order.id, "currencyCode": "050", "amount": "100.00"}
        sealed = self.seal(plain | {"challenge": order.challenge} | more)
        body = {"sensitiveData": sealed.data, "signature": signature or sealed.signature}
        body["merchantCallbackURL"] = callback
        body |= {} if info is None else {"additionalMerchantInfo": info}
        return self.post(case, f"{slash}check-out/complete/{order.reference}", body)

    def ready(self, case: Case, amount: Any = "100.00", **more: Any) -> Order:
        """A completed order, which the customer may pay. Raises PreconditionError."""
        order = self.begun(case)
        answer = self.complete(case, order, amount=amount, **more)
        if answer.status != 200 or not isinstance(answer.get("callBackUrl"), str):
            raise PreconditionError(f"complete was answered {answer.summary}")
        return Order(order.id, order.reference, order.challenge, str(amount), answer, order.plain)

    def wallet(self, name: str) -> str:
        if name not in self.wallets:
            raise NotCheckedError(f"it has no wallet {name!r}: give --control of a fake")
        return self.wallets[name]

    def decide(self, case: Case, order: Order, action: str = "approve", wallet: str = "ok") -> str:
        """What the customer does; where the browser is sent then, or nothing. Raises PreconditionError."""
        number = self.wallet(wallet) if wallet in self.wallets or wallet != "ok" else ""
        if self.control:
            path = f"{self.control}/nagad/payments/{quote(order.reference, safe='')}/{action}"
            answer = call(case, self.http, "POST", path, body={"wallet": number} if number else {})
            if answer.status != 200:
                raise PreconditionError(f"{action} was answered {answer.summary}")
            return str(answer.get("redirect") or "")
        answer = self.form(case, order, wallet=number, action="confirm" if action == "approve" else action)
        if answer.status not in (200, 302, 303):
            raise PreconditionError(f"the form of callBackUrl was answered {answer.summary}")
        return answer.headers.get("location", "")

    def form(self, case: Case, order: Order, **form: str) -> Answer:
        fields = urlencode({name: value for name, value in ({"pin": self.pin} | form).items() if value})
        headers = {"content-type": "application/x-www-form-urlencoded"}
        return call(case, self.http, "POST", str(order.answer.get("callBackUrl")), headers=headers, raw=fields.encode())

    def paid(self, case: Case, amount: Any = "100.00", **more: Any) -> Order:
        """An order that the customer has paid. Raises PreconditionError."""
        order = self.ready(case, amount, **more)
        self.decide(case, order)
        answer = self.verify(case, order.reference)
        if answer.get("status") != "Success":
            raise PreconditionError(f"a paid order is {answer.summary}")
        return order

    def cancel(self, case: Case, order: Order, amount: str, *, by: str = "both", **more: Any) -> Answer:
        """A refund, whatever comes back. by: both, paymentRefId or orderId; more: other values of the plaintext."""
        signature = more.pop("signature", None)
        plain = {"merchantId": self.merchant, "originalRequestDate": f"{dhaka(self.now_ms()):%Y%m%d}"}
        plain |= {"originalAmount": order.amount, "cancelAmount": amount, "referenceNo": self.new_order()}
        sealed = self.seal(plain | {"referenceMessage": "verify"} | more)
        names = {"paymentRefId": order.reference, "orderId": order.id}
        query = urlencode({name: value for name, value in names.items() if by in ("both", name)})
        body = {"sensitiveDataCancelRequest": sealed.data, "signature": signature or sealed.signature}
        return self.post(case, f"/purchase/cancel?{query}", body)


def refused(answer: Answer, about: str) -> None:
    """An error in Nagad's shape, whose HTTP status is not 200. Its reasons are not public, so none is demanded."""
    require(answer.status != 200, f"{about} was answered HTTP 200: {answer.summary}")
    require(answer.status < 500, f"{about} was answered {answer.summary}")
    for name in ("reason", "message"):
        require(isinstance(answer.get(name), str), f"{about} has no {name}: {answer.summary}")
    for name in ("sensitiveData", "callBackUrl"):
        require(answer.get(name) is None, f"{about} was refused and has {name}: {answer.summary}")
