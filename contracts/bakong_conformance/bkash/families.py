"""Rules of bKash's checkout family (iframe), and of agreements, by which a known wallet pays."""

import re

from bakong_conformance.bkash.subject import UTC_TIME, Bkash, has, refused, says
from bakong_conformance.case import Case
from bakong_conformance.http import Answer, call
from bakong_conformance.rules import NotCheckedError, PreconditionError, Suite, agree, require

SUITE = Suite("bkash")
rule = SUITE.rule
CAPTURES = "captures 2021 [C]"
CREATED = [
    "paymentID",
    "createTime",
    "orgLogo",
    "orgName",
    "transactionStatus",
    "amount",
    "currency",
    "intent",
    "merchantInvoiceNumber",
]
EXECUTED = [
    "paymentID",
    "createTime",
    "updateTime",
    "trxID",
    "transactionStatus",
    "amount",
    "currency",
    "intent",
    "merchantInvoiceNumber",
]
AGREED = [
    "paymentID",
    "agreementID",
    "payerReference",
    "customerMsisdn",
    "agreementExecuteTime",
    "agreementStatus",
    "statusCode",
]
AGREEMENT_ID = re.compile(r"TokenizedMerchant01[0-9A-Z]{7}[0-9]{13}", re.ASCII)


def _create(bkash: Bkash, case: Case, **more: str) -> Answer:
    body = {"amount": "75.00", "currency": "BDT", "intent": "sale", "merchantInvoiceNumber": bkash.invoice()}
    return bkash.checkout(case, "POST", "create", body | more)


def _approved(bkash: Bkash, case: Case) -> str:
    """The paymentID of an approved checkout payment."""
    if not bkash.control:
        raise NotCheckedError("the checkout family has no pay page of its own: give --control")
    created = _create(bkash, case)
    if not isinstance(created.get("paymentID"), str):
        raise PreconditionError(f"a checkout create was answered {created.summary}")
    bkash.decide(case, created)
    return str(created.get("paymentID"))


def _executed(bkash: Bkash, case: Case) -> Answer:
    return bkash.checkout(case, "POST", f"execute/{_approved(bkash, case)}", {})


@rule(
    "checkout.token",
    "The checkout family grants tokens",
    forbids="a family without its own grant",
    source="clients [C]",
)
def _token(bkash: Bkash, case: Case) -> None:
    """The fields; that there is no statusCode is disputed."""
    body = has(bkash.grant(case, "checkout"), "id_token", "token_type", "expires_in", "refresh_token")
    says(body, token_type="Bearer", expires_in=3600)  # noqa: S106  words of the API
    agree("statusCode" not in body, "a grant of the checkout family has a statusCode")


@rule(
    "checkout.create",
    "Create of the checkout family has no URL and no code",
    forbids="bkashURL, statusCode",
    source=CAPTURES,
)
def _created(bkash: Bkash, case: Case) -> None:
    """Its keys; UTC in createTime; a paymentID of 7 and 13."""
    body = has(_create(bkash, case), *CREATED)
    says(body, transactionStatus="Initiated", amount="75.00", currency="BDT", intent="sale")
    extra = {"bkashURL", "statusCode", "callbackURL"} & set(body)
    require(not extra, f"create of the checkout family has {sorted(extra)}")
    require(UTC_TIME.fullmatch(str(body["createTime"])), f"createTime is {body['createTime']!r}, expected GMT+0000")
    require(re.fullmatch(r"[0-9A-Z]{7}\d{13}", str(body["paymentID"]), re.ASCII), f"paymentID is {body['paymentID']!r}")


@rule(
    "checkout.execute", "Execute names the payment in its path", forbids="a missing key, a statusCode", source=CAPTURES
)
def _execute(bkash: Bkash, case: Case) -> None:
    """Approved and executed; again: refused."""
    answer = _executed(bkash, case)
    body = has(answer, *EXECUTED)
    says(body, transactionStatus="Completed", amount="75.00")
    again = bkash.checkout(case, "POST", f"execute/{body['paymentID']}", {})
    require(again.get("trxID") is None, f"a second execute was taken: {again.summary}")


@rule(
    "checkout.query",
    "Query of the checkout family prints two decimals",
    forbids="another refundAmount than 0",
    source=CAPTURES,
)
def _query(bkash: Bkash, case: Case) -> None:
    """Before and after execute."""
    payment_id = _approved(bkash, case)
    body = has(bkash.checkout(case, "GET", f"query/{payment_id}"), "transactionStatus", "amount", "refundAmount")
    says(body, transactionStatus="Initiated", amount="75.00", refundAmount="0")
    require("trxID" not in body, f"a payment that was not executed has a trxID: {body}")
    done = bkash.checkout(case, "POST", f"execute/{payment_id}", {})
    body = has(bkash.checkout(case, "GET", f"query/{payment_id}"), *EXECUTED, "refundAmount")
    says(body, transactionStatus="Completed", trxID=done.get("trxID"))


