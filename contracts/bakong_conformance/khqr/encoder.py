"""Rules of what an encoder writes. Each looks only at what it names, so that one fault breaks one rule.

Sources: EMV QR Code Specification (merchant-presented), NBC's SDK (npm bakong-khqr 1.0.20).
"""

import re
from functools import cache
from hashlib import md5
from typing import Any

from hypothesis import strategies as st

from bakong_conformance.case import Case
from bakong_conformance.khqr.lines import Codec, Refused, Written
from bakong_conformance.khqr.payloads import (
    ACCENTS,
    ASCII,
    DAY_MS,
    KHMER,
    Payload,
    by_nbc,
    expiries,
    khr,
    payloads,
    plain,
    shop,
    usd,
    words,
)
from bakong_conformance.khqr.reading import parts, value
from bakong_conformance.rules import NotCheckedError, PreconditionError, RuleBrokenError, Suite, require
from emvqr import crc16

SUITE = Suite("khqr")
rule = SUITE.rule


def written(codec: Codec, case: Case, payload: Payload) -> Written:
    """What the codec writes for a payload that it must take. Raises PreconditionError where it refuses."""
    answer = codec.encode(case, payload)
    if isinstance(answer, Refused):
        raise PreconditionError(f"a valid payload was refused: {answer.why or 'no reason given'}")
    return answer


def dynamic(codec: Codec, **fields: Any) -> Payload:
    return plain(**{"amount": 1000, "expirationTimestamp": codec.now_ms + DAY_MS, **fields})


@rule(
    "encode.takes-valid",
    "A valid payload becomes a code",
    forbids="refusing a payload that NBC's SDK takes",
    examples=60,
)
def _takes_valid(codec: Codec, case: Case) -> None:
    """Payloads of persons and shops, with and without an amount, all fields within their limits."""
    answer = codec.encode(case, case.draw(payloads(codec.now_ms), "payload"))
    if isinstance(answer, Refused):
        raise RuleBrokenError(f"a valid payload was refused: {answer.why or 'no reason given'}")


@rule("tlv.lengths", "Every length is two digits and right", forbids="lengths that are not two digits", examples=60)
def _lengths(codec: Codec, case: Case) -> None:
    """The whole text is followed tag by tag, in ASCII; nothing may be left over."""
    qr = written(codec, case, case.draw(payloads(codec.now_ms), "payload")).qr
    tags, rest = parts(qr)
    last = tags[-1].tag if tags else "the start"
    require(not rest, f"after tag {last} the text cannot be followed: {rest[:24]!r}")
    for tag in ("29", "30", "62", "64", "99"):
        inner = value(qr, tag)
        require(inner is None or not parts(inner)[1], f"template {tag} cannot be followed: {inner!r}")


@rule(
    "tlv.characters",
    "Lengths count characters, not bytes",
    forbids="lengths in UTF-8 bytes, which shift every reader of Khmer text",
    examples=30,
)
def _characters(codec: Codec, case: Case) -> None:
    """Names, a city, labels and a bank in Khmer letters; each must carry the count of characters, templates too."""
    payload = plain(
        merchantName=case.draw(words(1, 25, KHMER), "merchantName"),
        merchantCity=case.draw(words(1, 15, KHMER), "merchantCity"),
    )
    qr = written(codec, case, payload).qr
    for tag, name in (("59", "merchantName"), ("60", "merchantCity")):
        _counted(qr, tag, payload[name])
    inside = {"billNumber": "វិក្កយបត្រ១", "storeLabel": "ហាង", "terminalLabel": "ក", "acquiringBank": "ធនាគារ"}
    qr = written(codec, case, plain(**inside)).qr
    for tag, name in (("01", "billNumber"), ("03", "storeLabel"), ("07", "terminalLabel"), ("02", "acquiringBank")):
        _counted(qr, tag, inside[name])
    labels = [(part.tag, part.value) for part in parts(value(qr, "62") or "")[0]]
    expected = list(zip(("01", "03", "07"), inside.values(), strict=False))
    require(sorted(labels) == expected, f"template 62 holds {labels}, expected {expected}")  # in whichever order


