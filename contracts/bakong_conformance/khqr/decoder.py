"""Rules of what a decoder and a verifier say. The texts are built here: no codec under test makes its own input."""

from decimal import Decimal, InvalidOperation
from typing import Any

from hypothesis import strategies as st

from bakong_conformance.case import Case
from bakong_conformance.khqr.encoder import low_crcs
from bakong_conformance.khqr.lines import NOW_MS, Codec, Refused
from bakong_conformance.khqr.payloads import DAY_MS, KHMER, Payload, by_nbc, payloads, plain, shop
from bakong_conformance.khqr.reading import parts
from bakong_conformance.rules import PreconditionError, RuleBrokenError, Suite, require
from emvqr import field, seal

SUITE = Suite("khqr")
rule = SUITE.rule

HOSTILE = {
    "nothing": "",
    "one letter": "x",
    "a length that lies": "0099",
    "a length of letters": "00AB01",
    "a negative length": "00-101",
    "a cut code": "00020101021129190015john_smith@devb52045999",
    "no CRC": "000201010211",
    "Khmer digits as a length": "00០២01",
    "a NUL": "\x00" * 40,
    "many nines": "9" * 5000,
}
LABELS = ("billNumber", "mobileNumber", "storeLabel", "terminalLabel", "purposeOfTransaction")
MAY_LACK = {  # what a code can be without, and has no default
    *LABELS, "accountInformation", "merchantID", "acquiringBank", "upiMerchantAccount",
    "languagePreference", "merchantNameAlternateLanguage", "merchantCityAlternateLanguage",
}  # fmt: skip
BROKEN_TEMPLATES = {"29": "0014john_smith@devb", "62": "0107INV-001XY", "64": "01", "99": "garbage"}
_HEAD = "00020101021129140010sokha@devb5204599953031165802KH"
DAMAGED = {
    "a length with a sign": _HEAD + "59+5Sokha6010Phnom Penh",
    "a length with a space": _HEAD + "59 5Sokha6010Phnom Penh",
    "Khmer digits as a length": _HEAD + "59០៥Sokha6010Phnom Penh",
    "a tag of letters": _HEAD + "5905Sokha6010Phnom PenhAB02xx",
    "a letter between two tags": _HEAD + "5905SokhaX6010Phnom Penh",
    "a length that reaches into the CRC": _HEAD + "5905Sokha6013Phnom",
    "a length in 29 that lies": _HEAD.replace("0010sokha", "0011sokha") + "5905Sokha6010Phnom Penh",
    "a length in 62 that lies": _HEAD + "5905Sokha6010Phnom Penh62070104INV",
    "a length in 64 that lies": _HEAD + "5905Sokha6010Phnom Penh64130002km0104abc",
}


def _now(codec: Codec) -> int:
    return codec.now_ms


def _dynamic(now_ms: int, **fields: Any) -> str:
    return by_nbc(plain(**{"amount": 1000, "expirationTimestamp": now_ms + DAY_MS, **fields}), now_ms).qr


def _sealed(**changed: str) -> str:
    """A plain static code with the values of some tags (t29, t62, ...) put in raw, and a right CRC."""
    tags = {"00": "01", "01": "11", "29": "0010sokha@devb", "52": "5999", "53": "116", "58": "KH", "59": "Sokha"}
    tags |= {"60": "Phnom Penh"} | {name[1:]: text for name, text in changed.items()}
    order = sorted(tags, key=lambda tag: (tag, ""))
    return seal("".join(field(tag, tags[tag]) for tag in order))


def _garbage() -> dict[str, str]:
    broken = {f"a broken template {tag}": _sealed(**{f"t{tag}": text}) for tag, text in BROKEN_TEMPLATES.items()}
    broken |= {f"a code with {more!r} behind its CRC": _sealed() + more for more in ("0", "5802KH")}
    return HOSTILE | broken | {f"{what}, the CRC right": seal(text) for what, text in DAMAGED.items()}


@rule(
    "decode.hostile",
    "Garbage is answered, and refused",
    forbids="hanging, dying or making something up on a damaged code",
)
def _hostile(codec: Codec, case: Case) -> None:
    """Cut, lying and empty texts, and damaged ones with a right CRC; decode answers within the time-out."""
    for what, text in _garbage().items():
        if not isinstance(codec.decode(case, text), Refused):
            raise RuleBrokenError(f"{what} was decoded: {text[:60]!r}, expected a refusal")
        case.journal.clear()


