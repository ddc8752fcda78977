"""Rules of bKash's tokenized payments: create, the browser's way, execute, query, search."""

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from bakong_conformance.bkash.subject import CALLBACK, TIME, TRX, Bkash, certainly, has, refused, says
from bakong_conformance.case import Case
from bakong_conformance.http import Answer
from bakong_conformance.rules import NotCheckedError, RuleBrokenError, Severity, Suite, agree, require
from bakong_conformance.stand_ins.money import dhaka

SUITE = Suite("bkash")
rule = SUITE.rule
CRITICAL = Severity.CRITICAL
CAPTURES, TABLE = "captures 2019-2025 [C]", "bKash's table of codes [O], which one when [G]"
CREATED = [
    "paymentID",
    "bkashURL",
    "callbackURL",
    "successCallbackURL",
    "failureCallbackURL",
    "cancelledCallbackURL",
    "amount",
    "intent",
    "currency",
    "paymentCreateTime",
    "transactionStatus",
    "merchantInvoiceNumber",
    "statusCode",
    "statusMessage",
]
EXECUTED = [
    "paymentID",
    "trxID",
    "transactionStatus",
    "amount",
    "currency",
    "intent",
    "paymentExecuteTime",
    "merchantInvoiceNumber",
    "payerType",
    "payerReference",
    "customerMsisdn",
    "payerAccount",
    "maxRefundableAmount",
    "statusCode",
    "statusMessage",
]
QUERIED = [
    "paymentID",
    "mode",
    "paymentCreateTime",
    "amount",
    "currency",
    "intent",
    "merchantInvoice",
    "transactionStatus",
    "verificationStatus",
    "statusCode",
    "statusMessage",
    "payerReference",
]
SEARCHED = [
    "trxID",
    "initiationTime",
    "completedTime",
    "transactionType",
    "customerMsisdn",
    "transactionStatus",
    "amount",
    "currency",
    "organizationShortCode",
    "statusCode",
    "statusMessage",
]
PAYMENT_ID = re.compile(r"TR0011[A-Za-z0-9]{2,7}([0-9]{13})", re.ASCII)
MARKS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@rule("create.shape", "Create answers what clients read", forbids="a missing key, another name", source=CAPTURES)
def _created(bkash: Bkash, case: Case) -> None:
    """The keys of 2025, the state, and what was sent."""
    wanted = bkash.wanted()
    body = has(bkash.post(case, "create", wanted), *CREATED)
    says(body, transactionStatus="Initiated", statusCode="0000", statusMessage="Successful", callbackURL=CALLBACK)
    says(body, **{name: wanted[name] for name in ("intent", "currency", "merchantInvoiceNumber")})


@rule(
    "create.amount",
    "The amount comes back as it was sent",
    forbids="10 that becomes 10.00, or a number",
    source=CAPTURES,
)
def _echo(bkash: Bkash, case: Case) -> None:
    """10, 10.5 and 599.00, in create and in execute; a JSON number is taken."""
    for sent in ("10", "10.5", "599.00"):
        says(has(bkash.create(case, amount=sent), "amount"), amount=sent)
    says(has(bkash.pay(case, amount="12").answer, "amount"), amount="12")
    number = bkash.post(case, "create", bkash.wanted(amount=15))
    require(number.get("statusCode") == "0000", f"an amount as a JSON number was answered {number.summary}")


@rule("create.id", "A paymentID holds its mode and its millisecond", forbids="ids of another form", source=CAPTURES)
def _payment_id(bkash: Bkash, case: Case) -> None:
    """TR, the mode, letters, 13 digits that agree with paymentCreateTime; no two are the same."""
    first, second = (has(bkash.create(case), "paymentID", "paymentCreateTime") for _ in range(2))
    match = PAYMENT_ID.fullmatch(str(first["paymentID"]))
    if match is None:
        raise RuleBrokenError(f"paymentID is {first['paymentID']!r}, expected TR0011, letters and 13 digits")
    shown = f"{dhaka(int(match[1])):%Y-%m-%dT%H:%M:%S}:{int(match[1]) % 1000:03d} GMT+0600"
    require(
        shown == first["paymentCreateTime"], f"paymentID says {shown}, paymentCreateTime {first['paymentCreateTime']}"
    )
    require(first["paymentID"] != second["paymentID"], "two payments have one paymentID")


