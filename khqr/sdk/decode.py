"""decode: what the SDK reads, valid or not. Never refuses a text."""

from collections.abc import Mapping
from typing import Final

from khqr.sdk.answers import Answer, success
from khqr.sdk.cutting import split, template
from khqr.utf16 import text_of, units

TEMPLATES: Final[Mapping[str, dict[str, str]]] = {
    "29": {"00": "bakongAccountID", "01": "accountInformation", "02": "acquiringBank"},
    "62": {
        "01": "billNumber",
        "02": "mobileNumber",
        "03": "storeLabel",
        "07": "terminalLabel",
        "08": "purposeOfTransaction",
    },
    "64": {"00": "languagePreference", "01": "merchantNameAlternateLanguage", "02": "merchantCityAlternateLanguage"},
    "99": {"00": "creationTimestamp", "01": "expirationTimestamp"},
}
# A template that holds a known sub-tag sets these, present or not.
RESET: Final[Mapping[str, tuple[str, ...]]] = {
    "29": ("bakongAccountID", "accountInformation"),
    "62": tuple(TEMPLATES["62"].values()),
    "64": tuple(TEMPLATES["64"].values()),
    "99": tuple(TEMPLATES["99"].values()),
}
# The SDK reads in this order, and names so what is no template.
READING: Final[Mapping[str, str]] = {
    "00": "payloadFormatIndicator",
    "01": "pointofInitiationMethod",
    "15": "unionPayMerchant",
    "29": "",
    "52": "merchantCategoryCode",
    "53": "transactionCurrency",
    "54": "transactionAmount",
    "58": "countryCode",
    "59": "merchantName",
    "60": "merchantCity",
    "62": "",
    "64": "",
    "99": "",
    "63": "crc",
}
FIELDS: Final = (
    "merchantType",
    "bakongAccountID",
    "accountInformation",
    "merchantID",
    "acquiringBank",
    *RESET["62"],
    *RESET["64"],
    *RESET["99"],
    *filter(None, READING.values()),
)


def decode(qr: str | None) -> Answer:
    """What BakongKHQR.decode(qr) answers: always status 0, all values str or None, in the SDK's order of keys.

    Where the SDK never returns, what it had read when it began to turn in circles; the rest is None.
    A template with no known sub-tag spreads its characters under "0", "1", ...: the SDK's own defect.

    >>> decode("000201")["data"]["payloadFormatIndicator"]
    '01'
    """
    parts = split(units(qr or ""))
    read: dict[str, str | None] = dict.fromkeys(FIELDS)
    read["merchantType"] = parts.merchant_type
    spread: dict[str, str] = {}
    if not parts.stuck:
        _read_all(dict(parts.tags), parts.has_30, read, spread)
    characters: dict[str, str | None] = {place: spread[place] for place in sorted(spread, key=int)}
    return success({name: value and text_of(value) for name, value in (characters | read).items()})


def _read_all(tags: dict[str, str], has_30: bool, read: dict[str, str | None], spread: dict[str, str]) -> None:  # noqa: FBT001  a fact of the text
    for tag, name in READING.items():
        value = tags.get(tag)
        if name:
            read[name] = value
        elif value and _read_template(tag, value, has_30, read, spread):
            return


def _read_template(
    tag: str,
    value: str,
    has_30: bool,  # noqa: FBT001  a fact of the text, no switch
    read: dict[str, str | None],
    spread: dict[str, str],
) -> bool:
    """Whether the SDK would never come back from this template; what it holds goes to read or spread."""
    names = TEMPLATES[tag]
    if tag == "29" and has_30:
        names = names | {"01": "merchantID"}
    fields, stuck = template(value, names)
    if fields:
        read.update(dict.fromkeys(RESET[tag]))
        read.update(fields)
    elif not stuck:
        spread.update((str(place), unit) for place, unit in enumerate(value))
    return stuck
