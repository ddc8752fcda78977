"""Rules of what a decoder reads and refuses. Each looks only at what it names, so that one fault breaks one rule.

Sources: EMV QR Code Specification (merchant-presented); docs/verify-emv.md.
"""

from binascii import crc_hqx

from hypothesis import strategies as st

from bakong_conformance.case import Case
from bakong_conformance.emv.codec import Codec, Pairs, Read, Refused
from bakong_conformance.emv.texts import ASCII, BODY, GOOD, HEAD, SCRIPTS, all_of, plain, text_of, values, whole
from bakong_conformance.rules import NotCheckedError, RuleBrokenError, Suite, require
from emvqr import crc16, field, seal
from emvqr.identifiers import ALL

SUITE = Suite("emv")
rule = SUITE.rule


def _read(codec: Codec, case: Case, text: str) -> Read:
    answer = codec.decode(case, text)
    if isinstance(answer, Refused):
        raise RuleBrokenError(f"a good code was refused ({answer.reason or 'no reason given'}): {text!r}")
    return answer


def _compare(codec: Codec, case: Case, text: str, expected: Pairs) -> None:
    read = [(path, value) for path, value in _read(codec, case, text).fields if path != "63"]
    require(read == expected, f"read {read!r}, expected {expected!r} in {text!r}")


def _refused(codec: Codec, case: Case, texts: dict[str, str]) -> None:
    for what, text in texts.items():
        if not isinstance(codec.decode(case, text), Refused):
            raise RuleBrokenError(f"{what} was read: {text[-60:]!r}, expected a refusal")
        case.journal.clear()


@rule("decode.fields", "A code is read object by object", forbids="an object lost, moved or changed", examples=60)
def _fields(codec: Codec, case: Case) -> None:
    """Plain values in ASCII, in any order after 00, reserved tags among them."""
    pairs = case.draw(plain(), "objects")
    _compare(codec, case, text_of(pairs), pairs)


@rule("decode.templates", "Templates are read with what they hold", forbids="a sub-tag lost or misplaced", examples=60)
def _templates(codec: Codec, case: Case) -> None:
    """Templates of 26 to 51, 62, 64 and 80 to 99, one deep."""
    pairs = case.draw(whole(), "objects")
    _compare(codec, case, text_of(pairs), all_of(pairs))


@rule("decode.inner", "62.50 to 62.99 hold objects of their own", forbids="reading 62 one level deep only", examples=20)
def _inner(codec: Codec, case: Case) -> None:
    """A payment system specific template inside additional data."""
    tag, value = str(case.draw(st.integers(50, 99), "sub-tag")), case.draw(values(longest=12), "value")
    inner = field("00", "EXAMPLE.TWO") + field("01", value)
    data = field(tag, inner)
    expected = [("00", "01"), ("62", data), (f"62.{tag}", inner)]
    expected += [(f"62.{tag}.00", "EXAMPLE.TWO"), (f"62.{tag}.01", value)]
    _compare(codec, case, seal(HEAD + field("62", data)), expected)


@rule("decode.free-text", "A template may hold free text", forbids="refusing, or cutting up, a template that is no TLV")
def _free_text(codec: Codec, case: Case) -> None:
    """Texts in 26 and 99 that are no sequence of data objects."""
    for tag, value in (("26", "MERCHANT/17"), ("99", "hello"), ("51", "0099x")):
        _compare(codec, case, seal(HEAD + field(tag, value)), [("00", "01"), (tag, value)])


@rule("decode.cards", "02 to 25 and 52 to 61 are plain values", forbids="reading a card number as a template")
def _cards(codec: Codec, case: Case) -> None:
    """Values that would be data objects if their tag were a template's."""
    for tag in ("02", "15", "25", "59", "65"):
        _compare(codec, case, seal(HEAD + field(tag, "0002AB")), [("00", "01"), (tag, "0002AB")])


@rule("decode.characters", "Lengths count characters", forbids="lengths in bytes or UTF-16", examples=40)
def _characters(codec: Codec, case: Case) -> None:
    """Values in Khmer, Thai, Chinese and Vietnamese, in templates too."""
    pairs = case.draw(whole(SCRIPTS), "objects")
    _compare(codec, case, text_of(pairs), all_of(pairs))


@rule("decode.longest", "99 characters fit in a value", forbids="a smaller limit")
def _longest(codec: Codec, case: Case) -> None:
    """A value and a template of 99 characters."""
    _compare(codec, case, seal(HEAD + field("59", "x" * 99)), [("00", "01"), ("59", "x" * 99)])
    inner = field("01", "x" * 95)
    _compare(codec, case, seal(HEAD + field("26", inner)), [("00", "01"), ("26", inner), ("26.01", "x" * 95)])


