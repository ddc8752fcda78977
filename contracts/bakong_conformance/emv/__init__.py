"""The rules of EMVCo's core for any encoder or decoder, of whatever scheme, behind a line protocol."""

from bakong_conformance.emv import reader, writer
from bakong_conformance.emv.codec import Codec
from bakong_conformance.rules import Suite

SUITE = Suite("emv", [*reader.SUITE.rules, *writer.SUITE.rules])

__all__ = ["SUITE", "Codec"]