@rule(
    "verify.hostile",
    "Garbage is answered, and is not valid",
    forbids="a verifier that hangs on, or believes, a damaged code",
)
def _hostile_verify(codec: Codec, case: Case) -> None:
    """The same texts as for decode."""
    for what, text in _garbage().items():
        require(not codec.verify(case, text), f"{what} is called valid: {text[:60]!r}")
        case.journal.clear()


@rule(
    "decode.fields",
    "A code is read back field by field",
    forbids="a field lost, moved or changed in reading",
    examples=50,
)
def _fields(codec: Codec, case: Case) -> None:
    """Codes that NBC's SDK would write, in ASCII and Khmer; every text field is compared."""
    script = case.draw(st.sampled_from(("ascii", "khmer")), "script")
    drawn = payloads(_now(codec), alphabet=KHMER) if script == "khmer" else payloads(_now(codec))
    _same(codec, case, case.draw(drawn, "payload"))


def _same(codec: Codec, case: Case, payload: Payload) -> None:
    """The payload's texts are read back from the code that NBC's SDK makes of it."""
    fields = _read(codec, case, by_nbc(payload, _now(codec)).qr)
    for name, expected in payload.items():
        if name not in ("kind", "amount", "currency", "expirationTimestamp"):
            require(fields.get(name) == expected, f"{name} is {fields.get(name)!r}, expected {expected!r}")
    for name in MAY_LACK - payload.keys():
        require(fields.get(name) in (None, ""), f"{name} is {fields.get(name)!r}, the code has none")


def _read(codec: Codec, case: Case, qr: str) -> dict[str, Any]:
    fields = codec.decode(case, qr)
    if isinstance(fields, Refused):
        raise PreconditionError(f"a code of NBC's was refused: {fields.why}")
    return fields


@rule(
    "decode.whole",
    "The rare fields are read too",
    forbids="losing the other language, the UnionPay account, a bank or an account's information in reading",
)
def _whole(codec: Codec, case: Case) -> None:
    """Codes with the other language, a UnionPay account, and every label, in Khmer and with a CRC of leading zeros."""
    language = {"languagePreference": "km", "merchantNameAlternateLanguage": "សុខា"}
    _same(codec, case, plain(**language, accountInformation="85512345678", acquiringBank="Dev Bank"))
    _same(codec, case, shop(**language, merchantCityAlternateLanguage="ភ្នំពេញ", upiMerchantAccount="1" * 31))
    _same(codec, case, plain(**{name: f"ក{number}" for number, name in enumerate(LABELS)}))
    _same(codec, case, plain(merchantName="ក" * 25, merchantCity="ខ" * 15, billNumber="ក" * 25, acquiringBank="B" * 32))
    for payload in low_crcs().values():
        _same(codec, case, payload)


@rule(
    "decode.memory",
    "What is read knows nothing of what was read before",
    forbids="an amount, a label or an expiry that the code does not have: 0 for no amount, or an earlier code's",
)
def _memory(codec: Codec, case: Case) -> None:
    """A code with an amount and every label, then a plain static one: what it lacks is null, empty or left out."""
    now = _now(codec)
    _read(codec, case, _dynamic(now, **dict.fromkeys(LABELS, "1")))
    fields = _read(codec, case, by_nbc(plain(), now).qr)
    for name in (*LABELS, "amount", "expirationTimestamp", "acquiringBank", "merchantID"):
        decoded = fields.get(name)
        require(decoded in (None, ""), f"{name} is {decoded!r}, the code has none")


@rule(
    "decode.digits",
    "Digits in a text field are a text",
    forbids="numbers made of them: a leading zero or a plus sign lost, 1E5 read as a number",
)
def _digits(codec: Codec, case: Case) -> None:
    """A category, a bill number and labels of digits alone."""
    _same(codec, case, plain(merchantCategoryCode="0742", billNumber="007", mobileNumber="+85512345678"))
    _same(codec, case, plain(storeLabel="1E5", terminalLabel="0x10", purposeOfTransaction="1.50", merchantName="0"))


@rule(
    "decode.lookalikes",
    "Text that looks like a tag is text",
    forbids="looking for 6304 or 54 in the text instead of following the lengths",
)
def _lookalikes(codec: Codec, case: Case) -> None:
    """Names and bill numbers with 6304, 5404 and 5303 in them."""
    for name, bill in (("Shop 6304ABCD", "54049999"), ("5802KH5905", "6304")):
        _same(codec, case, plain(merchantName=name, billNumber=bill))


