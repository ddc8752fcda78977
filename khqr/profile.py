"""KHQR as a table for the EMVCo core (`emvqr.check`, `emvqr.write`), made of `tags`. Data, no code.

Encoding and decoding go their own, faster way by the same tags; the tests hold both to the same bytes.
"""

from types import MappingProxyType
from typing import Final

from emvqr import Account, AmountRule, Field, Profile, identifiers
from khqr import tags
from khqr.rules import ACCOUNT, CATEGORY, MILLISECONDS
from khqr.tags import Sub


def _fields(subs: tuple[Sub, ...], *required: str) -> tuple[Field, ...]:
    return tuple(
        Field(
            sub.tag,
            sub.name,
            form=ACCOUNT.pattern if sub is tags.ACCOUNT_ID else ".+",
            length=(1, sub.max_length),
            is_required=sub.name in required,
        )
        for sub in subs
    )


PROFILE: Final = Profile(
    name="khqr",
    identifier=identifiers.KHQR,
    accounts=(
        Account("individual", tags.INDIVIDUAL_ACCOUNT, _fields(tags.INDIVIDUAL_SUBS, "bakong_account_id")),
        Account(
            "merchant", tags.MERCHANT_ACCOUNT, _fields(tags.MERCHANT_SUBS, *(sub.name for sub in tags.MERCHANT_SUBS))
        ),
    ),
    fields=(
        Field(tags.UPI_ACCOUNT, "upi_merchant_account"),
        Field(tags.MERCHANT_CATEGORY, "merchant_category_code", form=CATEGORY.pattern, is_required=True),
        Field(tags.CURRENCY, "currency", form="116|840", is_required=True),
        Field(tags.COUNTRY, "country", fixed=tags.COUNTRY_CODE, is_required=True),
        Field(tags.MERCHANT_NAME, "merchant_name", length=(1, tags.MAX_NAME), is_required=True),
        Field(tags.MERCHANT_CITY, "merchant_city", length=(1, tags.MAX_CITY), is_required=True),
        Field(tags.ADDITIONAL_DATA, "additional_data", fields=_fields(tags.ADDITIONAL_SUBS)),
        Field(
            tags.LANGUAGE,
            "language",
            fields=_fields(tags.LANGUAGE_SUBS, "language_preference", "merchant_name_alternate_language"),
        ),
        Field(
            tags.TIMESTAMP,
            "timestamp",
            fields=(
                Field(tags.CREATION, "creation_timestamp", form=MILLISECONDS.pattern, is_required=True),
                Field(tags.EXPIRATION, "expiration_timestamp", form=MILLISECONDS.pattern, is_required=True),
            ),
        ),
    ),
    amount=AmountRule(MappingProxyType({"116": 0, "840": 2}), longest=tags.MAX_AMOUNT),
    order=("00", "01", "15", "29", "30", "52", "53", "54", "58", "59", "60", "62", "64", "99", "63"),
)
