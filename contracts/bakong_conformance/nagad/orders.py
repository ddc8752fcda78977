"""Rules of Nagad's orders: initialize and complete with their seals, the customer's page, verify."""

import base64
import binascii
import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from bakong_conformance.case import Case
from bakong_conformance.http import Answer, call
from bakong_conformance.nagad.subject import CALLBACK, HEADERS, Nagad, Order, refused
from bakong_conformance.rules import RuleBrokenError, Severity, Suite, agree, require

SUITE = Suite("nagad")
rule = SUITE.rule
CRITICAL = Severity.CRITICAL
VERIFIED = [
    "merchantId",
    "orderId",
    "paymentRefId",
    "amount",
    "clientMobileNo",
    "merchantMobileNo",
    "orderDateTime",
    "issuerPaymentDateTime",
    "issuerPaymentRefNo",
    "additionalMerchantInfo",
    "status",
    "statusCode",
    "cancelIssuerDateTime",
    "cancelIssuerRefNo",
]
RETURNED = [
    "merchant",
    "order_id",
    "payment_ref_id",
    "status",
    "status_code",
    "message",
    "payment_dt",
    "issuer_payment_ref",
]
TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.0", re.ASCII)
CLIENTS, CAPTURES = "independent clients [C]", "captures [C]"


def has(answer: Answer, *names: str) -> dict[str, Any]:
    require(answer.status == 200 and isinstance(answer.body, dict), f"answered {answer.summary}")
    missing = [name for name in names if name not in answer.body]
    require(not missing, f"{', '.join(missing)} is missing in {answer.summary}")
    return dict(answer.body)


@rule(
    "initialize.sealed",
    "Initialize answers under both keys",
    forbids="plain answers, another key, another signature",
    source=CLIENTS,
)
def _sealed(nagad: Nagad, case: Case) -> None:
    """It opens with the shop's key, its signature is Nagad's over the very bytes; reference and challenge are there."""
    order = nagad.begun(case)
    for name in ("paymentReferenceId", "challenge"):
        require(order.plain.get(name), f"the plaintext has no {name}: {dict(order.plain)}")
    require(str(order.challenge) != f"c{order.id}", "the challenge is the one that was sent")
    shown = str(order.plain.get("acceptDateTime"))
    agree(re.fullmatch(r"\d{14}", shown, re.ASCII), f"acceptDateTime is {shown!r}")