def _counted(qr: str, tag: str, text: str) -> None:
    expected = f"{tag}{len(text):02d}{text}"
    require(expected in qr, f"expected {expected!r} ({len(text)} characters) in {qr!r}")


@rule("tlv.once", "No tag is duplicated", forbids="the same tag twice in a code", examples=30)
def _once(codec: Codec, case: Case) -> None:
    """The tags of the top level are counted."""
    tags = [part.tag for part in parts(written(codec, case, case.draw(payloads(codec.now_ms), "payload")).qr)[0]]
    twice = sorted({tag for tag in tags if tags.count(tag) > 1})
    require(not twice, f"tag {', '.join(twice)} is duplicated")


@rule("tlv.order", "Tag 00 is first and tag 63 is last", forbids="a code that does not begin with 00 or end with 63")
def _order(codec: Codec, case: Case) -> None:
    """A code with and one without an amount."""
    for payload in (plain(), dynamic(codec)):
        qr = written(codec, case, payload).qr
        require(qr.startswith("0002"), f"begins with {qr[:6]!r}, expected 000201")
        tags = [part.tag for part in parts(qr)[0]]
        require(tags[-1:] == ["63"] or "6304" in qr[-8:], f"ends with tag {tags[-1:] or '?'}, expected 63 last")


@rule("tlv.empty", "No tag is empty", forbids="a tag of length 00 for a field that was not given")
def _empty(codec: Codec, case: Case) -> None:
    """The plainest code, with and without an amount; optional fields given as empty texts, which may be refused."""
    for payload in (plain(), plain(amount=1, expirationTimestamp=codec.now_ms + 60_000)):
        _none_empty(written(codec, case, payload).qr)
    for name in ("billNumber", "accountInformation", "upiMerchantAccount", "merchantNameAlternateLanguage"):
        answer = codec.encode(case, plain(**{name: ""}))
        if isinstance(answer, Written):
            _none_empty(answer.qr)


def _none_empty(qr: str) -> None:
    empty = [part.tag for part in parts(qr)[0] if not part.value]
    for tag in ("29", "30", "62", "64"):
        empty += [f"{tag}.{inner.tag}" for inner in parts(value(qr, tag) or "")[0] if not inner.value]
    require(not empty, f"the tags {', '.join(empty)} are empty")


@rule(
    "tlv.fixed",
    "The version is 01 and the country KH",
    forbids="another payload format than 01, another country than KH",
)
def _fixed(codec: Codec, case: Case) -> None:
    """Tags 00 and 58 of a plain code."""
    qr = written(codec, case, plain()).qr
    require(value(qr, "00") == "01", f"tag 00 is {value(qr, '00')!r}, expected '01'")
    require(value(qr, "58") == "KH", f"tag 58 is {value(qr, '58')!r}, expected 'KH'")


@rule("crc.value", "The CRC is CRC-16/CCITT-FALSE of everything before it", forbids="another CRC", examples=40)
def _crc_value(codec: Codec, case: Case) -> None:
    """ASCII payloads whose CRC has no leading zero; compared as numbers, the 6304 included."""
    qr = written(codec, case, case.draw(payloads(codec.now_ms), "payload")).qr
    digits = re.search(r"6304([0-9A-Fa-f]+)\Z", qr)
    require(digits, f"ends in {qr[-10:]!r}, expected 6304 and hex digits")
    assert digits  # noqa: S101  for the type checker
    body = qr[: digits.start() + 4]
    require(int(digits[1], 16) == int(crc16(body), 16), f"the CRC is {digits[1]}, expected {crc16(body)} over {body!r}")


