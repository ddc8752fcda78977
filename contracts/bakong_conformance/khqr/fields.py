"""Rules of where an encoder writes what it was given: accounts, fields, the other language. One fault breaks one."""

from hypothesis import strategies as st

from bakong_conformance.case import Case
from bakong_conformance.khqr.encoder import dynamic, written
from bakong_conformance.khqr.lines import Codec, Refused, Written
from bakong_conformance.khqr.payloads import (
    ASCII,
    by_nbc,
    languages,
    payees,
    payloads,
    plain,
    shop,
)
from bakong_conformance.khqr.reading import parts, value
from bakong_conformance.rules import RuleBrokenError, Suite, require
from emvqr import crc16

SUITE = Suite("khqr")
rule = SUITE.rule


@rule(
    "account.template",
    "A person's account is in tag 29, a shop's in tag 30",
    forbids="the account in another template",
    examples=20,
)
def _template(codec: Codec, case: Case) -> None:
    """The account, its second field and the bank in their sub-tags, and no second template."""
    payload = case.draw(payees(whole=case.draw(st.booleans(), "all of its fields")), "payload")
    qr = written(codec, case, payload).qr
    right, wrong = ("30", "29") if payload["kind"] == "merchant" else ("29", "30")
    require(value(qr, wrong) is None, f"tag {wrong} is in the code of one {payload['kind']}")
    second = "merchantID" if payload["kind"] == "merchant" else "accountInformation"
    for sub, name in (("00", "bakongAccountID"), ("01", second), ("02", "acquiringBank")):
        encoded = value(qr, f"{right}.{sub}")
        require(
            encoded == payload.get(name), f"tag {right}.{sub} is {encoded!r}, expected {name} {payload.get(name)!r}"
        )


@rule(
    "account.kept",
    "An account stands in its template as it was given",
    forbids="an account in lowercase, or refused for a dot, a hyphen or a telephone number",
)
def _account_kept(codec: Codec, case: Case) -> None:
    """Accounts as banks give them out, and one of 32 characters."""
    for account in ("Sokha.Chan@DEVB", "85512345678@aclb", "sok-heng_1@abaa", "9@wing", "a" * 27 + "@devb"):
        encoded = value(written(codec, case, plain(bakongAccountID=account)).qr, "29.00")
        require(encoded == account, f"tag 29.00 is {encoded!r}, expected {account!r}")


FIELDS = {
    "59": "merchantName",
    "60": "merchantCity",
    "52": "merchantCategoryCode",
    "62.01": "billNumber",
    "62.02": "mobileNumber",
    "62.03": "storeLabel",
    "62.07": "terminalLabel",
    "62.08": "purposeOfTransaction",
}


@rule(
    "fields.kept",
    "Every field stands in its tag, unchanged",
    forbids="a field lost, cut, cased, trimmed or in another tag",
    examples=60,
)
def _kept(codec: Codec, case: Case) -> None:
    """Codes with any of the optional fields; each is read back from its own tag."""
    payload = case.draw(payloads(codec.now_ms), "payload")
    qr = written(codec, case, payload).qr
    for path, name in FIELDS.items():
        encoded = value(qr, path)
        expected = payload.get(name, "5999" if path == "52" else None)
        require(encoded == expected, f"tag {path} is {encoded!r}, expected {name} {expected!r}")


@rule("fields.spaces", "Spaces stay where they are", forbids="a name that is trimmed, or whose spaces are merged")
def _spaces(codec: Codec, case: Case) -> None:
    """A name and a city with two spaces inside and one at the end, as NBC's SDK keeps them."""
    qr = written(codec, case, plain(merchantName="Sok  Heng ", merchantCity="Siem  Reap ")).qr
    for tag, expected in (("59", "Sok  Heng "), ("60", "Siem  Reap ")):
        require(value(qr, tag) == expected, f"tag {tag} is {value(qr, tag)!r}, expected {expected!r}")


@rule(
    "fields.mobile",
    "A mobile number stands as it was given",
    forbids="a number that is normalised: +855 cut, spaces dropped, a zero added",
)
def _mobile(codec: Codec, case: Case) -> None:
    """Numbers in the forms that people write, as NBC's SDK keeps them."""
    for number in ("+85512345678", "85512345678", "012345678", "12345678", "+855 12 345-678"):
        encoded = value(written(codec, case, plain(mobileNumber=number)).qr, "62.02")
        require(encoded == number, f"tag 62.02 is {encoded!r}, expected {number!r}")


TEXTS = {
    "zero-width spaces between Khmer words": "សុខ\u200bហេង",
    "a zero-width non-joiner": "ស៊\u200cី",
    "Khmer stacked consonants and signs": "ស្រីស្រស់ំ",
    "a letter with its accent behind it": "Cafe\u0301",
    "a letter with its accent in it": "Café",
    "a full-width letter": "\uff21\uff11",
    "a no-break space": "Sok\u00a0Heng",
    "typographic quotes": "Sok\u2019s \u201cShop\u201d",
    "marks of HTML, JSON and URLs": 'A&B <"\\/%20+',
}


@rule(
    "fields.unicode",
    "Text is kept character by character",
    forbids="normalising (NFC, NFKC), zero-width characters dropped, escapes: another length, another md5",
)
def _unicode(codec: Codec, case: Case) -> None:
    """Names that a normal form, a sanitiser or an escaping would change."""
    for what, name in TEXTS.items():
        encoded = value(written(codec, case, plain(merchantName=name)).qr, "59")
        require(encoded == name, f"{what}: tag 59 is {encoded!a}, expected {name!a}")