@rule("decode.crc-zeros", "A CRC that begins with zeros is read", forbids="comparing CRCs without their zeros")
def _crc_zeros(codec: Codec, case: Case) -> None:
    """Codes whose CRC begins with one, two and three zeros."""
    for text in low_crcs():
        _read(codec, case, text)
        case.journal.clear()


def low_crcs() -> tuple[str, ...]:
    """One code for each number of zeros."""
    found: dict[int, str] = {}
    for number in range(40_000):
        text = seal(HEAD + field("59", f"SHOP {number}"))
        zeros = 4 - len(text[-4:].lstrip("0"))
        if 0 < zeros < 4:
            found.setdefault(zeros, text)
        if len(found) == 3:
            break
    return tuple(found.values())


@rule("refuse.crc", "A wrong CRC is refused", forbids="reading a code that was changed", examples=30)
def _crc(codec: Codec, case: Case) -> None:
    """One character of a good code changed; and a CRC that starts at 0, has five digits, or is not hex."""
    at = case.draw(st.integers(len(BODY) - 4, len(BODY) - 1), "place")
    letter = case.draw(st.sampled_from(ASCII).filter(lambda one: one != GOOD[at]), "letter")
    opened = BODY + "6304"
    _refused(
        codec,
        case,
        {
            "a changed character": GOOD[:at] + letter + GOOD[at + 1 :],
            "a CRC that starts at 0": opened + f"{crc_hqx(opened.encode(), 0):04X}",
            "a CRC of five digits": f"{BODY}6305{crc16(BODY + '6305')}0",
            "a CRC of letters": f"{opened}ZZZZ",
            "a CRC with a sign": f"{opened}+{crc16(opened)[1:]}",
        },
    )


@rule("crc.bytes", "The CRC is over UTF-8", forbids="a CRC over UTF-16, or over the low byte of characters")
def _crc_bytes(codec: Codec, case: Case) -> None:
    """A Thai name: the right CRC is read, the wrong ones are refused."""
    opened = HEAD + field("59", "ร้าน") + "6304"
    _read(codec, case, opened + crc16(opened))
    low = bytes(ord(letter) & 0xFF for letter in opened)
    wrong = {"UTF-16": opened.encode("utf-16-le"), "the low bytes": low}
    _refused(
        codec, case, {f"a CRC over {what}": opened + f"{crc_hqx(data, 0xFFFF):04X}" for what, data in wrong.items()}
    )


@rule("refuse.frame", "00 is first, 63 is last, each once", forbids="another frame")
def _frame(codec: Codec, case: Case) -> None:
    """Codes without 00 or 63, with them in another place, with something behind the CRC."""
    shop = field("59", "SHOP")
    texts = {
        "a code without 00": seal(shop),
        "a code with 00 in the second place": seal(shop + HEAD),
        "a code of another version": seal(field("00", "02") + shop),
        "a code without 63": BODY,
        "a code with another tag behind its CRC": GOOD + field("62", field("01", "A")),
        "two codes, one behind the other": GOOD + GOOD,
    }
    texts |= {f"a code with {more!r} behind it": GOOD + more for more in ("0", " ", "\n", "\r\n", "\0", "    ")}
    _refused(codec, case, texts | {f"a code with {more!r} before it": more + GOOD for more in (" ", "\n", "\ufeff")})


@rule("refuse.digits", "Tags and lengths are two ASCII digits", forbids="what int() takes: signs, spaces, other digits")
def _digits(codec: Codec, case: Case) -> None:
    """Signs, spaces, underscores, letters, and the digits of other scripts, the CRC right."""
    heads = ("+1", "-1", " 1", "1 ", "1_", "0x", "ab", "\u0e50\u0e51", "\u0660\u0661", "\uff10\uff11", "\u00b21")
    texts = {f"{head!r} as a length": seal(f"{HEAD}59{head}x") for head in heads}
    _refused(codec, case, texts | {f"{head!r} as a tag": seal(f"{HEAD}{head}01x") for head in heads})


@rule("refuse.lengths", "A length reaches to the end of its value", forbids="values that are cut or run over")
def _lengths(codec: Codec, case: Case) -> None:
    """Values past the end, heads that are cut, lengths that count bytes."""
    octets = f"{HEAD}59{len('ร้าน'.encode()):02d}ร้าน"
    _refused(
        codec,
        case,
        {
            "a value past the end": seal(HEAD + "5999SHOP"),
            "a CRC whose length lies": f"{BODY}6399{crc16(BODY + '6399')}",
            "a length into the CRC": HEAD + "5910SHOP6304ABCD",
            "a head of three characters": GOOD + "620",
            "lengths in bytes": seal(octets),
            "nothing": "",
            "00 alone": "000201",
        },
    )


