"""VietQR, the Vietnamese scheme, as a table: bank and account are a template within the account's. Data, no code.

Source: npm vietnam-qr-pay, the codes that it writes; docs/sources.md.
"""

from emvqr import identifiers
from emvqr.profile import Account, AmountRule, Field, Profile

VIETQR = Profile(
    name="vietqr",
    identifier=identifiers.VIETQR,
    accounts=(
        Account(
            "transfer",
            "38",
            (
                Field(
                    "01",
                    "beneficiary",
                    is_required=True,
                    fields=(
                        Field("00", "bank", form="[0-9]{6}", is_required=True),
                        Field("01", "account", form="[0-9A-Za-z]+", length=(1, 19), is_required=True),
                    ),
                ),
                Field("02", "service", form="QRIBFTT[AC]", is_required=True),
            ),
            guids=("A000000727",),
        ),
    ),
    fields=(
        Field("52", "merchant_category_code", form="[0-9]{4}"),
        Field("53", "currency", fixed="704", is_required=True),
        Field("58", "country", fixed="VN", is_required=True),
        Field("59", "merchant_name", length=(1, 25)),
        Field("60", "merchant_city", length=(1, 15)),
        Field(
            "62",
            "additional_data",
            fields=(
                Field("01", "bill_number", length=(1, 25)),
                Field("03", "store", length=(1, 25)),
                Field("07", "terminal", length=(1, 25)),
                Field("08", "purpose", length=(1, 25)),
            ),
        ),
    ),
    amount=AmountRule({"704": 0}),
)
