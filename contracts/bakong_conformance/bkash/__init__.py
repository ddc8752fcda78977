"""The rules of a bKash-like server: tokens, payments, refunds in v1 and v2, checkout, agreements."""

from bakong_conformance.bkash import families, payments, refunds, tokens
from bakong_conformance.bkash.subject import Bkash
from bakong_conformance.rules import Suite

SUITE = Suite("bkash", [rule for module in (tokens, payments, refunds, families) for rule in module.SUITE.rules])

__all__ = ["SUITE", "Bkash"]
