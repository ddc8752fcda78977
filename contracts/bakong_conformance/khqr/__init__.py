"""The rules of a KHQR codec, behind a line protocol."""

from bakong_conformance.khqr import decoder, encoder, fields, limits, nbc
from bakong_conformance.khqr.causes import CAUSES
from bakong_conformance.khqr.lines import Codec
from bakong_conformance.rules import Suite

SUITE = Suite(
    "khqr",
    [*encoder.SUITE.rules, *fields.SUITE.rules, *limits.SUITE.rules, *nbc.SUITE.rules, *decoder.SUITE.rules],
    CAUSES,
)

__all__ = ["SUITE", "Codec"]