@rule("decode.expiry", "The expiry is read in milliseconds", forbids="an expiry lost, rounded, or in another unit")
def _decoded_expiry(codec: Codec, case: Case) -> None:
    """A code that ends at a millisecond which is no whole second; the expiry as number or text."""
    expiry = _now(codec) + DAY_MS + 123
    decoded = _read(codec, case, _dynamic(_now(codec), expirationTimestamp=expiry)).get("expirationTimestamp")
    require(str(decoded) == str(expiry), f"expirationTimestamp is {decoded!r}, expected {expiry}")


@rule("decode.spaces", "Spaces are read as they stand", forbids="a name that is trimmed in reading")
def _spaces(codec: Codec, case: Case) -> None:
    """A name with two spaces inside and one at the end."""
    decoded = _read(codec, case, by_nbc(plain(merchantName="Sok  Heng "), _now(codec)).qr).get("merchantName")
    require(decoded == "Sok  Heng ", f"merchantName is {decoded!r}, expected 'Sok  Heng '")


AMOUNTS = (
    ("840", "USD", ("1", "1.5", "1.50", "0.01", "10.10", "1.29", "16777217", "1234567.89", "9999999999.99")),
    ("116", "KHR", ("1", "100", "4000", "16777217", "2147483648", "9999999999999")),
)


@rule(
    "decode.amounts",
    "1, 1.5 and 1.50 are all read exactly",
    forbids="amounts cut, in cents or through float",
)
def _amounts(codec: Codec, case: Case) -> None:
    """Dollars written in the forms that banks use, and riel; amount and currency compared as numbers."""
    now = _now(codec)
    stamp = field("00", str(now)) + field("01", str(now + DAY_MS))
    for currency, letters, texts in AMOUNTS:
        for text in texts:
            fields = codec.decode(case, _sealed(t01="12", t53=currency, t54=text, t99=stamp))
            if isinstance(fields, Refused):
                raise RuleBrokenError(f"the amount {text!r} was refused: {fields.why}")
            try:
                decoded = Decimal(str(fields.get("amount")))
            except InvalidOperation:
                decoded = Decimal(-1)
            require(decoded == Decimal(text), f"the amount is {fields.get('amount')!r}, expected {text}")
            given = str(fields.get("currency"))
            require(given in (currency, letters), f"the currency is {given!r}, expected {currency}")
            case.journal.clear()


@rule(
    "decode.unknown-tags",
    "Tags of other banks are passed over",
    forbids="refusing a code for a tag that is reserved or another scheme's",
)
def _unknown(codec: Codec, case: Case) -> None:
    """A code with a tag 39 and a tag 80 beside its own, and with sub-tags of EMVCo's that KHQR does not use."""
    for what, qr in {
        "the tags 39 and 80": _sealed(t39="0004abcd", t80="0004wxyz"),
        "a loyalty number (62.04)": _sealed(t62="0405LOYAL"),
        "a template 62.50": _sealed(t62="50080004abcd"),
        "a sub-tag 29.05": _sealed(t29="0010sokha@devb0503abc"),
    }.items():
        fields = codec.decode(case, qr)
        if isinstance(fields, Refused):
            raise RuleBrokenError(f"a code with {what} was refused: {fields.why}")
        decoded = fields.get("merchantName")
        require(decoded == "Sokha", f"with {what}, merchantName is {decoded!r}, expected 'Sokha'")


@rule(
    "decode.dialects",
    "Codes as other encoders write them are read",
    forbids="a reader that knows one encoder's order or defaults, and misreads those of banks and libraries",
)
def _dialects(codec: Codec, case: Case) -> None:
    """Sub-tags in another order, no tag 01, category 0000, a static code with timestamps; read, and called valid."""
    now = _now(codec)
    stamp = field("00", str(now)) + field("01", str(now + DAY_MS))
    expected = {"bakongAccountID": "sokha@devb", "merchantName": "Sokha"}
    labels = {"billNumber": "AAA", "mobileNumber": "BBB", "storeLabel": "CCC"}
    for what, qr, more in (
        ("62 in the order 03, 02, 01", _sealed(t62="0303CCC0203BBB0103AAA"), labels),
        ("29 in the order 02, 00", _sealed(t29="0204Bank0010sokha@devb"), {"acquiringBank": "Bank"}),
        ("the category 0000", _sealed(t52="0000"), {"merchantCategoryCode": "0000"}),
        ("no tag 01", _without("01"), {}),
        ("timestamps and no amount", _sealed(t99=stamp), {}),
    ):
        fields = codec.decode(case, qr)
        if isinstance(fields, Refused):
            raise RuleBrokenError(f"a code with {what} was refused: {fields.why}")
        for name, text in {**expected, **more}.items():
            require(fields.get(name) == text, f"with {what}, {name} is {fields.get(name)!r}, expected {text!r}")