@rule(
    "initialize.reference",
    "A reference holds its time, shop and order",
    forbids="references of another form",
    source="decoded from 4 captures [T]",
)
def _reference(nagad: Nagad, case: Case) -> None:
    """Base64 of MMddHHmmssSSS, merchant, order and 20 hex digits, joined by dots; no two are the same."""
    first, second = nagad.begun(case), nagad.begun(case)
    try:
        text = base64.b64decode(first.reference, validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        raise RuleBrokenError(f"paymentReferenceId {first.reference!r} is not base64") from None
    expected = rf"\d{{13}}\.{nagad.merchant}\.{first.id}\.[0-9a-f]{{20}}"
    require(re.fullmatch(expected, text, re.ASCII), f"paymentReferenceId is {text!r}, expected {expected}")
    require(first.reference != second.reference, "two orders have one reference")


@rule(
    "initialize.signature",
    "A wrong signature opens no order",
    forbids="orders in another shop's name",
    source=CLIENTS,
    severity=CRITICAL,
)
def _signature(nagad: Nagad, case: Case) -> None:
    """The signature of another text, a cut one, none that is base64."""
    order, other = nagad.new_order(), nagad.seal({"x": 1})
    sealed = nagad.seal(nagad.begin_plain(order))
    for signature in (other.signature, sealed.signature[:-8], "!", ""):
        refused(nagad.initialize(case, order, sealed, signature=signature), f"the signature {signature[:12]!r}")


@rule("initialize.plain", "What is not sealed is refused", forbids="orders in the clear", source=CLIENTS)
def _plain(nagad: Nagad, case: Case) -> None:
    """The plaintext as base64, another text, no base64."""
    order = nagad.new_order()
    plain = nagad.begin_plain(order)
    sealed = nagad.seal(plain)
    for data in (base64.b64encode(json.dumps(plain).encode()).decode(), "AAAA", "!", ""):
        refused(nagad.initialize(case, order, sealed._replace(data=data)), f"the sensitiveData {data[:12]!r}")


@rule(
    "initialize.bytes",
    "The very bytes are signed, in any order and spacing",
    forbids="writing JSON anew before verifying",
    source="vectors, two clients [T]",
)
def _bytes(nagad: Nagad, case: Case) -> None:
    """Keys in another order, spaces, a challenge that is a number."""
    dumps: dict[str, Callable[[dict[str, Any]], str]] = {
        "another order": lambda plain: json.dumps(dict(reversed(plain.items()))),
        "spaces and lines": lambda plain: json.dumps(plain, indent=1),
        "a challenge that is a number": lambda plain: json.dumps(plain | {"challenge": 12345}),
    }
    for about, dump in dumps.items():
        order = nagad.new_order()
        sealed = nagad.seal({}, text=dump(nagad.begin_plain(order)).encode())
        answer = nagad.initialize(case, order, sealed)
        require(answer.status == 200, f"a plaintext with {about} was answered {answer.summary}")


@rule(
    "initialize.order",
    "Path and plaintext name one order",
    forbids="an order under another's number",
    source="[G]",
    severity=CRITICAL,
)
def _order(nagad: Nagad, case: Case) -> None:
    """Another order in the plaintext; an order with a dash."""
    order, other = nagad.new_order(), nagad.new_order()
    refused(nagad.initialize(case, order, nagad.seal(nagad.begin_plain(other))), "another order in the plaintext")
    dashed = f"{order}-1"
    refused(nagad.initialize(case, dashed, nagad.seal(nagad.begin_plain(dashed))), "an order with a dash")


@rule(
    "initialize.merchant",
    "Path and plaintext name one known shop",
    forbids="another shop's orders",
    source="[G]",
    severity=CRITICAL,
)
def _merchant(nagad: Nagad, case: Case) -> None:
    """Another shop in the path, in the plaintext, in both."""
    nobody = "683000000000000"
    order = nagad.new_order()
    for path, plain in ((nobody, nagad.merchant), (nagad.merchant, nobody), (nobody, nobody)):
        sealed = nagad.seal(nagad.begin_plain(order, merchantId=plain))
        answer = nagad.initialize(case, order, sealed, merchant=path)
        refused(answer, f"the shop {path} in the path and {plain} in the plaintext")


@rule(
    "initialize.datetime",
    "A datetime is yyyyMMddHHmmss",
    forbids="epoch milliseconds, a month 13",
    source="issue #14 [1]",
)
def _datetime(nagad: Nagad, case: Case) -> None:
    """Epoch ms, a month 13, a word, nothing."""
    for wrong in ("1765440000000", "20251311160000", "now", ""):
        order = nagad.new_order()
        answer = nagad.initialize(case, order, nagad.seal(nagad.begin_plain(order, datetime=wrong)))
        refused(answer, f"the datetime {wrong!r}")


@rule(
    "initialize.headers",
    "Calls carry the X-KM headers",
    forbids="calls without them",
    source="clients send them [C], demanded [G]",
)
def _headers(nagad: Nagad, case: Case) -> None:
    """Each left out. Disputed: that Nagad demands them was not seen."""
    for name in HEADERS:
        order = nagad.new_order()
        sent = {key: value for key, value in HEADERS.items() if key != name}
        answer = nagad.initialize(case, order, nagad.seal(nagad.begin_plain(order)), headers=sent)
        agree(answer.status != 200, f"a call without {name} was answered {answer.status}")


@rule(
    "initialize.again",
    "An order that was only begun may be begun again",
    forbids="a customer who may not try twice",
    source="[G]",
)
def _again(nagad: Nagad, case: Case) -> None:
    """Initialize twice. Disputed."""
    first = nagad.begun(case)
    answer = nagad.initialize(case, first.id, nagad.seal(nagad.begin_plain(first.id)))
    agree(answer.status == 200, f"a second initialize was answered {answer.summary}")


@rule(
    "complete.shape",
    "Complete answers the pay page in the clear",
    forbids="a sealed answer, another name",
    source="two clients, F#, a capture [C]",
)
def _completed(nagad: Nagad, case: Case) -> None:
    """CallBackUrl and status; the page opens."""
    order = nagad.begun(case)
    body = has(nagad.complete(case, order), "callBackUrl", "status")
    require(body["status"] == "Success", f"status is {body['status']!r}, expected Success")
    url = str(body["callBackUrl"])
    require(order.reference in unquote(url), f"callBackUrl {url!r} does not name the reference")
    require(call(case, nagad.http, "GET", url).status == 200, "the pay page does not open")


@rule(
    "complete.challenge",
    "Complete needs the challenge of initialize",
    forbids="completing another's order",
    source=CLIENTS,
    severity=CRITICAL,
)
def _challenge(nagad: Nagad, case: Case) -> None:
    """The challenge that was sent, a made-up one, that of another order."""
    order, other = nagad.begun(case), nagad.begun(case)
    for wrong in (f"c{order.id}", "0" * 40, other.challenge):
        refused(nagad.complete(case, order, challenge=wrong), f"the challenge {str(wrong)[:12]!r}")


@rule(
    "complete.signature",
    "A wrong signature completes no order",
    forbids="another amount under a signature",
    source=CLIENTS,
    severity=CRITICAL,
)
def _complete_signature(nagad: Nagad, case: Case) -> None:
    """The signature of another text."""
    order = nagad.begun(case)
    signature = nagad.seal({"amount": "1.00"}).signature
    refused(nagad.complete(case, order, signature=signature), "the signature of another text")


@rule("complete.amounts", "What is no amount is refused", forbids="0, words and three decimals", source="[G]")
def _amounts(nagad: Nagad, case: Case) -> None:
    """0, below zero, three decimals, a word; then an amount as a JSON number is taken."""
    for wrong in ("0", "0.00", "-1.00", "1.234", "ten", ""):
        refused(nagad.complete(case, nagad.begun(case), amount=wrong), f"the amount {wrong!r}")
    number = nagad.complete(case, nagad.begun(case), amount=16)
    require(number.status == 200, f"an amount as a JSON number was answered {number.summary}")


@rule(
    "complete.fields",
    "Currency and order are compared",
    forbids="dollars, another's order",
    source="[G]",
    severity=CRITICAL,
)
def _fields(nagad: Nagad, case: Case) -> None:
    """A currency that is not 050, another order, another shop."""
    for more in ({"currencyCode": "840"}, {"orderId": nagad.new_order()}, {"merchantId": "683000000000000"}):
        refused(nagad.complete(case, nagad.begun(case), **more), f"a complete with {more}")


@rule("complete.unknown", "An unknown reference is refused", forbids="a 500, or an order out of nothing", source="[G]")
def _unknown(nagad: Nagad, case: Case) -> None:
    """In complete and in verify."""
    order = nagad.begun(case)
    nobody = base64.b64encode(b"1211160000123.683.X.0").decode()
    refused(
        nagad.complete(case, Order(order.id, nobody, order.challenge, "", order.answer, {})), "an unknown reference"
    )
    refused(nagad.verify(case, nobody), "a verify of an unknown reference")


@rule(
    "complete.once",
    "A completed order is not begun again",
    forbids="two payments for one order",
    source="orderId is unique [C]",
    severity=CRITICAL,
)
def _once(nagad: Nagad, case: Case) -> None:
    """Initialize the order of a completed one, and of a paid one."""
    for order in (nagad.ready(case), nagad.paid(case)):
        answer = nagad.initialize(case, order.id, nagad.seal(nagad.begin_plain(order.id)))
        refused(answer, "an initialize of a completed order")


@rule("complete.slash", "A double slash is let through", forbids="refusing laravel-nagad", source="one client [1]")
def _slash(nagad: Nagad, case: Case) -> None:
    """//check-out/complete, as laravel-nagad sends it. Disputed."""
    answer = nagad.complete(case, nagad.begun(case), slash="//")
    agree(answer.status == 200, f"a double slash was answered {answer.summary}")


def _fields_of(url: str) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(url).query.replace("+", "%2B"), keep_blank_values=True)


