"""Random fields and texts, all from one seeded Random: plausible ones, odd ones, and mutations of good codes."""

import math
from random import Random
from typing import Any

from emvqr import crc16_of
from khqr import sdk
from khqr.utf16 import utf8

NOW_MS = 1_767_225_600_000
KHMER = "ហាងកាហ្វេភ្នំពេញសៀមរាប"
ALPHABETS = (
    "abcdefghij XYZ",
    "0123456789",
    KHMER,
    "é中…ñ\u00a0",
    "😀🏦a",
    "a\t\n\u200b\x7f",
    "\ud83dx\ude00",
    "@-._/ :",
)
LIMITS = {
    "bakongAccountID": 32,
    "merchantName": 25,
    "merchantCity": 15,
    "merchantID": 32,
    "acquiringBank": 32,
    "accountInformation": 32,
    "billNumber": 25,
    "mobileNumber": 25,
    "storeLabel": 25,
    "terminalLabel": 25,
    "purposeOfTransaction": 25,
    "languagePreference": 2,
    "merchantNameAlternateLanguage": 25,
    "merchantCityAlternateLanguage": 15,
    "upiMerchantAccount": 99,
}
ODD_NUMBERS = (0, -0.0, 1, -1, 0.1, 1.005, 2.675, 1e21, 1.5e300, 1e-7, 123456789012, 9999999999999, 2**53 + 1, 10**30)
ODD = (None, True, False, "", " ", "0", math.nan, math.inf, -math.inf, *ODD_NUMBERS)
AMOUNTS = (
    *"1.5 1.50 01.5 1. .5 . 0 0.00 -0 abc 1,000 +5 NaN Infinity 0x10 0b11 0o17 1e3 1e-3 1.5e3 1.2.3 100.0".split(),
    *"9999999999.99 99999999999.9 1e21 1e400 -1.5 5.x 00 1_000 12345678901234 0.1. .. 1..2 -.5 -0.0.1 0x 100.5".split(),
    *(" 5", "5 ", "\ufeff7", "\u0661", "\u00a0"),
)
CURRENCIES = (116, 840, "116", "840", 978, "usd", "0116", "1160", 116.0, 116.7, 840.5, "84", " 84", "8.4", "KHR")
CATEGORIES = (*"5999 0000 742 1 12345 12a4 -123 9999 ៥៩៩៩ 1.5 1e3".split(), " 123", 5812, 7.5)
EXPIRIES = (
    *(NOW_MS, NOW_MS + 1, NOW_MS + 900_000, NOW_MS - 1, 9_999_999_999_999, 10_000_000_000_000, 999_999_999_999),
    *"1767226000000 0x19b7680d000 1.7672256e12 abc 1.2345678e21 1234567890.12 1767226500000.0 -176722650000".split(),
    *(" 1767226500000 ", 1767226500000.5, 8.64e15),
)
TAGS = "00 01 15 29 30 39 52 53 54 58 59 60 62 63 64 99 26 50 80 A1 1 03 07".split()
LENGTHS = ("XX", "-1", "-4", " 3", "+2", "1X", "", "99", "0", "-9", "0x", "-0")


def text(random: Random, limit: int) -> str:
    alphabet = random.choice(ALPHABETS) if random.random() < 0.3 else ALPHABETS[0]
    length = (
        random.choice((1, 2, 5, 12, limit - 1, limit, limit, limit + 1))
        if random.random() < 0.3
        else random.randint(1, limit)
    )
    return "".join(random.choice(alphabet) for _ in range(length))


def _value(random: Random, name: str) -> Any:
    if random.random() < 0.04:
        return random.choice(ODD)
    if name == "bakongAccountID" and random.random() < 0.9:
        return f"{text(random, 14)}@{text(random, 8)}".replace(" ", random.choice("__ "))
    return text(random, LIMITS[name])


def fields(random: Random, kind: str) -> dict[str, Any]:
    """The SDK's fields: mostly plausible, one in three with something odd."""
    names = ["bakongAccountID", "merchantName", "merchantCity"] + (
        ["merchantID", "acquiringBank"] if kind == "merchant" else []
    )
    optional = [name for name in LIMITS if name not in names]
    names += random.sample(optional, random.choice((0, 0, 1, 2, 3, 6)))
    made = {name: _value(random, name) for name in names if random.random() > 0.01}
    if "languagePreference" in made and random.random() < 0.7:
        made.update(languagePreference="km", merchantNameAlternateLanguage=text(random, 25))
    if random.random() < 0.6:
        made["amount"] = _amount(random)
        made["expirationTimestamp"] = (
            NOW_MS + random.randint(0, 10**9) if random.random() < 0.7 else random.choice((*EXPIRIES, *ODD))
        )
    if random.random() < 0.7:
        made["currency"] = random.choice((116, 840)) if random.random() < 0.8 else random.choice((*CURRENCIES, *ODD))
    if random.random() < 0.2:
        made["merchantCategoryCode"] = random.choice((*CATEGORIES, *ODD))
    return made