@rule(
    "decode.duplicates",
    "A second name, amount or account is not read",
    forbids="a tag appended to a code to change what the reader shows",
)
def _decode_duplicates(codec: Codec, case: Case) -> None:
    """A second 59, 54 and 29 before a right CRC: refused, or passed over."""
    good = _dynamic(_now(codec))[:-8]
    for tag, text, name, evil in (
        ("59", "Evil Corp", "merchantName", "Evil Corp"),
        ("54", "9999", "amount", "9999"),
        ("29", "0009evil@devb", "bakongAccountID", "evil@devb"),
    ):
        fields = codec.decode(case, seal(good + field(tag, text)))
        decoded = "" if isinstance(fields, Refused) else str(fields.get(name))
        require(not decoded.startswith(evil), f"{name} is read from a second tag {tag}: {decoded!r}")


def _damaged(case: Case, codec: Codec) -> str:
    """A code with one digit or letter of its middle changed."""
    qr = _dynamic(_now(codec), billNumber="INV-2026-0001")
    place = case.draw(st.integers(0, len("INV-2026-0001") - 1), "place") + qr.index("INV-2026-0001")
    letter = case.draw(st.sampled_from("ABXYZ789"), "letter")
    changed = qr[:place] + letter + qr[place + 1 :]
    return changed if changed != qr else qr[:place] + "#" + qr[place + 1 :]


@rule(
    "decode.crc", "A changed character is noticed in reading", forbids="decoding without checking the CRC", examples=15
)
def _decode_crc(codec: Codec, case: Case) -> None:
    """One character of the bill number changed, the CRC left as it was."""
    if not isinstance(codec.decode(case, _damaged(case, codec)), Refused):
        raise RuleBrokenError("a code with a changed character was decoded, expected a refusal")


@rule("verify.crc", "A changed character is not valid", forbids="a verifier that does not compute the CRC", examples=15)
def _verify_crc(codec: Codec, case: Case) -> None:
    """One character of the bill number changed, the CRC left as it was; then one digit of the CRC."""
    require(not codec.verify(case, _damaged(case, codec)), "a code with a changed character is called valid")
    good = _dynamic(_now(codec))
    place = case.draw(st.integers(len(good) - 4, len(good) - 1), "digit")
    changed = good[:place] + ("0" if good[place] != "0" else "1") + good[place + 1 :]
    require(not codec.verify(case, changed), f"a code whose CRC {good[-4:]} is {changed[-4:]} is called valid")


@rule("verify.trailing", "Nothing follows the CRC", forbids="a code with more behind it that is called valid")
def _trailing(codec: Codec, case: Case) -> None:
    """A good code, with a letter, a whole tag, a space and line ends behind its CRC, and with a space before it."""
    good = by_nbc(plain(), _now(codec)).qr
    for more in ("0", "5802KH", " ", "\n", "\r\n", "\x00", "\u200b"):
        require(not codec.verify(case, good + more), f"a code with {more!r} behind its CRC is called valid")
    for more in (" ", "\n", "\ufeff"):
        require(not codec.verify(case, more + good), f"a code with {more!r} before it is called valid")


@rule("verify.valid", "What NBC's SDK writes is valid", forbids="refusing a good code", examples=40)
def _valid(codec: Codec, case: Case) -> None:
    """Codes in ASCII and in Khmer, with and without an amount, before their expiry."""
    script = case.draw(st.sampled_from(("ascii", "khmer")), "script")
    drawn = payloads(_now(codec), alphabet=KHMER) if script == "khmer" else payloads(_now(codec))
    require(
        codec.verify(case, by_nbc(case.draw(drawn, "payload"), _now(codec)).qr), "a code of NBC's is called invalid"
    )