@rule(
    "page.success",
    "A payment sends the browser back with eight fields",
    forbids="another order of names, another code",
    source="3 captures [C]",
)
def _success(nagad: Nagad, case: Case) -> None:
    """Names in their order, status and code, the raw reference; a callback with a query of its own keeps it."""
    for callback in (CALLBACK, f"{CALLBACK}?x=1"):
        order = nagad.ready(case, callback=callback)
        url = nagad.decide(case, order)
        require(url.startswith(f"{callback}{'&' if '?' in callback else '?'}"), f"the browser was sent to {url!r}")
        fields = _fields_of(url)[1 if "?" in callback else 0 :]
        require([name for name, _ in fields] == RETURNED, f"the fields are {[name for name, _ in fields]}")
        values = dict(fields)
        expected = {"merchant": nagad.merchant, "order_id": order.id, "payment_ref_id": order.reference}
        expected |= {"status": "Success", "status_code": "00_0000_000"}
        for name, value in expected.items():
            require(values[name] == value, f"{name} is {values[name]!r}, expected {value!r}")
        require(re.fullmatch(r"\d{14}", values["payment_dt"], re.ASCII), f"payment_dt is {values['payment_dt']!r}")


@rule(
    "page.others",
    "Who closes the page has not paid",
    forbids="Success for who paid nothing",
    source=CLIENTS,
    severity=CRITICAL,
)
def _others(nagad: Nagad, case: Case) -> None:
    """The browser comes back with another status than Success; verify says so too. Aborted is disputed."""
    order = nagad.ready(case)
    values = dict(_fields_of(nagad.decide(case, order, "cancel")))
    require(values.get("status") != "Success", f"a closed page came back with {values}")
    status = has(nagad.verify(case, order.reference), "status")["status"]
    require(status != "Success", "a payment whose page was closed is Success")
    agree(values.get("status") == "Aborted" == status, f"a closed page is {values.get('status')} and {status}")


