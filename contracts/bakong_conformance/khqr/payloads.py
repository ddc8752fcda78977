"""Payloads as strategies, in NBC's field names, and what NBC's SDK writes for them. Knows no codec under test."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

import khqr
from khqr import EncodeError, Individual, Merchant

DAY_MS = 86_400_000
KHMER = "".join(chr(code) for code in (*range(0x1780, 0x17B4), *range(0x17E0, 0x17EA)))
ACCENTS = "éüñåçôÉ"  # each also an ASCII letter and a mark: who normalises makes other bytes
ASCII = "".join(chr(code) for code in range(0x21, 0x7F))

Payload = dict[str, Any]


def words(low: int, high: int, alphabet: str = ASCII) -> st.SearchStrategy[str]:
    """Text without spaces at its ends, which some encoders trim."""
    return st.text(alphabet, min_size=low, max_size=high)


def accounts() -> st.SearchStrategy[str]:
    return st.from_regex(r"[a-z][a-z0-9_]{0,11}@[a-z]{3,5}", fullmatch=True)


def usd() -> st.SearchStrategy[float | int]:
    """Amounts that a JSON number tells exactly: cents."""
    cents = st.integers(1, 10_000_000).map(lambda number: number // 100 if number % 100 == 0 else number / 100)
    return st.one_of(st.integers(1, 100_000), cents)


def khr() -> st.SearchStrategy[int]:
    return st.integers(1, 400_000_000)


def money() -> st.SearchStrategy[Payload]:
    """The currency and the amount of a dynamic code."""
    return st.one_of(
        st.builds(lambda amount: {"currency": 840, "amount": amount}, usd()),
        st.builds(lambda amount: {"currency": 116, "amount": amount}, khr()),
    )


def payees(alphabet: str = ASCII, *, whole: bool = False) -> st.SearchStrategy[Payload]:
    """The least that makes a code: an account and a name, a person's or a shop's. whole: a person's every field too."""
    second = {"accountInformation": words(1, 20), "acquiringBank": words(1, 20)}
    person = st.fixed_dictionaries(
        {
            "kind": st.just("individual"),
            "bakongAccountID": accounts(),
            "merchantName": words(1, 25, alphabet),
            "merchantCity": words(1, 15, alphabet),
            **(second if whole else {}),
        },
        optional={} if whole else second,
    )
    shop = st.fixed_dictionaries(
        {
            "kind": st.just("merchant"),
            "bakongAccountID": accounts(),
            "merchantName": words(1, 25, alphabet),
            "merchantCity": words(1, 15, alphabet),
            "merchantID": words(1, 20),
            "acquiringBank": words(1, 20),
        }
    )
    return st.one_of(person, shop)


def extras() -> st.SearchStrategy[Payload]:
    """The optional fields, short enough for their templates."""
    return st.fixed_dictionaries(
        {},
        optional={
            "billNumber": words(1, 15),
            "mobileNumber": st.from_regex(r"0[1-9][0-9]{7,8}", fullmatch=True),
            "storeLabel": words(1, 15),
            "terminalLabel": words(1, 15),
            "purposeOfTransaction": words(1, 15),
            "merchantCategoryCode": st.from_regex(r"[0-9]{4}", fullmatch=True),
        },
    )


def languages(alphabet: str = KHMER) -> st.SearchStrategy[Payload]:
    """The other language: a preference with its name, a city or none."""
    return st.fixed_dictionaries(
        {"languagePreference": st.just("km"), "merchantNameAlternateLanguage": words(1, 25, alphabet)},
        optional={"merchantCityAlternateLanguage": words(1, 15, alphabet)},
    )


def expiries(now_ms: int) -> st.SearchStrategy[int]:
    """Minutes, days, and the 30 days of some shops, which are more milliseconds than 31 bits hold."""
    spans = st.integers(1, 600_000), st.integers(1, 30 * DAY_MS), st.integers(25 * DAY_MS, 30 * DAY_MS)
    return st.one_of(*spans).map(lambda ms: now_ms + ms)


@st.composite
def payloads(draw: st.DrawFn, now_ms: int, *, dynamic: bool | None = None, alphabet: str = ASCII) -> Payload:
    """A payload of any kind; dynamic True or False for codes with and without an amount."""
    payload = {**draw(payees(alphabet)), **draw(extras())}
    if dynamic if dynamic is not None else draw(st.booleans()):
        payload |= {**draw(money()), "expirationTimestamp": draw(expiries(now_ms))}
    else:
        payload["currency"] = draw(st.sampled_from((116, 840)))
    return payload


def plain(**fields: Any) -> Payload:
    """The plainest payload, changed by the fields given; a field that is None is left out."""
    payload = {
        "kind": "individual",
        "bakongAccountID": "sokha@devb",
        "merchantName": "Sokha",
        "merchantCity": "Phnom Penh",
        "currency": 116,
        **fields,
    }
    return {name: value for name, value in payload.items() if value is not None}


def shop(**fields: Any) -> Payload:
    """The plainest shop."""
    return plain(**{"kind": "merchant", "merchantID": "123456", "acquiringBank": "Dev Bank", **fields})


def by_nbc(payload: Mapping[str, Any], now_ms: int) -> khqr.Code:
    """What NBC's SDK writes for the payload. Raises EncodeError for what may not become a code."""
    fields = {_snake(name): value for name, value in payload.items() if name != "kind"}
    if isinstance(fields.get("amount"), float):
        fields["amount"] = Decimal(repr(fields["amount"]))
    payee = Merchant if payload["kind"] == "merchant" else Individual
    return khqr.encode(payee(**fields), now=now_ms)


def fits(payload: Mapping[str, Any], now_ms: int) -> bool:
    """Whether the payload may become a code."""
    try:
        by_nbc(payload, now_ms)
    except EncodeError:
        return False
    return True


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])([A-Z]+)", lambda match: "_" + match[1].lower(), name)
