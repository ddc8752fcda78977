"""Byte equality with NBC's SDK: its recorded codes, and payloads drawn. The broadest rule: most faults break it too."""

import json
from functools import cache
from importlib.resources import files
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

from bakong_conformance.case import Case
from bakong_conformance.khqr.lines import Codec, Refused
from bakong_conformance.khqr.payloads import ASCII, KHMER, by_nbc, fits, languages, payloads
from bakong_conformance.khqr.reading import value
from bakong_conformance.rules import PreconditionError, RuleBrokenError, Suite

SUITE = Suite("khqr")
rule = SUITE.rule


@cache
def vectors() -> tuple[dict[str, Any], ...]:
    """Codes that npm bakong-khqr 1.0.20 made with its clock fixed at `now`, of strictly valid payloads."""
    text = (files("bakong_conformance.khqr") / "vectors.jsonl").read_text(encoding="utf-8")
    return tuple(json.loads(line) for line in text.splitlines())


@rule(
    "nbc.vectors", "Recorded codes of NBC's SDK come out the same", forbids="any byte that differs from NBC's own code"
)
def _vectors(codec: Codec, case: Case) -> None:
    """Every recorded payload is encoded at its recorded time; the texts are compared."""
    for row in vectors():
        if codec.own_clock and "expirationTimestamp" in row["payload"]:
            continue
        kept, codec.now_ms = codec.now_ms, row["now"]
        try:
            answer = codec.encode(case, row["payload"])
        finally:
            codec.now_ms = kept
        if isinstance(answer, Refused):
            raise RuleBrokenError(f"{row['id']} was refused: {answer.why}")
        if answer.qr != row["qr"]:
            raise RuleBrokenError(f"{row['id']}: read {answer.qr!r}, NBC's SDK writes {row['qr']!r}")
        case.journal.clear()


@rule(
    "nbc.bytes",
    "Any payload becomes the bytes that NBC's SDK writes",
    forbids="any byte that differs from NBC's own code",
    examples=80,
)
def _bytes(codec: Codec, case: Case) -> None:
    """Payloads in ASCII and Khmer; the expected text is that of khqr, which is proven on NBC's recorded codes."""
    payload = case.draw(payloads(codec.now_ms, alphabet=ASCII + KHMER), "payload")
    payload |= case.draw(st.one_of(st.just({}), languages()), "the other language")
    assume(fits(payload, codec.now_ms))
    answer = codec.encode(case, payload)
    if isinstance(answer, Refused):
        raise PreconditionError(f"a valid payload was refused: {answer.why}")
    created = value(answer.qr, "99.00") or "" if codec.own_clock else ""
    expected = by_nbc(payload, int(created) if created.isdigit() else codec.now_ms).qr
    if answer.qr != expected:
        raise RuleBrokenError(f"read {answer.qr!r}, NBC's SDK writes {expected!r}")
