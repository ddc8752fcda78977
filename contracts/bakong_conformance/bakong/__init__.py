"""The rules of a Bakong Open API: the fake, a recording or NBC's own."""

from bakong_conformance.bakong import checks, edges, envelope, lists, texts, tokens
from bakong_conformance.bakong.subject import Bakong
from bakong_conformance.rules import Suite

SUITE = Suite(
    "bakong",
    [rule for module in (envelope, tokens, checks, texts, lists, edges) for rule in module.SUITE.rules],
)

__all__ = ["SUITE", "Bakong"]
