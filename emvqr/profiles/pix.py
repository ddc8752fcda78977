"""Pix, the Brazilian scheme, as a table: a key, or the URL of a charge, as the account. Data, no code.

Source: npm pix-utils, the codes that it writes; docs/sources.md.
"""

from emvqr import identifiers
from emvqr.profile import Account, AmountRule, Field, Profile

PIX = Profile(
    name="pix",
    identifier=identifiers.PIX,
    accounts=(
        Account(
            "transfer",
            "26",
            (
                Field("01", "key", length=(1, 77), one_of="account"),
                Field("02", "text", length=(1, 72)),
                Field("25", "url", length=(1, 77), one_of="account"),
            ),
            guids=("BR.GOV.BCB.PIX",),
        ),
    ),
    fields=(
        Field("52", "merchant_category_code", form="[0-9]{4}", is_required=True),
        Field("53", "currency", fixed="986", is_required=True),
        Field("58", "country", fixed="BR", is_required=True),
        Field("59", "merchant_name", length=(1, 25), is_required=True),
        Field("60", "merchant_city", length=(1, 15), is_required=True),
        Field("61", "postal_code", length=(1, 10)),
        Field(
            "62",
            "additional_data",
            is_required=True,
            fields=(Field("05", "txid", form=r"\*\*\*|[A-Za-z0-9]+", length=(1, 25), is_required=True),),
        ),
    ),
    amount=AmountRule({"986": 2}),
)
