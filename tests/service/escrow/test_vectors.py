"""Every row of the escrow vectors, over the pure core. Rows that are added are run without a change here."""

import pytest

from bakong_service.domain import escrow_numbers as numbers
from bakong_service.domain.escrow_book import EscrowState, Rates, split
from bakong_service.domain.escrow_hold import is_due, release_due_ms
from tests.service.escrow.journeys import Journey
from tests.service.escrow.rows import ROWS, instant


def split_(row):
    parts = split(numbers.parse_amount(row["amount"]), Rates(row["feeBps"], row["caregiverBps"]))
    shown = {"platformFee": parts.fee, "netAmount": parts.net, "agency": parts.agency, "caregiver": parts.caregiver}
    assert {name: numbers.amount_text(amount) for name, amount in shown.items()} == row["expect"]


def journey(row):
    run = Journey(row)
    assert [run.step(step) for step in row["steps"]] == [step["result"] for step in row["steps"]]
    assert run.view == row["expect"]
    assert run.entries == row["entries"]


def expiry(row):
    created, expires, now = (instant(row[name]) for name in ("createdAt", "expiresAt", "now"))
    assert created + numbers.PAYABLE_MS == expires
    assert numbers.is_payable(expires, now) is row["payable"]


def hold(row):
    due = release_due_ms(instant(row["jobCompletedAt"]))
    assert due == instant(row["dueAt"])
    processing = numbers.parse_amount(row["processing"]) or 0
    assert is_due(due, EscrowState(row["escrow"]), processing, instant(row["now"])) is row["autoRelease"]


def window(row):
    start = numbers.parse_day(row["startDate"], is_end=False)
    end = numbers.parse_day(row["endDate"], is_end=True)
    assert (start, end) == (instant(row["from"]), instant(row["until"]))
    assert (start <= instant(row["createdAt"]) < end) is row["inside"]


def page(row):
    assert numbers.page_meta(row["page"], row["limit"], row["total"]) == row["meta"]
    left = row["total"] - numbers.page_offset(row["page"], row["limit"])
    assert max(0, min(row["limit"], left)) == row["items"]


def signature(row):
    body, stamp = row["body"].encode(), str(row["timestamp"])
    fits = numbers.is_signed([row["secret"]], stamp, row["signature"], body, now_s=row["now"])
    assert fits is row["valid"]


def amount(row):
    assert numbers.parse_amount(row["text"]) == row["minor"]
    assert (row["minor"] is not None) is row["valid"]


def id_(row):
    forms = {"transactionId": numbers.TRANSACTION_ID, "invoiceNumber": numbers.INVOICE_NUMBER}
    assert bool(forms[row["field"]].fullmatch(row["value"])) is row["valid"]


def refund_window(row):
    begun = instant(row["initiatedAt"])
    assert begun + numbers.REFUND_EXPECTED_MS == instant(row["expectedCompletionTime"])
    assert begun + numbers.REFUND_REVIEW_MS == instant(row["reviewAfter"])


KINDS = {
    "split": split_,
    "journey": journey,
    "expiry": expiry,
    "hold": hold,
    "window": window,
    "page": page,
    "signature": signature,
    "amount": amount,
    "id": id_,
    "refundWindow": refund_window,
}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_a_row_of_the_vectors_holds(row):
    KINDS[row["kind"]](row)


def test_every_share_is_within_a_poisha_they_sum_to_the_whole_and_agency_and_fee_never_fall():
    rates, before = Rates(), split(0, Rates())
    for whole in range(200_001):
        parts = split(whole, rates)
        assert parts.fee + parts.agency + parts.caregiver == whole
        exact = (whole * 500, whole * 9000, whole * 500)
        given = (parts.fee, parts.agency, parts.caregiver)
        assert all(abs(10_000 * share - want) <= 10_000 for share, want in zip(given, exact, strict=True))
        assert parts.fee >= before.fee
        assert parts.agency >= before.agency
        before = parts