@rule(
    "page.failed", "A failed payment is no success", forbids="Success without money", source=CLIENTS, severity=CRITICAL
)
def _failed(nagad: Nagad, case: Case) -> None:
    """A wallet without money."""
    order = nagad.ready(case)
    values = dict(_fields_of(nagad.decide(case, order, wallet="poor")))
    require(values.get("status") != "Success", f"a failed payment came back with {values}")
    body = has(nagad.verify(case, order.reference), "status", "statusCode")
    require(body["status"] != "Success" and body["statusCode"] != "000", f"a failed payment is {body}")


@rule("page.once", "A decided payment is decided", forbids="paying what was cancelled", source="[G]", severity=CRITICAL)
def _page_once(nagad: Nagad, case: Case) -> None:
    """Cancelled, then the page's form once more."""
    order = nagad.ready(case)
    nagad.decide(case, order, "cancel")
    nagad.form(case, order, action="confirm")
    status = has(nagad.verify(case, order.reference), "status")["status"]
    require(status != "Success", "a cancelled payment was paid after all")


@rule(
    "verify.shape",
    "Verify answers fourteen fields in the clear",
    forbids="a missing key, a changed amount",
    source=CAPTURES,
)
def _verified(nagad: Nagad, case: Case) -> None:
    """Of paid orders of 16 and 100.50: the amount as it was sent, times, a masked number."""
    for amount in ("16", "100.50"):
        order = nagad.paid(case, amount)
        body = has(nagad.verify(case, order.reference), *VERIFIED)
        expected = {"merchantId": nagad.merchant, "orderId": order.id, "paymentRefId": order.reference}
        expected |= {"amount": amount, "status": "Success", "statusCode": "000"}
        for name, value in expected.items():
            require(body[name] == value, f"{name} is {body[name]!r}, expected {value!r}")
        for name in ("orderDateTime", "issuerPaymentDateTime"):
            require(TIME.fullmatch(str(body[name])), f"{name} is {body[name]!r}")
        require(
            re.fullmatch(r"[0-9A-Z]{8}", str(body["issuerPaymentRefNo"]), re.ASCII),
            "issuerPaymentRefNo has another form",
        )
        require("****" in str(body["clientMobileNo"]), f"clientMobileNo {body['clientMobileNo']!r} is not masked")
        for name in ("cancelIssuerDateTime", "cancelIssuerRefNo"):
            require(body[name] is None, f"{name} of an order without a refund is {body[name]!r}")


