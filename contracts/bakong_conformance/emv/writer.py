"""Rules of what an encoder writes of values by path, in the order in which they are given.

Sources: EMV QR Code Specification (merchant-presented); docs/verify-emv.md.
"""

from bakong_conformance.case import Case
from bakong_conformance.emv.codec import Codec, Pairs, Refused
from bakong_conformance.emv.reader import low_crcs
from bakong_conformance.emv.texts import SCRIPTS, plain, text_of, whole
from bakong_conformance.rules import RuleBrokenError, Suite, require

SUITE = Suite("emv")
rule = SUITE.rule


def _writes(codec: Codec, case: Case, pairs: Pairs, expected: str) -> None:
    answer = codec.encode(case, pairs)
    if isinstance(answer, Refused):
        raise RuleBrokenError(f"good values were refused ({answer.reason or 'no reason given'}): {pairs!r}")
    require(answer == expected, f"wrote {answer!r}, expected {expected!r}")


@rule("encode.bytes", "Values become the text", forbids="another order, length or CRC", examples=60)
def _bytes(codec: Codec, case: Case) -> None:
    """Plain values in ASCII."""
    pairs = case.draw(plain(), "values")
    _writes(codec, case, pairs, text_of(pairs))


@rule("encode.templates", "Sub-values become templates", forbids="a template's length that is not its own", examples=60)
def _templates(codec: Codec, case: Case) -> None:
    """Templates of every kind, one deep; and 62.50, which goes one deeper."""
    pairs = case.draw(whole(), "values")
    _writes(codec, case, pairs, text_of(pairs))


@rule("encode.characters", "Lengths count characters", forbids="lengths in bytes or UTF-16", examples=30)
def _characters(codec: Codec, case: Case) -> None:
    """Values in Khmer, Thai, Chinese and Vietnamese; the CRC is over UTF-8."""
    pairs = case.draw(whole(SCRIPTS), "values")
    _writes(codec, case, pairs, text_of(pairs))


@rule("encode.crc-zeros", "The CRC always has four digits", forbids="a CRC that loses its leading zeros")
def _crc_zeros(codec: Codec, case: Case) -> None:
    """Values whose CRC begins with one, two and three zeros."""
    for text in low_crcs():
        _writes(codec, case, [("00", "01"), ("59", text[10:-8])], text)
        case.journal.clear()


@rule("encode.refuses", "What no reader reads is not written", forbids="codes that are too long, empty or ambiguous")
def _refuses(codec: Codec, case: Case) -> None:
    """Values of 100 characters, templates of 100, empty values, one tag twice, codes of more than 512 characters."""
    first = ("00", "01")
    for what, pairs in {
        "a value of 100 characters": [first, ("59", "x" * 100)],
        "a template of 100 characters": [first, ("26.00", "x" * 46), ("26.01", "x" * 46)],
        "an empty value": [first, ("59", "")],
        "a tag twice": [first, ("59", "A"), ("59", "B")],
        "a sub-tag twice": [first, ("26.01", "A"), ("26.01", "B")],
        "a code of 520 characters": [first, *((str(tag), "x" * 99) for tag in (52, 59, 60, 61, 65))],
        "no 00": [("59", "A")],
    }.items():
        if not isinstance(codec.encode(case, pairs), Refused):
            raise RuleBrokenError(f"{what} was written, expected a refusal")
        case.journal.clear()
