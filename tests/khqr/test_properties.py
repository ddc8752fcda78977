"""Laws of the codec, for any payload and any text."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import emvqr
import khqr
from khqr import (
    Currency,
    EncodeError,
    Individual,
    KHQRError,
    Merchant,
    decode,
    encode,
    fast_decode,
    md5_of,
    sdk,
    verify,
)
from khqr.reading import Reading
from tests.khqr import fuzz, inputs

NOW_MS = inputs.NOW_MS
BMP = st.characters(max_codepoint=0xFFFF, exclude_categories=("Cs", "Cc"))


def words(longest: int) -> st.SearchStrategy[str]:
    return st.text(st.one_of(st.characters(min_codepoint=32, max_codepoint=126), BMP), min_size=1, max_size=longest)


def maybe(strategy: st.SearchStrategy) -> st.SearchStrategy:
    return st.none() | strategy


ACCOUNTS = st.from_regex(r"[a-z0-9_.]{1,20}@[a-z]{1,8}", fullmatch=True)
MONEY = st.one_of(
    st.just({}),
    st.builds(
        lambda amount, ahead: {"currency": Currency.KHR, "amount": amount, "expiration_timestamp": NOW_MS + ahead},
        st.integers(1, 10**13 - 1),
        st.integers(0, 10**10),
    ),
    st.builds(
        lambda cents, ahead: {
            "currency": Currency.USD,
            "amount": Decimal(cents) / 100,
            "expiration_timestamp": NOW_MS + ahead,
        },
        st.integers(1, 10**12 - 1),
        st.integers(0, 10**10),
    ),
)
LANGUAGE = st.one_of(
    st.just({}),
    st.fixed_dictionaries(
        {
            "language_preference": st.sampled_from(["km", "zh"]),
            "merchant_name_alternate_language": words(25),
            "merchant_city_alternate_language": maybe(words(15)),
        }
    ),
)
COMMON = {
    "bakong_account_id": ACCOUNTS,
    "merchant_name": words(25),
    "merchant_city": words(15),
    "merchant_category_code": st.from_regex(r"[0-9]{4}", fullmatch=True),
    "bill_number": maybe(words(15)),
    "mobile_number": maybe(words(12)),
    "store_label": maybe(words(15)),
    "terminal_label": maybe(words(15)),
    "purpose_of_transaction": maybe(words(15)),
}


ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.decimals(),
    st.text(),
    st.binary(),
    st.lists(st.text()),
    st.datetimes(),
)


def build(kind, own, money, language):
    return kind(**own, **money, **language)


PAYEES = st.one_of(
    st.builds(
        build,
        st.just(Individual),
        st.fixed_dictionaries(COMMON | {"acquiring_bank": maybe(words(20))}),
        MONEY,
        LANGUAGE,
    ),
    st.builds(
        build,
        st.just(Merchant),
        st.fixed_dictionaries(COMMON | {"merchant_id": words(20), "acquiring_bank": words(20)}),
        MONEY,
        LANGUAGE,
    ),
)


def encoded(payee):
    """The code, or None where the templates do not fit."""
    try:
        return encode(payee, now=NOW_MS)
    except EncodeError as error:
        if error.field.startswith("tag "):
            return None
        raise


@given(PAYEES)
@settings(max_examples=150, deadline=None)
def test_decode_gives_back_what_was_encoded_and_verify_accepts_it(payee):
    if code := encoded(payee):
        assert decode(code.qr).payee == payee
        assert verify(code.qr, now=NOW_MS).is_valid
        assert sdk.verify(code.qr, NOW_MS) == {"isValid": True}
        assert code.md5 == md5_of(code.qr)
        assert code.qr[-4:] == emvqr.crc16(code.qr[:-4])


@given(PAYEES)
@settings(max_examples=100, deadline=None)
def test_the_straight_way_takes_what_encode_writes_and_reads_what_the_careful_way_reads(payee):
    if (code := encoded(payee)) and code.qr.isprintable():
        assert fast_decode.read(code.qr) == Reading(code.qr).payload is not None


def test_a_code_that_expired_at_the_beginning_of_time_has_expired():
    payee = Individual(bakong_account_id="a@devb", merchant_name="A", amount=1, expiration_timestamp=NOW_MS)
    unsealed = encode(payee, now=NOW_MS).qr[:-42] + "00130000000000000" + "01130000000000000" + "6304"
    assert [problem.rule for problem in verify(unsealed + emvqr.crc16(unsealed), now=1).problems] == ["expired"]


@given(PAYEES, st.data())
@settings(max_examples=100, deadline=None)
def test_one_changed_character_is_never_the_same_valid_payload(payee, data):
    if code := encoded(payee):
        place = data.draw(st.integers(0, len(code.qr) - 1))
        other = data.draw(st.characters().filter(lambda character: character != code.qr[place]))
        changed = code.qr[:place] + other + code.qr[place + 1 :]
        assert not verify(changed, now=NOW_MS) or decode(changed) != decode(code.qr)


@given(st.text())
@example("")
@example("\ud800")
@example("00020101021130XX")
@example("00020101021230040004a@b\u00b2")
@settings(max_examples=300, deadline=None)
def test_every_text_keeps_the_laws(text):
    fuzz.check(text)
    fuzz.check(inputs.seal(text))


def test_three_thousand_mutations_keep_the_laws():
    random = Random(11)
    pool = [inputs.good_code(random) for _ in range(50)]
    for _ in range(3000):
        fuzz.check(fuzz.text_of(random, pool))


@given(st.dictionaries(st.sampled_from(sorted(Individual.__dataclass_fields__)), ANYTHING))
@settings(max_examples=200, deadline=None)
@example({"amount": Decimal("sNaN")})
@example({"amount": 10**5000, "expiration_timestamp": NOW_MS})
@example({"amount": Decimal("1E+999999"), "expiration_timestamp": NOW_MS})
@example({"merchant_name": "A\ud800"})
@example({"amount": "1", "expiration_timestamp": "9" * 5000})
@example({"merchant_city": ["\U0001f600"]})
@example({"bill_number": ["a"]})
@example({"upi_merchant_account": b"a"})
def test_encode_makes_a_good_code_or_raises_its_own_error(fields):
    with suppress(KHQRError):
        made = encode(Individual(**{"bakong_account_id": "a@b", "merchant_name": "A"} | fields), now=NOW_MS)
        assert verify(made.qr, now=NOW_MS).problems == ()


def test_lengths_count_characters_and_the_crc_bytes():
    code = encode(Individual(bakong_account_id="a@b", merchant_name="ហាងកាហ្វេ"), now=NOW_MS)
    assert "5909ហាងកាហ្វេ" in code.qr
    assert emvqr.crc16_of(code.qr[:-4].encode()) == code.qr[-4:]


def test_moments_are_aware_datetimes_or_milliseconds():
    payee = {"bakong_account_id": "a@b", "merchant_name": "A", "amount": 1}
    at = datetime(2026, 1, 1, tzinfo=UTC)
    by_date = encode(Individual(**payee, expiration_timestamp=at + timedelta(minutes=15)), now=at)
    by_number = encode(Individual(**payee, expiration_timestamp=str(NOW_MS + 900_000)), now=NOW_MS)
    assert by_date == by_number
    assert verify(by_date.qr, now=at + timedelta(minutes=15))
    assert [problem.rule for problem in verify(by_date.qr, now=NOW_MS + 900_001).problems] == ["expired"]
    assert encode(Individual(**payee, expiration_timestamp=9_999_999_999_999)).qr


@pytest.mark.parametrize(
    ("payee", "field"),
    [
        ("no payee", "payee"),
        ({"currency": []}, "currency"),
        ({"currency": 978}, "currency"),
        ({"bill_number": 5}, "bill_number"),
        ({"merchant_name": "A\x07"}, "merchant_name"),
        ({"store_label": "🏦"}, "store_label"),
        ({"amount": True, "expiration_timestamp": NOW_MS}, "amount"),
        ({"amount": -1, "expiration_timestamp": NOW_MS}, "amount"),
        ({"amount": 1, "expiration_timestamp": datetime(2026, 1, 1)}, "expiration_timestamp"),  # noqa: DTZ001
        ({"amount": 1, "expiration_timestamp": 1.5}, "expiration_timestamp"),
        ({"merchant_category_code": "12345"}, "merchant_category_code"),
        ({"merchant_city_alternate_language": "C"}, "language_preference"),
        ({"upi_merchant_account": "x" * 100}, "upi_merchant_account"),
        ({"upi_merchant_account": "x", "currency": 840}, "upi_merchant_account"),
        ({"account_information": "x" * 32, "acquiring_bank": "y" * 32, "bakong_account_id": "a" * 28 + "@b"}, "tag 29"),
    ],
    ids=str,
)
def test_what_may_not_become_a_code_is_named(payee, field):
    if isinstance(payee, dict):
        payee = Individual(**{"bakong_account_id": "a@b", "merchant_name": "A"} | payee)
    with pytest.raises(EncodeError) as caught:
        encode(payee, now=NOW_MS)
    assert caught.value.field == field


def test_a_creation_before_thirteen_digits_is_refused():
    with pytest.raises(EncodeError, match="13 digits"):
        encode(Individual(bakong_account_id="a@b", merchant_name="A", amount=1, expiration_timestamp=NOW_MS), now=5)


def test_a_text_that_is_no_str_is_refused():
    with pytest.raises(khqr.DecodeError, match="expected the text"):
        decode(b"000201")


def test_the_public_names_are_sorted_and_there():
    assert sorted(khqr.__all__) == khqr.__all__
    assert all(hasattr(khqr, name) for name in khqr.__all__)
