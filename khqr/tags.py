"""The KHQR tag table: which ID carries which field, how long it may be, and NBC's error numbers. Data, no code.

Source: NBC's KHQR specification as npm bakong-khqr 1.0.20 keeps it; lengths in characters.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple


class Sub(NamedTuple):
    """A field inside a template: its sub-ID, its snake_case name, its limit, NBC's number when it is too long."""

    tag: str
    name: str
    max_length: int
    too_long: int


PAYLOAD_FORMAT: Final = "00"
POINT_OF_INITIATION: Final = "01"
UPI_ACCOUNT: Final = "15"
INDIVIDUAL_ACCOUNT: Final = "29"
MERCHANT_ACCOUNT: Final = "30"
MERCHANT_CATEGORY: Final = "52"
CURRENCY: Final = "53"
AMOUNT: Final = "54"
COUNTRY: Final = "58"
MERCHANT_NAME: Final = "59"
MERCHANT_CITY: Final = "60"
ADDITIONAL_DATA: Final = "62"
CRC: Final = "63"
LANGUAGE: Final = "64"
TIMESTAMP: Final = "99"

STATIC: Final = "11"
DYNAMIC: Final = "12"
FORMAT_VERSION: Final = "01"
COUNTRY_CODE: Final = "KH"
DEFAULT_CATEGORY: Final = "5999"
DEFAULT_CITY: Final = "Phnom Penh"
MAX_AMOUNT: Final = 13
MAX_NAME: Final = 25
MAX_CITY: Final = 15
TIMESTAMP_DIGITS: Final = 13

ACCOUNT_ID: Final = Sub("00", "bakong_account_id", 32, 6)
INDIVIDUAL_SUBS: Final = (
    ACCOUNT_ID,
    Sub("01", "account_information", 32, 35),
    Sub("02", "acquiring_bank", 32, 33),
)
MERCHANT_SUBS: Final = (
    ACCOUNT_ID,
    Sub("01", "merchant_id", 32, 32),
    Sub("02", "acquiring_bank", 32, 33),
)
ADDITIONAL_SUBS: Final = (
    Sub("01", "bill_number", 25, 10),
    Sub("02", "mobile_number", 25, 34),
    Sub("03", "store_label", 25, 11),
    Sub("07", "terminal_label", 25, 12),
    Sub("08", "purpose_of_transaction", 25, 42),
)
LANGUAGE_SUBS: Final = (
    Sub("00", "language_preference", 2, 38),
    Sub("01", "merchant_name_alternate_language", 25, 40),
    Sub("02", "merchant_city_alternate_language", 15, 41),
)
CREATION: Final = "00"
EXPIRATION: Final = "01"

# What the tags are called, for people.
NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "00": "payload format indicator",
        "01": "point of initiation method",
        "15": "UnionPay merchant account",
        "29": "individual account",
        "30": "merchant account",
        "52": "merchant category code",
        "53": "currency",
        "54": "amount",
        "58": "country",
        "59": "merchant name",
        "60": "merchant city",
        "62": "additional data",
        "63": "CRC",
        "64": "alternate language",
        "99": "timestamps",
        **{
            f"{tag}.{sub.tag}": sub.name.replace("_", " ")
            for tag, subs in (
                ("29", INDIVIDUAL_SUBS),
                ("30", MERCHANT_SUBS),
                ("62", ADDITIONAL_SUBS),
                ("64", LANGUAGE_SUBS),
            )
            for sub in subs
        },
        "99.00": "created",
        "99.01": "expires",
    }
)
