"""The rules of a KHQR codec, behind a line protocol. May not know in which language it is written."""

from contracts.suites.khqr import decoder, encoder, fields, limits, nbc
from contracts.suites.khqr.lines import Codec
from contracts.suites.rules import Suite

SUITE = Suite(
    "khqr", [*encoder.SUITE.rules, *fields.SUITE.rules, *limits.SUITE.rules, *nbc.SUITE.rules, *decoder.SUITE.rules]
)

__all__ = ["SUITE", "Codec"]
