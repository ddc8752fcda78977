"""The longest value of each field, which is written, and one longer, which has NBC's number: encode and the twin."""

import re

import pytest

from khqr import EncodeError, Individual, Merchant, encode, sdk

NOW_MS = 1_767_225_600_000
ACCOUNT = {"bakongAccountID": "a@b", "merchantName": "A"}
SHOP = ACCOUNT | {"merchantID": "1", "acquiringBank": "B"}
KHMER = {"languagePreference": "km", "merchantNameAlternateLanguage": "x"}
PRICED = {"amount": 1, "expirationTimestamp": NOW_MS}
WIDE = {"accountInformation": "x" * 32, "acquiringBank": "y" * 32}  # each fits, the template does not
LIMITS = [
    (Individual, ACCOUNT, "accountInformation", 32, 35),
    (Individual, ACCOUNT, "acquiringBank", 32, 33),
    (Individual, ACCOUNT, "merchantName", 25, 7),
    (Individual, ACCOUNT, "merchantCity", 15, 21),
    (Individual, ACCOUNT, "billNumber", 25, 10),
    (Individual, ACCOUNT, "mobileNumber", 25, 34),
    (Individual, ACCOUNT, "storeLabel", 25, 11),
    (Individual, ACCOUNT, "terminalLabel", 25, 12),
    (Individual, ACCOUNT, "purposeOfTransaction", 25, 42),
    (Individual, ACCOUNT, "upiMerchantAccount", 99, 43),
    (Individual, ACCOUNT | KHMER, "languagePreference", 2, 38),
    (Individual, ACCOUNT | KHMER, "merchantNameAlternateLanguage", 25, 40),
    (Individual, ACCOUNT | KHMER, "merchantCityAlternateLanguage", 15, 41),
    (Merchant, SHOP, "merchantID", 32, 32),
    (Merchant, SHOP, "acquiringBank", 32, 33),
]
REFUSED = [
    (Individual, ACCOUNT | {"bakongAccountID": ""}, 1, 1),
    (Individual, ACCOUNT | {"bakongAccountID": "ab"}, 3, 3),
    (Individual, ACCOUNT | {"bakongAccountID": "a" * 31 + "@b"}, 6, 6),
    (Individual, ACCOUNT | {"bakongAccountID": "a" * 30 + "@b", **WIDE}, None, 0),
    (Individual, ACCOUNT | {"merchantName": ""}, 2, 2),
    (Merchant, SHOP | {"merchantID": ""}, 30, 30),
    (Merchant, SHOP | {"acquiringBank": ""}, 31, 31),
    (Individual, ACCOUNT | {"currency": 978}, 28, 28),
    (Individual, ACCOUNT | {"currency": 840, "upiMerchantAccount": "x"}, 44, 44),
    (Individual, ACCOUNT | {"merchantCategoryCode": "12345"}, 18, 18),
    (Individual, ACCOUNT | {"merchantCategoryCode": "12a4"}, 51, 51),
    (Individual, ACCOUNT | {"languagePreference": "km"}, 39, 39),
    (Individual, ACCOUNT | {"merchantNameAlternateLanguage": "x"}, 37, None),
    (Individual, ACCOUNT | {"merchantCityAlternateLanguage": "x"}, 37, 0),
    (Individual, ACCOUNT | {"amount": 1}, 45, 45),
    (Individual, ACCOUNT | PRICED | {"amount": "-1"}, 4, 4),
    (Individual, ACCOUNT | PRICED | {"amount": 10**13}, 4, 4),
    (Individual, ACCOUNT | PRICED | {"amount": "1.5"}, 4, 4),
    (Individual, ACCOUNT | PRICED | {"currency": 840, "amount": "1.005"}, 4, 4),
    (Individual, ACCOUNT | PRICED | {"expirationTimestamp": 123}, 49, 49),
    (Individual, ACCOUNT | PRICED | {"expirationTimestamp": NOW_MS - 1}, 50, 50),
]


def snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])([A-Z]+)", lambda found: "_" + found[1].lower(), name)


def ours(kind, fields):
    """The text, or NBC's number where it is refused."""
    try:
        return encode(kind(**{snake(name): value for name, value in fields.items()}), now=NOW_MS).qr
    except EncodeError as error:
        return error.code


def theirs(kind, fields):
    """The twin's text, or NBC's number; 0 is success, None a defect of the SDK."""
    answer = (sdk.generate_merchant if kind is Merchant else sdk.generate_individual)(fields, NOW_MS)
    return answer["data"]["qr"] if answer["data"] else answer["status"]["errorCode"]


@pytest.mark.parametrize(("kind", "base", "name", "limit", "number"), LIMITS)
def test_the_longest_value_is_written_and_a_longer_one_has_nbcs_number(kind, base, name, limit, number):
    longest = base | {name: "x" * limit}
    assert f"{limit:02d}{'x' * limit}" in ours(kind, longest) == theirs(kind, longest)
    longer = base | {name: "x" * (limit + 1)}
    assert ours(kind, longer) == theirs(kind, longer) == number


@pytest.mark.parametrize(("kind", "fields", "strict", "twin"), REFUSED)
def test_what_is_refused_has_nbcs_number(kind, fields, strict, twin):
    assert ours(kind, fields) == strict
    answer = theirs(kind, fields)
    assert answer == twin or (twin == 0 and isinstance(answer, str))


@pytest.mark.parametrize(
    ("qr", "read"),
    [
        ("5106000201", {"51": {"00": "01"}}),
        ("5206000201", {"52": "000201"}),
        ("7906000201", {"79": "000201"}),
        ("8006000201", {"80": {"00": "01"}}),
        ("9906000201", {"99": {"00": "01"}}),
        ("2606000201", {"26": {"00": "01"}}),
        ("2506000201", {"25": "000201"}),
        ("620700", {}),
        ("62060X0201", {"62": "0X0201"}),
    ],
)
def test_a_code_of_any_scheme_is_nested_where_the_sdk_nests_it(qr, read):
    assert sdk.decode_non_khqr(qr)["data"] == read


def test_the_third_level_of_tag_62_is_nested_too():
    assert sdk.decode_non_khqr("621050060002AB")["data"] == {"62": {"50": {"00": "AB"}}}
    assert sdk.decode_non_khqr("621049060002AB")["data"] == {"62": {"49": "0002AB"}}
    assert sdk.decode_non_khqr("621099060002AB")["data"] == {"62": {"99": {"00": "AB"}}}


def test_where_the_sdk_throws_loops_or_lies_the_twin_says_so():
    number = sdk.generate_individual(ACCOUNT | {"bakongAccountID": 5}, NOW_MS)["status"]
    assert number["message"].startswith("SDK DEFECT")
    far = sdk.generate_individual(ACCOUNT | PRICED | {"expirationTimestamp": "1.2345678e21"}, NOW_MS)["status"]
    assert far["errorCode"] == 47
    assert sdk.reason("30XX", NOW_MS).message.startswith("LOOP")
    assert sdk.decode("29070003a@b30XX")["data"]["bakongAccountID"] is None