@rule("verify.low-crc", "A CRC of leading zeros is valid", forbids="a verifier that compares with an unpadded CRC")
def _low_crc(codec: Codec, case: Case) -> None:
    """Codes of NBC's whose CRC begins with one, two and three zeros."""
    for payload in low_crcs().values():
        qr = by_nbc(payload, _now(codec)).qr
        require(codec.verify(case, qr), f"a code whose CRC is {qr[-4:]} is called invalid")


@rule(
    "verify.expired",
    "A code dies after its expiry, not at it",
    forbids="expired codes called valid, or an expiry off by one",
)
def _expired(codec: Codec, case: Case) -> None:
    """At its expiry a code is valid, as NBC's SDK has it; one millisecond later it is not."""
    now = NOW_MS if not codec.own_clock else codec.now_ms
    if codec.own_clock:
        dead = _dynamic(now - 2 * DAY_MS)
        require(not codec.verify(case, dead), "a code that expired yesterday is called valid")
        return
    expiry = now + 900_000
    qr = _dynamic(now, expirationTimestamp=expiry)
    require(codec.verify(case, qr, expiry), "a code is called invalid at the millisecond of its expiry")
    require(not codec.verify(case, qr, expiry + 1), "a code is called valid one millisecond after its expiry")


@rule(
    "verify.needs",
    "What must be there is asked for",
    forbids="a valid code without version, account, name, city, category, country, currency or expiry",
)
def _needs(codec: Codec, case: Case) -> None:
    """Codes with a right CRC in which one thing is missing."""
    now = _now(codec)
    stamp = field("00", str(now)) + field("01", str(now + DAY_MS))
    for what, qr in {
        "no account": seal("000201010211" + "5204599953031165802KH5905Sokha6010Phnom Penh"),
        "no name": seal("000201010211" + field("29", "0010sokha@devb") + "5204599953031165802KH6010Phnom Penh"),
        "no currency": seal("000201010211" + field("29", "0010sokha@devb") + "520459995802KH5905Sokha6010Phnom Penh"),
        "an amount and no expiry": _sealed(t01="12", t54="1000"),
        "an amount, a creation and no expiry": _sealed(t01="12", t54="1000", t99=field("00", str(now))),
        "12 and no amount": _sealed(t01="12", t99=stamp),
        "an unknown currency": _sealed(t53="978"),
        "an account template and no account in it": _sealed(t29="0105hello"),
        **{f"no tag {tag}": _without(tag) for tag in ("00", "52", "58", "60")},
    }.items():
        require(not codec.verify(case, qr), f"a code with {what} is called valid: {qr!r}")


def _without(tag: str) -> str:
    """A plain static code without one of its tags."""
    return seal("".join(field(part.tag, part.value) for part in parts(_sealed())[0] if part.tag not in (tag, "63")))


@rule(
    "verify.values",
    "What no encoder may write is not valid",
    forbids="a verifier that looks at the CRC and not at the values: fields over their limit, accounts that are none",
)
def _values(codec: Codec, case: Case) -> None:
    """Codes with a right CRC and one value that NBC's SDK calls invalid."""
    now = _now(codec)
    stamp = field("00", str(now)) + field("01", str(now + DAY_MS))
    for what, qr in {
        "an account without an at sign": _sealed(t29="0005sokha"),
        "an account of 33 characters": _sealed(t29=field("00", "a" * 28 + "@devb")),
        "a name of 26 characters": _sealed(t59="x" * 26),
        "a city of 16 characters": _sealed(t60="x" * 16),
        **{f"a field 62.{sub} of 26 characters": _sealed(t62=field(sub, "1" * 26)) for sub in ("01", "02", "03", "07")},
        "a purpose of 26 characters": _sealed(t62=field("08", "1" * 26)),
        "bank information of 33 characters": _sealed(t29="0010sokha@devb" + field("02", "B" * 33)),
        "a point of initiation 13": _sealed(t01="13"),
        "a category of letters": _sealed(t52="ABCD"),
        "a category of five digits": _sealed(t52="59999"),
        "a country of four letters": _sealed(t58="KHMR"),
        "a language of three letters": _sealed(t64="0003khm0101x"),
        "a language without a name": _sealed(t64="0002km"),
        "a negative amount": _sealed(t01="12", t54="-5", t99=stamp),
        "an amount of 14 digits": _sealed(t01="12", t54="1" * 14, t99=stamp),
        "an expiry in seconds": _sealed(t01="12", t54="1000", t99=field("00", str(now)) + f"0110{now // 1000 + 900}"),
        "an expiry before its creation": _sealed(t01="12", t54="1000", t99=_backwards(now)),
    }.items():
        require(not codec.verify(case, qr), f"a code with {what} is called valid: {qr!r}")
        case.journal.clear()


