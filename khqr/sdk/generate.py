"""generateIndividual and generateMerchant: the SDK's order of checks and of tags. Knows no strictness of ours."""

import math
from collections.abc import Callable, Mapping
from hashlib import md5
from typing import Any, Final

from emvqr import crc16_of
from khqr.errors import EncodeError
from khqr.sdk.answers import Answer, Refusal, failure, success
from khqr.sdk.javascript import (
    Value,
    is_blank,
    length,
    loosely_equals,
    number,
    parse_float,
    parse_int,
    string,
    to_fixed_2,
    truthy,
)
from khqr.utf16 import text_of, units, utf8

Fields = Mapping[str, Any]

KHR, USD = 116, 840
LAST_DATE_MS: Final = 8.64e15  # ECMA-262 21.4.1.1: the last moment of a Date
REQUIRED = ("bakongAccountID", "merchantName", "merchantCity")
REQUIRED_OF_MERCHANT = ("merchantID", "acquiringBank")
OPTIONAL = (
    "accountInformation",
    "acquiringBank",
    "currency",
    "amount",
    "billNumber",
    "storeLabel",
    "terminalLabel",
    "mobileNumber",
    "purposeOfTransaction",
    "languagePreference",
    "merchantNameAlternateLanguage",
    "merchantCityAlternateLanguage",
    "upiMerchantAccount",
    "expirationTimestamp",
    "merchantCategoryCode",
)
# Sub-ID, field, limit, NBC's number when it is longer.
ADDITIONAL = (
    ("01", "billNumber", 25, 10),
    ("02", "mobileNumber", 25, 34),
    ("03", "storeLabel", 25, 11),
    ("07", "terminalLabel", 25, 12),
    ("08", "purposeOfTransaction", 25, 42),
)
DEFECT = "SDK DEFECT: status.code 0 but data.qr is [object Error] TypeError: "
NO_LANGUAGE = DEFECT + "Cannot read properties of undefined (reading 'length')"
NO_SPLIT = DEFECT + "bakongAccountID.split is not a function"
LONE_SURROGATE = "THROWN: URIError: URI malformed"


def generate_individual(fields: Fields, now_ms: int) -> Answer:
    """What generateIndividual(new IndividualInfo(...)) answers at now_ms (epoch milliseconds).

    fields: the SDK's names, those of `optional` beside the positional ones; absent and None are JavaScript's undefined.
    Where the SDK reports success with an exception for a QR, or throws, the answer has code 1, no errorCode and a
    message that begins with SDK DEFECT or THROWN. Raises EncodeError for a value that is no JavaScript primitive.

    >>> generate_individual({"bakongAccountID": "a", "merchantName": "A"}, 0)["status"]
    {'code': 1, 'errorCode': 3, 'message': 'Bakong Account ID is invalid'}
    """
    return _generate(_primitives(fields, OPTIONAL), _individual, now_ms)


def generate_merchant(fields: Fields, now_ms: int) -> Answer:
    """What generateMerchant(new MerchantInfo(...)) answers at now_ms; fields as in generate_individual."""
    optional = tuple(name for name in OPTIONAL if name not in REQUIRED_OF_MERCHANT)
    return _generate(_primitives(fields, optional, REQUIRED_OF_MERCHANT), _merchant, now_ms)


def _primitives(fields: Fields, optional: tuple[str, ...], required: tuple[str, ...] = ()) -> dict[str, Value]:
    """The fields of the Info classes, texts in UTF-16 units, without the optional ones that == "" (0 and false too)."""
    info: dict[str, Value] = {name: _primitive(name, fields.get(name)) for name in REQUIRED + required}
    for name in optional:
        if not is_blank(value := _primitive(name, fields.get(name))):
            info[name] = value
    return info