@rule(
    "verify.before",
    "Nothing is Success before the customer paid",
    forbids="a verify that pays",
    source=CLIENTS,
    severity=CRITICAL,
)
def _before(nagad: Nagad, case: Case) -> None:
    """After initialize, and after complete."""
    for order in (nagad.begun(case), nagad.ready(case)):
        answer = nagad.verify(case, order.reference)
        require(answer.get("status") != "Success", f"an unpaid order is {answer.summary}")
        require(answer.get("statusCode") != "000", f"an unpaid order has the code 000: {answer.summary}")


@rule(
    "verify.same", "Verify tells the same again", forbids="a payment that changes by being looked at", source=CAPTURES
)
def _same(nagad: Nagad, case: Case) -> None:
    """Three times, and without any header."""
    order = nagad.paid(case)
    answers = [nagad.verify(case, order.reference).text for _ in range(3)]
    require(len(set(answers)) == 1, f"verify tells {answers}")


@rule("verify.info", "additionalMerchantInfo is null or JSON text", forbids="an object in its place", source=CAPTURES)
def _info(nagad: Nagad, case: Case) -> None:
    """With and without it."""
    for info in (None, {"tnx_id": "7"}):
        order = nagad.paid(case, info=info)
        shown = has(nagad.verify(case, order.reference), "additionalMerchantInfo")["additionalMerchantInfo"]
        right = shown is None if info is None else isinstance(shown, str) and json.loads(shown) == info
        require(right, f"additionalMerchantInfo is {shown!r}, was sent {info!r}")


@rule(
    "verify.slow",
    "What is under way is no success yet",
    forbids="Success before the money moved",
    source="status names of F# [1]",
)
def _slow(nagad: Nagad, case: Case) -> None:
    """A wallet that takes five minutes."""
    order = nagad.ready(case)
    nagad.decide(case, order, wallet="slow")
    status = has(nagad.verify(case, order.reference), "status")["status"]
    require(status != "Success", "a payment that is under way is Success")
    nagad.wait(case, 300)
    status = has(nagad.verify(case, order.reference), "status")["status"]
    require(status == "Success", f"five minutes later it is {status!r}")


@rule(
    "errors.garbage",
    "Nonsense is refused in Nagad's shape",
    forbids="a 500, an HTTP 200",
    source="clients read reason or devMessage [C]",
)
def _garbage(nagad: Nagad, case: Case) -> None:
    """Bodies that are no JSON, no object, empty."""
    path = f"{nagad.base_url}/check-out/initialize/{nagad.merchant}/{nagad.new_order()}"
    for raw in (b"{", b"[]", b"null", b"", b"\xff", b"{}"):
        answer = call(case, nagad.http, "POST", path, headers=HEADERS, raw=raw)
        refused(answer, f"the body {raw!r}")
