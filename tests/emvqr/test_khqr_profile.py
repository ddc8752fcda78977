"""KHQR as a table writes the bytes that NBC's SDK wrote, and reads what khqr reads."""

from dataclasses import asdict

import pytest

from emvqr import EMVError, check, write
from khqr import DecodeError, Individual, decode
from khqr.profile import PROFILE
from tests.emvqr.vectors import rows

WRITTEN = [row for row in rows("khqr-encode.jsonl") if row.get("ok") and not row.get("strictIssues")]
READ = rows("khqr-decode.jsonl")


def values_of(qr):
    """What the table calls the fields of a payload."""
    payload = decode(qr)
    payee = payload.payee
    values = {
        name: str(value)
        for name, value in asdict(payee).items()
        if value is not None and name not in ("amount", "currency")
    }
    values["currency"] = f"{int(payee.currency)}"
    if payload.creation_timestamp is not None:
        values["creation_timestamp"] = f"{payload.creation_timestamp:013d}"
        values["expiration_timestamp"] = f"{int(payee.expiration_timestamp):013d}"
    return ("individual" if isinstance(payee, Individual) else "merchant"), values


def strictly_good(text):
    try:
        return decode(text)
    except DecodeError:
        return None


@pytest.mark.parametrize("qr", sorted({row["qr"] for row in WRITTEN if strictly_good(row["qr"])}))
def test_the_table_writes_nbcs_bytes(qr):
    kind, values = values_of(qr)
    facts = check(PROFILE, qr)
    assert (facts.faults, facts.account.kind) == ((), kind)
    assert {name: value for name, value in facts.values.items() if name not in ("country", "guid")} == values
    amount = facts.reading.by_path.get("54")
    assert write(PROFILE, kind, values | ({"amount": amount.value} if amount else {})) == qr


def test_the_rows_are_many():
    assert sum(strictly_good(row["qr"]) is not None for row in WRITTEN) > 200


def test_the_table_reads_what_khqr_reads_but_for_an_empty_15():
    """NBC's SDK lets an empty UnionPay account pass, and so does khqr; the core refuses every empty value."""
    good = [row["qr"] for row in READ if strictly_good(row["qr"])]
    faulty = {qr: check(PROFILE, qr).faults for qr in good if check(PROFILE, qr).faults}
    assert len(good) > 50
    assert {(faults[0].reason, faults[0].path) for faults in faulty.values()} <= {("empty_value", "15")}


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"merchant_name": "x" * 26}, "merchant_name_length"),
        ({"bakong_account_id": "nobody"}, "bakong_account_id"),
        ({"merchant_category_code": "742"}, "merchant_category_code"),
        ({"language_preference": "km"}, "merchant_name_alternate_language_missing"),
        ({"currency": "764"}, "currency"),
    ],
)
def test_what_may_not_become_a_code_is_refused_by_the_table(values, reason):
    plain = {
        "bakong_account_id": "sokha@devb",
        "merchant_category_code": "5999",
        "currency": "116",
        "merchant_name": "Sokha",
        "merchant_city": "Phnom Penh",
    }
    assert decode(write(PROFILE, "individual", plain)).payee.merchant_name == "Sokha"
    with pytest.raises(EMVError) as caught:
        write(PROFILE, "individual", plain | values)
    assert caught.value.reason == reason