@rule("crc.padded", "The CRC always has four digits", forbids="a CRC that loses its leading zeros")
def _crc_padded(codec: Codec, case: Case) -> None:
    """Names whose CRC begins with one, two and three zeros."""
    if codec.own_clock:
        case.note("static codes carry no time, so that their CRC is known before")
    for zeros, payload in low_crcs().items():
        qr = written(codec, case, payload).qr
        expected = by_nbc(payload, codec.now_ms).qr[-4:]
        tail = qr.rpartition("6304")[2]
        number = int(tail, 16) if re.fullmatch(r"[0-9A-Fa-f]+", tail) else -1
        if len(tail) < 4 and number == int(expected, 16):
            raise RuleBrokenError(
                f"the CRC of {payload['merchantName']!r} is {tail!r}, expected {expected!r} ({zeros} zeros)"
            )
        require(len(tail) == 4 or tail.startswith("6304"), f"the CRC is {tail!r}, expected four digits")


@cache
def low_crcs() -> dict[int, Payload]:
    """A payload for each number of leading zeros of its CRC."""
    payloads_of: dict[int, Payload] = {}
    for number in range(40_000):
        payload = plain(merchantName=f"Shop {number}")
        crc = by_nbc(payload, 0).qr[-4:]
        zeros = len(crc) - len(crc.lstrip("0"))
        if 0 < zeros < 4 and zeros not in payloads_of:
            payloads_of[zeros] = payload
        if len(payloads_of) == 3:
            break
    return payloads_of


@rule("crc.upper", "The CRC is written in capital letters", forbids="lower-case hex digits in tag 63", examples=20)
def _crc_upper(codec: Codec, case: Case) -> None:
    """The last four characters of codes drawn."""
    qr = written(codec, case, case.draw(payloads(codec.now_ms), "payload")).qr
    require(qr[-4:] == qr[-4:].upper(), f"the CRC is {qr[-4:]!r}, expected {qr[-4:].upper()!r}")


@rule(
    "crc.bytes",
    "The CRC is over the UTF-8 bytes of the text",
    forbids="a CRC over code points or UTF-16 units, wrong for every Khmer name",
    examples=20,
)
def _crc_bytes(codec: Codec, case: Case) -> None:
    """A Khmer name; the CRC of the text that was written is computed anew."""
    qr = written(codec, case, plain(merchantName=case.draw(words(1, 25, KHMER), "merchantName"))).qr
    head, tail = qr[:-4], qr[-4:]
    require(tail.upper() == crc16(head), f"the CRC is {tail}, over the UTF-8 bytes it is {crc16(head)}")


@rule(
    "md5.whole",
    "The md5 is over the whole text, CRC included",
    forbids="an md5 over anything but the UTF-8 bytes of the whole code: Bakong would never find the payment",
    examples=40,
)
def _md5_whole(codec: Codec, case: Case) -> None:
    """Codes in ASCII, in Khmer and with letters of two forms (é); the md5 is computed anew over what was written."""
    alphabet = {"ascii": ASCII, "khmer": KHMER, "accents": ACCENTS}[
        case.draw(st.sampled_from(("ascii", "khmer", "accents")), "script")
    ]
    drawn = payloads(codec.now_ms, alphabet=alphabet)
    answer = written(codec, case, case.draw(drawn, "payload"))
    if answer.md5 is None:
        raise NotCheckedError("the codec tells no md5")
    expected = md5(answer.qr.encode(), usedforsecurity=False).hexdigest()
    require(
        answer.md5.lower() == expected,
        f"the md5 is {answer.md5}, expected {expected} over the {len(answer.qr)} characters",
    )


@rule("md5.form", "The md5 is 32 small hex digits", forbids="capital letters or another form of the md5")
def _md5_form(codec: Codec, case: Case) -> None:
    """The md5 of a plain code."""
    answer = written(codec, case, plain())
    if answer.md5 is None:
        raise NotCheckedError("the codec tells no md5")
    require(re.fullmatch(r"[0-9a-f]{32}", answer.md5), f"the md5 is {answer.md5!r}, expected 32 of 0-9a-f")