@rule(
    "create.time", "Times are Dhaka's, with a colon before the milliseconds", forbids="ISO 8601, UTC", source=CAPTURES
)
def _time(bkash: Bkash, case: Case) -> None:
    """PaymentCreateTime and paymentExecuteTime."""
    shown = [bkash.create(case).get("paymentCreateTime"), bkash.pay(case).answer.get("paymentExecuteTime")]
    for value in shown:
        require(isinstance(value, str) and TIME.fullmatch(value), f"a time is {value!r}, expected {TIME.pattern}")


@rule(
    "create.urls",
    "Three callback URLs carry one signature",
    forbids="a lost query, signatures that differ",
    source="captures 2024-25 [C]",
)
def _urls(bkash: Bkash, case: Case) -> None:
    """A callback without and with a query of its own."""
    for callback in (CALLBACK, f"{CALLBACK}?order=7&x=1"):
        body = has(bkash.create(case, callbackURL=callback), *CREATED)
        signatures = set()
        for name, status in (("success", "success"), ("failure", "failure"), ("cancelled", "cancel")):
            url = str(body[f"{name}CallbackURL"])
            mark = "&" if "?" in callback else "?"
            require(url.startswith(f"{callback}{mark}"), f"{name}CallbackURL is {url!r}, expected {callback}{mark}...")
            query = parse_qs(urlsplit(url).query)
            require(query.get("paymentID") == [body["paymentID"]], f"{url!r} names no paymentID")
            require(query.get("status") == [status], f"{url!r} has not the status {status}")
            signatures.add(tuple(query.get("signature", [])))
        (signature, *others) = signatures
        require(
            not others and signature and re.fullmatch(r"\w{10}", signature[0], re.ASCII), f"signatures: {signatures}"
        )


@rule(
    "create.extra",
    "Empty and unknown fields do not matter",
    forbids="refusing bKash's own plugin",
    source="bKash's plugin [O]",
)
def _extra(bkash: Bkash, case: Case) -> None:
    """AgreementID and merchantAssociationInfo empty, a field of nobody's."""
    more = {"agreementID": "", "merchantAssociationInfo": "", "note": "x"}
    answer = bkash.post(case, "create", bkash.wanted(**more))
    require(answer.get("statusCode") == "0000", f"empty and unknown fields were answered {answer.summary}")


@rule("create.alias", "payment/create is create", forbids="another path for authorizations", source="clients [C]")
def _alias(bkash: Bkash, case: Case) -> None:
    """The path that some clients use."""
    answer = bkash.post(case, "payment/create", bkash.wanted())
    require(answer.get("statusCode") == "0000", f"payment/create was answered {answer.summary}")


@rule(
    "create.amounts", "What is no amount is refused", forbids="0, words and three decimals", source="table [O], C3 [C]"
)
def _amounts(bkash: Bkash, case: Case) -> None:
    """0, below zero, three decimals, a word, an empty text."""
    for wrong in ("0", "0.00", "-1", "1.234", "ten", "1e3"):
        certainly(bkash.post(case, "create", bkash.wanted(amount=wrong)), f"the amount {wrong!r}", "2006")


@rule("create.fields", "Wrong fields are named by their codes", forbids="creating what cannot be paid", source=TABLE)
def _fields(bkash: Bkash, case: Case) -> None:
    """Currency, intent, callback, reference, invoice, mode; the codes are disputed."""
    wrong: dict[str, tuple[dict[str, Any], str]] = {
        "USD": ({"currency": "USD"}, "2007"),
        "an unknown intent": ({"intent": "gift"}, "2008"),
        "a callback that is no URL": ({"callbackURL": "shop"}, "2049"),
        "a reference with <": ({"payerReference": "a<b"}, "2048"),
        "a reference of 256 letters": ({"payerReference": "a" * 256}, "2048"),
        "an invoice with &": ({"merchantInvoiceNumber": "a&b"}, "2031"),
        "the mode 9999": ({"mode": "9999"}, "2063"),
    }
    for about, (more, code) in wrong.items():
        refused(bkash.post(case, "create", bkash.wanted(**more)), about, code)


