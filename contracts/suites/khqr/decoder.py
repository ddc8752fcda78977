"""Rules of what a decoder and a verifier say. The texts are built here: no codec under test makes its own input."""

from decimal import Decimal, InvalidOperation
from typing import Any

from hypothesis import strategies as st

from contracts.suites.case import Case
from contracts.suites.khqr.lines import NOW_MS, Codec, Refused
from contracts.suites.khqr.payloads import DAY_MS, KHMER, by_nbc, payloads, plain
from contracts.suites.rules import PreconditionError, RuleBrokenError, Suite
from khqr.emv import field, seal

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
BROKEN_TEMPLATES = {"29": "0014john_smith@devb", "62": "0107INV-001XY", "64": "01", "99": "garbage"}


def _must(held: object, otherwise: str) -> None:
    if not held:
        raise RuleBrokenError(otherwise)


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


@rule(
    "decode.hostile",
    "Garbage is answered, and refused",
    forbids="hanging, dying or making something up on a damaged code",
)
def _hostile(codec: Codec, case: Case) -> None:
    """Cut, lying and empty texts, and templates that cannot be followed; decode answers within the time-out."""
    texts = HOSTILE | {
        f"a broken template {tag}": _sealed(**{f"t{tag}": text}) for tag, text in BROKEN_TEMPLATES.items()
    }
    for what, text in texts.items():
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
    texts = HOSTILE | {
        f"a broken template {tag}": _sealed(**{f"t{tag}": text}) for tag, text in BROKEN_TEMPLATES.items()
    }
    for what, text in texts.items():
        _must(not codec.verify(case, text), f"{what} is called valid: {text[:60]!r}")
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
    payload = case.draw(drawn, "payload")
    fields = codec.decode(case, by_nbc(payload, _now(codec)).qr)
    if isinstance(fields, Refused):
        raise PreconditionError(f"a code of NBC's was refused: {fields.why}")
    for name, expected in payload.items():
        if name not in ("kind", "amount", "currency", "expirationTimestamp"):
            _must(fields.get(name) == expected, f"{name} is {fields.get(name)!r}, expected {expected!r}")


@rule("decode.spaces", "Spaces are read as they stand", forbids="a name that is trimmed in reading")
def _spaces(codec: Codec, case: Case) -> None:
    """A name with two spaces inside and one at the end."""
    fields = codec.decode(case, by_nbc(plain(merchantName="Sok  Heng "), _now(codec)).qr)
    if isinstance(fields, Refused):
        raise PreconditionError(f"a code of NBC's was refused: {fields.why}")
    found = fields.get("merchantName")
    _must(found == "Sok  Heng ", f"merchantName is {found!r}, expected 'Sok  Heng '")


@rule(
    "decode.amounts",
    "1, 1.5 and 1.50 are all read exactly",
    forbids="amounts cut, in cents or through float",
    examples=20,
)
def _amounts(codec: Codec, case: Case) -> None:
    """Dollars written in the forms that banks use, and riel; amount and currency compared as numbers."""
    now = _now(codec)
    text = case.draw(st.sampled_from(("1", "1.5", "1.50", "0.01", "10.10", "9999999999.99", "1.29")), "amount")
    stamp = field("00", str(now)) + field("01", str(now + DAY_MS))
    qr = _sealed(t01="12", t53="840", t54=text, t99=stamp)
    fields = codec.decode(case, qr)
    if isinstance(fields, Refused):
        raise RuleBrokenError(f"the amount {text!r} was refused: {fields.why}")
    try:
        found = Decimal(str(fields.get("amount")))
    except InvalidOperation:
        found = Decimal(-1)
    _must(found == Decimal(text), f"the amount is {fields.get('amount')!r}, expected {text}")
    _must(str(fields.get("currency")) in ("840", "USD"), f"the currency is {fields.get('currency')!r}, expected 840")


@rule(
    "decode.unknown-tags",
    "Tags of other banks are passed over",
    forbids="refusing a code for a tag that is reserved or another scheme's",
)
def _unknown(codec: Codec, case: Case) -> None:
    """A code with a tag 39 and a tag 80 beside its own."""
    fields = codec.decode(case, _sealed(t39="0004abcd", t80="0004wxyz"))
    if isinstance(fields, Refused):
        raise RuleBrokenError(f"a code with the tags 39 and 80 was refused: {fields.why}")
    _must(fields.get("merchantName") == "Sokha", f"merchantName is {fields.get('merchantName')!r}, expected 'Sokha'")


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
    """One character of the bill number changed, the CRC left as it was."""
    _must(not codec.verify(case, _damaged(case, codec)), "a code with a changed character is called valid")


@rule("verify.trailing", "Nothing follows the CRC", forbids="a code with more behind it that is called valid")
def _trailing(codec: Codec, case: Case) -> None:
    """A good code, with a letter and with a whole tag behind its CRC."""
    good = by_nbc(plain(), _now(codec)).qr
    for more in ("0", "5802KH"):
        _must(not codec.verify(case, good + more), f"a code with {more!r} behind its CRC is called valid")


@rule("verify.valid", "What NBC's SDK writes is valid", forbids="refusing a good code", examples=40)
def _valid(codec: Codec, case: Case) -> None:
    """Codes in ASCII and in Khmer, with and without an amount, before their expiry."""
    script = case.draw(st.sampled_from(("ascii", "khmer")), "script")
    drawn = payloads(_now(codec), alphabet=KHMER) if script == "khmer" else payloads(_now(codec))
    _must(codec.verify(case, by_nbc(case.draw(drawn, "payload"), _now(codec)).qr), "a code of NBC's is called invalid")


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
        _must(not codec.verify(case, dead), "a code that expired yesterday is called valid")
        return
    expiry = now + 900_000
    qr = _dynamic(now, expirationTimestamp=expiry)
    _must(codec.verify(case, qr, expiry), "a code is called invalid at the millisecond of its expiry")
    _must(not codec.verify(case, qr, expiry + 1), "a code is called valid one millisecond after its expiry")


@rule(
    "verify.needs", "What must be there is asked for", forbids="a valid code without account, name, currency or expiry"
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
        "12 and no amount": _sealed(t01="12", t99=stamp),
        "an unknown currency": _sealed(t53="978"),
    }.items():
        _must(not codec.verify(case, qr), f"a code with {what} is called valid: {qr!r}")


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
        _must(not codec.verify(case, qr), f"a code with {extra!r} appended is called valid: {qr!r}")
