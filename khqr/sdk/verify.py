"""verify: the SDK's verdict, and the reason that it keeps to itself. Knows its order of checks."""

import re
from collections.abc import Callable, Mapping
from typing import Final

from emvqr import crc16_of
from khqr.sdk.answers import Refusal
from khqr.sdk.cutting import Split, split, template
from khqr.sdk.decode import TEMPLATES
from khqr.sdk.generate import ADDITIONAL, check_expiry
from khqr.sdk.javascript import number
from khqr.utf16 import units, utf8

_CRC_TAIL = re.compile(r"6304[A-Fa-f0-9]{4}\Z")
_DIGITS = re.compile(r"[0-9]+")
SHORTEST = 12
# Required tags, in the order in which the SDK looks for them, and its number where one is missing or empty.
REQUIRED: Final[Mapping[str, int]] = {"00": 23, "29": 5, "52": 25, "53": 9, "58": 26, "59": 2, "60": 27, "63": 24}
# Longest value and NBC's number for a longer one.
LIMITS: Final[Mapping[str, tuple[int, int]]] = {
    "00": (2, 16),
    "01": (2, 17),
    "15": (99, 43),
    "52": (4, 18),
    "53": (3, 19),
    "54": (13, 4),
    "58": (3, 20),
    "59": (25, 7),
    "60": (15, 21),
    "63": (4, 22),
}
# In the order of the SDK's checks; None is an empty value that it lets pass.
ACCOUNT: Final = (("accountInformation", 35, None), ("acquiringBank", 33, 31))
LOOP: Final = "LOOP: the SDK never returns"
NO_LANGUAGE: Final = "TypeError: Cannot read properties of null (reading 'length')"


def verify(qr: str, now_ms: int) -> dict[str, bool]:
    """What BakongKHQR.verify(qr) answers at now_ms; where it never returns, not valid.

    >>> verify("00020101021129190015john_smith@devb5204599953031165802KH5910John Smith6010Phnom Penh63046BFA", 0)
    {'isValid': True}
    """
    text = units(qr)
    if not _CRC_TAIL.search(text) or crc16_of(utf8(text[:-4])) != text[-4:].upper() or len(text) < SHORTEST:
        return {"isValid": False}
    return {"isValid": reason(qr, now_ms) is None}


def reason(qr: str, now_ms: int) -> Refusal | None:
    """Why the SDK's inner check refuses qr, whatever its CRC: NBC's number and words, or None where it does not."""
    try:
        _check(split(units(qr)), now_ms)
    except Refusal as refusal:
        return refusal
    return None


def _check(parts: Split, now_ms: int) -> None:
    if parts.stuck:
        raise Refusal(None, LOOP)
    present = {tag for tag, _ in parts.tags}
    if ("01", "12") in parts.tags and "54" not in present:
        raise Refusal(47)
    if (("01", "12") in parts.tags or "54" in present) and "99" not in present:
        raise Refusal(45)
    for tag, missing in REQUIRED.items():
        if tag not in present:
            raise Refusal(missing)
    initiation: str | None = None
    for tag, value in parts.tags:
        if tag == "01":
            initiation = value
        if tag in TEMPLATES:
            _check_template(tag, value, now_ms, initiation)
        else:
            _check_value(tag, value)


def _check_value(tag: str, value: str) -> None:
    limit, too_long = LIMITS[tag]
    if not value and tag in REQUIRED:
        raise Refusal(REQUIRED[tag])
    if len(value) > limit:
        raise Refusal(too_long)
    if tag == "01" and value not in ("11", "12"):
        raise Refusal(48)
    if tag == "52" and not _DIGITS.fullmatch(value):
        raise Refusal(51)
    if tag == "53" and value not in ("116", "840"):
        raise Refusal(28)
    if tag == "54" and (not value or "-" in value):
        raise Refusal(4)


def _check_template(tag: str, value: str, now_ms: int, initiation: str | None) -> None:
    fields, stuck = template(value, TEMPLATES[tag])
    if stuck:
        raise Refusal(None, LOOP)
    if tag == "99":
        _check_timestamp(fields, now_ms, initiation)
    else:
        CHECKS[tag](fields)


def _check_account(fields: Mapping[str, str]) -> None:
    account = fields.get("bakongAccountID")
    if not account:
        raise Refusal(1)
    if len(account) > 32:
        raise Refusal(6)
    if "@" not in account:
        raise Refusal(3)
    for name, too_long, empty in ACCOUNT:
        value = fields.get(name)
        if value == "" and empty:
            raise Refusal(empty)
        if value and len(value) > 32:
            raise Refusal(too_long)


def _check_bounded(fields: Mapping[str, str], name: str, limit: int, code: int) -> None:
    if name in fields and not 1 <= len(fields[name]) <= limit:
        raise Refusal(code)


def _check_additional(fields: Mapping[str, str]) -> None:
    for _, name, limit, code in ADDITIONAL:
        _check_bounded(fields, name, limit, code)


def _check_language(fields: Mapping[str, str]) -> None:
    if fields.get("languagePreference") and not fields.get("merchantNameAlternateLanguage"):
        raise Refusal(39)
    if "merchantNameAlternateLanguage" in fields:
        if "languagePreference" not in fields:
            raise Refusal(None, NO_LANGUAGE)
        _check_bounded(fields, "languagePreference", 2, 38)
        _check_bounded(fields, "merchantNameAlternateLanguage", 25, 40)
    _check_bounded(fields, "merchantCityAlternateLanguage", 15, 41)


def _check_timestamp(fields: Mapping[str, str], now_ms: int, initiation: str | None) -> None:
    """Of a static code nothing; an absent creation is NaN or 0, before everything either way."""
    if initiation == "12":
        check_expiry(number(fields.get("expirationTimestamp")), number(fields.get("creationTimestamp", "0")), now_ms)


CHECKS: Final[Mapping[str, Callable[[Mapping[str, str]], None]]] = {
    "29": _check_account,
    "62": _check_additional,
    "64": _check_language,
}
