"""PromptPay as a table: accounts by GUID, the root's fields, orders of emission; and the two kinds of slips. Data.

Sources: the table in README.md of this scheme.
"""

from types import MappingProxyType
from typing import Final

from emvqr import Account, AmountRule, Field, Frame, Profile, identifiers
from emvqr.profile import ASCENDING

CREDIT_TRANSFER: Final = "A000000677010111"
ONE_TIME: Final = "A000000677010114"  # with sub 05; what it means nobody says
BILL_PAYMENT: Final = "A000000677010112"
CROSS_BORDER: Final = "A000000677012006"
INNOVATION: Final = "A000000677010113"

TRUEMONEY_PREFIX: Final = "14000"  # and ten digits of a mobile number, as an e-wallet's id
MESSAGE_UNITS: Final = 24  # four hex digits each: 96 of 99
MAX_AMOUNT_CHARACTERS: Final = 13


def _reference(tag: str, name: str, missing: str = "") -> Field:
    """1 to 20 of A-Z and 0-9."""
    return Field(
        tag,
        name,
        form="[A-Z0-9]+",
        length=(1, 20),
        reason="reference_charset",
        too_long="reference_length",
        is_required=bool(missing),
        missing=missing,
    )


def _proxy(tag: str, name: str, form: str) -> Field:
    return Field(tag, name, form=form, one_of="proxy", reason="proxy_value")


def _order(*amid: str) -> tuple[str, ...]:
    """Ascending, but for currency, amount and country, which stand together as they are given."""
    place = ASCENDING.index("53")
    rest = tuple(tag for tag in ASCENDING if tag not in amid)
    return (*rest[:place], *amid, *rest[place:])


# The orders of other libraries; every reader takes any.
LAYOUTS: Final = MappingProxyType(
    {
        "ascending": ASCENDING,
        "promptpay-qr": _order("58", "53", "54"),
        "promptparse": _order("53", "58", "54"),
    }
)

PROFILE: Final = Profile(
    name="promptpay",
    identifier=identifiers.PROMPTPAY,
    accounts=(
        Account(
            "credit_transfer",
            "29",
            (
                _proxy("01", "mobile", "0066[0-9]{9}"),
                _proxy("02", "national_id", "[0-9]{13}"),
                _proxy("03", "ewallet", "[0-9]{15}"),
                _proxy("04", "bank_account", "[0-9]{4,43}"),
                Field("05", "ota", length=(10, 10), is_advice=True),
            ),
            guids=(CREDIT_TRANSFER, ONE_TIME),
        ),
        Account(
            "bill_payment",
            "30",
            (
                Field("01", "biller_id", form="[0-9]{15}", is_required=True, missing="biller_id"),
                _reference("02", "ref1", "reference1_missing"),
                _reference("03", "ref2"),
            ),
            guids=(BILL_PAYMENT, CROSS_BORDER),
            data=(_reference("07", "ref3"),),
        ),
        # Beside 30, made by acquirers: bank, a text equal to 30.02, a reference equal to 30.03.
        Account("innovation", "31", (), guids=(INNOVATION,), is_payable=False),
    ),
    fields=(
        Field("52", "mcc", form="[0-9]{4}"),
        Field("53", "currency", fixed="764", is_required=True),
        Field("58", "country", fixed="TH", is_required=True),
        Field("59", "merchant_name", length=(1, 25)),
        Field("60", "merchant_city", length=(1, 15)),
        Field("61", "postal_code", length=(1, 10)),
        Field(
            "62",
            "additional_data",
            fields=(
                Field("07", "terminal", length=(1, 25), is_advice=True),
                Field("08", "purpose", length=(1, 25), is_advice=True),
            ),
        ),
        Field(
            "80",
            "vat",
            fields=(
                Field("00", "vat_branch", form="[0-9]{4}", is_required=True, missing="vat_branch"),
                Field("01", "vat_rate", form=r"[0-9]+(\.[0-9]+)?", length=(1, 5), too_long="vat_rate"),
                Field(
                    "02",
                    "vat_amount",
                    form=r"[0-9]+(\.[0-9]{1,2})?",
                    length=(1, 13),
                    too_long="vat_amount",
                    is_required=True,
                    missing="vat_amount",
                ),
            ),
        ),
        Field("81", "message", form=f"(?:[0-9A-F]{{4}}){{1,{MESSAGE_UNITS}}}"),
    ),
    amount=AmountRule(MappingProxyType({"764": 2}), longest=MAX_AMOUNT_CHARACTERS),
    layouts=LAYOUTS,
    forgivable=frozenset({"amount_precision"}),
)

_SLIP_TEMPLATES = frozenset({"00"})
SLIP_FRAME: Final = Frame(versions=None, crc_tag="91", templates=_SLIP_TEMPLATES)
SLIP_START: Final = "0006000001"
SLIP: Final = (
    Field(
        "00",
        "slip",
        fields=(
            Field("00", "api", fixed="000001", is_required=True),
            Field("01", "bank", form="[0-9]{3}", is_required=True, reason="bank_code"),
            Field(
                "02",
                "ref",
                form="[0-9A-Za-z]+",
                is_required=True,
                reason="reference_charset",
                missing="reference_missing",
            ),
        ),
    ),
    Field("51", "country", fixed="TH", is_required=True),
)

TRUEMONEY_SLIP_FRAME: Final = Frame(versions=None, crc_tag="91", is_crc_upper=False, templates=_SLIP_TEMPLATES)
TRUEMONEY_SLIP_START: Final = "000201010201"
TRUEMONEY_SLIP: Final = (
    Field(
        "00",
        "slip",
        fields=(
            Field("00", "api", fixed="01", is_required=True),
            Field("01", "wallet", fixed="01", is_required=True),
            Field("02", "event", form="[0-9A-Za-z]+", is_required=True),
            Field(
                "03",
                "ref",
                form="[0-9A-Za-z]+",
                is_required=True,
                reason="reference_charset",
                missing="reference_missing",
            ),
            Field("04", "date", form="[0-9]{8}", is_required=True),
        ),
    ),
)
