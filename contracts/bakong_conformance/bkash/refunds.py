"""Rules of bKash's refunds, in v1 and v2, and of what is authorized before it is captured."""

import re
from typing import Any

from bakong_conformance.bkash.subject import TIME, TRX, Bkash, certainly, has, refused, says
from bakong_conformance.case import Case
from bakong_conformance.http import Answer
from bakong_conformance.rules import Severity, Suite, agree, require

SUITE = Suite("bkash")
rule = SUITE.rule
CRITICAL = Severity.CRITICAL
REFUNDED = [
    "completedTime",
    "transactionStatus",
    "originalTrxID",
    "refundTrxID",
    "amount",
    "currency",
    "charge",
    "statusCode",
]
V2 = [
    "originalTrxId",
    "refundTrxId",
    "refundTransactionStatus",
    "originalTrxAmount",
    "refundAmount",
    "currency",
    "completedTime",
]
V2_ROW = ["refundTrxId", "refundTransactionStatus", "refundAmount", "completedTime"]
V2_ERROR = ["internalCode", "externalCode", "errorMessageEn", "errorMessageBn"]
SOURCE = "bKash's plugin [O], captures [C]"


@rule(
    "refund.shape", "A refund is completed at once", forbids="a missing key, another form of the amount", source=SOURCE
)
def _shape(bkash: Bkash, case: Case) -> None:
    """100 of 599.00: two decimals, a trxID of its own, the original one."""
    paid = bkash.pay(case)
    body = has(bkash.refund(case, paid, "100"), *REFUNDED)
    says(
        body, transactionStatus="Completed", originalTrxID=paid.trx, amount="100.00", currency="BDT", statusCode="0000"
    )
    require(TRX.fullmatch(str(body["refundTrxID"])), f"refundTrxID is {body['refundTrxID']!r}")
    require(body["refundTrxID"] != paid.trx, "refundTrxID is the payment's own trxID")
    require(TIME.fullmatch(str(body["completedTime"])), f"completedTime is {body['completedTime']!r}")


@rule(
    "refund.parts",
    "Parts may come until the whole is paid back",
    forbids="one refund only, or more than came",
    source="[C]",
    severity=CRITICAL,
)
def _parts(bkash: Bkash, case: Case) -> None:
    """Three parts of 599.00; then 0.01 more is refused: 2026 or 2006."""
    paid = bkash.pay(case)
    numbers = set()
    for amount in ("200.00", "300.00", "99.00"):
        answer = bkash.refund(case, paid, amount)
        require(answer.get("statusCode") == "0000", f"a part of {amount} was answered {answer.summary}")
        numbers.add(answer.get("refundTrxID"))
    require(len(numbers) == 3, f"three refunds have the numbers {numbers}")
    refused(bkash.refund(case, paid, "0.01"), "a refund beyond the whole", "2026", "2006", "2034", "2072")


@rule(
    "refund.over",
    "More than came is refused",
    forbids="paying back what never came",
    source="table [O]",
    severity=CRITICAL,
)
def _over(bkash: Bkash, case: Case) -> None:
    """599.01 of 599.00; then 599.00 is taken."""
    paid = bkash.pay(case)
    refused(bkash.refund(case, paid, "599.01"), "a refund of 0.01 too much", "2026", "2006", "2072")
    answer = bkash.refund(case, paid, "599.00")
    require(answer.get("statusCode") == "0000", f"a refund of the whole was answered {answer.summary}")


@rule(
    "refund.amounts",
    "What is no amount is not refunded",
    forbids="0, words and three decimals",
    source="table [O], C3 [C]",
)
def _amounts(bkash: Bkash, case: Case) -> None:
    """0, below zero, three decimals, a word."""
    paid = bkash.pay(case)
    for wrong in ("0", "-1.00", "1.234", "ten"):
        refused(bkash.refund(case, paid, wrong), f"a refund of {wrong!r}", "2006", "2072")


@rule(
    "refund.sku",
    "A refund needs its sku and its reason",
    forbids="refunds that production refuses",
    source="two sources [C]",
)
def _sku(bkash: Bkash, case: Case) -> None:
    """Each of them empty."""
    paid = bkash.pay(case)
    refused(bkash.refund(case, paid, "1.00", sku=""), "a refund without a sku", "2073", "2065")
    refused(bkash.refund(case, paid, "1.00", reason=""), "a refund without a reason", "2078", "2065")


@rule(
    "refund.trx",
    "Another payment's trxID is refused",
    forbids="paying back by a wrong number",
    source="[G]",
    severity=CRITICAL,
)
def _trx(bkash: Bkash, case: Case) -> None:
    """The trxID of another payment, and one that is nobody's."""
    paid, other = bkash.pay(case), bkash.pay(case)
    for trx in (other.trx, "0AA0000000"):
        refused(bkash.refund(case, paid, "1.00", trxID=trx), f"a refund by the trxID {trx}", "2033", "2077")


