"""A small bKash: tokens, the tokenized and the checkout family, refunds in v1 and v2, its pay page and a control API.

The wallet that is typed at the page scripts the payment (bkash_words.WALLETS). It is the suite's own, for services
under test whose bKash must answer at once, on the suite's clock; it knows no rule and shares nothing with a fake.
"""

import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import jwt

from bakong_conformance.stand_ins import bkash_words as words
from bakong_conformance.stand_ins.bkash_words import RefusedError, Script, envelope
from bakong_conformance.stand_ins.keys import NAGAD_PRIVATE
from bakong_conformance.stand_ins.money import dhaka, poisha, taka
from bakong_conformance.stand_ins.sealing import private_key
from bakong_conformance.stand_ins.wire import (
    CAPITALS,
    LETTERS,
    Call,
    Letters,
    NoAnswerError,
    Reply,
    json_reply,
    redirect,
)

REFRESH_HEAD = "eyJjdHkiOiJKV1QiLCJlbmMiOiJBMjU2R0NNIiwiYWxnIjoiUlNBLU9BRVAifQ"  # of a JWE
_TEXT = re.compile(r"[^<>&]{1,255}", re.DOTALL)
_CONTROL = re.compile(r"/sandbox/worlds/[^/]+/bkash(?P<rest>/.*)?")
FIELDS = ("mode", "payerReference", "callbackURL", "amount", "currency", "intent", "merchantInvoiceNumber")
CHECKOUT_FIELDS = ("amount", "currency", "intent", "merchantInvoiceNumber")


@dataclass(slots=True)
class Refund:
    trx: str
    minor: int
    at_ms: int


@dataclass(slots=True)
class Payment:
    """page: what the customer's page ended with; spent: an execute was refused, so no other will do.

    off_by: poisha that are reported besides the amount.
    """

    id: str
    family: str
    given: dict[str, Any]
    created_ms: int
    signature: str
    status: str = "Initiated"
    page: str = ""
    spent: bool = False
    wallet: str = ""
    trx: str = ""
    agreement: str = ""
    executed_ms: int = 0
    changed_ms: int = 0
    off_by: int = 0
    refunds: list[Refund] = field(default_factory=list)
    struck: set[str] = field(default_factory=set)

    @property
    def minor(self) -> int:
        return poisha(self.given.get("amount")) or 0

    @property
    def script(self) -> Script:
        return words.SCRIPTS.get(self.wallet, Script())

    @property
    def returned(self) -> int:
        return sum(refund.minor for refund in self.refunds)


@dataclass(slots=True)
class Agreement:
    id: str
    payment: Payment
    status: str = "Completed"
    void_ms: int = 0


