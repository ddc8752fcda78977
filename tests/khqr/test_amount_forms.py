"""One sum, many ways to write it in tag 54: lenient reading, wallet and deep link take all that EMVCo and NBC take."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bakong_contracts.money import EXPONENTS
from bakong_schemes.bakong.fake.scanning import scan
from bakong_simulator.kernel.errors import ScanError
from bakong_simulator.kernel.money import AmountError, minor_units
from emvqr import field, read_amount, seal
from khqr import Currency, DecodeError, Mode, decode, sdk, verify

NOW_MS = 1_767_225_600_000
DECIMALS = {Currency.KHR: 0, Currency.USD: 2}
GOOD = {
    Currency.USD: ["98", "98.", "98.0", "98.00", "98.000", "098", "098.5", "98.50", ".5", ".50", ".500", "0.01"],
    Currency.KHR: ["100", "100.", "100.0", "100.00", "100.000", "0100"],
}
BAD = {
    Currency.USD: [".", "", "1.001", ".005", "1,000", "+5", "-5", "1e3", " 5", "5 ", "٩٨", "1.2.3", "12345678901234"],
    Currency.KHR: [".", "", ".5", "100.5", "100.50", "1_000", "99999999999.00"],
}


def code_of(amount: str, currency: Currency) -> str:
    expiry = field("00", str(NOW_MS)) + field("01", str(NOW_MS + 900_000))
    head = "000201010212" + field("29", field("00", "john_smith@devb")) + "52045999" + field("53", str(int(currency)))
    return seal(head + field("54", amount) + "5802KH5910John Smith6010Phnom Penh" + field("99", expiry))


def rows(forms):
    return [
        pytest.param(currency, text, id=f"{currency.name} {text}") for currency in forms for text in forms[currency]
    ]


@pytest.mark.parametrize(("currency", "text"), rows(GOOD))
def test_what_names_a_sum_is_read_leniently_and_paid(currency, text):
    code = code_of(text, currency)
    assert decode(code, mode=Mode.LENIENT).payee.amount == Decimal(text)
    assert verify(code, now=NOW_MS, mode=Mode.LENIENT)
    assert scan(code).minor == Decimal(text).scaleb(DECIMALS[currency])
    assert sdk.verify(code, NOW_MS)["isValid"]


@pytest.mark.parametrize(("currency", "text"), rows(BAD))
def test_what_names_no_sum_is_refused_leniently_and_by_the_wallet_and_never_rounded(currency, text):
    code = code_of(text, currency)
    with pytest.raises(DecodeError) as refused:
        decode(code, mode=Mode.LENIENT)
    assert {(problem.rule, problem.code) for problem in refused.value.problems if problem.tag == "54"} == {("value", 4)}
    with pytest.raises(ScanError):
        scan(code)


@pytest.mark.parametrize("text", ["0", "0.", ".0", "0.00", "000"])
@pytest.mark.parametrize("currency", DECIMALS)
def test_zero_however_it_is_written_leaves_the_amount_to_the_payer(currency, text):
    code = code_of(text, currency)
    assert decode(code, mode=Mode.LENIENT).payee.amount is None
    assert scan(code).minor is None


async def test_a_wallet_pays_emvcos_own_example_and_a_deep_link_knows_it(bakong_in_process):
    code = code_of("98.", Currency.USD)
    async with bakong_in_process.client() as client:
        link = await client.post("/v1/generate_deeplink_by_qr", json={"qr": code})
    assert link.json()["responseCode"] == 0, link.text
    assert (await bakong_in_process.pay(code))["amount"] == 98


FORMS = st.text("0123456789.", max_size=15)


@given(FORMS, st.sampled_from(list(DECIMALS)))
def test_what_the_strict_reader_takes_the_lenient_one_takes_as_the_same_sum_and_the_wallet_too(text, currency):
    code = code_of(text, currency)
    lenient = sum_of(lambda: decode(code, mode=Mode.LENIENT).payee.amount)
    paid = sum_of(lambda: scan(code).minor)
    strict = sum_of(lambda: decode(code).payee.amount)
    assert (paid is None) == (lenient is None)
    assert paid is None or paid == lenient.scaleb(DECIMALS[currency])
    assert strict in (None, lenient)
    assert lenient is None or lenient == Decimal(text)


def sum_of(read):
    """What is read, None where it is refused or no sum."""
    try:
        return read()
    except (DecodeError, ScanError):
        return None


@given(st.integers(0, 10**9), st.integers(0, 3), st.booleans(), st.sampled_from(sorted(EXPONENTS)))
def test_in_every_currency_zeros_and_a_bare_point_change_no_sum(minor, zeros, point, currency):
    decimals = EXPONENTS[currency]
    plain = f"{Decimal(minor).scaleb(-decimals):f}"
    padded = "0" * zeros + plain + ("." if point and "." not in plain else "") + ("0" * zeros if "." in plain else "")
    assert minor_units(padded, currency) == minor_units(plain, currency) == minor


@pytest.mark.parametrize("currency", sorted(EXPONENTS))
def test_in_every_currency_a_part_of_the_smallest_unit_is_no_sum(currency):
    text = f"{Decimal(15).scaleb(-EXPONENTS[currency] - 1):f}"
    assert read_amount(text, EXPONENTS[currency]) is None
    with pytest.raises(AmountError, match="expected an amount"):
        minor_units(text, currency)
