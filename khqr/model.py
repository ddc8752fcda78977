"""What a KHQR says, as values. Must not depend on how it is written."""

from dataclasses import MISSING, dataclass, fields, replace
from datetime import datetime
from decimal import Decimal
from enum import IntEnum
from functools import wraps
from typing import Any, Self, TypeVar

from khqr.problems import Problem
from khqr.tags import DEFAULT_CATEGORY, DEFAULT_CITY

Amount = Decimal | int | str
Timestamp = datetime | int | str


_new = object.__new__
_set = object.__setattr__  # past the freeze, while an object is being made


class Currency(IntEnum):
    """ISO 4217 numeric codes; KHR is whole riel, USD has cents."""

    KHR = 116
    USD = 840


Kind = TypeVar("Kind")


def _made_of_what_is_given(kind: type[Kind]) -> type[Kind]:
    """A dataclass whose instances hold the fields that were given; of the others the class has the defaults.

    That is three times as fast as setting all of them; what is wrong is left to the dataclass's own way to say so.
    """
    made: Any = kind
    careful = made.__init__
    names = frozenset(field.name for field in fields(made))
    required = frozenset(field.name for field in fields(made) if field.default is MISSING)

    @wraps(careful)
    def set_frozen(self: Kind, **given: Any) -> None:
        if names.issuperset(given) and given.keys() >= required:
            self.__dict__.update(given)
        else:
            careful(self, **given)

    made.__init__ = set_frozen
    return kind


@dataclass(frozen=True, kw_only=True)
class Payee:
    """The fields that individual and merchant codes share; names are NBC's, in snake_case.

    amount: Decimal, int or str in units of the currency; None or 0 makes a static code.
    expiration_timestamp: an aware datetime or epoch milliseconds; a dynamic code must have one. One
    before September 2001 has 13 digits only as a text with zeros before it.
    """

    bakong_account_id: str
    merchant_name: str
    merchant_city: str | None = DEFAULT_CITY
    currency: Currency | int = Currency.KHR
    amount: Amount | None = None
    expiration_timestamp: Timestamp | None = None
    bill_number: str | None = None
    mobile_number: str | None = None
    store_label: str | None = None
    terminal_label: str | None = None
    purpose_of_transaction: str | None = None
    language_preference: str | None = None
    merchant_name_alternate_language: str | None = None
    merchant_city_alternate_language: str | None = None
    upi_merchant_account: str | None = None
    merchant_category_code: str = DEFAULT_CATEGORY

    @classmethod
    def of(cls, values: dict[str, Any]) -> Self:
        """A payee that keeps values as its fields; the caller knows that they are complete, and lets go of them."""
        made: Self = _new(cls)
        _set(made, "__dict__", values)
        return made


@_made_of_what_is_given
@dataclass(frozen=True, kw_only=True)
class Individual(Payee):
    """A person's account (tag 29)."""

    account_information: str | None = None
    acquiring_bank: str | None = None


@_made_of_what_is_given
@dataclass(frozen=True, kw_only=True)
class Merchant(Payee):
    """A merchant's account (tag 30)."""

    merchant_id: str
    acquiring_bank: str


@dataclass(frozen=True, slots=True)
class Code:
    """A finished code: the text of the QR, and its md5, by which Bakong knows the payment."""

    qr: str
    md5: str


@dataclass(frozen=True, kw_only=True)
class Payload:
    """Everything that a code says. Times in epoch milliseconds, the amount exact; what the code leaves out is None.

    forgiven: what lenient mode let pass; a mandatory text that was let pass without is "".
    """

    payee: Individual | Merchant
    point_of_initiation: str
    country_code: str
    creation_timestamp: int | None
    crc: str
    forgiven: tuple[Problem, ...] = ()

    @classmethod
    def of(cls, payee: Individual | Merchant, initiation: str, country: str, creation: int | None, crc: str) -> Self:
        """The payload, made all at once."""
        made: Self = _new(cls)
        values = {
            "payee": payee,
            "point_of_initiation": initiation,
            "country_code": country,
            "creation_timestamp": creation,
            "crc": crc,
        }
        _set(made, "__dict__", values)
        return made

    def forgiving(self, forgiven: tuple[Problem, ...]) -> "Payload":
        return replace(self, forgiven=forgiven)

    @property
    def is_dynamic(self) -> bool:
        return self.payee.amount is not None