@rule("initiation", "11 without an amount, 12 with one", forbids="the wrong point of initiation (tag 01)", examples=20)
def _initiation(codec: Codec, case: Case) -> None:
    """Codes of both kinds; tag 01 is compared."""
    payload = case.draw(payloads(codec.now_ms), "payload")
    encoded = value(written(codec, case, payload).qr, "01")
    expected = "12" if "amount" in payload else "11"
    require(encoded == expected, f"tag 01 is {encoded!r}, expected {expected!r}")


@rule("amount.zero", "An amount of zero makes a static code", forbids="a dynamic code of zero, which nobody can pay")
def _zero(codec: Codec, case: Case) -> None:
    """Amounts 0 and 0.0 in both currencies: no tag 54, tag 01 is 11; or a refusal."""
    for currency, zero in ((116, 0), (840, 0), (116, 0.0), (840, 0.0)):
        answer = codec.encode(case, dynamic(codec, currency=currency, amount=zero))
        if isinstance(answer, Written):
            require(value(answer.qr, "54") is None, f"tag 54 is {value(answer.qr, '54')!r} for an amount of {zero}")
            require(value(answer.qr, "01") != "12", f"tag 01 is '12' for an amount of {zero}")


@rule("amount.khr", "Riel are written whole", forbids="decimals in a KHR amount", examples=30)
def _khr(codec: Codec, case: Case) -> None:
    """Amounts in riel; tag 54 is the digits alone."""
    amount = case.draw(khr(), "amount")
    encoded = value(written(codec, case, dynamic(codec, amount=amount)).qr, "54")
    require(encoded == str(amount), f"tag 54 is {encoded!r}, expected {str(amount)!r}")


ODD_CENTS = (0.29, 4.35, 1.1, 0.57, 8.2, 19.99)  # binary fractions lose a cent of them, or a zero is dropped


@rule(
    "amount.usd",
    "Dollars are written as NBC writes them",
    forbids="another form of a USD amount: 1.5 must be '1.50' and 1 must be '1', or the md5 is another",
    examples=50,
)
def _usd(codec: Codec, case: Case) -> None:
    """Amounts in cents; two decimals where there is a fraction, none where there is not; never a cent off."""
    for amount in (case.draw(usd(), "amount"), case.draw(st.sampled_from(ODD_CENTS), "another")):
        encoded = value(written(codec, case, dynamic(codec, currency=840, amount=amount)).qr, "54")
        expected = str(amount) if isinstance(amount, int) else f"{amount:.2f}"
        require(encoded == expected, f"tag 54 is {encoded!r}, expected {expected!r}")


AMOUNTS = (
    (116, 1, "1"),
    (116, 10, "10"),
    (116, 4000, "4000"),
    (116, 10_000_000, "10000000"),
    (116, 123_456_789, "123456789"),
    (116, 2_147_483_648, "2147483648"),
    (116, 9_999_999_999_999, "9999999999999"),
    (840, 0.01, "0.01"),
    (840, 0.5, "0.50"),
    (840, 0.29, "0.29"),
    (840, 4.35, "4.35"),
    (840, 10, "10"),
    (840, 100, "100"),
    (840, 1_000_000, "1000000"),
    (840, 1234567.89, "1234567.89"),
    (840, 21474836.48, "21474836.48"),
    (840, 9999999999.99, "9999999999.99"),
)


@rule(
    "amount.plain",
    "Small, round and large amounts are plain digits, exact",
    forbids="exponents (1E+3), a bare point (.50), digits lost in 32 bits or in a float",
)
def _plain_amounts(codec: Codec, case: Case) -> None:
    """Amounts from a cent to the largest of each currency, and what NBC writes for them."""
    for currency, amount, expected in AMOUNTS:
        encoded = value(written(codec, case, dynamic(codec, currency=currency, amount=amount)).qr, "54")
        require(encoded == expected, f"tag 54 is {encoded!r}, expected {expected!r} for {amount} in {currency}")
        case.journal.clear()


