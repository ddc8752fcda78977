"""A small Nagad: sealed initialize, complete and cancel, plain verify, its pay page and a control API.

Money moves at the page. The wallet that is typed there scripts the payment (nagad_words.WALLETS). It is the suite's
own, on the suite's clock; it knows no rule and shares nothing with a fake.
"""

import base64
import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote, unquote

from bakong_conformance.stand_ins import keys
from bakong_conformance.stand_ins import nagad_words as words
from bakong_conformance.stand_ins.money import dhaka, poisha, taka
from bakong_conformance.stand_ins.nagad_words import RefusedError, Script
from bakong_conformance.stand_ins.sealing import SealError, opened, seal
from bakong_conformance.stand_ins.wire import CAPITALS, Call, Letters, NoAnswerError, Reply, json_reply, redirect

_CONTROL = re.compile(r"/sandbox/worlds/[^/]+/nagad(?P<rest>/.*)?")
_BASE = re.compile(r"^(/nagad)?(/remote-payment-gateway-1\.0)?(/api/dfs)?/+")
_ORDER = re.compile(r"[A-Za-z0-9]{1,40}", re.ASCII)
_REASONS = {"encoding": "EncodingError", "decryption": "DecryptionError", "signature": "SignatureVerificationFailed"}
HEX = "0123456789abcdef"


@dataclass(slots=True)
class Refund:
    trx: str
    minor: int
    at_ms: int
    reference: str


@dataclass(slots=True)
class Payment:
    """status: OrderInitiated, Ready, then what the page ended with; paid_ms: when its money moves, 0 for never."""

    reference: str
    order: str
    challenge: str
    created_ms: int
    status: str = "OrderInitiated"
    amount: str = ""
    off_by: int = 0
    callback: str = ""
    info: Any = None
    completed_ms: int = 0
    wallet: str = ""
    paid_ms: int = 0
    issuer: str = ""
    refunds: list[Refund] = field(default_factory=list)
    struck: set[str] = field(default_factory=set)

    @property
    def minor(self) -> int:
        return poisha(self.amount) or 0

    @property
    def script(self) -> Script:
        return words.SCRIPTS.get(self.wallet, Script())

    @property
    def returned(self) -> int:
        return sum(refund.minor for refund in self.refunds)


