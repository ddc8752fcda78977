"""The fast path through a code with nothing wrong in it; whatever gives it pause falls back to `Reading`.

Speed alone is its purpose: a code as NBC writes it, with the tags in NBC's order, is one regular expression. What it
accepts, `Reading` accepts with the same payload, which the properties and the fuzzing hold it to; what it leaves, it
leaves without a reason.
"""

import re
from binascii import crc_hqx
from decimal import Decimal
from math import inf
from typing import Any, NamedTuple

from emvqr import FIGURES, MAX_PAYLOAD
from khqr import tags
from khqr.model import Currency, Individual, Merchant, Payload
from khqr.rules import ACCOUNT
from khqr.tags import Sub
from khqr.utf16 import is_astral

# By its number in tag 53: the currency, and what an amount in it looks like.
_CURRENCIES = {
    "116": (Currency.KHR, re.compile(r"[0-9]+").fullmatch),
    "840": (Currency.USD, re.compile(r"[0-9]+(?:\.[0-9]{1,2})?").fullmatch),
}


def _value(name: str, limit: int) -> str:
    """Two digits of length and the value, which is as long as they say: one way for each length up to limit.

    The value begins by looking back at its length, digit by digit; possessive throughout, so nothing is tried twice.
    """
    ways: dict[str, list[str]] = {}
    for length in range(1, limit + 1):
        figures = FIGURES[length]
        ways.setdefault(figures[0], []).append(f"(?<={figures[1]}).{{{length}}}+")
    lengths = "|".join(f"(?<={tens}.)(?>{'|'.join(values)})" for tens, values in ways.items())
    return f"[0-9]{{2}}(?P<{name}>(?>{lengths}))"


def _template(tag: str, subs: tuple[Sub, ...], *required: str) -> str:
    """A template, its sub-tags in order, not empty; whether it is as long as it says is for the caller to see."""
    inner = "".join(
        f"{sub.tag}{_value(sub.name, sub.max_length)}"
        if sub.name in required
        else f"(?>{sub.tag}{_value(sub.name, sub.max_length)})?+"
        for sub in subs
    )
    return f"{tag}(?!00)(?P<length_{tag}>[0-9]{{2}})(?P<inner_{tag}>{inner})"


class _Shape(NamedTuple):
    """A kind of code: what it becomes, the expression, and the places in it of the payee's fields, with their names."""

    kind: type[Individual | Merchant]
    pattern: re.Pattern[str]
    names: tuple[str, ...]
    places: tuple[int, ...]
    frame: tuple[int, ...]


def _shape(kind: type[Individual | Merchant], account_tag: str, account: str) -> _Shape:
    pattern = re.compile(
        f"0002010102(?P<initiation>11|(?P<dynamic>12)){account}"
        "5204(?P<merchant_category_code>[0-9]{4})5303(?P<currency>116|840)"
        f"(?(dynamic)54{_value('amount', tags.MAX_AMOUNT)})5802KH"
        f"59{_value('merchant_name', tags.MAX_NAME)}60{_value('merchant_city', tags.MAX_CITY)}"
        f"(?>{_template('62', tags.ADDITIONAL_SUBS)})?+"
        f"(?>{_template('64', tags.LANGUAGE_SUBS, 'language_preference', 'merchant_name_alternate_language')})?+"
        "(?(dynamic)99340013(?P<created>[0-9]{13})0113(?P<expiration_timestamp>[0-9]{13}))6304(?P<crc>[0-9A-F]{4})",
        re.DOTALL,
    )
    about = ("initiation", "created", "crc")
    lengths = tuple(f"{part}_{tag}" for tag in (account_tag, "62", "64") for part in ("length", "inner"))
    names = tuple(name for name in pattern.groupindex if name not in (*about, *lengths, "dynamic"))
    places = tuple(pattern.groupindex[name] for name in names)
    return _Shape(kind, pattern, names, places, tuple(pattern.groupindex[name] for name in about + lengths))


class _Shapes(dict[str, _Shape | None]):
    """By the account's tag, None for what is none; each is compiled when the first code asks: it takes 20 ms."""

    def __missing__(self, tag: str) -> _Shape | None:
        if tag == "29":
            account = _template("29", tags.INDIVIDUAL_SUBS, "bakong_account_id")
            self[tag] = _shape(Individual, tag, account)
        elif tag == "30":
            account = _template("30", tags.MERCHANT_SUBS, *(sub.name for sub in tags.MERCHANT_SUBS))
            self[tag] = _shape(Merchant, tag, account)
        return self.get(tag)


_SHAPES = _Shapes()
NEVER = inf
_SIZES = {figures: size for size, figures in enumerate(FIGURES)} | {None: 0}


def read(text: object) -> Payload | None:
    """The payload of a code that is strictly valid but for its expiry; None where it may not be."""
    match = _match(text)
    if match is None:
        return None
    kind, values, initiation, creation, crc = match
    return Payload.of(kind.of(values), initiation, tags.COUNTRY_CODE, creation, crc)


def expiry(text: object) -> float | None:
    """The last millisecond in which such a code is valid, NEVER where it has no end; None where it may not be one."""
    match = _match(text)
    if match is None:
        return None
    expiration = match[1]["expiration_timestamp"]
    return NEVER if expiration is None else int(expiration)


def _match(text: object) -> tuple[type[Individual | Merchant], dict[str, Any], str, int | None, str] | None:
    """Kind, fields, point of initiation, creation time and CRC of such a code."""
    if type(text) is not str:
        return None
    shape = _SHAPES[text[12:14]]  # the account's tag, where 00 and 01 stand before it
    match = shape.pattern.fullmatch(text) if shape else None
    if shape is None or match is None or len(text) > MAX_PAYLOAD or not text.isprintable() or is_astral(text):
        return None
    initiation, created, crc, size, account, size_62, additional, size_64, language = match.group(*shape.frame)
    if not (
        _SIZES[size] == len(account)
        and _SIZES[size_62] == len(additional or "")
        and _SIZES[size_64] == len(language or "")
        and crc_hqx(text[:-4].encode(), 0xFFFF) == int(crc, 16)
    ):
        return None
    values: dict[str, Any] = dict(zip(shape.names, match.group(*shape.places)))  # noqa: B905  a name for each place
    if not ACCOUNT.fullmatch(values["bakong_account_id"]):
        return None
    values["currency"], is_amount = _CURRENCIES[values["currency"]]
    creation = int(created) if created else None
    if creation is not None and not (is_amount(values["amount"]) and _is_priced(values, creation)):
        return None
    return shape.kind, values, initiation, creation, crc


def _is_priced(values: dict[str, Any], creation: int) -> bool:
    """Whether there is nothing to say about amount and expiry; they become numbers."""
    values["amount"] = amount = Decimal(values["amount"])
    values["expiration_timestamp"] = expiration = int(values["expiration_timestamp"])
    return creation <= expiration and bool(amount)
