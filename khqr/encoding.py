"""From a payload to the text of a QR and its md5. Strict: what `decode` refuses is never written."""

from binascii import crc_hqx
from dataclasses import fields
from hashlib import md5
from typing import Any, NamedTuple, NoReturn

from emvqr import FIGURES, MAX_VALUE
from khqr import tags
from khqr.amount import is_zero, write_amount
from khqr.errors import EncodeError
from khqr.model import Code, Currency, Individual, Merchant, Timestamp
from khqr.moments import now_ms, to_ms
from khqr.rules import ACCOUNT, CATEGORY, CONTROL, UNFIT
from khqr.tags import Sub
from khqr.utf16 import is_astral

_STATIC = "000201010211"
_DYNAMIC = "000201010212"
_CURRENCIES = {int(currency): f"5303{currency:d}" for currency in Currency}
_CONVERTED = ("currency", "amount", "expiration_timestamp")


class _Text(NamedTuple):
    """A field written as it is: its tag with each length that it may have, NBC's numbers for none and too long."""

    name: str
    heads: tuple[str, ...]
    missing: int
    too_long: int


def _field(tag: str, name: str, limit: int, missing: int, too_long: int) -> _Text:
    return _Text(name, tuple(f"{tag}{figures}" for figures in FIGURES[: limit + 1]), missing, too_long)


def _fields(tag: str, subs: tuple[Sub, ...]) -> tuple[_Text, tuple[_Text, ...]]:
    """A template and what may stand in it."""
    inner = tuple(_field(sub.tag, sub.name, sub.max_length, _MISSING.get(sub.name, 0), sub.too_long) for sub in subs)
    return _field(tag, f"tag {tag}", MAX_VALUE, 0, 0), inner


_MISSING = {"merchant_id": 30, "acquiring_bank": 31}
_UPI = _field(tags.UPI_ACCOUNT, "upi_merchant_account", MAX_VALUE, 0, 43)
_NAME = _field(tags.MERCHANT_NAME, "merchant_name", tags.MAX_NAME, 2, 7)
_CITY = _field(tags.MERCHANT_CITY, "merchant_city", tags.MAX_CITY, 27, 21)
_INDIVIDUAL = _fields(tags.INDIVIDUAL_ACCOUNT, tags.INDIVIDUAL_SUBS)
_MERCHANT = _fields(tags.MERCHANT_ACCOUNT, tags.MERCHANT_SUBS)
_ADDITIONAL = _fields(tags.ADDITIONAL_DATA, tags.ADDITIONAL_SUBS)
_LANGUAGE = _fields(tags.LANGUAGE, tags.LANGUAGE_SUBS)
_EXTRAS = frozenset(sub.name for sub in tags.ADDITIONAL_SUBS + tags.LANGUAGE_SUBS)


def encode(payee: Individual | Merchant, *, now: Timestamp | None = None) -> Code:
    """The code of a payee, byte for byte as NBC's SDK writes it.

    now: the creation time of a dynamic code (aware datetime or epoch ms); by default the system's.
    Raises EncodeError with the field and NBC's code; the first fault in NBC's order of checks is the one raised.

    >>> encode(Individual(bakong_account_id="john_smith@devb", merchant_name="John Smith")).md5
    '851710edf362c4a9091f7b4739cbe1a3'
    """
    try:
        text = _text(payee, now)
    except (TypeError, AttributeError):
        raise _wrong_type(payee) from None
    try:
        raw = text.encode()
    except UnicodeEncodeError:
        _refuse_character(payee, "holds a lone surrogate, which no QR can carry")
    if not text.isprintable() and CONTROL.search(text):
        _refuse_character(payee, "holds a control character")
    if len(raw) > len(text) and is_astral(text):
        _refuse_character(payee, "holds a character beyond the BMP, whose length SDKs do not agree on")
    crc = b"%04X" % crc_hqx(raw, 0xFFFF)
    return Code(text + crc.decode(), md5(raw + crc, usedforsecurity=False).hexdigest())


def md5_of(qr: str) -> str:
    """32 lower-case hex digits over the UTF-8 bytes of the whole text: the key of the payment in the Open API."""
    return md5(qr.encode(), usedforsecurity=False).hexdigest()


def _text(payee: Individual | Merchant, now: Timestamp | None) -> str:
    """Everything up to the CRC in NBC's order of emission, checked in NBC's order of checks."""
    given = payee.__dict__
    amount = payee.amount
    upi = _headed(_UPI, payee.upi_merchant_account) if payee.upi_merchant_account else ""
    account = _individual(payee) if isinstance(payee, Individual) else _merchant(payee)
    category = payee.merchant_category_code
    if category != tags.DEFAULT_CATEGORY:
        category = _category(category or tags.DEFAULT_CATEGORY)
    currency = _CURRENCIES.get(payee.currency)
    if currency is None:
        raise EncodeError(f"read {payee.currency!r}, expected 116 (KHR) or 840 (USD)", field="currency", code=28)
    if upi and payee.currency == Currency.USD:
        raise EncodeError("UnionPay accounts take no USD", field="upi_merchant_account", code=44)
    head, priced, timestamp = _STATIC, "", ""
    if is_dynamic := amount is not None and not is_zero(amount):
        written = write_amount(amount, payee.currency)
        head, priced = _DYNAMIC, f"54{FIGURES[len(written)]}{written}"
    name = _headed(_NAME, payee.merchant_name)
    city = _headed(_CITY, payee.merchant_city or tags.DEFAULT_CITY)
    extras = "" if _EXTRAS.isdisjoint(given) else _template(_ADDITIONAL, given) + _language(payee)
    if is_dynamic:
        timestamp = _timestamps(payee.expiration_timestamp, now)
    return f"{head}{upi}{account}5204{category}{currency}{priced}5802KH{name}{city}{extras}{timestamp}6304"