class BkashStandIn:
    """now_ms: its clock. origin: what stands before its paths in the URLs that it hands out. down: it never answers."""

    def __init__(self, now_ms: Callable[[], int], origin: str = "http://bkash.test", seed: int = 1) -> None:
        self.now_ms, self.origin = now_ms, origin
        self.down = False
        self.payments: dict[str, Payment] = {}
        self.agreements: dict[str, Agreement] = {}
        self.tokens: dict[str, int] = {}
        self.refresh_tokens: set[str] = set()
        self.letters = Letters(seed)
        self.lock = threading.RLock()
        secret = self.letters.take
        self.credentials = {
            "username": "sandbox-user",
            "password": "sandbox-" + secret(8, LETTERS),
            "appKey": "sandbox-" + secret(12, LETTERS),
            "appSecret": "sandbox-" + secret(24, LETTERS),
        }

    # HTTP

    def serve(self, call: Call) -> Reply:
        """What a call is answered. Raises NoAnswerError."""
        if control := _CONTROL.fullmatch(call.path):
            return self._control(call, control["rest"] or "")
        if self.down:
            raise NoAnswerError
        with self.lock:
            if call.path == "/bkash/pay":
                return self._page(call)
            return self._api(call)

    def _api(self, call: Call) -> Reply:
        family, operation, in_path = self._route(call)
        if not operation:
            return json_reply({"message": "Missing Authentication Token"}, 403)
        try:
            if operation in ("grant", "refresh"):
                return json_reply(self._token(family, operation, call))
            if refusal := self._gate(call):
                return refusal
            body = in_path | self._body(call, empty=family == "checkout")
            answer = getattr(self, f"op_{operation}")(family, body)
        except RefusedError as refused:
            return json_reply(*self.refusal(family, operation, refused.code))
        return json_reply(self.said(family, operation, answer))

    def refusal(self, family: str, _operation: str, code: str) -> tuple[dict[str, Any], int]:
        return envelope(family, code)

    def said(self, _family: str, _operation: str, answer: dict[str, Any]) -> dict[str, Any]:
        return answer

    def _route(self, call: Call) -> tuple[str, str, dict[str, str]]:
        path = re.sub(r"^(/bkash)?(/v1\.2\.0-beta|/v2/tokenized-checkout)?/+", "", call.path)
        if (call.method, path) in words.ROUTES:
            return *words.ROUTES[call.method, path], {}
        head, _, last = path.rpartition("/")
        if head in words.ID_IN_PATH and (call.method, head) in words.ROUTES:
            return *words.ROUTES[call.method, head], {words.ID_IN_PATH[head]: last}
        return "tokenized", "", {}

    def _body(self, call: Call, *, empty: bool) -> dict[str, Any]:
        if not call.body and empty:
            return {}
        try:
            body = json.loads(call.body)
        except (ValueError, RecursionError):
            raise RefusedError("2025") from None
        if not isinstance(body, dict):
            raise RefusedError("2025")
        return body

    # Tokens

    def _token(self, family: str, operation: str, call: Call) -> dict[str, Any]:
        body, mine = self._body(call, empty=False), self.credentials
        right = (call.headers.get("username"), call.headers.get("password")) == (mine["username"], mine["password"])
        right = right and (body.get("app_key"), body.get("app_secret")) == (mine["appKey"], mine["appSecret"])
        if not right or (operation == "refresh" and body.get("refresh_token") not in self.refresh_tokens):
            raise RefusedError("9999")
        now_s = self.now_ms() // 1000
        claims = {
            "sub": "sandbox",
            "aud": mine["appKey"],
            "event_id": self.letters.take(32, LETTERS),
            "token_use": "id",
            "auth_time": now_s,
            "iss": "https://cognito-idp.ap-southeast-1.amazonaws.com/ap-southeast-1_sandbox",
            "cognito:username": mine["username"],
            "exp": now_s + words.TOKEN_LIFE_S,
            "iat": now_s,
        }
        token = jwt.encode(claims, private_key(NAGAD_PRIVATE), algorithm="RS256", headers={"kid": "sandbox"})
        refresh = ".".join([REFRESH_HEAD, *self._parts()])
        self.tokens[token] = self.now_ms() + words.TOKEN_LIFE_S * 1000
        self.refresh_tokens.add(refresh)
        head = {"statusCode": "0000", "statusMessage": "Successful"} if family == "tokenized" else {}
        return head | {
            "id_token": token,
            "token_type": "Bearer",
            "expires_in": words.TOKEN_LIFE_S,
            "refresh_token": refresh,
        }

    def _parts(self) -> list[str]:
        return [self.letters.take(40, LETTERS) for _ in range(4)]

    def _gate(self, call: Call) -> Reply | None:
        given = call.headers.get("authorization", "").removeprefix("Bearer ")
        if given not in self.tokens:
            return json_reply({"message": "Unauthorized"}, 401)
        if self.now_ms() >= self.tokens[given]:
            return json_reply({"message": "The incoming token has expired"}, 401)
        if call.headers.get("x-app-key") != self.credentials["appKey"]:
            return json_reply({"message": "Forbidden"}, 403)
        return None

    # Times and ids

    def stamp(self, ms: int, family: str = "tokenized") -> str:
        if family == "checkout":
            ms, offset = ms - 21_600_000, "+0000"
        else:
            offset = "+0600"
        return f"{dhaka(ms):%Y-%m-%dT%H:%M:%S}:{ms % 1000:03d} GMT{offset}"

    def trx_id(self) -> str:
        day = dhaka(self.now_ms())
        head = CAPITALS[day.year - 2013] + CAPITALS[9 + day.month]
        return head + CAPITALS[day.day] + self.letters.take(7, CAPITALS)

    def _payment_id(self, family: str, mode: str) -> str:
        if family == "checkout":
            return self.letters.take(7, CAPITALS) + str(self.now_ms())
        return f"TR{mode}{self.letters.take(7, LETTERS)}{self.now_ms()}"

    def payment(self, payment_id: Any, *, trx: Any = None) -> Payment:
        """Raises RefusedError for one that is not there."""
        payment = self.payments.get(payment_id) if isinstance(payment_id, str) else None
        if payment is None or (not payment.trx and self.now_ms() - payment.created_ms >= words.PAYMENT_LIFE_MS):
            raise RefusedError("2065" if payment_id is None else "2002")
        if trx is not None and payment.trx != trx:
            raise RefusedError("2033")
        return payment

    # Payments

    def check_create(self, family: str, body: dict[str, Any]) -> None:
        fields: tuple[str, ...] = CHECKOUT_FIELDS if family == "checkout" else FIELDS
        if body.get("mode") == "0000":
            fields = ("mode", "payerReference", "callbackURL")
        if any(body.get(name) in (None, "") for name in fields):
            raise RefusedError("2065")
        for code, wrong in self.mistakes(family, body).items():
            if wrong:
                raise RefusedError(code)

    def mistakes(self, family: str, body: dict[str, Any]) -> dict[str, bool]:
        """Codes, and whether the body deserves them, in the order in which they are told."""
        money = body.get("mode") != "0000"
        invoice = body.get("merchantInvoiceNumber")
        mode = body.get("mode")
        agreement = self.agreements.get(str(body.get("agreementID")))
        done = {one.given.get("merchantInvoiceNumber") for one in self.payments.values() if one.trx}
        return {
            "2063": family == "tokenized" and mode not in ("0000", "0001", "0011"),
            "2049": family == "tokenized" and not re.fullmatch(r"https?://\S+", str(body.get("callbackURL"))),
            "2048": family == "tokenized" and not _TEXT.fullmatch(str(body.get("payerReference"))),
            "2006": money and not poisha(body.get("amount")),
            "2007": money and body.get("currency") != "BDT",
            "2008": money and body.get("intent") not in ("sale", "authorization"),
            "2031": money and not _TEXT.fullmatch(str(invoice)),
            "2051": mode == "0001" and agreement is None,
            "2053": mode == "0001" and agreement is not None and agreement.status != "Completed",
            "2029": money and invoice != "0000" and invoice in done,
        }

    def op_create(self, family: str, body: dict[str, Any]) -> dict[str, Any]:
        self.check_create(family, body)
        payment_id = self._payment_id(family, str(body.get("mode", "")))
        payment = Payment(payment_id, family, body, self.now_ms(), self.letters.take(10, LETTERS))
        self.payments[payment_id] = payment
        created = self.stamp(payment.created_ms, family)
        shown = {name: body.get(name) for name in ("amount", "currency", "intent", "merchantInvoiceNumber")}
        shown["amount"] = str(body.get("amount"))
        if family == "checkout":
            logo = "https://bkash.test/logo.png"
            head = {"paymentID": payment_id, "createTime": created, "orgLogo": logo, "orgName": "Sandbox"}
            return head | {"transactionStatus": "Initiated"} | shown
        urls = [self.callback(payment, status) for status in ("success", "failure", "cancel")]
        page = urlencode({"paymentId": payment_id, "hash": self._hash(payment), "mode": body["mode"]})
        answer = {
            "paymentID": payment_id,
            "bkashURL": f"{self.origin}/bkash/pay?{page}&apiVersion=v1.2.0-beta/",
            "callbackURL": body["callbackURL"],
            **dict(zip(("successCallbackURL", "failureCallbackURL", "cancelledCallbackURL"), urls, strict=True)),
        }
        if body["mode"] == "0000":
            answer |= {"payerReference": body["payerReference"], "agreementStatus": "Initiated"}
            answer["agreementCreateTime"] = created
        else:
            invoice = shown.pop("merchantInvoiceNumber")
            order = ("amount", "intent", "currency")
            answer |= {name: shown[name] for name in order} | {"paymentCreateTime": created}
            answer |= {"transactionStatus": "Initiated", "merchantInvoiceNumber": invoice}
            answer |= {"agreementID": body["agreementID"]} if body["mode"] == "0001" else {}
        return answer | {"statusCode": "0000", "statusMessage": "Successful"}

    def _hash(self, payment: Payment) -> str:
        return payment.signature[::-1]

    def callback(self, payment: Payment, status: str) -> str:
        url = str(payment.given["callbackURL"])
        more = urlencode({"paymentID": payment.id, "status": status, "signature": payment.signature})
        return f"{url}{'&' if '?' in url else '?'}{more}"

    def op_execute(self, family: str, body: dict[str, Any]) -> dict[str, Any]:
        payment = self.payment(body.get("paymentID"))
        self.check_executable(payment)
        if payment.given.get("mode") == "0000":
            return self._agree(payment)
        script = payment.script
        if script.refuses:
            payment.spent = True
            raise RefusedError(script.refuses)
        if script.execute in ("lost", "busy") and "execute" not in payment.struck:
            payment.struck.add("execute")
            if script.execute == "busy":
                raise RefusedError("503")
            raise NoAnswerError
        self.capture_money(payment)
        if script.execute == "hang":
            raise NoAnswerError
        return self.executed(payment, family)

    def check_executable(self, payment: Payment) -> None:
        if payment.trx or payment.agreement:
            raise RefusedError("2117")
        if payment.page != "success" or payment.spent:
            raise RefusedError("2056")

    def capture_money(self, payment: Payment) -> None:
        payment.trx, payment.executed_ms = self.trx_id(), self.now_ms()
        payment.changed_ms = payment.executed_ms
        payment.status = "Authorized" if payment.given.get("intent") == "authorization" else "Completed"

    def executed(self, payment: Payment, family: str) -> dict[str, Any]:
        given, at = payment.given, self.stamp(payment.executed_ms, family)
        if family == "checkout":
            return self._checkout_shown(payment)
        answer = {
            "paymentID": payment.id,
            "trxID": payment.trx,
            "transactionStatus": payment.status,
            "amount": self._amount_shown(payment),
            "currency": "BDT",
            "intent": given["intent"],
            "paymentExecuteTime": at,
            "merchantInvoiceNumber": given["merchantInvoiceNumber"],
            **self._payer(payment),
            "maxRefundableAmount": self._refundable(payment),
        }
        answer |= {"agreementID": given["agreementID"]} if given["mode"] == "0001" else {}
        return answer | {"statusCode": "0000", "statusMessage": "Successful"}

    def _payer(self, payment: Payment) -> dict[str, Any]:
        return {
            "payerType": "Customer",
            "payerReference": payment.given.get("payerReference", ""),
            "customerMsisdn": payment.wallet,
            "payerAccount": payment.wallet,
        }

    def _refundable(self, payment: Payment) -> str:
        return taka(payment.minor - payment.returned) if payment.refunds else str(payment.given["amount"])

    def _checkout_shown(self, payment: Payment) -> dict[str, Any]:
        given = payment.given
        answer = {
            "paymentID": payment.id,
            "createTime": self.stamp(payment.created_ms, "checkout"),
            "updateTime": self.stamp(payment.changed_ms or payment.created_ms, "checkout"),
        }
        answer |= {"trxID": payment.trx} if payment.trx else {}
        answer |= {"transactionStatus": payment.status, "amount": str(given["amount"])}
        return answer | {name: given[name] for name in ("currency", "intent", "merchantInvoiceNumber")}

    def op_query(self, family: str, body: dict[str, Any]) -> dict[str, Any]:
        payment = self.payment(body.get("paymentID"))
        if family == "checkout":
            refunded = taka(payment.returned) if payment.refunds else "0"
            return self._checkout_shown(payment) | {"amount": self._shown_minor(payment), "refundAmount": refunded}
        if payment.given["mode"] == "0000":
            return self._agreement_shown(payment)
        given = payment.given
        verified = "Complete" if payment.page == "success" else "Incomplete"
        answer: dict[str, Any] = {
            "paymentID": payment.id,
            "mode": given["mode"],
            "paymentCreateTime": self.stamp(payment.created_ms),
        }
        answer |= {"paymentExecuteTime": self.stamp(payment.executed_ms)} if payment.trx else {}
        answer |= {"amount": self._amount_shown(payment), "currency": "BDT", "intent": given["intent"]}
        answer |= {"merchantInvoice": given["merchantInvoiceNumber"]}
        answer |= {"trxID": payment.trx} if payment.trx else {}
        answer |= {"transactionStatus": payment.status, "verificationStatus": verified}
        answer |= {"statusCode": "0000", "statusMessage": "Successful", "userVerificationStatus": verified}
        answer |= {"merchantInvoiceNumber": given["merchantInvoiceNumber"]} | self._payer(payment)
        return answer | {"maxRefundableAmount": self._refundable(payment)}

    def _amount_shown(self, payment: Payment) -> str:
        """As it was sent, but where another one is reported."""
        if payment.off_by:
            return taka(payment.minor + payment.off_by)
        return str(payment.given["amount"]) if payment.script.shows == 1 else self._shown_minor(payment)

    def _shown_minor(self, payment: Payment) -> str:
        return taka(int(payment.minor * payment.script.shows))

    def op_search(self, family: str, body: dict[str, Any]) -> dict[str, Any]:
        trx = body.get("trxID")
        if trx is None:
            raise RefusedError("2065")
        for payment in self.payments.values():
            for refund in [None, *payment.refunds]:
                if trx == (refund.trx if refund else payment.trx) and trx:
                    return self._searched(family, payment, refund)
        raise RefusedError("2033")

    def _searched(self, family: str, payment: Payment, refund: Refund | None) -> dict[str, Any]:
        at = self.stamp(refund.at_ms if refund else payment.executed_ms, family)
        answer = {
            "trxID": refund.trx if refund else payment.trx,
            "initiationTime": at,
            "completedTime": at,
            "transactionType": "Refund" if refund else "bKash Tokenized Checkout via API",
            "customerMsisdn": payment.wallet,
            "transactionStatus": "Completed" if refund else payment.status,
            "amount": taka(refund.minor if refund else payment.minor),
            "currency": "BDT",
            "organizationShortCode": "50001",
        }
        answer |= (
            {"originalTrxAmount": taka(payment.minor)} if refund else {"maxRefundableAmount": self._refundable(payment)}
        )
        return answer | ({} if family == "checkout" else {"statusCode": "0000", "statusMessage": "Successful"})

    # Refunds

    def op_refund(self, family: str, body: dict[str, Any]) -> dict[str, Any]:
        names = ("paymentId", "trxId", "refundAmount") if family == "v2" else ("paymentID", "trxID", "amount")
        payment_id, trx, amount = (body.get(name) for name in names)
        if amount is None and family != "v2":
            return self.op_refund_status(family, body)
        payment = self.payment(payment_id, trx=trx)
        self.check_refund(payment, amount, body, family)
        script = payment.script
        if script.refund_code:
            raise RefusedError(script.refund_code)
        if script.refund == "lost" and "refund" not in payment.struck:
            payment.struck.add("refund")
            raise NoAnswerError
        refund = Refund(self.trx_id(), poisha(amount) or 0, self.now_ms())
        payment.refunds.append(refund)
        if script.refund == "hang" and "refund" not in payment.struck:
            payment.struck.add("refund")
            raise NoAnswerError
        if family == "v2":
            head = {"originalTrxId": payment.trx, "refundTrxId": refund.trx, "refundTransactionStatus": "Completed"}
            head |= {"originalTrxAmount": taka(payment.minor), "refundAmount": taka(refund.minor), "currency": "BDT"}
            return head | {"completedTime": self.stamp(refund.at_ms), "sku": body["sku"], "reason": body["reason"]}
        return self.refunded(payment, refund, family)

    def check_refund(self, payment: Payment, amount: Any, body: dict[str, Any], family: str) -> None:
        minor = poisha(amount)
        old = self.now_ms() - payment.executed_ms > words.REFUND_DAYS * 86_400_000
        over = minor is not None and minor > payment.minor - payment.returned
        many = len(payment.refunds) >= words.REFUNDS
        for code, wrong in {
            "2127" if family == "v2" else "2056": payment.status != "Completed",
            "2073": not body.get("sku"),
            "2065": not body.get("reason"),
            "2072" if family == "v2" else "2006": not minor,
            "2072-over" if family == "v2" else "2026": over,
            "2071": old,
            "2034": many,
        }.items():
            if wrong:
                raise RefusedError(code.partition("-")[0])

    def refunded(self, payment: Payment, refund: Refund, family: str) -> dict[str, Any]:
        answer = {
            "completedTime": self.stamp(refund.at_ms, family),
            "transactionStatus": "Completed",
            "originalTrxID": payment.trx,
            "refundTrxID": refund.trx,
            "amount": taka(refund.minor),
            "currency": "BDT",
            "charge": "0.00",
        }
        return answer | ({} if family == "checkout" else {"statusCode": "0000", "statusMessage": "Successful"})

    def op_refund_status(self, family: str, body: dict[str, Any]) -> dict[str, Any]:
        names = ("paymentId", "trxId") if family == "v2" else ("paymentID", "trxID")
        payment = self.payment(body.get(names[0]), trx=body.get(names[1]))
        if family == "v2":
            rows = [
                {
                    "refundTrxId": refund.trx,
                    "refundTransactionStatus": "Completed",
                    "refundAmount": taka(refund.minor),
                    "completedTime": f"{dhaka(refund.at_ms):%Y-%m-%dT%H:%M:%S}:{refund.at_ms % 1000:03d}",
                }
                for refund in payment.refunds
            ]
            head = {"originalTrxId": payment.trx, "originalTrxAmount": taka(payment.minor)}
            return head | {"originalTrxCompletedTime": self.stamp(payment.executed_ms), "refundTransactions": rows}
        if not payment.refunds:
            raise RefusedError("2002")
        return self.refunded(payment, payment.refunds[-1], family)

    # Authorized payments, agreements

    def op_capture(self, family: str, body: dict[str, Any]) -> dict[str, Any]:
        return self._decide(family, body, "Completed")

    def op_void(self, family: str, body: dict[str, Any]) -> dict[str, Any]:
        return self._decide(family, body, "Cancelled")

    def _decide(self, family: str, body: dict[str, Any], status: str) -> dict[str, Any]:
        payment = self.payment(body.get("paymentID") or body.get("paymentId"))
        if payment.status != "Authorized":
            raise RefusedError("2119" if payment.trx else "2056")
        payment.status, payment.changed_ms = status, self.now_ms()
        answer = {
            "paymentID": payment.id,
            "createTime": self.stamp(payment.created_ms, family),
            "updateTime": self.stamp(payment.changed_ms, family),
            "trxID": payment.trx,
            "transactionStatus": payment.status,
        }
        return answer | ({} if family == "checkout" else {"statusCode": "0000", "statusMessage": "Successful"})

    def _agree(self, payment: Payment) -> dict[str, Any]:
        payment.executed_ms = self.now_ms()
        payment.agreement = f"TokenizedMerchant01{self.letters.take(7, CAPITALS)}{payment.executed_ms}"
        self.agreements[payment.agreement] = Agreement(payment.agreement, payment)
        head = {"paymentID": payment.id, "agreementID": payment.agreement}
        head |= {"payerReference": payment.given["payerReference"], "customerMsisdn": payment.wallet}
        head |= {"agreementExecuteTime": self.stamp(payment.executed_ms), "agreementStatus": "Completed"}
        return head | {"statusCode": "0000", "statusMessage": "Successful"}

    def _agreement_shown(self, payment: Payment) -> dict[str, Any]:
        agreement = self.agreements.get(payment.agreement)
        verified = "Complete" if payment.page == "success" else "Incomplete"
        answer = {"paymentID": payment.id, "mode": "0000", "verificationStatus": verified} | self._payer(payment)
        answer |= {"agreementStatus": agreement.status if agreement else "Initiated"}
        answer |= {"agreementCreateTime": self.stamp(payment.created_ms)}
        if agreement:
            answer |= {"agreementID": agreement.id, "agreementExecuteTime": self.stamp(payment.executed_ms)}
            answer |= {"agreementVoidTime": self.stamp(agreement.void_ms)} if agreement.void_ms else {}
        return answer | {"statusCode": "0000", "statusMessage": "Successful"}

    def _agreement(self, body: dict[str, Any]) -> Agreement:
        agreement = self.agreements.get(str(body.get("agreementID")))
        if agreement is None:
            raise RefusedError("2065" if body.get("agreementID") is None else "2051")
        return agreement

    def op_agreement_status(self, _family: str, body: dict[str, Any]) -> dict[str, Any]:
        return self._agreement_shown(self._agreement(body).payment)

    def op_agreement_cancel(self, _family: str, body: dict[str, Any]) -> dict[str, Any]:
        agreement = self._agreement(body)
        if agreement.status != "Completed":
            raise RefusedError("2053")
        agreement.status, agreement.void_ms = "Cancelled", self.now_ms()
        payment = agreement.payment
        head = {"paymentID": payment.id, "agreementID": agreement.id, "payerReference": payment.given["payerReference"]}
        head |= {"agreementVoidTime": self.stamp(agreement.void_ms), "agreementStatus": "Cancelled"}
        return head | {"statusCode": "0000", "statusMessage": "Successful"}

    # The customer

    def _page(self, call: Call) -> Reply:
        payment = self.payments.get(call.query.get("paymentId", ""))
        if payment is None or (payment.family != "checkout" and call.query.get("hash") != self._hash(payment)):
            return json_reply({"message": "Not Found"}, 404)
        if call.method == "GET":
            form = b"<form method=post><input name=wallet><input name=otp><input name=pin></form>"
            return Reply(200, form, {"content-type": "text/html; charset=utf-8"})
        return self.customer(payment, call.form())

    def customer(self, payment: Payment, form: dict[str, str]) -> Reply:
        """The form of the page: wallet, otp, pin (each absent = right), action."""
        if payment.page:
            return json_reply({"message": "The payment is decided"}, 409)
        status = self.decide(payment, form)
        if payment.family == "checkout":
            return json_reply({"paymentID": payment.id, "status": status})
        return redirect(self.callback(payment, status))

    def decide(self, payment: Payment, form: dict[str, str]) -> str:
        payment.wallet = form.get("wallet") or words.WALLETS["ok"][0]
        right = form.get("otp", words.OTP) == words.OTP and form.get("pin", words.PIN) == words.PIN
        known = payment.wallet in words.SCRIPTS
        payment.page = payment.script.page if right and known else "failure"
        if form.get("action") in ("cancel", "fail"):
            payment.page = "cancel" if form["action"] == "cancel" else "failure"
        return payment.page

    # The control API

    def _control(self, call: Call, rest: str) -> Reply:
        if call.method == "GET" and not rest:
            wallets = {name: number for name, (number, _) in words.WALLETS.items()}
            base = f"{self.origin}/bkash/v1.2.0-beta"
            return json_reply(
                {**self.credentials, "pin": words.PIN, "otp": words.OTP, "wallets": wallets, "baseUrl": base}
            )
        parts = rest.strip("/").split("/")
        payment = self.payments.get(parts[1]) if len(parts) == 3 and parts[0] == "payments" else None
        if payment is None or parts[2] not in ("approve", "cancel", "fail"):
            return json_reply({"detail": "Not found"}, 404)
        form = {name: str(value) for name, value in json.loads(call.body or b"{}").items()}
        reply = self.customer(payment, form | {"action": parts[2]})
        if reply.status == 409:
            return reply
        redirected = reply.headers.get("location")
        return json_reply({"paymentID": payment.id, "status": payment.page, "redirect": redirected})