@rule(
    "fields.emoji",
    "An emoji stays whole, or is refused",
    forbids="a question mark or half a character in its place; whether it counts as one or two is disputed",
)
def _emoji(codec: Codec, case: Case) -> None:
    """A name with an emoji: refused, or written as it is, with the CRC of its UTF-8 bytes."""
    answer = codec.encode(case, plain(merchantName="Shop \U0001f600"))
    if isinstance(answer, Written):
        head, tail = answer.qr[:-4], answer.qr[-4:]
        require("Shop \U0001f600" in answer.qr, f"the emoji is not in the code {answer.qr!a}")
        require(tail.upper() == crc16(head), f"the CRC is {tail}, over the UTF-8 bytes it is {crc16(head)}")


@rule(
    "fields.lookalikes",
    "Text that looks like a tag is text",
    forbids="looking for tags in the text: a name with 6304 in it breaks the CRC",
)
def _lookalikes(codec: Codec, case: Case) -> None:
    """Names and bill numbers with 6304, 5303 and 99 in them; the whole is compared with NBC's."""
    for name, bill in (("Shop 6304", "5303840"), ("6304ABCD", "630499340013"), ("5802KH5905", "6304")):
        payload = plain(merchantName=name, billNumber=bill)
        qr, expected = written(codec, case, payload).qr, by_nbc(payload, codec.now_ms).qr
        require(qr == expected, f"read {qr!r}, expected {expected!r}")


@rule("encode.memory", "A code knows nothing of the one before", forbids="fields or amounts of an earlier payload")
def _memory(codec: Codec, case: Case) -> None:
    """Codes with every field, and then a plain one: it has the tags of a plain code alone."""
    labels = {name: "1" for path, name in FIELDS.items() if path.startswith("62")}
    language = {"languagePreference": "km", "merchantNameAlternateLanguage": "សុខ"}
    written(codec, case, dynamic(codec, currency=840, merchantCategoryCode="1111", **labels, **language))
    written(codec, case, shop(upiMerchantAccount="1" * 31))
    again = written(codec, case, plain()).qr
    left = sorted(set(_tags(again)) - set(_tags(by_nbc(plain(), codec.now_ms).qr)))
    require(not left, f"after other codes a plain one has the tags {', '.join(left)}: {again!r}")


LANGUAGE = {
    "00": "languagePreference",
    "01": "merchantNameAlternateLanguage",
    "02": "merchantCityAlternateLanguage",
}


@rule("language", "The other language stands in tag 64", forbids="a Khmer name lost or in another tag", examples=15)
def _language(codec: Codec, case: Case) -> None:
    """A preference and a name in Khmer, with a city and without; each in its sub-tag, in order."""
    given = case.draw(languages(), "the other language")
    qr = written(codec, case, plain(**given)).qr
    expected = ""
    for sub, name in LANGUAGE.items():
        text = given.get(name, "")
        require(text in qr, f"{name} {text!r} is not in the code {qr!r}")
        expected += f"{sub}{len(text):02d}{text}" if text else ""
    require(value(qr, "64") == expected, f"tag 64 is {value(qr, '64')!r}, expected {expected!r}")


@rule("unionpay", "A UnionPay account stands in tag 15", forbids="a UnionPay account lost or in another tag")
def _unionpay(codec: Codec, case: Case) -> None:
    """A code in riel with an account of 31 digits, and with one of 99."""
    for account in ("1234567890" * 9 + "123456789", "1234567890" * 3 + "1"):
        qr = written(codec, case, plain(upiMerchantAccount=account)).qr
        encoded = value(qr, "15")
        require(encoded == account, f"tag 15 is {encoded!r}, expected {account!r}")
    tags = [part.tag for part in parts(qr)[0]]
    require(tags.index("15") < tags.index("29"), f"the tags are {tags}, expected 15 before 29")


@rule(
    "defaults",
    "The category is 5999, the currency 116 and the city Phnom Penh where none is given",
    forbids="other defaults than NBC's, or asking for what NBC does not",
)
def _defaults(codec: Codec, case: Case) -> None:
    """A person's and a shop's payload without category, currency and city."""
    for payload in (plain(merchantCity=None, currency=None), shop(merchantCity=None, currency=None)):
        answer = codec.encode(case, payload)
        if isinstance(answer, Refused):
            raise RuleBrokenError(f"a {payload['kind']} without city and currency was refused: {answer.why}")
        for tag, expected in (("52", "5999"), ("53", "116"), ("60", "Phnom Penh")):
            require(value(answer.qr, tag) == expected, f"tag {tag} is {value(answer.qr, tag)!r}, expected {expected!r}")


@rule(
    "order.nbc", "The tags stand in NBC's order", forbids="another order of tags, which makes another md5", examples=20
)
def _nbc_order(codec: Codec, case: Case) -> None:
    """The sequence of tags, of both levels, against NBC's; lengths and values are other rules' matter."""
    payload = case.draw(payloads(codec.now_ms), "payload") | case.draw(languages(ASCII), "the other language")
    qr = written(codec, case, payload).qr
    expected = by_nbc(payload, codec.now_ms).qr
    require(_common(qr, expected) == _common(expected, qr), f"the tags are {_tags(qr)}, NBC writes {_tags(expected)}")


def _tags(qr: str) -> list[str]:
    paths = []
    for part in parts(qr)[0]:
        paths.append(part.tag)
        if part.tag in ("29", "30", "62", "64", "99"):
            paths += [f"{part.tag}.{inner.tag}" for inner in parts(part.value)[0]]
    return paths


def _common(qr: str, other: str) -> list[str]:
    """The tags of one that the other has too: what is missing or too many is other rules' matter."""
    also = set(_tags(other))
    return [tag for tag in dict.fromkeys(_tags(qr)) if tag in also]