def _primitive(name: str, value: Any) -> Value:
    if isinstance(value, str):
        return units(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    raise EncodeError(f"read {value!r}, expected a str, a number, a bool or None", field=name)


def _generate(info: dict[str, Value], account: Callable[[dict[str, Value]], str], now_ms: int) -> Answer:
    try:
        parts = _parts(info, account, now_ms)
    except Refusal as refusal:
        return failure(refusal.code, refusal.message)
    qr = text_of("".join(parts) + "6304")
    qr += crc16_of(utf8(qr))
    try:
        key = md5(qr.encode(), usedforsecurity=False).hexdigest()
    except UnicodeEncodeError:
        return failure(None, LONE_SURROGATE)
    return success({"qr": qr, "md5": key})


def _parts(info: dict[str, Value], account: Callable[[dict[str, Value]], str], now_ms: int) -> list[str]:
    amount = info.get("amount")
    dynamic = not (amount is None or loosely_equals(amount, 0))
    upi = _bounded("15", info.get("upiMerchantAccount"), 99, 43) if truthy(info.get("upiMerchantAccount")) else ""
    head = ["000201", "010212" if dynamic else "010211", upi, account(info), _category(info)]
    currency = info.get("currency", KHR)
    head.append(_currency(currency))
    if upi and loosely_equals(currency, USD):
        raise Refusal(44)
    if dynamic:
        head.append(_amount(amount, currency))
    head += ["5802KH", _name(info), _city(info), _additional(info), _language(info)]
    if dynamic:
        head.append(_timestamp(info.get("expirationTimestamp"), now_ms))
    return head


def tlv(tag: str, value: Value) -> str:
    """The SDK's data object: lengths from 100 on get three digits, which no reader can parse."""
    text = string(value)
    return f"{tag}{len(text):02d}{text}"


def _bounded(tag: str, value: Value, limit: int, too_long: int) -> str:
    if length(value) > limit:
        raise Refusal(too_long)
    return tlv(tag, value)


def _account_id(value: Value) -> str:
    if is_blank(value):
        raise Refusal(1)
    if not isinstance(value, str):
        raise Refusal(None, NO_SPLIT)
    if len(value) > 32:
        raise Refusal(6)
    if "@" not in value:
        raise Refusal(3)
    return tlv("00", value)


def _merchant(info: dict[str, Value]) -> str:
    inner = _account_id(info["bakongAccountID"])
    for tag, name, missing, too_long in (("01", "merchantID", 30, 32), ("02", "acquiringBank", 31, 33)):
        if is_blank(info[name]):
            raise Refusal(missing)
        inner += _bounded(tag, info[name], 32, too_long)
    return tlv("30", inner)


def _individual(info: dict[str, Value]) -> str:
    inner = _account_id(info["bakongAccountID"])
    for tag, name, too_long in (("01", "accountInformation", 35), ("02", "acquiringBank", 33)):
        if name in info:
            inner += _bounded(tag, info[name], 32, too_long)
    return tlv("29", inner)


def _category(info: dict[str, Value]) -> str:
    text = string(info.get("merchantCategoryCode", "5999"))
    if len(text) > 4:
        raise Refusal(18)
    if not (text.isascii() and text.isdigit()):
        raise Refusal(51)
    return tlv("52", text)


def _currency(value: Value) -> str:
    if length(value) > 3:
        raise Refusal(19)
    if parse_int(string(value)) not in (KHR, USD):
        raise Refusal(28)
    return tlv("53", value)


def _amount(value: Value, currency: Value) -> str:
    text = _riel(value) if loosely_equals(currency, KHR) else _dollars(value)
    if len(text) > 13 or "-" in text or not text:
        raise Refusal(4)
    return tlv("54", text)


def _riel(value: Value) -> str:
    whole = number(value)
    if not (math.isfinite(whole) and whole.is_integer()):
        raise Refusal(4)
    return string(whole)


def _dollars(value: Value) -> str:
    text = string(value)
    pieces = text.split(".")
    if len(pieces) == 1:
        return text
    if len(pieces[1]) > 2:
        raise Refusal(4)
    return to_fixed_2(parse_float(text))


def _name(info: dict[str, Value]) -> str:
    if is_blank(info["merchantName"]):
        raise Refusal(2)
    return _bounded("59", info["merchantName"], 25, 7)


def _city(info: dict[str, Value]) -> str:
    city = info["merchantCity"]
    return _bounded("60", string(city) if truthy(city) else "Phnom Penh", 15, 21)


def _additional(info: dict[str, Value]) -> str:
    inner = "".join(_bounded(tag, info[name], limit, code) for tag, name, limit, code in ADDITIONAL if name in info)
    return tlv("62", inner) if inner else ""


def _language(info: dict[str, Value]) -> str:
    preference, name, city = (
        info.get("languagePreference"),
        info.get("merchantNameAlternateLanguage"),
        info.get("merchantCityAlternateLanguage"),
    )
    if preference is None and name is None and city is None:
        return ""
    if truthy(preference) and not truthy(name):
        raise Refusal(39)
    inner = ""
    if name is not None:
        if preference is None:
            raise Refusal(None, NO_LANGUAGE)
        inner = _bounded("00", preference, 2, 38) + _bounded("01", name, 25, 40)
    if city is not None:
        inner += _bounded("02", city, 15, 41)
    return tlv("64", inner)


def _timestamp(value: Value, now_ms: int) -> str:
    expiration = number(value)
    check_expiry(expiration, now_ms, now_ms)
    return tlv("99", tlv("00", now_ms) + tlv("01", expiration))


def check_expiry(expiration: float, creation: float, now_ms: float) -> None:
    """The checks of the SDK's TimeStamp for a dynamic code; a creation of NaN is never after anything."""
    if not truthy(expiration):
        raise Refusal(45)
    if len(string(expiration)) != 13:
        raise Refusal(49)
    if abs(expiration) > LAST_DATE_MS:
        raise Refusal(47)
    if expiration < creation:
        raise Refusal(50)
    if expiration < now_ms:
        raise Refusal(46)
