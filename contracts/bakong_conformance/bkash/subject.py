"""A bKash-like server under test: its URLs, credentials, its customer, and for a fake its clock. Judges nothing."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import httpx

from bakong_conformance.case import Case
from bakong_conformance.http import Answer, call
from bakong_conformance.rules import CannotRunError, NotCheckedError, PreconditionError, RuleBrokenError, agree, require

CALLBACK = "https://shop.example/bkash"
TRX = re.compile(r"[0-9A-Z]{10}", re.ASCII)
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d:\d{3} GMT\+0600", re.ASCII)
UTC_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d:\d{3} GMT\+0000", re.ASCII)


@dataclass(frozen=True, slots=True)
class Paid:
    """A payment that was executed."""

    id: str
    trx: str
    invoice: str
    amount: str
    answer: Answer


@dataclass(slots=True)
class Bkash:
    """base_url ends in /v1.2.0-beta, v2_url in /v2/tokenized-checkout. control: the control URL of its world.

    advance, now_ms: its clock, where it has one that can be moved. no_answer_s: how long a scripted hang lasts in real
    time; 0 where a call without an answer ends at once.
    """

    http: httpx.Client
    base_url: str
    credentials: Mapping[str, str]
    v2_url: str = ""
    control: str = ""
    wallets: Mapping[str, str] = field(default_factory=dict)
    pin: str = ""
    otp: str = ""
    advance: Callable[[float], None] | None = None
    no_answer_s: float = 40.0
    run: str = "1"
    _token: dict[str, str] = field(default_factory=dict)
    _count: int = 0

    # Calls

    def preflight(self) -> None:
        """Raises CannotRunError where no token is granted."""
        try:
            answer = self.grant(None)
        except (RuleBrokenError, httpx.InvalidURL) as error:
            raise CannotRunError(f"{self.base_url} grants no token: {error}") from None
        if answer.get("id_token") is None:
            raise CannotRunError(f"{self.base_url} grants no token: {answer.summary}")

    def grant(self, case: Case | None, family: str = "tokenized", **how: Any) -> Answer:
        """how: other values of username, password, appKey, appSecret, refresh_token."""
        mine = {**self.credentials, **how}
        body = {"app_key": mine["appKey"], "app_secret": mine["appSecret"]}
        body |= {"refresh_token": mine["refresh_token"]} if "refresh_token" in mine else {}
        path = "tokenized/checkout" if family == "tokenized" else "checkout"
        operation = "refresh" if "refresh_token" in mine else "grant"
        headers = {"username": mine["username"], "password": mine["password"]}
        return call(case, self.http, "POST", f"{self.base_url}/{path}/token/{operation}", headers=headers, body=body)

    def token(self, family: str = "tokenized") -> str:
        """One for the run: two an hour are allowed. Raises PreconditionError."""
        if family not in self._token:
            answer = self.grant(None, family)
            if not isinstance(answer.get("id_token"), str):
                raise PreconditionError(f"a grant was answered {answer.summary}")
            self._token[family] = answer.body["id_token"]
        return self._token[family]

    def headers(self, family: str = "tokenized", **how: str) -> dict[str, str]:
        return {"authorization": self.token(family), "x-app-key": self.credentials["appKey"], **how}

    def post(self, case: Case | None, path: str, body: Any = None, **how: Any) -> Answer:
        """A call of the tokenized family. how: headers, raw."""
        headers = how.pop("headers", None) or self.headers()
        return call(
            case, self.http, "POST", f"{self.base_url}/tokenized/checkout/{path}", headers=headers, body=body, **how
        )

    def checkout(self, case: Case, method: str, path: str, body: Any = None) -> Answer:
        headers = self.headers("checkout")
        return call(case, self.http, method, f"{self.base_url}/checkout/payment/{path}", headers=headers, body=body)

    def v2(self, case: Case, path: str, body: Any) -> Answer:
        if not self.v2_url:
            raise NotCheckedError("there is no v2 URL")
        return call(case, self.http, "POST", f"{self.v2_url}/{path}", headers=self.headers(), body=body)

    def wait(self, case: Case, seconds: float) -> None:
        """Raises NotCheckedError where its clock cannot be moved."""
        if self.advance is None:
            raise NotCheckedError("it needs a fake whose clock can be moved: give --control")
        case.note(f"{seconds:g} s pass")
        self.advance(seconds)
        self._token.clear()

    # Payments

    def invoice(self) -> str:
        self._count += 1
        return f"V{self.run}N{self._count}"

    def wanted(self, **more: Any) -> dict[str, Any]:
        """The body of a right create."""
        body = {
            "mode": "0011",
            "payerReference": "verify",
            "callbackURL": CALLBACK,
            "amount": "599.00",
            "currency": "BDT",
            "intent": "sale",
            "merchantInvoiceNumber": self.invoice(),
        }
        return {name: value for name, value in (body | more).items() if value is not ...}

    def create(self, case: Case, **more: Any) -> Answer:
        """Raises PreconditionError."""
        return self.ok(self.post(case, "create", self.wanted(**more)), "create")

    def ok(self, answer: Answer, about: str) -> Answer:
        if answer.status != 200 or answer.get("statusCode") != "0000":
            raise PreconditionError(f"{about} was answered {answer.summary}")
        return answer

    def wallet(self, name: str) -> str:
        if name not in self.wallets:
            raise NotCheckedError(f"it has no wallet {name!r}: give --control of a fake")
        return self.wallets[name]

    def decide(self, case: Case, created: Answer, action: str = "approve", wallet: str = "ok") -> str:
        """What the customer does; where the browser is sent then, or nothing. Raises PreconditionError."""
        number = self.wallet(wallet) if wallet in self.wallets or wallet != "ok" else ""
        payment_id = created.get("paymentID")
        if self.control:
            body = {"wallet": number} if number else {}
            answer = call(case, self.http, "POST", f"{self.control}/bkash/payments/{payment_id}/{action}", body=body)
            if answer.status != 200:
                raise PreconditionError(f"{action} was answered {answer.summary}")
            return str(answer.get("redirect") or "")
        return self.page(case, created, action="confirm" if action == "approve" else action, wallet=number)

    def page(self, case: Case, created: Answer, **form: str) -> str:
        """The same by the form of the pay page. Raises PreconditionError where it does not redirect."""
        answer = self.form(case, created, **form)
        if answer.status not in (302, 303):
            raise PreconditionError(f"the form of bkashURL was answered {answer.summary}")
        return answer.headers.get("location", "")

    def form(self, case: Case, created: Answer, **form: str) -> Answer:
        url = created.get("bkashURL")
        if not isinstance(url, str):
            raise PreconditionError(f"create answered no bkashURL: {created.summary}")
        headers = {"content-type": "application/x-www-form-urlencoded"}
        fields = {name: value for name, value in form.items() if value}
        return call(case, self.http, "POST", url, headers=headers, raw=urlencode(fields).encode())

    def execute(self, case: Case, payment_id: Any) -> Answer:
        return self.post(case, "execute", {"paymentID": payment_id})

    def query(self, case: Case, payment_id: Any) -> Answer:
        return self.post(case, "payment/status", {"paymentID": payment_id})

    def pay(self, case: Case, wallet: str = "ok", **more: Any) -> Paid:
        """An executed payment. Raises PreconditionError."""
        wanted = self.wanted(**more)
        created = self.ok(self.post(case, "create", wanted), "create")
        self.decide(case, created, wallet=wallet)
        done = self.ok(self.execute(case, created.get("paymentID")), "execute")
        return Paid(
            str(created.get("paymentID")),
            str(done.get("trxID")),
            str(wanted["merchantInvoiceNumber"]),
            str(wanted["amount"]),
            done,
        )

    def refund(self, case: Case, paid: Paid, amount: Any, **more: Any) -> Answer:
        body = {"paymentID": paid.id, "trxID": paid.trx, "amount": amount, "sku": "sku-1", "reason": "verify"}
        return self.post(case, "payment/refund", body | more)


def refused(answer: Answer, about: str, *codes: str) -> None:
    """A refusal in the tokenized envelope: HTTP 200, never 0000. A code of others than these is disputed."""
    require(answer.status == 200, f"{about} was answered HTTP {answer.status}, expected 200: {answer.summary}")
    code = answer.get("statusCode")
    require(isinstance(code, str) and code, f"{about} has no statusCode: {answer.summary}")
    require(code != "0000", f"{about} was taken: {answer.summary}")
    require(isinstance(answer.get("statusMessage"), str), f"{about} has no statusMessage: {answer.summary}")
    agree(not codes or code in codes, f"{about} has the code {code}, expected {' or '.join(codes)}")


def certainly(answer: Answer, about: str, code: str) -> None:
    """A refusal whose code is known for certain."""
    refused(answer, about)
    require(answer.get("statusCode") == code, f"{about} has the code {answer.get('statusCode')}, expected {code}")


def has(answer: Answer, *names: str) -> dict[str, Any]:
    """The answer's object, which has these keys."""
    require(isinstance(answer.body, dict), f"the answer is not a JSON object: {answer.summary}")
    missing = [name for name in names if name not in answer.body]
    require(not missing, f"{', '.join(missing)} is missing in {answer.summary}")
    return dict(answer.body)


def says(body: Mapping[str, Any], **expected: Any) -> None:
    """These fields have these values."""
    for name, value in expected.items():
        require(body.get(name) == value, f"{name} is {body.get(name)!r}, expected {value!r}")
