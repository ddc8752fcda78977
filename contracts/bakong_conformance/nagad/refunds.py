"""Rules of Nagad's refunds: sealed cancels, in parts, never above what was paid, traced in verify."""

from bakong_conformance.case import Case
from bakong_conformance.nagad.orders import has
from bakong_conformance.nagad.subject import Nagad, refused
from bakong_conformance.rules import Severity, Suite, agree, require

SUITE = Suite("nagad")
rule = SUITE.rule
CRITICAL = Severity.CRITICAL
CLIENTS = "independent clients [C]"
ANSWERED = ["status", "originalAmount", "cancelAmount", "cancelTrxId"]


@rule(
    "refund.shape",
    "A part is PartialCancelled under both keys",
    forbids="a plain answer, a missing key",
    source="F# [1]",
)
def _shape(nagad: Nagad, case: Case) -> None:
    """40.00 of 100.00."""
    plain = nagad.opened(nagad.cancel(case, nagad.paid(case), "40.00"), "a refund")
    missing = [name for name in ANSWERED if not plain.get(name)]
    require(not missing, f"{', '.join(missing)} is missing in {plain}")
    require(plain["status"] == "PartialCancelled", f"a part is {plain['status']!r}, expected PartialCancelled")
    require(plain["cancelAmount"] == "40.00", f"cancelAmount is {plain['cancelAmount']!r}")


@rule("refund.whole", "The whole is Cancelled, in one or in parts", forbids="a part for the whole", source="F# [1]")
def _whole(nagad: Nagad, case: Case) -> None:
    """100.00 of 100.00; and 40.00, then 60.00."""
    for parts in (("100.00",), ("40.00", "60.00")):
        order = nagad.paid(case)
        numbers = set()
        for part in parts:
            plain = nagad.opened(nagad.cancel(case, order, part), "a refund")
            numbers.add(plain.get("cancelTrxId"))
        require(plain.get("status") == "Cancelled", f"the whole is {plain.get('status')!r}, expected Cancelled")
        require(len(numbers) == len(parts), f"{len(parts)} refunds have the numbers {numbers}")


@rule(
    "refund.over",
    "More than was paid is refused",
    forbids="paying back what never came",
    source="[G]",
    severity=CRITICAL,
)
def _over(nagad: Nagad, case: Case) -> None:
    """0.01 too much; and 40.00, then 60.01; then 60.00 is taken."""
    order = nagad.paid(case)
    refused(nagad.cancel(case, order, "100.01"), "a refund of 0.01 too much")
    nagad.opened(nagad.cancel(case, order, "40.00"), "a part")
    refused(nagad.cancel(case, order, "60.01"), "0.01 more than is left")
    nagad.opened(nagad.cancel(case, order, "60.00"), "the rest")


@rule("refund.amounts", "What is no amount is not refunded", forbids="0, words and three decimals", source="[G]")
def _amounts(nagad: Nagad, case: Case) -> None:
    """0, below zero, three decimals, a word."""
    order = nagad.paid(case)
    for wrong in ("0", "0.00", "-1.00", "1.234", "ten"):
        refused(nagad.cancel(case, order, wrong), f"a refund of {wrong!r}")


@rule(
    "refund.unpaid",
    "What was not paid is not refunded",
    forbids="money out of nothing",
    source="[G]",
    severity=CRITICAL,
)
def _unpaid(nagad: Nagad, case: Case) -> None:
    """A completed order, and one whose page was closed."""
    ready, closed = nagad.ready(case), nagad.ready(case)
    nagad.decide(case, closed, "cancel")
    for order in (ready, closed):
        refused(nagad.cancel(case, order, "1.00"), "a refund of an unpaid order")


@rule(
    "refund.signature",
    "A wrong signature pays nothing back",
    forbids="refunds in another's name",
    source=CLIENTS,
    severity=CRITICAL,
)
def _signature(nagad: Nagad, case: Case) -> None:
    """The signature of another text; another shop in the plaintext."""
    order = nagad.paid(case)
    signature = nagad.seal({"cancelAmount": "1.00"}).signature
    refused(nagad.cancel(case, order, "1.00", signature=signature), "a refund with another signature")
    refused(nagad.cancel(case, order, "1.00", merchantId="683000000000000"), "a refund in another shop's name")


@rule("refund.names", "The reference or the order is enough", forbids="demanding both", source="three clients [C]")
def _names(nagad: Nagad, case: Case) -> None:
    """By one of the two parameters each."""
    order = nagad.paid(case)
    for by in ("paymentRefId", "orderId"):
        nagad.opened(nagad.cancel(case, order, "10.00", by=by), f"a refund by {by} alone")


@rule(
    "refund.trace",
    "Verify shows the refund's number",
    forbids="a refund that leaves no trace",
    source="the only trace that there is [C]",
    severity=CRITICAL,
)
def _trace(nagad: Nagad, case: Case) -> None:
    """CancelIssuerRefNo after one refund, and after another."""
    order = nagad.paid(case)
    for part in ("40.00", "10.00"):
        plain = nagad.opened(nagad.cancel(case, order, part), "a refund")
        body = has(nagad.verify(case, order.reference), "cancelIssuerRefNo", "cancelIssuerDateTime", "amount")
        require(
            body["cancelIssuerRefNo"] == plain.get("cancelTrxId"), f"cancelIssuerRefNo is {body['cancelIssuerRefNo']!r}"
        )
        require(body["amount"] == "100.00", f"after a refund the amount is {body['amount']!r}")


@rule("refund.original", "originalAmount must be the payment's", forbids="a refund of another payment", source="[G]")
def _original(nagad: Nagad, case: Case) -> None:
    """Another amount. Disputed."""
    answer = nagad.cancel(case, nagad.paid(case), "1.00", originalAmount="99.00")
    agree(answer.status != 200, f"another originalAmount was answered {answer.status}")


@rule(
    "refund.repeat", "The same referenceNo is the same refund", forbids="paying back twice for a repeat", source="[G]"
)
def _repeat(nagad: Nagad, case: Case) -> None:
    """The same referenceNo and amount again. Disputed."""
    order, name = nagad.paid(case), nagad.new_order()
    first, second = (nagad.opened(nagad.cancel(case, order, "10.00", referenceNo=name), "a refund") for _ in range(2))
    agree(first.get("cancelTrxId") == second.get("cancelTrxId"), "the same referenceNo was paid back twice")


@rule(
    "refund.status",
    "After a refund verify says Cancelled",
    forbids="Success after the money went back",
    source="unknown [G]",
)
def _status(nagad: Nagad, case: Case) -> None:
    """PartialCancelled and Cancelled. Disputed."""
    order = nagad.paid(case)
    for part, expected in (("40.00", "PartialCancelled"), ("60.00", "Cancelled")):
        nagad.opened(nagad.cancel(case, order, part), "a refund")
        status = has(nagad.verify(case, order.reference), "status")["status"]
        agree(status == expected, f"after a refund of {part} verify says {status!r}, expected {expected}")