@rule(
    "refund.unpaid",
    "What was not paid is not refunded",
    forbids="money out of nothing",
    source="[G]",
    severity=CRITICAL,
)
def _unpaid(bkash: Bkash, case: Case) -> None:
    """A payment that is approved only."""
    created = bkash.create(case)
    bkash.decide(case, created)
    body = {"paymentID": created.get("paymentID"), "trxID": "0AA0000000", "amount": "1.00", "sku": "s", "reason": "r"}
    refused(bkash.post(case, "payment/refund", body), "a refund of an unpaid payment", "2056", "2033", "2127")


@rule(
    "refund.status",
    "A refund can be looked up without an amount",
    forbids="a second refund for a question",
    source=SOURCE,
    severity=CRITICAL,
)
def _status(bkash: Bkash, case: Case) -> None:
    """Before any refund 2002, after one its answer; the question itself pays nothing back."""
    paid = bkash.pay(case)
    asked = {"paymentID": paid.id, "trxID": paid.trx}
    certainly(bkash.post(case, "payment/refund", asked), "the refund of a payment without one", "2002")
    made = bkash.refund(case, paid, "100.00")
    for _ in range(2):
        body = has(bkash.post(case, "payment/refund", asked), *REFUNDED)
        says(body, refundTrxID=made.get("refundTrxID"), amount="100.00", originalTrxID=paid.trx)
    answer = bkash.refund(case, paid, "499.00")
    require(answer.get("statusCode") == "0000", f"the rest after two questions was answered {answer.summary}")


@rule("refund.last", "Of several refunds the last one is shown", forbids="nothing but the first", source="unknown [G]")
def _last(bkash: Bkash, case: Case) -> None:
    """Two refunds. Disputed."""
    paid = bkash.pay(case)
    bkash.refund(case, paid, "100.00")
    last = bkash.refund(case, paid, "50.00")
    answer = bkash.post(case, "payment/refund", {"paymentID": paid.id, "trxID": paid.trx})
    agree(answer.get("refundTrxID") == last.get("refundTrxID"), f"of two refunds was shown {answer.summary}")


@rule("refund.ten", "Ten refunds of one payment, no more", forbids="refunds without end", source="[C]")
def _ten(bkash: Bkash, case: Case) -> None:
    """Eleven refunds of 1.00."""
    paid = bkash.pay(case)
    for number in range(1, 11):
        answer = bkash.refund(case, paid, "1.00")
        require(answer.get("statusCode") == "0000", f"refund {number} was answered {answer.summary}")
    refused(bkash.refund(case, paid, "1.00"), "the eleventh refund")


@rule("refund.age", "Old payments are not refunded", forbids="refunds for ever", source="15 or 60 days [C], disputed")
def _age(bkash: Bkash, case: Case) -> None:
    """After 14 days it is paid back, after 61 days it is not. Between is disputed."""
    paid = bkash.pay(case)
    bkash.wait(case, 14 * 86_400)
    answer = bkash.refund(case, paid, "1.00")
    require(answer.get("statusCode") == "0000", f"a refund after 14 days was answered {answer.summary}")
    bkash.wait(case, 47 * 86_400)
    refused(bkash.refund(case, paid, "1.00"), "a refund after 61 days", "2071")


@rule("refund.rest", "Query tells what may still be refunded", forbids="a rest that never falls", source="C2 [C]")
def _rest(bkash: Bkash, case: Case) -> None:
    """MaxRefundableAmount after 100.00 of 599.00."""
    paid = bkash.pay(case)
    bkash.refund(case, paid, "100.00")
    says(has(bkash.query(case, paid.id), "maxRefundableAmount"), maxRefundableAmount="499.00")


@rule(
    "refund.found",
    "A refund is a transaction that search finds",
    forbids="a refundTrxID of nothing",
    source="pybkash [1]",
)
def _found(bkash: Bkash, case: Case) -> None:
    """Its trxID and amount; originalTrxAmount is disputed."""
    paid = bkash.pay(case)
    made = bkash.refund(case, paid, "100.00")
    answer = bkash.post(case, "general/searchTransaction", {"trxID": made.get("refundTrxID")})
    says(has(answer, "trxID", "amount"), trxID=made.get("refundTrxID"), amount="100.00", transactionStatus="Completed")
    agree(answer.get("originalTrxAmount") == "599.00", f"originalTrxAmount is {answer.get('originalTrxAmount')!r}")


def _v2_refund(bkash: Bkash, case: Case, paid: Any, amount: str, **more: Any) -> Answer:
    body = {"paymentId": paid.id, "trxId": paid.trx, "refundAmount": amount, "sku": "sku-1", "reason": "verify"}
    return bkash.v2(case, "refund/payment/transaction", body | more)