@rule("create.missing", "A missing field is refused", forbids="guessing a currency or a callback", source=TABLE)
def _missing(bkash: Bkash, case: Case) -> None:
    """Each required field once; 2065 is disputed."""
    for name in ("mode", "callbackURL", "amount", "currency", "intent", "merchantInvoiceNumber"):
        answer = bkash.post(case, "create", bkash.wanted(**{name: ...}))
        refused(answer, f"a create without {name}", "2065", "2063" if name == "mode" else "2065")


@rule(
    "create.invoice",
    "A paid invoice is not paid again",
    forbids="two payments for one invoice",
    source="one reading [1]",
)
def _invoice(bkash: Bkash, case: Case) -> None:
    """Disputed: only one source has the rule at create."""
    paid = bkash.pay(case)
    answer = bkash.post(case, "create", bkash.wanted(merchantInvoiceNumber=paid.invoice))
    agree(answer.get("statusCode") == "2029", f"the invoice of a paid payment was answered {answer.summary}")


@rule(
    "create.unpaid-invoice",
    "An unpaid invoice may be tried again",
    forbids="a customer who may not try twice",
    source="clients [C]",
)
def _unpaid_invoice(bkash: Bkash, case: Case) -> None:
    """The same invoice after a first create, and after a cancelled one."""
    wanted = bkash.wanted()
    first = bkash.ok(bkash.post(case, "create", wanted), "create")
    bkash.decide(case, first, "cancel")
    answer = bkash.post(case, "create", wanted)
    require(answer.get("statusCode") == "0000", f"the invoice of a cancelled payment was answered {answer.summary}")