def _amount(random: Random) -> Any:
    kind = random.random()
    if kind < 0.3:
        return random.randint(1, 10 ** random.randint(1, 14))
    if kind < 0.5:
        return round(random.uniform(0.01, 10 ** random.randint(1, 11)), random.randint(0, 3))
    if kind < 0.7:
        return f"{random.randint(0, 10 ** random.randint(1, 9))}.{random.randint(0, 999)}"
    if kind < 0.75:
        return random.uniform(-1, 1) * 10.0 ** random.randint(-320, 308)
    return random.choice((*AMOUNTS, *ODD))


def seal(body: str) -> str:
    """body with a CRC that fits, as the SDK counts it."""
    return f"{body}6304{crc16_of(utf8(body + '6304'))}"


def good_code(random: Random) -> str:
    """The text of a code that the SDK writes."""
    while True:
        kind = random.choice(("individual", "merchant"))
        make = sdk.generate_merchant if kind == "merchant" else sdk.generate_individual
        answer = make(fields(random, kind), NOW_MS - random.randint(0, 1000))
        if answer["data"]:
            return str(answer["data"]["qr"])


def objects(random: Random, depth: int = 0) -> str:
    """Data objects with real and invented tags, some of them malformed."""
    tags = (
        "00",
        "01",
        "15",
        "29",
        "30",
        "39",
        "52",
        "53",
        "54",
        "58",
        "59",
        "60",
        "62",
        "63",
        "64",
        "99",
        "26",
        "50",
        "80",
        "A1",
        "1",
        "03",
        "07",
    )
    made = []
    for _ in range(random.randint(0, 6 if depth else 14)):
        value = objects(random, depth + 1) if depth < 2 and random.random() < 0.3 else text(random, 20)
        length = (
            f"{len(value):02d}"
            if random.random() < 0.95
            else random.choice(("XX", "-1", "-4", " 3", "+2", "1X", "", "99", "0", "-9", "0x", "-0"))
        )
        made.append(random.choice(tags) + length + value)
    return "".join(made)


def mutated(random: Random, code: str) -> str:
    """code with one to three things done to it, often with a CRC that fits again."""
    body = code[:-8]
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        body = random.choice(MUTATIONS)(random, body)
    choice = random.random()
    if choice < 0.7:
        return seal(body)
    return body + code[-8:] if choice < 0.9 else body


def _replace(random: Random, body: str) -> str:
    place = random.randrange(len(body) + 1)
    return body[:place] + random.choice("0123456789AB@ -x\n\ufeffក😀") + body[place + 1 :]


def _insert(random: Random, body: str) -> str:
    place = random.randrange(len(body) + 1)
    piece = random.choice(("0", "00", "5802KH", "6304", "99", "-4", "3000", "😀", objects(random, 1)))
    return body[:place] + piece + body[place:]


def _delete(random: Random, body: str) -> str:
    place = random.randrange(len(body) + 1)
    return body[:place] + body[place + random.choice((1, 1, 2, 4, 8)) :]


def _top(body: str) -> list[str]:
    """The data objects of body, cut where their lengths say."""
    pieces, place = [], 0
    while place < len(body):
        figures = body[place + 2 : place + 4]
        stop = place + 4 + (int(figures) if figures.isascii() and figures.isdigit() else 0)
        pieces.append(body[place:stop])
        place = stop
    return pieces


def _shuffle(random: Random, body: str) -> str:
    pieces = _top(body)
    random.shuffle(pieces)
    return "".join(pieces)


def _drop(random: Random, body: str) -> str:
    pieces = _top(body)
    if pieces:
        pieces.pop(random.randrange(len(pieces)))
    return "".join(pieces)


def _repeat(random: Random, body: str) -> str:
    pieces = _top(body)
    if pieces:
        pieces.insert(random.randrange(len(pieces) + 1), random.choice(pieces))
    return "".join(pieces)


def _rewrite(random: Random, body: str) -> str:
    """Another value in one tag, with a length that fits."""
    pieces = _top(body)
    if pieces:
        place = random.randrange(len(pieces))
        value = str(random.choice((text(random, 20), "", *AMOUNTS, *CURRENCIES, *EXPIRIES, objects(random, 1))))
        pieces[place] = f"{pieces[place][:2]}{len(value):02d}{value}"
    return "".join(pieces)


MUTATIONS = (_replace, _insert, _delete, _shuffle, _drop, _repeat, _rewrite, _rewrite)


def any_text(random: Random) -> str:
    """A text for decode and verify: good, mutated, or made of data objects at random."""
    choice = random.random()
    if choice < 0.2:
        return good_code(random)
    if choice < 0.8:
        return mutated(random, good_code(random))
    body = objects(random)
    return seal(body) if choice < 0.95 else body