@rule(
    "checkout.errors",
    "Refusals of the checkout family have errorCode",
    forbids="statusCode in this family",
    source="bKash's plugin [O]",
)
def _errors(bkash: Bkash, case: Case) -> None:
    """An unknown paymentID: HTTP 200, 2002; a wrong amount."""
    for about, answer, code in (
        ("an unknown paymentID", bkash.checkout(case, "GET", "query/0000000nobody"), "2002"),
        ("the amount 0", _create(bkash, case, amount="0"), "2006"),
    ):
        require(answer.status == 200, f"{about} was answered {answer.summary}")
        says(has(answer, "errorCode", "errorMessage"), errorCode=code)
        require(answer.get("statusCode") is None, f"{about} has a statusCode: {answer.summary}")


@rule(
    "checkout.refund",
    "A refund of the checkout family has no status fields",
    forbids="statusCode in this family",
    source="bKash's plugin [O]",
)
def _refund(bkash: Bkash, case: Case) -> None:
    """25.00 of 75.00; query tells the sum."""
    done = has(_executed(bkash, case), "paymentID", "trxID")
    body = {"paymentID": done["paymentID"], "trxID": done["trxID"], "amount": "25.00", "sku": "s", "reason": "r"}
    refund = has(bkash.checkout(case, "POST", "refund", body), "refundTrxID", "originalTrxID", "amount", "charge")
    says(refund, amount="25.00", originalTrxID=done["trxID"], transactionStatus="Completed")
    require("statusCode" not in refund, f"a refund of the checkout family has a statusCode: {refund}")
    query = bkash.checkout(case, "GET", f"query/{done['paymentID']}")
    agree(query.get("refundAmount") == "25.00", f"refundAmount is {query.get('refundAmount')!r}")


@rule(
    "checkout.body",
    "Execute with the paymentID in its body is let through",
    forbids="refusing what shops send",
    source="[G]",
)
def _body(bkash: Bkash, case: Case) -> None:
    """Disputed: the documented path names the payment."""
    answer = bkash.checkout(case, "POST", "execute", {"paymentID": _approved(bkash, case)})
    agree(answer.get("transactionStatus") == "Completed", f"execute by its body was answered {answer.summary}")


def _agreement(bkash: Bkash, case: Case) -> Answer:
    created = bkash.create(case, mode="0000", amount=..., intent=..., currency=..., merchantInvoiceNumber=...)
    bkash.decide(case, created)
    return bkash.execute(case, created.get("paymentID"))


@rule(
    "agreement.made",
    "An agreement is made by create and execute",
    forbids="a missing key, an id of another form",
    source="captures 2020, clients [C]",
)
def _made(bkash: Bkash, case: Case) -> None:
    """Mode 0000, approved, executed; then its status."""
    body = has(_agreement(bkash, case), *AGREED)
    says(body, agreementStatus="Completed", payerReference="verify", statusCode="0000")
    require(AGREEMENT_ID.fullmatch(str(body["agreementID"])), f"agreementID is {body['agreementID']!r}")
    status = has(bkash.post(case, "agreement/status", {"agreementID": body["agreementID"]}), "agreementStatus")
    says(status, agreementStatus="Completed", agreementID=body["agreementID"])


@rule(
    "agreement.pays",
    "A known wallet pays by its agreement",
    forbids="an agreement that is lost in the answers",
    source="clients [C]",
)
def _pays(bkash: Bkash, case: Case) -> None:
    """Mode 0001: create and execute name the agreement."""
    agreement = _agreement(bkash, case).get("agreementID")
    created = bkash.create(case, mode="0001", agreementID=agreement)
    says(has(created, "agreementID", "paymentID"), agreementID=agreement)
    bkash.decide(case, created)
    says(has(bkash.execute(case, created.get("paymentID")), "trxID", "agreementID"), agreementID=agreement)


@rule(
    "agreement.cancelled",
    "A cancelled agreement pays nothing",
    forbids="paying by an agreement that is over",
    source="table [O]",
)
def _cancelled(bkash: Bkash, case: Case) -> None:
    """Cancelled, its status, and a payment by it."""
    agreement = _agreement(bkash, case).get("agreementID")
    body = has(bkash.post(case, "agreement/cancel", {"agreementID": agreement}), "agreementVoidTime", "agreementStatus")
    says(body, agreementStatus="Cancelled", agreementID=agreement)
    says(
        has(bkash.post(case, "agreement/status", {"agreementID": agreement}), "agreementStatus"),
        agreementStatus="Cancelled",
    )
    answer = bkash.post(case, "create", bkash.wanted(mode="0001", agreementID=agreement))
    refused(answer, "a payment by a cancelled agreement", "2053", "2055")


@rule(
    "paths.unknown",
    "A path that is not there is no server's fault",
    forbids="a 500, a success",
    source="AWS API Gateway [C]",
)
def _unknown(bkash: Bkash, case: Case) -> None:
    """A path of nobody's in each family."""
    for path in ("tokenized/checkout/nothing", "checkout/payment/nothing"):
        answer = call(case, bkash.http, "POST", f"{bkash.base_url}/{path}", headers=bkash.headers(), body={})
        require(400 <= answer.status < 500, f"{path} was answered {answer.summary}")