def _sent(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


@rule(
    "page.success",
    "An approval sends the browser to the success URL",
    forbids="a callback that a shop cannot read",
    source=CAPTURES,
)
def _success(bkash: Bkash, case: Case) -> None:
    """paymentID, status=success, and the signature of the created URLs."""
    created = bkash.create(case)
    location = bkash.decide(case, created)
    require(location == created.get("successCallbackURL"), f"the browser was sent to {location!r}")


@rule(
    "page.others",
    "Cancel and failure have URLs of their own",
    forbids="success for who closed the page",
    source=CAPTURES,
    severity=CRITICAL,
)
def _others(bkash: Bkash, case: Case) -> None:
    """The customer cancels; and fails."""
    for action, status in (("cancel", "cancel"), ("fail", "failure")):
        if action == "fail" and not bkash.control:
            continue
        sent = _sent(bkash.decide(case, bkash.create(case), action))
        require(sent.get("status") == status, f"after {action} the browser was sent with {sent}")


@rule("page.once", "A decided payment is decided", forbids="approving what was cancelled", source="page [C], 409 [G]")
def _once(bkash: Bkash, case: Case) -> None:
    """Cancel, then the page's form again: no success."""
    created = bkash.create(case)
    bkash.decide(case, created, "cancel")
    answer = bkash.form(case, created, action="confirm")
    location = answer.headers.get("location", "")
    require(_sent(location).get("status") != "success", f"a cancelled payment was approved: {location!r}")
    refused(bkash.execute(case, created.get("paymentID")), "an execute of a cancelled payment")


@rule(
    "page.hash",
    "The pay page is only for who has its address",
    forbids="a page that opens by paymentID alone",
    source="captures 2024-25 [G]",
)
def _hash(bkash: Bkash, case: Case) -> None:
    """The address with another hash. Disputed."""
    created = bkash.create(case)
    url = str(created.get("bkashURL"))
    require(str(created.get("paymentID")) in url, f"bkashURL {url!r} does not name the payment")
    changed = re.sub(r"hash=[^&]*", "hash=made-up", url)
    if changed == url:
        raise NotCheckedError("bkashURL has no hash")
    status = bkash.http.get(changed).status_code
    agree(status >= 400, f"the page with another hash was answered {status}")


@rule("execute.shape", "Execute answers what clients read", forbids="a missing key, another name", source=CAPTURES)
def _executed(bkash: Bkash, case: Case) -> None:
    """The keys of 2025."""
    paid = bkash.pay(case)
    body = has(paid.answer, *EXECUTED)
    says(body, paymentID=paid.id, transactionStatus="Completed", currency="BDT", intent="sale", statusCode="0000")
    says(body, merchantInvoiceNumber=paid.invoice, payerReference="verify", maxRefundableAmount=paid.amount)


@rule(
    "execute.trx",
    "A trxID begins with its day in Dhaka",
    forbids="numbers of another form",
    source="computed from 13 captures [T]",
)
def _trx(bkash: Bkash, case: Case) -> None:
    """Ten of 0-9 and A-Z; year, month and day of paymentExecuteTime; no two are the same."""
    first, second = bkash.pay(case), bkash.pay(case)
    require(TRX.fullmatch(first.trx), f"trxID is {first.trx!r}, expected ten of 0-9 and A-Z")
    at = str(first.answer.get("paymentExecuteTime"))
    year, month, day = (int(part) for part in at[:10].split("-"))
    expected = MARKS[year - 2013] + MARKS[9 + month] + MARKS[day]
    require(first.trx.startswith(expected), f"trxID {first.trx} of {at[:10]} begins not with {expected}")
    require(first.trx != second.trx, "two payments have one trxID")


@rule(
    "execute.unapproved",
    "Nothing moves before the customer approved",
    forbids="paying without the customer",
    source="C3 in v2 [C], code [G]",
    severity=CRITICAL,
)
def _unapproved(bkash: Bkash, case: Case) -> None:
    """Execute at once: 2056 or 2060; the payment stays Initiated."""
    created = bkash.create(case)
    refused(bkash.execute(case, created.get("paymentID")), "an execute before the approval", "2056", "2060")
    says(has(bkash.query(case, created.get("paymentID")), "transactionStatus"), transactionStatus="Initiated")


@rule(
    "execute.cancelled",
    "What was cancelled is not executed",
    forbids="paying after a no",
    source="C3 [C], code [G]",
    severity=CRITICAL,
)
def _cancelled(bkash: Bkash, case: Case) -> None:
    """Cancel, then execute."""
    created = bkash.create(case)
    bkash.decide(case, created, "cancel")
    refused(bkash.execute(case, created.get("paymentID")), "an execute after a cancel", "2056", "2060")


@rule(
    "execute.twice",
    "Executing again is refused, and moves nothing",
    forbids="taking the money twice",
    source="two clients [C, weak]",
    severity=CRITICAL,
)
def _twice(bkash: Bkash, case: Case) -> None:
    """A second execute: 2117 or 2062; query still shows the first trxID."""
    paid = bkash.pay(case)
    refused(bkash.execute(case, paid.id), "a second execute", "2117", "2062")
    says(has(bkash.query(case, paid.id), "trxID"), trxID=paid.trx, transactionStatus="Completed")


@rule("execute.unknown", "An unknown paymentID is 2002", forbids="a 404 or a 500", source="table [O]")
def _unknown(bkash: Bkash, case: Case) -> None:
    """In execute and in query."""
    for answer in (bkash.execute(case, "TR0011unknown00000000000"), bkash.query(case, "TR0011unknown00000000000")):
        certainly(answer, "an unknown paymentID", "2002")


@rule(
    "execute.poor",
    "A wallet without money is refused at execute",
    forbids="a success without money",
    source="three clients [C]",
    severity=CRITICAL,
)
def _poor(bkash: Bkash, case: Case) -> None:
    """The page says success, execute 2023; nothing is completed."""
    created = bkash.create(case)
    bkash.decide(case, created, wallet="poor")
    certainly(bkash.execute(case, created.get("paymentID")), "an execute without money", "2023")
    says(has(bkash.query(case, created.get("paymentID")), "transactionStatus"), transactionStatus="Initiated")


@rule("execute.spent", "A refused execute uses the payment up", forbids="a second try on one paymentID", source="[G]")
def _spent(bkash: Bkash, case: Case) -> None:
    """Execute again after 2023. Disputed."""
    created = bkash.create(case)
    bkash.decide(case, created, wallet="poor")
    bkash.execute(case, created.get("paymentID"))
    again = bkash.execute(case, created.get("paymentID"))
    agree(again.get("statusCode") == "2056", f"an execute after a refused one was answered {again.summary}")


@rule(
    "execute.silent",
    "Money that moved without an answer is in query",
    forbids="losing what a time-out hid",
    source="bKash's plugin [O]",
    severity=CRITICAL,
)
def _silent(bkash: Bkash, case: Case) -> None:
    """A wallet whose execute hangs after the money moved."""
    created = bkash.create(case)
    if bkash.no_answer_s:
        raise NotCheckedError(f"a scripted hang takes {bkash.no_answer_s:g} s of real time here")
    bkash.decide(case, created, wallet="hangpaid")
    try:
        bkash.http.post(
            f"{bkash.base_url}/tokenized/checkout/execute",
            headers=bkash.headers(),
            json={"paymentID": created.get("paymentID")},
        )
    except httpx.HTTPError as error:
        case.note("execute", type(error).__name__)
    body = has(bkash.query(case, created.get("paymentID")), "transactionStatus", "trxID")
    says(body, transactionStatus="Completed")


@rule("query.shape", "Query tells each step", forbids="Completed before execute, a trxID before money", source=CAPTURES)
def _queried(bkash: Bkash, case: Case) -> None:
    """New: Initiated, Incomplete; approved: Initiated, Complete; executed: Completed with trxID and time."""
    wanted = bkash.wanted()
    created = bkash.ok(bkash.post(case, "create", wanted), "create")
    payment_id = created.get("paymentID")
    for verified in ("Incomplete", "Complete"):
        body = has(bkash.query(case, payment_id), *QUERIED)
        says(body, transactionStatus="Initiated", verificationStatus=verified, mode="0011", statusCode="0000")
        says(body, merchantInvoice=wanted["merchantInvoiceNumber"], amount=wanted["amount"])
        require("trxID" not in body, f"a payment that was not executed has a trxID: {body}")
        require("paymentExecuteTime" not in body, f"a payment that was not executed has paymentExecuteTime: {body}")
        if verified == "Incomplete":
            bkash.decide(case, created)
    done = bkash.ok(bkash.execute(case, payment_id), "execute")
    body = has(bkash.query(case, payment_id), *QUERIED, "trxID", "paymentExecuteTime")
    says(body, transactionStatus="Completed", verificationStatus="Complete", trxID=done.get("trxID"))


@rule("query.life", "A paymentID lives 24 hours", forbids="ids that can be executed for ever", source="portal [O], [C]")
def _life(bkash: Bkash, case: Case) -> None:
    """Approved, and executed after 24 h: 2002."""
    created = bkash.create(case)
    bkash.decide(case, created)
    bkash.wait(case, 86_400)
    certainly(bkash.execute(case, created.get("paymentID")), "an execute after 24 h", "2002")


@rule(
    "search.shape",
    "Search finds a transaction by its trxID",
    forbids="a missing key, another amount",
    source="captures 2023 [C]",
)
def _searched(bkash: Bkash, case: Case) -> None:
    """A paid one, and one that is nobody's."""
    paid = bkash.pay(case, amount="321.50")
    body = has(bkash.post(case, "general/searchTransaction", {"trxID": paid.trx}), *SEARCHED)
    says(body, trxID=paid.trx, transactionStatus="Completed", amount="321.50", currency="BDT", statusCode="0000")
    refused(bkash.post(case, "general/searchTransaction", {"trxID": "0AA0000000"}), "an unknown trxID", "2033")


@rule(
    "envelope.errors",
    "Errors of bKash's own are HTTP 200",
    forbids="a 400 or 500 that clients do not read",
    source="bKash's plugin [O], two clients [C]",
)
def _errors(bkash: Bkash, case: Case) -> None:
    """Bodies that are no JSON, no object, empty."""
    for raw in (b"{", b"[]", b"null", b'"x"', b"", b"\xff"):
        answer: Answer = bkash.post(case, "create", headers=bkash.headers(), raw=raw)
        refused(answer, f"the body {raw!r}", "2025", "2065")


@rule("envelope.json", "Answers say that they are JSON", forbids="another Content-Type", source=CAPTURES)
def _json(bkash: Bkash, case: Case) -> None:
    """Of a success, a refusal and the gateway."""
    for answer in (
        bkash.create(case),
        bkash.query(case, "nobody"),
        bkash.post(case, "create", {}, headers={"x-app-key": "x"}),
    ):
        media = answer.headers.get("content-type", "").partition(";")[0]
        require(media == "application/json", f"Content-Type is {media!r}: {answer.summary}")