def _v2_status_of(bkash: Bkash, case: Case, paid: Any) -> Answer:
    """Sources write its path in two ways: either will do."""
    asked = {"paymentId": paid.id, "trxId": paid.trx}
    answer = bkash.v2(case, "refund/payment/status", asked)
    return answer if answer.status == 200 else bkash.v2(case, "refund/payment/transaction/status", asked)


@rule(
    "v2.refund", "The refund of v2 has names of its own", forbids="v1's names, a statusCode", source="three sources [C]"
)
def _v2(bkash: Bkash, case: Case) -> None:
    """200.00 of 599.00, of a payment that v1 made."""
    paid = bkash.pay(case)
    answer = _v2_refund(bkash, case, paid, "200.00")
    require(answer.status == 200, f"a refund of v2 was answered {answer.summary}")
    body = has(answer, *V2)
    says(body, originalTrxId=paid.trx, refundTransactionStatus="Completed", refundAmount="200.00", currency="BDT")
    require("statusCode" not in body, f"a refund of v2 has a statusCode: {body}")


@rule(
    "v2.status",
    "The status of v2 lists every refund, oldest first",
    forbids="the last one only",
    source="three sources [C]",
)
def _v2_status(bkash: Bkash, case: Case) -> None:
    """A refund of v1 and one of v2; completedTime without an offset."""
    paid = bkash.pay(case)
    first = bkash.refund(case, paid, "100.00").get("refundTrxID")
    second = _v2_refund(bkash, case, paid, "200.00").get("refundTrxId")
    body = has(
        _v2_status_of(bkash, case, paid),
        "originalTrxId",
        "originalTrxAmount",
        "originalTrxCompletedTime",
        "refundTransactions",
    )
    rows = body["refundTransactions"]
    require(isinstance(rows, list) and len(rows) == 2, f"two refunds are listed as {rows}")
    for row in rows:
        require(set(V2_ROW) <= set(row), f"a refund of the list is {row}")
        time = str(row["completedTime"])
        require(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d:\d{3}", time, re.ASCII), f"completedTime is {time!r}")
    require(
        [row["refundTrxId"] for row in rows] == [first, second], f"the refunds are {rows}, expected {first}, {second}"
    )
    require([row["refundAmount"] for row in rows] == ["100.00", "200.00"], f"the amounts are {rows}")


@rule(
    "v2.errors", "Refusals of v2 are HTTP 400 with four fields", forbids="v1's envelope in v2", source="two clients [C]"
)
def _v2_errors(bkash: Bkash, case: Case) -> None:
    """Too much, an empty sku, an unknown payment."""
    paid = bkash.pay(case)
    for about, answer, codes in (
        ("too much", _v2_refund(bkash, case, paid, "999.00"), {"2072", "2026", "2006"}),
        ("an empty sku", _v2_refund(bkash, case, paid, "1.00", sku=""), {"2073", "2065"}),
        ("an unknown payment", _v2_refund(bkash, case, paid, "1.00", paymentId="TR0011nobody"), {"2002"}),
    ):
        require(answer.status == 400, f"{about} was answered {answer.summary}")
        body = has(answer, *V2_ERROR)
        agree(body["externalCode"] in codes, f"{about} has the code {body['externalCode']}, expected {sorted(codes)}")


@rule(
    "auth.capture",
    "An authorization is captured once",
    forbids="capturing twice, or money before a capture",
    source="clients [C]",
    severity=CRITICAL,
)
def _capture(bkash: Bkash, case: Case) -> None:
    """Authorized, captured: Completed; again: refused."""
    paid = bkash.pay(case, intent="authorization")
    says(has(paid.answer, "transactionStatus", "trxID"), transactionStatus="Authorized")
    refused(bkash.refund(case, paid, "1.00"), "a refund of what is only authorized")
    answer = bkash.post(case, "payment/confirm/capture", {"paymentID": paid.id})
    says(has(answer, "paymentID", "trxID", "transactionStatus"), transactionStatus="Completed", paymentID=paid.id)
    again = bkash.post(case, "payment/confirm/capture", {"paymentID": paid.id})
    refused(again, "a second capture", "2119", "2117", "2062")


@rule(
    "auth.void",
    "A voided authorization is over",
    forbids="capturing what was let go",
    source="one client [1]",
    severity=CRITICAL,
)
def _void(bkash: Bkash, case: Case) -> None:
    """Voided, then captured: refused. Whether it says Cancelled is disputed."""
    paid = bkash.pay(case, intent="authorization")
    answer = bkash.post(case, "payment/confirm/void", {"paymentID": paid.id})
    has(answer, "paymentID", "transactionStatus")
    refused(
        bkash.post(case, "payment/confirm/capture", {"paymentID": paid.id}), "a capture after a void", "2119", "2056"
    )
    agree(answer.get("transactionStatus") == "Cancelled", f"a void was answered {answer.summary}")