def _headed(field: _Text, value: str) -> str:
    """The field with its tag and its length, of which it has a head for each that it may have."""
    if not value:
        raise EncodeError("is empty", field=field.name, code=field.missing)
    try:
        return field.heads[len(value)] + value
    except IndexError:
        raise _too_long(field, value) from None


def _template(template: tuple[_Text, tuple[_Text, ...]], given: dict[str, Any]) -> str:
    """The template of all fields that have a value, or "" where none has."""
    whole, fields_inside = template
    inner = ""
    for field in fields_inside:
        if value := given.get(field[0]):
            try:
                inner += field[1][len(value)] + value  # not an f-string: what is no text is a TypeError
            except IndexError:
                raise _too_long(field, value) from None
    return _headed(whole, inner) if inner else ""


def _too_long(field: _Text, value: str) -> EncodeError:
    message = f"{value!r} has {len(value)} characters, at most {len(field.heads) - 1} fit"
    return EncodeError(message, field=field.name, code=field.too_long or None)


def _individual(payee: Individual) -> str:
    _check_account_id(payee.bakong_account_id)
    return _template(_INDIVIDUAL, payee.__dict__)


def _merchant(payee: Merchant) -> str:
    _check_account_id(payee.bakong_account_id)
    for field in _MERCHANT[1][1:]:
        _headed(field, getattr(payee, field.name))
    return _template(_MERCHANT, payee.__dict__)


def _check_account_id(account_id: str) -> None:
    name = tags.ACCOUNT_ID.name
    if not account_id:
        raise EncodeError("is empty, expected user@bank", field=name, code=1)
    if len(account_id) > tags.ACCOUNT_ID.max_length:
        raise EncodeError(f"has {len(account_id)} characters, at most 32 fit", field=name, code=6)
    if not ACCOUNT.fullmatch(account_id):
        raise EncodeError(f"read {account_id!r}, expected user@bank", field=name, code=3)


def _category(code: str) -> str:
    if not CATEGORY.fullmatch(code):
        number = 18 if len(code) > 4 else 51
        raise EncodeError(f"read {code!r}, expected four digits", field="merchant_category_code", code=number)
    return code


def _language(payee: Individual | Merchant) -> str:
    preference, name = payee.language_preference, payee.merchant_name_alternate_language
    if preference and not name:
        raise EncodeError("is empty; a language preference needs it", field="merchant_name_alternate_language", code=39)
    if not preference and (name or payee.merchant_city_alternate_language):
        raise EncodeError("is empty; an alternate name or city needs it", field="language_preference", code=37)
    return _template(_LANGUAGE, payee.__dict__) if preference else ""


def _timestamps(expiration: Timestamp | None, now: Timestamp | None) -> str:
    name = "expiration_timestamp"
    if not expiration:
        raise EncodeError("is missing; a code with an amount must have it", field=name, code=45)
    expiration_ms, creation_ms = to_ms(expiration, name), now_ms(now)
    written, created = _digits(expiration, expiration_ms), _digits(now, creation_ms)
    if len(written) != tags.TIMESTAMP_DIGITS:
        raise EncodeError(f"read {expiration_ms}, expected 13 digits of ms", field=name, code=49)
    if expiration_ms < creation_ms:
        raise EncodeError(f"{expiration_ms} is before the creation at {creation_ms}", field=name, code=50)
    if len(created) != tags.TIMESTAMP_DIGITS:
        raise EncodeError(f"read {creation_ms}, expected 13 digits of ms", field="now")
    return f"99340013{created}0113{written}"


def _digits(given: Timestamp | None, moment_ms: int) -> str:
    """The moment in digits; a text of 13 as it is, where zeros come before a moment of 2001 or earlier."""
    return given if isinstance(given, str) and len(given) == tags.TIMESTAMP_DIGITS else str(moment_ms)


def _texts(payee: Individual | Merchant) -> dict[str, Any]:
    """The fields that are written as they are."""
    return {field.name: getattr(payee, field.name) for field in fields(payee) if field.name not in _CONVERTED}


def _wrong_type(payee: object) -> EncodeError:
    if not isinstance(payee, Individual | Merchant):
        return EncodeError(f"read {payee!r}, expected an Individual or a Merchant", field="payee")
    for name, value in _texts(payee).items():
        if value is not None and not isinstance(value, str):
            return EncodeError(f"read {value!r}, expected a str", field=name)
    return EncodeError(f"read {payee.currency!r}, expected 116 (KHR) or 840 (USD)", field="currency", code=28)


def _refuse_character(payee: Individual | Merchant, why: str) -> NoReturn:
    name = next(name for name, value in _texts(payee).items() if value and UNFIT.search(value))
    raise EncodeError(f"read {getattr(payee, name)!r}, which {why}", field=name)