@rule(
    "currency",
    "Tag 53 is 116 for riel and 840 for dollars",
    forbids="a missing, wrong or alphabetic currency",
    examples=10,
)
def _currency(codec: Codec, case: Case) -> None:
    """Codes of both currencies, with and without an amount."""
    payload = case.draw(payloads(codec.now_ms), "payload")
    encoded = value(written(codec, case, payload).qr, "53")
    require(encoded == str(payload["currency"]), f"tag 53 is {encoded!r}, expected '{payload['currency']}'")


@rule(
    "static.no-timestamp",
    "A static code carries no timestamp",
    forbids="tag 99 in a code without an amount",
    examples=15,
)
def _static(codec: Codec, case: Case) -> None:
    """Codes without an amount, some with an expiry given, which NBC's SDK leaves out."""
    payload = case.draw(payloads(codec.now_ms, dynamic=False), "payload")
    if case.draw(st.booleans(), "with an expiry"):
        payload = {**payload, "expirationTimestamp": codec.now_ms + DAY_MS}
    encoded = value(written(codec, case, payload).qr, "99")
    require(encoded is None, f"tag 99 is {encoded!r}, expected none")


@rule(
    "expiry.present",
    "A dynamic code carries its creation and its expiry",
    forbids="a code with an amount but no 99.00 or 99.01",
)
def _expiry_present(codec: Codec, case: Case) -> None:
    """Both sub-tags of 99, in a person's and a shop's code."""
    for payload in (dynamic(codec), shop(amount=1000, expirationTimestamp=codec.now_ms + DAY_MS)):
        qr = written(codec, case, payload).qr
        for sub, what in (("00", "creation"), ("01", "expiry")):
            require(value(qr, f"99.{sub}"), f"tag 99.{sub} ({what}) is missing")


@rule(
    "expiry.milliseconds",
    "Timestamps are 13 digits of milliseconds",
    forbids="seconds, or another form of time, in tag 99",
)
def _milliseconds(codec: Codec, case: Case) -> None:
    """The form of 99.00 and 99.01, where they are present."""
    qr = written(codec, case, dynamic(codec)).qr
    for sub in ("00", "01"):
        encoded = value(qr, f"99.{sub}")
        require(
            encoded is None or re.fullmatch(r"[0-9]{13}", encoded), f"tag 99.{sub} is {encoded!r}, expected 13 digits"
        )


@rule(
    "expiry.value",
    "The expiry is the one that was asked for",
    forbids="an expiry that is moved, rounded or made up",
    examples=30,
)
def _expiry_value(codec: Codec, case: Case) -> None:
    """Expiries from one millisecond to 30 days ahead; compared where 99.01 has 13 digits."""
    expiry = case.draw(expiries(codec.now_ms), "expirationTimestamp")
    encoded = value(written(codec, case, dynamic(codec, expirationTimestamp=expiry)).qr, "99.01") or ""
    if len(encoded) == 13:
        require(encoded == str(expiry), f"tag 99.01 is {encoded}, asked for {expiry}: {int(encoded) - expiry:+d} ms")


@rule("expiry.creation", "The creation time is now", forbids="a creation time other than the one given")
def _creation(codec: Codec, case: Case) -> None:
    """Tag 99.00 against the `now` of three requests, one of them later and not at a whole second."""
    if codec.own_clock:
        raise NotCheckedError("the codec stamps codes with its own clock")
    kept, payload = codec.now_ms, dynamic(codec)
    for later in (0, 1_234_567, 1):
        codec.now_ms = kept + later
        try:
            encoded = value(written(codec, case, payload).qr, "99.00") or ""
        finally:
            codec.now_ms = kept
        if len(encoded) == 13:
            require(encoded == str(kept + later), f"tag 99.00 is {encoded}, expected {kept + later}")