class NagadStandIn:
    """now_ms: its clock. origin: what stands before its paths in the URLs that it hands out. down: it never answers.

    refund_status: what verify shows after a refund, "cancelled" or "success": the sources do not say.
    """

    refund_status = "cancelled"

    def __init__(self, now_ms: Callable[[], int], origin: str = "http://nagad.test", seed: int = 2) -> None:
        self.now_ms, self.origin = now_ms, origin
        self.down = False
        self.payments: dict[str, Payment] = {}
        self.letters = Letters(seed)
        self.lock = threading.RLock()

    # HTTP

    def serve(self, call: Call) -> Reply:
        """What a call is answered. Raises NoAnswerError."""
        if control := _CONTROL.fullmatch(call.path):
            return self._control(call, control["rest"] or "")
        if self.down:
            raise NoAnswerError
        path = unquote(_BASE.sub("", call.path))
        with self.lock:
            try:
                return self._dispatch(call, path)
            except RefusedError as refused:
                return self.refusal(refused)

    def refusal(self, refused: RefusedError) -> Reply:
        body = {"reason": refused.reason, "message": words.MESSAGE, "devMessage": refused.detail}
        return json_reply(body, 400)

    def _dispatch(self, call: Call, path: str) -> Reply:
        for method, pattern, handle in (
            ("POST", r"check-out/initialize/([^/]+)/([^/]+)", self.initialize),
            ("POST", r"check-out/complete/(.+)", self.complete),
            ("GET", r"verify/payment/(.+)", self.verify),
            ("POST", r"purchase/(?:cancel|refund)", self.cancel),
            ("GET", r"check-out/(.+)", self._page),
            ("POST", r"check-out/(.+)", self._page),
        ):
            match = re.fullmatch(pattern, path)
            if match and method == call.method:
                if method == "POST" and handle != self._page:
                    self.check_headers(call)
                return handle(call, *match.groups())
        return json_reply({"reason": "InvalidApiRequest", "message": "Not found", "devMessage": path}, 404)

    def check_headers(self, call: Call) -> None:
        missing = [name for name in words.REQUIRED_HEADERS if not call.headers.get(name)]
        if missing:
            raise RefusedError("InvalidApiRequest", f"missing {', '.join(missing)}")

    def body_of(self, call: Call) -> dict[str, Any]:
        try:
            body = json.loads(call.body)
        except (ValueError, RecursionError):
            raise RefusedError("InvalidApiRequest", "the body is not JSON") from None
        if not isinstance(body, dict):
            raise RefusedError("InvalidApiRequest", "the body is not an object")
        return body

    def opened(self, body: dict[str, Any], name: str = "sensitiveData") -> dict[str, Any]:
        """The plaintext of a request. Raises RefusedError."""
        try:
            plain = opened(body.get(name), body.get("signature"), mine=keys.NAGAD_PRIVATE, theirs=keys.MERCHANT_PUBLIC)
        except SealError as error:
            raise RefusedError(_REASONS[error.kind], str(error)) from None
        try:
            value = json.loads(plain)
        except ValueError:
            raise RefusedError("InvalidApiRequest", "the plaintext is not JSON") from None
        if not isinstance(value, dict):
            raise RefusedError("InvalidApiRequest", "the plaintext is not an object")
        return value

    def sealed(self, value: dict[str, Any]) -> Reply:
        made = seal(value, to=keys.MERCHANT_PUBLIC, by=keys.NAGAD_PRIVATE)
        return json_reply({"sensitiveData": made.data, "signature": made.signature})

    # Payments

    def initialize(self, call: Call, merchant: str, order: str) -> Reply:
        plain = self.opened(self.body_of(call))
        self.check_merchant(plain, merchant)
        if plain.get("orderId") != order or not _ORDER.fullmatch(order):
            raise RefusedError("InvalidOrderId", f"the path says {order!r}, the plaintext {plain.get('orderId')!r}")
        self.check_time(plain)
        if plain.get("challenge") in (None, ""):
            raise RefusedError("InvalidApiRequest", "no challenge")
        before = [one for one in self.payments.values() if one.order == order]
        if any(one.completed_ms for one in before):
            raise RefusedError("DuplicateOrderId", order)
        for one in before:
            del self.payments[one.reference]
        now = dhaka(self.now_ms())
        parts = f"{now:%m%d%H%M%S}{self.now_ms() % 1000:03d}.{merchant}.{order}.{self.letters.take(20, HEX)}"
        reference = base64.b64encode(parts.encode()).decode()
        payment = Payment(reference, order, self.letters.take(40, HEX), self.now_ms())
        self.payments[reference] = payment
        accepted = f"{now:%Y%m%d%H%M%S}"
        answer = {"paymentReferenceId": reference, "acceptDateTime": accepted, "challenge": payment.challenge}
        return self.sealed(answer)

    def check_merchant(self, plain: dict[str, Any], merchant: str = words.MERCHANT_ID) -> None:
        if plain.get("merchantId") != words.MERCHANT_ID or merchant != words.MERCHANT_ID:
            raise RefusedError("InvalidMerchant", f"{merchant!r} and {plain.get('merchantId')!r}")

    def check_time(self, plain: dict[str, Any]) -> None:
        try:
            datetime.strptime(str(plain.get("datetime")), "%Y%m%d%H%M%S")  # noqa: DTZ007  Dhaka's wall clock
        except ValueError:
            raise RefusedError("InvalidApiRequest", f"datetime is {plain.get('datetime')!r}") from None

    def payment(self, reference: str) -> Payment:
        payment = self.payments.get(reference)
        if payment is None:
            raise RefusedError("InvalidReferenceId", reference)
        return payment

    def complete(self, call: Call, reference: str) -> Reply:
        payment = self.payment(reference)
        body = self.body_of(call)
        plain = self.opened(body)
        self.check_merchant(plain)
        self.check_completion(payment, plain)
        payment.amount, payment.callback = str(plain["amount"]), str(body.get("merchantCallbackURL", ""))
        payment.info, payment.status = body.get("additionalMerchantInfo"), "Ready"
        payment.completed_ms = self.now_ms()
        return self.completed(payment)

    def check_completion(self, payment: Payment, plain: dict[str, Any]) -> None:
        if plain.get("currencyCode") != "050":
            raise RefusedError("InvalidCurrency", repr(plain.get("currencyCode")))
        right = plain.get("challenge") == payment.challenge and plain.get("orderId") == payment.order
        if not right or not poisha(plain.get("amount")):
            raise RefusedError("InvalidPurchaseInformation", "challenge, orderId or amount")
        if payment.completed_ms:
            raise RefusedError("DuplicateOrderId", payment.order)

    def completed(self, payment: Payment) -> Reply:
        page = f"{self.origin}/nagad/check-out/{payment.reference}"
        return json_reply({"callBackUrl": page, "status": "Success"})

    def status_of(self, payment: Payment) -> str:
        """The state now: a slow wallet pays when its time has come."""
        if payment.refunds and self.refund_status == "cancelled":
            return "Cancelled" if payment.returned == payment.minor else "PartialCancelled"
        if payment.paid_ms:
            return "Success" if self.now_ms() >= payment.paid_ms else "InProgress"
        return payment.status

    def verify(self, _call: Call, reference: str) -> Reply:
        payment = self.payment(reference)
        status = self.status_of(payment)
        paid = bool(payment.paid_ms) and self.now_ms() >= payment.paid_ms
        last = payment.refunds[-1] if payment.refunds else None
        amount = payment.amount if payment.script.shows == 1 else taka(int(payment.minor * payment.script.shows))
        if payment.off_by:
            amount = taka(payment.minor + payment.off_by)
        answer = {
            "merchantId": words.MERCHANT_ID,
            "orderId": payment.order,
            "paymentRefId": payment.reference,
            "amount": amount,
            "clientMobileNo": f"{payment.wallet[:3]}****{payment.wallet[-4:]}" if payment.wallet else None,
            "merchantMobileNo": words.MERCHANT_NUMBER,
            "orderDateTime": self.stamp(payment.created_ms),
            "issuerPaymentDateTime": self.stamp(payment.paid_ms) if paid else None,
            "issuerPaymentRefNo": payment.issuer if paid else None,
            "additionalMerchantInfo": None if payment.info is None else json.dumps(payment.info),
            "status": status,
            "statusCode": "000" if paid else "001",
            "cancelIssuerDateTime": self.stamp(last.at_ms) if last else None,
            "cancelIssuerRefNo": last.trx if last else None,
        }
        return json_reply(answer)

    def stamp(self, ms: int) -> str:
        return f"{dhaka(ms):%Y-%m-%d %H:%M:%S}.0"

    # Refunds

    def cancel(self, call: Call) -> Reply:
        reference, order = call.query.get("paymentRefId"), call.query.get("orderId")
        mine = [
            one
            for one in self.payments.values()
            if one.reference == reference or (not reference and one.order == order)
        ]
        payment = mine[0] if mine else self.payment(reference or "")
        plain = self.opened(self.body_of(call), "sensitiveDataCancelRequest")
        self.check_merchant(plain)
        minor, name = poisha(plain.get("cancelAmount")) or 0, str(plain.get("referenceNo"))
        again = next((one for one in payment.refunds if (one.reference, one.minor) == (name, minor)), None)
        if again is None:
            self.check_refund(payment, plain, minor)
            again = self._refund(payment, minor, name)
        status = "Cancelled" if payment.returned == payment.minor else "PartialCancelled"
        head = {"status": status, "code": "000", "originalAmount": payment.amount}
        return self.sealed(head | {"cancelAmount": str(plain["cancelAmount"]), "cancelTrxId": again.trx})

    def check_refund(self, payment: Payment, plain: dict[str, Any], minor: int) -> None:
        paid = payment.paid_ms and self.now_ms() >= payment.paid_ms
        right = paid and poisha(plain.get("originalAmount")) == payment.minor
        if not right or not 0 < minor <= payment.minor - payment.returned or payment.script.refund == "refused":
            raise RefusedError("InvalidPurchaseInformation", "unpaid, or the amount")

    def _refund(self, payment: Payment, minor: int, name: str) -> Refund:
        script, first = payment.script, "refund" not in payment.struck
        payment.struck.add("refund")
        if script.refund == "lost" and first:
            raise NoAnswerError
        refund = Refund(self.letters.take(8, CAPITALS), minor, self.now_ms(), name)
        payment.refunds.append(refund)
        if script.refund == "hang" and first:
            raise NoAnswerError
        return refund

    # The customer

    def _page(self, call: Call, reference: str) -> Reply:
        payment = self.payments.get(reference)
        if payment is None or not payment.completed_ms:
            return json_reply({"message": "Not Found"}, 404)
        if call.method == "GET":
            form = b"<form method=post><input name=wallet><input name=otp><input name=pin></form>"
            return Reply(200, form, {"content-type": "text/html; charset=utf-8"})
        return self.customer(payment, call.form())

    def customer(self, payment: Payment, form: dict[str, str]) -> Reply:
        if payment.status != "Ready" or payment.paid_ms:
            return json_reply({"message": "The payment is decided"}, 409)
        payment.wallet = form.get("wallet") or words.WALLETS["ok"][0]
        page = payment.script.page if form.get("pin", words.PIN) == words.PIN else "Failed"
        page = {"cancel": "Aborted", "fail": "Failed"}.get(form.get("action", ""), page)
        if page == "Success":
            start = payment.completed_ms if payment.script.from_complete else self.now_ms()
            payment.paid_ms, payment.issuer = start + payment.script.after_ms, self.letters.take(8, CAPITALS)
        else:
            payment.status = page
        return redirect(self.returned_to(payment, page)) if payment.script.returns else json_reply({"status": page})

    def returned_to(self, payment: Payment, page: str) -> str:
        code = {"Success": "00_0000_000", "Aborted": "00_0001_001"}.get(page, "00_0002_001")
        message = {"Success": "Successful Transaction", "Aborted": "Transaction aborted"}.get(
            page, "Transaction failed"
        )
        fields = [
            ("merchant", words.MERCHANT_ID),
            ("order_id", payment.order),
            ("payment_ref_id", payment.reference),
            ("status", page),
            ("status_code", code),
            ("message", quote(message)),
        ]
        if page == "Success":
            fields += [("payment_dt", f"{dhaka(payment.paid_ms):%Y%m%d%H%M%S}"), ("issuer_payment_ref", payment.issuer)]
        mark = "&" if "?" in payment.callback else "?"
        return payment.callback + mark + "&".join(f"{name}={value}" for name, value in fields)

    # The control API

    def _control(self, call: Call, rest: str) -> Reply:
        if call.method == "GET" and not rest:
            facts = {"merchantId": words.MERCHANT_ID, "merchantNumber": words.MERCHANT_NUMBER, "pin": words.PIN}
            facts |= {"publicKey": keys.NAGAD_PUBLIC, "privateKey": keys.MERCHANT_PRIVATE}
            return json_reply(facts | {"wallets": {name: number for name, (number, _) in words.WALLETS.items()}})
        head, _, action = rest.rpartition("/")
        payment = self.payments.get(unquote(head.removeprefix("/payments/")))
        if payment is None or action not in ("approve", "cancel", "fail"):
            return json_reply({"detail": "Not found"}, 404)
        form = {name: str(value) for name, value in json.loads(call.body or b"{}").items()}
        reply = self.customer(payment, form | {"action": action})
        if reply.status == 409:
            return reply
        location = reply.headers.get("location")
        shown = {"paymentRefId": payment.reference, "status": self.status_of(payment), "redirect": location}
        return json_reply(shown)