@rule("refuse.duplicates", "No tag is read twice", forbids="letting a second 59 rename the payee", examples=20)
def _duplicates(codec: Codec, case: Case) -> None:
    """A tag twice, side by side and apart, with the same value and another; a sub-tag twice."""
    tag = case.draw(st.sampled_from(("53", "54", "58", "59", "26", "62", "99")), "tag")
    one, other = (field(tag, value) for value in ("x1", "x2"))
    apart = field("60", "TOWN")
    _refused(
        codec,
        case,
        {
            f"{tag} twice, side by side": seal(HEAD + one + other),
            f"{tag} twice, apart": seal(HEAD + one + apart + other),
            f"{tag} twice with one value": seal(HEAD + one + apart + one),
        },
    )


@rule(
    "refuse.sub-duplicates", "No sub-tag is read twice", forbids="letting a second account take the first one's place"
)
def _sub_duplicates(codec: Codec, case: Case) -> None:
    """A sub-tag twice in 26, 62, 64, 80 and one level deeper in 62.50."""
    twice = field("00", "xA") + field("01", "x1") + field("01", "x2")
    texts = {f"{tag}.01 twice": seal(HEAD + field(tag, twice)) for tag in ("26", "51", "62", "64", "80")}
    _refused(codec, case, texts | {"62.50.01 twice": seal(HEAD + field("62", field("50", twice)))})


@rule("refuse.empty", "An empty value is refused", forbids="a tag of length 00")
def _empty(codec: Codec, case: Case) -> None:
    """At the root and in templates."""
    inside = field("62", "0100" + field("05", "x"))
    _refused(codec, case, {"an empty 59": seal(HEAD + "5900"), "an empty 62.01": seal(HEAD + inside)})


@rule("refuse.hostile", "Garbage is answered, and refused", forbids="hanging, dying or making something up")
def _hostile(codec: Codec, case: Case) -> None:
    """Long, nested, random and foreign texts; each is answered within the time-out."""
    nested = "x"
    for _ in range(20):
        nested = field("26", nested)
    long = seal(HEAD + "".join(field(str(tag), "x" * 99) for tag in range(26, 32)))
    _refused(
        codec,
        case,
        {
            "a web address": "https://example.com/pay?id=17",
            "ten thousand zeros": "0" * 10_000,
            "twenty zeros": seal(HEAD + "0" * 20),
            "more than 512 characters": long,
            "a hundred thousand nines": "9" * 100_000,
            "a lone surrogate": seal(HEAD) + "\ud800",
            "templates in templates without an end": nested,
        },
    )


@rule("scheme", "A scheme is known by its identifier", forbids="telling the scheme by a tag's number, or by its case")
def _scheme(codec: Codec, case: Case) -> None:
    """Each known identifier in any account's tag, in small and in capital letters; and one that nobody knows."""
    if _read(codec, case, GOOD).schemes is None:
        raise NotCheckedError("the codec tells no schemes")
    for known in ALL:
        for guid in sorted(known.guids):
            for tag, written in (("26", guid.lower()), ("30", guid), ("51", guid)):
                text = seal(HEAD + field(tag, field("00", written) + field("01", "x1")) + field("58", "XX"))
                _told(codec, case, text, [known.scheme])
    stranger = field("29", field("00", "A000000999999999") + field("01", "x1"))
    _told(codec, case, seal(HEAD + stranger + field("58", "TH")), [])


def _told(codec: Codec, case: Case, text: str, expected: list[str]) -> None:
    told = _read(codec, case, text).schemes
    require(told == expected, f"the schemes are {told!r}, expected {expected!r} of {text!r}")
    case.journal.clear()


@rule("place", "A refusal says where", forbids="another character than that where the object begins")
def _place(codec: Codec, case: Case) -> None:
    """Faults of the root and of a template; checked where the codec tells a place."""
    before = len(BODY)
    expected = {
        seal(BODY + "5999x"): before,
        seal(BODY + "6X01x"): before,
        seal(BODY + field("59", "x")): before,
        seal(BODY + "6000"): before,
        seal(HEAD + field("26", "0001x0001y")): len(HEAD) + 9,
        BODY: before,
        GOOD + field("62", "x"): before,
    }
    for text, at in expected.items():
        answer = codec.decode(case, text)
        if isinstance(answer, Refused):
            if answer.at is None:
                raise NotCheckedError("the codec tells no place")
            require(answer.at == at, f"the place is {answer.at}, expected {at} ({answer.reason}) in {text!r}")
        case.journal.clear()