def _backwards(now: int) -> str:
    return field("00", str(now + 2 * DAY_MS)) + field("01", str(now + DAY_MS))


LONGEST = shop(  # every field, each template full: 400 characters and more
    bakongAccountID="a" * 27 + "@devb",
    merchantID="M" * 27,
    acquiringBank="B" * 28,
    merchantName="ក" * 25,
    merchantCity="ខ" * 15,
    merchantCategoryCode="5999",
    amount=9_999_999_999_999,
    upiMerchantAccount="1" * 99,
    languagePreference="km",
    merchantNameAlternateLanguage="ក" * 25,
    merchantCityAlternateLanguage="ខ" * 15,
    **dict.fromkeys(LABELS, "ក" * 15),
)


@rule(
    "verify.full",
    "Fields at their limits are valid",
    forbids="a reader whose limits are one too low, or count bytes: what NBC writes is refused",
)
def _full(codec: Codec, case: Case) -> None:
    """Each field at exactly its limit, in Khmer where it is a text, the largest amounts, and all at once."""
    now = _now(codec)
    for payload in (
        plain(merchantName="ក" * 25, merchantCity="ខ" * 15),
        *(plain(**{name: "ក" * 25}) for name in LABELS),
        plain(accountInformation="1" * 32, acquiringBank="B" * 32),
        shop(merchantID="M" * 32),
        plain(bakongAccountID="a" * 27 + "@devb"),
        plain(upiMerchantAccount="1" * 99),
        plain(languagePreference="km", merchantNameAlternateLanguage="ក" * 25, merchantCityAlternateLanguage="ខ" * 15),
        plain(amount=9_999_999_999_999, expirationTimestamp=now + DAY_MS),
        plain(currency=840, amount=9999999999.99, expirationTimestamp=now + DAY_MS),
        LONGEST | {"expirationTimestamp": now + DAY_MS},
    ):
        qr = by_nbc(payload, now).qr
        require(codec.verify(case, qr), f"a code with fields at their limits is called invalid: {qr!r}")
        case.journal.clear()


@rule(
    "verify.dialects",
    "Codes as other encoders write them are valid",
    forbids="refusing the codes of banks and libraries that NBC's SDK calls valid",
)
def _valid_dialects(codec: Codec, case: Case) -> None:
    """Sub-tags in another order, reserved tags, no tag 01, category 0000, a static code with timestamps."""
    now = _now(codec)
    stamp = field("00", str(now)) + field("01", str(now + DAY_MS))
    for what, qr in {
        "62 in the order 03, 02, 01": _sealed(t62="0303CCC0203BBB0103AAA"),
        "29 in the order 02, 00": _sealed(t29="0204Bank0010sokha@devb"),
        "the category 0000": _sealed(t52="0000"),
        "no tag 01": _without("01"),
        "timestamps and no amount": _sealed(t99=stamp),
        "a loyalty number (62.04)": _sealed(t62="0405LOYAL"),
        "a template 80": _sealed(t80="0004wxyz"),
        "digits that look like a tag": _sealed(t59="Shop 6304ABCD"),
        "labels in Khmer": _sealed(t62=field("01", "វិក្កយបត្រ១") + field("07", "ហាង")),
    }.items():
        require(codec.verify(case, qr), f"a code with {what} is called invalid: {qr!r}")


@rule(
    "verify.duplicates",
    "A second name or amount is not believed",
    forbids="a tag appended to a code to change who is paid",
)
def _duplicates(codec: Codec, case: Case) -> None:
    """A second 59, and a second 54, before a right CRC. NBC's SDK believes the last; EMVCo allows no tag twice."""
    now = _now(codec)
    for extra in (field("59", "Evil Corp"), field("54", "9999")):
        qr = seal(_dynamic(now)[:-8] + extra)
        require(not codec.verify(case, qr), f"a code with {extra!r} appended is called valid: {qr!r}")
